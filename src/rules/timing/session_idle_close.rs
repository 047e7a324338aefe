use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "session-idle-close",
    category: Category::Timing,
    severity: Severity::Note,
    party: Party::Network,
    needs: &[Need::Times, Need::Packets],
    rfc: None,
    title: "the connection was cut after a round time without traffic",
    help: "raise the idle timeout of NAT or firewall, or send keep-alives sooner than it",
    explanation: "\
After 60, 120, 300, 600, 900, 1800 or 3600 seconds without a packet, to the second, the connection was
reset. Such times are what NATs, firewalls and load balancers are set to, which end idle connections
in the name of one side or of both, while servers say 421 first. A client that keeps connections for later mail meets it. If the side itself has such
a timeout and resets, it looks the same.",
    bad: "\
# calm
# wire-end reset server
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP
s< 250 2.0.0 ok
# wire silence 300s
",
    good: "\
# calm
# wire-end reset server
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP
s< 250 2.0.0 ok
# wire silence 200s
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let Some(closing) = session.closing.as_deref() else { return Vec::new() };
    let Some(left) = closing.sides.of(closing.first).filter(|left| left.reset) else {
        return Vec::new();
    };
    let last = session.pauses.iter().next_back().filter(|pause| pause.until == left.mark);
    let Some((pause, at)) = last.zip(left.mark.at) else { return Vec::new() };
    // Keep-alives and what is sent again are traffic.
    let is_busy = |odd: &Odd| odd.keep_alives.any() || odd.retransmissions.any();
    if SIDES.into_iter().filter_map(|side| case.odd(side)).any(is_busy) {
        return Vec::new();
    }
    let idle = at.since(pause.from);
    let seconds = idle.nanos() / 1_000_000_000;
    if !ROUND.contains(&seconds) {
        return Vec::new();
    }
    let name = closing.first.name();
    let text = format!(
        "after {} without traffic a RST of the {name} ended the connection: a round time, as NATs and firewalls have",
        lasting(idle)
    );
    vec![Hit::new(text).on(On::Moment(left.mark)).sure(Confidence::Likely)]
}

/// Idle timeouts in use, in seconds.
const ROUND: [i64; 7] = [60, 120, 300, 600, 900, 1800, 3600];
