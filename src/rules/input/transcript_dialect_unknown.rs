use crate::rules::prelude::*;
// rules.tsv: needs N, which no text has.

pub(super) const RULE: Rule = Rule {
    id: "transcript-dialect-unknown",
    category: Category::Input,
    severity: Severity::Error,
    party: Party::Capture,
    needs: &[],
    rfc: None,
    title: "a text that is no transcript of a known form",
    help: "write each line as c> or s< with its text, or name the form with --dialect",
    explanation: "\
The input is a text, but none of its lines is marked as those of a known form of transcripts
are, and it does not begin like a batch of client commands either. It was not read, which makes
the exit status 2. In the native form each line of the client begins with \"c> \", each of the
server with \"s< \". If the text is a log of a mail server, the lines of the dialog may be told by
their marks; a mark alone says little: in the logs of some programs \">\" is the server, in those
of others the client.",
    bad: "\
first it said hello to mx.example.net,
then it sent the message
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    input.is_text.then(|| {
        let tried = input.dialects.join(", ");
        Hit::new(format!("the text has no line of a known form of transcripts; tried: {tried}"))
    })
}
