//! Untrusted bytes made printable: the one place that decides what may reach a terminal,
//! a report or an error line.

/// How a form of text shows what would mean something else in it.
struct Form {
    backslash: &'static str,
    quote: &'static str,
    /// What stands before the two digits of a byte that is not shown.
    hex: &'static str,
}

const READING: Form = Form { backslash: "\\", quote: "\"", hex: "\\x" };
const REVERSIBLE: Form = Form { backslash: "\\\\", ..READING };
const JSON: Form = Form { backslash: "\\\\", quote: "\\\"", hex: "\\\\x" };

/// `bytes` as text: UTF-8 stays, everything that is not UTF-8 and every control character
/// (C0, DEL, C1, and the characters that reorder text) becomes `\xNN` a byte.
///
/// A backslash stays as it is: the result is for reading, not for reading back.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    push(bytes, &READING, |part| out.push_str(part));
    out
}

/// Whether [`printable`] would change nothing.
#[must_use]
pub fn is_printable(bytes: &[u8]) -> bool {
    plain_len(bytes) == bytes.len()
        || str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_safe))
}

/// Appends `bytes` as [`printable`] shows them, with each backslash doubled, so that
/// [`unescape`] gives them back.
pub fn push_escaped(out: &mut String, bytes: &[u8]) {
    push(bytes, &REVERSIBLE, |part| out.push_str(part));
}

/// Gives `put` the parts of `bytes` as [`printable`] shows them, as they stand in a string of
/// JSON.
pub fn json_parts(bytes: &[u8], put: impl FnMut(&str)) {
    push(bytes, &JSON, put);
}

/// How many of `bytes`, from the first on, are printable ASCII that every form shows as it is.
/// Nearly all that mail servers say is.
#[inline]
#[must_use]
pub fn plain_len(bytes: &[u8]) -> usize {
    plain_words(bytes, |_, _| ())
}

/// The same. Gives `put` all these bytes, eight by eight with their place in `bytes`: some come
/// twice, and what does not belong to them may follow the last.
#[inline]
pub fn plain_words(bytes: &[u8], mut put: impl FnMut(usize, [u8; 8])) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        put(at, *word);
        let odd = odd_bytes(*word);
        if odd != 0 {
            return at + odd.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    if rest.is_empty() {
        return at;
    }
    let (at, word) = match bytes.last_chunk::<8>() {
        // The last eight bytes again are faster than the rest one by one.
        Some(last) => (bytes.len() - 8, *last),
        None => (0, padded(rest)),
    };
    put(at, word);
    bytes.len().min(at + odd_bytes(word).trailing_zeros() as usize / 8)
}

/// Copies `blocks` to `to`, as far as both go. Returns whether all bytes are plain, as
/// [`plain_len`] understands it. Sixteen bytes take as long as one: who may read some too many
/// does well to.
// Its callers have little else to do: a call would cost as much as it does.
#[allow(clippy::inline_always)]
#[inline(always)]
#[must_use]
pub fn copy_plain(blocks: &[[u8; 16]], to: &mut [[u8; 16]]) -> bool {
    let mut odd = [0; 16];
    for (block, to) in blocks.iter().zip(to) {
        let block = *block;
        *to = block;
        for (odd, byte) in odd.iter_mut().zip(block) {
            // No test is skipped: then all bytes of a block are tested at once.
            let is_odd =
                !matches!(byte, b' '..=b'~') | matches!(byte, b'"') | matches!(byte, b'\\');
            *odd |= u8::from(is_odd).wrapping_neg();
        }
    }
    // Of the high bits, a compiler makes one number at once.
    odd.iter().fold(0, |all, odd| all | odd >> 7) == 0
}

/// The same for eight to fifteen bytes, which are the first of `to` then; of fewer nothing is said.
#[inline]
#[must_use]
pub fn copy_short(bytes: &[u8], to: &mut [u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else { return false };
    let to = to.split_at_mut_checked(bytes.len()).map(|(to, _)| to).unwrap_or_default();
    if let Some(to) = to.first_chunk_mut() {
        *to = *first;
    }
    // What is in both is the same.
    if let Some(to) = to.last_chunk_mut() {
        *to = *last;
    }
    to.len() < 16 && !to.is_empty() && odd_bytes(*first) | odd_bytes(*last) == 0
}

/// Up to seven bytes, and zeros.
#[inline]
fn padded(bytes: &[u8]) -> [u8; 8] {
    let number = match (bytes.first_chunk(), bytes.last_chunk()) {
        // What is in both is the same.
        (Some(first), Some(last)) => {
            let last = u64::from(u32::from_le_bytes(*last));
            u64::from(u32::from_le_bytes(*first)) | last << ((bytes.len() & 3) * 8)
        }
        _ => bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)),
    };
    number.to_le_bytes()
}

/// The high bit of the first byte of eight that is no printable ASCII, a quote or a backslash,
/// counted from the lowest; those above may or may not be right. 0 if there is none.
#[inline]
const fn odd_bytes(bytes: [u8; 8]) -> u64 {
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let word = u64::from_le_bytes(bytes);
    // Below the first such byte, a subtraction sets a high bit just where a byte is less than
    // what is subtracted: less than a blank, or 0, which is what is looked for.
    let control = word.wrapping_sub(all(b' '));
    let delete = word.wrapping_add(all(1));
    let quote = (word ^ all(b'"')).wrapping_sub(all(1));
    let backslash = (word ^ all(b'\\')).wrapping_sub(all(1));
    (word | control | delete | quote | backslash) & all(0x80)
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

/// Gives `put` the parts of the printable form of `bytes`.
fn push(bytes: &[u8], form: &Form, mut put: impl FnMut(&str)) {
    let (plain, bytes) = bytes.split_at(plain_len(bytes));
    put(str::from_utf8(plain).unwrap_or_default());
    for part in bytes.utf8_chunks() {
        let mut chars = part.valid().chars();
        loop {
            let text = chars.as_str();
            let special = chars.find(|&c| c == '\\' || c == '"' || !is_safe(c));
            let rest = chars.as_str().len() + special.map_or(0, char::len_utf8);
            put(text.get(..text.len() - rest).unwrap_or_default());
            match special {
                None => break,
                Some('\\') => put(form.backslash),
                Some('"') => put(form.quote),
                Some(c) => push_hex(c.encode_utf8(&mut [0; 4]).as_bytes(), form, &mut put),
            }
        }
        push_hex(part.invalid(), form, &mut put);
    }
}

/// Gives `put` the digits of each of `bytes`, as `form` has them.
fn push_hex(bytes: &[u8], form: &Form, put: &mut impl FnMut(&str)) {
    for &byte in bytes {
        put(form.hex);
        for digit in [byte >> 4, byte & 0xf] {
            let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
            put(digit.encode_utf8(&mut [0; 4]));
        }
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

        #[test]
        fn json_shows_what_is_printable(bytes in proptest::collection::vec(
            prop_oneof![" -~", "\\PC", "[\"\\\\]"].prop_map(String::into_bytes)
                .boxed().prop_union(any::<u8>().prop_map(|byte| vec![byte]).boxed()), 0..40,
        ).prop_map(|parts| parts.concat())) {
            let mut json = String::from('"');
            json_parts(&bytes, |part| json.push_str(part));
            json.push('"');
            prop_assert_eq!(json, serde_json::to_string(&printable(&bytes)).unwrap());
        }

        #[test]
        fn plain_is_what_no_form_changes(
            start in 0usize..30, rest in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let bytes = [b"x".repeat(start), rest].concat();
            let is_odd = |byte: &u8| matches!(byte, 0..b' ' | b'"' | b'\\' | 0x7f..);
            let expected = bytes.iter().position(is_odd).unwrap_or(bytes.len());
            prop_assert_eq!(plain_len(&bytes), expected);
            let mut copy = vec![0; bytes.len() + 8];
            let len = plain_words(&bytes, |at, word| copy[at..at + 8].copy_from_slice(&word));
            prop_assert_eq!(&copy[..len], &bytes[..expected]);
            let (blocks, _) = bytes.as_chunks::<16>();
            let mut copy = vec![[0; 16]; blocks.len()];
            prop_assert_eq!(copy_plain(blocks, &mut copy), expected >= blocks.len() * 16);
            prop_assert_eq!(copy, blocks);
            let mut copy = [0; 16];
            let is_copied = copy_short(&bytes, &mut copy);
            prop_assert_eq!(is_copied, (8..16).contains(&bytes.len()) && expected == bytes.len());
            prop_assert!(!is_copied || copy.starts_with(&bytes));
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
