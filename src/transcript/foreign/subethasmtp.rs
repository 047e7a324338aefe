//! What `SubEthaSMTP` logs, and `FakeSMTP` and HELO with it: `Server: ` and `Client: ` behind a hyphen.
//!
//! ```text
//! 10:00:00 AM - SMTP connection from client.example.org/192.0.2.1, new connection count: 1
//! 10:00:00 AM - Server: 220 mx.example.net ESMTP SubEthaSMTP null
//! 10:00:00 AM - Client: EHLO client.example.org
//! 10:00:00 AM - Server: 250-mx.example.net
//! 250 8BITMIME
//! ```
//!
//! Of a reply of several lines only the first has the mark. In front stands a time, or what a
//! logger of Java puts there with the name of the class. Answers of AUTH and content are left out.

use super::payload::{Challenges, goes_on, is_command, is_reply, split_at_mark};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};

pub(super) static SUBETHASMTP: Foreign = Foreign {
    name: "subethasmtp",
    title: "logs of SubEthaSMTP, FakeSMTP, HELO",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::<Subetha>::default(),
};

#[derive(Default)]
struct Subetha {
    /// The session whose reply goes on, and when it began.
    open: Option<(Vec<u8>, Option<Time>)>,
    challenges: Challenges,
}

/// A line with a time, or the name of a class, in front.
struct Line<'a> {
    time: Option<Time>,
    /// The thread, if it is there.
    key: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let (head, rest) = split_at_mark(line, b" - ")?;
        let head = head.trim_ascii_end();
        let (time, more) = Time::any(head).map_or((None, head), |(time, more)| (Some(time), more));
        let is_ours =
            time.is_some() && more.is_empty() || split_at_mark(head, b"subetha").is_some();
        let thread = split_at_mark(head, b"[").and_then(|(_, rest)| split_at_mark(rest, b"]"));
        let key = thread.map_or(&b""[..], |(thread, _)| thread);
        is_ours.then_some(Self { time, key: if more.is_empty() { b"" } else { key }, rest })
    }

    /// Who says a line of the dialog, and what.
    fn said(&self) -> Option<(Who, &'a [u8])> {
        if let Some(text) = self.rest.strip_prefix(b"Server:") {
            return Some((Who::Server, text.strip_prefix(b" ").unwrap_or(text)));
        }
        let text = self.rest.strip_prefix(b"Client:")?;
        Some((Who::Client, text.strip_prefix(b" ").unwrap_or(text)))
    }
}

impl Subetha {
    fn say(&mut self, key: &[u8], who: Who, text: &[u8], time: Option<Time>, out: &mut Out<'_>) {
        out.at(time);
        self.challenges.say(key, who, text, out);
        self.open = (who == Who::Server && goes_on(text)).then(|| (key.to_vec(), time));
    }
}

impl ReadLines for Subetha {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let open = self.open.take();
        if let Some(read) = Line::read(line) {
            out.at(read.time);
            match read.said() {
                Some((who, text)) => self.say(read.key, who, text, read.time, out),
                None if read.rest.starts_with(b"SMTP connection from ") => {
                    out.begin(read.key, None);
                }
                None => out.aside(),
            }
        } else if let Some((key, time)) = open.filter(|_| is_reply(line)) {
            self.say(&key, Who::Server, line, time, out);
        }
    }
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(line) = Line::read(line) else { return Likeness::No };
    match line.said() {
        Some((Who::Client, text)) if is_command(text) => Likeness::Sure,
        Some((Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some(_) => Likeness::Weak,
        None if line.rest.starts_with(b"SMTP connection from ") => Likeness::Weak,
        None => Likeness::No,
    }
}
