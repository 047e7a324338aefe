//! Lines that come in pieces, and replies while their lines come.

use super::Start;
use super::session::{Span, Text};

/// The line of one side that has begun but not ended, if there is one: nearly all lines come
/// whole.
#[derive(Debug, Default)]
pub(super) struct Lines(Option<Box<Begun>>);

/// A line in the making.
#[derive(Debug)]
pub(super) struct Begun {
    /// Its bytes, as many as are kept.
    pub(super) text: Vec<u8>,
    /// Bytes of the line, those not kept included.
    pub(super) octets: u64,
    /// Its first byte.
    pub(super) start: Start,
    /// Bytes of it are missing.
    pub(super) cut: bool,
}

impl Lines {
    /// Adds a piece without LF, keeping at most `most` bytes of the line.
    pub(super) fn add(&mut self, start: Start, piece: &[u8], most: usize) {
        let begun = self.0.get_or_insert_with(|| {
            Box::new(Begun { text: Vec::new(), octets: 0, start, cut: false })
        });
        begun.octets += piece.len() as u64;
        let room = most.saturating_sub(begun.text.len());
        begun.text.extend_from_slice(piece.get(..piece.len().min(room)).unwrap_or_default());
    }

    /// Bytes of memory.
    pub(super) fn held(&self) -> usize {
        self.0.as_ref().map_or(0, |begun| size_of::<Begun>() + begun.text.capacity())
    }

    /// Whether a line has begun.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// The line that has begun, to change it.
    pub(super) fn open(&mut self) -> Option<&mut Begun> {
        self.0.as_deref_mut()
    }

    /// Takes the line, ready for the next.
    pub(super) fn take(&mut self) -> Option<Begun> {
        self.0.take().map(|begun| *begun)
    }

    /// Bytes of the line so far.
    pub(super) fn octets(&self) -> u64 {
        self.0.as_ref().map_or(0, |begun| begun.octets)
    }

    /// The first three bytes of the line that `next` goes on with, fewer if there are no more.
    pub(super) fn head<'a>(&self, next: &[u8], head: &'a mut [u8; 3]) -> &'a [u8] {
        let begun = self.0.as_ref().map_or(&[][..], |begun| begun.text.as_slice());
        let mut len = 0;
        for (to, &byte) in head.iter_mut().zip(begun.iter().chain(next)) {
            *to = byte;
            len += 1;
        }
        head.get(..len).unwrap_or_default()
    }
}

/// The text of a reply while its lines come. They go to the end of the session's text at once;
/// when something else is to go there first, they are set apart.
#[derive(Clone, Debug)]
pub(super) enum ReplyText {
    /// All of the session's text from here on.
    Last(usize),
    Apart(Vec<u8>),
}

impl ReplyText {
    /// That of a reply without lines yet.
    pub(super) fn begin(text: &Text) -> Self {
        Self::Last(text.len())
    }

    /// How many bytes it has.
    pub(super) fn len(&self, text: &Text) -> usize {
        match self {
            Self::Last(from) => text.len().saturating_sub(*from),
            Self::Apart(own) => own.len(),
        }
    }

    /// How many of its bytes are in the session's text.
    pub(super) fn len_in(&self, text: &Text) -> usize {
        if let Self::Last(_) = self { self.len(text) } else { 0 }
    }

    /// Adds a line, the first or another.
    #[inline]
    pub(super) fn add(&mut self, is_first: bool, line: &[u8], text: &mut Text) {
        match self {
            Self::Last(_) => {
                text.reserve(line.len() + 1);
                if !is_first {
                    text.add(b"\n");
                }
                text.add(line);
            }
            Self::Apart(own) => {
                if !is_first {
                    own.push(b'\n');
                }
                own.extend_from_slice(line);
            }
        }
    }

    /// Takes it out of the session's text.
    pub(super) fn set_apart(&mut self, text: &mut Text) {
        if let Self::Last(from) = *self {
            let from = from.min(text.len());
            let apart = text.as_slice().get(from..).unwrap_or_default().to_vec();
            text.truncate(from);
            *self = Self::Apart(apart);
        }
    }

    /// Gives it up.
    pub(super) fn drop_from(self, text: &mut Text) -> Span {
        if let Self::Last(from) = self {
            text.truncate(from);
        }
        Span::default()
    }

    /// Makes it part of the session's text for good.
    pub(super) fn keep(self, text: &mut Text) -> Span {
        match self {
            Self::Last(from) => text.span(from),
            Self::Apart(own) => text.keep(&own),
        }
    }
}

impl Span {
    /// The part of it that has `len` bytes from `at` on.
    pub(super) fn part(self, at: usize, len: usize) -> Self {
        let at = u32::try_from(at).unwrap_or(u32::MAX).min(self.len);
        let len = u32::try_from(len).unwrap_or(u32::MAX).min(self.len - at);
        Self { at: self.at.saturating_add(at), len }
    }
}
