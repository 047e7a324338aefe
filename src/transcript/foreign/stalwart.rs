//! Traces of Stalwart: what was read or written at once, in quotes.
//!
//! ```text
//! 2026-11-21T10:00:00Z TRACE Raw SMTP output sent (smtp.raw-output) listenerId = "smtp", remoteIp = 192.0.2.1, remotePort = 4242, size = 25, contents = "220 mx.example.net ESMTP\r\n"
//! 2026-11-21T10:00:00Z TRACE session{instance="smtp" protocol=Smtp remote.ip="192.0.2.1" remote.port=4242}: smtp::inbound::session: event="read" data="EHLO client.example.org\r\n" size=25
//! ```
//!
//! The second is how it was until 2024. A record may hold several lines, or a part of one. Records
//! of `delivery` are this host's as a client.

use super::payload::{is_smtp, split_at_mark};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};
use std::collections::BTreeMap;

pub(super) static STALWART: Foreign = Foreign {
    name: "stalwart",
    title: "traces of Stalwart, raw input and output",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Server,
    likeness,
    reader: || Box::<Stalwart>::default(),
};

#[derive(Default)]
struct Stalwart {
    /// Beginnings of lines, by session and direction.
    parts: BTreeMap<(Vec<u8>, bool), Vec<u8>>,
}

/// Beginnings of lines that are held.
const MOST: usize = 256;

/// Bytes of one.
const LONGEST: usize = 65536;

/// A record of what was read or written.
struct Record {
    time: Option<Time>,
    key: Vec<u8>,
    is_out: bool,
    bytes: Vec<u8>,
}

impl Record {
    fn read(line: &[u8]) -> Option<Self> {
        let (head, rest) = split_at_mark(line, b"TRACE ")?;
        let (kind, is_out, quoted) =
            if let Some((fields, quoted)) = split_at_mark(rest, b"contents = \"") {
                let (_, name) = split_at_mark(fields, b"(")?;
                let (kind, name) = split_at_mark(name, b".raw-")?;
                let is_out = name.starts_with(b"output)");
                let is_known = is_out || name.starts_with(b"input)");
                (kind, is_out, Some(quoted).filter(|_| is_known)?)
            } else {
                let (fields, quoted) = split_at_mark(rest, b" data=\"")?;
                let is_out = fields.ends_with(b"event=\"write\"");
                let is_known = is_out || fields.ends_with(b"event=\"read\"");
                let kind = if split_at_mark(fields, b"smtp::outbound").is_some() {
                    &b"delivery"[..]
                } else {
                    split_at_mark(fields, b"smtp::inbound").map(|_| &b"smtp"[..])?
                };
                (kind, is_out, Some(quoted).filter(|_| is_known)?)
            };
        matches!(kind, b"smtp" | b"delivery").then_some(())?;
        let time = Time::any(head).map(|(time, _)| time);
        // Behind a prefix of syslog, the record's own time is the better one.
        let own = head.trim_ascii_end().rsplit(|&byte| byte == b' ').next();
        let time = own.and_then(Time::iso).map(|(time, _)| time).or(time);
        Some(Self { time, key: session(kind, rest), is_out, bytes: unquoted(quoted) })
    }
}

/// The session: the other end's address and port.
fn session(kind: &[u8], fields: &[u8]) -> Vec<u8> {
    let value = |names: [&[u8]; 2]| {
        let (_, value) = names.iter().find_map(|name| split_at_mark(fields, name))?;
        let end = value.iter().position(|byte| b" ,}".contains(byte)).unwrap_or(value.len());
        value.get(..end)
    };
    let ip = value([b"remoteIp = ", b"remote.ip="]).unwrap_or_default();
    let port = value([b"remotePort = ", b"remote.port="]).unwrap_or_default();
    [kind, b" ", ip, b" ", port].concat()
}

/// The bytes of a string of Rust's, up to its closing quote.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'"' {
            break;
        }
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escaped, after)) = rest.split_first() else { break };
        rest = after;
        match escaped {
            b'r' => out.push(b'\r'),
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'0' => out.push(0),
            b'x' => {
                let digits = rest.get(..2).and_then(|digits| str::from_utf8(digits).ok());
                if let Some(value) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    out.push(value);
                    rest = rest.get(2..).unwrap_or_default();
                }
            }
            b'u' => {
                let inside = rest.strip_prefix(b"{").and_then(|rest| split_at_mark(rest, b"}"));
                if let Some((digits, after)) = inside
                    && let Some(letter) = str::from_utf8(digits)
                        .ok()
                        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                        .and_then(char::from_u32)
                {
                    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = after;
                }
            }
            other => out.push(other),
        }
    }
    out
}

impl ReadLines for Stalwart {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(Record { time, key, is_out, bytes }) = Record::read(line) else {
            if let Some((kind, is_end)) = edge(line) {
                let key = session(kind, line);
                if is_end { out.end(&key, None) } else { out.begin(&key, None) }
            } else if is_other(line) {
                out.aside();
            }
            return;
        };
        out.at(time);
        out.aside();
        let who = if is_out { Who::Out } else { Who::In };
        let mut all = self.parts.remove(&(key.clone(), is_out)).unwrap_or_default();
        all.extend_from_slice(&bytes);
        let mut rest = all.as_slice();
        while let Some((text, after)) = split_at_mark(rest, b"\n") {
            out.say(&key, who, text.strip_suffix(b"\r").unwrap_or(text));
            rest = after;
        }
        if rest.is_empty() {
            return;
        }
        if self.parts.len() < MOST && rest.len() < LONGEST {
            let rest = rest.to_vec();
            self.parts.insert((key, is_out), rest);
        } else {
            out.say(&key, who, rest);
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        for ((key, is_out), text) in std::mem::take(&mut self.parts) {
            out.say(&key, if is_out { Who::Out } else { Who::In }, &text);
        }
    }
}

/// Which kind of connection a record begins or ends.
fn edge(line: &[u8]) -> Option<(&'static [u8], bool)> {
    let has = |name: &[u8]| split_at_mark(line, name).is_some();
    if has(b"(smtp.connection-start)") {
        Some((b"smtp", false))
    } else {
        has(b"(smtp.connection-end)").then_some((b"smtp", true))
    }
}

/// Whether a line is another record: it has a time and a level.
fn is_other(line: &[u8]) -> bool {
    let level = Time::any(line).map(|(_, rest)| rest);
    level.is_some_and(|rest| {
        [&b"TRACE "[..], b"DEBUG ", b"INFO ", b"WARN ", b"ERROR "]
            .iter()
            .any(|level| rest.starts_with(level))
    })
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(record) = Record::read(line) else { return Likeness::No };
    let first = record.bytes.split(|&byte| byte == b'\r').next().unwrap_or_default();
    if is_smtp(first) { Likeness::Sure } else { Likeness::Marked }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_both_forms_are_read() {
        let read = |line: &str| {
            let record = Record::read(line.as_bytes())?;
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            Some((text(record.key), record.is_out, text(record.bytes)))
        };
        let new = "Aug 11 14:40:59 mx stalwart[1895]: 2025-08-11T14:40:59Z TRACE Raw SMTP input \
                   received (smtp.raw-input) listenerId = \"smtp\", remoteIp = ::1, remotePort = 9, \
                   size = 9, contents = \"A \\\"b\\\"\\r\\n\\u{e9}\\x41\"";
        let is = |is_out, text: &str| Some(("smtp ::1 9".to_owned(), is_out, text.to_owned()));
        assert_eq!(read(new), is(false, "A \"b\"\r\n\u{e9}A"));
        let old = "2024-03-03T10:24:42.055443Z TRACE session{remote.ip=::1 remote.port=9}: \
                   smtp::inbound::session: event=\"write\" data=\"250 ok\\r\\n\" size=8";
        assert_eq!(read(old), is(true, "250 ok\r\n"));
        let imap = "2024-04-25T17:06:43Z TRACE session{}: imap::core::client: event=\"read\" \
                    data=\"a CAPABILITY\\r\\n\" size=17";
        assert_eq!(read(imap), None);
    }
}
