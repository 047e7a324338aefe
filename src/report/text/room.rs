//! Values → JSON, written one after the other into memory that is there already.
//!
//! In: constants, numbers, times, bytes of the wire. Out: their text, printable. Knows nothing of
//! sessions.

// Each write is a comparison and a few moves if its length is known, and a call if it is not.
#![allow(clippy::inline_always)]

use super::digits::{OCTETS, put, put_digits};
use crate::dialog::session::{Mark, Span};
use crate::escape::{copy_plain, copy_short, json_parts, plain_words};
use crate::place::Place;
use crate::time::{Calendar, Lapse, Stamp, short_digits, three_digits};
use std::mem::take;
use std::net::{IpAddr, Ipv4Addr};
use std::slice;

/// What is left of the memory for a text: each write takes its part from the beginning and gives
/// the rest. What does not fit leaves nothing, see [`fill`]. It is handed on by value, so that it
/// stays in registers.
#[derive(Debug, Default)]
pub(in crate::report) struct Room<'a>(&'a mut [u8]);

/// Has `write` fill `memory` from `start` on; if that is too small, again with more of it.
/// Returns where the text ends.
pub(in crate::report) fn fill(
    memory: &mut Vec<u8>,
    start: usize,
    mut write: impl FnMut(Room<'_>) -> Room<'_>,
) -> usize {
    loop {
        if let Some(end) = try_fill(memory, start, &mut write) {
            return end;
        }
        // New memory is zeros already: none are written.
        let mut more = vec![0; (memory.len() * 2).max(8192)];
        let written = memory.get(..start).unwrap_or_default();
        if let Some((to, _)) = more.split_at_mut_checked(written.len()) {
            to.copy_from_slice(written);
        }
        *memory = more;
    }
}

/// Has `write` write from `start` on. Returns where the text ends; `None` if it does not fit.
pub(in crate::report) fn try_fill(
    memory: &mut [u8],
    start: usize,
    write: impl FnOnce(Room<'_>) -> Room<'_>,
) -> Option<usize> {
    let room = memory.get_mut(start..).unwrap_or_default();
    let left = write(Room(room)).0.len();
    (left > 0).then(|| memory.len() - left)
}

/// The text of a mark, which may come again.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    place: Place,
    /// `None` if nothing is kept.
    at: Option<Stamp>,
    text: [u8; 80],
    len: usize,
}

impl Default for Kept {
    fn default() -> Self {
        let mut text = [0; 80];
        put(&mut text, 0, Self::HEAD);
        Self { place: Place::default(), at: None, text, len: 0 }
    }
}

impl Kept {
    /// What each begins with.
    const HEAD: &[u8; 7] = br#","at":""#;

    /// Keeps nothing.
    pub(super) fn clear(&mut self) {
        self.at = None;
    }

    /// Whether it is the text of `mark`.
    #[inline(always)]
    pub(super) fn is_of(&self, mark: Mark) -> bool {
        self.place == mark.place && self.at.is_some() && self.at == mark.at
    }

    /// Becomes the text of a time, which has `at_len` bytes, and of a frame, which is at
    /// `place`.
    #[inline(always)]
    pub(super) fn mark(
        &mut self,
        calendar: &mut Calendar,
        (at, at_len): (Stamp, usize),
        (place, frame): (Place, u32),
    ) {
        (self.at, self.place) = (Some(at), place);
        let Self { text, len, .. } = self;
        let mut end = Self::HEAD.len();
        if let Some(to) = text.get_mut(end..).and_then(<[u8]>::first_chunk_mut) {
            calendar.write_len(at, at_len, to);
        }
        // It is less: a compiler should know.
        end += at_len % Calendar::WIDTH;
        end = put(text, end, br#"","frame":"#);
        end = put_digits(text, end, frame);
        *len = put(text, end, br#","line_no":null"#);
    }
}

/// Bytes of a [`Strip`].
const STRIP: usize = 4096;

/// Bytes of the wire that a strip takes at once.
const PIECE: usize = 512;

/// Memory for a text that is shorter than half of it: where its end is, is then not compared with
/// anything, and what is short is written in place. Texts of ours and numbers in a strip are less
/// than 1 kB, pieces of the wire at most two.
#[derive(Debug)]
pub(super) struct Strip<'a> {
    to: &'a mut [u8; STRIP],
    end: usize,
}

impl Strip<'_> {
    /// Where the next text goes. As a compiler knows that there is room behind it, it does not ask.
    #[inline(always)]
    fn at(&self) -> usize {
        self.end & (STRIP / 2 - 1)
    }

    /// Writes `text`, which is JSON.
    #[inline(always)]
    pub(super) fn raw(self, text: &str) -> Self {
        let end = self.at();
        if let Some(to) = self.to.get_mut(end..end + text.len()) {
            to.copy_from_slice(text.as_bytes());
        }
        Self { end: end + text.len(), ..self }
    }

    /// Writes the first `len` bytes of `block`; all of it goes there.
    #[inline(always)]
    pub(super) fn block<const N: usize>(self, block: &[u8; N], len: usize) -> Self {
        let end = self.at();
        put(self.to, end, block);
        Self { end: end + len, ..self }
    }

    /// Writes what was kept.
    #[inline(always)]
    pub(super) fn kept(self, kept: &Kept) -> Self {
        self.block(&kept.text, kept.len)
    }

    /// The code of a reply, if it has three digits.
    #[inline(always)]
    pub(super) fn code(self, code: Option<u16>) -> Option<Self> {
        match code {
            Some(code @ 100..1000) => Some(self.block(&three_digits(code.into()).to_le_bytes(), 3)),
            _ => None,
        }
    }

    /// A number, if it has at most eight digits.
    #[inline(always)]
    pub(super) fn number(self, number: impl Into<u64>) -> Option<Self> {
        match u32::try_from(number.into()) {
            Ok(number @ 0..100_000_000) => Some(self.digits(number)),
            _ => None,
        }
    }

    /// A number of at most eight digits.
    #[inline(always)]
    fn digits(self, number: u32) -> Self {
        let end = self.at();
        Self { end: put_digits(self.to, end, number), ..self }
    }

    /// A time, which has `len` bytes.
    #[inline(always)]
    pub(super) fn time(self, calendar: &mut Calendar, at: Stamp, len: usize) -> Self {
        let end = self.at();
        if let Some(to) = self.to.get_mut(end..).and_then(<[u8]>::first_chunk_mut) {
            calendar.write_len(at, len, to);
        }
        Self { end: end + len, ..self }
    }

    /// A duration in microseconds.
    #[inline(always)]
    pub(super) fn lapse(self, lapse: Option<Lapse>) -> Self {
        let Some(lapse) = lapse else { return self.raw("null") };
        match u64::try_from(lapse.nanos()) {
            Ok(nanos @ 0..1_000_000_000) => {
                self.digits(u32::try_from(nanos).unwrap_or_default() / 1000)
            }
            _ => self.long_lapse(lapse),
        }
    }

    /// A duration of a second or more, or against the clock.
    #[inline(never)]
    fn long_lapse(self, lapse: Lapse) -> Self {
        match u64::try_from(lapse.nanos()).map(|nanos| u32::try_from(nanos / 1000)) {
            Ok(Ok(micros @ 0..100_000_000)) => self.digits(micros),
            _ => self.raw(itoa::Buffer::new().format(lapse.micros())),
        }
    }

    /// An address of four octets.
    #[inline(always)]
    pub(super) fn address(self, addr: Ipv4Addr) -> Self {
        let [first, second, third, last] = addr.octets();
        let out = self.raw("\"").octet(first, 1).octet(second, 1);
        out.octet(third, 1).octet(last, 0).raw("\"")
    }

    /// A number, and the point behind it if `point` is 1.
    #[inline(always)]
    fn octet(self, octet: u8, point: usize) -> Self {
        // There is one for each octet.
        #[allow(clippy::indexing_slicing)]
        let (text, len) = &OCTETS[usize::from(octet)];
        self.block(text, usize::from(*len) + point)
    }

    /// A name of ours, in which nothing is to be escaped.
    #[inline(always)]
    pub(super) fn name(self, name: &str) -> Self {
        let (end, name) = (self.at(), name.as_bytes());
        put(self.to, end, b"\"");
        let to = end + 1;
        // For one so short a call takes longer than the copy; what is in both parts is the same.
        match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
            (Some(first), Some(last)) if name.len() <= 16 => {
                put(self.to, to, first);
                put(self.to, to + name.len() - 8, last);
            }
            _ => match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
                (Some(first), Some(last)) if name.len() <= 8 => {
                    put(self.to, to, first);
                    put(self.to, to + name.len() - 4, last);
                }
                _ => {
                    if let Some(to) = self.to.get_mut(to..to + name.len()) {
                        to.copy_from_slice(name);
                    }
                }
            },
        }
        Self { end: end + 1 + name.len(), ..self }.raw("\"")
    }

    /// Bytes of the wire, which lie in the `text` of a session, if they and the next few are plain
    /// and not too many.
    #[inline(always)]
    pub(super) fn span(self, text: &[u8], span: Span) -> Option<Self> {
        let end = self.at();
        let (start, len) = (span.at as usize, span.len as usize);
        // Whole blocks; the rest of the last is whatever follows in the session's text. At its
        // end, too little follows.
        let (blocks, _) = text.get(start..start + len.next_multiple_of(16))?.as_chunks();
        let to: &mut [u8; PIECE] = self.to.get_mut(end + 1..)?.first_chunk_mut()?;
        let (to, _) = to.as_chunks_mut();
        if blocks.len() > to.len() || !copy_plain(blocks, to) {
            return None;
        }
        put(self.to, end, b"\"");
        // It is less than a piece: all of it was copied there.
        let len = len & (2 * PIECE - 1);
        put(self.to, end + 1 + len, b"\"");
        Some(Self { end: end + len + 2, ..self })
    }
}

impl Room<'_> {
    /// Writes `text`, which is JSON.
    #[inline(always)]
    pub(in crate::report) fn raw(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Writes `bytes`, which are JSON.
    #[inline(always)]
    pub(in crate::report) fn bytes(self, bytes: &[u8]) -> Self {
        match self.0.split_at_mut_checked(bytes.len()) {
            Some((to, rest)) => {
                to.copy_from_slice(bytes);
                Self(rest)
            }
            None => Self::default(),
        }
    }

    /// Has `write` write texts of ours and durations, of which so much is known that nobody looks
    /// for each whether there is room.
    #[inline(always)]
    pub(super) fn strip(self, write: impl FnOnce(Strip<'_>) -> Strip<'_>) -> Self {
        self.with_block(|to| write(Strip { to, end: 0 }).end)
    }

    /// Has `write` write a strip. Returns whether it could: nothing is written if not.
    #[inline(always)]
    pub(super) fn attempt(&mut self, write: impl FnOnce(Strip<'_>) -> Option<Strip<'_>>) -> bool {
        let Some(to) = self.0.first_chunk_mut() else { return false };
        let Some(Strip { end, .. }) = write(Strip { to, end: 0 }) else { return false };
        self.0 = take(&mut self.0).get_mut(end..).unwrap_or_default();
        true
    }

    /// Writes the first `len` bytes of `block`. All of it goes there and some is written over
    /// again: that is far cheaper than a copy of a length that only the data knows.
    #[inline(always)]
    pub(super) fn block<const N: usize>(self, block: &[u8; N], len: usize) -> Self {
        self.with_block(|to| {
            *to = *block;
            len
        })
    }

    /// Has `write` fill a block; it returns how many bytes of it are the text.
    #[inline(always)]
    fn with_block<const N: usize>(self, write: impl FnOnce(&mut [u8; N]) -> usize) -> Self {
        match self.0.first_chunk_mut() {
            Some(to) => {
                let len = write(to);
                Self(self.0.get_mut(len..).unwrap_or_default())
            }
            None => Self::default(),
        }
    }

    /// Writes what was kept.
    #[inline(always)]
    pub(super) fn kept(self, kept: &Kept) -> Self {
        self.block(&kept.text, kept.len)
    }

    #[inline(always)]
    pub(super) fn null(self) -> Self {
        self.raw("null")
    }

    #[inline(always)]
    pub(super) fn number(self, number: impl Into<u64>) -> Self {
        let number = number.into();
        match u32::try_from(number) {
            Ok(short @ 0..1_000_000) => {
                let (digits, len) = short_digits(short);
                self.block(&digits.to_le_bytes(), len)
            }
            _ => self.long_number(number),
        }
    }

    /// A number of more than six digits.
    #[inline(never)]
    fn long_number(self, number: u64) -> Self {
        match u32::try_from(number) {
            Ok(small @ 0..100_000_000) => {
                self.with_block(|to: &mut [u8; 16]| put_digits(to, 0, small))
            }
            _ => self.raw(itoa::Buffer::new().format(number)),
        }
    }

    /// The code of a reply: nearly always three digits.
    #[inline(always)]
    pub(super) fn code(self, code: Option<u16>) -> Self {
        match code {
            Some(code @ 100..1000) => self.block(&three_digits(code.into()).to_le_bytes(), 3),
            Some(code) => self.number(code),
            None => self.null(),
        }
    }

    /// A duration in microseconds.
    #[inline(always)]
    pub(super) fn lapse(self, lapse: Option<Lapse>) -> Self {
        match lapse {
            Some(lapse) => self.some_lapse(lapse),
            None => self.null(),
        }
    }

    fn some_lapse(self, lapse: Lapse) -> Self {
        match u64::try_from(lapse.nanos()) {
            Ok(nanos) => self.number(nanos / 1000),
            Err(_) => self.negative_lapse(lapse),
        }
    }

    /// A duration against the clock.
    #[cold]
    #[inline(never)]
    fn negative_lapse(self, lapse: Lapse) -> Self {
        self.raw(itoa::Buffer::new().format(lapse.micros()))
    }

    /// A time, which has `len` bytes.
    #[inline(always)]
    pub(super) fn time(self, calendar: &mut Calendar, at: Stamp, len: usize) -> Self {
        self.with_block(|to| {
            calendar.write_len(at, len, to);
            len
        })
    }

    pub(super) fn address(mut self, addr: IpAddr) -> Self {
        if let IpAddr::V4(addr) = addr
            && self.attempt(|out| Some(out.address(addr)))
        {
            return self;
        }
        self.raw("\"").raw(&addr.to_string()).raw("\"")
    }

    /// A name of ours, in which nothing is to be escaped.
    #[inline(always)]
    pub(super) fn name(self, name: &str) -> Self {
        self.raw("\"").raw(name).raw("\"")
    }

    /// Bytes of the wire, which lie in the `text` of a session.
    #[inline(never)]
    pub(super) fn span(mut self, text: &[u8], span: Span) -> Self {
        if self.attempt(|out| out.span(text, span)) {
            return self;
        }
        let start = span.at as usize;
        self.text(text.get(start..start + span.len as usize).unwrap_or_default())
    }

    /// Bytes of the wire.
    #[inline(never)]
    pub(super) fn text(self, bytes: &[u8]) -> Self {
        let (out, rest) = self.raw("\"").plain(bytes);
        out.close(rest)
    }

    /// A text of ours, all of it printable: nothing else in it is to be escaped than what one look
    /// finds, and nearly never that.
    #[inline(never)]
    pub(super) fn own(self, text: &str) -> Self {
        match memchr::memchr2(b'"', b'\\', text.as_bytes()) {
            None => self.name(text),
            Some(_) => self.text(text.as_bytes()),
        }
    }

    /// Writes `bytes` of the wire if they fit and are plain, as nearly all longer ones are. Returns
    /// whether they are.
    #[inline]
    pub(super) fn try_text(&mut self, bytes: &[u8]) -> bool {
        let is_plain = self.try_copy(bytes);
        if is_plain {
            *self = take(self).quoted(bytes.len());
        }
        is_plain
    }

    /// Copies `bytes` to behind the first byte; whether they fit and are plain.
    #[inline]
    fn try_copy(&mut self, bytes: &[u8]) -> bool {
        let Some(to) = self.0.get_mut(1..=bytes.len()) else { return false };
        let (blocks, _) = bytes.as_chunks();
        if !copy_plain(blocks, to.as_chunks_mut().0) {
            return false;
        }
        // The last sixteen bytes again are faster than the rest one by one.
        match (bytes.last_chunk(), to.last_chunk_mut()) {
            (Some(last), Some(to)) => copy_plain(slice::from_ref(last), slice::from_mut(to)),
            _ => copy_short(bytes, to),
        }
    }

    /// Puts quotes around `len` bytes that are there.
    #[inline(always)]
    fn quoted(self, len: usize) -> Self {
        if let Some(quote) = self.0.first_mut() {
            *quote = b'"';
        }
        Self(self.0.get_mut(1 + len..).unwrap_or_default()).raw("\"")
    }

    /// The first line of `lines`, which are joined by LF, and the others.
    pub(super) fn line(self, lines: &[u8]) -> (Self, Option<&[u8]>) {
        // One look finds the end of a line and what is to be escaped in it.
        let (out, rest) = self.raw("\"").plain(lines);
        let end = match rest.first() {
            None | Some(b'\n') => 0,
            Some(_) => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
        };
        let (odd, rest) = rest.split_at(end);
        (out.close(odd), rest.split_first().map(|(_, rest)| rest))
    }

    /// Writes of `bytes` what stands before the first that has to be escaped by its number, or may
    /// be; returns the others, too.
    #[inline]
    fn plain(self, mut bytes: &[u8]) -> (Self, &[u8]) {
        let mut out = self;
        loop {
            // Whole blocks first, as far as they are plain.
            let (blocks, short) = bytes.as_chunks::<16>();
            let mut len = 0;
            for (block, to) in blocks.iter().zip(out.0.as_chunks_mut().0) {
                if !copy_plain(slice::from_ref(block), slice::from_mut(to)) {
                    break;
                }
                len += 16;
            }
            // Then the last sixteen bytes again.
            if len + short.len() == bytes.len()
                && let (Some(last), Some(to)) = (
                    bytes.last_chunk(),
                    out.0.get_mut(..bytes.len()).and_then(<[u8]>::last_chunk_mut),
                )
                && copy_plain(slice::from_ref(last), slice::from_mut(to))
            {
                return (Self(out.0.get_mut(bytes.len()..).unwrap_or_default()), b"");
            }
            out = Self(out.0.get_mut(len..).unwrap_or_default());
            (_, bytes) = bytes.split_at(len);
            let mut fits = true;
            let len = plain_words(bytes, |at, word| match out.0.get_mut(at..at + 8) {
                Some(to) => to.copy_from_slice(&word),
                None => fits = false,
            });
            out =
                if fits { Self(out.0.get_mut(len..).unwrap_or_default()) } else { Self::default() };
            let (_, rest) = bytes.split_at(len);
            // Some servers say how content ends: with "." on a line.
            (out, bytes) = match rest {
                [b'"', rest @ ..] => (out.raw("\\\""), rest),
                [b'\\', rest @ ..] => (out.raw("\\\\"), rest),
                _ => return (out, rest),
            };
        }
    }

    /// Ends a string with `odd` bytes.
    #[inline]
    fn close(self, odd: &[u8]) -> Self {
        let out = if odd.is_empty() { self } else { self.escaped(odd) };
        out.raw("\"")
    }

    /// Writes `bytes` with escapes.
    #[cold]
    fn escaped(self, bytes: &[u8]) -> Self {
        let mut out = Some(self);
        json_parts(bytes, |part| out = out.take().map(|out| out.raw(part)));
        out.unwrap_or_default()
    }

    /// Bytes of the wire, in upper case.
    pub(super) fn upper_case(self, bytes: &[u8]) -> Self {
        self.text(&bytes.to_ascii_uppercase())
    }

    /// What `write` makes of the value, or null.
    #[inline(always)]
    pub(super) fn option<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    /// What `write` makes of each of `values`, without brackets.
    #[inline(always)]
    pub(in crate::report) fn items<T>(
        self,
        values: impl IntoIterator<Item = T>,
        mut write: impl FnMut(Self, T) -> Self,
    ) -> Self {
        let mut values = values.into_iter();
        let Some(first) = values.next() else { return self };
        let mut out = write(self, first);
        for value in values {
            out = write(out.raw(","), value);
        }
        out
    }

    /// What `write` makes of each of `values`.
    #[inline(always)]
    pub(super) fn list<T>(
        self,
        values: impl IntoIterator<Item = T>,
        write: impl FnMut(Self, T) -> Self,
    ) -> Self {
        self.raw("[").items(values, write).raw("]")
    }
}
