//! What Nodemailer's smtp-server logs: `S: ` and `C: ` behind the level and the connection.
//!
//! ```text
//! [2026-11-21 10:00:00] INFO  [#lbxhsh5mmx3u2kqn] Connection from [192.0.2.1]
//! [2026-11-21 10:00:00] DEBUG [#lbxhsh5mmx3u2kqn] S: 220 mx.example.net ESMTP
//! [2026-11-21 10:00:00] DEBUG [#lbxhsh5mmx3u2kqn] C: EHLO client.example.org
//! [2026-11-21 10:00:00] DEBUG [#lbxhsh5mmx3u2kqn] S: 250-mx.example.net Nice to meet you
//! [2026-11-21 10:00:00] DEBUG [#lbxhsh5mmx3u2kqn] 250 PIPELINING
//! [2026-11-21 10:00:00] DEBUG [#lbxhsh5mmx3u2kqn] C: <277 bytes of DATA>
//! ```
//!
//! The times are UTC. A reply goes on without `S:`, in the first version without anything in front.
//! That version has no `#`, and mostly a colon behind the level. Content is counted.

use super::payload::{goes_on, is_command, is_reply, split_at_mark};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};

pub(super) static SMTP_SERVER: Foreign = Foreign {
    name: "smtp-server",
    title: "logs of Nodemailer's smtp-server",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::<SmtpServer>::default(),
};

#[derive(Default)]
struct SmtpServer {
    /// The connection whose reply goes on, and when it began.
    open: Option<(Vec<u8>, Option<Time>)>,
}

/// A line of a connection.
struct Line<'a> {
    time: Option<Time>,
    /// It is surely smtp-server's, not Nodemailer's as a client.
    is_sure: bool,
    id: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let (time, rest) = Time::any(line).map_or((None, line), |(time, rest)| (Some(time), rest));
        // Both versions write them so.
        let time = time.map(|time| Time { is_zoned: true, ..time });
        let (level, rest) = split_at_mark(rest, b" ")?;
        let is_old = level.ends_with(b":");
        let level = level.strip_suffix(b":").unwrap_or(level);
        matches!(level, b"TRACE" | b"DEBUG" | b"INFO" | b"WARN" | b"ERROR").then_some(())?;
        let rest = rest.trim_ascii_start().strip_prefix(b"[")?;
        let (id, rest) = split_at_mark(rest, b"]")?;
        let (is_new, id) = id.strip_prefix(b"#").map_or((false, id), |id| (true, id));
        let is_id = !id.is_empty() && id.iter().all(u8::is_ascii_alphanumeric);
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        is_id.then_some(Self { time, is_sure: is_new || is_old, id, rest })
    }

    /// Who says a line of the dialog, and what.
    fn said(&self) -> Option<(Who, &'a [u8])> {
        if let Some(text) = self.rest.strip_prefix(b"S:") {
            return Some((Who::Server, text.strip_prefix(b" ").unwrap_or(text)));
        }
        let text = self.rest.strip_prefix(b"C:")?;
        Some((Who::Client, text.strip_prefix(b" ").unwrap_or(text)))
    }
}

impl SmtpServer {
    /// A line of the server.
    fn reply(&mut self, id: &[u8], time: Option<Time>, text: &[u8], out: &mut Out<'_>) {
        out.at(time);
        out.say(id, Who::Server, text);
        self.open = goes_on(text).then(|| (id.to_vec(), time));
    }
}

impl ReadLines for SmtpServer {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let open = self.open.take();
        let Some(Line { time, id, rest, .. }) = Line::read(line) else {
            match open {
                Some((id, time)) if is_reply(line) => self.reply(&id, time, line, out),
                _ if line.starts_with(b"[") && Time::any(line).is_some() => out.aside(),
                _ => {}
            }
            return;
        };
        out.at(time);
        match Line::read(line).and_then(|line| line.said()) {
            Some((Who::Client, text)) => match data(text) {
                Some(bytes) => out.elided(id, Some(bytes)),
                None => out.say(id, Who::Client, text),
            },
            Some((_, text)) => self.reply(id, time, text, out),
            None if open.is_some_and(|(open, _)| open == id) && is_reply(rest) => {
                self.reply(id, time, rest, out);
            }
            None if rest.starts_with(b"Connection from ") => out.begin(id, None),
            None if rest.starts_with(b"Connection closed") => out.end(id, None),
            None => out.aside(),
        }
    }
}

/// The bytes of content that `<277 bytes of DATA>` stands for.
fn data(text: &[u8]) -> Option<u64> {
    let number = text.strip_prefix(b"<")?.strip_suffix(b" bytes of DATA>")?;
    str::from_utf8(number).ok()?.parse().ok()
}

/// Whether what is said of a connection is a server's: a client has others of its own.
pub(super) fn is_servers(rest: &[u8]) -> bool {
    let is_data = || rest.strip_prefix(b"C: ").is_some_and(|text| data(text).is_some());
    rest.starts_with(b"Connection from ") || rest.starts_with(b"Connection closed to ") || is_data()
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(line) = Line::read(line) else { return Likeness::No };
    let is_ours = match line.said() {
        Some((Who::Client, text)) => is_command(text) || data(text).is_some(),
        Some((_, text)) => is_reply(text),
        None if is_servers(line.rest) => return Likeness::Sure,
        None => return Likeness::Weak,
    };
    // Without the mark it may be the client's, which has more of them, or says that it is not.
    match (is_ours, line.is_sure) {
        (true, _) if is_servers(line.rest) => Likeness::Sure,
        (true, true) => Likeness::Sure,
        (true, false) => Likeness::Marked,
        (false, _) => Likeness::Weak,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_versions_are_known() {
        let like = |line: &str| likeness(line.as_bytes());
        assert_eq!(like("[2022-10-11 16:39:44] DEBUG [#lbx] S: 220 a"), Likeness::Sure);
        assert_eq!(like("[2015-10-11 16:39:44] DEBUG: [lbx] C: QUIT"), Likeness::Sure);
        assert_eq!(like("[2022-10-11 16:39:44] DEBUG [lbx] C: QUIT"), Likeness::Marked);
        assert_eq!(like("DEBUG [#lbx] C: <12 bytes of DATA>"), Likeness::Sure);
        assert_eq!(
            like("[2022-10-11 16:39:44] INFO  [#lbx] Connection from [::1]"),
            Likeness::Sure
        );
        assert_eq!(like("220 a"), Likeness::No);
    }
}
