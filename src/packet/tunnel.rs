//! Tags and tunnels → the [`Layer`] inside them.
//!
//! In: what an ether type, an IP protocol or a UDP port announced. Out: the layer that it
//! carries. A tunnel over UDP is only known by its port, so what does not look like it is
//! passed over silently instead of being called damaged.

use super::cursor::Cursor;
use super::link::{ether_type, tagged};
use super::{Layer, Stop};

const VXLAN: u16 = 4789;
/// Linux's default before the port of VXLAN was assigned.
const VXLAN_LINUX: u16 = 8472;
const GENEVE: u16 = 6081;
const GTP_U: u16 = 2152;

/// A tag of IEEE 802.1Q: two bytes, then the type of what is tagged.
pub(super) fn vlan(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    rest.skip(2)?;
    tagged(rest)
}

/// IEEE 802.1AE without confidentiality: the payload is only signed.
pub(super) fn macsec(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [control, ..]: [u8; 6] = rest.take()?;
    // E (encrypted) and C (changed): the payload is not as it was.
    if control & 0x0c != 0 {
        return Err(Stop::Foreign);
    }
    if control & 0x20 != 0 {
        rest.skip(8)?;
    }
    tagged(rest)
}

/// A `PPPoE` session (RFC 2516 §4).
pub(super) fn pppoe(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match rest.take()? {
        [0x11, 0, _, _, _, _] => Ok(Layer::Ppp),
        _ => Err(Stop::Foreign),
    }
}

/// PPP, with address and control or without, its protocol in two bytes or compressed to one
/// (RFC 1661 §6.5, RFC 1662 §3.1).
pub(super) fn ppp(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [mut first] = rest.take()?;
    // The address of all stations, which is no protocol; unnumbered information follows.
    if first == 0xff {
        let [0x03] = rest.take()? else {
            return Err(Stop::Foreign);
        };
        [first] = rest.take()?;
    }
    let protocol = if first & 1 == 1 {
        u16::from(first)
    } else {
        let [second] = rest.take()?;
        u16::from_be_bytes([first, second])
    };
    match protocol {
        0x0021 => Ok(Layer::Ipv4),
        0x0057 => Ok(Layer::Ipv6),
        0x0281 | 0x0283 => Ok(Layer::Mpls),
        _ => Err(Stop::Foreign),
    }
}

/// One MPLS label (RFC 3032 §2.1). Nothing says what is under the last one: IP shows its
/// version, a pseudo-wire its control word (RFC 4385 §3).
pub(super) fn mpls(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [_, _, stack, _] = rest.take()?;
    if stack & 1 == 0 {
        return Ok(Layer::Mpls);
    }
    let [nibble] = rest.peek()?;
    match nibble >> 4 {
        4 => Ok(Layer::Ipv4),
        6 => Ok(Layer::Ipv6),
        0 => rest.skip(4).map(|()| Layer::Ethernet),
        _ => Err(Stop::Foreign),
    }
}

/// GRE (RFC 2784, RFC 2890), with ERSPAN's mirrored frames, and PPTP's kind (RFC 2637 §4.1).
pub(super) fn gre(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [flags, version, kind @ ..]: [u8; 4] = rest.take()?;
    let kind = u16::from_be_bytes(kind);
    let optional = |flag: u8| if flags & flag == 0 { 0 } else { 4 };
    let (checksum, routing, key, sequence) =
        (optional(0x80), flags & 0x40 != 0, optional(0x20), optional(0x10));
    match (version & 0x07, kind) {
        // The source routes of RFC 1701 were abandoned.
        (0, _) if routing => Err(Stop::Foreign),
        (0, kind) => {
            rest.skip(checksum + key + sequence)?;
            match kind {
                0x88be if sequence == 0 => Ok(Layer::Ethernet),
                0x88be => rest.skip(8).map(|()| Layer::Ethernet),
                0x22eb => erspan3(rest),
                kind => ether_type(kind),
            }
        }
        (1, 0x880b) if sequence != 0 => {
            let acknowledgment = if version & 0x80 == 0 { 0 } else { 4 };
            rest.skip(key + sequence + acknowledgment)?;
            Ok(Layer::Ppp)
        }
        _ => Err(Stop::Foreign),
    }
}

/// ERSPAN type III: 12 bytes, 8 more if the last bit says so. Its frame type tells Ethernet from
/// IP.
fn erspan3(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [.., kind, last]: [u8; 12] = rest.take()?;
    if last & 1 == 1 {
        rest.skip(8)?;
    }
    match kind >> 2 & 0x1f {
        0 => Ok(Layer::Ethernet),
        2 => Ok(Layer::Ip),
        _ => Err(Stop::Foreign),
    }
}

/// Whether UDP to this port may carry a tunnel.
pub(super) fn is_udp_tunnel(port: u16) -> bool {
    matches!(port, VXLAN | VXLAN_LINUX | GENEVE | GTP_U)
}

/// A UDP datagram (RFC 768): the tunnel that its destination port stands for.
pub(super) fn udp(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [_, _, port_0, port_1] = rest.peek()?;
    let port = u16::from_be_bytes([port_0, port_1]);
    if !is_udp_tunnel(port) {
        return Err(Stop::Foreign);
    }
    rest.skip(8)?;
    match port {
        GENEVE => geneve(rest),
        GTP_U => gtp(rest),
        _ => vxlan(rest),
    }
}

/// VXLAN (RFC 7348 §5), also with a group policy (flag 0x80).
fn vxlan(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match rest.take()? {
        [0x08 | 0x88, _, _, _, _, _, _, 0] => Ok(Layer::Ethernet),
        _ => Err(Stop::Foreign),
    }
}

/// Geneve (RFC 8926 §3.4).
fn geneve(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [options, _, kind_0, kind_1, _, _, _, 0]: [u8; 8] = rest.take()? else {
        return Err(Stop::Foreign);
    };
    if options >> 6 != 0 {
        return Err(Stop::Foreign);
    }
    rest.skip(usize::from(options & 0x3f) * 4)?;
    ether_type(u16::from_be_bytes([kind_0, kind_1]))
}

/// GTP-U version 1 (3GPP TS 29.281 §5): a user's IP packet.
fn gtp(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [flags, message, ..]: [u8; 8] = rest.take()?;
    // Version 1, protocol type GTP; 255 is a user's packet.
    if flags >> 4 != 3 || message != 0xff {
        return Err(Stop::Foreign);
    }
    // No sequence number, no N-PDU number, no extension: then not even their place is there.
    if flags & 0xf7 == 0x30 {
        return Ok(Layer::Ip);
    }
    let [_, _, _, mut extension] = rest.take()?;
    if flags & 0x04 == 0 {
        extension = 0;
    }
    while extension != 0 {
        // The length counts four bytes each; its last byte is the next type.
        let [words] = rest.peek()?;
        let len = usize::from(words) * 4;
        let Some(last) = len.checked_sub(1) else {
            return Err(Stop::Foreign);
        };
        rest.skip(last)?;
        [extension] = rest.take()?;
    }
    Ok(Layer::Ip)
}

#[cfg(test)]
mod tests {
    use super::super::forge::{self, DATA, ETHERNET, Got, assert_carries, decode, ether};
    use super::super::forge::{ipv4, ipv6, join, tcp4, tcp6, udp4};
    use crate::limits::Limits;
    use crate::trouble::Trouble;

    fn carries(packet: &[u8]) {
        assert_carries(forge::RAW, packet, DATA);
    }

    #[test]
    fn tags_in_any_number() {
        let mut frame = ether(0x0800, &tcp4(DATA));
        for kind in [0x8100_u16, 0x88a8, 0x9100, 0x9200, 0x9300] {
            let tag = join(&[&kind.to_be_bytes(), &[0, 42]]);
            frame.splice(12..12, tag);
            assert_carries(ETHERNET, &frame, DATA);
        }
    }

    #[test]
    fn layers_are_bounded() {
        let limits = Limits { layers: 4, ..Limits::default() };
        let tag = [0x81, 0, 0, 1];
        let mut frame = ether(0x0800, &tcp4(DATA));
        for expected in
            [Got::whole(&[DATA]), Got::whole(&[DATA]), Got::only(Trouble::TooManyLayers)]
        {
            assert_eq!(forge::decode_all(&[forge::frame(ETHERNET, &frame, 1)], &limits), expected);
            frame.splice(12..12, tag);
        }
    }

    #[test]
    fn macsec_that_is_not_encrypted() {
        let signed = join(&[&[0, 0, 0, 0, 0, 1, 0x08, 0], &tcp4(DATA), &[9; 16]]);
        assert_eq!(decode(ETHERNET, &ether(0x88e5, &signed)), Got::whole(&[DATA]));
        let channel = join(&[&[0x20, 0, 0, 0, 0, 1], &[7; 8], &[0x86, 0xdd], &tcp6(DATA)]);
        assert_carries(ETHERNET, &ether(0x88e5, &channel), DATA);
        let encrypted = join(&[&[0x0c, 0, 0, 0, 0, 1], &[7; 60]]);
        assert_eq!(decode(ETHERNET, &ether(0x88e5, &encrypted)), Got::default());
    }

    #[test]
    fn pppoe() {
        for (protocol, packet) in
            [(&[0, 0x21][..], tcp4(DATA)), (&[0x21], tcp4(DATA)), (&[0, 0x57], tcp6(DATA))]
        {
            let len = u16::try_from(protocol.len() + packet.len()).unwrap().to_be_bytes();
            let session = join(&[&[0x11, 0, 0, 1], &len, protocol, &packet]);
            assert_carries(ETHERNET, &ether(0x8864, &session), DATA);
            assert_carries(51, &session, DATA);
        }
    }

    #[test]
    fn mpls() {
        let labels = [0, 0x10, 0, 64, 0, 0x20, 1, 64];
        assert_carries(ETHERNET, &ether(0x8847, &join(&[&labels, &tcp4(DATA)])), DATA);
        assert_carries(ETHERNET, &ether(0x8848, &join(&[&labels, &tcp6(DATA)])), DATA);
        let wire = join(&[&labels, &[0, 0, 0, 0], &ether(0x0800, &tcp4(DATA))]);
        assert_carries(ETHERNET, &ether(0x8847, &wire), DATA);
        carries(&ipv4(137, &join(&[&labels[4..], &tcp4(DATA)])));
    }

    #[test]
    fn ip_in_ip() {
        carries(&ipv4(4, &tcp4(DATA)));
        carries(&ipv4(41, &tcp6(DATA)));
        carries(&ipv6(4, &tcp4(DATA)));
        carries(&ipv6(41, &tcp6(DATA)));
    }

    #[test]
    fn gre() {
        carries(&ipv4(47, &join(&[&[0, 0, 0x08, 0], &tcp4(DATA)])));
        carries(&ipv6(47, &join(&[&[0xb0, 0, 0x86, 0xdd], &[1; 12], &tcp6(DATA)])));
        carries(&ipv4(
            47,
            &join(&[&[0x20, 0, 0x65, 0x58, 0, 0, 0, 1], &ether(0x0800, &tcp4(DATA))]),
        ));
        let source_routed = ipv4(47, &join(&[&[0x40, 0, 0x08, 0], &tcp4(DATA)]));
        assert_eq!(decode(forge::RAW, &source_routed), Got::default());
    }

    #[test]
    fn mirrored_frames() {
        let frame = ether(0x0800, &tcp4(DATA));
        carries(&ipv4(47, &join(&[&[0, 0, 0x88, 0xbe], &frame])));
        carries(&ipv4(47, &join(&[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], &[0x10; 8], &frame])));
        let third = |kind: [u8; 2], rest: &[u8]| {
            let head = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 1];
            ipv4(47, &join(&[&head, &[0x20; 10], &kind, rest]))
        };
        carries(&third([0x80, 0x20], &frame));
        carries(&third([0x80, 0x21], &join(&[&[0; 8], &frame])));
        carries(&third([0x08, 0x20], &tcp4(DATA)));
    }

    #[test]
    fn pptp() {
        let both = [0x30, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
        carries(&ipv4(47, &join(&[&both, &[0xff, 0x03, 0, 0x21], &tcp4(DATA)])));
        let sequence = [0x30, 0x01, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1];
        carries(&ipv4(47, &join(&[&sequence, &[0x21], &tcp4(DATA)])));
        let only_acknowledges = [0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1];
        assert_eq!(decode(forge::RAW, &ipv4(47, &only_acknowledges)), Got::default());
    }

    #[test]
    fn vxlan() {
        let frame = ether(0x0800, &tcp4(DATA));
        for port in [4789, 8472] {
            carries(&udp4(port, &join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &frame])));
        }
        assert_eq!(decode(forge::RAW, &udp4(4789, &[7; 90])), Got::default());
        assert_eq!(decode(forge::RAW, &udp4(53, &frame)), Got::default());
    }

    #[test]
    fn geneve() {
        let frame = ether(0x86dd, &tcp6(DATA));
        carries(&udp4(6081, &join(&[&[0, 0, 0x65, 0x58, 0, 0, 1, 0], &frame])));
        carries(&udp4(6081, &join(&[&[2, 0, 0x08, 0, 0, 0, 1, 0], &[5; 8], &tcp4(DATA)])));
        assert_eq!(decode(forge::RAW, &udp4(6081, &[0xff; 90])), Got::default());
    }

    #[test]
    fn gtp() {
        let gtp = |flags: u8, rest: &[u8]| {
            let len = u16::try_from(rest.len()).unwrap().to_be_bytes();
            udp4(2152, &join(&[&[flags, 0xff], &len, &[0, 0, 0, 1], rest]))
        };
        carries(&gtp(0x30, &tcp4(DATA)));
        carries(&gtp(0x32, &join(&[&[0, 1, 0, 0], &tcp6(DATA)])));
        carries(&gtp(0x34, &join(&[&[0, 0, 0, 0x85, 1, 0, 9, 0], &tcp4(DATA)])));
        let endless = gtp(0x34, &[0, 0, 0, 0x85, 0, 0, 0, 0]);
        assert_eq!(decode(forge::RAW, &endless), Got::default());
    }

    #[test]
    fn tunnels_nest() {
        let vxlan = udp4(4789, &join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &ether(0x0800, &tcp4(DATA))]));
        let gre = ipv6(47, &join(&[&[0, 0, 0x08, 0], &vxlan]));
        let tagged = join(&[&[0, 5, 0x88, 0x47, 0, 0, 1, 1], &ipv4(41, &gre)]);
        assert_carries(ETHERNET, &ether(0x8100, &tagged), DATA);
    }
}
