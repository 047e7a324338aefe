use super::{COMMAND, attempt_of, is_in_clear, is_one_of};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-external-without-tls",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4422 App. A"),
    title: "AUTH EXTERNAL was sent in clear",
    help: "send STARTTLS with the client's certificate first, then AUTH EXTERNAL",
    explanation: "\
EXTERNAL says: take the identity from what is outside of this dialog, such as the certificate of a
TLS client or IPsec (RFC 4422, appendix A). Without TLS there is mostly nothing to take it from, and
a server should refuse; one that accepts trusts the IP address, or anybody. Usual causes: STARTTLS
that was not offered or is switched off, a list of mechanisms that the server gives in clear, too.
Innocent may be IPsec between the two hosts. Of a transcript it is told where the server still
offers STARTTLS.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH EXTERNAL
c> AUTH EXTERNAL =
s< 535 5.7.8 no certificate
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH SCRAM-SHA-256
c> AUTH SCRAM-SHA-256
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(COMMAND, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let attempt = attempt_of(step.case, step.index)?;
    if !is_one_of(step.case, attempt, &["EXTERNAL"]) || !is_in_clear(step) {
        return None;
    }
    let hit = if step.is_accepted() {
        "EXTERNAL was accepted without TLS: no certificate can have been checked"
    } else {
        "EXTERNAL was sent without TLS: there is no certificate to take the identity from"
    };
    Some(Hit::new(hit))
}
