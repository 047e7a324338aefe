//! Values → JSON, appended to one buffer.
//!
//! In: constants, numbers, times, bytes of the wire. Out: their text, printable. Knows nothing of
//! sessions.

use crate::escape::{json_parts, plain_words};
use crate::time::{Calendar, Lapse, Stamp, eight_digits, last_digit};
use std::net::IpAddr;

/// A text in the making; what writes the next one uses its memory again.
#[derive(Debug, Default)]
pub(in crate::report) struct Out {
    /// The text so far.
    pub(in crate::report) bytes: Vec<u8>,
    /// Digits of the second's fraction in times.
    pub(super) digits: u8,
    calendar: Calendar,
}

impl Out {
    /// Appends `text`, which is JSON.
    #[inline]
    pub(super) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends the first `len` bytes of `block`. All of it is written and some is taken back:
    /// that is far cheaper than a copy of a length that only the data knows.
    #[inline]
    fn block<const N: usize>(&mut self, block: &[u8; N], len: usize) {
        let end = self.bytes.len() + len;
        self.bytes.extend_from_slice(block);
        self.bytes.truncate(end);
    }

    pub(super) fn null(&mut self) {
        self.raw("null");
    }

    #[inline]
    pub(super) fn number(&mut self, number: impl Into<u64>) {
        let number = number.into();
        match u32::try_from(number) {
            // Most are counts of nothing.
            Ok(digit @ 0..10) => self.bytes.push(last_digit(digit)),
            Ok(small @ 10..100_000_000) => self.small_number(small),
            _ => self.raw(itoa::Buffer::new().format(number)),
        }
    }

    /// A number of no more than eight digits.
    fn small_number(&mut self, number: u32) {
        const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
        let digits = u64::from_le_bytes(eight_digits(number));
        let zeros = (digits ^ ZEROS).trailing_zeros().min(56) / 8;
        self.block(&(digits >> (zeros * 8)).to_le_bytes(), 8 - zeros as usize);
    }

    /// A duration in microseconds.
    pub(super) fn lapse(&mut self, lapse: Option<Lapse>) {
        match lapse.map(|lapse| (u64::try_from(lapse.micros()), lapse)) {
            Some((Ok(micros), _)) => self.number(micros),
            Some((Err(_), lapse)) => self.raw(itoa::Buffer::new().format(lapse.micros())),
            None => self.null(),
        }
    }

    pub(super) fn time(&mut self, at: Option<Stamp>) {
        let Some(at) = at else { return self.null() };
        let mut text = [0; Calendar::WIDTH];
        let len = self.calendar.write(at, self.digits, &mut text);
        self.raw("\"");
        self.block(&text, len);
        self.raw("\"");
    }

    pub(super) fn address(&mut self, addr: IpAddr) {
        self.raw("\"");
        match addr {
            IpAddr::V4(addr) => {
                let [first, rest @ ..] = addr.octets();
                self.number(first);
                for octet in rest {
                    self.raw(".");
                    self.number(octet);
                }
            }
            IpAddr::V6(addr) => self.raw(&addr.to_string()),
        }
        self.raw("\"");
    }

    /// A name of ours, in which nothing is to be escaped.
    pub(super) fn name(&mut self, name: &str) {
        self.raw("\"");
        self.raw(name);
        self.raw("\"");
    }

    /// Bytes of the wire.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        let (_, odd) = bytes.split_at(self.open(bytes));
        self.close(odd);
    }

    /// The first line of `lines`, which are joined by LF; returns the others.
    pub(super) fn line<'a>(&mut self, lines: &'a [u8]) -> Option<&'a [u8]> {
        // One look finds the end of a line and what is to be escaped in it.
        let (_, rest) = lines.split_at(self.open(lines));
        let end = match rest.first() {
            None | Some(b'\n') => 0,
            Some(_) => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
        };
        let (odd, rest) = rest.split_at(end);
        self.close(odd);
        rest.split_first().map(|(_, rest)| rest)
    }

    /// Begins a string with those of `bytes` before the first that is to be escaped, or may be;
    /// returns how many they are.
    #[inline]
    fn open(&mut self, bytes: &[u8]) -> usize {
        self.raw("\"");
        let start = self.bytes.len();
        let len = plain_words(bytes, |at, word| {
            self.bytes.truncate(start + at);
            self.bytes.extend_from_slice(&word);
        });
        self.bytes.truncate(start + len);
        len
    }

    /// Ends a string with `odd` bytes.
    #[inline]
    fn close(&mut self, odd: &[u8]) {
        if !odd.is_empty() {
            self.escaped(odd);
        }
        self.raw("\"");
    }

    /// Appends `bytes` with escapes.
    #[cold]
    fn escaped(&mut self, bytes: &[u8]) {
        json_parts(bytes, |part| self.raw(part));
    }

    /// Bytes of the wire, in upper case.
    pub(super) fn upper_case(&mut self, bytes: &[u8]) {
        // Most servers write it so.
        if bytes.iter().any(u8::is_ascii_lowercase) {
            self.text(&bytes.to_ascii_uppercase());
        } else {
            self.text(bytes);
        }
    }

    /// What `write` makes of the value, or null.
    #[inline]
    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => self.value(value, write),
            None => self.null(),
        }
    }

    /// What `write` makes of `value`.
    #[inline]
    pub(super) fn value<T>(&mut self, value: T, write: impl FnOnce(&mut Self, T)) {
        write(self, value);
    }

    /// What `write` makes of each of `values`.
    #[inline]
    pub(super) fn list<T>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.raw("[");
        for (n, value) in values.into_iter().enumerate() {
            if n > 0 {
                self.raw(",");
            }
            write(self, value);
        }
        self.raw("]");
    }
}
