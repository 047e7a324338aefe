use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-empty-line",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2"),
    title: "an empty line where a line of a reply belongs",
    help: "send no line end but those that end a line of a reply",
    explanation: "\
Each line of a reply begins with its three-digit code (RFC 5321 §4.2); no line is empty. A
client takes the empty line for a reply of its own and is then one reply behind, or it breaks
off. Usual causes: a text that ends with a line break and gets another, or CR and LF written as
two line ends.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    // A stream of something else that uses the port of SMTP is no reply at all.
    let has_code = flawed.case.answers().take(64).any(|answer| answer.code().is_some());
    if !has_code {
        return None;
    }
    Some(Hit::new(
        "the server sent an empty line: each line of a reply begins with a code, and a client may \
         count it as a reply",
    ))
}
