//! A connection whose segments are kept, to be followed all at once.
//!
//! While thousands are open, each segment finds its connection and its dialog outside the caches.
//! So the segments of one that goes as nearly all do are only copied behind each other, until it is
//! over, or its [`Limits::deferred_bytes`](crate::limits::Limits::deferred_bytes) are full, or a
//! segment comes that is not just the next one of its side. What is kept is what was captured:
//! following it later comes to the same.

use super::flow::{Progress, is_answer};
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::Place;
use crate::time::Stamp;

/// A connection that was opened by a handshake, and its segments so far: in order, without gaps,
/// all with the time at which they came. Smaller than a
/// [`Flow`](super::flow::Flow) with its dialog, and in two pieces of memory.
#[derive(Debug)]
pub(super) struct Later {
    /// A head of [`HEAD`] bytes and the payload of each segment, from the SYN on.
    log: Vec<u8>,
    /// By direction (up, down): the sequence number of the first byte, and of the next one.
    starts: [u32; 2],
    next: [u32; 2],
    /// Its first packet, and its last.
    pub(super) first: Place,
    pub(super) last: Place,
    /// By direction: its end has come, and was acknowledged.
    closed: [bool; 2],
    fin_acked: [bool; 2],
    digits: u8,
}

/// Three numbers of eight bytes: time, place, and the others.
const HEAD: usize = 3 * 8;

/// Where those begin in the third, behind the acknowledgment number.
const WINDOW: u32 = 32;
const LEN: u32 = 48;

/// Flags above the length.
const FIN: u64 = 1 << 62;
const DOWN: u64 = 1 << 63;

/// Bytes that are kept at most: a length has 14 bits.
const MOST: usize = (1 << 14) - 1;

/// Room for the segments up to the first message, mostly.
const ROOM: usize = 1024;

fn index(way: Way) -> usize {
    usize::from(way == Way::Down)
}

impl Later {
    /// The connection that the SYN `first` began, if `segment` answers it and nothing else; of
    /// both the time must be known.
    pub(super) fn answered(first: &Segment<'_>, segment: &Segment<'_>) -> Option<Box<Self>> {
        is_answer(first, segment).then_some(())?;
        let (start, own) = (first.seq.wrapping_add(1), segment.seq.wrapping_add(1));
        let starts = if first.way == Way::Up { [start, own] } else { [own, start] };
        let mut later = Self {
            log: Vec::with_capacity(ROOM),
            starts,
            next: starts,
            first: first.place,
            last: segment.place,
            closed: [false; 2],
            fin_acked: [false; 2],
            digits: first.digits,
        };
        later.keep(first, first.at?);
        later.keep(segment, segment.at?);
        Some(Box::new(later))
    }

    /// Keeps `segment`, if it is the next one of its side and nothing about it is unusual, and no
    /// more than `most` bytes are kept then.
    #[inline]
    pub(super) fn take(&mut self, segment: &Segment<'_>, most: usize) -> bool {
        let &Segment { flags: Flags { syn, fin, rst }, way, at, seq, data, .. } = segment;
        let (own, other) = (index(way), index(way.back()));
        let is_usual = !(syn | rst)
            && segment.cut == 0
            && segment.window > 0
            && segment.digits == self.digits
            && self.log.len() + HEAD + data.len() <= most.min(MOST);
        let (Some(at), Some(ack), true) = (at, segment.ack, is_usual) else { return false };
        let [Some(next), Some(closed)] =
            [self.next.get(own).copied(), self.closed.get(own).map(|&closed| u32::from(closed))]
        else {
            return false;
        };
        // An end takes a sequence number of its own, and nothing comes behind it.
        if seq != next.wrapping_add(closed) || closed > 0 && (fin || !data.is_empty()) {
            return false;
        }
        let [seen, sent] = [self.starts, self.next].map(|of| of.get(other).copied().unwrap_or(0));
        let is_end = self.closed.get(other) == Some(&true) && ack == sent.wrapping_add(1);
        if !is_end && sent.wrapping_sub(ack) > sent.wrapping_sub(seen) {
            return false;
        }
        self.keep(segment, at);
        self.last = segment.place;
        if let (Some(next), Some(closed)) = (self.next.get_mut(own), self.closed.get_mut(own)) {
            // No longer than `MOST`.
            #[allow(clippy::cast_possible_truncation)]
            {
                *next = next.wrapping_add(data.len() as u32);
            }
            *closed |= fin;
        }
        if let Some(fin_acked) = self.fin_acked.get_mut(other) {
            *fin_acked |= is_end;
        }
        true
    }

    #[inline]
    fn keep(&mut self, segment: &Segment<'_>, at: Stamp) {
        let len = u64::try_from(segment.data.len()).unwrap_or_default();
        let down = if segment.way == Way::Down { DOWN } else { 0 };
        let fin = if segment.flags.fin { FIN } else { 0 };
        let ack = u64::from(segment.ack.unwrap_or_default());
        let last = ack | u64::from(segment.window) << WINDOW | len << LEN | down | fin;
        let head = [at.nanos().cast_unsigned(), segment.place.number(), last].map(u64::to_le_bytes);
        self.log.extend_from_slice(head.as_flattened());
        self.log.extend_from_slice(segment.data);
    }

    /// Bytes of memory.
    #[inline]
    pub(super) fn held(&self) -> usize {
        size_of::<Self>() + self.log.capacity()
    }

    /// How far it has come.
    #[inline]
    pub(super) fn progress(&self) -> Progress {
        match (self.closed, self.fin_acked) {
            ([true, true], [true, true]) => Progress::Settled,
            ([true, true], _) => Progress::Over,
            _ => Progress::Open,
        }
    }

    /// The next sequence numbers of both directions.
    pub(super) fn ends(&self) -> [Option<u32>; 2] {
        self.next.map(Some)
    }

    /// Its segments, as they came, with the connection `flow`.
    pub(super) fn segments(&self, flow: FlowKey) -> Segments<'_> {
        let [up, down] = self.starts.map(|start| start.wrapping_sub(1));
        Segments { rest: &self.log, flow, next: [up, down], digits: self.digits, syns: 2 }
    }

    /// See [`Consume::touch`](crate::chunk::Consume::touch).
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        self.last.number() ^ u64::from(self.digits)
    }

    /// The same for where the next segment goes.
    #[inline]
    pub(super) fn touch_log(&self) -> u64 {
        self.log.last().copied().map_or(0, u64::from)
    }
}

/// The segments that are kept of a connection.
pub(super) struct Segments<'a> {
    rest: &'a [u8],
    flow: FlowKey,
    next: [u32; 2],
    digits: u8,
    /// The next ones are SYNs, so many.
    syns: u8,
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let (at, rest) = self.rest.split_first_chunk()?;
        let (place, rest) = rest.split_first_chunk()?;
        let (last, rest) = rest.split_first_chunk()?;
        let last = u64::from_le_bytes(*last);
        let [fin, down] = [FIN, DOWN].map(|flag| last & flag != 0);
        // Parts of the number.
        #[allow(clippy::cast_possible_truncation)]
        let (ack, window, len) = (last as u32, (last >> WINDOW) as u16, (last >> LEN) as u16);
        let len = len & MOST as u16;
        let (data, rest) = rest.split_at_checked(len.into())?;
        self.rest = rest;
        let way = if down { Way::Down } else { Way::Up };
        let syn = self.syns > 0;
        let is_first = self.syns == 2;
        self.syns = self.syns.saturating_sub(1);
        let flags = Flags { syn, fin, rst: false };
        let next = self.next.get_mut(index(way))?;
        let seq = *next;
        *next = next.wrapping_add(u32::from(len) + u32::from(syn) + u32::from(fin));
        Some(Segment {
            flow: self.flow,
            way,
            at: Some(Stamp::from_nanos(i64::from_le_bytes(*at))),
            digits: self.digits,
            place: Place::new(u64::from_le_bytes(*place)),
            seq,
            ack: (!is_first).then_some(ack),
            flags,
            window,
            data,
            cut: 0,
        })
    }
}
