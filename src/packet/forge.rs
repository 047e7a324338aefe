//! Packets for the tests of this folder.
//!
//! In: what a test wants to be special. Out: bytes of a frame, or what the decoder made of
//! them. All packets are from [`CLIENT`] to [`SERVER`], port 25, unless a test says otherwise.

use super::{Decoder, Flags, FlowKey, Segment, Way};
use crate::capture::Frame;
use crate::limits::Limits;
use crate::place::{Origin, Place};
use crate::ports::Ports;
use crate::time::Stamp;
use crate::trouble::{Trouble, Troubles};
use etherparse::PacketBuilder;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
pub(super) const DATA: &[u8] = b"EHLO client.example\r\n";

pub(super) const ETHERNET: u16 = 1;
pub(super) const RAW: u16 = 101;

/// What a decoder gave for some frames: payloads with the bytes cut off them, and the troubles.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Got {
    pub(super) data: Vec<(Vec<u8>, u32)>,
    pub(super) troubles: Vec<(Trouble, u64)>,
}

impl Got {
    /// Segments that are whole, and no trouble.
    pub(super) fn whole(payloads: &[&[u8]]) -> Self {
        let data = payloads.iter().map(|payload| (payload.to_vec(), 0)).collect();
        Self { data, troubles: Vec::new() }
    }

    /// No segment, and a trouble met once.
    pub(super) fn only(trouble: Trouble) -> Self {
        Self { data: Vec::new(), troubles: vec![(trouble, 1)] }
    }
}

/// A frame that was captured whole.
pub(super) fn frame(link: u16, data: &[u8], number: u64) -> Frame<'_> {
    Frame {
        at: Some(Stamp::from_nanos(i64::try_from(number).unwrap() * 1000)),
        digits: 6,
        link,
        data,
        wire_len: u32::try_from(data.len()).unwrap(),
        origin: Origin { input: 0, number, offset: number * 100 },
    }
}

/// Decodes frames with `limits` to the end of the input.
pub(super) fn decode_all(frames: &[Frame<'_>], limits: &Limits) -> Got {
    let mut decoder = Decoder::new(Ports::default(), limits);
    let mut troubles = Troubles::default();
    let mut got = Got::default();
    for frame in frames {
        if let Some(segment) = decoder.decode(frame, &mut troubles) {
            check(frame, &segment);
            got.data.push((segment.data.to_vec(), segment.cut));
        }
    }
    decoder.finish(&mut troubles);
    got.troubles = troubles.iter().map(|(trouble, count)| (trouble, count.times)).collect();
    got
}

/// All but the payload is as the packets of this file have it.
fn check(frame: &Frame<'_>, segment: &Segment<'_>) {
    let expected = Segment {
        flow: segment.flow,
        way: Way::Up,
        at: frame.at,
        digits: frame.digits,
        place: Place::new(frame.origin.number),
        seq: 1000,
        ack: Some(2000),
        flags: Flags::default(),
        window: 4096,
        data: segment.data,
        cut: segment.cut,
    };
    assert_eq!(*segment, expected);
    let key = |from: IpAddr, to: IpAddr| FlowKey::new((from, 40000), (to, 25)).0;
    if segment.flow.sender(Way::Up).is_ipv4() {
        assert_eq!(segment.flow, key(CLIENT.into(), SERVER.into()));
    } else {
        assert_eq!(segment.flow, key(v6(CLIENT).into(), v6(SERVER).into()));
    }
}

/// Decodes packets that were captured whole.
pub(super) fn decode_packets(link: u16, packets: &[Vec<u8>]) -> Got {
    let frames: Vec<_> =
        (1..).zip(packets).map(|(number, packet)| frame(link, packet, number)).collect();
    decode_all(&frames, &Limits::default())
}

pub(super) fn decode(link: u16, packet: &[u8]) -> Got {
    decode_packets(link, &[packet.to_vec()])
}

/// That every layer of `packet` is found, and that every cut of it is noticed or harmless.
pub(super) fn assert_carries(link: u16, packet: &[u8], payload: &[u8]) {
    assert_eq!(decode(link, packet), Got::whole(&[payload]));
    for len in 0..packet.len() {
        let whole = frame(link, packet, 1);
        let cut = Frame { data: &packet[..len], ..whole };
        let got = decode_all(&[cut], &Limits::default());
        if let [(data, missing)] = &got.data[..] {
            assert!(payload.starts_with(data), "{len}");
            let missing = usize::try_from(*missing).unwrap();
            assert_eq!(data.len() + missing, payload.len(), "{len}");
            assert_eq!(got.troubles.is_empty(), missing == 0, "{len}");
        } else {
            assert_eq!(got, Got::only(Trouble::CutHeader), "{len}");
        }
        // The same bytes as if they were all.
        decode(link, &packet[..len]);
    }
}

/// The IPv6 address that stands for an IPv4 one here.
pub(super) fn v6(addr: Ipv4Addr) -> Ipv6Addr {
    let [.., last] = addr.octets();
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last))
}

/// IPv4 with TCP.
pub(super) fn tcp4(payload: &[u8]) -> Vec<u8> {
    let step = PacketBuilder::ipv4(CLIENT.octets(), SERVER.octets(), 64);
    let mut bytes = Vec::new();
    step.tcp(40000, 25, 1000, 4096).ack(2000).write(&mut bytes, payload).unwrap();
    bytes
}

/// IPv6 with TCP.
pub(super) fn tcp6(payload: &[u8]) -> Vec<u8> {
    let step = PacketBuilder::ipv6(v6(CLIENT).octets(), v6(SERVER).octets(), 64);
    let mut bytes = Vec::new();
    step.tcp(40000, 25, 1000, 4096).ack(2000).write(&mut bytes, payload).unwrap();
    bytes
}

/// IPv4 with UDP.
pub(super) fn udp4(port: u16, payload: &[u8]) -> Vec<u8> {
    let step = PacketBuilder::ipv4(CLIENT.octets(), SERVER.octets(), 64);
    let mut bytes = Vec::new();
    step.udp(50000, port).write(&mut bytes, payload).unwrap();
    bytes
}

/// IPv4 with any payload.
pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = tcp4(b"")[..20].to_vec();
    bytes[9] = protocol;
    bytes.extend_from_slice(payload);
    set_len4(&mut bytes);
    bytes
}

/// IPv6 with any payload.
pub(super) fn ipv6(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = tcp6(b"")[..40].to_vec();
    bytes[6] = protocol;
    bytes.extend_from_slice(payload);
    let len = u16::try_from(payload.len()).unwrap();
    bytes[4..6].copy_from_slice(&len.to_be_bytes());
    bytes
}

/// Sets the total length of an IPv4 packet to what it is.
pub(super) fn set_len4(bytes: &mut [u8]) {
    let len = u16::try_from(bytes.len()).unwrap();
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
}

/// An Ethernet frame.
pub(super) fn ether(kind: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&[2; 12], &kind.to_be_bytes(), payload])
}

/// One after the other.
pub(super) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}
