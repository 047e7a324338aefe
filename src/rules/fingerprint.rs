//! By what a finding is known again when the input has changed a little.

use super::Finding;
use crate::dialog::session::{Exchange, Session};

/// A number that is the same for the same finding on the same words in the same surrounding,
/// wherever they stand: it does not know lines, frames, times, addresses or long numbers. Equal
/// findings have equal ones.
#[must_use]
pub fn fingerprint(session: &Session, finding: &Finding) -> u64 {
    let mut hash = Hash(OFFSET);
    hash.part(finding.rule.id.as_bytes());
    hash.words(&finding.evidence);
    // What the finding points at tells two on the same line apart.
    let range = finding.range.clone().unwrap_or(0..finding.evidence.len());
    hash.words(finding.evidence.get(range).unwrap_or_default());
    let at = finding.exchange.map(|index| index as usize);
    let before = at.and_then(|at| at.checked_sub(1));
    for at in [before, at, at.map(|at| at + 1)] {
        match at.and_then(|at| session.exchanges.get(at)) {
            Some(exchange) => hash.exchange(exchange),
            None => hash.part(b"-"),
        }
    }
    hash.0
}

/// FNV-1a with 64 bits: simple, and the same for ever.
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

    fn exchange(&mut self, exchange: &Exchange) {
        self.part(exchange.request.name().as_bytes());
        let code = exchange.reply.as_ref().and_then(|reply| reply.code);
        self.part(&code.unwrap_or_default().to_be_bytes());
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
}
