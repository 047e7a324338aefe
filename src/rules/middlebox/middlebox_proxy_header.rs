use crate::rules::prelude::*;

// rules.tsv: the header is no part of the dialog; only from packets is it known apart from it.
pub(super) const RULE: Rule = Rule {
    id: "middlebox-proxy-header",
    category: Category::Middlebox,
    severity: Severity::Note,
    party: Party::Middlebox,
    needs: &[Need::Client, Need::Packets],
    rfc: None,
    title: "a PROXY header in front of the dialog names the true client",
    help: "nothing; read the client's address from the header, not from the IP packets",
    explanation: "\
A load balancer that forwards connections sends a header in front of the dialog (PROXY protocol,
version 1 as a line of text, version 2 in binary) that says from where the connection came. The
client's address in the packets is the balancer's own; who sent the mail is what the header says,
and a server that judges its clients by address must use that. A server that does not know the
protocol answers the header with 500 or waits for a greeting that never comes, and one that takes
it from anybody lets clients forge their address: it should accept it from the balancer alone.",
    bad: "\
c> PROXY TCP4 192.0.2.7 198.51.100.25 41234 25
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::OddStart, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(via) = case.session.opening.via else { return Vec::new() };
    let version = match via.kind {
        ViaKind::ProxyV1 => 1,
        ViaKind::ProxyV2 => 2,
        ViaKind::Socks5 | ViaKind::HttpConnect => return Vec::new(),
    };
    let who = match via.addr {
        Some(addr) => format!("names {addr}, port {}, as the client", via.port),
        None => "names no client, as for a check by the balancer itself".to_owned(),
    };
    let sender = case.session.opening.peers.map(|peers| peers.client.ip());
    let sender = sender.map_or(String::new(), |sender| format!("; the packets come from {sender}"));
    vec![Hit::new(format!("a PROXY header (version {version}) {who}{sender}"))]
}
