//! Times in front of the lines of logs, as far as they say.

use crate::time::Stamp;
use jiff::civil::{Date, DateTime, Time as Clock};
use jiff::tz::{Offset, TimeZone};

/// A time as a log gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transcript) struct Time {
    /// It, with 1970-01-01 for a date that is not known, 1972 for a year, and UTC for a zone.
    pub(in crate::transcript) stamp: Stamp,
    /// Digits of the second's fraction.
    pub(in crate::transcript) digits: u8,
    /// Year, month and day are known.
    pub(in crate::transcript) is_dated: bool,
    /// The offset from UTC is known.
    pub(in crate::transcript) is_zoned: bool,
}

/// A year with a 29th of February, where the log does not say which.
const SOME_YEAR: i16 = 1972;

impl Time {
    /// Reads `YYYY-MM-DD` (also with `/` or `.`), `T` or a blank, `HH:MM:SS`, a fraction behind `.`
    /// or `,`, and `Z` or an offset at the start of `line`. Also gives how many bytes that is.
    pub(super) fn iso(line: &[u8]) -> Option<(Self, usize)> {
        let (year, rest) = number(line, 4, 4)?;
        let mark = rest.first().filter(|mark| b"-/.".contains(mark))?;
        let (month, rest) = number(rest.get(1..)?, 1, 2)?;
        let (day, rest) = number(rest.strip_prefix(&[*mark])?, 1, 2)?;
        let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b" "))?;
        let (clock, digits, rest) = clock(rest)?;
        let (offset, rest) = offset(rest);
        let date = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
        let time = Self::of(date.to_datetime(clock), digits, true, offset)?;
        Some((time, line.len() - rest.len()))
    }

    /// Reads `Mon DD HH:MM:SS`, as syslog has it (RFC 3164 §4.1.2), perhaps with a year behind the
    /// day or a weekday in front.
    pub(super) fn syslog(line: &[u8]) -> Option<(Self, usize)> {
        let rest = weekday(line).unwrap_or(line);
        let (month, rest) = month(rest)?;
        let (day, rest) = number(rest.strip_prefix(b" ")?.trim_ascii_start(), 1, 2)?;
        let rest = rest.strip_prefix(b" ")?;
        let (year, rest) = match number(rest, 4, 4) {
            Some((year, after)) if after.starts_with(b" ") => (Some(year), after.get(1..)?),
            _ => (None, rest),
        };
        let (clock, digits, mut rest) = clock(rest)?;
        let mut known = year;
        // As ctime(3) has it.
        if known.is_none()
            && let Some((year, after)) = rest.strip_prefix(b" ").and_then(|rest| number(rest, 4, 4))
            && (1970..2263).contains(&year)
            && after.first().is_none_or(|next| !next.is_ascii_alphanumeric())
        {
            (known, rest) = (Some(year), after);
        }
        let number = known.and_then(|year| i16::try_from(year).ok()).unwrap_or(SOME_YEAR);
        let date = Date::new(number, month, small(day)?).ok()?;
        let time = Self::of(date.to_datetime(clock), digits, known.is_some(), None)?;
        Some((time, line.len() - rest.len()))
    }

    /// Reads `HH:MM:SS`, a fraction, and perhaps ` AM` or ` PM`.
    pub(super) fn of_day(line: &[u8]) -> Option<(Self, usize)> {
        let (clock, digits, rest) = clock(line)?;
        let half = |word: &[u8]| {
            let rest = rest.strip_prefix(b" ").unwrap_or(rest);
            rest.get(..2).filter(|half| half.eq_ignore_ascii_case(word)).and_then(|_| rest.get(2..))
        };
        let (hour, rest) = match (half(b"AM"), half(b"PM")) {
            (Some(rest), _) => (clock.hour() % 12, rest),
            (_, Some(rest)) => (clock.hour() % 12 + 12, rest),
            _ => (clock.hour(), rest),
        };
        let clock = clock.with().hour(hour).build().ok()?;
        let date = Date::new(1970, 1, 1).ok()?;
        let time = Self::of(date.to_datetime(clock), digits, false, None)?;
        Some((time, line.len() - rest.len()))
    }

    /// Any of them, also in brackets, and what follows it and a blank, a colon or the like.
    pub(super) fn any(line: &[u8]) -> Option<(Self, &[u8])> {
        let inside = line.strip_prefix(b"[").unwrap_or(line);
        let found = Self::iso(inside).or_else(|| Self::syslog(inside));
        let (time, used) = found.or_else(|| Self::of_day(inside))?;
        let rest = inside.get(used..)?;
        let rest = rest.strip_prefix(b"]").unwrap_or(rest);
        Some((time, rest.trim_ascii_start()))
    }

    fn of(at: DateTime, digits: u8, is_dated: bool, offset: Option<Offset>) -> Option<Self> {
        let zone = offset.map_or(TimeZone::UTC, Offset::to_time_zone);
        let stamp = zone.to_timestamp(at).ok()?;
        let stamp = Stamp::from_wide(stamp.as_nanosecond())?;
        Some(Self { stamp, digits, is_dated, is_zoned: offset.is_some() })
    }
}

/// A number of `least` to `most` digits, and what follows it.
fn number(text: &[u8], least: usize, most: usize) -> Option<(u32, &[u8])> {
    let digits = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits).filter(|_| digits >= least)?;
    Some((str::from_utf8(number).ok()?.parse().ok()?, rest))
}

fn small(number: u32) -> Option<i8> {
    i8::try_from(number).ok()
}

/// `HH:MM:SS` and a fraction; the time, its digits, and what follows.
fn clock(text: &[u8]) -> Option<(Clock, u8, &[u8])> {
    let (hour, rest) = number(text, 1, 2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 2, 2)?;
    let (second, mut rest) = number(rest.strip_prefix(b":")?, 2, 2)?;
    let (mut nanos, mut digits) = (0, 0);
    if let [b'.' | b',', fraction @ ..] = rest
        && let Some((_, after)) = number(fraction, 1, 9)
    {
        let shown = fraction.get(..fraction.len() - after.len())?;
        digits = shown.len();
        let value: i32 = str::from_utf8(shown).ok()?.parse().ok()?;
        nanos = value * 10_i32.pow(9 - u32::try_from(digits).ok()?);
        rest = after;
    }
    let clock = Clock::new(small(hour)?, small(minute)?, small(second)?, nanos).ok()?;
    Some((clock, u8::try_from(digits).ok()?, rest))
}

/// `Z` or `±HH:MM` or `±HHMM`, perhaps behind a blank, and what follows.
fn offset(text: &[u8]) -> (Option<Offset>, &[u8]) {
    if let Some(rest) = text.strip_prefix(b"Z") {
        return (Some(Offset::UTC), rest);
    }
    let read = || {
        let signed = text.strip_prefix(b" ").unwrap_or(text);
        let (sign, rest) = match signed {
            [b'+', rest @ ..] => (1, rest),
            [b'-', rest @ ..] => (-1, rest),
            _ => return None,
        };
        let (hours, rest) = number(rest, 2, 2)?;
        let (minutes, rest) = number(rest.strip_prefix(b":").unwrap_or(rest), 2, 2)?;
        let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
        Some((Offset::from_seconds(sign * seconds).ok()?, rest))
    };
    read().map_or((None, text), |(offset, rest)| (Some(offset), rest))
}

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

fn month(text: &[u8]) -> Option<(i8, &[u8])> {
    let (name, rest) = text.split_at_checked(3)?;
    let place = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    Some((i8::try_from(place + 1).ok()?, rest))
}

/// What follows a weekday in front.
fn weekday(text: &[u8]) -> Option<&[u8]> {
    let (name, rest) = text.split_at_checked(3)?;
    WEEKDAYS.iter().find(|day| day.eq_ignore_ascii_case(name))?;
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    rest.strip_prefix(b" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_logs_are_read() {
        let read = |text: &str, find: fn(&[u8]) -> Option<(Time, usize)>| {
            let (time, used) = find(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            let Time { stamp, digits, is_dated, is_zoned } = time;
            (stamp.rfc3339(digits), is_dated, is_zoned, text.split_at(used).1.to_owned())
        };
        let is =
            |at: &str, dated, zoned, rest: &str| (at.to_owned(), dated, zoned, rest.to_owned());
        assert_eq!(
            read("2014-07-26 12:58:47.123, x", Time::iso),
            is("2014-07-26T12:58:47.123Z", true, false, ", x")
        );
        assert_eq!(
            read("2014-07-26T12:58:47+02:00 x", Time::iso),
            is("2014-07-26T10:58:47Z", true, true, " x")
        );
        assert_eq!(
            read("2014/07/26 12:58:47Z", Time::iso),
            is("2014-07-26T12:58:47Z", true, true, "")
        );
        assert_eq!(
            read("Feb  9 01:02:03 mx", Time::syslog),
            is("1972-02-09T01:02:03Z", false, false, " mx")
        );
        assert_eq!(
            read("Sat Jul 26 12:58:47 2014: a", Time::syslog),
            is("2014-07-26T12:58:47Z", true, false, ": a")
        );
        assert_eq!(
            read("1:02:03 PM - x", Time::of_day),
            is("1970-01-01T13:02:03Z", false, false, " - x")
        );
        for wrong in ["2014-13-26 12:58:47", "250 ok", "12:58", "Foo 9 01:02:03", ""] {
            assert!(Time::any(wrong.as_bytes()).is_none(), "{wrong}");
        }
        let (time, rest) = Time::any(b"[2014-07-26 12:58:47] DEBUG").unwrap();
        assert_eq!((time.stamp.rfc3339(0).as_str(), rest), ("2014-07-26T12:58:47Z", &b"DEBUG"[..]));
    }
}
