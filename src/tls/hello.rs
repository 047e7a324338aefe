//! `ClientHello` and `ServerHello` (RFC 8446 §4.1).

use super::bytes::{Fields, Names};

/// What a client offers, without GREASE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The version of the record it came in.
    pub record_version: u16,
    /// Its own version: TLS 1.3 says 1.2 here.
    pub version: u16,
    /// `supported_versions`.
    pub versions: Box<[u16]>,
    /// Cipher suites.
    pub suites: Box<[u16]>,
    /// The types of its extensions, in their order.
    pub extensions: Box<[u16]>,
    /// `supported_groups`.
    pub groups: Box<[u16]>,
    /// `ec_point_formats`.
    pub point_formats: Box<[u8]>,
    /// `signature_algorithms`.
    pub signatures: Box<[u16]>,
    /// `server_name`: the host that the client wants.
    pub server_name: Option<Box<[u8]>>,
    /// `application_layer_protocol_negotiation`.
    pub protocols: Names,
}

impl ClientHello {
    /// Reads the body of the message; `None` if it is none.
    pub(super) fn parse(body: &[u8], record_version: u16) -> Option<Self> {
        let mut body = Fields(body);
        let version = body.u16()?;
        // Random and session.
        body.take(32)?;
        body.vector(1)?;
        let suites = body.vector(2)?.numbers().collect();
        // Compression.
        body.vector(1)?;
        let mut hello = Self { record_version, version, suites, ..Self::default() };
        let mut extensions = Vec::new();
        each_extension(body, |kind, data| {
            if !super::bytes::is_grease(kind) {
                extensions.push(kind);
            }
            // What is wrong inside one extension does not hide the others.
            let _ = hello.extension(kind, data);
        })?;
        hello.extensions = extensions.into();
        Some(hello)
    }

    fn extension(&mut self, kind: u16, mut data: Fields<'_>) -> Option<()> {
        match kind {
            0 => {
                let mut names = data.vector(2)?;
                while !names.is_empty() {
                    let (kind, name) = (names.u8()?, names.vector(2)?);
                    if kind == 0 && self.server_name.is_none() {
                        self.server_name = Some(name.0.into());
                    }
                }
            }
            10 => self.groups = data.vector(2)?.numbers().collect(),
            11 => self.point_formats = data.vector(1)?.0.into(),
            13 => self.signatures = data.vector(2)?.numbers().collect(),
            16 => self.protocols = protocols(data),
            43 => self.versions = data.vector(1)?.numbers().collect(),
            _ => {}
        }
        Some(())
    }

    /// Bytes of memory that it holds besides its own size.
    pub(super) fn held(&self) -> usize {
        let lists =
            [&self.versions, &self.suites, &self.extensions, &self.groups, &self.signatures];
        let name = self.server_name.as_ref().map_or(0, |name| name.len());
        let numbers: usize = lists.iter().map(|list| 2 * list.len()).sum();
        numbers + self.point_formats.len() + name + self.protocols.held()
    }
}

/// What a server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) version: u16,
    pub(super) suite: u16,
    pub(super) protocol: Option<Box<[u8]>>,
    /// It is a `HelloRetryRequest`.
    pub(super) is_retry: bool,
}

/// The random of a `HelloRetryRequest`: the SHA-256 of its name (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

impl ServerHello {
    /// Reads the body of the message; `None` if it is none.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut body = Fields(body);
        let version = body.u16()?;
        let is_retry = body.take(32)? == RETRY;
        body.vector(1)?;
        let suite = body.u16()?;
        body.u8()?;
        let mut hello = Self { version, suite, protocol: None, is_retry };
        each_extension(body, |kind, mut data| match kind {
            16 => hello.protocol = protocols(data).iter().next().map(Into::into),
            43 => hello.version = data.u16().unwrap_or(hello.version),
            _ => {}
        })?;
        Some(hello)
    }
}

/// Calls `take` with the type and the content of each extension, if there are any.
fn each_extension<'a>(mut body: Fields<'a>, mut take: impl FnMut(u16, Fields<'a>)) -> Option<()> {
    if body.is_empty() {
        return Some(());
    }
    let mut extensions = body.vector(2)?;
    while !extensions.is_empty() {
        let (kind, data) = (extensions.u16()?, extensions.vector(2)?);
        take(kind, data);
    }
    Some(())
}

/// The names in an ALPN extension (RFC 7301 §3.1), without GREASE.
fn protocols(mut data: Fields<'_>) -> Names {
    let mut list = data.vector(2).unwrap_or_default();
    let names = std::iter::from_fn(|| list.vector(1).map(|name| name.0));
    let is_grease = |name: &[u8]| {
        <[u8; 2]>::try_from(name).is_ok_and(|b| super::bytes::is_grease(u16::from_be_bytes(b)))
    };
    names.filter(|name| !is_grease(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn the_random_of_a_retry_is_a_hash() {
        assert_eq!(Sha256::digest(b"HelloRetryRequest").as_slice(), RETRY);
    }

    #[test]
    fn cut_hellos_are_none() {
        let body = crate::tls::forge::client_hello("mx.example", &[0x0a0a, 0x1301]);
        assert!(ClientHello::parse(&body, 0x0301).is_some());
        for len in 0..body.len() {
            let cut = ClientHello::parse(&body[..len], 0x0301);
            // A hello may end before its extensions.
            assert!(cut.is_none_or(|hello| hello.extensions.is_empty()), "{len}");
        }
    }
}
