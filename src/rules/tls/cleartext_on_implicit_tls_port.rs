use super::port;
use crate::rules::prelude::*;

// rules.tsv: a transcript shows what is inside TLS in clear, so that packets are needed.
pub(super) const RULE: Rule = Rule {
    id: "cleartext-on-implicit-tls-port",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Packets],
    rfc: Some("RFC 8314 §3.3"),
    title: "SMTP in clear on port 465",
    help: "begin with TLS on port 465, at both ends",
    explanation: "\
Port 465 is for submission with TLS from the first byte (RFC 8314 §3.3): \"a TLS handshake
begins immediately upon connection\". Here there is SMTP in clear on it. If the server greets,
too, both are set up against the RFC, all on the path can read mail and login, and other clients
cannot use this port. If it does not, client and server wait for each other until one gives up.
Usual causes: a client set to \"no encryption\" or \"STARTTLS\" with port 465, a listener
without its TLS option (Postfix smtpd_tls_wrappermode), a proxy that ends TLS in front of the
place of the capture.",
    bad: "\
# port 465
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
# port 587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Submission, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if port(session) != Some(465) || session.tls.is_some() || session.opening.via.is_some() {
        return Vec::new();
    }
    let is_command = |step: &Step<'_>| !matches!(step.verb(), None | Some(Verb::Other));
    let Some(first) = case.steps().find(is_command) else { return Vec::new() };
    let server = if first.exchange.reply.is_some() { " and the server answers" } else { "" };
    let message = format!(
        "the client sends {} in clear to port 465{server}: this port is for TLS from the first byte",
        first.shown()
    );
    // Something may have decrypted the packets in place.
    vec![Hit::new(message).on(On::Command(first.index)).sure(Confidence::Likely)]
}
