//! Enhanced status codes (RFC 2034 §4; RFC 3463).
//!
//! In: a reply's code and the text of one of its lines. Out: the code at the start of that, and
//! what is wrong with it. Text that only looks a little like one, as a version or an address, is
//! none.

use crate::smtp::defect::{Defect, Flaw};
use std::ops::Range;

/// An enhanced status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Enhanced {
    /// 2, 4 or 5.
    pub class: u8,
    /// 0 to 999.
    pub subject: u16,
    /// 0 to 999.
    pub detail: u16,
}

/// The enhanced status code at the start of `text` in a reply whose code begins with the digit
/// `first`, if it is written as nearly all are: then nothing is wrong with it.
#[inline]
pub(super) fn usual(first: u8, text: &[u8]) -> Option<Enhanced> {
    let [class @ (b'2' | b'4' | b'5'), b'.', subject @ b'0'..=b'9', b'.', rest @ ..] = text else {
        return None;
    };
    let number = |digit: &u8| u16::from(digit - b'0');
    let detail = match rest {
        [one @ b'0'..=b'9', b' ', ..] => number(one),
        [ten @ b'1'..=b'9', one @ b'0'..=b'9', b' ', ..] => number(ten) * 10 + number(one),
        _ => return None,
    };
    let found = Enhanced { class: class - b'0', subject: number(subject), detail };
    (*class == first).then_some(found)
}

/// The enhanced status code at the start of `text`, which stands at `at` in a line of a reply with
/// `code`.
pub(super) fn judge(code: u16, text: &[u8], at: usize, flaws: &mut Vec<Flaw>) -> Option<Enhanced> {
    // Most texts begin otherwise.
    let [class @ b'1'..=b'5', b'.', ..] = text else { return None };
    let class = class - b'0';
    if !matches!(code / 100, 2 | 4 | 5) {
        return None;
    }
    let subject = digits(text, 2);
    if text.get(subject.end) != Some(&b'.') {
        return None;
    }
    let detail = digits(text, subject.end + 1);
    if subject.is_empty() || detail.is_empty() {
        return None;
    }
    let end = detail.end;
    let mut flaw = |defect, range: Range<usize>, expected| {
        let range = at + range.start..at + range.end;
        flaws.push(Flaw { defect, range, expected });
        None
    };
    match text.get(end) {
        None | Some(b' ' | b'\t') => {}
        Some(b':' | b';' | b',' | b'-' | b'<' | b'(') => {
            return flaw(Defect::EnhancedMalformed, end..end + 1, "a blank behind the code");
        }
        Some(_) => return None,
    }
    if !matches!(class, 2 | 4 | 5) {
        return flaw(Defect::EnhancedMalformed, 0..1, "2, 4 or 5");
    }
    for part in [&subject, &detail] {
        if part.len() > 3 || part.len() > 1 && text.get(part.start) == Some(&b'0') {
            let expected = "1 to 3 digits, the first not 0";
            return flaw(Defect::EnhancedMalformed, part.clone(), expected);
        }
    }
    if u16::from(class) != code / 100 {
        flaw(Defect::EnhancedClassMismatch, 0..1, "the first digit of the reply's code");
    }
    let number = |range: Range<usize>| {
        let digits = text.get(range).unwrap_or_default();
        digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
    };
    Some(Enhanced { class, subject: number(subject), detail: number(detail) })
}

/// The digits from `at` on.
fn digits(text: &[u8], at: usize) -> Range<usize> {
    let rest = text.get(at..).unwrap_or_default();
    at..at + rest.iter().take_while(|octet| octet.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_what_is_none() {
        let read = |code, text: &str| {
            let mut flaws = Vec::new();
            let found = judge(code, text.as_bytes(), 4, &mut flaws);
            let first = b"0123456789"[usize::from(code / 100)];
            if let Some(usual) = usual(first, text.as_bytes()) {
                assert_eq!((Some(usual), flaws.len()), (found, 0), "{text}");
            }
            let flaws: Vec<_> = flaws.into_iter().map(|flaw| (flaw.defect, flaw.range)).collect();
            (found.map(|e| (e.class, e.subject, e.detail)), flaws)
        };
        assert_eq!(read(250, "2.1.0 Ok"), (Some((2, 1, 0)), vec![]));
        assert_eq!(read(550, "5.7.511"), (Some((5, 7, 511)), vec![]));
        let mismatch = vec![(Defect::EnhancedClassMismatch, 4..5)];
        assert_eq!(read(250, "5.1.1 Ok"), (Some((5, 1, 1)), mismatch));
        let malformed = |range| (None, vec![(Defect::EnhancedMalformed, range)]);
        assert_eq!(read(550, "3.1.1 x"), malformed(4..5));
        assert_eq!(read(550, "5.1.1000 x"), malformed(8..12));
        assert_eq!(read(550, "5.01.1 x"), malformed(6..8));
        assert_eq!(read(550, "5.1.1: x"), malformed(9..10));
        for text in ["", "5", "5.1", "5.1 x", "5.1. x", "8.17.1 x", "5.1.1.1 x", "10.1.1", "5.1.1b"]
        {
            assert_eq!(read(550, text), (None, vec![]), "{text}");
        }
        assert_eq!(read(354, "2.0.0 x"), (None, vec![]));
    }
}
