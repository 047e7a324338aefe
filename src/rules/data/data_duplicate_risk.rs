use crate::rules::prelude::*;
use crate::rules::remains::chunk;
use crate::rules::sequence::{announces_end, minutes};
use crate::rules::timing::is_final_too_short;

// rules.tsv: who closed, and what it had seen, only packets show.
pub(super) const RULE: Rule = Rule {
    id: "data-duplicate-risk",
    category: Category::Data,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Packets, Need::End, Need::Whole],
    rfc: Some("RFC 1047; RFC 5321 §6.1, §4.5.3.2.6"),
    title: "the client left after the end of data before it had read the reply",
    help: "wait ten minutes for the reply to the end of data before closing",
    explanation: "\
Once the end of data was sent the server may take the message at any moment; a client that leaves
before the reply does not know, and must send it again: \"a spurious timeout at this point would be
very wasteful and would typically result in delivery of multiple copies of the message\" (RFC 5321
§4.5.3.2.6, which asks for ten minutes; RFC 1047 is about nothing else). Here the client closed
sooner, or closed while the 250 was on its way. Usual causes: a timeout that is too short for the
server's content filter, a client that does not read replies (then it has its message lost when it
is refused), a process that was stopped.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
c> .
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
c> .
s< 250 2.0.0 queued
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

/// Minutes that a client is to wait (RFC 5321 §4.5.3.2.6).
const PATIENCE: i64 = 10;

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let left = session.closing.as_ref().filter(|closing| closing.first == Side::Client);
    let Some(left) = left.and_then(|left| left.sides.client).filter(|left| left.open) else {
        return Vec::new();
    };
    let is_end = |step: &Step<'_>| {
        let verb = step.verb();
        step.exchange.request == Request::EndOfData
            || verb == Some(Verb::Bdat) && chunk(step).is_some_and(|chunk| chunk.last)
    };
    let Some(step) = case.steps().next_back().filter(is_end) else { return Vec::new() };
    // After FIN alone a client may read on; RST, or a server that gave up, shows the end.
    let server_left = session.closing.as_ref().is_some_and(|left| left.sides.server.is_some());
    if !left.aborted && (step.exchange.reply.is_some() || !server_left) {
        return Vec::new();
    }
    let asked = step.exchange.asked.at;
    let waited = left.mark.at.zip(asked).map(|(at, asked)| at.since(asked));
    let is_early = waited.is_none_or(|waited| waited < minutes(PATIENCE));
    // A refusal leaves nothing to double.
    if !is_early || step.is_refused() || announces_end(case) || session.tls.is_some() {
        return Vec::new();
    }
    // Of octets that never came, another rule speaks.
    let message = step.exchange.message.and_then(|own| session.messages.get(own as usize));
    if message.is_none_or(|message| !message.ended) {
        return Vec::new();
    }
    if is_final_too_short(case) {
        return Vec::new();
    }
    let waited = waited.map_or(0, |waited| waited.nanos() / 1_000_000);
    let text = match step.answer() {
        Some(answer) => format!(
            "the client closed the connection {waited} ms after the end of the message, without having \
             read {}: it will send again what the server has taken",
            answer.shown()
        ),
        None => format!(
            "the client closed the connection {waited} ms after the end of the message, before the \
             reply: if the server has taken it, the next attempt doubles it"
        ),
    };
    vec![Hit::new(text).on(On::Command(step.index))]
}
