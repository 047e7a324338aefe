//! What a reply to EHLO says, in short: the same few are seen in thousands of sessions.

use super::reply::is_masked;
use crate::dialog::number_of;
use crate::dialog::session::{Hello, Session};
use crate::smtp::extension::{
    self, BINARYMIME, CHUNKING, EIGHTBITMIME, REQUIRETLS, SIZE, SMTPUTF8,
};
use crate::smtp::reply::{self, ReplyLine};
use crate::smtp::scan::find;
use std::cell::RefCell;
use std::mem::replace;

/// What a reply to EHLO says, as far as it says which rules need not be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest {
    /// The known extensions that it offers, a bit for each index.
    pub(super) offered: u64,
    /// The least limit that a SIZE offer states, if one does; 0 if that cannot be read.
    pub(super) limit: Option<u64>,
    /// Something in it may not go together.
    pub(super) is_odd: bool,
}

/// Places of digests, by the seeded number of each.
const PLACES: usize = 256;

/// Digests that are remembered at a place, the last first. With one only, two servers may take turns
/// at it for a whole run.
type Known = [(u64, Digest); 2];

thread_local! {
    // 0 is nobody's number.
    static KNOWN: RefCell<Vec<Known>> = RefCell::new(vec![Known::default(); PLACES]);
}

impl Digest {
    /// That of a reply's `first` line and the `tail` behind it, as they were sent; the tail's number
    /// is 0 if it is not known.
    fn of((first, tail): (&[u8], &[u8]), number: u64) -> Self {
        let mut digest = Self::of_tail(tail, number);
        digest.is_odd |= is_first_odd(first);
        digest
    }

    /// The known extensions that the reply of `hello` offers, a bit for each index.
    pub(super) fn offered(session: &Session, hello: &Hello) -> u64 {
        Self::of_tail(session.reply_halves(hello).1, hello.tail.number()).offered
    }

    /// That of a `tail`: in the first line many servers name the client.
    fn of_tail(tail: &[u8], number: u64) -> Self {
        let number = if number == 0 { number_of(tail) } else { number };
        let place = usize::try_from(number % PLACES as u64).unwrap_or_default();
        KNOWN.with_borrow_mut(|known| match known.get_mut(place) {
            Some([(known, digest), _] | [_, (known, digest)])
                if *known == number && number != 0 =>
            {
                *digest
            }
            place => {
                let digest = Self::read(tail);
                if let Some([last, before]) = place {
                    *before = replace(last, (number, digest));
                }
                digest
            }
        })
    }

    /// That of all EHLO replies of `session` together.
    pub(super) fn of_all(session: &Session) -> impl Iterator<Item = Self> {
        let hellos = session.hellos.iter();
        hellos.map(|hello| Self::of(session.reply_halves(hello), hello.tail.number()))
    }

    fn read(offers: &[u8]) -> Self {
        let mut digest = Self::default();
        let mut keywords: Vec<&[u8]> = Vec::new();
        let lines = offers.split(|&octet| octet == b'\n');
        for line in lines.filter(|_| !offers.is_empty()) {
            let text = ReplyLine::parse(line).text;
            let Some(offer) = reply::offer(text) else {
                digest.is_odd = true;
                continue;
            };
            let is_twice = keywords.iter().any(|one| one.eq_ignore_ascii_case(offer.keyword));
            digest.is_odd |= is_twice || is_masked(offer.keyword);
            keywords.push(offer.keyword);
            let Some(index) = extension::position(offer.keyword) else { continue };
            digest.offered |= bit(index);
            if index == SIZE
                && let Some(limit) = offer.params().next()
            {
                let limit = str::from_utf8(limit).ok().and_then(|limit| limit.parse().ok());
                digest.limit = Some(limit.unwrap_or(0));
            }
        }
        let has = |index: u8| digest.offered & bit(index) != 0;
        digest.is_odd |= has(SMTPUTF8) && !has(EIGHTBITMIME)
            || has(BINARYMIME) && !has(CHUNKING)
            || has(REQUIRETLS);
        digest
    }
}

/// Whether the `first` line of a reply has a keyword where a name or a greeting should stand.
#[inline]
fn is_first_odd(first: &[u8]) -> bool {
    // No keyword has a dot, as nearly all names have.
    let has_dot = |name: &[u8]| matches!(name, [.., b'.', _, _] | [.., b'.', _, _, _]);
    let (name, behind) = cut(b' ', ReplyLine::parse(first).text);
    let is_keyword = |word: &[u8]| !word.is_empty() && extension::position(word).is_some();
    !has_dot(name) && is_keyword(name) || is_keyword(cut(b' ', behind).0)
}

/// Whether a keyword was surely written over with X: firewalls leave at most the last letter, which they
/// change from line to line.
pub(super) fn is_surely_masked(keyword: &[u8]) -> bool {
    match keyword.split_last() {
        Some((last, before)) => {
            before.len() >= 3
                && last.is_ascii_uppercase()
                && before.iter().all(|&octet| octet == b'X')
        }
        None => false,
    }
}

/// The first line of a reply, and the others.
pub(super) fn split_first(reply: &[u8]) -> (&[u8], &[u8]) {
    cut(b'\n', reply)
}

/// What stands before the first `octet` in `text`, and behind it.
fn cut(octet: u8, text: &[u8]) -> (&[u8], &[u8]) {
    match find(octet, text) {
        Some(at) => (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or_default()),
        None => (text, &[]),
    }
}

/// The bit of the extension with this index.
pub(super) fn bit(index: u8) -> u64 {
    1_u64.checked_shl(index.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_in_short() {
        let of = |text: &str| Digest::of(split_first(text.as_bytes()), 0);
        let plain = of("250-mx.example.net\n250-SIZE 1000\n250-8BITMIME\n250 X-OWN");
        assert_eq!((plain.offered, plain.limit), (bit(SIZE) | bit(EIGHTBITMIME), Some(1000)));
        assert!(!plain.is_odd);
        assert_eq!(of("250-mx\n250 SIZE").limit, None);
        assert_eq!(of("250-mx\n250 SIZE x").limit, Some(0));
        for odd in [
            "250-mx\n250-SIZE\n250 size 5",
            "250-mx SIZE\n250 HELP",
            "250-mx\n250 SMTPUTF8",
            "250-mx\n250 BINARYMIME",
            "250-mx\n250 REQUIRETLS",
            "250-mx\n250 XXXXXXXA",
        ] {
            assert!(of(odd).is_odd, "{odd}");
        }
        // The second time it is remembered.
        let (text, tail) = ("250-mx\n250 SIZE x", "250 SIZE x");
        assert_eq!(of(text), of(text));
        assert_eq!(Digest::of(split_first(text.as_bytes()), number_of(tail.as_bytes())), of(text));
    }
}
