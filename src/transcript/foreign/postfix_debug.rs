//! What smtpd of Postfix logs with `-v` or for `debug_peer_list`, and its client likewise.
//!
//! ```text
//! Nov 21 10:00:00 mx postfix/smtpd[12002]: connect from client.example.org[192.0.2.1]
//! Nov 21 10:00:00 mx postfix/smtpd[12002]: > client.example.org[192.0.2.1]: 220 mx.example.net ESMTP
//! Nov 21 10:00:00 mx postfix/smtpd[12002]: < client.example.org[192.0.2.1]: EHLO client.example.org
//! ```
//!
//! `>` sent by the process, `<` received; the client's log has a port behind the address. A process
//! takes one connection after the other. Between them many lines of other kinds; pasted, all up to
//! the arrow may be missing. Content is left out.

use super::payload::{is_command, is_reply, split_at_mark};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{End, Shows, Side};

pub(super) static POSTFIX_DEBUG: Foreign = Foreign {
    name: "postfix-debug",
    title: "syslog of Postfix with -v or debug_peer_list",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::new(Debug),
};

/// Each line stands for itself.
struct Debug;

/// A line of a process of Postfix.
struct Line<'a> {
    time: Option<Time>,
    /// The process.
    key: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        for name in [&b"smtpd["[..], b"/smtp[", b"/lmtp["] {
            let Some((before, after)) = split_at_mark(line, name) else { continue };
            let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let Some(rest) = after.get(digits..).and_then(|rest| rest.strip_prefix(b"]: ")) else {
                continue;
            };
            let is_postfix = name != b"smtpd[" || before.is_empty() || before.ends_with(b"/");
            if is_postfix && digits > 0 {
                let time = Time::any(before).map(|(time, _)| time);
                let key = line.get(before.len()..before.len() + name.len() + digits)?;
                return Some(Self { time, key, rest });
            }
        }
        let is_bare = matches!(line, [b'<' | b'>', b' ', ..]);
        is_bare.then_some(Self { time: None, key: b"", rest: line })
    }

    /// Who says a line of the dialog, and what.
    fn said(&self) -> Option<(Who, &'a [u8])> {
        let (who, rest) = match self.rest {
            [b'>', b' ', rest @ ..] => (Who::Out, rest),
            [b'<', b' ', rest @ ..] => (Who::In, rest),
            _ => return None,
        };
        let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        let peer = rest.get(..end)?.strip_suffix(b":")?;
        // `name[address]`, perhaps with a port.
        let digits = peer.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let without_port = peer.get(..peer.len() - digits)?;
        let peer = without_port.strip_suffix(b":").filter(|_| digits > 0).unwrap_or(peer);
        let is_peer = peer.ends_with(b"]") && peer.iter().skip(1).any(|&byte| byte == b'[');
        is_peer.then(|| (who, rest.get(end + 1..).unwrap_or_default()))
    }
}

impl ReadLines for Debug {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(line) = Line::read(line) else { return };
        out.at(line.time);
        if let Some((who, text)) = line.said() {
            out.say(line.key, who, text);
        } else if line.rest.starts_with(b"connect from ") {
            out.begin(line.key, None);
        } else if line.rest.starts_with(b"disconnect from ") {
            out.end(line.key, None);
        } else if line.rest.starts_with(b"lost connection after ") {
            out.end(line.key, Some(End::ClientClosed));
        } else if line.rest.starts_with(b"timeout after ") {
            out.end(line.key, Some(End::ServerClosed));
        } else if !line.key.is_empty() {
            out.aside();
        }
    }
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(line) = Line::read(line) else { return Likeness::No };
    match line.said() {
        Some((_, text)) if is_reply(text) || is_command(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None if line.key.is_empty() => Likeness::No,
        None => Likeness::Weak,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_processes_are_told_apart() {
        let said = |line: &'static str| {
            let line = Line::read(line.as_bytes())?;
            let (who, text) = line.said()?;
            Some((str::from_utf8(line.key).unwrap(), who, str::from_utf8(text).unwrap()))
        };
        let long = "Jan 10 20:06:33 mx postfix/submission/smtpd[12]: < a[::1]: QUIT";
        assert_eq!(said(long), Some(("smtpd[12", Who::In, "QUIT")));
        let client = "Jan 10 20:06:33 mx postfix/smtp[7]: < mx.example.net[192.0.2.2]:25: 220 a";
        assert_eq!(said(client), Some(("/smtp[7", Who::In, "220 a")));
        assert_eq!(said("> a[192.0.2.1]: 334"), Some(("", Who::Out, "334")));
        assert_eq!(said("> a[192.0.2.1]:"), Some(("", Who::Out, "")));
        assert_eq!(said("> 250 ok"), None);
        assert_eq!(said("postfix/smtpd[1]: match_hostname: a ~? 127.0.0.0/8"), None);
    }
}
