//! One direction of a TCP connection: order, overlap, loss and retransmission.
//!
//! Positions are offsets in the stream: 0 is the byte after SYN, or the first byte known of a
//! stream that was joined late. The first copy of a byte is the one that counts.

mod history;
mod pending;
mod watch;

use crate::place::Place;
use crate::time::Stamp;
use history::History;
use pending::Pending;
use watch::Notes;

pub(super) use history::Spare;
pub(super) use watch::{Traces, Watched};

/// One direction of a connection. Small where nothing is missing, as most of those open are. The
/// first part is what every segment needs.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Half {
    /// Offset of the next byte to deliver.
    pub(super) next: u64,
    /// Offset up to which the other side has acknowledged.
    pub(super) acked: u64,
    /// One past the last offset seen.
    highest: u64,
    /// Sequence number of offset 0, once it `has_base`.
    base: u32,
    has_base: bool,
    /// `base` comes from the handshake, so nothing can lie before it.
    pub(super) anchored: bool,
    /// The end was delivered.
    pub(super) closed: bool,
    /// The end was acknowledged.
    pub(super) fin_acked: bool,
    /// Delivered bytes before `next` that are not yet acknowledged. Owns no memory when empty.
    history: History,
    /// What waits; not there unless something does.
    pending: Option<Box<Pending>>,
    /// What was odd; not there while nothing was.
    odd: Option<Box<Notes>>,
}

/// Counts of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Unique payload bytes delivered.
    pub(super) bytes: u64,
    /// Bytes delivered as gaps.
    pub(super) missing: u64,
    /// Bytes that came again.
    pub(super) retransmitted: u64,
    /// Segments with new bytes that came after a later one.
    pub(super) out_of_order: u64,
    /// Bytes that came again and differed.
    pub(super) conflicting: u64,
    /// The first segment that differed.
    pub(super) first_conflict: Option<Place>,
}

/// The end of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fin {
    /// Offset after the last byte.
    pub(super) offset: u64,
    /// When and where it was captured, and what its sender had acknowledged.
    pub(super) tag: Tag,
}

/// Where a piece comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub(super) at: Option<Stamp>,
    pub(super) place: Place,
    /// Number of the segment in its connection.
    pub(super) arrival: u64,
    /// Acknowledgment number of the segment.
    pub(super) ack: Option<u32>,
}

/// A stretch of the stream that waits.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) tag: Tag,
    pub(super) bytes: Bytes,
}

/// What a piece holds.
#[derive(Debug)]
pub(super) enum Bytes {
    Data(Vec<u8>),
    /// On the wire, but cut off by the capture's snapshot length.
    Cut(u64),
}

/// A sequence number farther than this from where its stream stands belongs to another
/// connection: larger than any receive window in use, small in the 4 GiB of the space.
pub(super) const FAR: u32 = 1 << 26;

/// A packet that says too little to be trusted (a reset, or the first after a long silence) is
/// none of a stream that stands farther away: the largest window that is common.
pub(super) const NEAR: u32 = 1 << 18;

/// Bytes of memory that a waiting piece takes besides its data.
const PIECE: usize = 128;

/// What became of a segment's payload.
pub(super) enum Accepted<'a> {
    /// Nothing of it is new, or it waits.
    Kept,
    /// It is the next part of the stream.
    Next(&'a [u8]),
}

impl Tag {
    /// That of an event at `mark`, which waits for nothing.
    pub(super) fn of((at, place): (Option<Stamp>, Place)) -> Self {
        Self { at, place, arrival: 0, ack: None }
    }
}

impl Bytes {
    fn len(&self) -> u64 {
        match self {
            Self::Data(data) => data.len() as u64,
            Self::Cut(len) => *len,
        }
    }

    /// Bytes of memory, those of the map's entry included.
    fn size(&self) -> usize {
        PIECE
            + match self {
                Self::Data(data) => data.len(),
                Self::Cut(_) => 0,
            }
    }
}

impl Half {
    /// A stream whose first sequence number the handshake has told.
    pub(super) fn at(base: u32) -> Self {
        Self { base, has_base: true, anchored: true, ..Self::default() }
    }

    /// Whether any packet has told where the stream is.
    pub(super) fn is_placed(&self) -> bool {
        self.has_base
    }

    /// Takes `seq` as the sequence number of offset 0, from the handshake. Returns whether that
    /// agrees with what came before.
    pub(super) fn anchor(&mut self, seq: u32) -> bool {
        let agrees = match self.base() {
            None => {
                self.place(seq);
                true
            }
            Some(base) if base == seq => true,
            Some(_) if self.next == 0 && !self.anchored => match self.offset(seq) {
                Some(offset) if offset < 0 => {
                    self.rebase(seq, offset.unsigned_abs());
                    true
                }
                _ => false,
            },
            Some(_) => false,
        };
        self.anchored |= agrees;
        agrees
    }

    /// Takes `seq` as offset 0 unless an earlier one is known.
    pub(super) fn place(&mut self, seq: u32) {
        if !self.has_base {
            (self.base, self.has_base) = (seq, true);
        }
    }

    /// Whether `seq` is where this stream starts.
    pub(super) fn starts_at(&self, seq: u32) -> bool {
        self.base() == Some(seq)
    }

    #[inline]
    fn base(&self) -> Option<u32> {
        self.has_base.then_some(self.base)
    }

    /// Where `seq` lies, relative to offset 0; `None` while nothing is known.
    pub(super) fn offset(&self, seq: u32) -> Option<i64> {
        let next = self.next_seq()?;
        let distance = i64::from(seq.wrapping_sub(next).cast_signed());
        Some(self.next.cast_signed().saturating_add(distance))
    }

    /// The sequence number of `next`.
    #[inline]
    pub(super) fn next_seq(&self) -> Option<u32> {
        // The sequence space wraps: only the low 32 bits of the offset matter.
        #[allow(clippy::cast_possible_truncation)]
        Some(self.base()?.wrapping_add(self.next as u32))
    }

    /// How far `seq` lies from where the stream is known to be, in either direction: the next
    /// byte, the last one seen, the last one acknowledged.
    pub(super) fn distance(&self, seq: u32) -> Option<u32> {
        let next = self.next_seq()?;
        [self.next, self.highest, self.acked]
            .into_iter()
            .map(|known| {
                // The sequence space wraps: only the low 32 bits of an offset matter.
                #[allow(clippy::cast_possible_truncation)]
                let place = next.wrapping_add(known.wrapping_sub(self.next) as u32);
                seq.wrapping_sub(place).cast_signed().unsigned_abs()
            })
            .min()
    }

    /// Whether a reset with `seq` may be one of this stream: near where it stands
    /// (RFC 9293 §3.10.7.4 asks for a number in the window), or the answer to a SYN.
    pub(super) fn may_reset(&self, seq: u32) -> bool {
        self.distance(seq).is_none_or(|distance| distance <= NEAR)
    }

    /// The first offset moves back by `by` bytes: earlier bytes of the stream turned up before
    /// any was delivered.
    fn rebase(&mut self, seq: u32, by: u64) {
        self.base = seq;
        self.acked += by;
        self.highest += by;
        if let Some(pending) = &mut self.pending {
            pending.shift(by);
        }
    }

    /// The offset that acknowledgment number `ack` stands for, held to what can be.
    pub(super) fn seen(&self, ack: u32) -> Option<u64> {
        let offset = u64::try_from(self.offset(ack)?).unwrap_or(0);
        Some(match self.fin() {
            // FIN takes a sequence number of its own.
            Some(fin) => offset.min(fin.offset),
            None => offset,
        })
    }

    /// Whether acknowledgment number `ack` covers an end that was not delivered yet.
    pub(super) fn has_open_end(&self, ack: u32) -> bool {
        let fin = self.fin().filter(|_| !self.closed).map(|fin| fin.offset.cast_signed());
        fin.zip(self.offset(ack)).is_some_and(|(fin, acked)| acked > fin)
    }

    /// The offset that acknowledgment number `ack` stands for, if that was delivered and lies
    /// near.
    #[inline]
    pub(super) fn seen_delivered(&self, ack: u32) -> Option<u64> {
        let behind = self.next_seq()?.wrapping_sub(ack);
        if behind > FAR {
            return None;
        }
        self.next.checked_sub(behind.into())
    }

    /// Notes that the other side acknowledged up to `ack`; `arrival` is the segment's number.
    pub(super) fn acknowledge(&mut self, ack: u32, arrival: u64, spare: &mut Spare) {
        let Some(offset) = self.seen(ack) else { return };
        self.fin_acked |= self.fin().is_some_and(|fin| {
            self.offset(ack).is_some_and(|acked| acked > fin.offset.cast_signed())
        });
        if self.acknowledge_to(offset, spare) && offset > self.next {
            self.pending().proven_at.get_or_insert(arrival);
        }
    }

    /// Notes that the other side acknowledged up to `offset`; says whether that is news.
    // See `Flow::push_next`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn acknowledge_to(&mut self, offset: u64, spare: &mut Spare) -> bool {
        if offset <= self.acked {
            return false;
        }
        self.acked = offset;
        let open = self.next.saturating_sub(offset);
        self.history.keep(usize::try_from(open).unwrap_or(usize::MAX), spare);
        true
    }

    /// Takes a segment's payload that starts at `seq`, with `cut` more bytes that were not
    /// captured. With `hold`, nothing is delivered at once. `history` bounds what is kept for
    /// comparison.
    pub(super) fn accept<'a>(
        &mut self,
        seq: u32,
        data: &'a [u8],
        cut: u64,
        tag: Tag,
        hold: bool,
    ) -> Accepted<'a> {
        let Some(mut offset) = self.offset(seq) else { return Accepted::Kept };
        if offset < 0 && hold && !self.anchored && self.next == 0 {
            self.rebase(seq, offset.unsigned_abs());
            offset = 0;
        }
        let next = self.next.cast_signed();
        let mut data = data;
        if offset < next {
            // A keep-alive sends the last acknowledged byte again, or garbage in its place.
            let is_keep_alive =
                data.len() <= 1 && offset == next - 1 && cut == 0 && self.acked >= self.next;
            let old = usize::try_from(next - offset).unwrap_or(usize::MAX).min(data.len());
            let (again, new) = data.split_at_checked(old).unwrap_or((data, &[]));
            if !is_keep_alive {
                self.compare_history(offset, again, tag.place);
            }
            offset += (old as u64).cast_signed();
            data = new;
            if data.is_empty() {
                return self.accept_cut(offset, cut, tag);
            }
        }
        let offset = offset.unsigned_abs();
        let end = offset + data.len() as u64;
        let has_no_piece = self.pending.as_ref().is_none_or(|pending| pending.has_no_piece());
        if offset == self.next && has_no_piece && cut == 0 && !hold {
            return Accepted::Next(data);
        }
        self.wait(offset, data, tag, self.highest);
        self.accept_cut(end.cast_signed(), cut, tag)
    }

    /// Notes `cut` bytes at `offset` that were on the wire but not captured.
    fn accept_cut(&mut self, offset: i64, cut: u64, tag: Tag) -> Accepted<'static> {
        let start = offset.max(self.next.cast_signed()).unsigned_abs();
        let end = offset.saturating_add_unsigned(cut).max(0).unsigned_abs();
        if start < end && self.pending().wait_for_cut(start, end, tag) {
            self.note_cut(end - start);
            self.highest = self.highest.max(end);
        }
        self.settle();
        Accepted::Kept
    }

    /// Compares bytes at `offset` that were delivered before with what was.
    fn compare_history(&mut self, offset: i64, again: &[u8], place: Place) {
        self.odd().retransmitted += again.len() as u64;
        let start = self.next.cast_signed() - (self.history.len() as u64).cast_signed();
        let skip = usize::try_from(start - offset).unwrap_or(0);
        let from = usize::try_from(offset - start).unwrap_or(0);
        let differ = again
            .iter()
            .skip(skip)
            .zip(self.history.since(from))
            .filter(|(new, old)| new != old)
            .count();
        if differ > 0 {
            let old = self.history.since(from).to_vec();
            self.differ(&old, again.get(skip..).unwrap_or_default());
        }
        self.conflict(differ, place);
    }

    /// Notes two versions of the same bytes.
    #[cold]
    fn differ(&mut self, old: &[u8], new: &[u8]) {
        let at = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        let len = old.len().min(new.len());
        let part = |bytes: &[u8]| bytes.get(at..len).unwrap_or_default().to_vec();
        self.note_conflict(&part(old), &part(new));
    }

    fn conflict(&mut self, bytes: usize, place: Place) {
        if bytes > 0 {
            let odd = self.odd();
            odd.conflicting += bytes as u64;
            odd.first_conflict.get_or_insert(place);
        }
    }

    /// Keeps `data`, which is the next part of the stream, until it may be delivered.
    pub(super) fn keep(&mut self, data: &[u8], tag: Tag) {
        // It is in order, and `accept` has counted it as the highest.
        self.wait(self.next, data, tag, self.next);
    }

    /// Whether the other side has acknowledged bytes that never came.
    pub(super) fn is_owed(&self) -> bool {
        self.acked > self.next || self.first().is_some()
    }

    /// Keeps `data` at `offset` until what is before it has come; the first copy wins. A
    /// segment that starts before `highest` is out of order.
    fn wait(&mut self, offset: u64, data: &[u8], tag: Tag, highest: u64) {
        let met = self.pending().wait(offset, data, tag);
        if met.again > 0 {
            self.odd().retransmitted += met.again;
        }
        if let Some((old, new)) = &met.versions {
            self.differ(old, new);
        }
        self.conflict(met.differ, tag.place);
        if met.is_new {
            if offset < highest {
                self.odd().out_of_order += 1;
            }
            self.highest = self.highest.max(offset + data.len() as u64);
        }
    }

    /// Cuts the waiting piece across `at` in two.
    pub(super) fn split(&mut self, at: u64) {
        if let Some(pending) = &mut self.pending {
            pending.split(at);
        }
    }

    /// Notes the end of the stream at `offset`.
    pub(super) fn finish_at(&mut self, offset: i64, tag: Tag) {
        if self.fin().is_none() {
            let offset = offset.max(self.next.cast_signed()).unsigned_abs();
            self.pending().fin = Some(Fin { offset, tag });
            self.fin_acked = self.acked > offset;
            self.acked = self.acked.min(offset);
        }
    }

    /// The tag of what would be delivered next: a piece that starts at `next`, or the end.
    pub(super) fn front(&self) -> Option<Tag> {
        match self.first() {
            Some((offset, piece)) if offset <= self.next => Some(piece.tag),
            Some(_) => None,
            None => {
                let fin = self.fin().filter(|fin| fin.offset <= self.next && !self.closed)?;
                Some(fin.tag)
            }
        }
    }

    /// Where the piece ends that would be delivered next.
    pub(super) fn front_end(&self) -> Option<u64> {
        let (offset, piece) = self.first()?;
        (offset <= self.next).then(|| offset + piece.bytes.len())
    }

    /// The tag and offset of the first piece (or end) that waits behind missing bytes.
    pub(super) fn behind_hole(&self) -> Option<(Tag, u64)> {
        if let Some((offset, piece)) = self.first() {
            return (offset > self.next).then_some((piece.tag, offset));
        }
        let fin = self.fin().filter(|_| !self.closed)?;
        (fin.offset > self.next).then_some((fin.tag, fin.offset))
    }

    /// Since which segment of the connection it is proven that the bytes at `next` were sent.
    pub(super) fn proven_at(&self) -> Option<u64> {
        self.pending.as_ref()?.proven_at.filter(|_| self.acked > self.next)
    }

    /// Takes the piece at `next` out of the waiting ones, with what of it is still to deliver.
    pub(super) fn pop(&mut self) -> Option<Piece> {
        self.pending.as_mut()?.pop(self.next)
    }

    /// The first contiguous waiting bytes, at most `most`: to look at before any is delivered.
    pub(super) fn peek(&self, most: usize) -> Vec<u8> {
        self.pending.as_ref().map(|pending| pending.peek(self.next, most)).unwrap_or_default()
    }

    /// Whether all that is missing is one number after the last byte seen, acknowledged.
    pub(super) fn is_at_lost_fin(&self) -> bool {
        self.fin().is_none() && self.highest <= self.next && self.acked == self.next + 1
    }

    /// Whether anything waits.
    pub(super) fn is_waiting(&self) -> bool {
        self.first().is_some() || self.fin().is_some_and(|_| !self.closed)
    }

    /// Notes that `data` was delivered at `next`, keeping at most `history` unacknowledged
    /// bytes to compare with.
    pub(super) fn delivered(&mut self, data: &[u8], history: usize, spare: &mut Spare) {
        self.delivered_next(data, history, spare);
        self.settle();
    }

    /// The same for a calm stream.
    // See `Flow::push_next`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn delivered_next(&mut self, data: &[u8], history: usize, spare: &mut Spare) {
        self.next += data.len() as u64;
        self.highest = self.highest.max(self.next);
        if history == 0 {
            return;
        }
        let open = usize::try_from(self.next.saturating_sub(self.acked)).unwrap_or(usize::MAX);
        let keep = open.min(history);
        let tail = data.get(data.len().saturating_sub(keep)..).unwrap_or(data);
        self.history.add(tail, keep, spare);
    }

    /// Notes that `bytes` at `next` were given up as missing.
    pub(super) fn gave_up(&mut self, bytes: u64) {
        self.next += bytes;
        self.odd().missing += bytes;
        self.note_gap();
        self.history = History::default();
        self.settle();
    }

    /// Leaves out `bytes` at `next`, which belong to a relay's header.
    pub(super) fn skip(&mut self, bytes: u64) {
        let until = self.next + bytes;
        if let Some(pending) = &mut self.pending {
            pending.skip(self.next, until);
        }
        self.next = until;
        self.settle();
    }

    /// Lets go of what is no longer needed.
    #[inline]
    fn settle(&mut self) {
        let Some(pending) = &mut self.pending else { return };
        if self.acked <= self.next {
            pending.proven_at = None;
        }
        if pending.is_void() {
            self.pending = None;
        }
    }

    /// See [`Consume::touch`](crate::chunk::Consume::touch).
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        self.next ^ u64::from(self.base) ^ self.history.len() as u64
    }

    /// Whether the stream has ended: everything before its end may still be to come.
    #[inline]
    pub(super) fn has_end(&self) -> bool {
        match &self.pending {
            Some(pending) => pending.fin.is_some(),
            None => self.closed,
        }
    }

    /// Whether nothing is missing or waits, or stands still.
    #[inline]
    pub(super) fn is_calm(&self) -> bool {
        self.pending.is_none() && !self.is_hurt()
    }

    /// Where and when the stream ended.
    #[inline]
    pub(super) fn fin(&self) -> Option<Fin> {
        match &self.pending {
            Some(pending) => pending.fin,
            // It came in order, and nothing came behind it.
            None if self.closed => Some(self.fin_here()),
            None => None,
        }
    }

    /// An end that was delivered: nobody asks when.
    fn fin_here(&self) -> Fin {
        Fin { offset: self.next, tag: Tag::of((None, Place::default())) }
    }

    /// Ends a calm stream here: delivered, so that nothing waits.
    #[inline]
    pub(super) fn close(&mut self) {
        self.fin_acked = false;
        self.closed = true;
    }

    /// Notes where a stream ended that was closed, as more may come behind its end.
    #[inline]
    pub(super) fn open_end(&mut self) {
        if self.closed && self.pending.is_none() {
            let fin = self.fin_here();
            self.pending().fin = Some(fin);
        }
    }

    /// Whether `ack` acknowledges the end of a calm stream, which was delivered.
    #[inline]
    pub(super) fn is_end(&self, ack: u32) -> bool {
        self.closed && self.next_seq() == Some(ack.wrapping_sub(1))
    }

    /// Bytes of memory that wait.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.size)
    }

    /// Bytes of memory that wait or are kept for comparison.
    pub(super) fn held(&self) -> usize {
        self.waiting_bytes() + self.history.held()
    }

    /// What happened; bytes that were left out count as delivered.
    pub(super) fn tally(&self) -> Tally {
        let odd = self.odd.as_deref().map(|notes| notes.tally).unwrap_or_default();
        // No gap is delivered twice, and nothing else moves `next`.
        Tally { bytes: self.next.saturating_sub(odd.missing), ..odd }
    }

    /// The waiting piece with the lowest offset.
    fn first(&self) -> Option<(u64, &Piece)> {
        self.pending.as_ref()?.first()
    }

    fn pending(&mut self) -> &mut Pending {
        self.pending.get_or_insert_default()
    }

    fn odd(&mut self) -> &mut Tally {
        &mut self.notes().tally
    }

    fn notes(&mut self) -> &mut Notes {
        self.odd.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(arrival: u64) -> Tag {
        let place = Place::new(arrival);
        Tag { at: None, place, arrival, ack: None }
    }

    /// A stream from sequence number `isn`, fed with `segments` of (offset, bytes); what was
    /// delivered, with `?` for each missing byte.
    fn run(isn: u32, segments: &[(u32, &[u8])]) -> (String, Half) {
        let mut half = Half::default();
        half.anchor(isn);
        let mut out = Vec::new();
        for (number, &(offset, data)) in segments.iter().enumerate() {
            let seq = isn.wrapping_add(offset);
            if let Accepted::Next(data) = half.accept(seq, data, 0, tag(number as u64), false) {
                out.extend(data);
                half.delivered(data, 100, &mut Spare::default());
            }
            while let Some(piece) = half.pop() {
                if let Bytes::Data(data) = piece.bytes {
                    out.extend(&data);
                    half.delivered(&data, 100, &mut Spare::default());
                }
            }
        }
        while let Some((_, offset)) = half.behind_hole() {
            out.extend(vec![b'?'; usize::try_from(offset - half.next).unwrap()]);
            half.gave_up(offset - half.next);
            while let Some(Piece { bytes: Bytes::Data(data), .. }) = half.pop() {
                out.extend(&data);
                half.delivered(&data, 100, &mut Spare::default());
            }
        }
        (String::from_utf8(out).unwrap(), half)
    }

    #[test]
    fn every_way_two_segments_can_meet_keeps_the_first_copy() {
        // The first is `BBBB` at 4..8; the second `xx…` wherever; the rest arrives at last.
        for start in 0..10_u32 {
            for len in 1..8_u32 {
                let second = vec![b'x'; len as usize];
                let (text, half) =
                    run(7, &[(4, b"BBBB"), (start, &second), (0, b"AAAA"), (8, b"CCCCCCCCCC")]);
                let expected: String = (0..18_u32)
                    .map(|at| match at {
                        4..8 => 'B',
                        _ if (start..start + len).contains(&at) => 'x',
                        0..4 => 'A',
                        _ => 'C',
                    })
                    .collect();
                assert_eq!(text, expected, "start {start} len {len}");
                let again = (4..8).filter(|at| (start..start + len).contains(at)).count() as u64;
                let later = u64::from(len) - again;
                assert_eq!(half.tally().conflicting, again + later, "start {start} len {len}");
            }
        }
    }

    #[test]
    fn the_sequence_space_wraps() {
        let (text, half) = run(u32::MAX - 2, &[(0, b"abcd"), (8, b"ij"), (4, b"efgh")]);
        assert_eq!((text.as_str(), half.tally().out_of_order), ("abcdefghij", 1));
    }

    #[test]
    fn what_comes_again_is_compared_until_it_is_acknowledged() {
        let mut half = Half::default();
        half.anchor(1);
        for (seq, data) in [(1, b"abcd"), (3, b"cdef"), (1, b"aXXd")] {
            if let Accepted::Next(data) = half.accept(seq, data, 0, tag(1), false) {
                half.delivered(data, 100, &mut Spare::default());
            }
        }
        assert_eq!(
            (half.tally().bytes, half.tally().retransmitted, half.tally().conflicting),
            (6, 6, 2)
        );
        half.acknowledge(7, 4, &mut Spare::default());
        half.accept(1, b"ZZZZ", 0, tag(5), false);
        assert_eq!((half.tally().retransmitted, half.tally().conflicting), (10, 2));
    }

    #[test]
    fn a_keep_alive_is_no_retransmission() {
        let mut half = Half::default();
        half.anchor(1);
        if let Accepted::Next(data) = half.accept(1, b"ab", 0, tag(1), false) {
            half.delivered(data, 100, &mut Spare::default());
        }
        half.acknowledge(3, 2, &mut Spare::default());
        half.accept(2, b"\0", 0, tag(3), false);
        assert_eq!((half.tally().retransmitted, half.tally().conflicting), (0, 0));
    }

    #[test]
    fn a_hole_is_a_gap_of_exactly_the_missing_bytes() {
        let (text, half) = run(1, &[(0, b"ab"), (5, b"fg")]);
        assert_eq!((text.as_str(), half.tally().missing), ("ab???fg", 3));
    }

    #[test]
    fn bytes_cut_by_the_capture_are_no_data() {
        let mut half = Half::default();
        half.anchor(1);
        assert!(matches!(half.accept(1, b"ab", 3, tag(1), false), Accepted::Kept));
        assert!(matches!(half.accept(6, b"fg", 0, tag(2), false), Accepted::Kept));
        let mut sizes = Vec::new();
        while let Some(piece) = half.pop() {
            match piece.bytes {
                Bytes::Data(data) => half.delivered(&data, 0, &mut Spare::default()),
                Bytes::Cut(cut) => half.gave_up(cut),
            }
            sizes.push(half.next);
        }
        assert_eq!(sizes, [2, 5, 7]);
    }
}
