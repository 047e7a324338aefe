//! IP and TCP headers → what they carry.
//!
//! In: the front of an IP packet. Out: the next [`Layer`], at last a [`Segment`]. Lengths are
//! IP's own, so Ethernet padding is cut off and what the capture cut is known. A length of 0
//! (segmentation offloading, or a jumbo payload of Linux's BIG TCP) means the rest of the frame.

use super::cursor::Cursor;
use super::{Flags, FlowKey, Ip, Layer, Part, Segment, Stop, Way, tunnel};
use crate::capture::Frame;
use crate::place::Place;
use crate::trouble::Trouble;
use etherparse::err::{ipv4, ipv6};
use etherparse::{Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice};
use std::ops::Range;

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
const HOP_BY_HOP: u8 = 0;
const IN_IPV4: u8 = 4;
const IN_IPV6: u8 = 41;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const GRE: u8 = 47;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MPLS: u8 = 137;

/// The shortest TCP header in bytes (RFC 9293 §3.1).
const TCP_HEADER: usize = 20;

const BAD: Stop = Stop::Trouble(Trouble::BadPacket);

/// IPv4 or IPv6, by the version.
pub(super) fn either(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [version] = rest.peek()?;
    match version >> 4 {
        4 => Ok(Layer::Ipv4),
        6 => Ok(Layer::Ipv6),
        _ => Err(BAD),
    }
}

/// An IPv4 header with its options (RFC 791 §3.1).
pub(super) fn v4(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let header = Ipv4HeaderSlice::from_slice(rest.bytes()).map_err(|error| match error {
        ipv4::HeaderSliceError::Len(error) => rest.lack(error.required_len),
        ipv4::HeaderSliceError::Content(_) => BAD,
    })?;
    let ip = Ip {
        from: header.source_addr().into(),
        to: header.destination_addr().into(),
        protocol: header.protocol().0,
    };
    let (header_len, total) = (header.slice().len(), usize::from(header.total_len()));
    if total != 0 {
        if total < header_len {
            return Err(BAD);
        }
        rest.limit(total);
    }
    rest.skip(header_len)?;
    if !header.is_fragmenting_payload() {
        return Ok(Layer::Payload(ip));
    }
    if total == 0 {
        return Err(BAD);
    }
    let part = Part {
        identification: u32::from(header.identification()),
        offset: usize::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
    };
    part_of(ip, part)
}

/// An IPv6 header (RFC 8200 §3). Extension headers are payloads.
pub(super) fn v6(rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let header = Ipv6HeaderSlice::from_slice(rest.bytes()).map_err(|error| match error {
        ipv6::HeaderSliceError::Len(error) => rest.lack(error.required_len),
        ipv6::HeaderSliceError::Content(_) => BAD,
    })?;
    let ip = Ip {
        from: header.source_addr().into(),
        to: header.destination_addr().into(),
        protocol: header.next_header().0,
    };
    let len = usize::from(header.payload_length());
    rest.skip(header.slice().len())?;
    if len != 0 {
        rest.limit(len);
    } else if let Some(len) = jumbo(ip, rest) {
        if len > rest.wire() {
            return Err(BAD);
        }
        rest.limit(len);
    }
    Ok(Layer::Payload(ip))
}

/// The length in a jumbo payload option (RFC 2675 §2), where Linux puts it: first of the
/// hop-by-hop options.
fn jumbo(ip: Ip, rest: &Cursor<'_>) -> Option<usize> {
    if ip.protocol != HOP_BY_HOP {
        return None;
    }
    match rest.peek() {
        Ok::<[u8; 8], _>([_, _, 0xc2, 4, len @ ..]) => {
            usize::try_from(u32::from_be_bytes(len)).ok()
        }
        _ => None,
    }
}

/// What an IP header announces, but for TCP.
pub(super) fn payload(ip: Ip, rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match ip.protocol {
        UDP => tunnel::udp(rest),
        IN_IPV4 => Ok(Layer::Ipv4),
        IN_IPV6 => Ok(Layer::Ipv6),
        GRE => Ok(Layer::Gre),
        MPLS => Ok(Layer::Mpls),
        AUTHENTICATION => extension(ip, rest, |len| (len + 2) * 4),
        HOP_BY_HOP | ROUTING | DESTINATION if ip.from.is_ipv6() => {
            extension(ip, rest, |len| (len + 1) * 8)
        }
        FRAGMENT if ip.from.is_ipv6() => fragment(ip, rest),
        _ => Err(Stop::Foreign),
    }
}

/// An extension header whose second byte is its length, counted as `bytes_of` says.
fn extension(ip: Ip, rest: &mut Cursor<'_>, bytes_of: fn(usize) -> usize) -> Result<Layer, Stop> {
    let [protocol, len] = rest.peek()?;
    rest.skip(bytes_of(usize::from(len)))?;
    Ok(Layer::Payload(Ip { protocol, ..ip }))
}

/// IPv6's fragment header (RFC 8200 §4.5). One that holds the whole datagram is no fragment
/// (RFC 6946 §4).
fn fragment(ip: Ip, rest: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let head: [u8; 8] = rest.take()?;
    let header = Ipv6FragmentHeaderSlice::from_slice(&head).map_err(|_| BAD)?;
    let ip = Ip { protocol: header.next_header().0, ..ip };
    if !header.is_fragmenting_payload() {
        return Ok(Layer::Payload(ip));
    }
    let part = Part {
        identification: header.identification(),
        offset: usize::from(header.fragment_offset().value()) * 8,
        more: header.more_fragments(),
    };
    part_of(ip, part)
}

/// A fragment, if its datagram may carry TCP at all.
fn part_of(ip: Ip, part: Part) -> Result<Layer, Stop> {
    match ip.protocol {
        TCP | UDP | IN_IPV4 | IN_IPV6 | GRE | MPLS | AUTHENTICATION => Ok(Layer::Part(ip, part)),
        ROUTING | DESTINATION if ip.from.is_ipv6() => Ok(Layer::Part(ip, part)),
        _ => Err(Stop::Foreign),
    }
}

/// The source and destination port of a TCP (or UDP) header.
#[inline]
pub(super) fn tcp_ports(rest: &Cursor<'_>) -> Result<(u16, u16), Stop> {
    let [from_0, from_1, to_0, to_1] = rest.peek()?;
    Ok((u16::from_be_bytes([from_0, from_1]), u16::from_be_bytes([to_0, to_1])))
}

/// The part of a TCP header that is always there (RFC 9293 §3.1).
#[derive(Clone, Copy)]
pub(super) struct TcpHead<'a>(pub(super) &'a [u8; TCP_HEADER]);

impl TcpHead<'_> {
    /// Source and destination port.
    #[inline]
    pub(super) fn ports(self) -> (u16, u16) {
        let [from_0, from_1, to_0, to_1, ..] = *self.0;
        (u16::from_be_bytes([from_0, from_1]), u16::from_be_bytes([to_0, to_1]))
    }

    /// Length of the header with its options in bytes; `None` if that is impossible.
    #[inline]
    pub(super) fn len(self) -> Option<usize> {
        let [.., offset, _, _, _, _, _, _, _] = *self.0;
        let len = usize::from(offset >> 4) * 4;
        (len >= TCP_HEADER).then_some(len)
    }

    /// The segment with this header that the frame at a place carried.
    // See `Plain::of`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn segment<'a>(
        self,
        (flow, way): (FlowKey, Way),
        (frame, place): (&Frame<'_>, Place),
        data: &'a [u8],
        cut: u32,
    ) -> Segment<'a> {
        let [_, _, _, _, fields @ .., _, _, _, _] = *self.0;
        let [seq_0, seq_1, seq_2, seq_3, ack @ .., _, bits, window_0, window_1] = fields;
        let has = |flag: u8| bits & flag != 0;
        Segment {
            flow,
            way,
            at: frame.at,
            digits: frame.digits,
            place,
            seq: u32::from_be_bytes([seq_0, seq_1, seq_2, seq_3]),
            ack: has(0x10).then(|| u32::from_be_bytes(ack)),
            flags: Flags { syn: has(0x02), fin: has(0x01), rst: has(0x04) },
            window: u16::from_be_bytes([window_0, window_1]),
            data,
            cut,
        }
    }
}

/// A TCP segment (RFC 9293 §3.1), but for its data, and where that stands.
///
/// A cut inside the options hides nothing that is needed.
pub(super) fn tcp(
    ip: Ip,
    rest: &Cursor<'_>,
    frame: &Frame<'_>,
) -> Result<(Segment<'static>, Range<usize>), Stop> {
    let head = rest.peek()?;
    let head = TcpHead(&head);
    let header_len = head.len().ok_or(BAD)?;
    let Some(len) = rest.wire().checked_sub(header_len) else {
        return Err(BAD);
    };
    let Range { start, end } = rest.range();
    let start = start.saturating_add(header_len).min(end);
    // Nothing tells data from padding here, and invented data is worse than a gap.
    let (len, end) = if rest.is_padded() { (0, start) } else { (len, end) };
    let cut = len.saturating_sub(end.saturating_sub(start));
    let cut = u32::try_from(cut).unwrap_or(u32::MAX);
    let (from, to) = head.ports();
    let flow = FlowKey::new((ip.from, from), (ip.to, to));
    let place = Place::new(frame.origin.number);
    Ok((head.segment(flow, (frame, place), &[], cut), start..end))
}

#[cfg(test)]
mod tests {
    use super::super::forge::{self, CLIENT, DATA, ETHERNET, Got, RAW, SERVER, assert_carries};
    use super::super::forge::{decode, decode_all, ether, frame, ipv6, join, set_len4, tcp4, tcp6};
    use super::super::{Decoder, Way};
    use crate::capture::Frame;
    use crate::limits::Limits;
    use crate::ports::Ports;
    use crate::trouble::{Trouble, Troubles};
    use etherparse::{PacketBuilder, TcpOptionElement};

    #[test]
    fn flags_and_direction() {
        let mut bytes = Vec::new();
        PacketBuilder::ipv4(SERVER.octets(), CLIENT.octets(), 64)
            .tcp(25, 40000, 7, 9)
            .syn()
            .fin()
            .rst()
            .write(&mut bytes, b"")
            .unwrap();
        let mut decoder = Decoder::new(Ports::default(), &Limits::default());
        let mut troubles = Troubles::default();
        let segment = decoder.decode(&frame(RAW, &bytes, 3), &mut troubles).unwrap();
        assert_eq!(
            (segment.way, segment.ack, segment.seq, segment.window),
            (Way::Down, None, 7, 9)
        );
        assert!(segment.flags.syn && segment.flags.fin && segment.flags.rst);
    }

    #[test]
    fn other_ports_are_passed_over_however_damaged() {
        let mut packet = tcp4(DATA);
        packet[20..24].copy_from_slice(&[0, 80, 0x80, 1]);
        packet[32] = 0;
        assert_eq!(decode(RAW, &packet), Got::default());
        packet[22..24].copy_from_slice(&[0, 25]);
        assert_eq!(decode(RAW, &packet), Got::only(Trouble::BadPacket));
    }

    #[test]
    fn options_of_ipv4_and_tcp() {
        let mut packet = tcp4(DATA);
        packet.splice(20..20, [0x94, 4, 0, 0, 1, 1, 1, 0]);
        packet[0] = 0x47;
        set_len4(&mut packet);
        assert_carries(RAW, &packet, DATA);
        let mut packet = Vec::new();
        PacketBuilder::ipv4(CLIENT.octets(), SERVER.octets(), 64)
            .tcp(40000, 25, 1000, 4096)
            .ack(2000)
            .options(&[TcpOptionElement::Timestamp(1, 2), TcpOptionElement::Noop])
            .unwrap()
            .write(&mut packet, DATA)
            .unwrap();
        assert_carries(RAW, &packet, DATA);
    }

    #[test]
    fn a_cut_inside_tcp_options_leaves_the_segment() {
        let mut packet = tcp4(DATA);
        packet.splice(40..40, [1; 12]);
        packet[32] = 0x80;
        set_len4(&mut packet);
        let cut = Frame { data: &packet[..44], ..frame(RAW, &packet, 1) };
        let len = u32::try_from(DATA.len()).unwrap();
        let troubles = vec![(Trouble::CutSegment, 1)];
        assert_eq!(
            decode_all(&[cut], &Limits::default()),
            Got { data: vec![(Vec::new(), len)], troubles }
        );
    }

    #[test]
    fn extension_headers() {
        let tcp = &tcp6(DATA)[40..];
        let hop_by_hop = [43, 0, 1, 4, 0, 0, 0, 0];
        let routing = [60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let destination = [51, 0, 1, 4, 0, 0, 0, 0];
        let authentication = [44, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1];
        let signature = [0; 12];
        let atomic = [6, 0, 0, 0, 0, 0, 0, 1];
        let all: [&[u8]; 7] =
            [&hop_by_hop, &routing, &destination, &authentication, &signature, &atomic, tcp];
        assert_carries(RAW, &ipv6(0, &join(&all)), DATA);
        assert_eq!(decode(RAW, &ipv6(59, tcp)), Got::default());
        assert_eq!(
            decode(RAW, &ipv6(0, &[6, 200, 0, 0, 0, 0, 0, 0])),
            Got::only(Trouble::BadPacket)
        );
    }

    #[test]
    fn a_length_of_zero_means_the_rest_of_the_frame() {
        let payload = vec![b'x'; 70_000];
        let mut packet = tcp4(b"");
        packet.extend_from_slice(&payload);
        packet[2..4].fill(0);
        assert_eq!(decode(ETHERNET, &ether(0x0800, &packet)), Got::whole(&[&payload]));
        let cut = Frame { data: &packet[..140], ..frame(RAW, &packet, 1) };
        let got = decode_all(&[cut], &Limits::default());
        assert_eq!(got.data, [(payload[..100].to_vec(), 69_900)]);
        let mut packet = tcp6(DATA);
        packet[4..6].fill(0);
        assert_carries(RAW, &packet, DATA);
    }

    #[test]
    fn jumbo_payloads() {
        let payload = vec![b'x'; 70_000];
        let mut packet = ipv6(0, &[6, 0, 0xc2, 4, 0, 1, 0x11, 0x8c]);
        packet[4..6].fill(0);
        packet.extend_from_slice(&tcp6(b"")[40..]);
        packet.extend_from_slice(&payload);
        packet.extend_from_slice(b"trailer");
        assert_eq!(decode(RAW, &packet), Got::whole(&[&payload]));
        packet[44] = 0xff;
        assert_eq!(decode(RAW, &packet), Got::only(Trouble::BadPacket));
    }

    #[test]
    fn padding_is_not_data() {
        let mut padded = ether(0x0800, &tcp4(b"."));
        padded.extend_from_slice(b"junk!");
        assert_eq!(decode(ETHERNET, &padded), Got::whole(&[b"."]));
        let mut unsure = ether(0x0800, &tcp4(b"junk!!"));
        assert_eq!(unsure.len(), 60);
        assert_eq!(decode(ETHERNET, &unsure), Got::whole(&[b"junk!!"]));
        unsure[16..18].fill(0);
        assert_eq!(decode(ETHERNET, &unsure), Got::whole(&[b""]));
        unsure.push(b'\n');
        assert_eq!(decode(ETHERNET, &unsure), Got::whole(&[b"junk!!\n"]));
    }

    #[test]
    fn a_snapshot_length_that_cuts_data() {
        let packet = ether(0x0800, &tcp4(DATA));
        let cut = Frame { data: &packet[..58], ..frame(ETHERNET, &packet, 1) };
        let got = decode_all(&[cut], &Limits::default());
        let missing = u32::try_from(DATA.len()).unwrap() - 4;
        assert_eq!(got.data, [(b"EHLO".to_vec(), missing)]);
        assert_eq!(got.troubles, [(Trouble::CutSegment, 1)]);
        // The file forgot the length on the wire, IP did not.
        assert_eq!(decode(ETHERNET, &packet[..58]), got);
    }

    #[test]
    fn contradictions() {
        let edits: [fn(&mut Vec<u8>); 5] = [
            |packet| packet[0] = 0x44,
            |packet| packet[3] = 19,
            |packet| packet[3] = 39,
            |packet| packet[32] = 0x40,
            |packet| packet[32] = 0xf0,
        ];
        for edit in edits {
            let mut packet = tcp4(b"");
            edit(&mut packet);
            assert_eq!(decode(RAW, &packet), Got::only(Trouble::BadPacket), "{packet:?}");
        }
    }

    #[test]
    fn mapped_addresses_stay() {
        let mut packet = tcp6(DATA);
        packet[8..24].copy_from_slice(&CLIENT.to_ipv6_mapped().octets());
        let mut decoder = Decoder::new(Ports::default(), &Limits::default());
        let mut troubles = Troubles::default();
        let segment = decoder.decode(&frame(RAW, &packet, 1), &mut troubles).unwrap();
        assert_eq!(segment.flow.sender(segment.way).ip(), CLIENT.to_ipv6_mapped());
    }

    #[test]
    fn fragments_of_what_carries_no_tcp_are_passed_over() {
        let mut icmp = forge::ipv4(1, &[0; 64]);
        icmp[6] = 0x20;
        assert_eq!(decode(RAW, &icmp), Got::default());
    }
}
