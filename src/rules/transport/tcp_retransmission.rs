use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-retransmission",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Network,
    needs: &[Need::Packets],
    rfc: Some("RFC 6298"),
    title: "segments were sent again",
    help: "look for loss on the path if there are many, or if they cost time",
    explanation: "\
Segments came a second time, later than a copy by the capture would, or where one had been
missing: their sender took them for lost (RFC 6298, or three duplicate acknowledgments). Some are
normal. Each that waited for a time-out cost at least 200 ms, as a rule a second, in
which the dialog stood still; the rules about stalls say where that was long. Segments that were
lost before the place of the capture and came again later are counted, too.",
    bad: "\
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
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# wire duplicate
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
    let needed = |odd: &Odd| Times {
        times: odd.retransmissions.times - odd.spurious.times.min(odd.retransmissions.times),
        ..odd.retransmissions
    };
    let Some((said, all, first)) = case.tell(needed) else { return Vec::new() };
    let timeouts: u64 =
        SIDES.into_iter().filter_map(|side| case.odd(side)).map(|odd| odd.timeouts.times).sum();
    // The rule about repeated time-outs says it better.
    if timeouts >= all && case.repeated_timeouts().next().is_some() {
        return Vec::new();
    }
    // How many of those that were not needed came after a time-out, nobody counts.
    let needless =
        SIDES.into_iter().filter_map(|side| case.odd(side)).any(|odd| odd.spurious.any());
    let waits = match timeouts {
        _ if needless => String::new(),
        0 => String::new(),
        _ => format!(", {} after a time-out", often(timeouts)),
    };
    let segments = count(all, "segment");
    let text = format!("{segments} sent again ({said}){waits}; first {}", case.during(first));
    vec![Hit::new(text).on(On::Moment(first))]
}
