//! The address argument of MAIL and RCPT (RFC 5321 §4.1.2 Reverse-path, Forward-path).
//!
//! In: what stands after `FROM:` or `TO:`. Out: where the path ends, and the mailbox in it. It
//! finds the borders of any path that a person would recognise; it does not judge them, and does
//! not look inside the mailbox.

use super::line::{is_blank, trim, trim_start};
use super::scan::find_three;
use std::ops::Range;

/// A path as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// All of it, with its brackets if it has any.
    pub whole: &'a [u8],
    /// The mailbox without brackets, blanks and source route; empty for `<>`.
    pub address: &'a [u8],
    /// Offset of `address` in the line, in bytes.
    pub address_at: usize,
    /// Where `whole` stands in the line, in bytes.
    pub range: Range<usize>,
}

impl<'a> Path<'a> {
    /// Splits off the path with which `text` begins, `at` being the offset of `text` in its line.
    /// Gives it and what follows. Without a path, it is empty.
    #[must_use]
    pub fn split(text: &'a [u8], at: usize) -> (Self, &'a [u8]) {
        let (whole, rest) = text.split_at(length(text));
        let (address_at, address) = mailbox(whole);
        let address_at = at + address_at;
        (Self { whole, address, address_at, range: at..at + whole.len() }, rest)
    }
}

/// How many bytes of `text` are the path: up to the closing bracket, else up to a blank.
fn length(text: &[u8]) -> usize {
    let bracket = match find_three(*b">\"\\", text) {
        Some(close) if text.first() == Some(&b'<') => match text.get(close) {
            // Nearly all paths quote nothing.
            Some(b'>') => Some(close),
            _ => find(text, |byte| byte == b'>'),
        },
        _ => None,
    };
    match bracket {
        Some(close) => close + 1,
        None => find(text, is_blank).unwrap_or(text.len()),
    }
}

/// The first `wanted` byte outside quoted strings and quoted pairs (RFC 5321 §4.1.2).
fn find(text: &[u8], wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if !quoted && wanted(byte) => return Some(at),
            _ => {}
        }
    }
    // A quote that never closes would take the whole line: it quotes nothing.
    if quoted { text.iter().position(|&byte| wanted(byte)) } else { None }
}

/// The mailbox in a path, with its offset: without brackets, blanks and source route
/// (RFC 5321 §4.1.2 A-d-l).
fn mailbox(whole: &[u8]) -> (usize, &[u8]) {
    let inner = whole.strip_prefix(b"<").unwrap_or(whole);
    let opened = whole.len() - inner.len();
    let (at, inner) = trimmed(inner.strip_suffix(b">").unwrap_or(inner), opened);
    if inner.first() != Some(&b'@') {
        return (at, inner);
    }
    // The colon that ends the route is the first one outside an address literal.
    let mut in_literal = false;
    let colon = inner.iter().position(|&byte| {
        match byte {
            b'[' => in_literal = true,
            b']' => in_literal = false,
            _ => {}
        }
        byte == b':' && !in_literal
    });
    colon.map_or((at, inner), |colon| trimmed(inner.split_at(colon + 1).1, at + colon + 1))
}

/// `text`, which stands at `at`, without the blanks around it.
fn trimmed(text: &[u8], at: usize) -> (usize, &[u8]) {
    (at + text.len() - trim_start(text).len(), trim(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn borders_and_mailbox() {
        let cases: [(&str, &str, &str, &str); 20] = [
            ("<a@b.example>", "<a@b.example>", "a@b.example", ""),
            ("<a@b.example> SIZE=1", "<a@b.example>", "a@b.example", " SIZE=1"),
            ("<>", "<>", "", ""),
            ("<> BODY=7BIT", "<>", "", " BODY=7BIT"),
            ("<Postmaster>", "<Postmaster>", "Postmaster", ""),
            ("<\"a>b c\"@d> X", "<\"a>b c\"@d>", "\"a>b c\"@d", " X"),
            ("<\"a\\\">\"@d> X", "<\"a\\\">\"@d>", "\"a\\\">\"@d", " X"),
            ("<@a,@b:c@d>", "<@a,@b:c@d>", "c@d", ""),
            ("<@[IPv6:::1]:c@d>", "<@[IPv6:::1]:c@d>", "c@d", ""),
            ("<@a>", "<@a>", "@a", ""),
            ("@a:c@d X", "@a:c@d", "c@d", " X"),
            ("a@b X", "a@b", "a@b", " X"),
            ("\"a b\"@c X", "\"a b\"@c", "\"a b\"@c", " X"),
            ("<a@b X", "<a@b", "a@b", " X"),
            ("a@b> X", "a@b>", "a@b", " X"),
            ("< a@b > X", "< a@b >", "a@b", " X"),
            ("<a\"b@c> X", "<a\"b@c>", "a\"b@c", " X"),
            ("\"a b X", "\"a", "\"a", " b X"),
            ("<a@[IPv6:::1]>", "<a@[IPv6:::1]>", "a@[IPv6:::1]", ""),
            ("", "", "", ""),
        ];
        for (text, whole, address, rest) in cases {
            let (path, after) = Path::split(text.as_bytes(), 10);
            assert_eq!(path.whole, whole.as_bytes(), "{text}");
            assert_eq!(path.address, address.as_bytes(), "{text}");
            assert_eq!(after, rest.as_bytes(), "{text}");
            assert_eq!(path.range, 10..10 + whole.len(), "{text}");
            let from = text.as_bytes().split_at(path.address_at - 10).1;
            assert!(from.starts_with(path.address), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[<>@:,\\[\\]\"\\\\ a.\\t\\x00-\\xff]{0,40}") {
            let bytes = text.as_bytes();
            let (path, rest) = Path::split(bytes, 0);
            prop_assert_eq!([path.whole, rest].concat(), bytes);
            prop_assert_eq!(path.range, 0..path.whole.len());
            prop_assert_eq!(&bytes[path.address_at..][..path.address.len()], path.address);
        }
    }
}
