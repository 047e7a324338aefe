use super::port;
use crate::rules::prelude::*;

// rules.tsv: the client's bytes are TLS here, and no commands.
pub(super) const RULE: Rule = Rule {
    id: "implicit-tls-on-starttls-port",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Start],
    rfc: Some("RFC 8314 §3.3"),
    title: "the client began with TLS where the server speaks in clear first",
    help: "use STARTTLS on ports 25 and 587, or port 465 for TLS from the first byte",
    explanation: "\
RFC 8314 §3.3 gives port 465 to submission with TLS from the first byte (\"implicit TLS\").
Ports 25 and 587 begin in clear: the server greets, and TLS begins with STARTTLS. Here the
client sent a TLS hello at once; the server reads it as a command, answers 500 or closes, and no
mail goes. Usual causes: \"SSL/TLS\" chosen in the client with port 587 (or 25), where
\"STARTTLS\" is meant, or a scanner. A server that really answers with TLS on such a port is not
meant.",
    bad: "\
# session 1 192.0.2.1:50000 > 192.0.2.2:587
# port 587
s< 220 mx.example.net ESMTP
# escaped
# eol client none
c> \\x16\\x03\\x01\\x00\\x05\\x01\\x00\\x00\\x01\\x00
# end client-closed
",
    good: "\
# session 1 192.0.2.1:50000 > 192.0.2.2:587
# port 587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# tls client 1024 server 4096
# end client-closed
",
    check: Check::Session(Fact::Tls, check),
};

/// Whether the client began TLS at a port that begins in clear, to a server that has none there.
pub(in crate::rules) fn is_expected_in_clear(session: &Session) -> bool {
    let is_port = matches!(port(session), Some(25 | 587));
    let tls = session.tls.as_deref();
    is_port && tls.is_some_and(|tls| tls.implicit && tls.bytes.server == 0 && tls.bytes.client > 0)
}

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let Some(tls) = session.tls.as_deref().filter(|_| is_expected_in_clear(session)) else {
        return Vec::new();
    };
    // After commands in clear it is something else, and without the server nobody knows.
    let mut steps = case.steps();
    let hello = steps.find(|step| step.line().starts_with(&[0x16, 3]));
    let is_first = hello.as_ref().is_none_or(|step| step.index == 0);
    let is_answered = session.greeting.is_some() || session.closing.is_some();
    if !is_first || !is_answered || case.is_damaged() {
        return Vec::new();
    }
    let message = format!(
        "the client sent a TLS hello as its first bytes to port {}, where TLS begins with \
         STARTTLS, and the server answered with no TLS",
        port(session).unwrap_or_default()
    );
    vec![Hit::new(message).on(hello.map_or(On::Moment(tls.begun), |step| On::Command(step.index)))]
}
