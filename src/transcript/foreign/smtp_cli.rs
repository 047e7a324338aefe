//! What smtp-cli prints with `--verbose`: `> ` and a command; a reply's code in brackets and its
//! text in quotes.
//!
//! ```text
//! Connection from 192.0.2.1:40000 to 192.0.2.2:25
//! [220] 'mx.example.net ESMTP'
//! > EHLO client.example.org
//! [250] 'mx.example.net'
//! [250] 'SIZE 10485760'
//! > QUIT
//! [221] '2.0.0 Bye'
//! ```
//!
//! What is between code and text is lost: as it sends no command before it has the reply, all
//! lines with one code up to a command are one reply. Content is left out.

use super::payload::{is_command, peers};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side};

pub(super) static SMTP_CLI: Foreign = Foreign {
    name: "smtp-cli",
    title: "smtp-cli",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::REPLIES),
    content: Content::Dot,
    out: Side::Client,
    likeness,
    reader: || Box::new(SmtpCli { held: None }),
};

struct SmtpCli {
    /// A line of a reply that may be its last.
    held: Option<Line>,
}

/// A line of a reply.
struct Line {
    /// Its number in the file.
    number: u64,
    /// Code, separator, text.
    text: Vec<u8>,
}

impl SmtpCli {
    /// Says the line that waits, as one that goes on or as the last.
    fn release(&mut self, goes_on: bool, out: &mut Out<'_>) {
        let Some(Line { number, mut text }) = self.held.take() else { return };
        if let Some(separator) = text.get_mut(3) {
            *separator = if goes_on { b'-' } else { b' ' };
        }
        let now = out.number();
        out.of_line(number);
        out.say(b"", Who::Server, &text);
        out.of_line(now);
    }
}

impl ReadLines for SmtpCli {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some((code, text)) = reply(line) {
            let goes_on = self.held.as_ref().is_some_and(|held| held.text.starts_with(code));
            self.release(goes_on, out);
            self.held = Some(Line { number: out.number(), text: [code, b" ", text].concat() });
            out.aside();
        } else if let Some(text) = command(line) {
            self.release(false, out);
            out.say(b"", Who::Client, text);
        } else if let Some(ends) = line.strip_prefix(b"Connection from ") {
            self.release(false, out);
            out.begin(b"", peers(ends));
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.release(false, out);
    }
}

/// Code and text of `[250] 'text'`.
fn reply(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (code, rest) = line.strip_prefix(b"[")?.split_at_checked(3)?;
    let text = rest.strip_prefix(b"] '")?;
    let is_code = matches!(code, [b'2'..=b'5', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    is_code.then_some((code, text.strip_suffix(b"'").unwrap_or(text)))
}

/// The command of `> command`; in a mail that quotes it, nothing is left of the mark.
fn command(line: &[u8]) -> Option<&[u8]> {
    let marked = line.strip_prefix(b"> ");
    marked.or_else(|| Some(line).filter(|line| is_command(line) || *line == b"."))
}

fn likeness(line: &[u8]) -> Likeness {
    match (reply(line), line.strip_prefix(b"> ")) {
        (Some(_), _) => Likeness::Sure,
        (_, Some(text)) if is_command(text) => Likeness::Marked,
        _ => Likeness::No,
    }
}
