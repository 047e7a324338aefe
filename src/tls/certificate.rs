//! A certificate (RFC 5280 §4.1), as far as a report shows it: whose, which names, how long.

use super::bytes::{Fields, Names};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The certificate of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is, as RFC 4514 writes it: `CN=mx.example,O=Example`.
    pub subject: Box<[u8]>,
    /// The names that it is good for (`subjectAltName`): hosts, addresses, mailboxes, URIs.
    pub names: Names,
    /// The first second in which it is valid, RFC 3339.
    pub not_before: Option<Box<str>>,
    /// The last.
    pub not_after: Option<Box<str>>,
}

/// Tags of DER (X.690 §8.1.2).
mod tag {
    pub(super) const OCTETS: u8 = 0x04;
    pub(super) const OBJECT: u8 = 0x06;
    pub(super) const UNIVERSAL: u8 = 0x1c;
    pub(super) const BMP: u8 = 0x1e;
    pub(super) const UTC_TIME: u8 = 0x17;
    pub(super) const TIME: u8 = 0x18;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    pub(super) const VERSION: u8 = 0xa0;
    pub(super) const EXTENSIONS: u8 = 0xa3;
}

/// `subjectAltName`, 2.5.29.17.
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1d, 0x11];

impl Certificate {
    /// The first of the certificates in a `Certificate` message before TLS 1.3
    /// (RFC 5246 §7.4.2).
    pub(super) fn first(body: &[u8]) -> Option<Self> {
        let leaf = Fields(body).vector(3)?.vector(3)?;
        Self::parse(leaf)
    }

    fn parse(der: Fields<'_>) -> Option<Self> {
        let mut der = der;
        let mut signed = expect(&mut der, tag::SEQUENCE)?;
        let mut body = expect(&mut signed, tag::SEQUENCE)?;
        if body.0.first() == Some(&tag::VERSION) {
            element(&mut body)?;
        }
        // Serial number, algorithm, issuer.
        for _ in 0..3 {
            element(&mut body)?;
        }
        let mut validity = expect(&mut body, tag::SEQUENCE)?;
        let not_before = time(&mut validity);
        let not_after = time(&mut validity);
        let subject = subject(expect(&mut body, tag::SEQUENCE)?)?.into();
        // The key.
        element(&mut body)?;
        let mut names = Names::default();
        while let Some((kind, mut content)) = element(&mut body) {
            if kind == tag::EXTENSIONS {
                let extensions = expect(&mut content, tag::SEQUENCE)?;
                names = alternative_names(extensions).unwrap_or_default();
            }
        }
        Some(Self { subject, names, not_before, not_after })
    }

    /// Bytes of memory that it holds besides its own size.
    pub(super) fn held(&self) -> usize {
        self.subject.len() + self.names.held()
    }
}

/// The next element: its tag and its content.
fn element<'a>(der: &mut Fields<'a>) -> Option<(u8, Fields<'a>)> {
    let kind = der.u8()?;
    let short = usize::from(der.u8()?);
    let len = match short {
        0..=0x7f => short,
        0x81..=0x84 => der.number(short & 0x7f)?,
        _ => return None,
    };
    Some((kind, Fields(der.take(len)?)))
}

/// The content of the next element, which has this tag.
fn expect<'a>(der: &mut Fields<'a>, kind: u8) -> Option<Fields<'a>> {
    element(der).filter(|&(found, _)| found == kind).map(|(_, content)| content)
}

/// The next element as a point in time (RFC 5280 §4.1.2.5), RFC 3339.
fn time(der: &mut Fields<'_>) -> Option<Box<str>> {
    let (kind, text) = element(der)?;
    let digits = str::from_utf8(text.0.strip_suffix(b"Z")?).ok()?;
    let digits = match kind {
        tag::UTC_TIME if digits.len() == 12 => {
            // Of the years 1950 to 2049.
            let century = if digits >= "5" { "19" } else { "20" };
            format!("{century}{digits}")
        }
        tag::TIME if digits.len() == 14 => digits.into(),
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = digits.split_at_checked(4)?;
    let parts: Vec<&str> = (0..5).filter_map(|part| rest.get(part * 2..part * 2 + 2)).collect();
    let [month, day, hour, minute, second] = parts.try_into().ok()?;
    let is_date = ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
    let is_time = hour <= "23" && minute <= "59" && second <= "60";
    (is_date && is_time).then(|| format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").into())
}

/// A name as RFC 4514 writes it: the last part first.
fn subject(mut name: Fields<'_>) -> Option<Vec<u8>> {
    let mut parts = Vec::new();
    while !name.is_empty() {
        parts.push(expect(&mut name, tag::SET)?);
    }
    let mut text = Vec::new();
    for mut part in parts.into_iter().rev() {
        let mut between: &[u8] = if text.is_empty() { b"" } else { b"," };
        while !part.is_empty() {
            let mut attribute = expect(&mut part, tag::SEQUENCE)?;
            let kind = expect(&mut attribute, tag::OBJECT)?;
            let (encoding, value) = element(&mut attribute)?;
            text.extend_from_slice(between);
            push_kind(&mut text, kind.0);
            text.push(b'=');
            push_value(&mut text, &plain(encoding, value.0));
            between = b"+";
        }
    }
    Some(text)
}

/// Appends the short name of an attribute, or its number.
fn push_kind(text: &mut Vec<u8>, object: &[u8]) {
    let name = match object {
        b"\x55\x04\x03" => "CN",
        b"\x55\x04\x05" => "serialNumber",
        b"\x55\x04\x06" => "C",
        b"\x55\x04\x07" => "L",
        b"\x55\x04\x08" => "ST",
        b"\x55\x04\x09" => "STREET",
        b"\x55\x04\x0a" => "O",
        b"\x55\x04\x0b" => "OU",
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" => "emailAddress",
        b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01" => "UID",
        b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19" => "DC",
        _ => return push_object(text, object),
    };
    text.extend_from_slice(name.as_bytes());
}

/// Appends an object identifier in its numbers.
fn push_object(text: &mut Vec<u8>, object: &[u8]) {
    let (mut number, mut is_first) = (0_u64, true);
    for byte in object {
        number = number.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if is_first {
            // The first two are in one.
            let first = (number / 40).min(2);
            text.extend_from_slice(format!("{first}.{}", number - first * 40).as_bytes());
        } else {
            text.extend_from_slice(format!(".{number}").as_bytes());
        }
        (number, is_first) = (0, false);
    }
}

/// A text in one byte a letter or in UTF-8.
fn plain(encoding: u8, value: &[u8]) -> Vec<u8> {
    let width = match encoding {
        tag::BMP => 2,
        tag::UNIVERSAL => 4,
        _ => return value.into(),
    };
    let letters = value.chunks(width).map(|unit| Fields(unit).number(unit.len()));
    let letter = |number: Option<usize>| char::from_u32(u32::try_from(number?).ok()?);
    let text: String =
        letters.map(|it| letter(it).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.into_bytes()
}

/// Appends a value with what would end it behind a backslash (RFC 4514 §2.4).
fn push_value(text: &mut Vec<u8>, value: &[u8]) {
    for (index, &byte) in value.iter().enumerate() {
        let is_edge = index == 0 || index + 1 == value.len();
        let is_special = matches!(byte, b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\');
        if is_special || byte == b' ' && is_edge || byte == b'#' && index == 0 {
            text.push(b'\\');
        }
        text.push(byte);
    }
}

/// The names in `subjectAltName` (RFC 5280 §4.2.1.6).
fn alternative_names(mut extensions: Fields<'_>) -> Option<Names> {
    while !extensions.is_empty() {
        let mut extension = expect(&mut extensions, tag::SEQUENCE)?;
        if expect(&mut extension, tag::OBJECT)?.0 != ALTERNATIVE_NAMES {
            continue;
        }
        let (kind, mut value) = element(&mut extension)?;
        if kind != tag::OCTETS {
            // Whether it is critical comes first.
            value = expect(&mut extension, tag::OCTETS)?;
        }
        let mut list = expect(&mut value, tag::SEQUENCE)?;
        let names = std::iter::from_fn(|| element(&mut list));
        return Some(names.filter_map(|(kind, name)| general_name(kind, name.0)).collect());
    }
    None
}

fn general_name(kind: u8, name: &[u8]) -> Option<Vec<u8>> {
    match kind {
        // Mailbox, host, URI.
        0x81 | 0x82 | 0x86 => Some(name.into()),
        0x87 => {
            let v4 = <[u8; 4]>::try_from(name).map(|it| Ipv4Addr::from(it).to_string());
            let v6 = || <[u8; 16]>::try_from(name).map(|it| Ipv6Addr::from(it).to_string());
            v4.or_else(|_| v6()).ok().map(String::into_bytes)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::forge;

    #[test]
    fn what_a_certificate_says() {
        let names: [(u8, &[u8]); 4] =
            [(0x82, b"mx.example"), (0x87, &[192, 0, 2, 1]), (0x84, b"x"), (0x81, b"a@b.example")];
        let der = forge::certificate("mx, the first", &names, ["240229235959Z", "99991231235959Z"]);
        let message = forge::certificates(&[&der, b"not read"]);
        let read = Certificate::first(&message).unwrap();
        assert_eq!(str::from_utf8(&read.subject).unwrap(), "CN=mx\\, the first,O=\\ x");
        let names: Vec<&[u8]> = read.names.iter().collect();
        assert_eq!(names, [b"mx.example".as_slice(), b"192.0.2.1", b"a@b.example"]);
        assert_eq!(read.not_before.as_deref(), Some("2024-02-29T23:59:59Z"));
        assert_eq!(read.not_after.as_deref(), Some("9999-12-31T23:59:59Z"));
        for len in 0..message.len() - b"not read".len() - 3 {
            assert!(Certificate::first(&message[..len]).is_none(), "{len}");
        }
    }

    #[test]
    fn odd_names_and_times() {
        let mut text = Vec::new();
        push_kind(&mut text, b"\x2a\x03\x81\x01");
        assert_eq!(text, b"1.2.3.129");
        assert_eq!(plain(tag::BMP, b"\0m\x20\xac"), "m€".as_bytes());
        let year = |text: &[u8]| time(&mut Fields(&forge::der(tag::UTC_TIME, text)));
        assert_eq!(year(b"500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(year(b"491301000000Z"), None);
        assert_eq!(year(b"4901010000+0"), None);
    }

    #[test]
    fn damaged_certificates_do_no_harm() {
        let der = forge::certificate("a", &[(0x82, b"b")], ["240229235959Z", "99991231235959Z"]);
        let message = forge::certificates(&[&der]);
        for at in 0..message.len() {
            for byte in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut damaged = message.clone();
                damaged[at] = byte;
                let _ = Certificate::first(&damaged);
            }
        }
    }
}
