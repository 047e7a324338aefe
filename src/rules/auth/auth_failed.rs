use super::{BOTH, MANY, attempt_of, mechanism};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-failed",
    category: Category::Auth,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §6"),
    title: "a login failed",
    help: "check user, password and mechanism; 534 and 538 ask for another mechanism, or for TLS",
    explanation: "\
535 says that the credentials are wrong, or that the account may not send; 534 that the mechanism is
too weak for this user; 538 that it needs TLS (RFC 4954 §6). The server's text often says more.
Usual causes: a password that was changed or has expired, a user name without or with its domain,
two-factor authentication that wants a password for applications, a token that has expired, an
account that is locked after too many failures, somebody who guesses.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 535 5.7.8 authentication credentials invalid
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
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(BOTH, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let answer = step.answer()?;
    let code = answer.code()?;
    let auth = step.case.session.auth.as_deref()?;
    // Of many, and of the reply to *, other rules speak.
    let is_other = code == 535 && auth.failed >= MANY || step.line() == b"*";
    let why = match code {
        535 => "the server does not take the credentials",
        534 => "the mechanism is too weak for this user",
        538 => "the mechanism needs TLS here",
        _ => return None,
    };
    let attempt = attempt_of(step.case, step.index);
    let name = attempt.map(|one| format!(" {}", shown(mechanism(step.case, one))));
    let text = format!("{} to AUTH{}: {why}", answer.shown(), name.unwrap_or_default());
    (!is_other).then(|| Hit::new(text).on_answer(&answer))
}
