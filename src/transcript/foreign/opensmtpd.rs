//! What OpenSMTPD traces with `-T smtp` and `-T mta`: the address of a session, an arrow, a line.
//!
//! ```text
//! smtp: 0x274320c42000: connected to listener 0x274320c7b000 [hostname=mx.example.net, port=25, tag=]
//! smtp: 0x274320c42000: >>> 220 mx.example.net ESMTP OpenSMTPD
//! smtp: 0x274320c42000: <<< EHLO client.example.org
//! ```
//!
//! `>>>` is what it sends: replies as a server, commands as a client (`mta:`). Perhaps the words of
//! syslog are in front. Lines of content have no session, `<<< [MSG] line`, up to `<<< [EOM]`:
//! they belong to the one that was last allowed to send it. Older ones leave content out.

use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};

pub(super) static OPENSMTPD: Foreign = Foreign {
    name: "opensmtpd",
    title: "traces of OpenSMTPD",
    shows: Shows::ALL.without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::new(OpenSmtpd { content: Vec::new() }),
};

struct OpenSmtpd {
    /// The session that was last allowed to send content; empty if none.
    content: Vec<u8>,
}

impl ReadLines for OpenSmtpd {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let (time, line) = without_syslog(line);
        out.at(time);
        let Some((key, text)) = session(line) else {
            match line.strip_prefix(b"<<< [MSG] ") {
                Some(text) if !self.content.is_empty() => {
                    out.say(&self.content, Who::Client, text);
                }
                _ if is_aside(line) => out.aside(),
                _ => {}
            }
            return;
        };
        match said(text) {
            Some((who, text)) => {
                if who == Who::Out && text.starts_with(b"354") {
                    self.content = key.to_vec();
                } else if self.content == key {
                    self.content.clear();
                }
                out.say(key, who, text);
            }
            None if text.starts_with(b"connected to listener ") => out.begin(key, None),
            None if text.starts_with(b"deleting session") => out.end(key, None),
            None => out.aside(),
        }
    }
}

/// Bytes of a session's name.
const KEY: usize = 40;

/// What follows the time, the host and the program that syslog puts in front.
fn without_syslog(line: &[u8]) -> (Option<Time>, &[u8]) {
    let Some((time, rest)) = Time::any(line) else { return (None, line) };
    let start = rest.get(..128).unwrap_or(rest);
    let end = memchr::memmem::find(start, b"]: ").and_then(|end| rest.get(end + 3..));
    (Some(time), end.unwrap_or(rest))
}

/// The session of a line, `smtp: 0x1234`, and what follows it.
fn session(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = line.strip_prefix(b"smtp: 0x").or_else(|| line.strip_prefix(b"mta: 0x"))?;
    let prefix = line.len() - start.len();
    let digits = start.iter().take(KEY).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (key, rest) = line.split_at_checked(prefix + digits).filter(|_| digits > 0)?;
    Some((key, rest.strip_prefix(b": ")?))
}

/// Who says what in a session.
fn said(text: &[u8]) -> Option<(Who, &[u8])> {
    let (arrow, rest) = text.split_first_chunk::<3>()?;
    let who = match arrow {
        b">>>" => Who::Out,
        b"<<<" => Who::In,
        _ => return None,
    };
    Some((who, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// Whether a line is one of its own about a session: `66eb9485da071242 smtp connected …`.
fn is_aside(line: &[u8]) -> bool {
    let is_id = line.first_chunk::<16>().is_some_and(|id| id.iter().all(u8::is_ascii_hexdigit));
    let rest = line.get(16..).unwrap_or_default();
    (is_id && (rest.starts_with(b" smtp ") || rest.starts_with(b" mta ")))
        || line.starts_with(b"debug: ")
        || line.starts_with(b"<<< [EOM]")
}

fn likeness(line: &[u8]) -> Likeness {
    match session(without_syslog(line).1).map(|(_, text)| (text, said(text))) {
        Some((_, Some((_, text)))) if is_reply(text) || is_command(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None => Likeness::No,
    }
}
