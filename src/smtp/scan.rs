//! Bytes found in what is short: lines, words, paths. The usual search first asks what the
//! processor can do, which takes longer than to look at a line.
//!
//! In: bytes. Out: places of some of them.

#[cfg(not(target_arch = "x86_64"))]
use memchr::arch::all::memchr::{One, Three, Two};
// Every such processor has it.
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::{One, Three, Two};

/// The first place of `byte` in `text`.
#[inline]
#[must_use]
pub fn find(byte: u8, text: &[u8]) -> Option<usize> {
    searcher(byte)?.find(text)
}

/// What finds `byte`: `None` on no processor that this is built for.
#[inline]
fn searcher(byte: u8) -> Option<One> {
    #[cfg(target_arch = "x86_64")]
    return One::new(byte);
    #[cfg(not(target_arch = "x86_64"))]
    return Some(One::new(byte));
}

/// The first place in `text` of one of these.
#[inline]
pub(super) fn find_two([a, b]: [u8; 2], text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    return Two::new(a, b)?.find(text);
    #[cfg(not(target_arch = "x86_64"))]
    return Two::new(a, b).find(text);
}

/// The first place in `text` of one of these.
#[inline]
pub(super) fn find_three([a, b, c]: [u8; 3], text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    return Three::new(a, b, c)?.find(text);
    #[cfg(not(target_arch = "x86_64"))]
    return Three::new(a, b, c).find(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_place_is_found(text in "[abc\0\n]{0,70}") {
            let text = text.as_bytes();
            let first = |bytes: &[u8]| text.iter().position(|byte| bytes.contains(byte));
            prop_assert_eq!(find(b'\n', text), first(b"\n"));
            prop_assert_eq!(find_two(*b"\nb", text), first(b"\nb"));
            prop_assert_eq!(find_three(*b"\nbc", text), first(b"\nbc"));
        }
    }
}
