//! The transcript in a notice of Postfix to its postmaster: ` Out: ` and ` In:  `, long lines folded.
//!
//! ```text
//! Transcript of session follows.
//!
//!  Out: 220 mx.example.net ESMTP Postfix
//!  In:  EHLO client.example.org
//!  Out: 550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown
//!      in local recipient table
//!
//! Session aborted, reason: lost connection
//! ```
//!
//! A line goes on behind five blanks; one stood where it was folded, or more, which are lost.
//! Content is left out.

use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{End, Shows, Side};

pub(super) static POSTFIX_NOTICE: Foreign = Foreign {
    name: "postfix-notice",
    title: "notices of Postfix: `Transcript of session follows`",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::<Notice>::default(),
};

/// A line that may go on.
#[derive(Default)]
struct Notice {
    held: Option<(Who, Vec<u8>)>,
}

/// Bytes of a line that is put together.
const LONGEST: usize = 65536;

impl Notice {
    fn flush(&mut self, out: &mut Out<'_>) {
        if let Some((who, text)) = self.held.take() {
            out.say(b"", who, &text);
        }
    }
}

impl ReadLines for Notice {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some((who, text)) = marked(line) {
            self.flush(out);
            self.held = Some((who, text.to_vec()));
            out.aside();
        } else if let Some((_, text)) = self.held.as_mut()
            && let Some(more) = line.strip_prefix(b"     ")
        {
            if text.len() + more.len() < LONGEST {
                text.push(b' ');
                text.extend_from_slice(more);
            }
            out.aside();
        } else {
            self.flush(out);
            if line.starts_with(b"Transcript of session follows") {
                out.begin(b"", None);
            } else if let Some(reason) = line.strip_prefix(b"Session aborted, reason: ") {
                let end = reason.starts_with(b"lost connection").then_some(End::ClientClosed);
                out.end(b"", end);
            } else if line.starts_with(b"For other details, see the local mail logfile") {
                out.end(b"", None);
            }
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.flush(out);
    }
}

/// Who says a line, and what.
fn marked(line: &[u8]) -> Option<(Who, &[u8])> {
    let line = line.strip_prefix(b" ").unwrap_or(line);
    let (who, text) = if let Some(text) = line.strip_prefix(b"Out:") {
        (Who::Out, text)
    } else {
        let text = line.strip_prefix(b"In:")?;
        // Both marks are of the same width.
        (Who::In, text.strip_prefix(b" ").unwrap_or(text))
    };
    if text.is_empty() {
        return Some((who, text));
    }
    // A blank of the mark may be lost where another tool has put it together.
    match who {
        Who::In => Some((who, text.strip_prefix(b" ").unwrap_or(text))),
        _ => Some((who, text.strip_prefix(b" ")?)),
    }
}

fn likeness(line: &[u8]) -> Likeness {
    // Prose has one blank.
    let is_exact = line.trim_ascii_start().starts_with(b"Out: ")
        || line.trim_ascii_start().starts_with(b"In:  ");
    match marked(line) {
        Some((_, text)) if is_exact && (is_reply(text) || is_command(text)) => Likeness::Sure,
        Some(_) => Likeness::Weak,
        None if line.starts_with(b"Transcript of session follows") => Likeness::Weak,
        None => Likeness::No,
    }
}
