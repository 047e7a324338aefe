//! Values → JSON, appended to one buffer.
//!
//! In: constants, numbers, times, bytes of the wire. Out: their text, printable. Knows nothing of
//! sessions.

use crate::escape::{plain_len, push_json};
use crate::time::{Calendar, Lapse, Stamp};
use std::io::Write as _;
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

    pub(super) fn null(&mut self) {
        self.raw("null");
    }

    pub(super) fn bool(&mut self, yes: bool) {
        self.raw(if yes { "true" } else { "false" });
    }

    pub(super) fn number(&mut self, number: impl Into<u64>) {
        let number = number.into();
        // Most are counts of nothing, or codes of three digits.
        match u16::try_from(number) {
            Ok(small @ 0..10) => self.bytes.push(digit(small)),
            Ok(code @ 100..1000) => {
                let digits = [digit(code / 100), digit(code / 10 % 10), digit(code % 10)];
                self.bytes.extend_from_slice(&digits);
            }
            _ => self.raw(itoa::Buffer::new().format(number)),
        }
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
        self.option(at, |out, at| {
            out.raw("\"");
            out.calendar.push(at, out.digits, &mut out.bytes);
            out.raw("\"");
        });
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
            // Writing to memory cannot fail.
            IpAddr::V6(addr) => drop(write!(self.bytes, "{addr}")),
        }
        self.raw("\"");
    }

    /// A name of ours, in which nothing is to be escaped.
    #[inline]
    pub(super) fn name(&mut self, name: &str) {
        self.raw("\"");
        self.raw(name);
        self.raw("\"");
    }

    /// Bytes of the wire.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        let plain = plain_len(bytes);
        self.string(bytes, plain);
    }

    /// The first line of `lines`, which are joined by LF; returns the others.
    pub(super) fn line<'a>(&mut self, lines: &'a [u8]) -> Option<&'a [u8]> {
        // One scan finds the end of a line and what is to be escaped in it.
        let plain = plain_len(lines);
        let mut end = plain;
        if lines.get(plain).is_some_and(|&byte| byte != b'\n') {
            end = memchr::memchr(b'\n', lines).unwrap_or(lines.len());
        }
        let (line, rest) = lines.split_at(end);
        self.string(line, plain);
        rest.split_first().map(|(_, rest)| rest)
    }

    /// Bytes of the wire, the first `plain` of which are.
    #[inline]
    fn string(&mut self, bytes: &[u8], plain: usize) {
        self.raw("\"");
        let (plain, rest) = bytes.split_at(plain);
        self.bytes.extend_from_slice(plain);
        if !rest.is_empty() {
            push_json(&mut self.bytes, rest);
        }
        self.raw("\"");
    }

    /// Bytes of the wire, in upper case.
    pub(super) fn upper_case(&mut self, bytes: &[u8]) {
        if plain_len(bytes) == bytes.len() {
            self.raw("\"");
            self.bytes.extend(bytes.iter().map(u8::to_ascii_uppercase));
            self.raw("\"");
        } else {
            self.text(&bytes.to_ascii_uppercase());
        }
    }

    /// What `write` makes of the value, or null.
    #[inline]
    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
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

/// The last digit of `number`.
fn digit(number: u16) -> u8 {
    b'0' + (number % 10).to_le_bytes()[0]
}
