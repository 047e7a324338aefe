use super::{attempts, mechanism, steps_of};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-mechanism-switched-after-cancel",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §4"),
    title: "another mechanism was tried after AUTH had been given up with *",
    help: "nothing, if the client is known; see that Postfix is 2.8.3 or later where it is not",
    explanation: "\
A client may give up an exchange with * and try another mechanism (RFC 4954 §4), and mail clients do
so where they have no ticket for GSSAPI or NTLM. It is also how CVE-2011-1720 was used: Postfix
before 2.8.3 went on with the Cyrus SASL handle of the first mechanism, and its memory was
corrupted. From an unknown client it is worth a look.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH DIGEST-MD5 CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> *
s< 501 5.7.0 authentication aborted
c> AUTH DIGEST-MD5
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH DIGEST-MD5 CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> *
s< 501 5.7.0 authentication aborted
c> AUTH CRAM-MD5
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Auth, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let pairs = attempts(case).windows(2).filter_map(|pair| match pair {
        [first, second] => Some((first, second, second.exchange?)),
        _ => None,
    });
    let switched = pairs.filter(|(first, second, _)| {
        let (one, other) = (mechanism(case, first), mechanism(case, second));
        !one.eq_ignore_ascii_case(other)
            && steps_of(case, first).last().is_some_and(|last| {
                last.exchange.request == Request::AuthLine && last.line() == b"*"
            })
    });
    let hit = switched.map(|(first, second, index)| {
        let (one, other) = (shown(mechanism(case, first)), shown(mechanism(case, second)));
        let text = format!("{one} was given up with *, and {other} tried: old servers mix them up");
        Hit::new(text).on(On::Command(index)).once()
    });
    hit.collect()
}
