use super::COMMAND;
use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing};

pub(super) const RULE: Rule = Rule {
    id: "auth-before-ehlo",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §4; RFC 5321 §4.1.4"),
    title: "AUTH was sent before EHLO",
    help: "send EHLO first, read what it offers, then AUTH",
    explanation: "\
Only the reply to EHLO says whether a server knows AUTH, and by which mechanisms; a session that
uses extensions must begin with it (RFC 5321 §4.1.4). Without it the server answers 503, 500 or
530, and nobody is logged in. After STARTTLS the client must begin anew with EHLO. Usual causes: a
fixed script, a password guesser that does not read replies, a client that forgot the EHLO behind
STARTTLS or behind one that was refused.",
    bad: "\
s< 220 mx.example.net ESMTP
c> AUTH CRAM-MD5
s< 503 5.5.1 send EHLO first
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(COMMAND, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    if before.hello != Protocol::Unknown || step.exchange.reply.is_none() {
        return None;
    }
    // What begins with another reply does so in the middle of a session.
    let greeting = step.case.session.greeting.as_ref();
    if greeting.is_some_and(|greeting| greeting.code != Some(220)) {
        return None;
    }
    // Of an offer that was made before TLS alone, another rule speaks.
    let Standing::Lacking(_) = standing(step, "AUTH") else { return None };
    let command = step.command();
    let since = if before.tls { " since TLS began" } else { "" };
    Some(
        Hit::new(format!(
            "AUTH was sent, and no EHLO was accepted{since}: the server need not take it"
        ))
        .at(command.word_at..command.word_at + command.word.len()),
    )
}
