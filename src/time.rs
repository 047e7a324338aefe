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

/// A duration in four bytes: to the nanosecond up to two seconds, then to the microsecond up to half
/// an hour; a longer one is held to that, and a negative one counts as none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brief(u32);

/// Writes stamps; keeps the text of the last one's second, as neighbours in a dialog share it.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Nanoseconds since 1970 at which the second of `text` begins.
    begun: i64,
    /// How many nanoseconds from there on it lasts: none before the first stamp, and if no stamp
    /// can be as early as it begins; fewer than a second at the end of time.
    lasts: u64,
    /// The day since 1970 of `text`; one that no stamp has before the first.
    day: i64,
    /// `YYYY-MM-DDThh:mm:ss.`; the rest is not used.
    text: [u8; Calendar::WIDTH],
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
    #[inline]
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

    /// Nanoseconds from `earlier` to this stamp; `None` if this one lies before it.
    #[inline]
    #[must_use]
    pub fn nanos_after(self, earlier: Self) -> Option<i64> {
        // They order as the times do, and are as far from each other.
        let nanos = self.0.get().checked_sub(earlier.0.get())?;
        Some(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// The stamp that comes `lapse` later, held to the representable range.
    #[must_use]
    pub fn after(self, lapse: Lapse) -> Self {
        Self::from_nanos(self.nanos().saturating_add(lapse.nanos()))
    }

    /// This stamp in RFC 3339, UTC, with `digits` (0 to 9) digits of the second's fraction.
    #[must_use]
    pub fn rfc3339(self, digits: u8) -> String {
        let mut text = [0; Calendar::WIDTH];
        let len = Calendar::default().write(self, digits, &mut text);
        text.iter().take(len).copied().map(char::from).collect()
    }
}

impl Brief {
    /// Says that microseconds are counted.
    const LONG: u32 = 1 << 31;

    /// From `begun` to `ended`; none where either is not known.
    #[inline]
    #[must_use]
    pub fn between(begun: Option<Stamp>, ended: Option<Stamp>) -> Self {
        if begun == ended { Self(0) } else { Self::unlike(begun, ended) }
    }

    /// Most replies begin and end in one packet.
    #[cold]
    fn unlike(begun: Option<Stamp>, ended: Option<Stamp>) -> Self {
        let nanos = begun.zip(ended).map_or(0, |(begun, ended)| ended.since(begun).nanos().max(0));
        match u32::try_from(nanos) {
            Ok(nanos @ 0..Self::LONG) => Self(nanos),
            _ => Self(u32::try_from(nanos / 1000).unwrap_or(u32::MAX) | Self::LONG),
        }
    }

    /// The duration.
    #[must_use]
    pub fn lapse(self) -> Lapse {
        let number = i64::from(self.0 & !Self::LONG);
        Lapse::from_nanos(if self.0 < Self::LONG { number } else { number * 1000 })
    }
}

impl Calendar {
    /// Bytes that a stamp takes at most, and some.
    pub const WIDTH: usize = 32;

    /// Writes `stamp` in RFC 3339, UTC, with `digits` (0 to 9) digits of the second's fraction to
    /// the beginning of `out`. Returns how many bytes it takes; those after it may be anything.
    #[inline]
    pub fn write(&mut self, stamp: Stamp, digits: u8, out: &mut [u8; Self::WIDTH]) -> usize {
        let len = Self::len(digits);
        self.write_len(stamp, len, out);
        len
    }

    /// Bytes of a stamp with `digits` digits of the second's fraction.
    #[must_use]
    pub fn len(digits: u8) -> usize {
        // Without a fraction there is no point either.
        if digits == 0 { 20 } else { 21 + usize::from(digits.min(9)) }
    }

    /// Writes `stamp` as [`Self::write`] does, so that it has [`Self::len`] bytes.
    #[inline]
    pub fn write_len(&mut self, stamp: Stamp, len: usize, out: &mut [u8; Self::WIDTH]) {
        let nanos = stamp.nanos();
        let mut fraction = nanos.wrapping_sub(self.begun).cast_unsigned();
        if fraction >= self.lasts {
            fraction = self.turn_second(nanos);
        }
        *out = self.text;
        let fraction = u32::try_from(fraction).unwrap_or_default();
        // Four bytes are as fast as three; the fourth is written over.
        let micros = fraction / 1000;
        out[20..24].copy_from_slice(&three_digits(micros / 1000).to_le_bytes());
        out[23..27].copy_from_slice(&three_digits(micros % 1000).to_le_bytes());
        if len > 27 {
            out[26..30].copy_from_slice(&three_digits(fraction % 1000).to_le_bytes());
        }
        if let Some(end) = out.get_mut(len.wrapping_sub(1)) {
            *end = b'Z';
        }
    }

    /// Puts the second of `nanos` into the text. Returns the nanoseconds since it began.
    #[cold]
    fn turn_second(&mut self, nanos: i64) -> u64 {
        let second = nanos.div_euclid(SECOND);
        (self.begun, self.lasts) = match second.checked_mul(SECOND) {
            Some(begun) => {
                let most = i64::MAX.saturating_sub(begun).cast_unsigned() + 1;
                (begun, most.min(SECOND.unsigned_abs()))
            }
            None => (0, 0),
        };
        let day = second.div_euclid(DAY);
        if day != self.day {
            self.day = day;
            let midnight = jiff::Timestamp::from_second(day * DAY).unwrap_or_default();
            if let Some(date) = format!("{midnight:.9}").as_bytes().first_chunk::<20>() {
                self.text[..20].copy_from_slice(date);
            }
        }
        let seconds = u32::try_from(second.rem_euclid(DAY)).unwrap_or_default();
        let (hour, minute) = (seconds / 3600, seconds / 60 % 60);
        for (at, number) in [(11, hour), (14, minute), (17, seconds % 60)] {
            let [.., ten, one] = eight_digits(number);
            if let Some(to) = self.text.get_mut(at..at + 2) {
                to.copy_from_slice(&[ten, one]);
            }
        }
        nanos.rem_euclid(SECOND).cast_unsigned()
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self { begun: 0, lasts: 0, day: i64::MIN, text: *b"0000-00-00T00:00:00.            " }
    }
}

/// The last eight digits of `number`: as fast as one by one are two.
#[inline]
#[must_use]
pub const fn eight_digits(number: u32) -> [u8; 8] {
    // Numbers lie side by side in a word: two of four digits, four of two, eight of one. The
    // products divide them by 100 and by 10 and stay within their parts of the word.
    let number = number as u64 % 100_000_000;
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((halves - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    let digits = tens | ((pairs - tens * 10) << 8);
    (digits | u64::from_le_bytes([b'0'; 8])).to_le_bytes()
}

/// Numbers below 1000: the first digit in the lowest byte, and in the highest how many they are.
type Digits = [u32; 1000];

/// Those in front of a thousand more: none for 0.
const FRONT: usize = 0;
/// Those of the number alone.
const ALONE: usize = 1;
/// All three, behind others.
const BEHIND: usize = 2;

/// By where they stand. Which it is nothing can guess, so it is looked up.
// It is indexed where it is made, with what is in it.
#[allow(clippy::indexing_slicing)]
static DIGITS: [Digits; 3] = {
    let mut all = [[0; 1000]; 3];
    let mut number = 0;
    while number < 1000 {
        let [.., hundred, ten, one] = eight_digits(number);
        let few = match number {
            0..10 => [one, 0, 0, 1],
            10..100 => [ten, one, 0, 2],
            _ => [hundred, ten, one, 3],
        };
        let at = number as usize;
        all[FRONT][at] = if at == 0 { 0 } else { u32::from_le_bytes(few) };
        all[ALONE][at] = u32::from_le_bytes(few);
        all[BEHIND][at] = u32::from_le_bytes([hundred, ten, one, 3]);
        number += 1;
    }
    all
};

#[inline]
fn digits(place: usize, number: u32) -> u32 {
    DIGITS.get(place).and_then(|all| all.get(number as usize)).copied().unwrap_or_default()
}

/// The three digits of `number`, which is below 1000: the first in the lowest byte, the highest
/// byte is 0.
#[inline]
#[must_use]
pub fn three_digits(number: u32) -> u32 {
    digits(BEHIND, number) & 0xff_ffff
}

/// The digits of `number`, which is below 1000, without zeros in front: the first in the lowest
/// byte. The highest byte is how many they are.
#[inline]
#[must_use]
pub fn few_digits(number: u32) -> u32 {
    digits(ALONE, number)
}

/// The digits of `number`, which is below 1,000,000, without zeros in front: the first in the
/// lowest byte, and how many they are.
#[inline]
#[must_use]
pub fn short_digits(number: u32) -> (u64, usize) {
    let (upper, lower) = (number / 1000 % 1000, number % 1000);
    let front = digits(FRONT, upper);
    let behind = digits(ALONE + usize::from(upper > 0), lower);
    let len = front >> 24;
    let text = u64::from(front & 0xff_ffff) | u64::from(behind & 0xff_ffff) << (8 * len);
    (text, (len + (behind >> 24)) as usize)
}

/// The last digit of `number`.
#[inline]
#[must_use]
pub const fn last_digit(number: u32) -> u8 {
    b'0' + (number % 10).to_le_bytes()[0]
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
                let mut text = [0; Calendar::WIDTH];
                let len = calendar.write(stamp, digits, &mut text);
                let exact = jiff::Timestamp::from_nanosecond(i128::from(stamp.nanos())).unwrap();
                let expected = format!("{exact:.*}", usize::from(digits.min(9)));
                prop_assert_eq!(str::from_utf8(&text[..len]).unwrap(), expected);
            }
        }

        #[test]
        fn digits_are_those_of_the_number(
            number in prop_oneof![any::<u32>(), 0u32..10_000, 99_990_000u32..100_010_000],
        ) {
            let digits = eight_digits(number);
            let expected = format!("{:08}", number % 100_000_000);
            prop_assert_eq!(str::from_utf8(&digits).unwrap(), expected);
            prop_assert_eq!(digits[7], last_digit(number));
            let [text @ .., len] = few_digits(number % 1000).to_le_bytes();
            let few = str::from_utf8(&text[..usize::from(len)]).unwrap();
            prop_assert_eq!(few, (number % 1000).to_string());
        }
    }

    #[test]
    fn the_calendar_holds_at_both_ends_of_time() {
        let mut calendar = Calendar::default();
        for nanos in [i64::MAX, i64::MIN + 1, i64::MAX, 0, i64::MIN + 1, i64::MIN + 1, i64::MAX] {
            let mut text = [0; Calendar::WIDTH];
            let len = calendar.write(Stamp::from_nanos(nanos), 9, &mut text);
            assert_eq!(text[..len], *Stamp::from_nanos(nanos).rfc3339(9).as_bytes());
        }
    }

    #[test]
    fn stamps_keep_their_order_and_value_over_the_whole_range() {
        let values = [i64::MIN + 1, -1, 0, 1, 1_700_000_000_000_000_000, i64::MAX];
        for pair in values.windows(2) {
            let [early, late] = [pair[0], pair[1]].map(Stamp::from_nanos);
            assert!(early < late);
            assert_eq!(late.nanos_after(early), Some(late.since(early).nanos()));
            assert_eq!((early.nanos_after(early), early.nanos_after(late)), (Some(0), None));
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
    fn a_brief_is_exact_as_far_as_it_can_be() {
        let begun = Stamp::from_nanos(7);
        let of = |nanos: i64| {
            Brief::between(Some(begun), Some(begun.after(Lapse::from_nanos(nanos)))).lapse().nanos()
        };
        assert_eq!([of(0), of(-3), of(1), of(2_147_483_647)], [0, 0, 1, 2_147_483_647]);
        assert_eq!([of(2_147_483_648), of(1_800_000_000_999)], [2_147_483_000, 1_800_000_000_000]);
        assert_eq!(of(i64::MAX - 7), 2_147_483_647_000);
        assert_eq!(Brief::between(None, Some(begun)).lapse(), Lapse::default());
    }

    #[test]
    fn a_lapse_may_be_negative() {
        let early = Stamp::from_nanos(5_000);
        let late = Stamp::from_nanos(7_500);
        assert_eq!(late.since(early).micros(), 2);
        assert_eq!(early.since(late).micros(), -3);
    }
}
