//! What the values of several parameters are written in: numbers, xtext, dates, base64.
//!
//! In: text. Out: what it says, or that it is none of that.

use super::class::{HIGH, is};
use std::ops::Range;

/// The number that 1 to `most` digits make.
pub(super) fn number(text: &[u8], most: usize) -> Option<u128> {
    if text.is_empty() || text.len() > most {
        return None;
    }
    // So many fit; nearly all numbers are shorter.
    let (first, rest) = text.split_at_checked(SHORT).unwrap_or((text, b""));
    let mut sum = 0_u64;
    for &octet in first {
        let digit = octet.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum = sum * 10 + u64::from(digit);
    }
    let mut sum = u128::from(sum);
    for &octet in rest {
        let digit = octet.is_ascii_digit().then(|| u128::from(octet - b'0'))?;
        sum = sum.checked_mul(10)?.checked_add(digit)?;
    }
    Some(sum)
}

/// The digits that a u64 holds, whatever they are.
const SHORT: usize = 19;

/// The first octets of `text` that are no xtext (RFC 3461 §4), or that stand for no printable
/// ASCII character where `printable` asks for that (RFC 3461 §4.2, §4.4).
pub(super) fn xtext_fault(text: &[u8], printable: bool) -> Option<Range<usize>> {
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let at = text.len() - rest.len();
        match (first, after) {
            (b'+', [a, b, behind @ ..]) => {
                let Some(octet) = hexchar(*a, *b) else { return Some(at..at + 3) };
                if printable && !matches!(octet, b'\t' | 32..=126) {
                    return Some(at..at + 3);
                }
                rest = behind;
            }
            (b'!'..=b'~', _) if *first != b'+' && *first != b'=' => rest = after,
            (b'+', _) => return Some(at..text.len()),
            _ => return Some(at..at + 1),
        }
    }
    None
}

/// The octet that two upper-case hexadecimal digits are.
fn hexchar(a: u8, b: u8) -> Option<u8> {
    let digit = |octet| match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    };
    Some(digit(a)? * 16 + digit(b)?)
}

/// The first octet of `text` that is neither printable ASCII nor above 127.
pub(super) fn visible_fault(text: &[u8]) -> Option<Range<usize>> {
    let is_visible = |octet: &u8| octet.is_ascii_graphic() || is(*octet, HIGH);
    let at = text.iter().position(|octet| !is_visible(octet))?;
    Some(at..at + 1)
}

/// Whether `text` is base64 (RFC 4648 §4) of at least one octet.
pub(super) fn is_base64(text: &[u8]) -> bool {
    let padding = text.iter().rev().take_while(|&&octet| octet == b'=').count();
    let (letters, _) = text.split_at(text.len() - padding);
    let is_letter = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    !letters.is_empty()
        && text.len().is_multiple_of(4)
        && padding <= 2
        && letters.iter().all(is_letter)
}

/// The seconds since 1970 that `text`, a date-time (RFC 3339 §5.6), gives; `None` if it is none.
/// A leap second counts as the one after it.
pub(super) fn date_time(text: &[u8]) -> Option<i64> {
    let (head, rest) = text.split_at_checked(19)?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T' | b't', time @ ..] = head else {
        return None;
    };
    let [h0, h1, b':', n0, n1, b':', s0, s1] = time else { return None };
    let year = two(*y0, *y1)? * 100 + two(*y2, *y3)?;
    let (month, day) = (two(*m0, *m1)?, two(*d0, *d1)?);
    let (hour, minute, second) = (two(*h0, *h1)?, two(*n0, *n1)?, two(*s0, *s1)?);
    let is_date = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|octet| octet.is_ascii_digit()).count();
            fraction.get(digits..).filter(|_| digits > 0)?
        }
        None => rest,
    };
    let offset = match zone {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h0, h1, b':', n0, n1] => {
            let (hours, minutes) = (two(*h0, *h1)?, two(*n0, *n1)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 3600 + minutes * 60;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let days = days_before(year, month) + day - 1;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// The number that two digits make.
fn two(a: u8, b: u8) -> Option<i64> {
    (a.is_ascii_digit() && b.is_ascii_digit())
        .then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days from 1970 to the first of a month; before 1970, less than 0.
fn days_before(year: i64, month: i64) -> i64 {
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    // Up to the first of January; year 0 has none before it.
    let years = if year > 0 { year * 365 + leaps(year - 1) + 1 } else { 0 };
    let months: i64 = (1..month).map(|month| days_of(year, month)).sum();
    years + months - 719_528
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2014-04-03T23:01:00Z", Some(1_396_566_060)),
            ("2014-04-03t23:01:00.25+02:00", Some(1_396_558_860)),
            ("2000-02-29T12:00:00-00:30", Some(951_827_400)),
            ("1969-12-31T23:59:60Z", Some(0)),
            ("0000-01-01T00:00:00Z", Some(-62_167_219_200)),
            ("1900-02-29T00:00:00Z", None),
            ("2014-13-01T00:00:00Z", None),
            ("2014-04-31T00:00:00Z", None),
            ("2014-04-03T24:00:00Z", None),
            ("2014-04-03 23:01:00Z", None),
            ("2014-04-03T23:01:00", None),
            ("2014-04-03T23:01:00.Z", None),
            ("2014-04-03T23:01:00+2:00", None),
            ("2014-04-03", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(date_time(text.as_bytes()), seconds, "{text}");
        }
    }

    #[test]
    fn xtext_is_as_rfc_3461_has_it() {
        let cases: [(&str, Option<Range<usize>>); 9] = [
            ("", None),
            ("abc@d", None),
            ("a+2Bb", None),
            ("a+2bb", Some(1..4)),
            ("a+2", Some(1..3)),
            ("a=b", Some(1..2)),
            ("a b", Some(1..2)),
            ("+00", Some(0..3)),
            ("a\u{fc}", Some(1..2)),
        ];
        for (text, fault) in cases {
            assert_eq!(xtext_fault(text.as_bytes(), true), fault, "{text}");
        }
        assert_eq!(xtext_fault(b"+00", false), None);
    }

    #[test]
    fn base64_is_padded() {
        for good in ["AA==", "AGEAYg==", "YWJj", "+/+="] {
            assert!(is_base64(good.as_bytes()), "{good}");
        }
        for bad in ["", "=", "A", "AA=", "====", "A===", "AA=A", "YW Jj"] {
            assert!(!is_base64(bad.as_bytes()), "{bad}");
        }
    }
}
