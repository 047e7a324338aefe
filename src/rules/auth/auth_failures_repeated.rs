use super::{MANY, attempts, mechanism, steps_of};
use crate::dialog::session::AuthOutcome;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-failures-repeated",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §4"),
    title: "three logins or more failed in one session",
    help: "stop after a failure or two; on the server, end the session and slow such clients down",
    explanation: "\
After 535 a client may try again (RFC 4954 §4), with other credentials or another mechanism. One
that fails three times and more in a session mostly guesses passwords, and a server should close
the connection after a few; fail2ban and its like block the address then. Innocent may be a client
that tries one wrong password with all the mechanisms that are offered, one after the other, and so
locks the account of its user at the first attempt.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 535 5.7.8 authentication credentials invalid
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUzQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkx
s< 535 5.7.8 authentication credentials invalid
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTU0QG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODky
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
c> AUTH DIGEST-MD5
s< 504 5.5.4 unrecognized authentication type
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUzQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkx
s< 535 5.7.8 authentication credentials invalid
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTU0QG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODky
s< 535 5.7.8 authentication credentials invalid
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Auth, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(auth) = case.session.auth.as_deref().filter(|auth| auth.failed >= MANY) else {
        return Vec::new();
    };
    let failed = attempts(case).iter().filter(|one| one.code == Some(535));
    let mut names: Vec<String> = failed
        .clone()
        .map(|one| String::from_utf8_lossy(mechanism(case, one)).to_ascii_uppercase())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(5);
    let with = if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
    let end =
        if auth.outcome == AuthOutcome::Accepted { ", and the last one succeeded" } else { "" };
    let text = format!(
        "{} of {} logins in this session failed with 535{with}{end}: somebody guesses, or a client \
         does not take no for an answer",
        auth.failed, auth.attempts
    );
    // The one that makes it many.
    let nth = failed.take(MANY as usize).last();
    let last = nth.and_then(|one| steps_of(case, one).last());
    let hit = Hit::new(text);
    vec![match last.as_ref().and_then(Step::answer) {
        Some(answer) => hit.on_answer(&answer),
        None => hit,
    }]
}
