//! Untrusted bytes made printable: the one place that decides what may reach a terminal,
//! a report or an error line.

use std::fmt::Write as _;

/// `bytes` as text: UTF-8 stays, everything that is not UTF-8 and every control character
/// (C0, DEL, C1, and the characters that reorder text) becomes `\xNN` a byte.
///
/// A backslash stays as it is: the result is for reading, not for reading back.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    push(&mut out, bytes, "\\");
    out
}

/// Whether [`printable`] would change nothing.
#[must_use]
pub fn is_printable(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_safe))
}

/// Appends `bytes` as [`printable`] shows them, with each backslash doubled, so that
/// [`unescape`] gives them back.
pub fn push_escaped(out: &mut String, bytes: &[u8]) {
    push(out, bytes, "\\\\");
}

/// Appends what [`push_escaped`] made `text` of. A backslash that begins no escape stays.
///
/// Returns how many bytes at the end of `text`, up to 3, were left because they may be the
/// beginning of an escape that goes on.
#[must_use]
pub fn unescape(text: &[u8], out: &mut Vec<u8>) -> usize {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, b""));
        out.extend_from_slice(plain);
        rest = match escape {
            [_] | [_, b'x'] | [_, b'x', _] => return escape.len(),
            [_, b'\\', tail @ ..] => {
                out.push(b'\\');
                tail
            }
            [_, b'x', high, low, tail @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                out.push(hex_value(*high) << 4 | hex_value(*low));
                tail
            }
            [other, tail @ ..] => {
                out.push(*other);
                tail
            }
            [] => b"",
        };
    }
    out.extend_from_slice(rest);
    0
}

/// Whether `c` may be printed: no control character, nothing that moves or reorders text.
#[must_use]
pub fn is_safe(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Appends `\xNN` for each of `bytes`.
pub fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\x{byte:02x}");
    }
}

/// Appends the printable form of `bytes`, with `backslash` for each backslash.
fn push(out: &mut String, bytes: &[u8], backslash: &str) {
    // Nearly all that mail servers say is plain ASCII.
    let plain = bytes.iter().take_while(|&&b| (b' '..=b'~').contains(&b) && b != b'\\').count();
    let (plain, bytes) = bytes.split_at_checked(plain).unwrap_or((b"", bytes));
    out.push_str(str::from_utf8(plain).unwrap_or_default());
    for part in bytes.utf8_chunks() {
        for c in part.valid().chars() {
            if c == '\\' {
                out.push_str(backslash);
            } else if is_safe(c) {
                out.push(c);
            } else {
                let mut buffer = [0; 4];
                push_hex(out, c.encode_utf8(&mut buffer).as_bytes());
            }
        }
        push_hex(out, part.invalid());
    }
}

/// The value of a hexadecimal digit.
fn hex_value(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(bytes in proptest::collection::vec(
            prop_oneof![Just(b'\\'), Just(b'x'), Just(b'4'), any::<u8>()], 0..40,
        )) {
            let mut text = String::new();
            push_escaped(&mut text, &bytes);
            prop_assert!(is_printable(text.as_bytes()));
            let mut back = Vec::new();
            prop_assert_eq!(unescape(text.as_bytes(), &mut back), 0);
            prop_assert_eq!(back, bytes);
        }
    }

    #[test]
    fn backslashes_that_escape_nothing_stay() {
        let cases: [(&[u8], &[u8], usize); 6] = [
            (b"a\\n \\xg1 \\x4g", b"a\\n \\xg1 \\x4g", 0),
            (b"\\x41\\x5C\\\\x41", b"A\\\\x41", 0),
            (b"a\\", b"a", 1),
            (b"a\\x", b"a", 2),
            (b"a\\x4", b"a", 3),
            (b"a\\\\", b"a\\", 0),
        ];
        for (text, bytes, left) in cases {
            let mut out = Vec::new();
            assert_eq!((unescape(text, &mut out), out.as_slice()), (left, bytes));
        }
    }

    #[test]
    fn text_stays_and_control_bytes_show() {
        assert_eq!(printable("250 grüß".as_bytes()), "250 grüß");
        assert_eq!(printable(b"\x1b[31mred\xff\0"), "\\x1b[31mred\\xff\\x00");
        assert_eq!(printable("a\u{202e}b\u{9b}".as_bytes()), "a\\xe2\\x80\\xaeb\\xc2\\x9b");
    }
}
