//! What `curl --trace` and `--trace-ascii` print.
//!
//! ```text
//! == Info: Connected to mx.example.net (192.0.2.2) port 25 (#0)
//! <= Recv header, 26 bytes (0x1a)
//! 0000: 32 32 30 20 6d 78 2e 65 78 61 6d 70 6c 65 2e 6e 220 mx.example.n
//! 0010: 65 74 20 45 53 4d 54 50 0d 0a                   et ESMTP..
//! => Send header, 25 bytes (0x19)
//! 0000: EHLO client.example.org
//! ```
//!
//! The latter breaks rows behind CR LF as well as after 64 octets, and prints what is no ASCII as
//! dots, so its mail data counts as left out. Both lack the dot that ends it. With `--trace-time`
//! the time of day is in front.

use super::curl::{inside, note};
use super::literal::{hex, lines};
use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};

pub(super) static CURL_TRACE: Foreign = Foreign {
    name: "curl-trace",
    title: "curl --trace and --trace-ascii",
    shows: Shows::ALL,
    // What ends it is not shown.
    content: Content::Hidden,
    out: Side::Client,
    likeness,
    reader: || Box::<CurlTrace>::default(),
};

/// What a record holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Said(Who),
    /// Mail data.
    Sent,
}

#[derive(Default)]
struct CurlTrace {
    record: Option<Record>,
    /// The beginning of a line of mail data that goes on in the next record.
    begun: Vec<u8>,
}

/// The record that is being read.
struct Record {
    what: What,
    time: Option<Time>,
    /// How many bytes it has.
    size: usize,
    bytes: Vec<u8>,
    /// The place of the row that comes next.
    place: usize,
    is_ascii: bool,
    is_full: bool,
}

/// Bytes of a record, or of a line, that are kept.
const BYTES: usize = 256 << 10;

impl ReadLines for CurlTrace {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some(record) = &mut self.record
            && record.row(line)
        {
            out.aside();
            // What it says is said at its end, so that its line is the last one of it.
            if record.place >= record.size {
                self.say(out);
            }
            return;
        }
        self.say(out);
        let (time, text) = inside(line);
        out.at(time);
        if let Some(info) = text.strip_prefix(b"== Info: ") {
            return note(info, out);
        }
        let Some((what, size)) = header(text) else { return };
        out.aside();
        if let Some(what) = what.filter(|_| size > 0) {
            let (bytes, place) = (Vec::new(), 0);
            let record = Record { what, time, size, bytes, place, is_ascii: false, is_full: false };
            self.record = Some(record);
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.say(out);
        self.finish(out);
    }
}

impl CurlTrace {
    /// Says the record that was read.
    fn say(&mut self, out: &mut Out<'_>) {
        let Some(record) = self.record.take() else { return };
        out.at(record.time);
        match record.what {
            What::Said(who) => {
                if who == Who::Server {
                    self.finish(out);
                }
                for line in lines(&record.bytes) {
                    out.say(b"", who, line);
                }
            }
            What::Sent if record.is_ascii || record.is_full || record.bytes.len() < record.size => {
                self.begun.clear();
                // Its size includes dots that are no part of the message.
                out.elided(b"", None);
            }
            What::Sent => {
                let mut rest = record.bytes.as_slice();
                while let Some(end) = memchr::memchr(b'\n', rest) {
                    let line = rest.get(..end).unwrap_or_default();
                    self.begun.extend_from_slice(line);
                    let whole = std::mem::take(&mut self.begun);
                    out.say(b"", Who::Client, whole.strip_suffix(b"\r").unwrap_or(&whole));
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
                if self.begun.len() < BYTES {
                    self.begun.extend_from_slice(rest);
                }
            }
        }
    }

    /// Says the line of mail data that has no end.
    fn finish(&mut self, out: &mut Out<'_>) {
        let begun = std::mem::take(&mut self.begun);
        if !begun.is_empty() {
            out.say(b"", Who::Client, &begun);
        }
    }
}

impl Record {
    /// Takes a row: `0010: 65 74 …`. Whether it is one.
    fn row(&mut self, line: &[u8]) -> bool {
        let digits = line.iter().take(16).take_while(|byte| byte.is_ascii_hexdigit()).count();
        let Some((place, rest)) = hex(line, digits).filter(|_| digits >= 4) else { return false };
        let Some(rest) = rest.strip_prefix(b": ") else { return false };
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        if place == 0 && self.place == 0 {
            self.is_ascii = octets(rest, self.size.min(ROW)).is_none();
        }
        // A row that ends in CR LF is followed by one two places on.
        let is_break = self.is_ascii && place == self.place + 2;
        if place != self.place && !is_break || place >= self.size {
            return false;
        }
        if is_break {
            self.bytes.extend_from_slice(b"\r\n");
        }
        let left = self.size - place;
        let shown = if self.is_ascii { None } else { octets(rest, left.min(ROW)) };
        let shown = shown.unwrap_or_else(|| rest.get(..left).unwrap_or(rest).to_vec());
        self.place = place + shown.len();
        if self.is_ascii && left == shown.len() + 2 {
            self.place = self.size;
        }
        if self.bytes.len() < BYTES {
            self.bytes.extend_from_slice(&shown);
        } else {
            self.is_full = true;
        }
        true
    }
}

/// Octets of a row.
const ROW: usize = 16;

/// So many octets, as `0d 0a `.
fn octets(mut row: &[u8], count: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let (octet, rest) = hex(row, 2)?;
        out.push(u8::try_from(octet).ok()?);
        row = rest.strip_prefix(b" ")?;
    }
    Some(out)
}

/// What `=> Send header, 25 bytes (0x19)` announces, if it is of the dialog, and its size.
fn header(text: &[u8]) -> Option<(Option<What>, usize)> {
    let (what, rest) = if let Some(rest) = text.strip_prefix(b"<= Recv header, ") {
        (Some(What::Said(Who::Server)), rest)
    } else if let Some(rest) = text.strip_prefix(b"=> Send header, ") {
        (Some(What::Said(Who::Client)), rest)
    } else if let Some(rest) = text.strip_prefix(b"=> Send data, ") {
        (Some(What::Sent), rest)
    } else {
        let marks: [&[u8]; 3] = [b"<= Recv ", b"=> Send ", b"<= "];
        let rest = marks.iter().find_map(|mark| text.strip_prefix(*mark))?;
        (None, rest.get(memchr::memmem::find(rest, b", ")? + 2..)?)
    };
    let end = memchr::memmem::find(rest, b" bytes (0x")?;
    Some((what, str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?))
}

fn likeness(line: &[u8]) -> Likeness {
    let text = inside(line).1;
    if text.starts_with(b"== Info: ") || header(text).is_some() {
        return Likeness::Marked;
    }
    let Some(row) = text.strip_prefix(b"0000: ") else { return Likeness::No };
    let shown = row.get(48..).filter(|_| octets(row, 1).is_some()).unwrap_or(row);
    // The other column has dots for the line's end.
    let shown = shown.strip_suffix(b"..").unwrap_or(shown);
    let is_row = is_reply(shown) || shown.len() == ROW && shown.starts_with(b"MAIL FROM:<");
    if is_row || is_command(shown) { Likeness::Sure } else { Likeness::No }
}
