//! Link layers and tunnels: an IP datagram in, a frame out, with the number of its link type.

use super::dialog::Side;
use super::plan::Ip;
use super::wire::{UDP, ip, length, udp};
use std::net::{IpAddr, Ipv4Addr};

/// What an IP datagram is carried in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Ethernet.
    Ethernet,
    /// Ethernet with one tag (IEEE 802.1Q).
    Vlan,
    /// Ethernet with two tags (IEEE 802.1ad).
    Qinq2,
    /// Ethernet with three tags.
    Qinq3,
    /// Ethernet with five tags.
    Qinq5,
    /// Linux cooked capture of an Ethernet.
    Sll,
    /// Linux cooked capture of the loopback interface.
    SllLoopback,
    /// Linux cooked capture of a tunnel without a link layer.
    SllTun,
    /// Linux cooked capture, version 2.
    Sll2,
    /// BSD loopback, written by a little-endian machine.
    NullLittle,
    /// BSD loopback, written by a big-endian machine.
    NullBig,
    /// `OpenBSD` loopback.
    Loop,
    /// Either version of IP.
    Raw,
    /// IPv4 (228) or IPv6 (229).
    RawVersion,
    /// Ethernet, `PPPoE` session (RFC 2516).
    Pppoe,
    /// Ethernet, one MPLS label (RFC 3032).
    Mpls1,
    /// Ethernet, three MPLS labels.
    Mpls3,
    /// Ethernet, IPv4, GRE (RFC 2784).
    Gre,
    /// Ethernet, IPv4, GRE with key and sequence number (RFC 2890), Ethernet.
    GreEthernet,
    /// Ethernet, IPv4, IP (RFC 2003, RFC 4213).
    IpInIp,
    /// Ethernet, IPv4, UDP, VXLAN (RFC 7348), Ethernet.
    Vxlan,
    /// Ethernet, IPv4, UDP, Geneve (RFC 8926) with an option, Ethernet.
    Geneve,
    /// Ethernet, IPv4, UDP, Geneve, IP.
    GeneveIp,
}

/// All link layers.
pub const LINKS: &[Link] = &[
    Link::Ethernet,
    Link::Vlan,
    Link::Qinq2,
    Link::Qinq3,
    Link::Qinq5,
    Link::Sll,
    Link::SllLoopback,
    Link::SllTun,
    Link::Sll2,
    Link::NullLittle,
    Link::NullBig,
    Link::Loop,
    Link::Raw,
    Link::RawVersion,
    Link::Pppoe,
    Link::Mpls1,
    Link::Mpls3,
    Link::Gre,
    Link::GreEthernet,
    Link::IpInIp,
    Link::Vxlan,
    Link::Geneve,
    Link::GeneveIp,
];

/// Ether types.
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;
const VLAN: u16 = 0x8100;
const SERVICE_VLAN: u16 = 0x88a8;
const OLD_QINQ: u16 = 0x9100;
const BRIDGED: u16 = 0x6558;

impl Link {
    /// The pcap link type of its frames, for IP version 6 or 4.
    pub fn number(self, is_v6: bool) -> u16 {
        match self {
            Self::Sll | Self::SllLoopback | Self::SllTun => 113,
            Self::Sll2 => 276,
            Self::NullLittle | Self::NullBig => 0,
            Self::Loop => 108,
            Self::Raw => 101,
            Self::RawVersion => 228 + u16::from(is_v6),
            _ => 1,
        }
    }

    /// The frame of an IP datagram that `side` sends.
    pub(super) fn wrap(self, side: Side, is_v6: bool, datagram: &[u8]) -> Vec<u8> {
        let kind = if is_v6 { IPV6 } else { IPV4 };
        // Every BSD has its own number for IPv6; IPv4 is 2 everywhere.
        let family = |v6: u32| if is_v6 { v6 } else { 2 };
        let inner = || ethernet(side, kind, datagram);
        let over_ip = |protocol, payload: Vec<u8>| {
            ethernet(side, IPV4, &ip(Ip::V4, outer(side), protocol, &payload, 0))
        };
        let over_udp =
            |port, payload: Vec<u8>| over_ip(UDP, udp([49_152, port], outer(side), &payload));
        match self {
            Self::Ethernet => inner(),
            Self::Vlan => tagged(side, &[VLAN], kind, datagram),
            Self::Qinq2 => tagged(side, &[SERVICE_VLAN, VLAN], kind, datagram),
            Self::Qinq3 => tagged(side, &[SERVICE_VLAN, SERVICE_VLAN, VLAN], kind, datagram),
            Self::Qinq5 => {
                let tags = [OLD_QINQ, SERVICE_VLAN, VLAN, VLAN, VLAN];
                tagged(side, &tags, kind, datagram)
            }
            Self::Sll => sll(side, 1, kind, datagram),
            Self::SllLoopback => sll(side, 772, kind, datagram),
            Self::SllTun => sll(side, 0xfffe, kind, datagram),
            Self::Sll2 => sll2(side, kind, datagram),
            Self::NullLittle => [&family(30).to_le_bytes(), datagram].concat(),
            Self::NullBig => [&family(28).to_be_bytes(), datagram].concat(),
            Self::Loop => [&family(24).to_be_bytes(), datagram].concat(),
            Self::Raw | Self::RawVersion => datagram.to_vec(),
            Self::Pppoe => {
                let protocol: u16 = if is_v6 { 0x0057 } else { 0x0021 };
                let len = length(2 + datagram.len()).to_be_bytes();
                let session = [&[0x11, 0, 0, 7], &len[..], &protocol.to_be_bytes(), datagram];
                ethernet(side, 0x8864, &session.concat())
            }
            Self::Mpls1 => ethernet(side, 0x8847, &mpls(1, datagram)),
            Self::Mpls3 => ethernet(side, 0x8847, &mpls(3, datagram)),
            Self::Gre => over_ip(47, [&[0, 0], &kind.to_be_bytes()[..], datagram].concat()),
            Self::GreEthernet => {
                let kind = BRIDGED.to_be_bytes();
                let fields = [&[0x30, 0], &kind[..], &[0, 0, 0, 7, 0, 0, 0, 1], &inner()];
                over_ip(47, fields.concat())
            }
            Self::IpInIp => over_ip(if is_v6 { 41 } else { 4 }, datagram.to_vec()),
            Self::Vxlan => over_udp(4789, [&[8, 0, 0, 0, 0, 0, 7, 0], &inner()[..]].concat()),
            Self::Geneve => {
                let kind = BRIDGED.to_be_bytes();
                // Eight bytes of options: one with four bytes of data.
                let option = [0, 0, 1, 0x80, 0, 1, 2, 3, 4];
                let fields = [&[2, 0], &kind[..], &[0, 0, 7], &option, &inner()];
                over_udp(6081, fields.concat())
            }
            Self::GeneveIp => {
                let fields = [&[0, 0], &kind.to_be_bytes()[..], &[0, 0, 7, 0], datagram];
                over_udp(6081, fields.concat())
            }
        }
    }

    /// An ARP request of `side`, where the link can carry it.
    pub(super) fn arp(self, side: Side) -> Option<Vec<u8>> {
        let mut request = vec![0, 1, 8, 0, 6, 4, 0, 1];
        request.extend(mac(side));
        request.extend([192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 254]);
        match self {
            Self::Ethernet => Some(ethernet(side, ARP, &request)),
            Self::Vlan => Some(tagged(side, &[VLAN], ARP, &request)),
            Self::Sll => Some(sll(side, 1, ARP, &request)),
            Self::Sll2 => Some(sll2(side, ARP, &request)),
            _ => None,
        }
    }
}

/// An Ethernet frame.
fn ethernet(side: Side, kind: u16, payload: &[u8]) -> Vec<u8> {
    tagged(side, &[], kind, payload)
}

/// An Ethernet frame with tags of these types, the outer first.
fn tagged(side: Side, tags: &[u16], kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [mac(side.other()), mac(side)].concat();
    for (vlan, tag) in (100_u16..).zip(tags) {
        frame.extend(tag.to_be_bytes());
        frame.extend(vlan.to_be_bytes());
    }
    frame.extend(kind.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// `LINKTYPE_LINUX_SLL` for an interface of this ARPHRD type.
fn sll(side: Side, hardware: u16, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = direction(side).to_be_bytes().to_vec();
    frame.extend(hardware.to_be_bytes());
    let has_address = hardware != 0xfffe;
    frame.extend(if has_address { [0, 6] } else { [0, 0] });
    frame.extend(if has_address { mac(side) } else { [0; 6] });
    frame.extend([0; 2]);
    frame.extend(kind.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// `LINKTYPE_LINUX_SLL2`.
fn sll2(side: Side, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = kind.to_be_bytes().to_vec();
    frame.extend([0, 0, 0, 0, 0, 2, 0, 1]);
    frame.extend([u8::try_from(direction(side)).unwrap(), 6]);
    frame.extend(mac(side));
    frame.extend([0; 2]);
    frame.extend_from_slice(payload);
    frame
}

/// The packet type of a cooked capture on the client: sent by us, or to us.
fn direction(side: Side) -> u16 {
    match side {
        Side::Client => 4,
        Side::Server => 0,
    }
}

/// Labels, the last marked as the bottom of the stack.
fn mpls(labels: u32, datagram: &[u8]) -> Vec<u8> {
    let label = |n: u32| (1000 + n) << 12 | u32::from(n == labels) << 8 | 64;
    let mut bytes: Vec<u8> = (1..=labels).flat_map(|n| label(n).to_be_bytes()).collect();
    bytes.extend_from_slice(datagram);
    bytes
}

/// The Ethernet address of `side`.
fn mac(side: Side) -> [u8; 6] {
    [2, 0, 0, 0, 0, 1 + u8::try_from(side.index()).unwrap()]
}

/// The ends of the tunnel that `side` sends through.
fn outer(side: Side) -> [IpAddr; 2] {
    let end = |side: Side| {
        let last = 1 + u8::try_from(side.index()).unwrap();
        IpAddr::from(Ipv4Addr::new(198, 51, 100, last))
    };
    [end(side), end(side.other())]
}
