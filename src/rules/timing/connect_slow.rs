use super::DAY;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "connect-slow",
    category: Category::Timing,
    severity: Severity::Note,
    party: Party::Network,
    needs: &[Need::Times, Need::Packets],
    rfc: None,
    title: "the handshake took long, or SYN had to be sent again",
    help: "look for loss on the path, a full backlog of the server, or a firewall that delays",
    explanation: "\
The client had to send SYN again, a second or more after the first, or the server took as long to
answer. The first SYN or its answer was lost, or the server's queue of new connections was full (it
drops SYNs then). Each new try doubles the wait; clients give up after five minutes at the latest
(RFC 5321 §4.5.3.2.1), and mail is late by that much for each server that is tried.",
    bad: "\
# calm
# wire syns 2
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# pause 3s
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    check: Check::Session(Fact::OddStart, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(connect) =
        case.session.timing.connect.filter(|&connect| connect >= SLOW && connect < DAY)
    else {
        return Vec::new();
    };
    let again = case.odd(Side::Client).map_or(0, |odd| odd.syns.times);
    let why = if again > 0 {
        format!(", and SYN was sent again {}", often(again))
    } else {
        String::new()
    };
    vec![Hit::new(format!("the handshake took {}{why}", lasting(connect)))]
}

/// No path takes so long.
const SLOW: Lapse = Lapse::from_nanos(900_000_000);
