use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-retransmission-spurious",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Network,
    needs: &[Need::Packets],
    rfc: Some("RFC 6298"),
    title: "segments were sent again that the other side had acknowledged",
    help: "look for lost acknowledgments, or a delay that jumps",
    explanation: "\
Segments came again although the capture has the other side's acknowledgment of them. Their
sender had not seen it in time: it was lost or late on the way back, or the delay of the path
jumped. Nothing was lost, but what the sender does then (it slows down) costs time. At a place
close to the receiver every lost acknowledgment looks so.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# wire acked-again 400ms
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
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# wire again 30ms
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
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    check: Check::Session(Fact::Odd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some((said, all, first)) = case.tell(|odd| odd.spurious) else { return Vec::new() };
    let segments = count(all, "segment");
    let during = case.during(first);
    let text = format!("{segments} sent again though acknowledged ({said}); first {during}");
    vec![Hit::new(text).on(On::Moment(first))]
}
