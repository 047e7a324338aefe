use super::{PATIENCE, minutes, waited};
use crate::dialog::session::Closing;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "quit-reply-not-awaited",
    category: Category::Sequence,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::End],
    rfc: Some("RFC 5321 §4.1.1.10"),
    title: "the client closed the connection without waiting for the reply to QUIT",
    help: "read the 221 before closing",
    explanation: "\
RFC 5321 §4.1.1.10: the sender \"SHOULD wait until it receives the reply\" to QUIT. Nothing is
lost by it: what was accepted before stays accepted. The server's 221 meets a closed socket,
which shows as a reset after the end, and the client is the side that keeps the port busy for a
while. Many clients do it to save a round trip. Not blamed: a client that only ended its own
stream (FIN) and read on, and one that waited for five minutes.",
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
c> Subject: x
c> 
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c> 
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end client-closed
",
    check: Check::Session(Fact::OddEnd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let is_quit = |one: &Exchange| one.request == Request::Command(Verb::Quit);
    if !session.exchanges.last().is_some_and(is_quit) || session.elided_exchanges > 0 {
        return Vec::new();
    }
    let last = u32::try_from(session.exchanges.len()).unwrap_or(u32::MAX).saturating_sub(1);
    let Some(step) = case.step(last).filter(|step| !step.exchange.before.closing) else {
        return Vec::new();
    };
    let has_reply = step.exchange.reply.is_some();
    let has_left = match session.closing.as_deref() {
        Some(Closing { first: Side::Client, sides }) => sides.client.is_some_and(|left| {
            // After FIN alone a client may read on; RST, or a server that gave up, shows the end.
            let is_gone = left.aborted || !has_reply && sides.server.is_some();
            left.open && !left.reset && is_gone
        }),
        Some(_) => false,
        None => session.end == End::ClientClosed && !has_reply,
    };
    let has_waited = waited(&step).is_some_and(|waited| waited >= minutes(PATIENCE));
    if !has_left || has_waited || session.tls.is_some() || case.has_gap(Side::Server) {
        return Vec::new();
    }
    let text = "the client closed the connection before it had the reply to QUIT";
    vec![Hit::new(text).on(On::Command(last))]
}
