use super::BOTH;
use crate::rules::prelude::*;
use crate::smtp::code;

pub(super) const RULE: Rule = Rule {
    id: "auth-reply-unexpected",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §4, §6"),
    title: "a reply to AUTH that is neither 235, 334, 4yz nor 5yz",
    help: "answer 235 where the login succeeded, 334 for a challenge, 4yz or 5yz where it failed",
    explanation: "\
An AUTH exchange goes on with 334, succeeds with 235, and fails with 4yz or 5yz (RFC 4954 §4, §6).
Another code of success or of going on is read differently by different clients: as a login, as an
error, or as a challenge. Then client and server do not agree on who is logged in. Usual causes: a
server or filter that answers 250 to everything, a proxy that has lost count of the replies.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 250 2.7.0 ok
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
    check: Check::Step(BOTH, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let answer = step.answer()?;
    let code = answer.code()?;
    // Of codes that no RFC has, and of the reply to *, other rules speak.
    let is_other = !code::is_registered(code) || step.line() == b"*";
    if matches!(code, 235 | 334 | 400..600) || is_other || step.exchange.before.inferred {
        return None;
    }
    let text = format!(
        "{} in answer to AUTH is neither 235, 334, 4yz nor 5yz: clients do not agree on what it means",
        answer.shown()
    );
    Some(Hit::new(text).on_answer(&answer))
}
