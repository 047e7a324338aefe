//! What email-oauth2-proxy logs with `--debug`.
//!
//! ```text
//! 2026-11-21 10:00:00: SMTP (192.0.2.1:4242-{192.0.2.3:1587}-mx.example.net:587) --> [ Client connected ]
//! 2026-11-21 10:00:00: SMTP (192.0.2.1:4242-{192.0.2.3:1587}-mx.example.net:587)     <-- b'220 mx.example.net ESMTP\r\n'
//! 2026-11-21 10:00:00: SMTP (192.0.2.1:4242-{192.0.2.3:1587}-mx.example.net:587) <-- b'220 mx.example.net ESMTP\r\n'
//! 2026-11-21 10:00:00: SMTP (192.0.2.1:4242-{192.0.2.3:1587}-mx.example.net:587) --> b'EHLO client.example.org\r\n'
//! ```
//!
//! There are two dialogs, of the client with the proxy, and, indented, of the proxy with the
//! server: two sessions. Once the proxy lets everything pass, a record is what one read gave: some
//! lines, or parts of one. Secrets are `[[ Credentials removed from proxy log ]]`.

use super::literal::{Literal, literal};
use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{End, Shows, Side};
use std::collections::BTreeMap;

pub(super) static OAUTH2_PROXY: Foreign = Foreign {
    name: "email-oauth2-proxy",
    title: "email-oauth2-proxy --debug, both of its sides",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Proxy>::default(),
};

#[derive(Default)]
struct Proxy {
    /// Lines that have begun, by session and side.
    begun: BTreeMap<(Vec<u8>, bool), Vec<u8>>,
}

/// Lines that have begun, and bytes of one, that are kept.
const LINES: usize = 256;
const BYTES: usize = 16 << 10;

/// A record.
struct Row<'a> {
    time: Option<Time>,
    /// Its connection, and whether it is the one to the server.
    ends: &'a [u8],
    is_onward: bool,
    who: Who,
    what: &'a [u8],
}

impl<'a> Row<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let start = memchr::memmem::find(line.get(..128).unwrap_or(line), b"SMTP (")?;
        let time = line.get(..start).and_then(time);
        let rest = line.get(start + 6..)?;
        let end = memchr::memmem::find(rest, b") ")?;
        let ends = rest.get(..end)?;
        let rest = rest.get(end + 2..)?;
        let (is_onward, rest) = match rest.strip_prefix(b"    ") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (arrow, what) = rest.split_first_chunk::<4>()?;
        let who = match arrow {
            b"--> " => Who::Client,
            b"<-- " => Who::Server,
            _ => return None,
        };
        Some(Self { time, ends, is_onward, who, what })
    }

    fn key(&self) -> Vec<u8> {
        let ends = self.ends.get(..200).unwrap_or(self.ends);
        [if self.is_onward { &b"onward "[..] } else { b"" }, ends].concat()
    }
}

/// The time in front, behind the name of a container perhaps.
fn time(before: &[u8]) -> Option<Time> {
    let start = memchr::memmem::rfind(before, b"| ").map_or(0, |at| at + 2);
    Some(Time::any(before.get(start..)?)?.0)
}

impl ReadLines for Proxy {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(row) = Row::read(line) else {
            let own: [&[u8]; 3] = [b" SMTP server at ", b"Email OAuth 2.0 Proxy", b"SMTP ("];
            if own.iter().any(|own| memchr::memmem::find(line, own).is_some()) {
                out.aside();
            }
            return;
        };
        out.at(row.time);
        let key = row.key();
        if row.what.starts_with(b"[ ") {
            return self.note(&row, &key, out);
        }
        if let Some(said) = literal(row.what) {
            self.say(&key, row.who, &said, out);
        }
    }
}

impl Proxy {
    fn say(&mut self, key: &[u8], who: Who, said: &Literal, out: &mut Out<'_>) {
        let is_client = who == Who::Client;
        // What the other side had begun has no end.
        self.finish(key, !is_client, out);
        let mut line = self.begun.remove(&(key.to_vec(), is_client)).unwrap_or_default();
        let mut rest = said.text.as_slice();
        while let Some(end) = memchr::memchr(b'\n', rest) {
            line.extend_from_slice(rest.get(..end).unwrap_or_default());
            say(key, who, line.strip_suffix(b"\r").unwrap_or(&line), out);
            line.clear();
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        let room = BYTES.saturating_sub(line.len());
        line.extend_from_slice(rest.get(..room).unwrap_or(rest));
        if line.is_empty() {
            out.aside();
        } else if self.begun.len() < LINES {
            out.aside();
            self.begun.insert((key.to_vec(), is_client), line);
        } else {
            say(key, who, &line, out);
        }
    }

    /// Says a line that has begun, without an end.
    fn finish(&mut self, key: &[u8], is_client: bool, out: &mut Out<'_>) {
        if let Some(line) = self.begun.remove(&(key.to_vec(), is_client)) {
            say(key, if is_client { Who::Client } else { Who::Server }, &line, out);
        }
    }

    /// Takes what the proxy says of a connection.
    fn note(&mut self, row: &Row<'_>, key: &[u8], out: &mut Out<'_>) {
        let is = |what: &[u8]| row.what.starts_with(what);
        if is(b"[ Client connected ]") {
            out.begin(key, None);
        } else if is(b"[ Client disconnected ]") || is(b"[ Server disconnected ]") {
            self.finish(key, true, out);
            self.finish(key, false, out);
            let is_server = is(b"[ Server disconnected ]");
            out.end(key, Some(if is_server { End::ServerClosed } else { End::ClientClosed }));
        } else {
            out.aside();
        }
    }
}

const REMOVED: &[u8] = b"[[ Credentials removed from proxy log ]]";

fn say(key: &[u8], who: Who, line: &[u8], out: &mut Out<'_>) {
    match memchr::memmem::find(line, REMOVED).and_then(|at| line.get(..at)) {
        Some(before) => out.say_masked(key, who, &[before, b"****"].concat()),
        None => out.say(key, who, line),
    }
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(row) = Row::read(line) else { return Likeness::No };
    let Some(Literal { text, .. }) = literal(row.what) else { return Likeness::Weak };
    let first = super::literal::lines(&text).next().unwrap_or_default();
    let is_smtp = if row.who == Who::Client { is_command(first) } else { is_reply(first) };
    if is_smtp { Likeness::Sure } else { Likeness::Marked }
}
