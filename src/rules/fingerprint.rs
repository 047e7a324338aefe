//! By what a finding is known again in another run, when the input has changed a little.

use super::Rule;
use super::finding::Finding;
use crate::dialog::session::Session;
use std::fmt;

/// A number that is the same for the same rule on the same words of the same server, wherever
/// they stand: it does not know lines, frames, times, or what a machine makes up. Equal findings
/// have equal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// That of `finding`, which was found in `session` if it was in one.
    #[must_use]
    pub fn of(session: Option<&Session>, finding: &Finding) -> Self {
        let server = session.and_then(|session| session.opening.peers).map(|peers| peers.server);
        let server = server.map(|server| server.ip().to_string()).unwrap_or_default();
        // What the finding points at tells two on the same line apart.
        let range = finding.range.clone().unwrap_or(0..finding.evidence.len());
        let part = finding.evidence.get(range).unwrap_or_default();
        let exchange = finding.exchange.map(|index| index as usize);
        let exchange = exchange.and_then(|index| session?.exchanges.get(index));
        let request = exchange.map_or("", |exchange| exchange.request.name());
        Self::new(finding.rule, server.as_bytes(), request, &finding.evidence, part)
    }

    fn new(rule: &Rule, server: &[u8], request: &str, evidence: &[u8], part: &[u8]) -> Self {
        let mut hash = Hash(OFFSET);
        hash.part(rule.id.as_bytes());
        hash.part(server);
        hash.part(request.as_bytes());
        hash.words(evidence);
        hash.words(part);
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

/// FNV-1a with 64 bits: simple, and the same for ever, as it goes into files.
struct Hash(u64);

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// A number of more digits is a size, a time or a port.
const DIGITS: usize = 3;

/// A word of so many letters and digits is a name made by a machine.
const NAME: usize = 9;

impl Hash {
    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(PRIME);
    }

    /// Adds `bytes` and where they end.
    fn part(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.byte(byte);
        }
        self.byte(0xff);
    }

    /// Adds `text` without what is different each time: letter case stays, as it may be what the
    /// finding is about.
    fn words(&mut self, text: &[u8]) {
        for word in text.chunk_by(|a, b| a.is_ascii_alphanumeric() == b.is_ascii_alphanumeric()) {
            let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
            let is_number = digits > DIGITS && digits == word.len();
            let is_name = digits > 0 && word.len() >= NAME && word.len() > digits;
            if is_number || is_name {
                self.byte(b'#');
            } else {
                for &byte in word {
                    self.byte(byte);
                }
            }
        }
        self.byte(0xff);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> u64 {
        let mut hash = Hash(OFFSET);
        hash.words(text.as_bytes());
        hash.0
    }

    #[test]
    fn what_a_machine_makes_up_does_not_count() {
        let same = hash("250 2.0.0 Ok: queued as 4WqX7k2zB9z1");
        assert_eq!(same, hash("250 2.0.0 Ok: queued as 9AbC3d4eF5gH"));
        assert_eq!(hash("MAIL FROM:<a@b> SIZE=12345"), hash("MAIL FROM:<a@b> SIZE=9999999"));
        for other in
            ["550 2.0.0 Ok: queued as 4WqX7k2zB9z1", "250 2.0.1 Ok: queued as 4WqX7k2zB9z1"]
        {
            assert_ne!(same, hash(other));
        }
        assert_ne!(hash("MAIL FROM:<a@b>"), hash("mail FROM:<a@b>"));
        assert_ne!(hash("250-8BITMIME"), hash("250-SMTPUTF8"));
    }

    #[test]
    fn rule_server_and_words_count() {
        let rules = super::super::all();
        let of = |rule: usize, server: &str, evidence: &str| {
            Fingerprint::new(rules[rule], server.as_bytes(), "MAIL", evidence.as_bytes(), b" ")
        };
        let one = of(0, "192.0.2.1", "MAIL FROM: <a@example.org>");
        assert_ne!(one, of(1, "192.0.2.1", "MAIL FROM: <a@example.org>"));
        assert_ne!(one, of(0, "192.0.2.2", "MAIL FROM: <a@example.org>"));
        assert_ne!(one, of(0, "192.0.2.1", "MAIL FROM: <b@example.org>"));
        assert_eq!(Fingerprint::parse(&one.to_string()), Some(one));
        assert_eq!(Fingerprint::parse("+123456789abcdef"), None);
    }

    #[test]
    fn it_stays_as_it_is() {
        // It is in people's files.
        let mut hash = Hash(OFFSET);
        for &byte in b"foobar" {
            hash.byte(byte);
        }
        assert_eq!(hash.0, 0x8594_4171_f739_67e8);
    }
}
