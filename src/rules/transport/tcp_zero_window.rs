use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-zero-window",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293 §3.8.6.1"),
    title: "a side closed its receive window for a while",
    help: "find out what the side was busy with that closed its window",
    explanation: "\
A side announced a receive window of 0: its buffer was full, as its program did not read what had
come. The other side must wait and may only probe (RFC 9293 §3.8.6.1). For a moment that is normal
under load. Where it lasts ten seconds and more a rule about stalls speaks instead. Usual causes:
a server that scans a message while it is received, a slow disk, a program that hangs; a client
that does not read replies while it sends.",
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
c> Subject: hello
c>
c> hello
# wire zero-window server 2s
c> more
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
c> Subject: hello
c>
c> hello
# wire zero-window server 40s
c> more
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    check: Check::Session(Fact::Odd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    if case.closed_windows().next().is_some() {
        return Vec::new();
    }
    let hits = SIDES.into_iter().filter_map(|side| {
        let times = case.odd(side)?.zero_windows;
        let closed = case.stalls(Cause::ZeroWindow).filter(|(stall, _)| stall.side == side);
        let first = times.first;
        let lasted = match longest(closed) {
            Some((_, lapse, 1, _)) => format!(" for {}", lasting(lapse)),
            Some((_, lapse, _, sum)) => {
                format!(", at most for {}, {} in all", lasting(lapse), lasting(sum))
            }
            None => String::new(),
        };
        let (name, often, during) = (side.name(), often(times.times), case.during(first));
        let text = format!("the {name} closed its receive window {often}{lasted}; first {during}");
        times.any().then(|| Hit::new(text).on(On::Moment(first)).by(side))
    });
    hits.collect()
}
