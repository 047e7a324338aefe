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
//! is one row, so that where the keywords of EHLO end is a guess; content is left out, and so are
//! the answers of AUTH, or `<authentication response>` stands for them.

use super::payload::{Challenges, is_command, is_reply, split_at_mark, unfold_offers};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{End, Shows, Side, Sides};
use std::borrow::Cow;
use std::net::SocketAddr;

pub(super) static EXCHANGE: Foreign = Foreign {
    name: "exchange",
    title: "protocol logs of Exchange, receive and send",
    shows: Shows::ALL
        .without(Shows::CONTENT)
        .without(Shows::REPLIES)
        .without(Shows::OFFERS)
        .without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::<Exchange>::default(),
};

#[derive(Default)]
struct Exchange {
    /// It is the log of a send connector, if a header says which.
    is_sender: Option<bool>,
    challenges: Challenges,
}

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
        let event = match &*event? {
            [event] if b"+-><*".contains(event) => *event,
            _ => return None,
        };
        let (session, local, remote) = (session?, local?, remote?);
        let context = context.unwrap_or_default();
        Some(Self { time, session, local, remote, event, data: data?, context })
    }

    /// The two ends; which is the client, the header or else the ports say.
    fn peers(&self, is_sender: Option<bool>) -> Option<Sides<SocketAddr>> {
        let local: SocketAddr = str::from_utf8(&self.local).ok()?.parse().ok()?;
        let remote: SocketAddr = str::from_utf8(&self.remote).ok()?.parse().ok()?;
        // A send connector's remote end is the server.
        let by_ports = is_smtp_port(remote.port()) && !is_smtp_port(local.port());
        Some(if is_sender.unwrap_or(by_ports) {
            Sides { client: local, server: remote }
        } else {
            Sides { client: remote, server: local }
        })
    }
}

impl ReadLines for Exchange {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(row) = Row::read(line) else {
            if let Some(kind) = line.strip_prefix(b"#Log-type: ") {
                self.is_sender = Some(kind.starts_with(b"SMTP Send"));
            }
            if line.starts_with(b"#") {
                out.aside();
            }
            return;
        };
        out.at(Some(row.time));
        let key = &*row.session;
        match row.event {
            b'+' => out.begin(key, row.peers(self.is_sender)),
            b'-' => {
                let end = row.context.starts_with(b"Remote(ConnectionReset)").then_some(End::Reset);
                out.end(key, end);
            }
            b'>' | b'<' => {
                let who = if row.event == b'>' { Who::Out } else { Who::In };
                self.say(key, who, &row.data, out);
            }
            _ => out.aside(),
        }
    }
}

impl Exchange {
    /// Says a row; of a reply of several lines each as far as that can be told.
    fn say(&mut self, key: &[u8], who: Who, data: &[u8], out: &mut Out<'_>) {
        let data = data.trim_ascii_end();
        if let Some(lines) = unfold_offers(data) {
            for line in lines {
                out.say(key, who, &line);
            }
        } else if let Some((command, _)) = split_at_mark(data, b" <authentication ") {
            if is_reply(command) {
                self.challenges.say(key, who, &[command, b" "].concat(), out);
            } else {
                out.say_masked(key, who, &[command, b" ****"].concat());
            }
        } else if data.starts_with(b"<authentication ") {
            out.say_masked(key, who, b"****");
        } else {
            self.challenges.say(key, who, data, out);
        }
    }
}

fn is_smtp_port(port: u16) -> bool {
    crate::ports::SMTP_PORTS.contains(&port)
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
