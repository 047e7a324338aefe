use super::{COMMAND, attempt_of, mechanism};
use crate::rules::prelude::*;
use crate::rules::standing::{Standing, had_seen, is, standing};

pub(super) const RULE: Rule = Rule {
    id: "auth-mechanism-not-offered",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 4954 §4"),
    title: "AUTH with a mechanism that the server does not list",
    help: "choose a mechanism from the AUTH line of the last EHLO reply",
    explanation: "\
The AUTH line of the EHLO reply lists the mechanisms that the server takes (RFC 4954 §3). Another
one is answered with 504, or fails with 535 as if the password were wrong; where it is PLAIN or
LOGIN with an initial response, the password was sent for nothing. The list may change with
STARTTLS. Usual causes: a mechanism that is fixed in the client's configuration, a list that was
remembered from before TLS, or a password guesser.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH DIGEST-MD5
s< 504 5.5.4 unrecognized authentication type
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5 DIGEST-MD5
c> AUTH digest-md5
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(COMMAND, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let Standing::Offered(hello) = standing(step, "AUTH") else { return None };
    let attempt = attempt_of(step.case, step.index)?;
    let name = mechanism(step.case, attempt);
    // Some servers give more than one list, also in the form `AUTH=`.
    let listed = || {
        let offers = Offered::By(step.case, hello).offers_like("AUTH");
        let lists = offers.filter(|offer| is(offer.keyword, "AUTH"));
        lists.flat_map(|offer| offer.params())
    };
    // As it nearly always is.
    if name.is_empty() || listed().any(|one| one.eq_ignore_ascii_case(name)) {
        return None;
    }
    let mut listed: Vec<&[u8]> = listed().collect();
    listed.dedup();
    if listed.is_empty() {
        return None;
    }
    if !had_seen(step, hello) {
        return None;
    }
    let end = match step.code() {
        Some(235 | 334) => "; the server took it all the same, and others will not",
        _ => ": a server answers that with 504",
    };
    let command = step.command();
    let list = shown(&listed.join(&b' '));
    Some(
        Hit::new(format!(
            "{} is not among the mechanisms that are offered, {list}{end}",
            shown(name)
        ))
        .at(command.argument_at..command.argument_at + name.len()),
    )
}
