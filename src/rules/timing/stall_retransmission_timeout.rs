use super::stall_path_mtu::is_path_mtu;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "stall-retransmission-timeout",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Network,
    needs: &[Need::Times, Need::Packets],
    rfc: Some("RFC 6298"),
    title: "a segment was sent again and again before it was acknowledged",
    help: "look for loss on the path, a firewall that drops, or packets too large for it",
    explanation: "\
The same segment was sent more than once after a retransmission time-out, each twice as long as
the one before (RFC 6298). In that time the dialog stood still. Either the path was broken for a
while, or something on it drops just this packet: one that is too large, one that a firewall or a
content filter does not like, one of a connection that a NAT has forgotten. If only full segments
are lost and small ones pass, it is the path MTU.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# wire retransmit 3
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
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# wire retransmit 1
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
    let hits = SIDES.into_iter().filter_map(|side| {
        let stalls = case
            .repeated_timeouts()
            .filter(|(stall, _)| stall.side == side && !is_path_mtu(case, stall));
        let (stall, lapse, times, sum) = longest(stalls)?;
        let more = if times > 1 {
            format!("; {} so, {} in all", often(times), lasting(sum))
        } else {
            String::new()
        };
        let how = if stall.until.is_some() {
            "until it was acknowledged"
        } else {
            "and it was never acknowledged"
        };
        let (name, octets, again) = (side.name(), stall.octets, often(u64::from(stall.times)));
        let text = format!(
            "the {name} sent a segment of {} again {again} in {}, {how}, {}{more}",
            count(u64::from(octets), "octet"),
            lasting(lapse),
            case.during(stall.from)
        );
        Some(Hit::new(text).on(On::Moment(stall.from)))
    });
    hits.collect()
}
