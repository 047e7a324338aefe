//! What Python's smtplib prints after `set_debuglevel(1)`, of Python 2 and 3.
//!
//! ```text
//! connect: to ('mx.example.net', 25) None
//! reply: b'220 mx.example.net ESMTP\r\n'
//! reply: retcode (220); Msg: b'mx.example.net ESMTP'
//! connect: b'mx.example.net ESMTP'
//! send: 'ehlo client.example.org\r\n'
//! reply: b'250 mx.example.net\r\n'
//! reply: retcode (250); Msg: b'mx.example.net'
//! ```
//!
//! Level 2 has the time of day in front. Python 2 has no `b`, and prints the text of a summary as
//! it is, on several lines. A message is one `send:`. `reply: retcode` and `data:` repeat replies;
//! the greeting is missing if the level was set after the connection was made.

use super::literal::{Literal, lines, literal};
use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};

pub(super) static SMTPLIB: Foreign = Foreign {
    name: "smtplib",
    title: "Python's smtplib, set_debuglevel",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Smtplib>::default(),
};

#[derive(Default)]
struct Smtplib {
    /// Lines of the last reply that its summary may repeat without a mark.
    repeated: usize,
    /// The summary is being printed.
    is_summary: bool,
    /// The server waits for the message.
    is_content: bool,
    /// The connection was announced: Python 2 does so twice.
    is_announced: bool,
}

/// A line with a mark.
enum Marked<'a> {
    Said(Who, Literal),
    /// A reply over again.
    Summary(&'a [u8]),
    Connect(&'a [u8]),
    Data,
}

impl<'a> Marked<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        if let Some(text) = line.strip_prefix(b"send: ") {
            return literal(text).map(|text| Self::Said(Who::Client, text));
        }
        if let Some(text) = line.strip_prefix(b"reply: ") {
            if let Some(summary) = text.strip_prefix(b"retcode (") {
                return Some(Self::Summary(summary));
            }
            return literal(text).map(|text| Self::Said(Who::Server, text));
        }
        if let Some(text) = line.strip_prefix(b"connect: ") {
            return Some(Self::Connect(text));
        }
        line.starts_with(b"data: (").then_some(Self::Data)
    }
}

impl ReadLines for Smtplib {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let (time, text) = timed(line);
        let Some(marked) = Marked::read(text) else {
            if self.is_summary && self.repeated > 0 {
                self.repeated -= 1;
                out.aside();
            } else if text.starts_with(b"connect fail: ") {
                out.aside();
            }
            return;
        };
        out.at(time);
        self.is_summary = false;
        match marked {
            Marked::Said(who, literal) => self.say(who, &literal, out),
            Marked::Summary(summary) => {
                // The first line of several is on this one.
                self.is_summary = !summary.ends_with(b"'") && !summary.ends_with(b"\"");
                self.repeated = if self.is_summary { self.repeated.saturating_sub(1) } else { 0 };
                out.aside();
            }
            // Before it is the end that was connected to, afterwards the greeting.
            Marked::Connect(text) if text.starts_with(b"to ") || text.starts_with(b"(") => {
                if self.is_announced {
                    out.aside();
                } else {
                    out.begin(b"", None);
                }
                self.is_announced = true;
            }
            Marked::Connect(_) | Marked::Data => out.aside(),
        }
    }
}

impl Smtplib {
    fn say(&mut self, who: Who, literal: &Literal, out: &mut Out<'_>) {
        self.is_announced = false;
        let mut text = literal.text.as_slice();
        let is_cut = !literal.is_whole && who == Who::Client && self.is_content;
        if is_cut {
            // A line that is cut off may look like another one.
            text = text.get(..=memchr::memrchr(b'\n', text).unwrap_or(0)).unwrap_or_default();
        }
        for one in lines(text) {
            out.say(b"", who, one);
            if who == Who::Server {
                self.repeated = (self.repeated + 1).min(LINES);
                self.is_content = one.starts_with(b"354");
            }
        }
        if is_cut {
            out.elided(b"", None);
            out.say(b"", who, b".");
        }
        if who == Who::Client {
            self.repeated = 0;
            self.is_content = false;
        }
    }
}

/// Lines of a reply that are counted.
const LINES: usize = 512;

/// The time in front, and what follows.
fn timed(line: &[u8]) -> (Option<Time>, &[u8]) {
    match Time::of_day(line) {
        Some((time, used)) => match line.get(used..) {
            Some([b' ', rest @ ..]) => (Some(time), rest),
            _ => (None, line),
        },
        None => (None, line),
    }
}

fn likeness(line: &[u8]) -> Likeness {
    match Marked::read(timed(line).1) {
        Some(Marked::Said(who, literal)) => {
            let first = lines(&literal.text).next().unwrap_or_default();
            let is_smtp = if who == Who::Client { is_command(first) } else { is_reply(first) };
            if is_smtp { Likeness::Sure } else { Likeness::No }
        }
        Some(Marked::Summary(_)) => Likeness::Marked,
        Some(Marked::Connect(_) | Marked::Data) => Likeness::Weak,
        None => Likeness::No,
    }
}
