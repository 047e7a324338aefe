//! Connections whose segments are kept, to be followed all at once.
//!
//! While thousands are open, each segment finds its connection and its dialog outside the caches.
//! So the segments of one that goes as nearly all do are only copied behind each other, until it is
//! over, or its [`Limits::deferred_bytes`](crate::limits::Limits::deferred_bytes) are full, or a
//! segment comes that is not just the next one of its side. What is kept is what was captured:
//! following it later comes to the same.

mod slab;

use super::flow::{Progress, is_answer};
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::Place;
use crate::time::Stamp;
use slab::Slab;

/// The connections that are followed later, by number. They come and go by the thousand, so their
/// memory is not the allocator's.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    kept: Slab<Later>,
    blocks: Slab<Block>,
}

/// A connection that was opened by a handshake, and its segments so far: in order, without gaps,
/// all with the time at which they came. Smaller than a [`Flow`](super::flow::Flow) with its
/// dialog.
#[derive(Clone, Debug)]
pub(super) struct Later {
    /// By direction (up, down): the sequence number of the first byte, and of the next one.
    starts: [u32; 2],
    next: [u32; 2],
    /// A head of [`HEAD`] bytes and the payload of each segment, from the SYN on: how many bytes,
    /// and in which blocks.
    len: u32,
    blocks: [u32; BLOCKS],
    /// Its first packet, and its last.
    pub(super) first: Place,
    pub(super) last: Place,
    /// By direction: its end has come, and was acknowledged.
    closed: [bool; 2],
    fin_acked: [bool; 2],
    digits: u8,
}

/// What has changed by a segment that was taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// How far the connection had come before.
    pub(super) was: Progress,
    pub(super) is: Progress,
    /// Bytes of memory that it holds more than before.
    pub(super) more: usize,
}

/// A part of what is kept.
#[derive(Debug)]
#[repr(align(64))]
struct Block([u8; BLOCK]);

/// Bytes of a block: few are empty where connections stand still, and few are needed.
const BLOCK: usize = 512;

/// Blocks of a connection.
const BLOCKS: usize = 8;

/// Three numbers of eight bytes: time, place, and the others.
const HEAD: usize = 3 * 8;

/// Where those begin in the third, behind the acknowledgment number.
const WINDOW: u32 = 32;
const LEN: u32 = 48;

/// Flags above the length, which has 14 bits.
const FIN: u64 = 1 << 62;
const DOWN: u64 = 1 << 63;

/// The bits of a length.
const LENGTH: u16 = (1 << 14) - 1;

/// Bytes that are kept at most of a connection, whatever the bounds are.
const MOST: usize = BLOCK * BLOCKS;

impl Default for Block {
    fn default() -> Self {
        Self([0; BLOCK])
    }
}

impl Default for Later {
    fn default() -> Self {
        let (first, last) = (Place::default(), Place::default());
        let (closed, fin_acked) = ([false; 2], [false; 2]);
        let (starts, next, blocks) = ([0; 2], [0; 2], [0; BLOCKS]);
        Self { starts, next, len: 0, blocks, first, last, closed, fin_acked, digits: 0 }
    }
}

fn index(way: Way) -> usize {
    usize::from(way == Way::Down)
}

impl Shelf {
    /// Keeps the connection that the SYN `first` began, if `answer` answers it and nothing else; of
    /// both the time must be known. Returns its number.
    pub(super) fn put(&mut self, first: &Segment<'_>, answer: &Segment<'_>) -> Option<u32> {
        let (at, answered) = first.at.zip(answer.at).filter(|_| is_answer(first, answer))?;
        let (start, own) = (first.seq.wrapping_add(1), answer.seq.wrapping_add(1));
        let starts = if first.way == Way::Up { [start, own] } else { [own, start] };
        let (number, later) = self.kept.take()?;
        let (first_place, digits) = (first.place, first.digits);
        *later = Later { starts, next: starts, first: first_place, digits, ..Later::default() };
        later.last = answer.place;
        let kept = later
            .keep(first, at, &mut self.blocks)
            .and_then(|()| later.keep(answer, answered, &mut self.blocks));
        if kept.is_none() {
            self.remove(number);
        }
        kept.map(|()| number)
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&Later> {
        self.kept.get(number)
    }

    /// Keeps `segment` with connection `number`, if it is the next one of its side and nothing
    /// about it is unusual, and no more than `most` bytes are kept then.
    #[inline]
    pub(super) fn take(
        &mut self,
        number: u32,
        segment: &Segment<'_>,
        most: usize,
    ) -> Option<Taken> {
        let &Segment { way, seq, data, flags: Flags { syn, fin, rst }, .. } = segment;
        let later = self.kept.get_mut(number)?;
        let (at, ack) = segment.at.zip(segment.ack)?;
        let is_usual = !(syn | rst)
            && segment.cut == 0
            && segment.window > 0
            && segment.digits == later.digits
            && later.len as usize + HEAD + data.len() <= most.min(MOST);
        if !is_usual {
            return None;
        }
        let (own, other) = (index(way), index(way.back()));
        let (was, held) = (later.progress(), later.held());
        let next = later.next.get_mut(own)?;
        let is_closed = later.closed.get_mut(own)?;
        // An end takes a sequence number of its own, and nothing comes behind it.
        let is_next = seq == next.wrapping_add(u32::from(*is_closed));
        if !is_next || *is_closed && (fin || !data.is_empty()) {
            return None;
        }
        // No longer than `MOST`.
        #[allow(clippy::cast_possible_truncation)]
        let behind = next.wrapping_add(data.len() as u32);
        let (seen, sent) = (*later.starts.get(other)?, *later.next.get(other)?);
        let is_end = *later.closed.get(other)? && ack == sent.wrapping_add(1);
        if !is_end && sent.wrapping_sub(ack) > sent.wrapping_sub(seen) {
            return None;
        }
        *later.next.get_mut(own)? = behind;
        *later.closed.get_mut(own)? |= fin;
        *later.fin_acked.get_mut(other)? |= is_end;
        later.last = segment.place;
        later.keep(segment, at, &mut self.blocks)?;
        Some(Taken { was, is: later.progress(), more: later.held() - held })
    }

    /// Takes connection `number` from the shelf; what was kept of it goes to `text`.
    pub(super) fn lift(&mut self, number: u32, text: &mut Vec<u8>) -> Option<Later> {
        text.clear();
        let later = self.kept.get(number)?;
        let mut left = later.len as usize;
        for &block in later.used() {
            let Block(bytes) = self.blocks.get(block)?;
            let part = bytes.get(..left.min(BLOCK)).unwrap_or(bytes);
            text.extend_from_slice(part);
            left -= part.len();
        }
        let later = later.clone();
        self.remove(number);
        Some(later)
    }

    fn remove(&mut self, number: u32) {
        if let Some(later) = self.kept.get_mut(number) {
            for &block in later.used() {
                self.blocks.give(block);
            }
            later.len = 0;
            self.kept.give(number);
        }
    }

    /// See [`Consume::touch`](crate::chunk::Consume::touch).
    #[inline]
    pub(super) fn touch(&self, number: u32) -> u64 {
        self.kept.get(number).map_or(0, |later| later.last.number() ^ u64::from(later.len))
    }

    /// The same for where the next segment goes.
    #[inline]
    pub(super) fn touch_block(&self, number: u32) -> u64 {
        let block = self.kept.get(number).and_then(|later| {
            let Block(bytes) = self.blocks.get(*later.used().last()?)?;
            bytes.get(later.len as usize % BLOCK).copied()
        });
        block.map_or(0, u64::from)
    }
}

impl Later {
    #[inline]
    fn keep(&mut self, segment: &Segment<'_>, at: Stamp, blocks: &mut Slab<Block>) -> Option<()> {
        let data = segment.data;
        let down = if segment.way == Way::Down { DOWN } else { 0 };
        let fin = if segment.flags.fin { FIN } else { 0 };
        let ack = u64::from(segment.ack.unwrap_or_default());
        let len = (data.len() as u64) << LEN;
        let last = ack | u64::from(segment.window) << WINDOW | len | down | fin;
        let head = [at.nanos().cast_unsigned(), segment.place.number(), last].map(u64::to_le_bytes);
        let (from, block) = (self.len as usize % BLOCK, self.len as usize / BLOCK);
        let until = from + HEAD + data.len();
        if from == 0 || until > BLOCK {
            self.append(head.as_flattened(), blocks)?;
            return self.append(data, blocks);
        }
        // Most fit behind the one before.
        let Block(room) = blocks.get_mut(*self.blocks.get(block)?)?;
        let (to, rest) = room.get_mut(from..until)?.split_first_chunk_mut::<HEAD>()?;
        to.copy_from_slice(head.as_flattened());
        rest.copy_from_slice(data);
        self.len += u32::try_from(until - from).ok()?;
        Some(())
    }

    #[inline(never)]
    fn append(&mut self, mut bytes: &[u8], blocks: &mut Slab<Block>) -> Option<()> {
        while !bytes.is_empty() {
            let (at, block) = (self.len as usize % BLOCK, self.len as usize / BLOCK);
            let block = self.blocks.get_mut(block)?;
            let Block(room) = if at == 0 {
                let (number, taken) = blocks.take()?;
                *block = number;
                taken
            } else {
                blocks.get_mut(*block)?
            };
            let (fits, more) = bytes.split_at(bytes.len().min(BLOCK - at));
            room.get_mut(at..at + fits.len())?.copy_from_slice(fits);
            self.len += u32::try_from(fits.len()).ok()?;
            bytes = more;
        }
        Some(())
    }

    /// The blocks that it has.
    fn used(&self) -> &[u32] {
        self.blocks.get(..(self.len as usize).div_ceil(BLOCK)).unwrap_or_default()
    }

    /// Bytes of memory.
    #[inline]
    pub(super) fn held(&self) -> usize {
        size_of::<Self>() + (self.len as usize).div_ceil(BLOCK) * BLOCK
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

    /// Its segments, which were kept in `text`, as they came, with the connection `flow`.
    pub(super) fn segments<'a>(&self, text: &'a [u8], flow: FlowKey) -> Segments<'a> {
        let [up, down] = self.starts.map(|start| start.wrapping_sub(1));
        Segments { rest: text, flow, next: [up, down], digits: self.digits, syns: 2 }
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
        let len = len & LENGTH;
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
