//! The records of one side (RFC 8446 §5.1), read as the bytes come.

use super::alert::Alert;
use super::certificate::Certificate;
use super::hello::{ClientHello, ServerHello};
use super::{Facts, Unread};
use crate::chunk::Side;
use crate::limits::Limits;
use crate::place::Place;

/// The longest record: 2^14 and what encryption may add (RFC 5246 §6.2.3).
const RECORD: usize = (1 << 14) + 2048;

/// The least length of an encrypted record with Finished in TLS 1.3: a hash of 32 bytes, four of
/// the message, one of the type, eight of authentication. An alert is shorter.
const FINISHED: usize = 45;

/// Content types.
mod content {
    pub(super) const CHANGE: u8 = 20;
    pub(super) const ALERT: u8 = 21;
    pub(super) const HANDSHAKE: u8 = 22;
    pub(super) const DATA: u8 = 23;
    pub(super) const HEARTBEAT: u8 = 24;
}

/// Handshake types.
mod message {
    pub(super) const HELLO_REQUEST: u8 = 0;
    pub(super) const CLIENT_HELLO: u8 = 1;
    pub(super) const SERVER_HELLO: u8 = 2;
    pub(super) const CERTIFICATE: u8 = 11;
}

/// The records of one side.
#[derive(Clone, Debug)]
pub(super) struct Half {
    side: Side,
    /// [`Limits::tls_handshake_bytes`].
    most_bytes: usize,
    /// [`Limits::tls_alerts`].
    most_alerts: usize,
    /// The header of the record, as far as it is there.
    head: Vec5,
    /// Bytes of the record that are still to come.
    left: usize,
    /// `ChangeCipherSpec` was sent.
    changed: bool,
    alert: Vec5,
    alerts: usize,
    message: Message,
    /// Bytes of the handshake messages that have begun.
    total: usize,
    /// A handshake message was begun.
    has_begun: bool,
    is_done: bool,
}

/// At most five bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Vec5 {
    bytes: [u8; 5],
    len: usize,
}

impl Vec5 {
    /// Takes bytes until there are `len`; gives what is left over, and whether there are.
    fn fill<'a>(&mut self, len: usize, bytes: &'a [u8]) -> (&'a [u8], bool) {
        let missing = len.saturating_sub(self.len).min(bytes.len());
        let (new, rest) = bytes.split_at_checked(missing).unwrap_or_default();
        for (to, from) in self.bytes.iter_mut().skip(self.len).zip(new) {
            *to = *from;
        }
        self.len += missing;
        (rest, self.len >= len)
    }
}

/// A handshake message in the making.
#[derive(Clone, Debug, Default)]
struct Message {
    head: Vec5,
    left: usize,
    /// Its body, if it is one that is read.
    body: Vec<u8>,
}

impl Half {
    pub(super) fn new(side: Side, limits: &Limits) -> Self {
        Self {
            side,
            most_bytes: limits.tls_handshake_bytes,
            most_alerts: limits.tls_alerts,
            head: Vec5::default(),
            left: 0,
            changed: false,
            alert: Vec5::default(),
            alerts: 0,
            message: Message::default(),
            total: 0,
            has_begun: false,
            is_done: false,
        }
    }

    /// Whether nothing more is read.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Bytes of memory that it holds besides its own size.
    pub(super) fn held(&self) -> usize {
        self.message.body.capacity()
    }

    /// Reads no more, because of `why` if that hides anything.
    pub(super) fn stop(&mut self, why: Option<Unread>, facts: &mut Facts) {
        if !self.is_done {
            facts.unread = facts.unread.or(why);
        }
        self.is_done = true;
        self.message = Message::default();
    }

    /// Takes the next bytes.
    pub(super) fn read(&mut self, bytes: &[u8], place: Place, facts: &mut Facts) {
        let mut rest = bytes;
        while !self.is_done && !rest.is_empty() {
            if self.head.len < 5 {
                let (after, is_whole) = self.head.fill(5, rest);
                rest = after;
                if is_whole {
                    self.begin(facts);
                }
            }
            let here = self.left.min(rest.len());
            let (payload, after) = rest.split_at_checked(here).unwrap_or_default();
            rest = after;
            self.left -= here;
            if !self.is_done {
                self.payload(payload, place, facts);
            }
            if self.left == 0 && self.head.len == 5 {
                self.head.len = 0;
            }
        }
    }

    /// A record begins.
    fn begin(&mut self, facts: &mut Facts) {
        let [kind, major, minor, high, low] = self.head.bytes;
        self.left = usize::from(high) << 8 | usize::from(low);
        let is_kind = (content::CHANGE..=content::HEARTBEAT).contains(&kind);
        if !is_kind || major != 3 || minor > 4 || self.left > RECORD {
            return self.stop(Some(Unread::Malformed), facts);
        }
        let finished = facts.finished.of_mut(self.side);
        // Behind ChangeCipherSpec all is encrypted, but in TLS 1.3 it means nothing.
        let is_encrypted = self.changed && !facts.version.is_some_and(is_1_3);
        match kind {
            content::DATA => {
                *finished = self.left >= FINISHED || self.side == Side::Server;
                if *finished {
                    self.stop(None, facts);
                }
            }
            content::HANDSHAKE if is_encrypted => {
                *finished = true;
                self.stop(None, facts);
            }
            content::ALERT if is_encrypted || self.left != 2 => self.stop(None, facts),
            content::ALERT => self.alert.len = 0,
            content::CHANGE => self.changed = true,
            _ => {}
        }
    }

    /// Takes bytes of a record's payload.
    fn payload(&mut self, bytes: &[u8], place: Place, facts: &mut Facts) {
        let [kind, major, minor, ..] = self.head.bytes;
        match kind {
            content::HANDSHAKE => self.handshake(bytes, u16::from_be_bytes([major, minor]), facts),
            content::ALERT if !bytes.is_empty() => {
                if let (_, true) = self.alert.fill(2, bytes) {
                    let [level, description, ..] = self.alert.bytes;
                    let alert = Alert { side: self.side, level, description, place };
                    facts.alerts.push(alert);
                    self.alerts += 1;
                    if alert.is_last() {
                        self.stop(None, facts);
                    } else if self.alerts >= self.most_alerts {
                        self.stop(Some(Unread::TooLong), facts);
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes bytes of handshake messages.
    fn handshake(&mut self, bytes: &[u8], record_version: u16, facts: &mut Facts) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_done {
            if self.message.head.len < 4 {
                let (after, is_whole) = self.message.head.fill(4, rest);
                rest = after;
                if is_whole {
                    self.begin_message(facts);
                }
            }
            if self.is_done || self.message.head.len < 4 {
                return;
            }
            let here = self.message.left.min(rest.len());
            let (body, after) = rest.split_at_checked(here).unwrap_or_default();
            rest = after;
            self.message.left -= here;
            let kind = self.message.head.bytes.first().copied().unwrap_or_default();
            if self.is_wanted(kind, facts) {
                self.message.body.extend_from_slice(body);
            }
            if self.message.left == 0 {
                let body = std::mem::take(&mut self.message).body;
                self.end_message(kind, &body, record_version, facts);
            }
        }
    }

    /// The header of a message is there.
    fn begin_message(&mut self, facts: &mut Facts) {
        let [kind, high, middle, low, _] = self.message.head.bytes;
        self.message.left = [high, middle, low].iter().fold(0, |sum, &b| sum << 8 | usize::from(b));
        let is_first = match self.side {
            Side::Client => kind == message::CLIENT_HELLO,
            Side::Server => matches!(kind, message::SERVER_HELLO | message::HELLO_REQUEST),
        };
        // The recording begins in the middle, or this is encrypted.
        if !self.has_begun && !is_first {
            return self.stop(Some(Unread::Malformed), facts);
        }
        self.has_begun = true;
        self.total += 4 + self.message.left;
        if self.total > self.most_bytes {
            self.stop(Some(Unread::TooLong), facts);
        }
    }

    fn is_wanted(&self, kind: u8, facts: &Facts) -> bool {
        match self.side {
            Side::Client => kind == message::CLIENT_HELLO && facts.hello.is_none(),
            Side::Server => matches!(kind, message::SERVER_HELLO | message::CERTIFICATE),
        }
    }

    /// A message is whole.
    fn end_message(&mut self, kind: u8, body: &[u8], record_version: u16, facts: &mut Facts) {
        if !self.is_wanted(kind, facts) {
            return;
        }
        let is_read = match (self.side, kind) {
            (Side::Client, message::CLIENT_HELLO) => {
                let hello = ClientHello::parse(body, record_version);
                facts.ja3 = hello.as_ref().map(ClientHello::ja3);
                facts.ja4 = hello.as_ref().map(ClientHello::ja4);
                facts.hello = hello.map(Box::new);
                facts.hello.is_some()
            }
            (Side::Server, message::SERVER_HELLO) => match ServerHello::parse(body) {
                Some(hello) => {
                    facts.version = Some(hello.version);
                    facts.suite = Some(hello.suite);
                    facts.protocol = hello.protocol;
                    facts.retried |= hello.is_retry;
                    true
                }
                None => false,
            },
            (Side::Server, message::CERTIFICATE) => {
                facts.certificate = Certificate::first(body).map(Box::new);
                // A server may show a bare key, or one for OpenPGP.
                true
            }
            _ => true,
        };
        if !is_read {
            self.stop(Some(Unread::Malformed), facts);
        }
    }
}

/// Whether `version` is TLS 1.3 or a draft of it.
fn is_1_3(version: u16) -> bool {
    version == 0x0304 || version >> 8 == 0x7f
}
