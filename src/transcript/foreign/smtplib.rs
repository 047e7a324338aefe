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
//! it is, on several lines. A message is one `send:`. A string without its end goes on in the next
//! line, if a terminal or a manual has wrapped it there. `reply: retcode` and `data:` repeat replies;
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
    /// A string that has no end yet.
    open: Option<Open>,
}

/// A string that may go on in the next line.
struct Open {
    number: u64,
    time: Option<Time>,
    who: Who,
    /// Blanks in front of its first line.
    indent: usize,
    /// What was printed.
    source: Vec<u8>,
    /// Its quote; whether a backslash is before what follows.
    quote: u8,
    is_escaped: bool,
}

/// Bytes of a string that is put together.
const MOST: usize = 1 << 20;

impl Open {
    /// Adds a line; whether the string ends in it.
    fn add(&mut self, line: &[u8]) -> bool {
        self.source.extend_from_slice(line);
        for &byte in line {
            if self.is_escaped {
                self.is_escaped = false;
            } else if byte == self.quote {
                return true;
            } else {
                self.is_escaped = byte == b'\\';
            }
        }
        false
    }
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
        let indent = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let (time, text) = timed(line);
        let marked = Marked::read(text);
        if let Some(mut open) = self.open.take() {
            let blanks = indent.min(open.indent);
            let rest = line.get(blanks..).filter(|rest| !rest.is_empty());
            let is_room = open.source.len() + line.len() < MOST;
            if marked.is_none()
                && is_room
                && let Some(rest) = rest
            {
                if open.add(rest) {
                    self.finish(&open, out);
                } else {
                    self.open = Some(open);
                }
                return out.aside();
            }
            self.finish(&open, out);
        }
        let Some(marked) = marked else {
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
            Marked::Said(who, literal) if !literal.is_whole => {
                let source = text.split(|&byte| byte == b' ').next().map_or(0, <[u8]>::len) + 1;
                let source = text.get(source..).unwrap_or_default();
                let Some(at) = source.iter().position(|byte| b"'\"".contains(byte)) else { return };
                let (start, rest) = source.split_at(at + 1);
                let quote = start.last().copied().unwrap_or_default();
                let mut open = Open {
                    number: out.number(),
                    time,
                    who,
                    indent,
                    source: start.to_vec(),
                    quote,
                    is_escaped: false,
                };
                open.add(rest);
                self.open = Some(open);
                out.aside();
            }
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

    fn end(&mut self, out: &mut Out<'_>) {
        if let Some(open) = self.open.take() {
            self.finish(&open, out);
        }
    }
}

impl Smtplib {
    /// Says a string that has its end, or gets none.
    fn finish(&mut self, open: &Open, out: &mut Out<'_>) {
        let Some(literal) = literal(&open.source) else { return };
        let now = out.number();
        out.of_line(open.number);
        out.at(open.time);
        self.say(open.who, &literal, out);
        out.of_line(now);
    }

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
    let rest = line.trim_ascii_start();
    match Time::of_day(rest) {
        Some((time, used)) => match rest.get(used..) {
            Some([b' ', rest @ ..]) => (Some(time), rest),
            _ => (None, rest),
        },
        None => (None, rest),
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

#[cfg(test)]
mod tests {
    use super::super::hub::dialog;
    use super::*;

    #[test]
    fn strings_go_on_where_they_were_wrapped() {
        let text = "\tsend: 'ehlo 1.0.0.\n\t0.ip6.arpa\\r\\n'\n\treply: b'250-1.0.0\n\t.0.ip6.arpa\\r\n\
                    \t\\n'\n\treply: b'250 HELP\\r\\n'\n\treply: retcode (250); Msg: b'1.0.0\n\t.0.ip6\\nHELP'\n\
                    \tsend: 'data\\r\\n'\n\treply: b'354 go\\r\\n'\n\tsend: b\"it's\\r\n\t\\n  a\n\t b\\\n\
                    \tr\\n.\\r\\n\"\n\treply: b'250 ok\\r\\n'\n";
        let said = [
            "C ehlo 1.0.0.0.ip6.arpa",
            "S 250-1.0.0.0.ip6.arpa",
            "S 250 HELP",
            "C data",
            "S 354 go",
            "C it's",
            "C   a b",
            "C .",
            "S 250 ok",
        ];
        assert_eq!(dialog(&SMTPLIB, text), said);
    }

    #[test]
    fn a_message_that_was_cut_off_is_left_out() {
        let text = "send: 'data\\r\\n'\nreply: b'354 go\\r\\n'\nsend: b'a\\r\\nb...\n\
                    reply: b'250 ok\\r\\n'\n";
        assert_eq!(
            dialog(&SMTPLIB, text),
            ["C data", "S 354 go", "C a", "elided", "C .", "S 250 ok"]
        );
    }
}
