//! Points in time and durations as captures and logs give them.
//!
//! In: numbers and RFC 3339 text. Out: [`Stamp`], [`Lapse`] and their printed forms.
//! Nothing here reads a clock: time is a value that the data carries.

use std::fmt;
use std::num::NonZeroU64;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, from the year 1677 to 2262.
///
/// `Option<Stamp>` takes eight bytes, as there are many of them in an open session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(NonZeroU64);

/// A signed duration in nanoseconds. Negative where a capture's clock went backwards.
///
/// `Option<Lapse>` takes eight bytes, for the same reason as that of [`Stamp`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lapse(NonZeroU64);

/// Writes stamps; keeps the text of the last one, as neighbours in a dialog share most of it.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The second since 1970 of `text`; one that no stamp has before the first.
    second: i64,
    /// The day since 1970 of `text`, likewise.
    day: i64,
    /// `YYYY-MM-DDThh:mm:ss.fffffffff`.
    text: [u8; 29],
}

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// Seconds in a day.
const DAY: i64 = 86_400;

/// Flips the sign bit, so that the order of the unsigned number is that of the signed one.
const SIGN: u64 = 1 << 63;

/// `nanos` as a number that is never 0 and orders as it does; the least is taken for the next.
const fn fold(nanos: i64) -> NonZeroU64 {
    match NonZeroU64::new(nanos.cast_unsigned() ^ SIGN) {
        Some(number) => number,
        None => NonZeroU64::MIN,
    }
}

/// What was folded.
const fn unfold(number: NonZeroU64) -> i64 {
    (number.get() ^ SIGN).cast_signed()
}

impl Stamp {
    /// The stamp at `nanos` nanoseconds since 1970, held to the representable range.
    #[must_use]
    pub fn from_nanos(nanos: i64) -> Self {
        Self(fold(nanos))
    }

    /// The stamp at `nanos` nanoseconds since 1970 computed in wide arithmetic; `None` if it
    /// is outside the representable range (a damaged time stamp, never a real one).
    #[must_use]
    pub fn from_wide(nanos: i128) -> Option<Self> {
        i64::try_from(nanos).ok().map(Self::from_nanos)
    }

    /// Reads an RFC 3339 date and time with an offset (`Z` or `±hh:mm`) and gives it with the
    /// number of its fractional digits (0 to 9).
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<(Self, u8)> {
        let stamp: jiff::Timestamp = text.parse().ok()?;
        let digits = text
            .split_once('.')
            .map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
        let digits = u8::try_from(digits.min(9)).unwrap_or(9);
        Some((Self::from_wide(stamp.as_nanosecond())?, digits))
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub fn nanos(self) -> i64 {
        unfold(self.0)
    }

    /// The time from `earlier` to this stamp; negative if this one lies before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Lapse {
        Lapse::from_nanos(self.nanos().saturating_sub(earlier.nanos()))
    }

    /// This stamp in RFC 3339, UTC, with `digits` (0 to 9) digits of the second's fraction.
    #[must_use]
    pub fn rfc3339(self, digits: u8) -> String {
        let mut text = Vec::new();
        Calendar::default().push(self, digits, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }
}

impl Calendar {
    /// Appends `stamp` in RFC 3339, UTC, with `digits` (0 to 9) digits of the second's fraction.
    pub fn push(&mut self, stamp: Stamp, digits: u8, out: &mut Vec<u8>) {
        let nanos = stamp.nanos();
        let second = nanos.div_euclid(SECOND);
        if second != self.second {
            self.turn_to(second);
        }
        // Groups, so that their digits are found side by side.
        let fraction = u32::try_from(nanos.rem_euclid(SECOND)).unwrap_or_default();
        put_digits(&mut self.text[20..23], fraction / 1_000_000);
        put_digits(&mut self.text[23..26], fraction / 1000 % 1000);
        put_digits(&mut self.text[26..29], fraction % 1000);
        // Without a fraction there is no point either.
        let len = if digits == 0 { 19 } else { 20 + usize::from(digits.min(9)) };
        out.extend_from_slice(self.text.get(..len).unwrap_or_default());
        out.push(b'Z');
    }

    #[cold]
    fn turn_to(&mut self, second: i64) {
        self.second = second;
        let day = second.div_euclid(DAY);
        if day != self.day {
            self.day = day;
            let midnight = jiff::Timestamp::from_second(day * DAY).unwrap_or_default();
            if let Some(date) = format!("{midnight:.9}").as_bytes().first_chunk() {
                self.text = *date;
            }
        }
        let seconds = u32::try_from(second.rem_euclid(DAY)).unwrap_or_default();
        put_digits(&mut self.text[11..13], seconds / 3600);
        put_digits(&mut self.text[14..16], seconds / 60 % 60);
        put_digits(&mut self.text[17..19], seconds % 60);
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self { second: i64::MIN, day: i64::MIN, text: *b"0000-00-00T00:00:00.000000000" }
    }
}

/// Fills `out` with the last digits of `number`.
#[inline]
fn put_digits(out: &mut [u8], number: u32) {
    let mut rest = number;
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339(9))
    }
}

impl Lapse {
    /// A duration of `nanos` nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(fold(nanos))
    }

    /// The duration in nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        unfold(self.0)
    }

    /// The duration in whole microseconds, rounded towards minus infinity, as reports give it.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.nanos().div_euclid(1000)
    }
}

impl Default for Lapse {
    fn default() -> Self {
        Self::from_nanos(0)
    }
}

impl fmt::Debug for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ns", self.nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_calendar_agrees_with_jiff_whatever_came_before(
            stamps in proptest::collection::vec(
                (prop_oneof![any::<i64>(), -3 * DAY * SECOND..3 * DAY * SECOND, -2 * SECOND..2 * SECOND], 0u8..12),
                1..8,
            ),
        ) {
            let mut calendar = Calendar::default();
            for (nanos, digits) in stamps {
                let stamp = Stamp::from_nanos(nanos);
                let mut text = Vec::new();
                calendar.push(stamp, digits, &mut text);
                let exact = jiff::Timestamp::from_nanosecond(i128::from(stamp.nanos())).unwrap();
                let expected = format!("{exact:.*}", usize::from(digits.min(9)));
                prop_assert_eq!(str::from_utf8(&text).unwrap(), expected);
            }
        }
    }

    #[test]
    fn stamps_keep_their_order_and_value_over_the_whole_range() {
        let values = [i64::MIN + 1, -1, 0, 1, 1_700_000_000_000_000_000, i64::MAX];
        for pair in values.windows(2) {
            assert!(Stamp::from_nanos(pair[0]) < Stamp::from_nanos(pair[1]));
        }
        for value in values {
            assert_eq!(Stamp::from_nanos(value).nanos(), value);
        }
    }

    #[test]
    fn printing_and_reading_rfc_3339_agree() {
        let (stamp, digits) = Stamp::parse_rfc3339("2026-11-21T10:00:00.000001Z").unwrap();
        assert_eq!((stamp.nanos() % 1_000_000_000, digits), (1000, 6));
        assert_eq!(stamp.rfc3339(6), "2026-11-21T10:00:00.000001Z");
        assert_eq!(stamp.rfc3339(0), "2026-11-21T10:00:00Z");
        let (east, digits) = Stamp::parse_rfc3339("2026-11-21T12:00:00+02:00").unwrap();
        assert_eq!((east.rfc3339(3), digits), ("2026-11-21T10:00:00.000Z".into(), 0));
        assert_eq!(Stamp::parse_rfc3339("yesterday"), None);
    }

    #[test]
    fn a_lapse_may_be_negative() {
        let early = Stamp::from_nanos(5_000);
        let late = Stamp::from_nanos(7_500);
        assert_eq!(late.since(early).micros(), 2);
        assert_eq!(early.since(late).micros(), -3);
    }
}
