//! Protocol logs of Exchange, of its receive and send connectors: rows of CSV (RFC 4180).
//!
//! ```text
//! #Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context
//! 2024-03-13T09:01:18.723Z,MX\Default,08DC42C8FF236A1F,0,192.0.2.2:25,192.0.2.1:4242,+,,
//! 2024-03-13T09:01:18.723Z,MX\Default,08DC42C8FF236A1F,1,192.0.2.2:25,192.0.2.1:4242,>,220 mx.example.net ESMTP,
//! 2024-03-13T09:01:18.724Z,MX\Default,08DC42C8FF236A1F,2,192.0.2.2:25,192.0.2.1:4242,<,EHLO client.example.org,
//! ```
//!
//! Event `+` begins a session, `-` ends it, `>` was sent by this host, `<` received, `*` is no part
//! of the dialog. Sessions go on side by side, told apart by `session-id`. A reply of several lines
//! is one row, so that where the keywords of EHLO end is a guess; content is left out.

use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{End, Shows, Side, Sides};
use std::borrow::Cow;

pub(super) static EXCHANGE: Foreign = Foreign {
    name: "exchange",
    title: "protocol logs of Exchange, receive and send",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::REPLIES).without(Shows::OFFERS),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::new(Exchange),
};

/// Each row stands for itself.
struct Exchange;

/// A row.
struct Row<'a> {
    time: Time,
    session: Cow<'a, [u8]>,
    local: Cow<'a, [u8]>,
    remote: Cow<'a, [u8]>,
    event: u8,
    data: Cow<'a, [u8]>,
    context: Cow<'a, [u8]>,
}

impl<'a> Row<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let mut fields = fields(line);
        let (time, _) = Time::iso(line)?;
        let [_, _, session, _, local, remote, event, data, context] =
            std::array::from_fn(|_| fields.next());
        let event = *event?.first()?;
        b"+-><*".contains(&event).then_some(())?;
        let (session, local, remote) = (session?, local?, remote?);
        let context = context.unwrap_or_default();
        Some(Self { time, session, local, remote, event, data: data?, context })
    }

    /// Which side has sent what an event `>` has sent: the one whose line it is.
    fn peers(&self) -> Option<Sides<std::net::SocketAddr>> {
        let local = str::from_utf8(&self.local).ok()?.parse().ok()?;
        let remote: std::net::SocketAddr = str::from_utf8(&self.remote).ok()?.parse().ok()?;
        // A send connector's remote end is the server.
        let is_sender = is_smtp_port(remote.port()) && !is_smtp_port(local_port(local));
        Some(if is_sender {
            Sides { client: local, server: remote }
        } else {
            Sides { client: remote, server: local }
        })
    }
}

impl ReadLines for Exchange {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(row) = Row::read(line) else {
            if line.starts_with(b"#") {
                out.aside();
            }
            return;
        };
        out.at(Some(row.time));
        let key = &*row.session;
        match row.event {
            b'+' => out.begin(key, row.peers()),
            b'-' => {
                let end = row.context.starts_with(b"Remote(ConnectionReset)").then_some(End::Reset);
                out.end(key, end);
            }
            b'>' | b'<' => {
                let who = if row.event == b'>' { Who::Out } else { Who::In };
                say(key, who, &row.data, out);
            }
            _ => out.aside(),
        }
    }
}

/// Says a row; of a reply of several lines each as far as that can be told.
fn say(key: &[u8], who: Who, data: &[u8], out: &mut Out<'_>) {
    out.say(key, who, data.trim_ascii_end());
}

fn is_smtp_port(port: u16) -> bool {
    crate::ports::SMTP_PORTS.contains(&port)
}

fn local_port(local: std::net::SocketAddr) -> u16 {
    local.port()
}

/// The fields of a row.
fn fields(line: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        if let Some(quoted) = text.strip_prefix(b"\"") {
            let mut field = Vec::new();
            let mut at = 0;
            loop {
                match (quoted.get(at), quoted.get(at + 1)) {
                    (Some(b'"'), Some(b'"')) => {
                        field.push(b'"');
                        at += 2;
                    }
                    (Some(b'"'), _) => {
                        let after = quoted.get(at + 1..).unwrap_or_default();
                        rest = after.strip_prefix(b",");
                        return Some(Cow::Owned(field));
                    }
                    (Some(&byte), _) => {
                        field.push(byte);
                        at += 1;
                    }
                    (None, _) => {
                        rest = None;
                        return Some(Cow::Owned(field));
                    }
                }
            }
        }
        let end = memchr::memchr(b',', text);
        rest = end.and_then(|end| text.get(end + 1..));
        Some(Cow::Borrowed(end.and_then(|end| text.get(..end)).unwrap_or(text)))
    })
}

fn likeness(line: &[u8]) -> Likeness {
    if line.starts_with(b"#Fields: date-time,connector-id,session-id") {
        return Likeness::Sure;
    }
    match Row::read(line) {
        Some(row) if is_reply(&row.data) || is_command(&row.data) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None => Likeness::No,
    }
}
