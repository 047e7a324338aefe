//! Values → JSON, written one after the other into memory that is there already.
//!
//! In: constants, numbers, times, bytes of the wire. Out: their text, printable. Knows nothing of
//! sessions.

// Each write is a comparison and a few moves if its length is known, and a call if it is not.
#![allow(clippy::inline_always)]

use crate::dialog::session::{Session, Span};
use crate::escape::{copy_plain, copy_short, json_parts, plain_words};
use crate::time::{Calendar, Lapse, Stamp, eight_digits, last_digit, three_digits};
use std::net::IpAddr;
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
        let room = memory.get_mut(start..).unwrap_or_default();
        let left = write(Room(room)).0.len();
        if left > 0 {
            return memory.len() - left;
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

/// The text of a mark, which may come again.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    text: [u8; 80],
    len: usize,
}

impl Default for Kept {
    fn default() -> Self {
        let mut text = [0; 80];
        put(&mut text, 0, Self::HEAD);
        Self { text, len: 0 }
    }
}

impl Kept {
    /// What each begins with.
    const HEAD: &[u8; 7] = br#","at":""#;

    /// Becomes the text of a time, with as many digits of the second's fraction, and of a frame.
    #[inline]
    pub(super) fn mark(&mut self, calendar: &mut Calendar, at: Stamp, digits: u8, frame: u32) {
        let Self { text, len } = self;
        let mut end = Self::HEAD.len();
        if let Some(to) = text.get_mut(end..).and_then(<[u8]>::first_chunk_mut) {
            end += calendar.write(at, digits, to);
        }
        end = put(text, end, br#"","frame":"#);
        let (number, digits) = digits_of(frame);
        put(text, end, &number);
        *len = put(text, end + digits, br#","line_no":null"#);
    }
}

/// Puts `part` at a place of `text`, if there is room for it. Returns where it ends.
#[inline(always)]
fn put<const N: usize>(text: &mut [u8], at: usize, part: &[u8; N]) -> usize {
    if let Some(to) = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *to = *part;
    }
    at + N
}

/// The digits of a number of at most eight, and how many they are.
#[inline(always)]
fn digits_of(number: u32) -> ([u8; 8], usize) {
    const DIGITS: u64 = u64::from_le_bytes([0x0f; 8]);
    let (digits, most) = if number < 1_000_000 {
        let (high, low) = (three_digits(number / 1000), three_digits(number % 1000));
        (u64::from(high) | u64::from(low) << 24, 6)
    } else {
        (u64::from_le_bytes(eight_digits(number)), 8)
    };
    // The last digit counts even if it is 0, and of the others those behind the first that is not.
    let last = 1 << ((most - 1) * 8);
    let zeros = (digits & DIGITS | last).trailing_zeros() & !7;
    ((digits >> zeros).to_le_bytes(), (most - zeros / 8) as usize)
}

/// The numbers of one byte, each with a point behind it, and how long they are without.
// It is indexed where it is made, with what is in it.
#[allow(clippy::indexing_slicing)]
static OCTETS: [([u8; 4], u8); 256] = {
    let mut octets = [([b'.'; 4], 0); 256];
    let mut number = 0;
    while number < 256 {
        let [.., hundred, ten, one] = eight_digits(number);
        octets[number as usize] = match number {
            0..10 => ([one, b'.', 0, 0], 1),
            10..100 => ([ten, one, b'.', 0], 2),
            _ => ([hundred, ten, one, b'.'], 3),
        };
        number += 1;
    }
    octets
};

/// Memory for a text that is shorter than half of it: where its end is, is then not compared with
/// anything, and durations are written in place.
#[derive(Debug)]
pub(super) struct Strip<'a> {
    to: &'a mut [u8; 2048],
    end: usize,
}

impl Strip<'_> {
    /// Writes `text`, which is JSON.
    #[inline(always)]
    pub(super) fn raw(self, text: &str) -> Self {
        // As a compiler knows that there is room now, it does not ask.
        let end = self.end & 1023;
        if let Some(to) = self.to.get_mut(end..end + text.len()) {
            to.copy_from_slice(text.as_bytes());
        }
        Self { end: end + text.len(), ..self }
    }

    /// A duration in microseconds.
    #[inline(always)]
    pub(super) fn lapse(self, lapse: Option<Lapse>) -> Self {
        let Some(lapse) = lapse else { return self.raw("null") };
        match u32::try_from(lapse.nanos()) {
            Ok(nanos @ 0..1_000_000_000) => {
                let (digits, len) = digits_of(nanos / 1000);
                let end = self.end & 1023;
                put(self.to, end, &digits);
                Self { end: end + len, ..self }
            }
            _ => self.long_lapse(lapse),
        }
    }

    /// A duration of a second or more, or against the clock.
    #[inline(never)]
    fn long_lapse(self, lapse: Lapse) -> Self {
        self.raw(itoa::Buffer::new().format(lapse.micros()))
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
            // Most are counts of nothing.
            Ok(digit @ 0..10) => self.block(&[last_digit(digit)], 1),
            _ => self.long_number(number),
        }
    }

    /// A number of more than one digit.
    #[inline(never)]
    fn long_number(self, number: u64) -> Self {
        match u32::try_from(number) {
            Ok(small @ 0..1_000_000) => {
                let (digits, len) = digits_of(small);
                self.block(&digits, len)
            }
            _ => self.huge_number(number),
        }
    }

    /// A number of more than six digits.
    #[inline(never)]
    fn huge_number(self, number: u64) -> Self {
        match u32::try_from(number) {
            Ok(small @ 0..100_000_000) => {
                let (digits, len) = digits_of(small);
                self.block(&digits, len)
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

    /// A time, with as many digits of the second's fraction.
    #[inline(always)]
    pub(super) fn time(self, calendar: &mut Calendar, at: Stamp, digits: u8) -> Self {
        self.with_block(|to| calendar.write(at, digits, to))
    }

    pub(super) fn address(self, addr: IpAddr) -> Self {
        let out = self.raw("\"");
        let out = match addr {
            IpAddr::V4(addr) => {
                let [first, second, third, last] = addr.octets();
                out.octet(first, 1).octet(second, 1).octet(third, 1).octet(last, 0)
            }
            IpAddr::V6(addr) => out.raw(&addr.to_string()),
        };
        out.raw("\"")
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
        self.raw("\"").raw(name).raw("\"")
    }

    /// Bytes of the wire, which lie in the text of `session`.
    pub(super) fn span(self, session: &Session, span: Span) -> Self {
        self.plain_span(session, span, |out| out.text(session.bytes(span)))
    }

    /// The same if they and the next few are plain; else what `write` makes of them.
    #[inline(always)]
    pub(super) fn plain_span(
        mut self,
        session: &Session,
        span: Span,
        write: impl FnOnce(Self) -> Self,
    ) -> Self {
        // Whole blocks; the rest of the last is whatever follows in the session's text.
        let whole = session.bytes(Span { len: span.len.next_multiple_of(16), ..span });
        let (blocks, _) = whole.as_chunks();
        let len = span.len as usize;
        // At the end of the session's text, too little follows.
        if blocks.len() * 16 >= len && self.try_copy(blocks) {
            return self.quoted(len);
        }
        write(self)
    }

    /// Copies `blocks` to behind the first byte; whether they fit and are plain.
    #[inline(always)]
    fn try_copy(&mut self, blocks: &[[u8; 16]]) -> bool {
        let (to, _) = self.0.get_mut(1..).unwrap_or_default().as_chunks_mut();
        blocks.len() <= to.len() && copy_plain(blocks, to)
    }

    /// Bytes of the wire.
    #[inline(never)]
    pub(super) fn text(mut self, bytes: &[u8]) -> Self {
        if self.try_text(bytes) {
            return self.quoted(bytes.len());
        }
        let (out, rest) = self.raw("\"").plain(bytes);
        out.close(rest)
    }

    /// Copies `bytes` to behind the first byte; whether they fit and are plain, as nearly all
    /// longer ones are.
    #[inline]
    fn try_text(&mut self, bytes: &[u8]) -> bool {
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
