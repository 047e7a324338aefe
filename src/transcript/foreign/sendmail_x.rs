//! What `sendmail -X` writes: the number of the process, and what it reads and writes.
//!
//! ```text
//! 04242 <<< From: <alice@example.org>
//! 04242 <<< [EOF]
//! 04242 === CONNECT mx.example.net
//! 04242 <<< 220 mx.example.net ESMTP
//! 04242 >>> EHLO client.example.org
//! ```
//!
//! What it reads before it connects is the message, and no part of a dialog. A daemon writes
//! replies and reads commands: its first line is the greeting that it writes. Content is complete.

use super::few::Few;
use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side};

pub(super) static SENDMAIL_X: Foreign = Foreign {
    name: "sendmail-X",
    title: "the traffic log of sendmail -X",
    shows: Shows::ALL.without(Shows::ORDER),
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::new(SendmailX(Few::default())),
};

struct SendmailX(Few<State>);

/// How far a process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    New,
    /// It reads a message.
    Input,
    /// It is in a dialog.
    Dialog,
}

impl ReadLines for SendmailX {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some((pid, mark, text)) = marked(line) else { return };
        let state = self.0.of(pid);
        match mark {
            b"===" => {
                if text.starts_with(b"CONNECT ") {
                    *state = State::Dialog;
                    out.begin(pid, None);
                }
                out.aside();
            }
            b"<<<" if text == b"[EOF]" => {
                let is_dialog = std::mem::take(state) == State::Dialog;
                self.0.forget(pid);
                if is_dialog {
                    out.end(pid, None);
                }
                out.aside();
            }
            b"<<<" if *state == State::Input => out.aside(),
            // A log that is cut may begin with a reply.
            b"<<<" if *state == State::New && !is_reply(text) => {
                *state = State::Input;
                out.aside();
            }
            _ => {
                *state = State::Dialog;
                let who = if mark == b">>>" { Who::Out } else { Who::In };
                out.say(pid, who, text);
            }
        }
    }
}

/// The number of the process, the mark, and what follows it.
fn marked(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let digits = line.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    let (pid, rest) = line.split_at_checked(digits).filter(|_| (1..11).contains(&digits))?;
    let (mark, text) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
    let is_mark = matches!(mark, b"<<<" | b">>>" | b"===");
    let text = if text.is_empty() { text } else { text.strip_prefix(b" ")? };
    is_mark.then_some((pid, mark, text))
}

fn likeness(line: &[u8]) -> Likeness {
    match marked(line) {
        Some((_, b"===", text)) if text.starts_with(b"CONNECT ") => Likeness::Sure,
        Some((_, _, text)) if is_reply(text) || is_command(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None => Likeness::No,
    }
}
