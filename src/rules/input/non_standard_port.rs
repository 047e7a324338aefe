use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "non-standard-port",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: None,
    title: "SMTP on a port that is none of SMTP",
    help: "use port 25 between mail servers and 587 or 465 for submission",
    explanation: "\
The dialog was recognised by its content: the server's port is neither 25, 465, 587, 2525 nor
one that was given with --ports. That is usual inside one machine or network (content filters,
LMTP stores, test servers), and then --ports names it. On the way to the outside it is worth a
look: malware that sends mail, and clients that go around a firewall, use such ports; and other
tools that look at known ports only do not see this mail.",
    bad: "\
# any-port
# port 8025
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
# any-port
# port 2525
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::OddStart, check),
};

/// "Any private mail system" in IANA's registry: LMTP and its like.
const PRIVATE: u16 = 24;

fn check(case: Case<'_>) -> Vec<Hit> {
    let opening = &case.session.opening;
    let Some(peers) = opening.peers.filter(|_| opening.by_content) else { return Vec::new() };
    // A proxy is asked for the server's port.
    let port = match opening.via {
        Some(via) if matches!(via.kind, ViaKind::Socks5 | ViaKind::HttpConnect) => via.port,
        _ => peers.server.port(),
    };
    if SMTP_PORTS.contains(&port) || port == PRIVATE {
        return Vec::new();
    }
    vec![Hit::new(format!("the client speaks SMTP to port {port}, which is none of SMTP's"))]
}
