use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "capture-linktype-unsupported",
    category: Category::Input,
    severity: Severity::Warning,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "packets of a link type that is not read",
    help: "capture on an interface with Ethernet or IP, or on the \"any\" device",
    explanation: "\
The link type says what the packets of a capture begin with. Those of this one cannot be read,
so that none of them is in the report, SMTP or not. Ethernet, Linux cooked captures (the \"any\"
device), BSD loopback, raw IP, PPP and PPPoE are read. Captures of wireless interfaces in
monitor mode (IEEE 802.11, with or without a radio header) are not: their payload is mostly
encrypted; capture on the interface in its usual mode, or at the access point's wire.",
    bad: "\
# linktype 147
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
# linktype 1
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    let mut said = Vec::new();
    let (mut packets, mut first) = (0, None);
    for (trouble, count) in input.troubles.iter() {
        match trouble {
            Trouble::UnknownLinkType(link) => {
                said.push(format!("{link}{}: {}", name(link), count.times));
            }
            Trouble::MoreLinkTypes => said.push(format!("others: {}", count.times)),
            _ => continue,
        }
        packets += count.times;
        first = Some(first.map_or(count.first.number, |first: u64| first.min(count.first.number)));
    }
    let first = first?;
    Some(
        Hit::new(format!(
            "{packets} of {} not read, as the link type is not supported ({}; first: frame {first})",
            count(input.packets, "packet"),
            said.join(", "),
        ))
        .first_at(first),
    )
}

/// What pcap's registry calls a link type, where people meet it.
fn name(link: u16) -> &'static str {
    match link {
        6 => " (token ring)",
        8 => " (SLIP)",
        10 => " (FDDI)",
        104 => " (Cisco HDLC)",
        105 => " (IEEE 802.11)",
        107 => " (frame relay)",
        117 => " (PFLOG)",
        119 => " (IEEE 802.11 with a Prism header)",
        127 => " (IEEE 802.11 with radiotap)",
        147..=162 => " (private use)",
        163 => " (IEEE 802.11 with an AVS header)",
        187 | 201 => " (Bluetooth HCI)",
        189 | 220 | 249 => " (USB)",
        192 => " (PPI)",
        195 | 215 | 230 => " (IEEE 802.15.4)",
        227 => " (CAN)",
        239 => " (NFLOG)",
        253 => " (netlink)",
        _ => "",
    }
}
