//! `S: ` and `C: ` in front of each line, as RFCs print dialogs and MailKit logs them.
//!
//! ```text
//! Connected to smtp://mx.example.net:25/
//! S: 220 mx.example.net ESMTP
//! C: EHLO client.example.org
//! S: 250 mx.example.net
//! ```
//!
//! In either case, with any indent; a bare `C:` is an empty line. Lines of content have the mark,
//! too.

use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side};

pub(super) static LETTERS: Foreign = Foreign {
    name: "S:C:",
    title: "`S:` and `C:` lines: RFCs, MailKit",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::new(Letters),
};

/// Each line stands for itself.
struct Letters;

impl ReadLines for Letters {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if line.starts_with(b"Connected to smtp") {
            out.begin(b"", None);
        } else if let Some((who, text)) = marked(line) {
            out.say(b"", who, text);
        }
    }
}

/// Who says a line, and what.
fn marked(line: &[u8]) -> Option<(Who, &[u8])> {
    let line = line.trim_ascii_start();
    let (mark, rest) = line.split_first_chunk::<2>()?;
    let who = match mark {
        b"S:" | b"s:" => Who::Server,
        b"C:" | b"c:" => Who::Client,
        _ => return None,
    };
    // The mark is a word of its own.
    match rest {
        [] => Some((who, rest)),
        [b' ', text @ ..] => Some((who, text)),
        _ => None,
    }
}

fn likeness(line: &[u8]) -> Likeness {
    match marked(line) {
        Some((Who::Client, text)) if is_command(text) => Likeness::Sure,
        Some((Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some(_) => Likeness::Weak,
        None if line.starts_with(b"Connected to smtp") => Likeness::Weak,
        None => Likeness::No,
    }
}
