//! Logs of Haraka at level PROTOCOL: `S: ` and `C: ` behind the level, the connection and the
//! plugin.
//!
//! ```text
//! 2026-11-21 10:00:00.001  [PROTOCOL] [9A45AE82-004B-4C93-876E-B0BDAAFD4E5D] [core] S: 220 mx.example.net ESMTP
//! 2026-11-21 10:00:00.002  [PROTOCOL] [9A45AE82-004B-4C93-876E-B0BDAAFD4E5D] [core] C: QUIT state=1
//! ```
//!
//! The time and the connection may be missing; the connection's transactions are counted behind a
//! dot. `core` notes its own state behind what the client says; plugins that send (`outbound`)
//! write the line end of a reply as `\r\n`. Content is left out, but at level DATA.

use super::payload::{is_command, is_reply, split_at_mark};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side, Sides};
use std::net::SocketAddr;

pub(super) static HARAKA: Foreign = Foreign {
    name: "haraka",
    title: "logs of Haraka at level PROTOCOL",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::new(Haraka),
};

/// Each line stands for itself.
struct Haraka;

/// A line of the log.
struct Line<'a> {
    time: Option<Time>,
    level: &'a [u8],
    /// The connection and the plugin.
    key: Vec<u8>,
    rest: &'a [u8],
}

/// Levels of the log.
const LEVELS: [&[u8]; 10] = [
    b"[PROTOCOL] ",
    b"[DATA] ",
    b"[DEBUG] ",
    b"[INFO] ",
    b"[NOTICE] ",
    b"[WARN] ",
    b"[ERROR] ",
    b"[CRIT] ",
    b"[ALERT] ",
    b"[EMERG] ",
];

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        // What stands before is a time, or what syslog puts there.
        let at = memchr::memchr_iter(b'[', line).take(4).find_map(|at| {
            let rest = line.get(at..)?;
            let level = LEVELS.iter().find(|level| rest.starts_with(level))?;
            Some((at, *level, rest.get(level.len()..)?))
        });
        let (at, level, rest) = at?;
        let (first, rest) = bracketed(rest)?;
        let (key, rest) = match bracketed(rest) {
            Some((plugin, after)) => {
                let is_core = plugin == b"core";
                let connection = first.split(|&byte| is_core && byte == b'.').next()?;
                ([connection, b" ", plugin].concat(), after)
            }
            None => (first.to_vec(), rest),
        };
        let time = line.get(..at).and_then(Time::any).map(|(time, _)| time);
        Some(Self { time, level, key, rest })
    }

    /// Who says a line of the dialog, and what.
    fn said(&self) -> Option<(Who, &'a [u8])> {
        if !matches!(self.level, b"[PROTOCOL] " | b"[DATA] ") {
            return None;
        }
        if let Some(text) = self.rest.strip_prefix(b"S: ") {
            return Some((Who::Server, without_end(text)));
        }
        let text = without_end(self.rest.strip_prefix(b"C: ")?);
        let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let before = text.get(..text.len() - digits).and_then(|text| text.strip_suffix(b" state="));
        Some((Who::Client, before.filter(|_| digits > 0).unwrap_or(text)))
    }
}

impl ReadLines for Haraka {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(line) = Line::read(line) else { return };
        out.at(line.time);
        if let Some((who, text)) = line.said() {
            out.say(&line.key, who, text);
        } else if line.rest.starts_with(b"connect ip=") {
            out.begin(&line.key, peers(line.rest));
        } else if line.rest.starts_with(b"disconnect ip=") {
            out.end(&line.key, None);
        } else {
            out.aside();
        }
    }
}

/// What is in brackets at the start, and what follows it and a blank.
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inside, rest) = split_at_mark(text.strip_prefix(b"[")?, b"] ")?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._/:".contains(byte);
    inside.iter().all(is_name).then_some((inside, rest))
}

/// Without a line end that is written out.
fn without_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\\n").unwrap_or(text);
    text.strip_suffix(b"\\r").unwrap_or(text)
}

/// The ends of `connect ip=… port=… local_ip=… local_port=…`.
fn peers(text: &[u8]) -> Option<Sides<SocketAddr>> {
    let value = |name: &[u8]| {
        let mut words = text.split(|&byte| byte == b' ');
        str::from_utf8(words.find_map(|word| word.strip_prefix(name))?).ok()
    };
    let end =
        |ip, port| Some(SocketAddr::new(value(ip)?.parse().ok()?, value(port)?.parse().ok()?));
    let server = end(b"local_ip=", b"local_port=")?;
    // That it listens on all addresses says nothing.
    let is_known = !server.ip().is_unspecified();
    Some(Sides { client: end(b"ip=", b"port=")?, server }).filter(|_| is_known)
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(line) = Line::read(line) else { return Likeness::No };
    match line.said() {
        Some((Who::Client, text)) if is_command(text) => Likeness::Sure,
        Some((Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None => Likeness::Weak,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_haraka_adds_is_taken_off() {
        let said = |line: &str| {
            let line = Line::read(line.as_bytes())?;
            let (who, text) = line.said()?;
            Some((
                String::from_utf8(line.key).unwrap(),
                who,
                String::from_utf8_lossy(text).into_owned(),
            ))
        };
        let is = |key: &str, who, text: &str| Some((key.to_owned(), who, text.to_owned()));
        assert_eq!(
            said("[PROTOCOL] [A-1.2] [core] C: HELO a state=4"),
            is("A-1 core", Who::Client, "HELO a")
        );
        assert_eq!(
            said("[PROTOCOL] [A-1.2] [outbound] S: 250 ok\\r\\n"),
            is("A-1.2 outbound", Who::Server, "250 ok")
        );
        assert_eq!(said("[PROTOCOL] [core] C: a state="), is("core", Who::Client, "a state="));
        assert_eq!(said("[DEBUG] [A] [core] S: 250 ok"), None);
    }
}
