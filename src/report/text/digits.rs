//! Numbers → their digits, put into memory that is there already.

// Each is a few moves where what surrounds it is known.
#![allow(clippy::inline_always)]

use crate::time::{eight_digits, few_digits, short_digits};

/// Puts `part` at a place of `text`, if there is room for it. Returns where it ends.
#[inline(always)]
pub(super) fn put<const N: usize>(text: &mut [u8], at: usize, part: &[u8; N]) -> usize {
    if let Some(to) = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *to = *part;
    }
    at + N
}

/// Puts the digits of a number of at most eight at a place of `text`. Returns where they end; what
/// is behind that is written over.
#[inline(always)]
pub(super) fn put_digits(text: &mut [u8], at: usize, number: u32) -> usize {
    if number < 1_000_000 {
        let (digits, len) = short_digits(number);
        put(text, at, &digits.to_le_bytes());
        return at + len;
    }
    let digits = few_digits(number / 1_000_000 % 1000);
    put(text, at, &digits.to_le_bytes());
    let at = at + (digits >> 24) as usize;
    let [_, _, rest @ ..] = eight_digits(number);
    put(text, at, &rest);
    at + rest.len()
}

/// The numbers of one byte, each with a point behind it, and how long they are without.
// It is indexed where it is made, with what is in it.
#[allow(clippy::indexing_slicing)]
pub(super) static OCTETS: [([u8; 4], u8); 256] = {
    let mut octets = [([b'.'; 4], 0); 256];
    let mut number = 0;
    while number < 256 {
        let [.., hundred, ten, one] = eight_digits(number);
        octets[number as usize] = match number {
            0..10 => ([one, b'.', 0, 0], 1),
            10..100 => ([ten, one, b'.', 0], 2),
            _ => ([hundred, ten, one, b'.'], 3),
        };
        number += 1;
    }
    octets
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_number() {
        let mut number = 0;
        while number < 100_000_000 {
            let mut text = [0; 16];
            let end = put_digits(&mut text, 1, number);
            assert_eq!(text[1..end], *number.to_string().as_bytes());
            number += 1 + number / 50;
        }
        assert_eq!(put_digits(&mut [0; 4], 3, 99_999_999), 11, "what does not fit is left out");
    }
}
