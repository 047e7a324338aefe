//! The tracker: segments of a few connections in any order, and whether its chunks keep what
//! they promise.

use super::bytes::Bytes;
use super::limits;
use crate::chunk::{Chunk, Close, Consume, Opening, Side, Sides, What};
use crate::packet::{Flags, FlowKey, Segment};
use crate::place::Place;
use crate::ports::Ports;
use crate::stream::{Blocks, Follow, Looks, SessionEnd, Tracker};
use crate::time::Stamp;
use crate::trouble::Trouble;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

/// Segments of a few connections: one byte of settings, then for each a byte of flags and
/// connection, two of the sequence number, two of the acknowledgment number, one of the length,
/// and, where the settings say so, the payload.
pub fn segments(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let settings = bytes.byte();
    let any_port = settings & 1 != 0;
    // Payload that tells its place lets the checks find bytes that were moved.
    let is_numbered = settings & 2 == 0;
    // Both streams near the end of the sequence space.
    let isn = if settings & 4 != 0 { u32::MAX - 0x100 } else { 1000 };
    let (blocks, fates, sure) = (Blocks::default(), HashMap::new(), HashSet::new());
    let mut follow = Checked { blocks, is_numbered, fates, sure };
    let mut tracker = Tracker::new(Ports::new(&[25], any_port), &limits());
    let mut number = 0;
    while !bytes.is_empty() {
        number += 1;
        let head = bytes.byte();
        let bit = |bit: u8| head >> bit & 1 == 1;
        let port = PORTS.get(usize::from(head >> 6)).copied().unwrap_or_default();
        let (client, server) = ((end(1), 40_000), (end(2), port));
        let (from, to) = if bit(0) { (server, client) } else { (client, server) };
        let (flow, way) = FlowKey::new(from, to);
        let seq = place(isn, bytes.number(2));
        let ack = place(isn, bytes.number(2));
        let len = bytes.byte();
        let payload: Vec<u8> = if is_numbered {
            (0..u32::from(len)).map(|at| seq_byte(seq.wrapping_add(at))).collect()
        } else {
            bytes.take(usize::from(len)).to_vec()
        };
        let kept = if bit(5) { payload.len() / 2 } else { payload.len() };
        let segment = Segment {
            flow,
            way,
            at: (settings & 8 == 0).then(|| Stamp::from_nanos(number * 1_000_000)),
            digits: 6,
            place: Place::new(number.unsigned_abs()),
            // SYN takes the number before the first byte.
            seq: seq.wrapping_sub(u32::from(bit(1))),
            ack: (!bit(4)).then_some(ack),
            flags: Flags { syn: bit(1), fin: bit(2), rst: bit(3) && bit(2) },
            window: 65535,
            data: payload.get(..kept).unwrap_or_default(),
            cut: u32::try_from(payload.len() - kept).unwrap_or_default(),
        };
        tracker.push(&segment, &mut follow);
    }
    let end = Place::new(number.unsigned_abs() + 1);
    tracker.settle(end, &mut follow);
    if let Some(&last) = tracker.stop().last() {
        tracker.finish(Place::default(), last, end, &mut follow);
    }
    for (place, fate) in &follow.fates {
        assert_eq!(*fate, Fate::Over, "the candidate of packet {} has a fate", place.number());
    }
}

/// SMTP, SMTP again, a proxy, anything.
const PORTS: [u16; 4] = [25, 25, 1080, 7];

fn end(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

/// A sequence number: near the start of the stream; with the highest bit, far off.
fn place(isn: u32, number: u32) -> u32 {
    match number {
        0..0x8000 => isn.wrapping_add(number),
        0x8000..0xc000 => isn.wrapping_sub(number & 0x3fff),
        _ => isn.wrapping_add((number & 0x3fff) << 18),
    }
}

/// The byte with this sequence number.
fn seq_byte(seq: u32) -> u8 {
    seq.to_le_bytes()[0]
}

/// What became of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Candidate,
    Open,
    Over,
}

/// Checks what a tracker says of its connections.
struct Checked {
    blocks: Blocks,
    is_numbered: bool,
    fates: HashMap<Place, Fate>,
    /// Those that are sessions for sure.
    sure: HashSet<Place>,
}

impl Checked {
    fn turn(&mut self, place: Place, from: Option<Fate>, to: Fate) {
        let before = self.fates.insert(place, to);
        assert_eq!(before, from, "what became of a connection is said once and in order");
    }
}

impl Follow for Checked {
    type Dialog = Log;

    fn blocks(&mut self) -> &mut Blocks {
        &mut self.blocks
    }

    fn candidate(&mut self, place: Place, surely: bool) {
        self.turn(place, None, Fate::Candidate);
        if surely {
            self.sure.insert(place);
        }
    }

    fn dismissed(&mut self, place: Place, _: Place) {
        assert!(!self.sure.contains(&place), "what is surely a session is not dismissed");
        self.turn(place, Some(Fate::Candidate), Fate::Over);
    }

    fn open(&mut self, opening: &Opening, surely: bool, _: Place) -> Log {
        self.turn(opening.place, Some(Fate::Candidate), Fate::Open);
        assert_eq!(surely, self.sure.contains(&opening.place), "what is sure stays so");
        Log { place: opening.place, is_numbered: self.is_numbered, ..Log::default() }
    }

    fn done(&mut self, log: Log, end: SessionEnd) {
        self.turn(log.place, Some(Fate::Open), Fate::Over);
        assert_eq!(log.bytes, end.transport.bytes, "the bytes counted are those delivered");
        assert_eq!(log.missing, end.transport.missing_bytes, "so are those missing");
    }

    fn trouble(&mut self, _: Trouble, _: Place) {}

    fn looks(&self, data: &[u8], _: bool) -> Looks {
        match data.first() {
            Some(b'E') => Looks::LikeClient,
            Some(b'2') => Looks::LikeServer,
            _ => Looks::Unclear,
        }
    }

    fn speaks(&self, client: &[u8], server: &[u8]) -> Option<bool> {
        match (client.first(), server.first()) {
            (Some(b'E'), Some(b'2')) => Some(true),
            (Some(_), Some(_)) => Some(false),
            _ => None,
        }
    }
}

/// Checks the chunks of one session.
#[derive(Debug, Default)]
struct Log {
    place: Place,
    is_numbered: bool,
    bytes: Sides<u64>,
    missing: Sides<u64>,
    closed: Sides<bool>,
    /// The number of the byte before the first, as far as a byte tells it.
    base: Sides<Option<u8>>,
}

impl Log {
    /// How far the chunks of `side` have come.
    fn position(&self, side: Side) -> u64 {
        self.bytes.of(side) + self.missing.of(side)
    }

    /// Every byte stands where its sequence number says.
    fn check_place(&mut self, side: Side, data: &[u8]) {
        let position = self.position(side).to_le_bytes()[0];
        let Some(&first) = data.first() else { return };
        let found = first.wrapping_sub(position);
        let base = *self.base.of_mut(side).get_or_insert(found);
        assert_eq!(found, base, "bytes and gaps of the {} are contiguous", side.name());
        let is_run = data.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b));
        assert!(is_run, "no byte of the {} is moved", side.name());
    }
}

impl Consume for Log {
    fn push(&mut self, chunk: &Chunk<'_>) {
        let Chunk { side, seen, .. } = *chunk;
        let there = self.position(side.other());
        assert!(seen.is_none_or(|seen| seen <= there), "nobody has seen what is still to come");
        match chunk.what {
            What::Data(data) => {
                assert!(!data.is_empty(), "data has bytes");
                if self.is_numbered {
                    self.check_place(side, data);
                }
                *self.bytes.of_mut(side) += data.len() as u64;
            }
            What::Gap(gap) => {
                assert!(gap.bytes > 0, "a gap has a length where numbers tell it");
                *self.missing.of_mut(side) += gap.bytes;
            }
            What::Close(Close::Fin) => {
                let before = std::mem::replace(self.closed.of_mut(side), true);
                assert!(!before, "a stream ends once");
            }
            What::Close(_) | What::Open(_) | What::Tls(_) | What::Elided(_) => {}
        }
    }
}
