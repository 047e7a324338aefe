//! What the dumps of packets share: bytes of two directions become lines, ends become keys.

use super::payload::{is_command, is_reply};
use super::{Out, Who};
use crate::chunk::Sides;
use crate::ports::SMTP_PORTS;
use crate::smtp::command::{Command, Verb};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Bytes of a line that are put together: more than any dialect's hub keeps.
const LINE: usize = 1 << 16;

/// Connections that are followed at once.
const FLOWS: usize = 64;

/// Whether a text can hardly be of another protocol with replies like SMTP's.
pub(super) fn tells(text: &[u8]) -> bool {
    let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    if is_reply(first) {
        return first.windows(4).any(|word| word.eq_ignore_ascii_case(b"SMTP"));
    }
    let verb = Command::parse(first).verb;
    is_command(first)
        && matches!(verb, Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Mail | Verb::Rcpt)
}

/// The connections in a dump.
#[derive(Default)]
pub(super) struct Flows {
    flows: BTreeMap<Vec<u8>, Flow>,
}

/// What is kept of a connection: of each direction the line that has not ended.
#[derive(Default)]
struct Flow {
    parts: [Vec<u8>; 2],
    dots: Dots,
}

/// Whether what goes on is printed as dots alone: TLS.
#[derive(Default)]
pub(super) struct Dots {
    is_asked: bool,
    is_tls: bool,
}

impl Dots {
    /// Whether the bytes that come next are.
    pub(super) fn are_all(&mut self, text: &[u8]) -> bool {
        // A record: its type, its version.
        self.is_tls |= self.is_asked && text.starts_with(b"...");
        self.is_asked |= text.trim_ascii().eq_ignore_ascii_case(b"STARTTLS");
        self.is_tls
    }
}

/// One direction of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// The connection: its two ends.
    pub(super) key: Vec<u8>,
    /// It is from the end that sorts first.
    pub(super) is_first: bool,
    pub(super) who: Option<Who>,
    pub(super) peers: Option<Sides<SocketAddr>>,
}

impl Way {
    /// From one end to the other, `address.port` both.
    pub(super) fn new(from: &[u8], to: &[u8]) -> Self {
        let is_first = from <= to;
        let key = if is_first { [from, b" ", to] } else { [to, b" ", from] }.concat();
        let (client, server) = match (is_smtp(from), is_smtp(to)) {
            (true, false) => (to, from),
            (false, true) => (from, to),
            _ => return Self { key, is_first, who: None, peers: None },
        };
        let who = if client == from { Who::Client } else { Who::Server };
        let peers = || Some(Sides { client: end(client)?, server: end(server)? });
        Self { key, is_first, who: Some(who), peers: peers() }
    }

    fn who(&self) -> Who {
        self.who.unwrap_or(if self.is_first { Who::Out } else { Who::In })
    }
}

impl Flows {
    /// A connection begins here.
    pub(super) fn begin(&mut self, way: &Way, out: &mut Out<'_>) {
        if self.flows.len() >= FLOWS && !self.flows.contains_key(&way.key) {
            self.flows.pop_first();
        }
        self.flows.insert(way.key.clone(), Flow::default());
        out.begin(&way.key, way.peers);
    }

    /// Takes bytes that went this way, lines with their ends.
    pub(super) fn push(&mut self, way: &Way, text: &[u8], out: &mut Out<'_>) {
        if !self.flows.contains_key(&way.key) {
            self.begin(way, out);
        }
        let Some(Flow { parts: [first, second], dots }) = self.flows.get_mut(&way.key) else {
            return;
        };
        if dots.are_all(text) {
            return;
        }
        let part = if way.is_first { first } else { second };
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let room = LINE.saturating_sub(part.len());
            part.extend(line.iter().take(room));
            if line.last() == Some(&b'\n') {
                let whole = part.strip_suffix(b"\n").unwrap_or(part);
                let whole = whole.strip_suffix(b"\r").unwrap_or(whole);
                out.say(&way.key, way.who(), whole);
                part.clear();
            }
        }
    }

    /// The dump is over: lines that did not end.
    pub(super) fn end(&mut self, out: &mut Out<'_>) {
        for (key, Flow { parts, .. }) in std::mem::take(&mut self.flows) {
            let (from, to) = key.split_at(memchr::memchr(b' ', &key).unwrap_or(key.len()));
            let to = to.strip_prefix(b" ").unwrap_or_default();
            let ways = [Way::new(from, to), Way::new(to, from)];
            for (way, part) in ways.iter().zip(parts) {
                if !part.is_empty() {
                    out.say(&key, way.who(), &part);
                }
            }
        }
    }

    /// The connection is gone.
    pub(super) fn forget(&mut self, way: &Way) {
        self.flows.remove(&way.key);
    }
}

/// Whether an end has a port of SMTP, by number or name.
fn is_smtp(end: &[u8]) -> bool {
    let Some(dot) = memchr::memrchr(b'.', end) else { return false };
    let port = end.get(dot + 1..).unwrap_or_default();
    let number = str::from_utf8(port).ok().and_then(|port| port.parse().ok());
    number.is_some_and(|port: u16| SMTP_PORTS.contains(&port))
        || matches!(port, b"smtp" | b"submission" | b"submissions" | b"smtps" | b"urd")
}

/// Reads `address.port`, where the numbers may be filled up with zeros.
pub(super) fn end(text: &[u8]) -> Option<SocketAddr> {
    let text = str::from_utf8(text).ok()?;
    let (address, port) = text.rsplit_once('.')?;
    let port = match port {
        "smtp" => 25,
        "submission" => 587,
        "submissions" | "smtps" | "urd" => 465,
        other => other.parse().ok()?,
    };
    let mut octets = [0; 4];
    let mut parts = address.split('.');
    for octet in &mut octets {
        match parts.next().map(str::parse) {
            Some(Ok(number)) => *octet = number,
            _ => return Some(SocketAddr::new(IpAddr::V6(address.parse().ok()?), port)),
        }
    }
    let is_four = parts.next().is_none();
    is_four.then(|| SocketAddr::new(IpAddr::V4(Ipv4Addr::from(octets)), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read() {
        let read = |text: &str| end(text.as_bytes()).map(|end| end.to_string());
        assert_eq!(read("192.000.002.001.00025").unwrap(), "192.0.2.1:25");
        assert_eq!(read("192.0.2.1.smtp").unwrap(), "192.0.2.1:25");
        assert_eq!(read("2001:db8::1.587").unwrap(), "[2001:db8::1]:587");
        for wrong in ["192.0.2.1", "mx.example.net.smtp", "1.2.3.4.5.6", "", "...."] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
