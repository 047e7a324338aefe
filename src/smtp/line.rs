//! Lines, blanks and words.
//!
//! In: bytes. Out: parts of them. Where a line ends in a stream is the caller's business.

use super::scan::find_two;
use std::iter;

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineEnd {
    /// CR LF, the only legal one (RFC 5321 §2.3.8).
    CrLf,
    /// LF without CR.
    Lf,
    /// The stream ended first, or the line was cut.
    None,
}

/// `line` without its line end, and which one it was. Only the last one or two bytes count.
#[must_use]
pub fn strip_end(line: &[u8]) -> (&[u8], LineEnd) {
    if let Some(text) = line.strip_suffix(b"\r\n") {
        (text, LineEnd::CrLf)
    } else if let Some(text) = line.strip_suffix(b"\n") {
        (text, LineEnd::Lf)
    } else {
        (line, LineEnd::None)
    }
}

/// Whether `byte` is SP or HTAB. RFC 5321 separates by SP alone; servers take both (§4.1.1).
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `text` without the blanks before it.
pub(super) fn trim_start(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// `text` without the blanks around it.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let mut text = trim_start(text);
    while let Some((&last, rest)) = text.split_last()
        && is_blank(last)
    {
        text = rest;
    }
    text
}

/// `text` up to its first blank, and what follows, with that blank.
pub(super) fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    // Most words are verbs of four letters.
    let at = match text {
        [a, b, c, d, b' ', ..] if ![a, b, c, d].into_iter().any(|&byte| is_blank(byte)) => Some(4),
        _ => text.iter().position(|&byte| is_blank(byte)),
    };
    text.split_at(at.unwrap_or(text.len()))
}

/// The words of `text` between blanks, each with its offset in `text`.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = text;
    iter::from_fn(move || {
        let from = trim_start(rest);
        let at = text.len() - from.len();
        let (word, behind) = from.split_at(find_two(*b" \t", from).unwrap_or(from.len()));
        rest = behind;
        (!word.is_empty()).then_some((at, word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_stripped() {
        assert_eq!(strip_end(b"QUIT\r\n"), (&b"QUIT"[..], LineEnd::CrLf));
        assert_eq!(strip_end(b"QUIT\n"), (&b"QUIT"[..], LineEnd::Lf));
        assert_eq!(strip_end(b"QUIT\n\r\n"), (&b"QUIT\n"[..], LineEnd::CrLf));
        assert_eq!(strip_end(b"QUIT\r"), (&b"QUIT\r"[..], LineEnd::None));
        assert_eq!(strip_end(b""), (&b""[..], LineEnd::None));
    }

    #[test]
    fn words_keep_their_places() {
        let found: Vec<_> = words(b" a \t bc").collect();
        assert_eq!(found, [(1, &b"a"[..]), (5, &b"bc"[..])]);
        assert_eq!(trim(b"\t a b \t"), b"a b");
        assert_eq!(trim(b" \t"), b"");
        assert_eq!(split_word(b"a b"), (&b"a"[..], &b" b"[..]));
    }
}
