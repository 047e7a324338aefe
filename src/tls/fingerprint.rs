//! Fingerprints of a client: JA3 (`salesforce/ja3`) and JA4 (`FoxIO-LLC/ja4`, its `technical_details/JA4.md`).

use super::hello::ClientHello;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use std::fmt::{Display, Write as _};

/// The extension with the name of the server.
const SERVER_NAME: u16 = 0;

/// The extension with the protocols for what is inside TLS.
const ALPN: u16 = 16;

impl ClientHello {
    /// JA3: the MD5 of version, suites, extensions, groups and point formats in their order.
    #[must_use]
    pub fn ja3(&self) -> Box<str> {
        let text = self.ja3_text();
        hex(&Md5::digest(text.as_bytes())).into()
    }

    /// What JA3 is the MD5 of.
    fn ja3_text(&self) -> String {
        let mut text = self.version.to_string();
        let lists = [&self.suites, &self.extensions, &self.groups];
        for list in lists {
            text.push(',');
            join(&mut text, "-", list.iter());
        }
        text.push(',');
        join(&mut text, "-", self.point_formats.iter());
        text
    }

    /// JA4: what a person can read, a hash of the suites, and a hash of the extensions and the
    /// signature algorithms.
    #[must_use]
    pub fn ja4(&self) -> Box<str> {
        let version = match self.versions.iter().max().copied().unwrap_or(self.version) {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            _ => "00",
        };
        let target = if self.extensions.contains(&SERVER_NAME) { 'd' } else { 'i' };
        let (suites, extensions) = (self.suites.len().min(99), self.extensions.len().min(99));
        let (first, last) = ends(self.protocols.iter().next().unwrap_or_default());
        let mut hashed = String::new();
        let is_elsewhere = |&&extension: &&u16| extension == SERVER_NAME || extension == ALPN;
        sorted(&mut hashed, self.extensions.iter().filter(|one| !is_elsewhere(one)));
        // Without extensions there is no hash, whatever else there is.
        if !hashed.is_empty() && !self.signatures.is_empty() {
            hashed.push('_');
            join(&mut hashed, ",", self.signatures.iter().map(|one| format!("{one:04x}")));
        }
        let extensions_hash = short_hash(&hashed);
        hashed.clear();
        sorted(&mut hashed, self.suites.iter());
        let suites_hash = short_hash(&hashed);
        format!(
            "t{version}{target}{suites:02}{extensions:02}{first}{last}_{suites_hash}_{extensions_hash}"
        )
        .into()
    }
}

/// The first and the last letter of a protocol's name, or of its hexadecimal digits.
fn ends(name: &[u8]) -> (char, char) {
    let (Some(&first), Some(&last)) = (name.first(), name.last()) else { return ('0', '0') };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return (first.into(), last.into());
    }
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    (digit(first >> 4), digit(last & 0xf))
}

/// Appends numbers in hexadecimal, in their order.
fn sorted<'a>(text: &mut String, numbers: impl Iterator<Item = &'a u16>) {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable();
    join(text, ",", numbers.into_iter().map(|number| format!("{number:04x}")));
}

/// Appends items with `between` between them.
fn join(text: &mut String, between: &str, items: impl Iterator<Item = impl Display>) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push_str(between);
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{item}");
    }
}

/// Twelve digits of the SHA-256 of `text`; zeros for none.
fn short_hash(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(12);
    }
    let hash = Sha256::digest(text.as_bytes());
    hex(hash.get(..6).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    join(&mut text, "", bytes.iter().map(|byte| format!("{byte:02x}")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Names;

    /// The example of the description of JA4.
    fn example() -> ClientHello {
        ClientHello {
            record_version: 0x0301,
            version: 0x0303,
            versions: [0x0304, 0x0303].into(),
            suites: [
                0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
                0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
            ]
            .into(),
            extensions: [
                0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023,
                0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
            ]
            .into(),
            groups: [0x001d, 0x0017].into(),
            point_formats: [0].into(),
            signatures: [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601].into(),
            server_name: Some((*b"mx.example").into()),
            protocols: Names::from_iter(["h2", "http/1.1"]),
        }
    }

    #[test]
    fn ja4_is_that_of_its_description() {
        let mut hello = example();
        assert_eq!(&*hello.ja4(), "t13d1516h2_8daaf6152771_e5627efa2ab1");
        hello.signatures = [].into();
        assert_eq!(&*hello.ja4(), "t13d1516h2_8daaf6152771_6d807ffa2a79");
        hello.extensions = [].into();
        (hello.suites, hello.versions, hello.version) = ([].into(), [].into(), 0x0300);
        hello.protocols = Names::default();
        assert_eq!(&*hello.ja4(), "ts3i000000_000000000000_000000000000");
    }

    #[test]
    fn ends_of_protocols() {
        let cases: [(&[u8], &str); 8] = [
            (b"h2", "h2"),
            (b"http/1.1", "h1"),
            (b"x", "xx"),
            (b"", "00"),
            (b"\xab", "ab"),
            (b"\xab\xcd", "ad"),
            (b"\x30\xab", "3b"),
            (b"\x30\xab\xcd\x31", "01"),
        ];
        for (name, expected) in cases {
            let (first, last) = ends(name);
            assert_eq!(format!("{first}{last}"), expected, "{name:x?}");
        }
    }

    #[test]
    fn ja3_is_that_of_its_description() {
        let none: [u16; 0] = [];
        let mut hello = ClientHello {
            version: 769,
            suites: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4].into(),
            extensions: [0, 10, 11].into(),
            groups: [23, 24, 25].into(),
            ..example()
        };
        let text = "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0";
        assert_eq!(hello.ja3_text(), text);
        assert_eq!(&*hello.ja3(), "ada70206e40642a3e4461f35503241d5");
        hello.suites = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99].into();
        (hello.extensions, hello.groups) = (none.into(), none.into());
        hello.point_formats = [].into();
        assert_eq!(hello.ja3_text(), "769,4-5-10-9-100-98-3-6-19-18-99,,,");
        assert_eq!(&*hello.ja3(), "de350869b8c85de67a350c8d186f11e6");
    }
}
