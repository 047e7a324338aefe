//! Connections whose segments are kept, to be followed all at once.
//!
//! While thousands are open, each segment finds its connection and its dialog outside the caches.
//! So the segments of one that goes as nearly all do are only copied behind each other, until it is
//! over, or its [`Limits::deferred_bytes`](crate::limits::Limits::deferred_bytes) are full, or a
//! segment comes that is not just the next one of its side. What is kept is what was captured:
//! following it later comes to the same.

mod beside;
mod blocks;

use super::flow::{Progress, is_answer};
use crate::fetch::fetch;
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::Place;
use crate::time::Stamp;
use beside::Beside;
use blocks::{BLOCK, SIZE};

pub use blocks::Blocks;

/// The connections that are followed later, by the number that each has in the table: both are
/// got into the cache at once. They come and go by the thousand, so their memory is not the
/// allocator's.
#[derive(Debug)]
pub(super) struct Shelf {
    kept: Beside<Later>,
    /// Bytes that are kept at most of a connection.
    most: usize,
}

/// A connection that was opened by a handshake, and its segments so far: in order, without gaps,
/// all with the time at which they came. Smaller than a [`Flow`](super::flow::Flow) with its
/// dialog: a line of the cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Later {
    /// By direction: up, down.
    sides: [Course; 2],
    /// A head of [`HEAD`] bytes and the payload of each segment, from the SYN on: how many bytes,
    /// the first blocks they are in, the last one, and how many are in that.
    len: u32,
    // Here, so that all of them are read at once: each that names the next is waited for.
    front: [u32; FRONT],
    back: u32,
    used: u16,
    /// Blocks that it has.
    blocks: u8,
    /// Its first packet, and its last.
    pub(super) first: Place,
    pub(super) last: Place,
    /// By direction: its end has come, and was acknowledged.
    closed: [bool; 2],
    fin_acked: [bool; 2],
    digits: u8,
}

/// How far one direction has come: the sequence number of the first byte, and of the next one.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    start: u32,
    next: u32,
}

/// What became of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Taken {
    /// It must be followed now.
    Not,
    /// It is kept.
    Kept,
    /// The same, and more has changed.
    More(Change),
}

/// What a segment has changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Change {
    /// How far the connection had come before, and has now.
    pub(super) was: Progress,
    pub(super) is: Progress,
    /// Blocks that it has more than before.
    blocks: u8,
}

impl Change {
    /// Bytes of memory that it holds more than before.
    #[inline]
    pub(super) fn held(self) -> usize {
        usize::from(self.blocks) * SIZE
    }
}

/// The numbers before a payload: when and where the segment was captured, and its other fields.
type Head = [u64; 3];

/// Blocks that are named in the connection itself: as many as most have.
const FRONT: usize = 4;

/// Three numbers of eight bytes: time, place, and the others.
const HEAD: usize = size_of::<Head>();

/// Where those begin in the third, behind the acknowledgment number.
const WINDOW: u32 = 32;
const LEN: u32 = 48;

/// Flags above the length, which has 14 bits.
const FIN: u64 = 1 << 62;
const DOWN: u64 = 1 << 63;

/// The bits of a length.
const LENGTH: u16 = (1 << 14) - 1;

/// Bytes that are kept at most of a connection, whatever the bounds are.
const MOST: usize = LENGTH as usize;

/// That a block is full, or that there is none.
#[allow(clippy::cast_possible_truncation)]
const FULL: u16 = BLOCK as u16;

impl Default for Later {
    fn default() -> Self {
        let (first, last) = (Place::default(), Place::default());
        let (closed, fin_acked) = ([false; 2], [false; 2]);
        let (sides, front, back) = ([Course::default(); 2], [0; FRONT], 0);
        let (len, used, blocks, digits) = (0, FULL, 0, 0);
        Self { sides, len, front, back, used, blocks, first, last, closed, fin_acked, digits }
    }
}

/// What is kept of a segment besides its payload.
#[inline]
fn head(segment: &Segment<'_>, at: Stamp, ack: u32) -> Head {
    let down = if segment.way == Way::Down { DOWN } else { 0 };
    let fin = if segment.flags.fin { FIN } else { 0 };
    let len = (segment.data.len() as u64) << LEN;
    let last = u64::from(ack) | u64::from(segment.window) << WINDOW | len | down | fin;
    [at.nanos().cast_unsigned(), segment.place.number(), last]
}

#[inline]
fn write(to: &mut [u8; HEAD], head: Head) {
    let (parts, _) = to.as_chunks_mut();
    for (to, number) in parts.iter_mut().zip(head) {
        *to = number.to_le_bytes();
    }
}

impl Shelf {
    /// One that keeps at most so many bytes of a connection.
    pub(super) fn new(most: usize) -> Self {
        Self { kept: Beside::default(), most: most.min(MOST) }
    }

    /// Keeps connection `number`, which the SYN `first` began, if `answer` answers it and nothing
    /// else; of both the time must be known.
    pub(super) fn put(
        &mut self,
        number: u32,
        first: &Segment<'_>,
        answer: &Segment<'_>,
        blocks: &mut Blocks,
    ) -> Option<()> {
        let (at, answered) = first.at.zip(answer.at).filter(|_| is_answer(first, answer))?;
        let [start, own] = [first, answer].map(|one| {
            let start = one.seq.wrapping_add(1);
            Course { start, next: start }
        });
        let sides = if first.way == Way::Up { [start, own] } else { [own, start] };
        let later = self.kept.make(number)?;
        let (digits, last) = (first.digits, answer.place);
        *later = Later { sides, first: first.place, last, digits, ..Later::default() };
        let ack = answer.ack.unwrap_or_default();
        let kept = later
            .keep(head(first, at, 0), &[], blocks)
            .and_then(|()| later.keep(head(answer, answered, ack), &[], blocks));
        if kept.is_none() {
            blocks.lift(later, &mut Vec::new());
        }
        kept
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&Later> {
        self.kept.get(number)
    }

    /// Keeps `segment` with connection `number`, if it is the next one of its side and nothing
    /// about it is unusual, and there is room for it.
    // See `Flow::push_next`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn take(
        &mut self,
        number: u32,
        segment: &Segment<'_>,
        blocks: &mut Blocks,
    ) -> Taken {
        let Some(later) = self.kept.get_mut(number) else { return Taken::Not };
        match later.take_next(segment, self.most, blocks) {
            Some(()) => Taken::Kept,
            None => self.take_other(number, segment, blocks),
        }
    }

    /// The same for one that is not as most are.
    #[inline(never)]
    fn take_other(&mut self, number: u32, segment: &Segment<'_>, blocks: &mut Blocks) -> Taken {
        let Some(later) = self.kept.get_mut(number) else { return Taken::Not };
        let before = later.clone();
        if let Some(change) = later.take(segment, self.most, blocks) {
            return Taken::More(change);
        }
        // Memory may have come to its end inside the segment: no part of it is kept.
        if later.blocks > before.blocks {
            blocks.give(later.back);
        }
        *later = before;
        Taken::Not
    }

    /// Asks for the memory of connection `number`.
    #[inline]
    pub(super) fn fetch(&self, number: u32) {
        if let Some(later) = self.kept.get(number) {
            fetch(later);
        }
    }

    /// The same for where its next segment goes.
    #[inline]
    pub(super) fn fetch_room(&self, number: u32, blocks: &Blocks) {
        if let Some(later) = self.kept.get(number) {
            blocks.fetch_room(later);
        }
    }
}

impl Later {
    /// Keeps a segment as most are: neither side has ended, and it fits behind the one before. It
    /// does what [`Later::take`] would, or nothing.
    // See `Flow::push_next`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn take_next(&mut self, segment: &Segment<'_>, most: usize, blocks: &mut Blocks) -> Option<()> {
        let &Segment { way, data, flags: Flags { syn, fin, rst }, .. } = segment;
        let (at, ack) = segment.at.zip(segment.ack)?;
        let (from, len) = (usize::from(self.used), HEAD + data.len());
        let [up, down] = &mut self.sides;
        let (own, other) = if way == Way::Up { (up, down) } else { (down, up) };
        if syn | fin | rst
            || segment.cut > 0
            || segment.window == 0
            || segment.digits != self.digits
            || self.closed != [false; 2]
            || segment.seq != own.next
            || other.next.wrapping_sub(ack) > other.next.wrapping_sub(other.start)
            || self.len as usize + len > most
        {
            return None;
        }
        let block = blocks.bytes_mut(self.back)?;
        let (to, rest) = block.get_mut(from..)?.split_first_chunk_mut::<HEAD>()?;
        let room = rest.get_mut(..data.len())?;
        write(to, head(segment, at, ack));
        // No longer than a block.
        #[allow(clippy::cast_possible_truncation)]
        {
            own.next = own.next.wrapping_add(data.len() as u32);
        }
        self.grow(len);
        self.last = segment.place;
        // At the end, as little has to be remembered over the call then.
        if !data.is_empty() {
            room.copy_from_slice(data);
        }
        Some(())
    }

    /// Keeps any segment that may be kept.
    #[inline(never)]
    fn take(&mut self, segment: &Segment<'_>, most: usize, blocks: &mut Blocks) -> Option<Change> {
        let &Segment { way, seq, data, flags: Flags { syn, fin, rst }, .. } = segment;
        let (at, ack) = segment.at.zip(segment.ack)?;
        let is_usual = !(syn | rst)
            && segment.cut == 0
            && segment.window > 0
            && segment.digits == self.digits
            && self.len as usize + HEAD + data.len() <= most;
        if !is_usual {
            return None;
        }
        let before = self.blocks;
        let ([up, down], [up_closed, down_closed]) = (&mut self.sides, self.closed);
        let ((own, own_closed), (other, other_closed)) = match way {
            Way::Up => ((up, up_closed), (down, down_closed)),
            Way::Down => ((down, down_closed), (up, up_closed)),
        };
        // An end takes a sequence number of its own, and nothing comes behind it.
        let is_next = seq == own.next.wrapping_add(u32::from(own_closed));
        if !is_next || own_closed && (fin || !data.is_empty()) {
            return None;
        }
        let unseen = other.next.wrapping_sub(ack);
        let is_end = other_closed && unseen == u32::MAX;
        if !is_end && unseen > other.next.wrapping_sub(other.start) {
            return None;
        }
        // No longer than `MOST`.
        #[allow(clippy::cast_possible_truncation)]
        {
            own.next = own.next.wrapping_add(data.len() as u32);
        }
        let mut change = Change::default();
        if fin || is_end {
            change.was = self.progress();
            let mark = |sides: &mut [bool; 2], way: Way, is: bool| {
                let [up, down] = sides;
                *(if way == Way::Up { up } else { down }) |= is;
            };
            mark(&mut self.closed, way, fin);
            mark(&mut self.fin_acked, way.back(), is_end);
            change.is = self.progress();
        }
        self.last = segment.place;
        self.keep(head(segment, at, ack), data, blocks)?;
        change.blocks = self.blocks - before;
        Some(change)
    }

    #[inline]
    fn keep(&mut self, head: Head, data: &[u8], blocks: &mut Blocks) -> Option<()> {
        let block = blocks.bytes_mut(self.back);
        let room = block.and_then(|block| block.get_mut(self.used.into()..));
        if data.is_empty()
            && let Some(to) = room.and_then(|room| room.first_chunk_mut())
        {
            write(to, head);
            self.grow(HEAD);
            return Some(());
        }
        self.keep_on(head, data, blocks)
    }

    /// The same, in as many blocks as it takes.
    fn keep_on(&mut self, head: Head, data: &[u8], blocks: &mut Blocks) -> Option<()> {
        let room = self.room(blocks)?;
        let Some((to, rest)) = room.split_first_chunk_mut::<HEAD>() else {
            let mut bytes = [0; HEAD];
            write(&mut bytes, head);
            self.append(&bytes, blocks)?;
            return self.append(data, blocks);
        };
        write(to, head);
        let (fits, more) = data.split_at(data.len().min(rest.len()));
        rest.get_mut(..fits.len())?.copy_from_slice(fits);
        self.grow(HEAD + fits.len());
        if more.is_empty() { Some(()) } else { self.append(more, blocks) }
    }

    fn append(&mut self, mut bytes: &[u8], blocks: &mut Blocks) -> Option<()> {
        while !bytes.is_empty() {
            let room = self.room(blocks)?;
            let (fits, more) = bytes.split_at(bytes.len().min(room.len()));
            room.get_mut(..fits.len())?.copy_from_slice(fits);
            self.grow(fits.len());
            bytes = more;
        }
        Some(())
    }

    /// What is left of its last block, or another one.
    #[inline]
    fn room<'a>(&mut self, blocks: &'a mut Blocks) -> Option<&'a mut [u8]> {
        if self.used == FULL {
            let number = blocks.take()?;
            match self.front.get_mut(usize::from(self.blocks)) {
                Some(place) => *place = number,
                None => blocks.set_next(self.back, number)?,
            }
            (self.back, self.used) = (number, 0);
            self.blocks += 1;
        }
        blocks.bytes_mut(self.back)?.get_mut(self.used.into()..)
    }

    /// So many bytes more are in its last block.
    // No longer than that is.
    #[allow(clippy::cast_possible_truncation)]
    #[inline]
    fn grow(&mut self, bytes: usize) {
        self.len += bytes as u32;
        self.used += bytes as u16;
    }

    /// Bytes of what was kept.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Bytes of memory.
    #[inline]
    pub(super) fn held(&self) -> usize {
        size_of::<Self>() + usize::from(self.blocks) * SIZE
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
        self.sides.map(|side| Some(side.next))
    }

    /// Its segments, which were kept in `text`, as they came, with the connection `flow`.
    pub(super) fn segments<'a>(&self, text: &'a [u8], flow: FlowKey) -> Segments<'a> {
        let next = self.sides.map(|side| side.start.wrapping_sub(1));
        Segments { rest: text, flow, next, digits: self.digits, syns: 2 }
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

/// What is kept of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept<'a> {
    pub(super) way: Way,
    pub(super) at: Stamp,
    pub(super) place: Place,
    pub(super) ack: u32,
    window: u16,
    pub(super) fin: bool,
    pub(super) data: &'a [u8],
}

impl<'a> Segments<'a> {
    /// What is kept of the next one. Behind it no [`Segment`] is made any more: its sequence number
    /// was not counted.
    #[inline]
    pub(super) fn next_kept(&mut self) -> Option<Kept<'a>> {
        let (head, rest) = self.rest.split_first_chunk::<HEAD>()?;
        let ([at, place, last], _) = head.as_chunks() else { return None };
        let last = u64::from_le_bytes(*last);
        let [fin, down] = [FIN, DOWN].map(|flag| last & flag != 0);
        // Parts of the number.
        #[allow(clippy::cast_possible_truncation)]
        let (ack, window, len) = (last as u32, (last >> WINDOW) as u16, (last >> LEN) as u16);
        let (data, rest) = rest.split_at_checked((len & LENGTH).into())?;
        self.rest = rest;
        let way = if down { Way::Down } else { Way::Up };
        let at = Stamp::from_nanos(i64::from_le_bytes(*at));
        let place = Place::new(u64::from_le_bytes(*place));
        Some(Kept { way, at, place, ack, window, fin, data })
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    #[inline]
    fn next(&mut self) -> Option<Segment<'a>> {
        let Kept { way, at, place, ack, window, fin, data } = self.next_kept()?;
        let syn = self.syns > 0;
        let is_first = self.syns == 2;
        self.syns = self.syns.saturating_sub(1);
        let [up, down] = &mut self.next;
        let next = if way == Way::Up { up } else { down };
        let seq = *next;
        // No longer than `MOST`.
        #[allow(clippy::cast_possible_truncation)]
        {
            *next = next.wrapping_add(data.len() as u32 + u32::from(syn) + u32::from(fin));
        }
        Some(Segment {
            flow: self.flow,
            way,
            at: Some(at),
            digits: self.digits,
            place,
            seq,
            ack: (!is_first).then_some(ack),
            flags: Flags { syn, fin, rst: false },
            window,
            data,
            cut: 0,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A direction in turn: the client's if so, octets, and what is odd about it.
    pub(in crate::stream) type Step = (bool, usize, u8);

    /// Directions that take turns, in steps of all sizes.
    pub(in crate::stream) fn steps() -> impl Strategy<Value = Vec<Step>> {
        prop::collection::vec((any::<bool>(), 0_usize..700, 0_u8..12), 0..40)
    }

    /// A connection's segments: its handshake, and these.
    pub(in crate::stream) fn segments(steps: &[Step]) -> Vec<Segment<'static>> {
        const DATA: &[u8] = &[b'a'; 700];
        let client = ([192, 0, 2, 1].into(), 40_000);
        let (flow, up) = FlowKey::new(client, ([192, 0, 2, 2].into(), 25));
        let (mut next, mut closed) = ([100_u32, u32::MAX - 900], [false; 2]);
        let mut all = Vec::new();
        let mut add = |from: usize, seq: u32, ack: Option<u32>, flags: Flags, len: usize| {
            let number = u32::try_from(all.len() + 1).unwrap();
            all.push(Segment {
                flow,
                way: if from == 0 { up } else { up.back() },
                at: Some(Stamp::from_nanos(number.into())),
                digits: 6,
                place: Place::new(number.into()),
                seq,
                ack,
                flags,
                window: 1000,
                data: &DATA[..len],
                cut: 0,
            });
        };
        let syn = Flags { syn: true, ..Flags::default() };
        add(0, 99, None, syn, 0);
        add(1, next[1].wrapping_sub(1), Some(100), syn, 0);
        add(0, 100, Some(next[1]), Flags::default(), 0);
        for &(is_client, len, odd) in steps {
            let (own, other) = if is_client { (0, 1) } else { (1, 0) };
            let len = if closed[own] || odd == 1 { 0 } else { len };
            let fin = odd == 0 && !closed[own];
            let late = u32::from(odd == 2);
            let ack = next[other].wrapping_add(u32::from(closed[other])).wrapping_sub(late);
            let seq = next[own].wrapping_add(u32::from(closed[own]));
            add(own, seq, Some(ack), Flags { fin, ..Flags::default() }, len);
            next[own] = next[own].wrapping_add(u32::try_from(len).unwrap());
            closed[own] |= fin;
        }
        all
    }

    proptest! {
        #[test]
        fn the_next_segment_is_kept_as_any_is(steps in steps()) {
            let segments = segments(&steps);
            let (mut fast, mut slow) = (Shelf::new(4096), Shelf::new(4096));
            let (number, other) = (3, 70);
            let mut blocks = [Blocks::default(), Blocks::default()];
            let [few, many] = &mut blocks;
            fast.put(number, &segments[0], &segments[1], few).unwrap();
            slow.put(other, &segments[0], &segments[1], many).unwrap();
            for segment in &segments[2..] {
                let is_kept = !matches!(fast.take(number, segment, few), Taken::Not);
                let later = slow.kept.get_mut(other).unwrap();
                prop_assert_eq!(is_kept, later.take(segment, 4096, many).is_some());
                if !is_kept {
                    break;
                }
            }
            let texts = [(&fast, number, few), (&slow, other, many)].map(|(one, number, blocks)| {
                let mut text = Vec::new();
                let later = one.get(number).unwrap();
                blocks.lift(later, &mut text);
                (format!("{later:?}"), text)
            });
            prop_assert_eq!(&texts[0], &texts[1]);
        }
    }

    proptest! {
        #[test]
        fn where_memory_ends_whole_segments_are_kept(steps in steps(), some in 1_u32..6) {
            let segments = segments(&steps);
            let (mut shelf, mut blocks) = (Shelf::new(4096), Blocks::default());
            blocks.leave(some);
            shelf.put(3, &segments[0], &segments[1], &mut blocks).unwrap();
            let mut kept = 2;
            let mut held = shelf.get(3).unwrap().held();
            for segment in &segments[2..] {
                match shelf.take(3, segment, &mut blocks) {
                    Taken::Not => break,
                    Taken::Kept => {}
                    Taken::More(change) => held += change.held(),
                }
                kept += 1;
            }
            let later = shelf.get(3).unwrap();
            prop_assert_eq!(later.held(), held, "what is held was told of");
            let mut text = Vec::new();
            blocks.lift(later, &mut text);
            prop_assert_eq!(text.len(), later.len());
            let flow = segments[0].flow;
            prop_assert!(later.segments(&text, flow).eq(segments[..kept].iter().copied()));
        }
    }

    #[test]
    fn a_connection_takes_a_line() {
        assert_eq!(size_of::<Later>(), 64);
    }
}
