use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "capture-no-smtp",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "no SMTP in the capture",
    help: "capture the port of the mail server; --ports names other ports, --any-port looks at all",
    explanation: "\
No session was found. Only TCP connections to the ports of SMTP (or those given with --ports)
are looked at; with --any-port all are, by their content. The finding lists what the first
packets of the capture are, by the lower port of each, so that a mail server on another port can
be seen. Usual causes: the wrong interface, a capture filter for another port or host, traffic
inside an encrypted tunnel (IPsec, WireGuard), or a mail server that was not used during the
capture.",
    bad: "\
# port 8025
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
    check: Check::Input(check),
};

/// Kinds of traffic that are named.
const NAMED: usize = 8;

fn check(input: &Recording<'_>) -> Option<Hit> {
    // What began in a file before this one goes on here.
    let is_rest = input.goes_on && input.traffic.is_watched;
    if input.sessions > 0 || is_rest || input.troubles.hides_the_rest() {
        return None;
    }
    if input.packets == 0 {
        return Some(Hit::new("the capture has no packets"));
    }
    let kinds = input.traffic.kinds();
    // That nothing could be read of them is a finding of its own.
    if !kinds.is_empty() && kinds.iter().all(|(kind, _)| matches!(kind, Kind::Link(_))) {
        return None;
    }
    let mut named: Vec<String> = kinds
        .iter()
        .take(NAMED)
        .map(|&(kind, packets)| format!("{}: {packets}", name(kind)))
        .collect();
    let others: u64 = kinds.iter().skip(NAMED).map(|(_, packets)| packets).sum();
    if others + input.traffic.more > 0 {
        named.push(format!("others: {}", others + input.traffic.more));
    }
    let looked: u64 = kinds.iter().map(|(_, packets)| packets).sum::<u64>() + input.traffic.more;
    let which = if looked < input.packets {
        format!("of the first {looked} of {}", count(input.packets, "packet"))
    } else {
        format!("of {}", count(input.packets, "packet"))
    };
    let why = if input.traffic.is_watched {
        "some are of ports that are looked at, but nothing in them is SMTP"
    } else {
        "none is of a port that is looked at"
    };
    Some(Hit::new(format!("no session was found: {why}; {which}: {}", named.join(", "))))
}

fn name(kind: Kind) -> String {
    match kind {
        Kind::Tcp(port) => format!("TCP port {port}"),
        Kind::Udp(port) => format!("UDP port {port}"),
        Kind::Ip(1) => String::from("ICMP"),
        Kind::Ip(2) => String::from("IGMP"),
        Kind::Ip(50) => String::from("IPsec (ESP)"),
        Kind::Ip(58) => String::from("ICMPv6"),
        Kind::Ip(89) => String::from("OSPF"),
        Kind::Ip(132) => String::from("SCTP"),
        Kind::Ip(protocol) => format!("IP protocol {protocol}"),
        Kind::Other => String::from("not IP"),
        Kind::Link(link) => format!("link type {link}"),
    }
}
