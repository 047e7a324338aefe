use super::STARTTLS;
use crate::rules::prelude::*;
use crate::rules::reply::is_masked;
use crate::rules::standing::{Standing, standing};

pub(super) const RULE: Rule = Rule {
    id: "starttls-not-advertised",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 3207 §4"),
    title: "STARTTLS was sent although the server does not offer it",
    help: "send STARTTLS only if the last EHLO reply lists it",
    explanation: "\
STARTTLS is a service extension (RFC 3207 §4): a client uses it where the EHLO reply lists it. A
server without it answers 500, 502 or 503, and a client that insists on TLS then gives up, so
that the mail waits. A client that insists may also do so on purpose, because it was told that
this server has TLS: then the question is why the offer is missing. Usual causes: a client set
to require TLS on a server without it, STARTTLS switched off for this client or by a certificate
that cannot be read, HELO in place of EHLO, or a firewall that strikes the keyword.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> STARTTLS
s< 502 5.5.1 command not implemented
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 STARTTLS
c> STARTTLS
s< 454 4.7.0 TLS not available due to temporary reason
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(STARTTLS, Fact::Unoffered, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // Inside TLS it is out of place whatever is offered.
    if step.exchange.before.tls {
        return None;
    }
    let Standing::Lacking(why) = standing(step, "STARTTLS") else { return None };
    // Behind a firewall that writes over the offer, the client does well to try.
    if step.offered().offers().any(|offer| is_masked(offer.keyword)) {
        return None;
    }
    let message = format!("STARTTLS was sent, but {why}: the server need not know the command");
    Some(Hit::new(message).at(0..8))
}
