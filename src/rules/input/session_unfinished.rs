use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "session-unfinished",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "the recording has no end of the session",
    help: "let the capture go on until the sessions that matter are closed",
    explanation: "\
The recording ends while the connection is still open, or its last packets are missing. Nobody
can say how the session went on: a command without a reply is no fault of the server here, and
the fate of a message whose end of data was not answered is unknown. Rules about how sessions
end are not judged. Let the capture go on a little longer than the sessions that matter: SMTP
clients wait for replies for up to ten minutes (RFC 5321 §4.5.3.2), and may keep connections
open for the next message.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> hello
c> .
s< 250 2.0.0 queued
",
    good: "\
# end server-closed
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> hello
c> .
s< 250 2.0.0 queued
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.end != End::CaptureEnd || session.ending != Ending::InputEnd {
        return Vec::new();
    }
    let start = "the recording has no end of this connection";
    let last = case.steps().next_back();
    vec![match last.filter(|step| step.exchange.reply.is_none()) {
        Some(step) if step.exchange.request == Request::EndOfData => {
            Hit::new(format!("{start}, nor the reply to its last message: its fate is unknown"))
                .on(On::Command(step.index))
        }
        Some(step) if matches!(step.verb(), Some(verb) if verb != Verb::Other) => {
            Hit::new(format!("{start}, nor a reply to its last command, {}", step.shown()))
                .on(On::Command(step.index))
        }
        _ => Hit::new(format!("{start}: it was open when the recording ended")),
    }]
}
