use super::MANY;
use crate::rules::prelude::*;

// rules.tsv: the other half of auth-failures-repeated, which is about one session.
pub(super) const RULE: Rule = Rule {
    id: "auth-failures-from-one-address",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §4"),
    title: "logins from one address failed in three sessions or more",
    help: "block the address if you do not know it; if you do, correct the password that it has",
    explanation: "\
One address had its login refused with 535 in session after session. Password guessers connect anew
for each guess, as servers end sessions with failures; a few guesses from each of many addresses
are not seen here. Innocent may be a device or mail client with a password of old, which tries
every few minutes for ever, and gateways that many clients stand behind. Either fills the log, and
may lock accounts. The address that is named is the one with the most such sessions.",
    bad: "\
# session 1 192.0.2.77:40001 > 198.51.100.25:587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 535 5.7.8 authentication credentials invalid
# session 2 192.0.2.77:40002 > 198.51.100.25:587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUzQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkx
s< 535 5.7.8 authentication credentials invalid
# session 3 192.0.2.77:40003 > 198.51.100.25:587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTU0QG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODky
s< 535 5.7.8 authentication credentials invalid
",
    good: "\
# session 1 192.0.2.77:40001 > 198.51.100.25:587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 535 5.7.8 authentication credentials invalid
# session 2 192.0.2.78:40002 > 198.51.100.25:587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUzQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkx
s< 535 5.7.8 authentication credentials invalid
# session 3 192.0.2.77:40003 > 198.51.100.25:587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTU0QG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODky
s< 454 4.7.0 temporary authentication failure
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    let failures = &input.across.failures;
    let many = || failures.iter().filter(|(_, one)| one.sessions.times >= u64::from(MANY));
    // Of equals the one that came first.
    let most = many().max_by_key(|(address, one)| {
        (one.sessions.times, std::cmp::Reverse((one.sessions.first, **address)))
    });
    let (address, one) = most?;
    let others = many().count() - 1;
    let others = match others {
        0 => String::new(),
        _ => format!("; {others} more such {}", if others == 1 { "address" } else { "addresses" }),
    };
    let (place, first) = (if input.is_capture() { "frame" } else { "line" }, one.sessions.first);
    Some(
        Hit::new(format!(
            "{} from {address} failed in {} (first: {place} {first}): somebody guesses, or a client \
             has a password of old{others}",
            count(one.attempts, "login"),
            count(one.sessions.times, "session"),
        ))
        .first_at(first),
    )
}
