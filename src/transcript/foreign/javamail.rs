//! What `JavaMail` (Jakarta Mail) prints with `mail.debug`.
//!
//! ```text
//! DEBUG SMTP: trying to connect to host "mx.example.net", port 25, isSSL false
//! 220 mx.example.net ESMTP
//! DEBUG SMTP: connected to host "mx.example.net", port: 25
//! EHLO client.example.org
//! 250 SIZE 10485760
//! DEBUG SMTP: Found extension "SIZE", arg "10485760"
//! ```
//!
//! Lines of the dialog have no mark (before 1.4: `DEBUG SMTP SENT: `, `DEBUG SMTP RCVD: `), those of
//! mail data included, so what is neither a reply nor a command outside of it belongs to other
//! logs. AUTH is left out as a whole, with its replies, unless `mail.debug.auth` is set.

use super::payload::{goes_on, is_command, is_reply, is_smtp};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side};

pub(super) static JAVAMAIL: Foreign = Foreign {
    name: "javamail",
    title: "JavaMail, mail.debug",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Javamail>::default(),
};

#[derive(Default)]
struct Javamail {
    phase: Phase,
}

/// What the client's next line is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Command,
    /// DATA was sent.
    Asked,
    Content,
    /// An answer to a challenge.
    Answer,
}

impl ReadLines for Javamail {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some(text) = line.strip_prefix(b"DEBUG SMTP SENT: ") {
            self.client(text, out);
        } else if let Some(text) = line.strip_prefix(b"DEBUG SMTP RCVD: ") {
            self.server(text, out);
        } else if line.starts_with(b"DEBUG SMTP") {
            self.note(line, out);
        } else if matches!(self.phase, Phase::Content | Phase::Answer) {
            self.client(line, out);
        } else if is_reply(line) {
            self.server(line, out);
        } else if is_command(line) {
            self.client(line, out);
        } else if line.starts_with(b"DEBUG: ") {
            out.aside();
        }
    }
}

impl Javamail {
    fn client(&mut self, text: &[u8], out: &mut Out<'_>) {
        out.say(b"", Who::Client, text);
        self.phase = match self.phase {
            Phase::Content if text != b"." => Phase::Content,
            Phase::Content | Phase::Answer => Phase::Command,
            _ if text.eq_ignore_ascii_case(b"DATA") => Phase::Asked,
            _ => Phase::Command,
        };
    }

    fn server(&mut self, text: &[u8], out: &mut Out<'_>) {
        out.say(b"", Who::Server, text);
        let is_last = !goes_on(text);
        self.phase = match (self.phase, text.get(..3)) {
            (Phase::Asked, Some(b"354")) if is_last => Phase::Content,
            (_, Some(b"334")) => Phase::Answer,
            (phase, _) if !is_last => phase,
            _ => Phase::Command,
        };
    }

    /// Takes a line that is no part of the dialog.
    fn note(&mut self, line: &[u8], out: &mut Out<'_>) {
        if memchr::memmem::find(line, b": trying to connect to host ").is_some() {
            self.phase = Phase::Command;
            out.begin(b"", None);
        } else {
            out.aside();
        }
    }
}

fn likeness(line: &[u8]) -> Likeness {
    let said: [&[u8]; 2] = [b"DEBUG SMTP SENT: ", b"DEBUG SMTP RCVD: "];
    if let Some(text) = said.iter().find_map(|said| line.strip_prefix(*said)) {
        return if is_smtp(text) { Likeness::Sure } else { Likeness::Marked };
    }
    let own: [&[u8]; 2] = [b"DEBUG SMTP: ", b"DEBUG SMTPS: "];
    if let Some(text) = own.iter().find_map(|own| line.strip_prefix(*own)) {
        let known: [&[u8]; 5] = [
            b"useEhlo ",
            b"trying to connect to host ",
            b"connected to host ",
            b"Found extension ",
            b"use8bit ",
        ];
        let is_known = known.iter().any(|known| text.starts_with(known));
        return if is_known { Likeness::Sure } else { Likeness::Marked };
    }
    // Without the lines above they are no sign of anything.
    if is_smtp(line) { Likeness::Marked } else { Likeness::No }
}
