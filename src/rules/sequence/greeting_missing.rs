use super::{PATIENCE, is_hello, minutes};
use crate::rules::prelude::*;

// rules.tsv: S would be bytes of the server, and this is about a server that sends none: packets
// show that it could have.
pub(super) const RULE: Rule = Rule {
    id: "greeting-missing",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Packets, Need::Start, Need::Whole],
    rfc: Some("RFC 5321 §3.1"),
    title: "the server did not greet",
    help: "send a 220 greeting on each connection before anything else",
    explanation: "\
RFC 5321 §3.1: a session begins when \"the server responds with an opening message\": 220, or 554
(or 421) if it will not serve. Here the server accepted the connection and never sent one: it
closed without a word, left the client waiting for more than five minutes (§4.5.3.2.1), or
answered a command without having greeted. Clients wait for the greeting, and most give up.
Usual causes: a listener that cannot start its worker, TCP wrappers or a proxy that accepts for
a server which is down. A port of TLS from the first byte has no greeting in clear: not judged.",
    bad: "\
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::OddStart, check),
};

/// Ports on which a server greets in clear.
const PORTS: [u16; 3] = [25, 587, 2525];

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.greeting.is_some() || session.tls.is_some() || !session.unsolicited.is_empty() {
        return Vec::new();
    }
    if let Some(step) = case.steps().find(|step| step.exchange.reply.is_some()) {
        let text = format!(
            "the server's first reply answers {}: no greeting came before it",
            step.exchange.request.name()
        );
        let answer = step.answer().map(|answer| Hit::new(text).on_answer(&answer));
        return answer.into_iter().collect();
    }
    let port = session.opening.peers.map_or(0, |peers| peers.server.port());
    let is_smtp =
        PORTS.contains(&port) || session.exchanges.iter().any(|one| is_hello(one.request));
    let Some(closing) = session.closing.as_ref().filter(|_| is_smtp) else { return Vec::new() };
    let left = closing.sides.of(closing.first);
    let Some(left) = left.as_ref().filter(|left| !left.reset) else { return Vec::new() };
    let stayed = left.mark.at.zip(session.opening.at).map(|(end, begin)| end.since(begin));
    let was_awaited = stayed.is_some_and(|stayed| stayed >= minutes(PATIENCE));
    match closing.first {
        Side::Server => {
            let text = "the server accepted the connection and closed it without a greeting";
            vec![Hit::new(text).on(On::Moment(left.mark))]
        }
        Side::Client if was_awaited => {
            let text = "the server did not greet within five minutes; then the client gave up";
            vec![Hit::new(text).on(On::Moment(left.mark))]
        }
        Side::Client => Vec::new(),
    }
}
