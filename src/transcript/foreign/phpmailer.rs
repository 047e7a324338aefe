//! What `PHPMailer` prints for `SMTPDebug`.
//!
//! ```text
//! 2026-11-21 10:00:00<TAB>SERVER -> CLIENT: 250-mx.example.net
//!                    <TAB>                  250 SIZE 10485760
//! 2026-11-21 10:00:00<TAB>CLIENT -> SERVER: MAIL FROM:<alice@example.org>
//! ```
//!
//! The times are UTC; former versions have none, and say `CLIENT -> SMTP:`. Blanks at line ends are
//! cut off. Level 1 has the client's lines only, 3 says when it connects, 4 also what it reads line
//! by line: `SMTP -> get_lines()`, `SMTP INBOUND:`. Below 4 secrets are `[credentials hidden]`.

use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{End, Shows, Side};

pub(super) static PHPMAILER: Foreign = Foreign {
    name: "phpmailer",
    title: "PHPMailer, SMTPDebug",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Phpmailer>::default(),
};

#[derive(Default)]
struct Phpmailer {
    /// The code of the reply that goes on.
    goes_on: Option<[u8; 3]>,
}

impl ReadLines for Phpmailer {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let (time, text) = timed(line);
        if let Some(code) = self.goes_on.take()
            && time.is_none()
        {
            let text = text.trim_ascii_start();
            if is_reply(text) && text.starts_with(&code) {
                return self.say(text, out);
            }
        }
        out.at(time);
        match marked(text) {
            Some((Who::Client, b"[credentials hidden]")) => {
                out.say_masked(b"", Who::Client, b"****");
            }
            // The connection is lost.
            Some((Who::Server, b"")) => out.aside(),
            Some((Who::Server, text)) => self.say(text, out),
            Some((who, text)) => out.say(b"", who, text),
            None => note(text, out),
        }
    }
}

impl Phpmailer {
    /// The server says `text`.
    fn say(&mut self, text: &[u8], out: &mut Out<'_>) {
        out.say(b"", Who::Server, text);
        if let [a, b, c, b'-', ..] = *text {
            self.goes_on = Some([a, b, c]);
        }
    }
}

/// Takes a line that is no part of the dialog.
fn note(text: &[u8], out: &mut Out<'_>) {
    if text.starts_with(b"Connection: opening to ") {
        out.begin(b"", None);
    } else if text.starts_with(b"Connection: closed") {
        out.end(b"", None);
    } else if text.starts_with(b"SMTP NOTICE: EOF caught") {
        out.end(b"", Some(End::ServerClosed));
    } else if is_own(text) {
        out.aside();
    }
}

fn is_own(text: &[u8]) -> bool {
    let own: [&[u8]; 6] = [
        b"Connection: ",
        b"SMTP ERROR: ",
        b"SMTP NOTICE: ",
        b"SMTP INBOUND: ",
        b"SMTP -> get_lines(): ",
        b"Auth method",
    ];
    own.iter().any(|own| text.starts_with(own))
}

/// Who says a line, and what.
fn marked(text: &[u8]) -> Option<(Who, &[u8])> {
    let (who, rest) = if let Some(rest) = text.strip_prefix(b"SERVER -> CLIENT:") {
        (Who::Server, rest)
    } else if let Some(rest) = text.strip_prefix(b"CLIENT -> SERVER:") {
        (Who::Client, rest)
    } else {
        (Who::Client, text.strip_prefix(b"CLIENT -> SMTP:")?)
    };
    match rest {
        [] => Some((who, rest)),
        [b' ', text @ ..] => Some((who, text)),
        _ => None,
    }
}

/// The time in front, and what follows.
fn timed(line: &[u8]) -> (Option<Time>, &[u8]) {
    match Time::iso(line) {
        Some((time, used)) => {
            let rest = line.get(used..).unwrap_or_default();
            (Some(Time { is_zoned: true, ..time }), rest.trim_ascii_start())
        }
        None => (None, line),
    }
}

fn likeness(line: &[u8]) -> Likeness {
    let text = timed(line).1;
    match marked(text) {
        Some((Who::Client, text)) if is_command(text) => Likeness::Sure,
        Some((Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None if is_own(text) => Likeness::Weak,
        None => Likeness::No,
    }
}
