//! [`Frame`]s → TCP [`Segment`]s of the watched ports.
//!
//! In: captured frames of any supported link type. Out: one segment for each TCP packet of a
//! watched port, however deep in tags and tunnels; all else is passed over, and what is damaged
//! is counted. It does not know connections: duplicates, order and direction of a dialog are the
//! business of [`stream`](crate::stream). Checksums are not looked at: offloading makes captures
//! full of wrong ones.
//!
//! One loop takes one `Layer` after the other off the front of a `Cursor`, so tags and
//! tunnels nest in any order. The ports are looked at before anything else of TCP, so traffic of
//! other ports costs a few instructions. Nearly all frames have the same few headers: those are
//! read at once.

use crate::capture::Frame;
use crate::limits::Limits;
use crate::place::Place;
use crate::ports::Ports;
use crate::recording::Kind;
use crate::time::Stamp;
use crate::trouble::{Trouble, Troubles};
use std::net::IpAddr;
use std::ops::Range;

mod cursor;
mod datagram;
mod defrag;
#[cfg(test)]
mod forge;
mod ip;
mod key;
mod link;
mod plain;
mod tunnel;

use cursor::Cursor;
use datagram::Fragment;
use defrag::Table;

pub use key::{FlowKey, Way};
pub use plain::Plain;

/// Turns frames into segments. Holds nothing but unfinished IP datagrams.
pub struct Decoder {
    ports: Ports,
    limits: Limits,
    fragments: Table,
    /// The datagram that the last frame completed; its segment borrows from here.
    whole: Vec<u8>,
}

/// The TCP flags that matter here (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Synchronize sequence numbers.
    pub syn: bool,
    /// No more data from the sender.
    pub fin: bool,
    /// Reset the connection.
    pub rst: bool,
}

/// One TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The connection.
    pub flow: FlowKey,
    /// Its direction.
    pub way: Way,
    /// When it was captured.
    pub at: Option<Stamp>,
    /// Digits of the second's fraction in the capture's time stamps.
    pub digits: u8,
    /// The frame that carried it (the last one of a fragmented datagram), counted in its input.
    pub place: Place,
    /// Sequence number of the first byte of `data` (of SYN, if set).
    pub seq: u32,
    /// Acknowledgment number, if the ACK flag is set.
    pub ack: Option<u32>,
    /// SYN, FIN and RST.
    pub flags: Flags,
    /// Receive window as sent (not scaled).
    pub window: u16,
    /// The payload that was captured.
    pub data: &'a [u8],
    /// Payload bytes after `data` that were on the wire but are not in the capture.
    pub cut: u32,
}

/// What the bytes at the front of a [`Cursor`] are.
#[derive(Clone, Copy, Debug)]
enum Layer {
    Ethernet,
    /// Linux cooked capture, `LINKTYPE_LINUX_SLL`.
    Cooked,
    /// Linux cooked capture version 2, `LINKTYPE_LINUX_SLL2`.
    Cooked2,
    /// BSD loopback; `true` if the family is in network byte order for sure.
    Loopback(bool),
    /// IEEE 802.2 LLC.
    Llc,
    /// A tag of IEEE 802.1Q or one of its relatives.
    Vlan,
    Macsec,
    PppoeSession,
    Ppp,
    Mpls,
    Gre,
    /// IPv4 or IPv6, by the version in its first byte.
    Ip,
    Ipv4,
    Ipv6,
    /// What an IP header announces.
    Payload(Ip),
    /// A piece of what an IP header announces.
    Part(Ip, Part),
}

/// What an IP header (with its extensions so far) says of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Ip {
    from: IpAddr,
    to: IpAddr,
    /// IP protocol number, or next header.
    protocol: u8,
}

/// Where a fragment belongs in its datagram.
#[derive(Clone, Copy, Debug)]
struct Part {
    identification: u32,
    /// Offset in the datagram's payload in bytes.
    offset: usize,
    /// Whether more fragments follow.
    more: bool,
}

/// Why a frame gives no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// It is something else than TCP of a watched port.
    Foreign,
    /// It cannot be read.
    Trouble(Trouble),
}

/// What a frame holds, looked at alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked<'a> {
    /// A segment of a watched port.
    Segment(Segment<'a>),
    /// A fragment of an IP datagram: what it is part of, only [`Decoder::decode`] can tell.
    Fragment,
    /// Nothing that is wanted.
    Nothing,
}

/// What was under all the layers of some bytes. The ranges are in those bytes.
enum Found {
    /// A segment, but for its data.
    Segment(Segment<'static>, Range<usize>),
    Fragment(Fragment),
}

/// The way down through the layers of one frame.
struct Walk<'a> {
    ports: &'a Ports,
    frame: &'a Frame<'a>,
    /// How many more layers may be taken off.
    layers: usize,
}

impl Decoder {
    /// A decoder of segments of these ports.
    #[must_use]
    pub fn new(ports: Ports, limits: &Limits) -> Self {
        Self { ports, limits: *limits, fragments: Table::new(limits), whole: Vec::new() }
    }

    /// The segment in `frame` or in the IP datagram that `frame` completes. `None` if there is
    /// none of a watched port, or if it cannot be read, which is counted in `troubles`.
    pub fn decode<'a>(
        &'a mut self,
        frame: &Frame<'a>,
        troubles: &mut Troubles,
    ) -> Option<Segment<'a>> {
        match self.look(frame, troubles) {
            Looked::Segment(segment) => Some(segment),
            Looked::Fragment => self.reassemble(frame, troubles),
            Looked::Nothing => None,
        }
    }

    /// What `frame` holds as far as it alone tells. What is wrong with it is counted in
    /// `troubles`, but of a fragment that is left to [`Decoder::decode`].
    // See `Plain::of`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub fn look<'a>(&self, frame: &Frame<'a>, troubles: &mut Troubles) -> Looked<'a> {
        match Plain::of(frame) {
            Some(plain) if self.watches(&plain) => {
                let place = Place::new(frame.origin.number);
                Looked::Segment(plain.segment(plain.flow(), frame, place))
            }
            Some(_) => Looked::Nothing,
            None => self.peel(frame, troubles),
        }
    }

    /// Whether headers are those of a segment of a watched port.
    #[inline]
    #[must_use]
    pub fn watches(&self, plain: &Plain<'_>) -> bool {
        let (from, to) = plain.ports();
        self.ports.watches(from, to)
    }

    /// What `frame` is, whatever its ports: the innermost that has a name.
    #[inline(never)]
    #[must_use]
    pub fn survey(&self, frame: &Frame<'_>) -> Kind {
        let Some(layer) = link::first(frame.link) else { return Kind::Link(frame.link) };
        let mut walk = Walk { ports: &self.ports, frame, layers: self.limits.layers };
        let mut kind = Kind::Other;
        // Why it ends there does not matter.
        let _ = walk.down(layer, Cursor::of_frame(frame), |layer, rest| {
            let (Layer::Payload(ip) | Layer::Part(ip, _)) = layer else { return };
            let is_first = !matches!(layer, Layer::Part(_, part) if part.offset > 0);
            let ports = ip::tcp_ports(rest).ok().filter(|_| is_first);
            kind = match (ip.protocol, ports) {
                (ip::TCP, Some((from, to))) => Kind::Tcp(from.min(to)),
                (ip::UDP, Some((from, to))) => Kind::Udp(from.min(to)),
                (protocol, _) => Kind::Ip(protocol),
            };
        });
        kind
    }

    /// What `frame` holds, one layer after the other. Apart, so that what is usual is read where
    /// it is needed.
    #[inline(never)]
    fn peel<'a>(&self, frame: &Frame<'a>, troubles: &mut Troubles) -> Looked<'a> {
        let Some(layer) = link::first(frame.link) else {
            troubles.add_link_type(frame.link, self.limits.named_kinds, frame.origin);
            return Looked::Nothing;
        };
        let mut walk = Walk { ports: &self.ports, frame, layers: self.limits.layers };
        match walk.down(layer, Cursor::of_frame(frame), |_, _| {}) {
            Ok(Found::Segment(segment, range)) => {
                if segment.cut > 0 {
                    troubles.add(Trouble::CutSegment, frame.origin);
                }
                let data = frame.data.get(range).unwrap_or_default();
                Looked::Segment(Segment { data, ..segment })
            }
            Ok(Found::Fragment(_)) => Looked::Fragment,
            Err(Stop::Foreign) => Looked::Nothing,
            Err(Stop::Trouble(trouble)) => {
                troubles.add(trouble, frame.origin);
                Looked::Nothing
            }
        }
    }

    /// Puts the fragment in `frame` to those that came before; the segment, if it is whole.
    fn reassemble<'a>(
        &'a mut self,
        frame: &Frame<'a>,
        troubles: &mut Troubles,
    ) -> Option<Segment<'a>> {
        let mut walk = Walk { ports: &self.ports, frame, layers: self.limits.layers };
        let mut found = walk.down(link::first(frame.link)?, Cursor::of_frame(frame), |_, _| {});
        self.whole.clear();
        let (segment, range) = loop {
            match found {
                Ok(Found::Segment(segment, range)) => break (segment, range),
                Ok(Found::Fragment(fragment)) => {
                    // There may be a fragment in what was fragmented.
                    let bytes = if self.whole.is_empty() { frame.data } else { &self.whole };
                    let datagram = self.fragments.add(&fragment, bytes, frame, troubles)?;
                    let cursor = Cursor::new(&datagram.bytes, datagram.wire);
                    found = walk.down(Layer::Payload(datagram.ip), cursor, |_, _| {});
                    self.whole = datagram.bytes;
                }
                Err(Stop::Foreign) => return None,
                Err(Stop::Trouble(trouble)) => {
                    troubles.add(trouble, frame.origin);
                    return None;
                }
            }
        };
        if segment.cut > 0 {
            troubles.add(Trouble::CutSegment, frame.origin);
        }
        Some(Segment { data: self.whole.get(range)?, ..segment })
    }

    /// Counts the datagrams whose fragments never came, at the end of an input.
    pub fn finish(&mut self, troubles: &mut Troubles) {
        self.fragments.finish(troubles);
    }
}

impl Walk<'_> {
    /// Takes layers off `cursor`, of which `layer` is the first, down to TCP or a fragment. `note`
    /// is shown each.
    fn down(
        &mut self,
        mut layer: Layer,
        mut cursor: Cursor<'_>,
        mut note: impl FnMut(Layer, &Cursor<'_>),
    ) -> Result<Found, Stop> {
        let rest = &mut cursor;
        while let Some(left) = self.layers.checked_sub(1) {
            self.layers = left;
            note(layer, rest);
            layer = match layer {
                Layer::Ethernet => link::ethernet(rest)?,
                Layer::Cooked => link::cooked(rest)?,
                Layer::Cooked2 => link::cooked2(rest)?,
                Layer::Loopback(big_endian) => link::loopback(rest, big_endian)?,
                Layer::Llc => link::llc(rest)?,
                Layer::Vlan => tunnel::vlan(rest)?,
                Layer::Macsec => tunnel::macsec(rest)?,
                Layer::PppoeSession => tunnel::pppoe(rest)?,
                Layer::Ppp => tunnel::ppp(rest)?,
                Layer::Mpls => tunnel::mpls(rest)?,
                Layer::Gre => tunnel::gre(rest)?,
                Layer::Ip => ip::either(rest)?,
                Layer::Ipv4 => ip::v4(rest)?,
                Layer::Ipv6 => ip::v6(rest)?,
                Layer::Payload(ip) if ip.protocol == ip::TCP => return self.segment(ip, rest),
                Layer::Payload(ip) => ip::payload(ip, rest)?,
                Layer::Part(ip, part) => {
                    return Ok(Found::Fragment(self.fragment(ip, part, rest)));
                }
            };
        }
        Err(Stop::Trouble(Trouble::TooManyLayers))
    }

    fn segment(&self, ip: Ip, rest: &Cursor<'_>) -> Result<Found, Stop> {
        let ports = ip::tcp_ports(rest)?;
        if !self.ports.watches(ports.0, ports.1) {
            return Err(Stop::Foreign);
        }
        let (segment, range) = ip::tcp(ip, rest, self.frame)?;
        Ok(Found::Segment(segment, range))
    }

    fn fragment(&self, ip: Ip, part: Part, rest: &Cursor<'_>) -> Fragment {
        let ports = if part.offset == 0 { ip::tcp_ports(rest).ok() } else { None };
        let wanted = match ip.protocol {
            ip::TCP => ports.is_none_or(|(from, to)| self.ports.watches(from, to)),
            ip::UDP => ports.is_some_and(|(_, to)| tunnel::is_udp_tunnel(to)),
            _ => true,
        };
        Fragment { ip, part, len: rest.wire(), captured: rest.range(), wanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINKS: [u16; 15] = [0, 1, 9, 12, 14, 50, 51, 101, 108, 113, 228, 229, 276, 147, 65535];

    proptest! {
        #[test]
        fn random_bytes_never_panic(
            data in prop::collection::vec(any::<u8>(), 0..200),
            lacking in 0_u32..2000,
        ) {
            for link in LINKS {
                let frame = forge::frame(link, &data, 1);
                let frame = Frame { wire_len: frame.wire_len + lacking, ..frame };
                decode_twice(&frame);
            }
        }

        /// Damage to a packet with many layers, which random bytes seldom reach.
        #[test]
        fn damaged_packets_never_panic(
            edits in prop::collection::vec((0_usize..200, any::<u8>()), 0..8),
        ) {
            for mut data in deep_packets() {
                for (at, byte) in &edits {
                    let at = at % data.len();
                    data[at] = *byte;
                }
                decode_twice(&forge::frame(forge::ETHERNET, &data, 1));
            }
        }
    }

    proptest! {
        #[test]
        fn plain_headers_say_what_the_layers_say(
            edits in prop::collection::vec((12_usize..70, any::<u8>()), 0..3),
            cut in prop_oneof![Just(0), 0_usize..30],
            padding in 0_usize..3,
        ) {
            let mut data = forge::ether(0x0800, &forge::tcp4(forge::DATA));
            for (at, byte) in edits {
                data[at] = byte;
            }
            data.resize(data.len() + padding, 0);
            let frame = forge::frame(forge::ETHERNET, &data, 1);
            let frame = Frame { data: &data[..data.len() - cut], ..frame };
            let decoder = Decoder::new(Ports::default(), &Limits::default());
            let (mut troubles, mut peeled) = (Troubles::default(), Troubles::default());
            let looked = decoder.look(&frame, &mut troubles);
            prop_assert_eq!(looked, decoder.peel(&frame, &mut peeled));
            prop_assert_eq!(troubles, peeled);
        }
    }

    #[test]
    fn plain_frames_are_read_at_once() {
        let data = forge::ether(0x0800, &forge::tcp4(forge::DATA));
        assert!(Plain::of(&forge::frame(forge::ETHERNET, &data, 1)).is_some());
    }

    /// Twice, as fragments change what the second one meets.
    fn decode_twice(frame: &Frame<'_>) {
        let mut decoder = Decoder::new(Ports::new(&[], true), &Limits::default());
        let mut troubles = Troubles::default();
        for _ in 0..2 {
            if let Some(segment) = decoder.decode(frame, &mut troubles) {
                assert!(segment.data.len() <= frame.data.len());
            }
        }
        decoder.finish(&mut troubles);
    }

    fn deep_packets() -> [Vec<u8>; 3] {
        let tcp = forge::tcp4(forge::DATA);
        let vxlan = forge::join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &forge::ether(0x0800, &tcp)]);
        let gre = forge::join(&[&[0xb0, 0, 0x08, 0], &[1; 12], &forge::udp4(4789, &vxlan)]);
        let hop_by_hop = forge::join(&[&[47, 0, 1, 4, 0, 0, 0, 0], &gre]);
        let mpls = forge::join(&[&[0, 7, 0x88, 0x47, 0, 0, 1, 1], &forge::ipv6(0, &hop_by_hop)]);
        let gtp = forge::join(&[
            &[0x34, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0],
            &forge::tcp6(forge::DATA),
        ]);
        let session = forge::join(&[&[0x11, 0, 0, 1, 0, 0, 0, 0x21], &forge::udp4(2152, &gtp)]);
        [forge::ether(0x8100, &mpls), forge::ether(0x8864, &session), forge::ether(0x0800, &tcp)]
    }
}
