use super::{client_closed, has_code, has_turned};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "quit-missing",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.1.1.10"),
    title: "the client closed the connection without QUIT",
    help: "send QUIT and wait for its reply before closing",
    explanation: "\
RFC 5321 §4.1.1.10: \"The sender MUST NOT intentionally close the transmission channel until it
sends a QUIT command\". The server has to cancel what was open (§4.1.1.10) and logs a lost
connection; some servers hold it against the client's reputation. A message that was accepted
stays accepted. Usual causes: a program that ends without closing its connection, a timeout of
the client's own, a firewall that ends idle connections in both names, and scanners. A client is
not blamed here if a command of its was still unanswered, or if the server had said 421.",
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
s< 421 4.3.2 shutting down
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if !client_closed(session) {
        return Vec::new();
    }
    let says_quit = |one: &Exchange| one.request == Request::Command(Verb::Quit);
    // A client that has no reply to a command may have good reason to leave.
    let waits = |one: &Exchange| one.reply.is_none();
    let is_excused = session.exchanges.iter().any(|one| says_quit(one) || waits(one));
    if is_excused || has_code(case, 421) || has_turned(session) {
        return Vec::new();
    }
    let last = u32::try_from(session.exchanges.len()).unwrap_or(u32::MAX).saturating_sub(1);
    let Some(step) = case.step(last) else { return Vec::new() };
    // Inside TLS, nobody sees it; and who begins none has a rule of its own.
    let is_agreed = step.verb() == Some(Verb::Starttls) && step.is_accepted();
    if is_agreed || session.tls.is_some() {
        return Vec::new();
    }
    let name = match step.exchange.request {
        Request::EndOfData => "a message".to_owned(),
        Request::AuthLine => "a line of AUTH".to_owned(),
        Request::Command(_) => step.shown(),
    };
    let is_inside = step.verb() == Some(Verb::Data) && step.code() == Some(354);
    let where_to =
        if is_inside { "inside the content of a message" } else { &format!("after {name}") };
    let text = format!("{where_to} the client closed the connection without QUIT");
    vec![Hit::new(text).on(On::Command(last))]
}
