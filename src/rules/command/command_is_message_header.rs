use crate::rules::prelude::*;
use crate::rules::stray::{What, strays};

pub(super) const RULE: Rule = Rule {
    id: "command-is-message-header",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §4.1.1"),
    title: "a header field of a message is sent as a command",
    help: "send the message only after 354, and start anew when DATA is refused",
    explanation: "\
The client sends the message where the server reads commands: each line is answered with an
error, and the message is lost, or worse: lines of it that look like commands are obeyed, which
lets whoever wrote the message send others. Usual causes: DATA was forgotten, client and server
disagree on where the last message ended, an HTTP client or a worm that never speaks SMTP. Of
content behind a DATA that was refused data-sent-after-rejection speaks. Only the first line of a
run is told.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@example.net>
s< 250 OK
c> Subject: hello
s< 500 command not recognized
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@example.net>
s< 250 OK
c> DATA
s< 354 go on
c> Subject: hello
c> .
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::Stray, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let all = strays(case).into_iter().filter(|stray| stray.what == What::Header);
    let hits = all.map(|stray| {
        let (line, more) = (stray.step.shown(), stray.and_more());
        // A single line may be a slip of a person.
        let is_sure = stray.more > 0;
        let why = "the client believes that mail data is asked for";
        let hit = Hit::new(format!("{line} is a field of a message, not a command: {why}{more}"))
            .on(On::Command(stray.step.index));
        if is_sure { hit } else { hit.sure(Confidence::Likely) }
    });
    hits.collect()
}
