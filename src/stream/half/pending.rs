//! What one direction has not delivered: pieces that came before what is in front of them, and
//! its end. Most directions hold nothing of it most of the time.

use super::{Bytes, Fin, Piece, Tag};
use std::collections::BTreeMap;

/// What waits in one direction.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// By offset; they do not overlap.
    pieces: BTreeMap<u64, Piece>,
    /// Bytes of memory in `pieces`.
    pub(super) size: usize,
    /// Where and when the stream ended; stays when that was delivered.
    pub(super) fin: Option<Fin>,
    /// When the other side acknowledged past what was delivered while bytes were missing there,
    /// as a count of the connection's segments.
    pub(super) proven_at: Option<u64>,
}

/// How a segment's bytes stand to the pieces that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    /// Bytes that wait already.
    pub(super) again: u64,
    /// Those of them that differ.
    pub(super) differ: usize,
    /// Some are new.
    pub(super) is_new: bool,
    /// The first of those that differ: as they wait, and as they are.
    pub(super) versions: Option<(Vec<u8>, Vec<u8>)>,
}

impl Pending {
    /// Whether there is nothing to hold.
    pub(super) fn is_void(&self) -> bool {
        self.pieces.is_empty() && self.fin.is_none() && self.proven_at.is_none()
    }

    /// Whether no piece waits.
    pub(super) fn has_no_piece(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The piece with the lowest offset.
    pub(super) fn first(&self) -> Option<(u64, &Piece)> {
        self.pieces.first_key_value().map(|(&offset, piece)| (offset, piece))
    }

    /// Keeps `data` at `offset` until what is before it has come; the first copy wins.
    pub(super) fn wait(&mut self, offset: u64, data: &[u8], tag: Tag) -> Met {
        let end = offset + data.len() as u64;
        let mut at = offset;
        let mut new: Vec<(u64, u64)> = Vec::new();
        let mut met = Met::default();
        let mut sooner: Vec<(u64, u64)> = Vec::new();
        // The piece before may reach into this one.
        let first = self.pieces.range(..=offset).next_back().map_or(offset, |(start, _)| *start);
        for (&start, piece) in self.pieces.range(first..end) {
            let stop = start + piece.bytes.len();
            if stop <= at {
                continue;
            }
            if start > at {
                new.push((at, start));
            }
            let from = start.max(at);
            let until = stop.min(end);
            met.again += until.saturating_sub(from);
            if is_before(tag.ack, piece.tag.ack) {
                sooner.push((from, until));
            }
            if let Bytes::Data(old) = &piece.bytes {
                let old = slice(old, from - start, until - start);
                let fresh = slice(data, from - offset, until - offset);
                let differ = old.iter().zip(fresh).filter(|(a, b)| a != b).count();
                if differ > 0 {
                    met.versions.get_or_insert_with(|| (old.to_vec(), fresh.to_vec()));
                }
                met.differ += differ;
            }
            at = at.max(stop);
        }
        if at < end {
            new.push((at, end));
        }
        for (from, until) in sooner {
            self.sent_sooner(from, until, tag.ack);
        }
        met.is_new = !new.is_empty();
        for (from, until) in new {
            let bytes = slice(data, from - offset, until - offset).to_vec();
            self.put(from, Piece { tag, bytes: Bytes::Data(bytes) });
        }
        met
    }

    /// Notes that the bytes `start..end` were on the wire but not captured, and says whether
    /// nothing waits there.
    pub(super) fn wait_for_cut(&mut self, start: u64, end: u64, tag: Tag) -> bool {
        let before = self.pieces.range(..end).next_back();
        let is_free = before.is_none_or(|(at, piece)| at + piece.bytes.len() <= start);
        if is_free {
            self.put(start, Piece { tag, bytes: Bytes::Cut(end - start) });
        }
        is_free
    }

    /// Up to where nothing is missing from `next` on, as far as the first `most` pieces tell.
    pub(super) fn contiguous(&self, next: u64, most: usize) -> u64 {
        let mut end = next;
        for (&start, piece) in self.pieces.iter().take(most) {
            if start > end {
                break;
            }
            end = end.max(start + piece.bytes.len());
        }
        end
    }

    fn put(&mut self, offset: u64, piece: Piece) {
        self.size += piece.bytes.size();
        self.pieces.insert(offset, piece);
    }

    /// Notes that the waiting bytes `from..until` were already sent by when their sender had
    /// acknowledged no more than `ack`: the copy at hand is a later one, but came first.
    fn sent_sooner(&mut self, from: u64, until: u64, ack: Option<u32>) {
        self.split(from);
        self.split(until);
        for (_, piece) in self.pieces.range_mut(from..until) {
            piece.tag.ack = ack;
        }
    }

    /// Cuts the piece across `at` in two.
    pub(super) fn split(&mut self, at: u64) {
        let Some((&start, piece)) = self.pieces.range_mut(..at).next_back() else { return };
        let Some(left) = (start + piece.bytes.len()).checked_sub(at).filter(|&left| left > 0)
        else {
            return;
        };
        let tag = piece.tag;
        let before = piece.bytes.size();
        let tail = match &mut piece.bytes {
            Bytes::Data(data) => {
                Bytes::Data(data.split_off(usize::try_from(at - start).unwrap_or(data.len())))
            }
            Bytes::Cut(cut) => {
                *cut -= left;
                Bytes::Cut(left)
            }
        };
        self.size = self.size - before + piece.bytes.size();
        self.put(at, Piece { tag, bytes: tail });
    }

    /// Takes out the first piece, if it starts at `next` or before.
    pub(super) fn pop(&mut self, next: u64) -> Option<Piece> {
        let entry = self.pieces.first_entry()?;
        if *entry.key() > next {
            return None;
        }
        let piece = entry.remove();
        self.size -= piece.bytes.size();
        Some(piece)
    }

    /// Leaves out the bytes from `next` up to `until`.
    pub(super) fn skip(&mut self, mut next: u64, until: u64) {
        while let Some(piece) = self.pop(next) {
            let end = next + piece.bytes.len();
            if end > until {
                if let Bytes::Data(data) = piece.bytes {
                    let rest = slice(&data, until - next, data.len() as u64).to_vec();
                    self.put(until, Piece { tag: piece.tag, bytes: Bytes::Data(rest) });
                }
                break;
            }
            next = end;
        }
    }

    /// The bytes that follow `next` without a hole, at most `most`.
    pub(super) fn peek(&self, next: u64, most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = next;
        for (&offset, piece) in &self.pieces {
            let Bytes::Data(data) = &piece.bytes else { break };
            if offset != at || bytes.len() >= most {
                break;
            }
            at += data.len() as u64;
            bytes.extend(data.iter().take(most - bytes.len()));
        }
        bytes
    }

    /// All offsets move on by `by`.
    pub(super) fn shift(&mut self, by: u64) {
        if let Some(fin) = &mut self.fin {
            fin.offset += by;
        }
        let pieces = std::mem::take(&mut self.pieces);
        self.pieces = pieces.into_iter().map(|(at, piece)| (at + by, piece)).collect();
    }
}

/// Whether acknowledgment number `a` was sent before `b`.
fn is_before(a: Option<u32>, b: Option<u32>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a.wrapping_sub(b).cast_signed() < 0)
}

/// `data[from..until]`, held to what is there.
fn slice(data: &[u8], from: u64, until: u64) -> &[u8] {
    let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
    data.get(index(from)..index(until)).unwrap_or_default()
}
