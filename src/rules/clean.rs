//! Replies in which the grammar found nothing: the same few are seen in thousands of sessions.

use super::digest::number_of;
use super::facts::Facts;
use crate::smtp::grammar::Charset;
use crate::smtp::grammar::reply::Kind;
use std::cell::RefCell;

/// Replies that are remembered: the last ones at each place.
const KEPT: usize = 1024;

/// A reply, as far as its grammar goes: a number of its text that no peer can foresee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(u64);

thread_local! {
    static KNOWN: RefCell<Vec<(Place, Facts)>> =
        RefCell::new(vec![(Place::default(), Facts::default()); KEPT]);
}

impl Place {
    /// That of a reply of this `kind` and so many `lines`, as it was sent.
    #[inline]
    pub(super) fn of(text: &[u8], lines: u32, kind: Kind, charset: Charset) -> Self {
        let kind = match kind {
            Kind::Any => 0,
            Kind::Ehlo => 1,
            Kind::Greeting => 2,
        };
        let kind = kind * 2 + u64::from(charset == Charset::Utf8);
        // The lowest bits say of what kind it is; the first place is nobody's.
        Self((number_of(text) ^ u64::from(lines)) << 4 | kind << 1 | 1)
    }

    fn index(self) -> usize {
        usize::try_from((self.0 >> 4) % KEPT as u64).unwrap_or_default()
    }
}

/// What a clean reply shows, if it is known.
pub(super) fn facts(place: Place) -> Option<Facts> {
    KNOWN.with_borrow(|known| {
        known.get(place.index()).filter(|(known, _)| *known == place).map(|&(_, facts)| facts)
    })
}

/// Remembers a reply in which nothing was found.
pub(super) fn remember(place: Place, facts: Facts) {
    KNOWN.with_borrow_mut(|known| {
        if let Some(slot) = known.get_mut(place.index()) {
            *slot = (place, facts);
        }
    });
}

/// Octets of a short reply.
const SHORT: usize = 64;

/// A short reply of one line, neither a greeting nor to EHLO, in which nothing can be wrong.
#[derive(Clone, Copy)]
struct Short {
    code: u16,
    len: usize,
    text: [u8; SHORT],
    facts: Facts,
}

thread_local! {
    /// The last ones at each place.
    static SHORTS: RefCell<Vec<Short>> = RefCell::new(
        vec![Short { code: 0, len: 0, text: [0; SHORT], facts: Facts::default() }; SHORTS_KEPT]);
}

/// Short replies that are remembered.
const SHORTS_KEPT: usize = 256;

/// Where a short reply may be kept.
#[inline]
fn place_of(text: &[u8]) -> Option<usize> {
    let (head, tail) = match (text.first_chunk(), text.last_chunk()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (u32::from_le_bytes(*text.first_chunk()?).into(), u64::from(*text.last()?)),
    };
    let number = (head ^ tail.rotate_left(20)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(number >> 56).ok()
}

/// What a short reply with this `code` shows, if it is known.
#[inline]
pub(super) fn short(text: &[u8], code: u16) -> Option<Facts> {
    let place = place_of(text)?;
    SHORTS.with_borrow(|known| {
        let one = known.get(place)?;
        let is_it = one.code == code && one.len == text.len() && one.text.get(..one.len)? == text;
        is_it.then_some(one.facts)
    })
}

/// Remembers a reply that is plain, if it is short.
pub(super) fn remember_short(text: &[u8], code: u16, facts: Facts) {
    let Some(place) = place_of(text) else { return };
    SHORTS.with_borrow_mut(|known| {
        if let Some(one) = known.get_mut(place)
            && let Some(to) = one.text.get_mut(..text.len())
        {
            to.copy_from_slice(text);
            (one.code, one.len, one.facts) = (code, text.len(), facts);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_replies_are_told_from_each_other() {
        let mut some = Facts::default();
        some.learn_unplain();
        let long = [b'2'; SHORT + 1];
        remember_short(b"250 2.1.0 Ok", 250, some);
        remember_short(b"250 Ok", 250, some);
        remember_short(&long, 250, some);
        assert_eq!(short(b"250 2.1.0 Ok", 250), Some(some));
        assert_eq!(short(b"250 2.1.0 Ok", 251), None);
        // Of eight octets at either end no place can be told.
        remember_short(b"250 2.1.0 a.a b2.1.0 Ok", 250, Facts::default());
        assert_eq!(short(b"250 2.1.0 a_a b2.1.0 Ok", 250), None);
        assert_eq!(short(b"250 2.1.0 a.a b2.1.0 Ok", 250), Some(Facts::default()));
        assert_eq!((short(b"250 Ok", 250), short(&long, 250)), (Some(some), None));
        assert_eq!((short(b"", 250), short(b"250 ok", 250)), (None, None));
    }

    #[test]
    fn what_is_remembered_is_of_one_kind() {
        let any = Place::of(b"250 ok", 1, Kind::Any, Charset::Ascii);
        remember(any, Facts::default());
        assert_eq!(facts(any), Some(Facts::default()));
        for other in [
            Place::of(b"250 ok", 1, Kind::Ehlo, Charset::Ascii),
            Place::of(b"250 ok", 1, Kind::Any, Charset::Utf8),
            Place::of(b"250 Ok", 1, Kind::Any, Charset::Ascii),
            Place::of(b"250 ok", 2, Kind::Any, Charset::Ascii),
        ] {
            assert_ne!(any, other);
        }
        assert_eq!(facts(Place::of(b"250 other", 1, Kind::Any, Charset::Ascii)), None);
    }
}
