//! The SMTP log of MDaemon: time, a number for the kind of line, the session, an arrow, a line.
//!
//! ```text
//! Sat 2014-07-26 12:58:47: 05: [514116] Accepting SMTP connection from [192.0.2.1:40000] to [192.0.2.2:25]
//! Sat 2014-07-26 12:58:47: 03: [514116] --> 220 mx.example.net ESMTP
//! Sat 2014-07-26 12:58:47: 02: [514116] <-- EHLO client.example.org
//! ```
//!
//! `-->` is what it sends: replies, or commands where it delivers mail. Newer ones have no number
//! for the kind, but one behind the session, `[514116:2]`. Content is left out.

use super::few::Few;
use super::payload::{is_only_smtp, is_smtp, peers};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};

pub(super) static MDAEMON: Foreign = Foreign {
    name: "mdaemon",
    title: "SMTP logs of MDaemon, in and out",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::new(Mdaemon { others: Few::default() }),
};

struct Mdaemon {
    /// Sessions of other protocols, in a log of all of them.
    others: Few<bool>,
}

/// A line.
struct Row<'a> {
    time: Time,
    session: &'a [u8],
    text: &'a [u8],
}

impl<'a> Row<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        // The weekday says nothing.
        let (day, line) = line.split_first_chunk::<4>()?;
        let is_day = day.ends_with(b" ") && day.iter().take(3).all(u8::is_ascii_alphabetic);
        let (time, used) = Time::iso(line).filter(|_| is_day)?;
        let mut rest = line.get(used..)?.strip_prefix(b": ")?;
        if let [b'0'..=b'9', b'0'..=b'9', b':', b' ', after @ ..] = rest {
            rest = after;
        }
        let rest = rest.strip_prefix(b"[")?;
        let close = rest.iter().take(40).position(|byte| *byte == b']')?;
        let (name, text) = rest.split_at_checked(close)?;
        // The thread is another one in the middle of a session.
        let session = name.split(|&byte| byte == b':').next()?;
        let is_number = !session.is_empty() && session.iter().all(u8::is_ascii_digit);
        let text = text.strip_prefix(b"] ").or_else(|| text.strip_prefix(b"]"))?;
        is_number.then_some(Self { time, session, text })
    }

    /// Who says it, and what.
    fn said(&self) -> Option<(Who, &'a [u8])> {
        let (arrow, rest) = self.text.trim_ascii_start().split_first_chunk::<3>()?;
        let who = match arrow {
            b"-->" => Who::Out,
            b"<--" => Who::In,
            _ => return None,
        };
        Some((who, rest.strip_prefix(b" ").unwrap_or(rest)))
    }
}

impl ReadLines for Mdaemon {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(row) = Row::read(line) else { return };
        out.at(Some(row.time));
        let text = row.text.trim_ascii_start();
        let is_other = self.others.of(row.session);
        if let Some((who, said)) = row.said() {
            if *is_other {
                out.aside();
            } else {
                out.say(row.session, who, said);
            }
        } else if let Some(ends) = text.strip_prefix(b"Accepting SMTP connection from ") {
            *is_other = false;
            out.begin(row.session, peers(ends));
        } else if text.starts_with(b"Attempting SMTP connection to ") {
            *is_other = false;
            out.begin(row.session, None);
        } else if text.starts_with(b"Accepting ") {
            *is_other = true;
            out.aside();
        } else if text.starts_with(b"SMTP session ") {
            // `successful`, `terminated`, and how many bytes.
            out.end(row.session, None);
        } else {
            out.aside();
        }
    }
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(row) = Row::read(line) else { return Likeness::No };
    match row.said() {
        Some((_, text)) if is_only_smtp(text) => Likeness::Sure,
        Some((_, text)) if is_smtp(text) => Likeness::Marked,
        _ => Likeness::Weak,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_old_and_new() {
        for (line, session, said) in [
            ("Sat 2014-07-26 12:58:47: 03: [514116] --> 220-a", "514116", "220-a"),
            ("Sat 2014-07-26 12:58:47.123: [514116:2] <-- QUIT", "514116", "QUIT"),
        ] {
            let row = Row::read(line.as_bytes()).unwrap();
            assert_eq!(row.session, session.as_bytes());
            assert_eq!(row.said().unwrap().1, said.as_bytes());
        }
        for line in ["Sat 2014-07-26 12:58:47: 03: --> 220", "2014-07-26 12:58:47: [5] --> 220"] {
            assert!(Row::read(line.as_bytes()).is_none(), "{line}");
        }
        let ends = peers(b"[192.0.2.1:40000] to [192.0.2.2:25]").unwrap();
        assert_eq!(ends.server.to_string(), "192.0.2.2:25");
        assert_eq!(peers(b"[192.0.2.1:40000]"), None);
    }
}
