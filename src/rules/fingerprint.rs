//! What makes a finding the same one in another run.

use super::Rule;
use super::finding::Finding;
use crate::dialog::session::Session;
use std::fmt;

/// A number that a finding keeps when lines, frames and times around it change: made of its
/// rule, its words, and the server's address. The same fault in another session of the same
/// server has the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// That of `finding`, which was found in `session` if it was in one.
    #[must_use]
    pub fn of(session: Option<&Session>, finding: &Finding) -> Self {
        let server = session.and_then(|session| session.opening.peers).map(|peers| peers.server);
        let server = server.map(|server| server.ip().to_string()).unwrap_or_default();
        Self::new(finding.rule, server.as_bytes(), &finding.evidence)
    }

    fn new(rule: &Rule, server: &[u8], evidence: &[u8]) -> Self {
        let mut hash = Fnv::default();
        for part in [rule.id.as_bytes(), server] {
            hash.add(part);
            hash.add(b"\0");
        }
        let words = evidence.split(|octet| octet.is_ascii_whitespace());
        for word in words.filter(|word| !word.is_empty()) {
            hash.add(word);
            hash.add(b" ");
        }
        Self(hash.0)
    }

    /// Reads what it is written as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 16 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| is_hex).map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// FNV-1a of 64 bits: the same in every version and on every machine, as it goes into files.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_do_not_count_and_all_else_does() {
        let rules = super::super::all();
        let of = |rule: usize, server: &str, evidence: &str| {
            Fingerprint::new(rules[rule], server.as_bytes(), evidence.as_bytes())
        };
        let one = of(0, "192.0.2.1", "MAIL FROM: <a@example.org>");
        assert_eq!(one, of(0, "192.0.2.1", "MAIL  FROM: <a@example.org> "));
        assert_ne!(one, of(1, "192.0.2.1", "MAIL FROM: <a@example.org>"));
        assert_ne!(one, of(0, "192.0.2.2", "MAIL FROM: <a@example.org>"));
        assert_ne!(one, of(0, "192.0.2.1", "MAIL FROM: <b@example.org>"));
        assert_eq!(Fingerprint::parse(&one.to_string()), Some(one));
        assert_eq!(Fingerprint::parse("+123456789abcdef"), None);
    }

    #[test]
    fn it_stays_as_it_is() {
        // It is in people's files.
        let mut hash = Fnv::default();
        hash.add(b"foobar");
        assert_eq!(hash.0, 0x8594_4171_f739_67e8);
    }
}
