//! What Exim prints with `-v` or `-d` of the dialogs that it has, as a client or a server.
//!
//! ```text
//! Connecting to mx.example.net [192.0.2.2]:25 ... connected
//!   SMTP<< 220 mx.example.net ESMTP
//!   SMTP>> EHLO client.example.org
//!   SMTP<< 250-mx.example.net
//!          250 SIZE 10485760
//! ```
//!
//! `SMTP<<` received, `SMTP>>` sent, `SMTP|>` sent later with what follows, `SMTP+>` sent with the
//! chunk behind it. With `-d` a process id is in front, perhaps behind the time of day. Secrets are
//! stars; of mail data it says `writing message and terminating "."`.

use super::payload::{goes_on, is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{End, Shows, Side};

pub(super) static EXIM: Foreign = Foreign {
    name: "exim",
    title: "exim -v and -d",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Client,
    likeness,
    reader: || Box::<Exim>::default(),
};

#[derive(Default)]
struct Exim {
    /// The reply that goes on: whose line it is, its key, its code, where its text began.
    goes_on: Option<(Who, Vec<u8>, [u8; 3], usize)>,
    /// The last line announced one of the log, which is indented below it.
    is_log: bool,
}

/// A line with a mark.
struct Marked<'a> {
    time: Option<Time>,
    /// The process.
    key: &'a [u8],
    what: What,
    text: &'a [u8],
    /// Where that begins.
    at: usize,
}

enum What {
    Said(Who),
    Closed,
}

impl<'a> Marked<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let (time, key, rest) = prefix(line);
        let text = rest.trim_ascii_start().strip_prefix(b"SMTP")?;
        let (mark, text) = text.split_first_chunk::<2>()?;
        let (what, text) = match mark {
            b"<<" => (What::Said(Who::In), text),
            b">>" | b"|>" | b"+>" => (What::Said(Who::Out), text),
            b"(c" if text.starts_with(b"lose)>>") => (What::Closed, &[][..]),
            _ => return None,
        };
        // The mark is a word of its own.
        let text = match text {
            [b' ', text @ ..] => text,
            [] => text,
            _ => return None,
        };
        Some(Self { time, key, what, text, at: line.len() - text.len() })
    }
}

impl ReadLines for Exim {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some((who, key, code, at)) = self.goes_on.take() {
            let text = continued(line, &key, at);
            if is_reply(text) && text.starts_with(&code) {
                out.say(&key, who, text);
                if goes_on(text) {
                    self.goes_on = Some((who, key, code, at));
                }
                return;
            }
        }
        let Some(Marked { time, key, what, text, at }) = Marked::read(line) else {
            if std::mem::take(&mut self.is_log) && line.starts_with(b"  ") {
                return out.aside();
            }
            self.is_log = line.starts_with(b"LOG: ");
            return note(line, out);
        };
        self.is_log = false;
        out.at(time);
        match what {
            What::Closed => out.end(key, None),
            What::Said(Who::Out) if text.starts_with(b"writing message and terminating") => {
                out.elided(key, None);
            }
            What::Said(who) => {
                out.say(key, who, text);
                if let [a, b, c, b'-', ..] = *text
                    && is_reply(text)
                {
                    self.goes_on = Some((who, key.to_vec(), [a, b, c], at));
                }
            }
        }
    }
}

/// What a line holds if it goes on in the reply of `key` whose text began at `at`: below it as a
/// client shows it, behind the process as a server does, or anywhere once blanks are lost.
fn continued<'a>(line: &'a [u8], key: &[u8], at: usize) -> &'a [u8] {
    let (_, process, rest) = prefix(line);
    if !key.is_empty() && process == key {
        return rest.trim_ascii_start();
    }
    let below = line.get(at..).filter(|_| is_blank(line.get(at.saturating_sub(7)..at)));
    below.unwrap_or_else(|| line.trim_ascii_start())
}

/// Takes a line without a mark.
fn note(line: &[u8], out: &mut Out<'_>) {
    let (time, key, rest) = prefix(line);
    let text = rest.trim_ascii_start();
    if text.starts_with(b"Connecting to ") && text.contains(&b'[') {
        out.at(time);
        out.begin(key, None);
    } else if text.starts_with(b"SMTP(closed)<<") {
        out.end(key, Some(End::ServerClosed));
    } else if [&b"LOG: "[..], b"delivering ", b"will write message using CHUNKING"]
        .iter()
        .any(|own| text.starts_with(own))
    {
        out.aside();
    }
}

/// The time and the process in front of a line, and the rest.
fn prefix(line: &[u8]) -> (Option<Time>, &[u8], &[u8]) {
    let (time, rest) = match Time::of_day(line) {
        Some((time, used)) => (Some(time), line.get(used..).unwrap_or_default()),
        None => (None, line),
    };
    let text = rest.trim_ascii_start();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match text.split_at_checked(digits) {
        Some((process, after)) if (1..=10).contains(&digits) && after.starts_with(b" ") => {
            (time, process, after)
        }
        _ => (time, b"", rest),
    }
}

fn is_blank(text: Option<&[u8]>) -> bool {
    text.is_some_and(|text| text.iter().all(|&byte| byte == b' '))
}

fn likeness(line: &[u8]) -> Likeness {
    match Marked::read(line) {
        Some(Marked { what: What::Said(_), text, .. }) if is_reply(text) || is_command(text) => {
            Likeness::Sure
        }
        Some(_) => Likeness::Marked,
        None => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_go_on_without_a_mark() {
        assert_eq!(continued(b"         250 HELP", b"", 9), b"250 HELP");
        assert_eq!(continued(b"250 HELP", b"", 9), b"250 HELP");
        assert_eq!(continued(b"  250          250 HELP", b"250", 15), b"250 HELP");
        assert_eq!(continued(b" 4243 250 HELP", b"4243", 13), b"250 HELP");
    }

    #[test]
    fn a_process_may_be_in_front() {
        let of = |line: &'static [u8]| {
            let marked = Marked::read(line).unwrap();
            (marked.key, marked.text, marked.at)
        };
        assert_eq!(of(b"  SMTP<< 220 mx"), (&b""[..], &b"220 mx"[..], 9));
        assert_eq!(of(b"  293   SMTP>> QUIT"), (&b"293"[..], &b"QUIT"[..], 15));
        assert_eq!(of(b"12:34:56   293   SMTP|> QUIT"), (&b"293"[..], &b"QUIT"[..], 24));
        assert!(Marked::read(b"  SMTP timeout").is_none());
        assert!(Marked::read(b"SMTP>>x").is_none());
    }
}
