use super::{LINE, attempt_of, mechanism};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-cancelled",
    category: Category::Auth,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §4"),
    title: "the client gave up AUTH with *",
    help: "find out why: the client's log says what it did not like in the server's challenge",
    explanation: "\
\"If the client wishes to cancel the authentication exchange, it issues a line with a single
\"*\"\" (RFC 4954 §4), and the server answers 501. This is legal. Usual causes: a challenge that the
client cannot decode or that is not what it expects, no ticket or no password for this server, a
mechanism that was tried first and given up for another, a user who pressed cancel.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> *
s< 501 5.7.0 authentication aborted
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
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(LINE, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.line() != b"*" {
        return None;
    }
    let name = attempt_of(step.case, step.index).map(|one| shown(mechanism(step.case, one)));
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    let why = match step.previous()?.answer() {
        Some(answer) => format!(" after {}", answer.shown()),
        None => String::new(),
    };
    Some(Hit::new(format!("the client gave up AUTH{name} with *{why}")))
}
