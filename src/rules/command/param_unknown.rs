use crate::rules::prelude::*;
use crate::smtp::extension;

pub(super) const RULE: Rule = Rule {
    id: "param-unknown",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Offers, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.11"),
    title: "a parameter that no known extension defines",
    help: "send only parameters of extensions that the server offers",
    explanation: "\
\"The client MUST NOT transmit parameters other than those associated with a service extension
offered by the server in its EHLO response\" (RFC 5321 §4.1.1.3). This keyword is of no
registered extension, nor of a private one that is known here or that the server offers. Servers
answer 555 (§4.1.1.11) and refuse the message or the recipient, or they ignore it. Usual causes:
a typing error, a comment behind the address, a private extension between programs of one maker.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10000000
c> MAIL FROM:<alice@example.org> SZIE=1000
s< 555 unsupported parameter
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 X-TAG
c> MAIL FROM:<alice@example.org> X-TAG=1000
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    let step = flawed.step()?;
    let keyword = super::wrong(flawed).split(|&octet| octet == b'=').next()?;
    // A private parameter that the server takes, or may have taken, is agreed upon; so is one that came with an
    // extension that only the two of them know.
    let is_private = keyword.first().is_some_and(|first| first.eq_ignore_ascii_case(&b'X'));
    let knows = |offer: &[u8]| extension::by_keyword(offer).is_some();
    let offered = step.offered();
    let is_agreed = is_private && step.answer().is_none()
        || step.is_accepted()
            && (is_private
                || matches!(offered, Offered::Unknown)
                || offered.offers().any(|offer| !knows(offer.keyword)));
    if is_agreed || offered.offers().any(|offer| offer.keyword.eq_ignore_ascii_case(keyword)) {
        return None;
    }
    Some(Hit::new(format!(
        "{seen} is no parameter of {verb} that an extension is known to define: servers answer 555"
    )))
}
