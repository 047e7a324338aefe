use super::{COMMAND, attempt_of, faults, is_one_of, mechanism};
use crate::dialog::session::Initial;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-initial-response-not-permitted",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4422 §4; RFC 4954 §4"),
    title: "an initial response for a mechanism in which the server speaks first",
    help: "send AUTH with the mechanism alone, and answer the server's challenge",
    explanation: "\
CRAM-MD5 and KERBEROS_V4 begin with a challenge of the server; a response sent before it cannot
answer it, and the server must refuse with 501 (RFC 4954 §4). DIGEST-MD5 permits one only to
continue an earlier login, and LOGIN, which no RFC describes, only where the server takes the user's
name there: of these two it is told where the server answered 501. Usual cause: a client with one
way for all mechanisms.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5 dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 501 5.7.0 no initial response with this mechanism
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
    check: Check::Step(COMMAND, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let case = step.case;
    let attempt = attempt_of(case, step.index)?;
    if attempt.exchange != Some(step.index) || attempt.initial == Initial::Absent {
        return None;
    }
    let is_surely = is_one_of(case, attempt, &["CRAM-MD5", "KERBEROS_V4"]);
    let is_perhaps = is_one_of(case, attempt, &["LOGIN", "DIGEST-MD5"])
        && step.code() == Some(501)
        && faults(step).next().is_none();
    (is_surely || is_perhaps).then(|| {
        Hit::new(format!(
            "{} begins with the server's challenge, and the client sent a response with AUTH: a \
             server must refuse that with 501",
            shown(mechanism(case, attempt))
        ))
    })
}
