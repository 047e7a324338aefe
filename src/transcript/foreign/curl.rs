//! What `curl -v` prints.
//!
//! ```text
//! *   Trying 192.0.2.2:25...
//! * Connected to mx.example.net (192.0.2.2) port 25 (#0)
//! < 220 mx.example.net ESMTP
//! > EHLO client.example.org
//! < 250 mx.example.net
//! } [79 bytes data]
//! ```
//!
//! `*` are its own words, `{` and `}` count data. With `--trace-time` the time of day is in front,
//! with `--trace-ids` two numbers in brackets, and the progress meter may be. Mail data is left out.

use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};
use crate::smtp::command::{Command, Verb};

pub(super) static CURL: Foreign = Foreign {
    name: "curl",
    title: "curl -v",
    shows: Shows::ALL.without(Shows::CONTENT),
    content: Content::Hidden,
    out: Side::Client,
    likeness,
    reader: || Box::new(Curl),
};

/// Each line stands for itself.
struct Curl;

impl ReadLines for Curl {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let (time, text) = inside(line);
        out.at(time);
        match text {
            [b'<', b' ', text @ ..] => out.say(b"", Who::Server, text),
            [b'>', b' ', text @ ..] => out.say(b"", Who::Client, text),
            // An empty line of AUTH.
            b">" => out.say(b"", Who::Client, b""),
            // The bytes include dots that are no part of the message.
            [b'}', b' ', text @ ..] if is_count(text) => out.elided(b"", None),
            [b'{', b' ', text @ ..] if is_count(text) => out.aside(),
            [b'*', b' ', text @ ..] => note(text, out),
            _ => {}
        }
    }
}

/// Takes curl's own words.
pub(super) fn note(text: &[u8], out: &mut Out<'_>) {
    if text.starts_with(b"Connected to ") || text.starts_with(b"Established connection to ") {
        out.begin(b"", None);
    } else if text.starts_with(b"Closing connection") || text.starts_with(b"shutting down conn") {
        out.end(b"", None);
    } else {
        out.aside();
    }
}

/// Whether a line counts data: `[79 bytes data]`.
fn is_count(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"[").unwrap_or_default();
    let digits = text.strip_suffix(b" bytes data]").or_else(|| text.strip_suffix(b" bytes]"));
    digits.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

/// The time in front, and what follows it, the numbers of the connection and the progress meter.
pub(super) fn inside(line: &[u8]) -> (Option<Time>, &[u8]) {
    let line = line.get(memchr::memrchr(b'\r', line).map_or(0, |at| at + 1)..).unwrap_or(line);
    let (time, rest) = match Time::of_day(line) {
        Some((time, used)) => (Some(time), line.get(used..).unwrap_or_default()),
        None => (None, line),
    };
    let rest = if time.is_some() { rest.trim_ascii_start() } else { rest };
    let rest = ids(rest).unwrap_or(rest);
    (time, behind_meter(rest).unwrap_or(rest))
}

/// What follows `[0-x] ` or `[12-0] `.
fn ids(line: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr(b']', line.get(..24).unwrap_or(line))?;
    let inside = line.get(1..end).filter(|_| line.starts_with(b"["))?;
    let is_id = |byte: &u8| byte.is_ascii_digit() || b"x-".contains(byte);
    (inside.contains(&b'-') && inside.iter().all(is_id)).then_some(())?;
    line.get(end + 1..)?.strip_prefix(b" ")
}

/// What follows the progress meter: `  0     0    0 …  0 --:--:--  0:00:01 --:--:--     0`.
fn behind_meter(line: &[u8]) -> Option<&[u8]> {
    let is_meter = |byte: &u8| b" 0123456789.:-kMGTP".contains(byte);
    let end = line.iter().position(|byte| !is_meter(byte))?;
    let (meter, rest) = line.split_at_checked(end)?;
    (meter.len() > 40 && meter.starts_with(b" ") && memchr::memmem::find(meter, b":--").is_some())
        .then_some(rest)
}

/// Whether a command is one of SMTP alone: FTP and POP3 have some of the same name.
pub(super) fn is_of_smtp(text: &[u8]) -> bool {
    is_command(text)
        && !matches!(
            Command::parse(text).verb,
            Verb::Quit | Verb::Noop | Verb::Help | Verb::Rset | Verb::Auth
        )
}

/// Whether a line is of the server or of curl itself.
pub(super) fn is_answer(line: &[u8]) -> bool {
    matches!(inside(line).1, [b'<' | b'*', b' ', ..])
}

fn likeness(line: &[u8]) -> Likeness {
    match inside(line).1 {
        [b'>', b' ', text @ ..] if is_of_smtp(text) => Likeness::Sure,
        // What it sends is no reply: this is a quotation.
        [b'>', b' ', text @ ..] if is_reply(text) => Likeness::Against,
        [b'<', b' ', text @ ..] if is_reply(text) => Likeness::Marked,
        [b'>', b' ', text @ ..] if is_command(text) => Likeness::Marked,
        [b'*', b' ', b' ', b' ', text @ ..] if text.starts_with(b"Trying ") => Likeness::Marked,
        [b'*', b' ', text @ ..] if text.starts_with(b"Connected to ") => Likeness::Marked,
        _ => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_front_is_taken_off() {
        let of = |line: &'static str| {
            let (time, text) = inside(line.as_bytes());
            (time.is_some(), str::from_utf8(text).unwrap())
        };
        assert_eq!(of("15:45:51.323 [0-x] < 220 mx"), (true, "< 220 mx"));
        assert_eq!(of("> QUIT"), (false, "> QUIT"));
        let meter =
            "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";
        let line = format!("{meter}< 220 mx");
        assert_eq!(inside(line.as_bytes()).1, b"< 220 mx");
        assert_eq!(likeness(b"> USER anonymous"), Likeness::No);
        assert_eq!(likeness(b"> QUIT"), Likeness::Marked);
        assert_eq!(likeness(b"> GET / HTTP/1.1"), Likeness::No);
    }
}
