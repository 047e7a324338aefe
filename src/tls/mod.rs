//! TLS records → what they show in clear: hellos, the certificate, alerts.
//!
//! In: the bytes of both sides from the first record on, in pieces of any size. Out: [`Facts`].
//! Each side is read up to its first encrypted record, or as far as its bounds go; what is left
//! of a record or message in between is all that is held.

mod alert;
mod bytes;
mod certificate;
mod fingerprint;
mod framing;
mod hello;
mod record;
mod suite;

#[cfg(test)]
mod forge;
#[cfg(test)]
mod tests;

pub use alert::Alert;
pub use bytes::Names;
pub use certificate::Certificate;
pub use framing::{Cut, Framing};
pub use hello::ClientHello;
pub use suite::suite_name;

use crate::chunk::{Side, Sides};
use crate::limits::Limits;
use crate::place::Place;
use record::Half;

/// What TLS shows in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The client's first offer.
    pub hello: Option<Box<ClientHello>>,
    /// JA3 of that offer.
    pub ja3: Option<Box<str>>,
    /// JA4 of that offer.
    pub ja4: Option<Box<str>>,
    /// The version that the server chose.
    pub version: Option<u16>,
    /// The cipher suite that it chose.
    pub suite: Option<u16>,
    /// The protocol inside TLS that it chose, before TLS 1.3.
    pub protocol: Option<Box<[u8]>>,
    /// It asked for another offer (`HelloRetryRequest`).
    pub retried: bool,
    /// Its certificate, before TLS 1.3.
    pub certificate: Option<Box<Certificate>>,
    /// Alerts in clear, in their order.
    pub alerts: Vec<Alert>,
    /// Which side has sent its Finished, or data.
    pub finished: Sides<bool>,
    /// Why the handshake was not read to its end, if it was not.
    pub unread: Option<Unread>,
}

/// Why something of a handshake was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Bytes of it are missing.
    Missing,
    /// It is not TLS, or not from its beginning.
    Malformed,
    /// It is longer than what is read of one.
    TooLong,
}

impl Unread {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing-bytes",
            Self::Malformed => "malformed",
            Self::TooLong => "too-long",
        }
    }
}

impl Facts {
    /// Whether the handshake was completed, as far as anybody outside can tell; `None` if that
    /// is not known.
    #[must_use]
    pub fn completed(&self) -> Option<bool> {
        let is_whole = self.finished.client && self.finished.server;
        let has_both = self.hello.is_some() && (self.version.is_some() || !self.alerts.is_empty());
        let is_known = is_whole || self.unread.is_none() && has_both;
        is_known.then_some(is_whole)
    }

    /// The name of the version that the server chose: `TLSv1.3`.
    #[must_use]
    pub fn version_name(&self) -> Option<String> {
        self.version.map(|version| match version {
            0x0300 => "SSLv3".into(),
            0x0301..=0x0304 => format!("TLSv1.{}", (version & 0xff) - 1),
            other => format!("0x{other:04x}"),
        })
    }

    /// The IANA name of the cipher suite that the server chose, or its number.
    #[must_use]
    pub fn cipher(&self) -> Option<String> {
        let suite = self.suite?;
        Some(suite_name(suite).map_or_else(|| format!("0x{suite:04x}"), String::from))
    }

    /// Bytes of memory that they hold besides their own size, roughly.
    #[must_use]
    pub fn held(&self) -> usize {
        let hello = self.hello.as_ref().map_or(0, |it| size_of::<ClientHello>() + it.held());
        let certificate =
            self.certificate.as_ref().map_or(0, |it| size_of::<Certificate>() + it.held());
        hello + certificate + self.alerts.capacity() * size_of::<Alert>()
    }
}

/// Reads the TLS records of both sides.
#[derive(Clone, Debug)]
pub struct Reader(Sides<Half>);

impl Reader {
    /// A reader of TLS from its first record on.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let half = |side| Half::new(side, limits);
        Self(Sides { client: half(Side::Client), server: half(Side::Server) })
    }

    /// Takes the next bytes of `side`, which came in the frame `place`.
    pub fn read(&mut self, side: Side, place: Place, bytes: &[u8], facts: &mut Facts) {
        self.0.of_mut(side).read(bytes, place, facts);
    }

    /// Bytes of `side` are missing.
    pub fn gap(&mut self, side: Side, facts: &mut Facts) {
        self.0.of_mut(side).stop(Some(Unread::Missing), facts);
    }

    /// Whether nothing more is read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.client.is_done() && self.0.server.is_done()
    }

    /// Bytes of memory that it holds besides its own size.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.client.held() + self.0.server.held()
    }
}
