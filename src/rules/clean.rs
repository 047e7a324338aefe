//! Replies in which the grammar found nothing: the same few are seen in thousands of sessions.

use super::facts::Facts;
use crate::dialog::number_of;
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
        Self::numbered(number_of(text), lines, kind, charset)
    }

    /// The same, of a text with this `number`.
    #[inline]
    pub(super) fn numbered(number: u64, lines: u32, kind: Kind, charset: Charset) -> Self {
        let kind = match kind {
            Kind::Any => 0,
            Kind::Ehlo => 1,
            Kind::Greeting => 2,
        };
        let kind = kind * 2 + u64::from(charset == Charset::Utf8);
        // The lowest bits say of what kind it is; the first place is nobody's.
        Self((number ^ u64::from(lines)) << 4 | kind << 1 | 1)
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

#[cfg(test)]
mod tests {
    use super::*;

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
