//! Link-layer headers → the [`Layer`] inside them.
//!
//! In: the front of a frame. Out: what comes after the link header. Read by hand, as etherparse
//! refuses cooked captures of loopback and tunnel devices and has no SLL2 and no NULL.
//! The numbers are those of pcap's LINKTYPE registry.

use super::cursor::{Cursor, LINK_ETHERNET};
use super::{Layer, Stop};

/// Values of the type field below this are an IEEE 802.3 length.
const FIRST_ETHER_TYPE: u16 = 0x0600;

/// Linux's ARPHRD of netlink messages, whose protocol field is no ether type.
const ARPHRD_NETLINK: u16 = 824;

/// The outermost layer of frames of a link type; `None` if it is not supported.
pub(super) fn first(link: u16) -> Option<Layer> {
    Some(match link {
        0 => Layer::Loopback(false),
        LINK_ETHERNET => Layer::Ethernet,
        9 | 50 => Layer::Ppp,
        // 12 and 14 are the raw IP numbers of some BSDs.
        12 | 14 | 101 => Layer::Ip,
        51 => Layer::PppoeSession,
        108 => Layer::Loopback(true),
        113 => Layer::Cooked,
        228 => Layer::Ipv4,
        229 => Layer::Ipv6,
        276 => Layer::Cooked2,
        _ => return None,
    })
}

/// Ethernet II, or IEEE 802.3 with LLC.
pub(super) fn ethernet(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    rest.skip(12)?;
    tagged(rest)
}

/// The type field of an Ethernet frame or of a tag in it.
pub(super) fn tagged(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match u16::from_be_bytes(rest.take()?) {
        ..FIRST_ETHER_TYPE => Ok(Layer::Llc),
        kind => ether_type(kind),
    }
}

/// The layer that an ether type announces.
pub(super) fn ether_type(kind: u16) -> Result<Layer, Stop> {
    Ok(match kind {
        0x0800 => Layer::Ipv4,
        0x86dd => Layer::Ipv6,
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => Layer::Vlan,
        0x6558 => Layer::Ethernet,
        0x880b => Layer::Ppp,
        0x8847 | 0x8848 => Layer::Mpls,
        0x8864 => Layer::PppoeSession,
        0x88e5 => Layer::Macsec,
        _ => return Err(Stop::Foreign),
    })
}

/// IEEE 802.2: IP in a SNAP header (RFC 1042), or by IP's own service access point.
pub(super) fn llc(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match rest.take()? {
        [0xaa, 0xaa, 0x03] => match rest.take()? {
            [0, 0, 0 | 0xf8] => ether_type(u16::from_be_bytes(rest.take()?)),
            _ => Err(Stop::Foreign),
        },
        [0x06, 0x06, 0x03] => Ok(Layer::Ip),
        _ => Err(Stop::Foreign),
    }
}

/// `LINKTYPE_LINUX_SLL`.
pub(super) fn cooked(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [_, _, hardware @ .., kind_0, kind_1]: [u8; 16] = rest.take()?;
    let hardware = hardware.first_chunk().copied().map_or(0, u16::from_be_bytes);
    cooked_type(hardware, u16::from_be_bytes([kind_0, kind_1]))
}

/// `LINKTYPE_LINUX_SLL2`.
pub(super) fn cooked2(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [kind_0, kind_1, _, _, _, _, _, _, hardware_0, hardware_1, ..]: [u8; 20] = rest.take()?;
    let hardware = u16::from_be_bytes([hardware_0, hardware_1]);
    cooked_type(hardware, u16::from_be_bytes([kind_0, kind_1]))
}

/// The protocol field of a cooked header on a device of this ARPHRD.
fn cooked_type(hardware: u16, kind: u16) -> Result<Layer, Stop> {
    match (hardware, kind) {
        (ARPHRD_NETLINK, _) => Err(Stop::Foreign),
        (_, 4) => Ok(Layer::Llc),
        (_, kind) => ether_type(kind),
    }
}

/// `LINKTYPE_NULL`, whose family is in the byte order of the machine that captured, and
/// `LINKTYPE_LOOP`.
pub(super) fn loopback(rest: &mut Cursor<'_>, big_endian: bool) -> Result<Layer, Stop> {
    let family: [u8; 4] = rest.take()?;
    match u32::from_be_bytes(family) {
        family if family <= 0xff || big_endian => loopback_family(family),
        family => loopback_family(family.swap_bytes()),
    }
}

/// The layer of an address family as the BSDs, macOS, Linux and Windows number them.
fn loopback_family(family: u32) -> Result<Layer, Stop> {
    match family {
        2 => Ok(Layer::Ipv4),
        10 | 23 | 24 | 28 | 30 => Ok(Layer::Ipv6),
        _ => Err(Stop::Foreign),
    }
}

#[cfg(test)]
mod tests {
    use super::super::forge::{self, DATA, Got, assert_carries, ether, join, tcp4, tcp6};
    use crate::trouble::Trouble;

    /// A cooked header of a device of this ARPHRD.
    fn sll(hardware: u16, kind: u16) -> Vec<u8> {
        join(&[&[0, 0], &hardware.to_be_bytes(), &[0; 10], &kind.to_be_bytes()])
    }

    fn sll2(hardware: u16, kind: u16) -> Vec<u8> {
        let (hardware, kind) = (hardware.to_be_bytes(), kind.to_be_bytes());
        join(&[&kind, &[0, 0, 0, 0, 0, 3], &hardware, &[0; 10]])
    }

    #[test]
    fn ethernet() {
        assert_carries(forge::ETHERNET, &ether(0x0800, &tcp4(DATA)), DATA);
        assert_carries(forge::ETHERNET, &ether(0x86dd, &tcp6(DATA)), DATA);
    }

    #[test]
    fn ieee_802_3_with_llc() {
        for head in [&[0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0][..], &[0x06, 0x06, 0x03]] {
            let body = join(&[head, &tcp4(DATA)]);
            let len = u16::try_from(body.len()).unwrap();
            assert_carries(forge::ETHERNET, &ether(len, &body), DATA);
            assert_carries(113, &join(&[&sll(1, 4), &body]), DATA);
        }
        let spanning_tree = ether(38, &[0x42, 0x42, 0x03, 0, 0, 0]);
        assert_eq!(forge::decode(forge::ETHERNET, &spanning_tree), Got::default());
    }

    #[test]
    fn cooked_captures_of_any_device() {
        for hardware in [1, 32, 512, 772, 801, 0xfffe] {
            assert_carries(113, &join(&[&sll(hardware, 0x0800), &tcp4(DATA)]), DATA);
            assert_carries(113, &join(&[&sll(hardware, 0x86dd), &tcp6(DATA)]), DATA);
            assert_carries(276, &join(&[&sll2(hardware, 0x0800), &tcp4(DATA)]), DATA);
            assert_carries(276, &join(&[&sll2(hardware, 0x86dd), &tcp6(DATA)]), DATA);
        }
        let tagged = join(&[&sll(1, 0x8100), &[0, 7, 0x08, 0], &tcp4(DATA)]);
        assert_carries(113, &tagged, DATA);
        let netlink = join(&[&sll(824, 0x0800), &tcp4(DATA)]);
        assert_eq!(forge::decode(113, &netlink), Got::default());
    }

    #[test]
    fn loopback_in_any_byte_order() {
        assert_carries(0, &join(&[&[2, 0, 0, 0], &tcp4(DATA)]), DATA);
        assert_carries(0, &join(&[&[0, 0, 0, 2], &tcp4(DATA)]), DATA);
        assert_carries(108, &join(&[&[0, 0, 0, 2], &tcp4(DATA)]), DATA);
        for family in [10, 24, 28, 30] {
            assert_carries(0, &join(&[&[family, 0, 0, 0], &tcp6(DATA)]), DATA);
            assert_carries(0, &join(&[&[0, 0, 0, family], &tcp6(DATA)]), DATA);
            assert_carries(108, &join(&[&[0, 0, 0, family], &tcp6(DATA)]), DATA);
        }
        let wrong_order = join(&[&[2, 0, 0, 0], &tcp4(DATA)]);
        assert_eq!(forge::decode(108, &wrong_order), Got::default());
    }

    #[test]
    fn bare_ip() {
        for link in [12, 14, 101] {
            assert_carries(link, &tcp4(DATA), DATA);
            assert_carries(link, &tcp6(DATA), DATA);
        }
        assert_carries(228, &tcp4(DATA), DATA);
        assert_carries(229, &tcp6(DATA), DATA);
        assert_eq!(forge::decode(228, &tcp6(DATA)), Got::only(Trouble::BadPacket));
        assert_eq!(forge::decode(101, &[0x50; 40]), Got::only(Trouble::BadPacket));
    }

    #[test]
    fn ppp() {
        for head in [&[0xff, 0x03, 0, 0x21][..], &[0xff, 0x03, 0x21], &[0, 0x21], &[0x21]] {
            assert_carries(9, &join(&[head, &tcp4(DATA)]), DATA);
            assert_carries(50, &join(&[head, &tcp4(DATA)]), DATA);
        }
        assert_carries(9, &join(&[&[0xff, 0x03, 0, 0x57], &tcp6(DATA)]), DATA);
        assert_carries(51, &join(&[&[0x11, 0, 0, 1, 0, 0, 0, 0x21], &tcp4(DATA)]), DATA);
        assert_eq!(forge::decode(9, &[0xff, 0x03, 0xc0, 0x21, 1, 1]), Got::default());
    }

    #[test]
    fn other_link_types_are_named() {
        let got = forge::decode(147, &tcp4(DATA));
        assert_eq!(got, Got::only(Trouble::UnknownLinkType(147)));
    }

    #[test]
    fn other_ether_types_are_passed_over() {
        for kind in [0x0806, 0x88cc, 0x0842] {
            assert_eq!(forge::decode(forge::ETHERNET, &ether(kind, &[0; 46])), Got::default());
        }
    }
}
