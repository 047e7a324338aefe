//! What tshark and Wireshark's packet list print: one line a packet.
//!
//! ```text
//!     4   0.036900 198.51.100.25 → 192.0.2.1    SMTP 92 S: 220 mx.example.net ESMTP
//!     6   0.061500    192.0.2.1 → 198.51.100.25 SMTP 91 C: EHLO client.example.org
//!     8   0.086101 198.51.100.25 → 192.0.2.1    SMTP 135 S: 250-mx.example.net | PIPELINING | 8BITMIME
//! ```
//!
//! Ports stand in the lines of TCP alone: connections between the same two hosts are told apart
//! only one after the other. Lines of a reply are joined, without their codes; mail data is counted
//! (`C: DATA fragment, 78 bytes`) or told in parts (`SMTP/IMF`).

use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side, Sides};
use crate::time::Stamp;
use std::net::SocketAddr;

pub(super) static TSHARK: Foreign = Foreign {
    name: "tshark",
    title: "tshark and Wireshark, one line a packet",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::REPLIES),
    content: Content::Hidden,
    out: Side::Client,
    likeness,
    reader: || Box::new(Tshark),
};

/// Each line stands for itself.
struct Tshark;

/// A line.
struct Row<'a> {
    time: Option<Time>,
    from: &'a [u8],
    to: &'a [u8],
    protocol: &'a [u8],
    info: &'a [u8],
}

impl<'a> Row<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let (left, right) = cut(line, "→".as_bytes()).or_else(|| cut(line, b"->"))?;
        let (left, from) = last_word(left)?;
        let (number, when) = word(left)?;
        number.iter().all(u8::is_ascii_digit).then_some(())?;
        let (to, rest) = word(right)?;
        let (protocol, rest) = word(rest)?;
        let (length, info) = word(rest)?;
        length.iter().all(u8::is_ascii_digit).then_some(())?;
        let is_end = |end: &[u8]| end.iter().any(|byte| b".:".contains(byte));
        (is_end(from) && is_end(to)).then_some(())?;
        let time = since(when).or_else(|| Time::any(when).map(|(time, _)| time));
        Some(Self { time, from, to, protocol, info: info.trim_ascii() })
    }

    fn key(&self) -> Vec<u8> {
        let (from, to) = (self.from, self.to);
        if from <= to { [from, b" ", to] } else { [to, b" ", from] }.concat()
    }

    /// Who says what.
    fn said(&self) -> Option<(Who, &'a [u8])> {
        if self.protocol != b"SMTP" {
            return None;
        }
        let (mark, text) = self.info.split_first_chunk::<2>()?;
        let who = match mark {
            b"S:" => Who::Server,
            b"C:" => Who::Client,
            _ => return None,
        };
        Some((who, text.trim_ascii_start()))
    }
}

impl ReadLines for Tshark {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(row) = Row::read(line) else { return };
        out.at(row.time);
        let key = row.key();
        if let Some((who, text)) = row.said() {
            say(&key, who, text, out);
        } else if row.protocol == b"SMTP/IMF" {
            out.elided(&key, None);
        } else if row.protocol == b"TCP"
            && memchr::memmem::find(row.info, b"[SYN] ").is_some()
            && !row.info.starts_with(b"[TCP Retransmission]")
        {
            out.begin(&key, peers(&row));
        } else {
            out.aside();
        }
    }
}

fn say(key: &[u8], who: Who, text: &[u8], out: &mut Out<'_>) {
    let count = text.strip_prefix(b"DATA fragment, ").and_then(|rest| rest.strip_suffix(b" bytes"));
    if let (Who::Client, Some(count)) = (who, count) {
        let bytes = str::from_utf8(count).ok().and_then(|count| count.parse().ok());
        return out.elided(key, bytes);
    }
    let mut parts = split(text).peekable();
    if who == Who::Client {
        // Answers of AUTH are named.
        let answer = text.strip_prefix(b"User: ").or_else(|| text.strip_prefix(b"Pass: "));
        match answer {
            Some(answer) => out.say(key, who, answer),
            None => parts.for_each(|part| out.say(key, who, part)),
        }
        return;
    }
    let mut code: Option<&[u8]> = None;
    while let Some(part) = parts.next() {
        if is_reply(part) {
            code = part.get(..3).filter(|_| part.get(3) == Some(&b'-'));
            out.say(key, who, part);
            continue;
        }
        let Some(code) = code else {
            out.say(key, who, part);
            continue;
        };
        let is_last = parts.peek().is_none_or(|next| is_reply(next));
        let mark: &[u8] = if is_last { b" " } else { b"-" };
        out.say(key, who, &[code, mark, part].concat());
    }
}

/// The lines that are joined.
fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let at = memchr::memmem::find(text, b" | ");
        rest = at.and_then(|at| text.get(at + 3..));
        Some(at.and_then(|at| text.get(..at)).unwrap_or(text))
    })
}

/// The ends of a connection whose first packet this is: `41234 → 25 [SYN] …`.
fn peers(row: &Row<'_>) -> Option<Sides<SocketAddr>> {
    let (left, right) = cut(row.info, "→".as_bytes()).or_else(|| cut(row.info, b">"))?;
    let (_, client) = last_word(left.strip_suffix(b" -").unwrap_or(left))?;
    let (server, _) = word(right)?;
    let end = |address: &[u8], port: &[u8]| {
        let (address, port) = (str::from_utf8(address).ok()?, str::from_utf8(port).ok()?);
        Some(SocketAddr::new(address.parse().ok()?, port.parse().ok()?))
    };
    Some(Sides { client: end(row.from, client)?, server: end(row.to, server)? })
}

/// A number of seconds since the first packet.
fn since(text: &[u8]) -> Option<Time> {
    let (seconds, fraction) = cut(text.trim_ascii(), b".")?;
    let number = |text: &[u8]| str::from_utf8(text).ok()?.parse::<i64>().ok();
    let digits = u32::try_from(fraction.len()).ok().filter(|digits| (1..=9).contains(digits))?;
    if !seconds.iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    let fraction = number(fraction)? * 10_i64.pow(9 - digits);
    let nanos = number(seconds)?.checked_mul(1_000_000_000)?.checked_add(fraction)?;
    let digits = u8::try_from(digits).ok()?;
    Some(Time { stamp: Stamp::from_nanos(nanos), digits, is_dated: false, is_zoned: false })
}

/// What stands before and behind a mark.
fn cut<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(text, mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// The first word, and the rest.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(word, _)| !word.is_empty())
}

/// What stands before the last word, and it.
fn last_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_end();
    let start = text.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
    text.split_at_checked(start).filter(|(_, word)| !word.is_empty())
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(row) = Row::read(line) else { return Likeness::No };
    match row.said() {
        Some((Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some((_, text)) if is_command(split(text).next().unwrap_or_default()) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None => Likeness::Weak,
    }
}
