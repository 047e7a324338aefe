//! TCP, UDP and IP headers: a packet in, its IP datagram or the fragments of it out.

use super::dialog::Side;
use super::plan::{Conn, Ip};
use super::tcp::{PSH, Packet, Rank};
use std::net::IpAddr;

/// A whole IP datagram or a fragment of one.
#[derive(Clone, Debug)]
pub(super) struct Datagram {
    /// From the IP header on.
    pub bytes: Vec<u8>,
    /// Where the TCP payload begins, if it is whole.
    pub payload_at: usize,
    /// Its place among so many fragments, if it is one.
    pub fragment: Option<(usize, usize)>,
}

/// Protocol numbers of IP.
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// `packet` in IP, in the order in which it is sent; `id` tells its fragments from others.
pub(super) fn datagrams(conn: &Conn, packet: &Packet, tso: bool, id: u16) -> Vec<Datagram> {
    let ends = [packet.side, packet.side.other()];
    let addresses = ends.map(|side| conn.address(side));
    let segment = tcp(ends.map(|side| conn.ports[side.index()]), addresses, packet);
    let header = segment.len() - packet.payload.len();
    if let Some(size) = conn.fragment.filter(|&size| size < segment.len()) {
        assert!(!tso, "an offloaded segment is not fragmented");
        let mut parts = fragments(conn.ip, addresses, &segment, size, id);
        if conn.fragments_reversed {
            parts.reverse();
        }
        return parts;
    }
    let mut bytes = ip(conn.ip, addresses, TCP, &segment, id);
    let payload_at = bytes.len() - packet.payload.len();
    assert!(payload_at > header);
    if tso {
        forget_length(conn.ip, &mut bytes);
    }
    vec![Datagram { bytes, payload_at, fragment: None }]
}

/// An IP datagram between `addresses` (source, destination).
pub(super) fn ip(
    kind: Ip,
    addresses: [IpAddr; 2],
    protocol: u8,
    payload: &[u8],
    id: u16,
) -> Vec<u8> {
    match kind {
        Ip::V4 | Ip::V4Options => ipv4(kind, addresses, protocol, payload, id, 0x4000),
        Ip::V6 => ipv6(addresses, protocol, payload),
        Ip::V6Extensions => {
            let inner = destination_options(protocol, payload);
            ipv6(addresses, 0, &hop_by_hop(60, &inner))
        }
    }
}

/// A UDP datagram (RFC 768) without a checksum over IPv4, with one over IPv6.
pub(super) fn udp(ports: [u16; 2], addresses: [IpAddr; 2], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [ports[0], ports[1], length(8 + payload.len()), 0] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend_from_slice(payload);
    if addresses[0].is_ipv6() {
        let sum = checksum(&[&pseudo_header(addresses, UDP, bytes.len()), &bytes]);
        bytes[6..8].copy_from_slice(&sum.to_be_bytes());
    }
    bytes
}

/// A TCP segment between two ports that no dialog uses.
pub(super) fn stray(addresses: [IpAddr; 2], seq: u32, ack: Option<u32>, payload: &[u8]) -> Vec<u8> {
    let packet = Packet {
        side: Side::Client,
        flags: PSH,
        seq,
        ack,
        window: 1000,
        options: Vec::new(),
        payload: payload.to_vec(),
        range: 0..0,
        pause: 0,
        rank: Rank::Free,
    };
    tcp([50_000, 8080], addresses, &packet)
}

/// A TCP segment (RFC 9293 §3.1).
fn tcp(ports: [u16; 2], addresses: [IpAddr; 2], packet: &Packet) -> Vec<u8> {
    let words = u8::try_from(5 + packet.options.len() / 4).unwrap();
    let ack_flag = if packet.ack.is_some() { 16 } else { 0 };
    let mut bytes = Vec::new();
    bytes.extend(ports[0].to_be_bytes());
    bytes.extend(ports[1].to_be_bytes());
    bytes.extend(packet.seq.to_be_bytes());
    bytes.extend(packet.ack.unwrap_or(0).to_be_bytes());
    bytes.extend([words << 4, packet.flags | ack_flag]);
    bytes.extend(packet.window.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend_from_slice(&packet.options);
    bytes.extend_from_slice(&packet.payload);
    let sum = checksum(&[&pseudo_header(addresses, TCP, bytes.len()), &bytes]);
    bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// An IPv4 header (RFC 791 §3.1) and what follows it; `place` is the word of flags and offset.
fn ipv4(
    kind: Ip,
    addresses: [IpAddr; 2],
    protocol: u8,
    payload: &[u8],
    id: u16,
    place: u16,
) -> Vec<u8> {
    // Router alert (RFC 2113).
    let options: &[u8] = if kind == Ip::V4Options { &[0x94, 4, 0, 0] } else { &[] };
    let header = 20 + options.len();
    let mut bytes = vec![0x40 | u8::try_from(header / 4).unwrap(), 0];
    bytes.extend(length(header + payload.len()).to_be_bytes());
    bytes.extend(id.to_be_bytes());
    bytes.extend(place.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(octets(addresses));
    bytes.extend_from_slice(options);
    seal_ipv4(&mut bytes, header);
    bytes.extend_from_slice(payload);
    bytes
}

/// Puts the checksum into the IPv4 header that is the first `header` bytes.
fn seal_ipv4(bytes: &mut [u8], header: usize) {
    bytes[10..12].fill(0);
    let sum = checksum(&[&bytes[..header]]);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// An IPv6 header (RFC 8200 §3) and what follows it.
fn ipv6(addresses: [IpAddr; 2], next: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 1];
    bytes.extend(length(payload.len()).to_be_bytes());
    bytes.extend([next, 64]);
    bytes.extend(octets(addresses));
    bytes.extend_from_slice(payload);
    bytes
}

/// Hop-by-hop options of 8 bytes (RFC 8200 §4.3) and what follows them.
fn hop_by_hop(next: u8, payload: &[u8]) -> Vec<u8> {
    [&[next, 0, 1, 4, 0, 0, 0, 0], payload].concat()
}

/// Destination options of 16 bytes (RFC 8200 §4.6) and what follows them.
fn destination_options(next: u8, payload: &[u8]) -> Vec<u8> {
    [&[next, 1, 1, 12], &[0; 12][..], payload].concat()
}

/// The fragments of a datagram, of `size` bytes each (a multiple of 8).
fn fragments(
    kind: Ip,
    addresses: [IpAddr; 2],
    segment: &[u8],
    size: usize,
    id: u16,
) -> Vec<Datagram> {
    let (protocol, whole) = match kind {
        Ip::V6Extensions => (60, destination_options(TCP, segment)),
        Ip::V4 | Ip::V4Options | Ip::V6 => (TCP, segment.to_vec()),
    };
    let count = whole.len().div_ceil(size);
    let part = |(index, piece): (usize, &[u8])| {
        let offset = length(index * size);
        let more = index + 1 < count;
        let bytes = if kind.is_v6() {
            // RFC 8200 §4.5.
            let mut inner = vec![protocol, 0];
            inner.extend((offset | u16::from(more)).to_be_bytes());
            inner.extend(u32::from(id).to_be_bytes());
            inner.extend_from_slice(piece);
            match kind {
                Ip::V6Extensions => ipv6(addresses, 0, &hop_by_hop(44, &inner)),
                _ => ipv6(addresses, 44, &inner),
            }
        } else {
            let place = (offset / 8) | if more { 0x2000 } else { 0 };
            ipv4(kind, addresses, protocol, piece, id, place)
        };
        Datagram { payload_at: bytes.len(), bytes, fragment: Some((index, count)) }
    };
    whole.chunks(size).enumerate().map(part).collect()
}

/// Sets the length of an IP header to 0.
fn forget_length(kind: Ip, bytes: &mut [u8]) {
    if kind.is_v6() {
        bytes[4..6].fill(0);
    } else {
        bytes[2..4].fill(0);
        let header = usize::from(bytes[0] & 15) * 4;
        seal_ipv4(bytes, header);
    }
}

/// Both addresses as they stand in a header.
fn octets(addresses: [IpAddr; 2]) -> Vec<u8> {
    let each = addresses.map(|address| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    });
    each.concat()
}

/// What the checksums of TCP and UDP cover besides themselves.
fn pseudo_header(addresses: [IpAddr; 2], protocol: u8, len: usize) -> Vec<u8> {
    let mut bytes = octets(addresses);
    bytes.extend([0, protocol]);
    bytes.extend(length(len).to_be_bytes());
    bytes
}

/// The Internet checksum (RFC 1071) over parts of even length, the last of any.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for pair in parts.iter().flat_map(|part| part.chunks(2)) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

/// A length as headers have it.
pub(super) fn length(len: usize) -> u16 {
    u16::try_from(len).unwrap()
}
