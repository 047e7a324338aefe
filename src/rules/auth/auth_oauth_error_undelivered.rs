use super::{attempt_of, mechanism};
use crate::rules::prelude::*;
use crate::smtp::sasl;

pub(super) const RULE: Rule = Rule {
    id: "auth-oauth-error-undelivered",
    category: Category::Auth,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 7628 §3.2.3"),
    title: "the server ended a failed OAuth login without waiting for the client's answer",
    help: "after the error in 334, wait for the client's line before the final reply",
    explanation: "\
SASL lets a failure say nothing but that it failed; so a server sends the error of a bearer token as
a challenge (334 with JSON in base64), the client acknowledges it with a line of its own, and then
only comes 535 (RFC 7628 §3.2.3; XOAUTH2 does the same). A server that sends 535 at once crosses
the client's line, which it reads as a command; from there on each reply is taken for the one
before it. Usual cause: a server that was tested with clients that close right away.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH OAUTHBEARER
c> AUTH OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5vcmcsAWF1dGg9QmVhcmVyIHh5egEB
s< 334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=
s< 535 5.7.8 token is not valid
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH OAUTHBEARER
c> AUTH OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5vcmcsAWF1dGg9QmVhcmVyIHh5egEB
s< 334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=
c> AQ==
s< 535 5.7.8 token is not valid
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Unsolicited, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let others = (0..).zip(&case.session.unsolicited);
    let hits = others.filter_map(|(index, one)| {
        let last = case.step(one.after.checked_sub(1)?)?;
        let is_it = is_oauth_error(&last) && one.reply.code.is_some_and(|code| code >= 400);
        let answer = case.answer(Of::Unsolicited(index)).filter(|_| is_it)?;
        let text = format!(
            "{} came before the client had acknowledged the error in 334: its line for that is read \
             as a command",
            answer.shown()
        );
        Some(Hit::new(text).on_answer(&answer))
    });
    hits.collect()
}

/// Whether the reply to `step` is the error of a bearer token, which the client is to acknowledge.
pub(in crate::rules) fn is_oauth_error(step: &Step<'_>) -> bool {
    let is_auth = matches!(step.exchange.request, Request::Command(Verb::Auth) | Request::AuthLine);
    is_auth
        && step.code() == Some(334)
        && attempt_of(step.case, step.index)
            .is_some_and(|one| sasl::is_bearer(mechanism(step.case, one)))
}
