//! Logs of hMailServer: quoted columns between tabs (`⇥`).
//!
//! ```text
//! "TCPIP"⇥4532⇥"2026-11-21 10:00:00.000"⇥"TCP - 192.0.2.1 connected to 192.0.2.2:25."
//! "SMTPD"⇥4532⇥154⇥"2026-11-21 10:00:00.001"⇥"192.0.2.1"⇥"SENT: 220 mx.example.net ESMTP"
//! "SMTPD"⇥4512⇥154⇥"2026-11-21 10:00:00.002"⇥"192.0.2.1"⇥"RECEIVED: EHLO client.example.org"
//! "SMTPD"⇥4512⇥154⇥"2026-11-21 10:00:00.003"⇥"192.0.2.1"⇥"SENT: 250-mx.example.net[nl]250 HELP"
//! ```
//!
//! Kind, thread, session, time, the other end, text: in rows of `SMTPC` this host is the client. A
//! line end within a reply is `[nl]`, a secret `***`. Content is left out.

use super::payload::{is_command, is_reply, split_at_mark};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};

pub(super) static HMAILSERVER: Foreign = Foreign {
    name: "hmailserver",
    title: "logs of hMailServer",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::new(Hmailserver),
};

/// Each row stands for itself.
struct Hmailserver;

/// A row with a line of a dialog.
struct Row<'a> {
    /// The kind and the session.
    key: Vec<u8>,
    time: Option<Time>,
    who: Who,
    text: &'a [u8],
}

impl<'a> Row<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let (head, text, who) = if let Some((head, text)) = split_at_mark(line, b"\"SENT: ") {
            (head, text, Who::Out)
        } else {
            let (head, text) = split_at_mark(line, b"\"RECEIVED: ")?;
            (head, text, Who::In)
        };
        let mut key = Vec::new();
        let mut numbers = 0;
        // Pasted, columns may be cut, or stand between blanks.
        let (mut kind, mut time) = (None, None);
        for column in head.split(|&byte| byte == b'\t') {
            let bare = column.trim_ascii();
            let bare = bare.strip_prefix(b"\"").unwrap_or(bare);
            let bare = bare.strip_suffix(b"\"").unwrap_or(bare);
            if matches!(bare, b"SMTPD" | b"SMTPC") {
                kind = Some(bare);
            } else if !bare.is_empty() && bare.iter().all(u8::is_ascii_digit) {
                // The first number is the thread, if there are two.
                numbers += 1;
                key = bare.to_vec();
            } else if let Some((at, used)) = Time::iso(bare)
                && used == bare.len()
            {
                time = Some(at);
            } else if bare.iter().any(u8::is_ascii_alphabetic) && !is_address(bare) {
                return None;
            }
        }
        // A thread alone is no session: it goes on with the next one's.
        if kind.is_some() && numbers == 1 {
            key.clear();
        }
        let key = [kind.unwrap_or_default(), &key].concat();
        Some(Self { key, time, who, text: text.strip_suffix(b"\"").unwrap_or(text) })
    }
}

impl ReadLines for Hmailserver {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some(Row { key, time, who, text }) = Row::read(line) {
            out.at(time);
            let mut rest = Some(text);
            while let Some(text) = rest {
                let (line, after) = match split_at_mark(text, b"[nl]") {
                    Some((line, after)) => (line, Some(after).filter(|after| !after.is_empty())),
                    None => (text, None),
                };
                out.say(&key, who, line);
                rest = after;
            }
        } else if is_other(line) {
            if let Some((_, number)) = split_at_mark(line, b"\"Ending session ") {
                let number = number.strip_suffix(b"\"").unwrap_or(number);
                for kind in [&b"SMTPD"[..], b"SMTPC"] {
                    out.end(&[kind, number].concat(), None);
                }
            }
            out.aside();
        }
    }
}

/// Whether a column may be the other end's address.
fn is_address(column: &[u8]) -> bool {
    str::from_utf8(column).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok())
}

/// Whether a line is a row of another kind: `"DEBUG"`, a tab, the thread.
fn is_other(line: &[u8]) -> bool {
    let Some((kind, rest)) = line.strip_prefix(b"\"").and_then(|rest| split_at_mark(rest, b"\"\t"))
    else {
        return false;
    };
    kind.iter().all(u8::is_ascii_uppercase) && rest.first().is_some_and(u8::is_ascii_digit)
}

fn likeness(line: &[u8]) -> Likeness {
    match Row::read(line) {
        Some(Row { text, .. }) if is_reply(text) || is_command(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None if is_other(line) => Likeness::Weak,
        None => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_apart() {
        let read = |line: &str| {
            let row = Row::read(line.as_bytes())?;
            Some((String::from_utf8(row.key).unwrap(), row.who, row.time.is_some()))
        };
        let full = "\"SMTPD\"\t1\t154\t\"2026-02-12 02:35:40.970\"\t\"192.0.2.1\"\t\"SENT: 220 a\"";
        assert_eq!(read(full), Some(("SMTPD154".to_owned(), Who::Out, true)));
        let cut = "\"192.0.2.1\"\t\"RECEIVED: QUIT\"";
        assert_eq!(read(cut), Some((String::new(), Who::In, false)));
        assert!(
            read("\"IMAPD\"\t1\t1\t\"2026-02-12 02:35:40.970\"\t\"::1\"\t\"SENT: 3 OK\"").is_none()
        );
        assert!(read("He said \"SENT: 220\"").is_none());
    }
}
