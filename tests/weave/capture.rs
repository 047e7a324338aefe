//! What the capturing machine sees: the packets of all connections as frames, with noise,
//! repeated, out of order, cut; and the truth about what is left.

use super::dialog::Side;
use super::fault;
use super::file;
use super::plan::{Capture, Conn, Ip, Plan};
use super::tcp::{self, Packet, Rank};
use super::wire::{self, TCP, UDP};
use super::{Line, Place, Random, Truth, Woven};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A frame as the capture has it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its time, in nanoseconds since 1970, before the file rounds it.
    pub at: i64,
    /// Its pcap link type.
    pub link: u16,
    /// What was captured of it.
    pub data: Vec<u8>,
    /// Its length on the wire, in bytes.
    pub wire_len: usize,
    /// What it carries; `None` for noise.
    pub carried: Option<Carried>,
}

/// What a frame carries of a dialog.
#[derive(Clone, Debug)]
pub struct Carried {
    /// The dialog, by its place in the plan.
    pub dialog: usize,
    /// Who sent it.
    pub side: Side,
    /// The TCP flags FIN 1, SYN 2, RST 4, PSH 8.
    pub flags: u8,
    /// Which bytes of the sender's stream are in the segment.
    pub range: Range<u64>,
    /// How many bytes of payload the segment has; more than the range where it is garbage.
    pub payload: usize,
    /// Where in the frame they begin, if this is no fragment.
    pub payload_at: usize,
    /// Its place among so many fragments, and the number of the datagram.
    pub fragment: Option<(usize, usize, usize)>,
    rank: Rank,
    pause: i64,
}

/// Makes the capture of a plan.
pub(super) fn weave(plan: &Plan) -> Woven {
    let wishes = &plan.capture;
    let mut random = Random::new(wishes.seed, 0);
    let mut flows = Vec::new();
    let mut dialogs = Vec::new();
    let mut sent = 0;
    for (stream, (index, conn)) in (1..).zip(plan.conns.iter().enumerate()) {
        let mut random = Random::new(wishes.seed, stream);
        let clean = tcp::converse(conn, &mut random);
        let packets = fault::afflict(conn, &clean, &mut random);
        dialogs.push(Truth {
            client: conn.socket(Side::Client),
            server: conn.socket(Side::Server),
            lines: conn.dialog.lines(),
            lost: Vec::new(),
            conflicts: fault::conflicts(&packets),
        });
        flows.push(frames(conn, index, &packets, sent, wishes));
        sent += packets.len();
    }
    let frames = interleave(flows, &mut random);
    let frames = add_noise(&plan.conns[0], frames, wishes.noise, &mut random);
    let frames = duplicate(&frames, wishes.duplicates, &mut random);
    let mut frames = reorder(stamp(frames, wishes), wishes, &mut random);
    for &number in &wishes.lose {
        let place = usize::try_from(number - 1).unwrap();
        assert!(place < frames.len(), "only {} frames", frames.len());
    }
    let mut number = 0;
    frames.retain(|_| {
        number += 1;
        !wishes.lose.contains(&number)
    });
    for frame in &mut frames {
        frame.data.truncate(wishes.snaplen.unwrap_or(usize::MAX));
    }
    let written = file::write(&wishes.format, wishes.gzip, wishes.snaplen, &frames);
    for (index, (truth, conn)) in dialogs.iter_mut().zip(&plan.conns).enumerate() {
        judge(truth, conn, index, &frames, &written.times);
    }
    Woven { file: written.bytes, packets: frames.len(), frames, dialogs }
}

/// The packets of a connection as frames; `before` were sent by others, so that the fragments of
/// no two can be mixed up.
fn frames(
    conn: &Conn,
    dialog: usize,
    packets: &[Packet],
    before: usize,
    wishes: &Capture,
) -> Vec<Frame> {
    let jumbo = conn.tso && conn.ip == Ip::V6Extensions;
    assert!(!jumbo, "a length of 0 with hop-by-hop options is a jumbogram (RFC 2675)");
    let mut frames = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let id = u16::try_from((before + number) % 0x1_0000).unwrap();
        let plain = wire::datagrams(conn, packet, false, id);
        let room = conn.link.wrap(packet.side, conn.ip.is_v6(), &plain[0].bytes).len();
        // In a frame of the shortest length, data behind a length of 0 might be padding.
        let tso = conn.tso && !packet.payload.is_empty() && room > 60;
        let datagrams = if tso { wire::datagrams(conn, packet, true, id) } else { plain };
        for datagram in datagrams {
            let mut data = conn.link.wrap(packet.side, conn.ip.is_v6(), &datagram.bytes);
            let head = data.len() - datagram.bytes.len();
            let link = conn.link.number(conn.ip.is_v6());
            if wishes.pad && link == 1 {
                data.resize(data.len().max(60), 0);
            }
            let fragment = datagram.fragment.map(|(part, parts)| (part, parts, number));
            let first = fragment.is_none_or(|(part, ..)| part == 0);
            let carried = Carried {
                dialog,
                side: packet.side,
                flags: packet.flags,
                range: packet.range.clone(),
                payload: packet.payload.len(),
                payload_at: head + datagram.payload_at,
                fragment,
                rank: packet.rank,
                pause: if first { packet.pause } else { 0 },
            };
            frames.push(frame(link, data, Some(carried)));
        }
    }
    assert!(conn.fragment.is_none() || wishes.snaplen.is_none(), "cut fragments are not judged");
    frames
}

/// One frame, whole and without a time.
fn frame(link: u16, data: Vec<u8>, carried: Option<Carried>) -> Frame {
    Frame { at: 0, link, wire_len: data.len(), data, carried }
}

/// The frames of all connections, each in its order.
fn interleave(flows: Vec<Vec<Frame>>, random: &mut Random) -> Vec<Frame> {
    let mut flows: Vec<_> = flows.into_iter().map(|flow| flow.into_iter().peekable()).collect();
    let mut all = Vec::new();
    loop {
        flows.retain_mut(|flow| flow.peek().is_some());
        if flows.is_empty() {
            return all;
        }
        let next = random.below(flows.len());
        all.extend(flows[next].next());
    }
}

/// Puts frames of other protocols and ports between the others.
fn add_noise(like: &Conn, frames: Vec<Frame>, percent: u8, random: &mut Random) -> Vec<Frame> {
    let mut all = Vec::new();
    for next in frames {
        if random.chance(percent) {
            all.push(noise(like, random));
        }
        all.push(next);
    }
    all
}

/// A frame that carries no dialog.
fn noise(like: &Conn, random: &mut Random) -> Frame {
    let side = Side::BOTH[random.below(2)];
    let is_v6 = like.ip.is_v6();
    let addresses = [side, side.other()].map(|side| like.address(side));
    let arp = like.link.arp(side).filter(|_| random.chance(33));
    let data = arp.unwrap_or_else(|| {
        let (protocol, inner) = if random.chance(50) {
            (UDP, wire::udp([40_000, 25], addresses, b"250 no such thing\r\n"))
        } else {
            let ack = Some(random.word());
            (TCP, wire::stray(addresses, random.word(), ack, b"GET / HTTP/1.0\r\n\r\n"))
        };
        like.link.wrap(side, is_v6, &wire::ip(like.ip, addresses, protocol, &inner, 0))
    });
    frame(like.link.number(is_v6), data, None)
}

/// Some of the frames again, a little later, but not after a reset.
fn duplicate(frames: &[Frame], percent: u8, random: &mut Random) -> Vec<Frame> {
    let mut placed = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        placed.push(((at, 0), frame.clone()));
        if random.chance(percent) {
            let later = at..frames.len().min(at + 1 + random.below(4));
            let reset = later.clone().find(|&i| rank(&frames[i]) == Rank::Last);
            let place = if rank(frame) == Rank::Last { None } else { reset };
            let mut again = frame.clone();
            if let Some(carried) = &mut again.carried {
                carried.pause = 0;
            }
            placed.push(((place.map_or(later.end - 1, |reset| reset - 1), 1), again));
        }
    }
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, frame)| frame).collect()
}

/// Gives the frames their times.
fn stamp(mut frames: Vec<Frame>, wishes: &Capture) -> Vec<Frame> {
    let mut at = wishes.start;
    for frame in &mut frames {
        at += frame.carried.as_ref().map_or(0, |carried| carried.pause);
        frame.at = at;
        at += wishes.step;
    }
    frames
}

/// The frames in another order, none moved by more than the window.
fn reorder(frames: Vec<Frame>, wishes: &Capture, random: &mut Random) -> Vec<Frame> {
    let times: Vec<i64> = frames.iter().map(|frame| frame.at).collect();
    let window = wishes.reorder;
    let mut keyed: Vec<_> = (0..)
        .zip(frames)
        .map(|(at, frame)| {
            let key = match rank(&frame) {
                Rank::First => (at, 0),
                Rank::Free => (at + random.below(window + 1), 0),
                Rank::After => (at + window, 1),
                Rank::Last => (at + window, 2),
            };
            (key, frame)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    let mut frames: Vec<Frame> = keyed.into_iter().map(|(_, frame)| frame).collect();
    if !wishes.keep_times {
        for (frame, at) in frames.iter_mut().zip(times) {
            frame.at = at;
        }
    }
    frames
}

fn rank(frame: &Frame) -> Rank {
    frame.carried.as_ref().map_or(Rank::Free, |carried| carried.rank)
}

/// Finds what the frames hold of a dialog.
fn judge(truth: &mut Truth, conn: &Conn, dialog: usize, frames: &[Frame], times: &[Option<i64>]) {
    let mut seen = Side::BOTH.map(|side| vec![None; conn.dialog.stream(side).len()]);
    let mut parts: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (at, frame) in frames.iter().enumerate() {
        let Some(carried) = frame.carried.as_ref().filter(|c| c.dialog == dialog) else {
            continue;
        };
        let captured = match carried.fragment {
            None => frame.data.len().saturating_sub(carried.payload_at).min(carried.payload),
            Some((part, count, id)) => {
                let parts = parts.entry(id).or_default();
                parts.insert(part);
                if parts.len() == count { carried.payload } else { 0 }
            }
        };
        let bytes = &mut seen[carried.side.index()][bounds(&carried.range)];
        for byte in bytes.iter_mut().take(captured) {
            byte.get_or_insert(at);
        }
    }
    let place = |at: usize| Place { frame: at as u64 + 1, at: times[at] };
    for line in &mut truth.lines {
        let bytes = &seen[line.side.index()][bounds(&line.range)];
        line.began = bytes[0].map(place);
        let last: Option<Vec<usize>> = bytes.iter().copied().collect();
        line.done = last.and_then(|places| places.into_iter().max()).map(place);
    }
    for side in Side::BOTH {
        for (offset, at) in (0_u64..).zip(&seen[side.index()]) {
            if at.is_some() {
                continue;
            }
            match truth.lost.last_mut() {
                Some((of, range)) if *of == side && range.end == offset => range.end += 1,
                _ => truth.lost.push((side, offset..offset + 1)),
            }
        }
    }
}

/// A range of a stream as one of a slice.
fn bounds(range: &Range<u64>) -> Range<usize> {
    usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()
}
