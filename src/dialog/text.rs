//! The text of a session: what was said, in one block.

use super::session::Span;
use std::mem;

/// Bytes for which a session has room without further memory: nine of ten sessions with one message
/// say no more.
const TEXT: usize = 640;

/// Bytes by which a short text grows: what is said for a message more.
const STEP: usize = 256;

/// The text of a session: commands and replies, one after the other.
#[derive(Clone, Debug)]
pub struct Text(Held);

/// Where it lies: each line is copied there, which takes a vector that may be either longer.
#[derive(Clone, Debug)]
// Clippy would have it elsewhere: each open session has one, and most need no more.
#[allow(clippy::large_enum_variant)]
enum Held {
    /// In place, so many bytes.
    Near(u16, [u8; TEXT]),
    Far(Vec<u8>),
}

impl Default for Text {
    fn default() -> Self {
        Self(Held::Near(0, [0; TEXT]))
    }
}

impl Text {
    /// The bytes of `span`.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        let start = span.at as usize;
        self.as_slice().get(start..start + span.len as usize).unwrap_or_default()
    }

    /// Bytes that are kept.
    #[inline]
    pub(super) fn len(&self) -> usize {
        match &self.0 {
            Held::Near(len, _) => (*len).into(),
            Held::Far(all) => all.len(),
        }
    }

    /// All that is kept.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Held::Near(len, octets) => octets.get(..usize::from(*len)).unwrap_or_default(),
            Held::Far(all) => all,
        }
    }

    /// Bytes of memory besides its own size.
    pub(super) fn held(&self) -> usize {
        if let Held::Far(all) = &self.0 { all.capacity() } else { 0 }
    }

    /// Keeps `bytes`. A text that is full takes more, too: who asks has looked.
    #[inline]
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Span {
        if let Held::Near(len, octets) = &mut self.0
            && let end = usize::from(*len) + bytes.len()
            && let Some(room) = octets.get_mut(usize::from(*len)..end)
            && let Ok(end) = u16::try_from(end)
        {
            room.copy_from_slice(bytes);
            let from = mem::replace(len, end);
            return Span { at: from.into(), len: (end - from).into() };
        }
        self.keep_far(bytes)
    }

    #[inline(never)]
    fn keep_far(&mut self, bytes: &[u8]) -> Span {
        let from = self.len();
        self.add_far(bytes);
        self.span(from)
    }

    /// All from here on.
    pub(super) fn span(&self, from: usize) -> Span {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { at: number(from), len: number(self.len().saturating_sub(from)) }
    }

    /// Adds `bytes` at its end.
    #[inline]
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.keep(bytes);
    }

    #[inline(never)]
    fn add_far(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        if let Held::Far(all) = &mut self.0 {
            all.extend_from_slice(bytes);
        }
    }

    /// Forgets all, and the memory besides its own size.
    pub(super) fn clear(&mut self) {
        match &mut self.0 {
            // What the octets were, nobody reads.
            Held::Near(len, _) => *len = 0,
            Held::Far(_) => *self = Self::default(),
        }
    }

    /// Forgets all from here on.
    pub(super) fn truncate(&mut self, from: usize) {
        match &mut self.0 {
            Held::Near(len, _) => *len = u16::try_from(from).map_or(*len, |from| from.min(*len)),
            Held::Far(all) => all.truncate(from),
        }
    }

    /// Makes room for `more` bytes.
    #[inline]
    pub(super) fn reserve(&mut self, more: usize) {
        let room = match &self.0 {
            Held::Near(len, octets) => octets.len() - usize::from(*len),
            Held::Far(all) => all.capacity() - all.len(),
        };
        if room < more {
            self.grow(more);
        }
    }

    /// Makes room in steps: doubling would cost an open session more than it holds.
    #[cold]
    fn grow(&mut self, more: usize) {
        let more = more.max(STEP).max(self.len() / 4);
        if let Held::Far(all) = &mut self.0 {
            all.reserve_exact(more);
        } else {
            let mut all = Vec::with_capacity(self.len() + more);
            all.extend_from_slice(self.as_slice());
            self.0 = Held::Far(all);
        }
    }
}
