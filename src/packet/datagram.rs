//! The pieces of one IP datagram.
//!
//! In: its fragments. Out: the datagram, once its last byte is there. Where fragments overlap the
//! first copy stays. It knows neither other datagrams nor what this one carries.

use super::{Ip, Part};
use crate::capture::Frame;
use crate::place::Origin;
use crate::time::Stamp;
use std::collections::BTreeMap;
use std::ops::Range;

/// The longest payload of a fragmented datagram in bytes: lengths of IP have 16 bits.
const DATAGRAM_MAX: usize = 65_535;

/// What a piece costs besides its bytes: its places in map and heap, roughly.
const PIECE_COST: usize = 96;

/// A fragment of an IP datagram.
pub(super) struct Fragment {
    pub(super) ip: Ip,
    pub(super) part: Part,
    /// Length on the wire in bytes.
    pub(super) len: usize,
    /// Where its captured bytes stand in the frame.
    pub(super) captured: Range<usize>,
    /// Whether its datagram would be missed, as far as this fragment tells.
    pub(super) wanted: bool,
}

/// A datagram put together.
pub(super) struct Whole {
    pub(super) ip: Ip,
    /// Its payload, up to the first byte that was not captured.
    pub(super) bytes: Vec<u8>,
    /// Length of its payload on the wire.
    pub(super) wire: usize,
}

/// A datagram being put together.
pub(super) struct Datagram {
    /// Age, the key in the table's lists.
    pub(super) age: u64,
    /// When and where its first fragment came.
    pub(super) at: Option<Stamp>,
    pub(super) origin: Origin,
    /// Whether it would be missed.
    pub(super) wanted: bool,
    /// The addresses and the protocol, in IPv6 that of the first fragment.
    ip: Ip,
    /// By offset, none overlapping another.
    pieces: BTreeMap<usize, Piece>,
    /// Sum of the lengths of the pieces.
    filled: usize,
    /// Where the datagram ends, once its last fragment came.
    end: Option<usize>,
    /// Whether it was handed on.
    pub(super) done: bool,
}

/// Bytes of a datagram, or how many the capture cut off there.
enum Piece {
    Bytes(Vec<u8>),
    Cut(usize),
}

/// How new bytes stand to the pieces that are there.
#[derive(Default)]
struct Overlap {
    /// Ranges that no piece covers.
    holes: Vec<Range<usize>>,
    /// Whether bytes that are there already differ.
    conflict: bool,
}

impl Fragment {
    /// Where the fragment ends in its datagram.
    fn end(&self) -> usize {
        self.part.offset.saturating_add(self.len)
    }

    /// Whether a datagram can have this fragment: offsets count 8 bytes each.
    pub(super) fn is_possible(&self) -> bool {
        let whole_units = !self.part.more || self.len.is_multiple_of(8);
        self.len > 0 && whole_units && self.end() <= DATAGRAM_MAX
    }
}

impl Datagram {
    pub(super) fn new(age: u64, fragment: &Fragment, frame: &Frame<'_>) -> Self {
        Self {
            age,
            at: frame.at,
            origin: frame.origin,
            wanted: fragment.wanted,
            ip: fragment.ip,
            pieces: BTreeMap::new(),
            filled: 0,
            end: None,
            done: false,
        }
    }

    /// What it costs to hold, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.filled.saturating_add(self.pieces.len().saturating_mul(PIECE_COST))
    }

    /// Takes what is new of a fragment; `false` if it contradicts an earlier one.
    pub(super) fn take(&mut self, fragment: &Fragment, captured: &[u8]) -> bool {
        if !self.fits(fragment) {
            return false;
        }
        let offset = fragment.part.offset;
        if offset == 0 && !self.pieces.contains_key(&0) {
            self.ip = fragment.ip;
            self.wanted = fragment.wanted;
        }
        if !fragment.part.more {
            self.end = Some(fragment.end());
        }
        let overlap = self.overlap(offset, captured);
        for hole in overlap.holes {
            let from = hole.start.saturating_sub(offset);
            let to = hole.end.saturating_sub(offset);
            let bytes = captured.get(from..to).unwrap_or_default();
            self.fill(hole.start, Piece::Bytes(bytes.to_vec()));
        }
        for hole in self.holes(offset.saturating_add(captured.len())..fragment.end()) {
            self.fill(hole.start, Piece::Cut(hole.len()));
        }
        !overlap.conflict
    }

    /// Whether the fragment's place agrees with the end of the datagram.
    fn fits(&self, fragment: &Fragment) -> bool {
        match self.end {
            Some(end) if fragment.part.more => fragment.end() <= end,
            Some(end) => fragment.end() == end,
            None => fragment.part.more || self.reach() <= fragment.end(),
        }
    }

    /// Whether a fragment of a complete datagram only says again what is there.
    pub(super) fn repeats(&self, fragment: &Fragment, captured: &[u8]) -> bool {
        self.fits(fragment) && !self.overlap(fragment.part.offset, captured).conflict
    }

    /// Where the last piece ends.
    fn reach(&self) -> usize {
        self.pieces.last_key_value().map_or(0, |(&at, piece)| at.saturating_add(piece.len()))
    }

    fn fill(&mut self, at: usize, piece: Piece) {
        self.filled = self.filled.saturating_add(piece.len());
        self.pieces.insert(at, piece);
    }

    /// The parts of `range` that no piece covers.
    fn holes(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut holes = Vec::new();
        let mut at = range.start;
        for (piece_at, piece) in self.pieces_in(&range) {
            if piece_at > at {
                holes.push(at..piece_at);
            }
            at = at.max(piece_at.saturating_add(piece.len()));
        }
        if at < range.end {
            holes.push(at..range.end);
        }
        holes
    }

    /// How `bytes` at `offset` stand to the pieces.
    fn overlap(&self, offset: usize, bytes: &[u8]) -> Overlap {
        let range = offset..offset.saturating_add(bytes.len());
        let conflict = self.pieces_in(&range).any(|(at, piece)| {
            let Piece::Bytes(old) = piece else {
                return false;
            };
            let old = old.get(offset.saturating_sub(at)..).unwrap_or_default();
            let new = bytes.get(at.saturating_sub(offset)..).unwrap_or_default();
            old.iter().zip(new).any(|(old, new)| old != new)
        });
        Overlap { holes: self.holes(range), conflict }
    }

    /// The pieces that cover a part of `range`, in order.
    fn pieces_in(&self, range: &Range<usize>) -> impl Iterator<Item = (usize, &Piece)> {
        let from = self.pieces.range(..=range.start).next_back().map_or(range.start, |(&at, _)| at);
        let start = range.start;
        self.pieces
            .range(from..range.end.max(from))
            .map(|(&at, piece)| (at, piece))
            .filter(move |(at, piece)| at.saturating_add(piece.len()) > start)
    }

    /// The datagram, if no fragment lacks.
    pub(super) fn whole(&self) -> Option<Whole> {
        let wire = self.end.filter(|&end| end == self.filled)?;
        let mut bytes = Vec::with_capacity(wire);
        for piece in self.pieces.values() {
            match piece {
                Piece::Bytes(piece) => bytes.extend_from_slice(piece),
                Piece::Cut(_) => break,
            }
        }
        Some(Whole { ip: self.ip, bytes, wire })
    }
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Cut(len) => *len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_what_no_piece_covers() {
        let from = super::super::forge::CLIENT.into();
        let fragment = Fragment {
            ip: Ip { from, to: from, protocol: 6 },
            part: Part { identification: 1, offset: 8, more: true },
            len: 16,
            captured: 0..10,
            wanted: true,
        };
        let frame = super::super::forge::frame(1, &[7; 10], 1);
        let mut datagram = Datagram::new(1, &fragment, &frame);
        assert!(datagram.take(&fragment, frame.data));
        assert_eq!(datagram.holes(0..40), [0..8, 24..40]);
        assert_eq!(datagram.holes(9..30).first(), Some(&(24..30)));
        assert!(datagram.holes(8..24).is_empty());
        // What the capture cut agrees with anything.
        let same = [[7; 10].as_slice(), &[8; 6]].concat();
        assert!(!datagram.overlap(8, &same).conflict);
        assert!(datagram.overlap(7, &same).conflict);
    }
}
