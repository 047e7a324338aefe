//! What Perl's `Net::SMTP` writes with `Debug`: its object, an arrow, a line.
//!
//! ```text
//! Net::SMTP>>> Net::SMTP(3.15)
//! Net::SMTP=GLOB(0x5db4351225f8)<<< 220 mx.example.net ESMTP
//! Net::SMTP=GLOB(0x5db4351225f8)>>> EHLO client.example.org
//! ```
//!
//! Lines without an object name classes and their versions. Content is shown before its dots are
//! doubled, so that a dot alone ends it only where a reply follows.

use super::few::Few;
use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side};

pub(super) static NET_SMTP: Foreign = Foreign {
    name: "net-smtp",
    title: "Perl's Net::SMTP, git send-email --smtp-debug",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::new(NetSmtp(Few::default())),
};

struct NetSmtp(Few<State>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Commands,
    /// The server has allowed content.
    Content,
    /// It had a dot alone, which waits.
    Dot,
}

impl ReadLines for NetSmtp {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some((key, who, text)) = marked(line) else {
            if line.starts_with(b"Net::SMTP") && memchr::memmem::find(line, b">>> ").is_some() {
                out.aside();
            }
            return;
        };
        let state = self.0.of(key);
        match (who, *state) {
            (Who::Server, before) => {
                if before == State::Dot {
                    out.say(key, Who::Client, b".");
                }
                *state = if text.starts_with(b"354") { State::Content } else { State::Commands };
                out.say(key, who, text);
            }
            (_, State::Commands) => out.say(key, who, text),
            (_, before) => {
                if before == State::Dot {
                    out.say(key, who, b"..");
                }
                *state = if text == b"." { State::Dot } else { State::Content };
                if *state == State::Dot {
                    out.aside();
                } else if text.starts_with(b".") {
                    out.say(key, who, &[b".", text].concat());
                } else {
                    out.say(key, who, text);
                }
            }
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        for (key, state) in self.0.take() {
            if state == State::Dot {
                out.say(&key, Who::Client, b".");
            }
        }
    }
}

/// The object of a line, who says it, and what.
fn marked(line: &[u8]) -> Option<(&[u8], Who, &[u8])> {
    // Classes made of it have names of their own: Net::SMTP::SSL, Net::SMTPS, Net::SMTP_auth.
    let class = line.strip_prefix(b"Net::SMTP")?;
    let start = class.get(..64).unwrap_or(class);
    let object = class.get(memchr::memmem::find(start, b"=GLOB(0x")? + 8..)?;
    let close = object.iter().take(32).position(|byte| *byte == b')')?;
    let (key, rest) = object.split_at_checked(close)?;
    let (arrow, rest) = rest.get(1..)?.split_first_chunk::<3>()?;
    let who = match arrow {
        b">>>" => Who::Client,
        b"<<<" => Who::Server,
        _ => return None,
    };
    Some((key, who, rest.strip_prefix(b" ").unwrap_or(rest)))
}

fn likeness(line: &[u8]) -> Likeness {
    match marked(line) {
        Some((_, Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some((_, Who::Client, text)) if is_command(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None if line.starts_with(b"Net::SMTP>>> ") => Likeness::Marked,
        None => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_from_classes() {
        let read = |line: &str| {
            let (key, who, text) = marked(line.as_bytes())?;
            Some((String::from_utf8_lossy(key).into_owned(), who, text.to_vec()))
        };
        let is = |who, text: &[u8]| Some(("5d".to_owned(), who, text.to_vec()));
        assert_eq!(read("Net::SMTP=GLOB(0x5d)<<< 220 a"), is(Who::Server, b"220 a"));
        assert_eq!(read("Net::SMTP::SSL=GLOB(0x5d)>>> "), is(Who::Client, b""));
        assert_eq!(read("Net::SMTPS=GLOB(0x5d)>>>"), is(Who::Client, b""));
        for line in
            ["Net::SMTP>>>   Net::Cmd(3.15)", "Net::SMTP=GLOB(0x5d", "Net::SMTP=GLOB(0x5d)x"]
        {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
