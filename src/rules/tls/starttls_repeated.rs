use super::{STARTTLS, is_agreed};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "starttls-repeated",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3207 §4.2"),
    title: "STARTTLS was sent again, although TLS is active",
    help: "send STARTTLS once a connection, and never on a connection that began with TLS",
    explanation: "\
RFC 3207 §4.2: \"Both the client and the server MUST know if there is a TLS session active. A
client MUST NOT attempt to start a TLS session if a TLS session is already active.\" Servers
answer 503 or 554 (Postfix: \"TLS already active\"), and the client may take that for a server
without TLS and give up. It shows only in a dialog that was recorded in clear behind the TLS.
Usual causes: a client that does not note the first handshake, a proxy that has begun TLS on the
client's behalf, or a server that wrongly offers STARTTLS inside TLS.",
    bad: "\
# decrypted
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> STARTTLS
s< 554 5.5.1 TLS already active
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
# decrypted
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 454 4.7.0 TLS not available due to temporary reason
c> STARTTLS
s< 220 2.0.0 ready to start TLS
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(STARTTLS, Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    // What packets show in clear is not inside TLS, and what was sent before the handshake neither.
    if !before.tls || before.inferred || step.case.is_packets() || step.case.session.tls.is_some() {
        return None;
    }
    let mut earlier = (0..step.index).rev().filter_map(|index| step.case.step(index));
    let first = earlier.find(|one| one.verb() == Some(Verb::Starttls) && is_agreed(one))?;
    if step.index == first.index + 1 && step.exchange.pipelined {
        return None;
    }
    let answer = step.answer().map_or(String::new(), |answer| format!(" ({})", answer.shown()));
    let message = format!(
        "STARTTLS was sent again although the server had agreed to TLS before{answer}: inside TLS \
         there is no STARTTLS"
    );
    Some(Hit::new(message))
}
