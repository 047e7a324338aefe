use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-out-of-order",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Network,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293"),
    title: "segments overtook others",
    help: "nothing is to be done unless there are many",
    explanation: "\
Segments are in the capture a little behind later ones of the same side (less than 3 ms, so that
they were not sent again). TCP puts them in order, and so does this program. If there are many,
the receiver's duplicate acknowledgments make the sender send again for nothing and slow down.
Usual causes: load that is balanced by packet over several paths, several receive queues of a
network card, a capture on two interfaces whose packets were merged.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
# wire reorder 1ms
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
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
# wire reorder 40ms
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
    let Some((said, all, first)) = case.tell(|odd| odd.reordered) else { return Vec::new() };
    let (segments, during) = (count(all, "segment"), case.during(first));
    let text = format!("{segments} behind a later one ({said}); first {during}");
    vec![Hit::new(text).on(On::Moment(first))]
}
