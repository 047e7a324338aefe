//! Paths, mailboxes, local parts and Strings as the ABNF has them (RFC 5321 §4.1.2; RFC 6531
//! §3.3): each function says how much of a text one production takes.
//!
//! In: text, and which octets above 127 count. Out: lengths and places. What is wrong with a text
//! that does not match is not known here.

use super::class::{ATEXT, QTEXT, is, run};
use super::host::{self, Name, domain, literal};
use std::ops::Range;

/// Where the parts of a path stand in its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// All of it, with its brackets if it has any.
    pub whole: Range<usize>,
    /// The source route with its colon; empty without one.
    pub route: Range<usize>,
    /// The local part, with its quotes if it has any; empty for `<>`.
    pub local: Range<usize>,
    /// The domain or address literal; empty if there is none.
    pub domain: Range<usize>,
}

/// The Path at the start of `text`, which stands at `at`, and whether there may be something to
/// note of its parts.
#[inline]
pub(super) fn path(text: &[u8], at: usize, extra: u8) -> Option<(Address, bool)> {
    let inner = text.strip_prefix(b"<")?;
    let mut local = 1;
    if inner.first() == Some(&b'@') {
        local += route(inner, extra)?;
    }
    let rest = text.get(local..)?;
    let at_sign = local + local_part(rest, extra);
    let name = at_sign + 1;
    if at_sign == local || text.get(at_sign) != Some(&b'@') {
        return None;
    }
    let Name { length, is_odd } = host_name(text.get(name..)?, extra);
    let end = name + length;
    if length == 0 || text.get(end) != Some(&b'>') {
        return None;
    }
    let address = Address {
        whole: at..at + end + 1,
        route: at + 1..at + local,
        local: at + local..at + at_sign,
        domain: at + name..at + end,
    };
    Some((address, is_odd || local > 1 || end >= LONG))
}

/// What is no longer has no part that is too long (RFC 5321 §4.5.3.1).
const LONG: usize = 64;

/// How long the `A-d-l ":"` at the start of `text` is.
fn route(text: &[u8], extra: u8) -> Option<usize> {
    let mut rest = text;
    loop {
        let name = rest.strip_prefix(b"@")?;
        let (name, behind) = name.split_at_checked(domain(name, extra))?;
        match behind {
            _ if name.is_empty() => return None,
            [b':', after @ ..] => return Some(text.len() - after.len()),
            [b',', after @ ..] => rest = after,
            _ => return None,
        }
    }
}

/// How long the `Domain / address-literal` at the start of `text` is; 0 if there is none.
pub(super) fn host(text: &[u8], extra: u8) -> usize {
    host_name(text, extra).length
}

/// The `Domain / address-literal` at the start of `text`.
#[inline]
fn host_name(text: &[u8], extra: u8) -> Name {
    match text.first() {
        Some(b'[') => {
            let length = literal(text).map_or(0, |(length, _)| length);
            Name { length, is_odd: true }
        }
        _ => host::name(text, extra),
    }
}

/// How long the Local-part at the start of `text` is; 0 if there is none.
#[inline]
pub(super) fn local_part(text: &[u8], extra: u8) -> usize {
    match text.first() {
        Some(b'"') => quoted(text, extra),
        _ => dot_string(text, extra),
    }
}

/// How long the Dot-string at the start of `text` is; 0 if there is none.
#[inline]
pub(super) fn dot_string(text: &[u8], extra: u8) -> usize {
    let mut end = 0;
    let mut rest = text;
    loop {
        let atom = run(rest, ATEXT | extra);
        if atom == 0 {
            return end;
        }
        end = text.len() - rest.len() + atom;
        match rest.get(atom..) {
            Some([b'.', after @ ..]) => rest = after,
            _ => return end,
        }
    }
}

/// How long the Quoted-string at the start of `text` is; 0 if there is none.
pub(super) fn quoted(text: &[u8], extra: u8) -> usize {
    let mut rest = text.strip_prefix(b"\"").unwrap_or_default();
    loop {
        match rest {
            [b'"', after @ ..] => return text.len() - after.len(),
            [b'\\', 32..=126, after @ ..] => rest = after,
            [first, after @ ..] if is(*first, QTEXT | extra) => rest = after,
            _ => return 0,
        }
    }
}

/// How long the String at the start of `text` is; 0 if there is none.
pub(super) fn string(text: &[u8], extra: u8) -> usize {
    match text.first() {
        Some(b'"') => quoted(text, extra),
        _ => run(text, ATEXT | extra),
    }
}
