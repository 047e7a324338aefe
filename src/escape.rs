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
    for part in bytes.utf8_chunks() {
        for c in part.valid().chars() {
            if is_safe(c) {
                out.push(c);
            } else {
                let mut buffer = [0; 4];
                push_hex(&mut out, c.encode_utf8(&mut buffer).as_bytes());
            }
        }
        push_hex(&mut out, part.invalid());
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_and_control_bytes_show() {
        assert_eq!(printable("250 grüß".as_bytes()), "250 grüß");
        assert_eq!(printable(b"\x1b[31mred\xff\0"), "\\x1b[31mred\\xff\\x00");
        assert_eq!(printable("a\u{202e}b\u{9b}".as_bytes()), "a\\xe2\\x80\\xaeb\\xc2\\x9b");
    }
}
