//! Domains and address literals (RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3).
//!
//! In: text. Out: how much of it is one, and what is wrong with it. Whether a name exists is not
//! known here; of U-labels, only that they are UTF-8 and do not begin or end with a hyphen.

use super::class::{DCONTENT, HIGH, HYPHEN, LDH, LET_DIG, all, is, run};
use super::punycode;
use crate::smtp::defect::{Defect, Flaw};
use crate::smtp::scan::find;
use std::ops::Range;

/// What an address literal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// IPv4-address-literal.
    V4,
    /// IPv6-address-literal.
    V6,
    /// General-address-literal.
    General,
    /// A General-address-literal that is an IPv6 address without its tag.
    Untagged,
}

/// The Domain at the start of a text.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// How many octets it has; 0 if there is none.
    pub(super) length: usize,
    /// Whether [`note`] may have something to say of it.
    pub(super) is_odd: bool,
}

/// The Domain at the start of `text`. `extra` is [`HIGH`] where U-labels are legal, else 0.
#[inline]
pub(super) fn name(text: &[u8], extra: u8) -> Name {
    let mut name = Name::default();
    let mut rest = text;
    loop {
        let label = run(rest, LDH | extra);
        let (letters, behind) = rest.split_at_checked(label).unwrap_or((rest, b""));
        let [first, ..] = letters else { return name };
        if is(*first, HYPHEN) {
            return name;
        }
        name.is_odd |= label > LABEL || letters.get(2) == Some(&b'-');
        name.length = text.len() - behind.len();
        if letters.last() == Some(&b'-') {
            let hyphens = letters.iter().rev().take_while(|&&octet| octet == b'-').count();
            name.length -= hyphens;
            return name;
        }
        match behind {
            [b'.', after @ ..] => rest = after,
            _ => return name,
        }
    }
}

/// How many octets at the start of `text` are a Domain; 0 if none are.
pub(super) fn domain(text: &[u8], extra: u8) -> usize {
    name(text, extra).length
}

/// Whether all of `text` is a Domain.
#[inline]
pub(super) fn is_domain(text: &[u8], extra: u8) -> bool {
    !text.is_empty() && domain(text, extra) == text.len()
}

/// The address literal at the start of `text`, and its length with brackets.
pub(super) fn literal(text: &[u8]) -> Option<(usize, Literal)> {
    let inner = text.strip_prefix(b"[")?;
    // No form has a bracket within.
    let (inner, _) = inner.split_at(find(b']', inner)?);
    Some((inner.len() + 2, literal_of(inner)?))
}

/// What the text between the brackets of an address literal is.
fn literal_of(inner: &[u8]) -> Option<Literal> {
    if let Some((b"IPv6:", address)) = tagged(inner) {
        return is_v6(address).then_some(Literal::V6);
    }
    if is_v4(inner) {
        return Some(Literal::V4);
    }
    let (tag, content) = inner.split_at(find(b':', inner)?);
    let is_tag = all(tag, LDH) && tag.last().is_some_and(|&last| is(last, LET_DIG));
    let is_general = is_tag && all(content.get(1..)?, DCONTENT);
    let literal = if is_v6(inner) { Literal::Untagged } else { Literal::General };
    is_general.then_some(literal)
}

/// The tag `IPv6:` in any case, and what follows.
fn tagged(inner: &[u8]) -> Option<(&'static [u8], &[u8])> {
    let (tag, address) = inner.split_at_checked(5)?;
    tag.eq_ignore_ascii_case(b"IPv6:").then_some((b"IPv6:", address))
}

/// Whether `text` is an IPv4-address-literal (RFC 5321 §4.1.3).
pub(super) fn is_v4(text: &[u8]) -> bool {
    let mut parts = 0;
    text.split(|&octet| octet == b'.').all(|part| {
        parts += 1;
        is_snum(part)
    }) && parts == 4
}

/// Whether `text` is 1 to 3 digits of 0 to 255.
fn is_snum(text: &[u8]) -> bool {
    let value = text.iter().fold(0_u16, |sum, digit| {
        sum.saturating_mul(10).saturating_add(u16::from(digit.wrapping_sub(b'0')))
    });
    (1..=3).contains(&text.len()) && text.iter().all(u8::is_ascii_digit) && value <= 255
}

/// Whether `text` is an IPv6-addr (RFC 5321 §4.1.3): `::` stands for at least two groups.
pub(super) fn is_v6(text: &[u8]) -> bool {
    let Some(double) = text.windows(2).position(|two| two == b"::") else {
        return matches!(groups(text), Some((8, false) | (6, true)));
    };
    let (head, tail) = text.split_at(double);
    let tail = tail.get(2..).unwrap_or_default();
    match (groups_or_none(head), groups_or_none(tail)) {
        (Some((before, false)), Some((after, false))) => before + after <= 6,
        (Some((before, false)), Some((after, true))) => before + after <= 4,
        _ => false,
    }
}

/// As [`groups`], where there may be none.
fn groups_or_none(text: &[u8]) -> Option<(usize, bool)> {
    if text.is_empty() { Some((0, false)) } else { groups(text) }
}

/// How many IPv6-hex `text` has between colons, and whether an IPv4 address ends it; `None` if it
/// is anything else.
fn groups(text: &[u8]) -> Option<(usize, bool)> {
    let (mut count, mut has_v4) = (0, false);
    for group in text.split(|&octet| octet == b':') {
        let is_hex = (1..=4).contains(&group.len()) && group.iter().all(u8::is_ascii_hexdigit);
        match (has_v4, is_hex) {
            (false, true) => count += 1,
            (false, false) if is_v4(group) => has_v4 = true,
            _ => return None,
        }
    }
    Some((count, has_v4))
}

/// What keeps `text`, which is no Domain, from being one: where, and what belongs there.
pub(super) fn fault(text: &[u8], extra: u8) -> (Range<usize>, &'static str) {
    let end = domain(text, extra);
    let next = text.get(end..).unwrap_or_default();
    match next {
        [] => (end..end, "a domain"),
        _ if end == 0 => (0..1, "a letter or digit"),
        [b'.'] => (end..end + 1, "a label behind the dot"),
        [b'.', ..] => (end + 1..end + 2, "a letter or digit"),
        [b'-', ..] => (end..end + 1, "a letter or digit at the end of the label"),
        _ => (end..end + 1, "a letter, digit, hyphen or dot"),
    }
}

/// The octets that a label can have (RFC 1035).
const LABEL: usize = 63;

/// What is wrong with `name`, which stands at `at`, if it is a Domain: though it matches its ABNF.
pub(super) fn note(name: &[u8], at: usize, flaws: &mut Vec<Flaw>) {
    if !is_domain(name, HIGH) {
        return;
    }
    let mut start = at;
    for label in name.split(|&octet| octet == b'.') {
        let range = start..start + label.len();
        start = range.end + 1;
        // How long a U-label may be, its A-label says.
        if label.len() > LABEL && !label.iter().any(|&octet| is(octet, HIGH)) {
            let expected = "a label of at most 63 octets";
            flaws.push(Flaw { defect: Defect::LabelTooLong, range, expected });
        } else if let Some((b"xn--", code)) = prefixed(label)
            && !punycode::is_valid(code)
        {
            let expected = "Punycode behind xn--";
            flaws.push(Flaw { defect: Defect::ALabelInvalid, range, expected });
        }
    }
}

/// The prefix `xn--` in any case, and what follows.
fn prefixed(label: &[u8]) -> Option<(&'static [u8], &[u8])> {
    let (prefix, code) = label.split_at_checked(4)?;
    prefix.eq_ignore_ascii_case(b"xn--").then_some((b"xn--", code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        for good in ["a", "a.b", "a-b.c", "a--b", "1.2.3.4", "0", "a.1", "xn--a"] {
            assert!(is_domain(good.as_bytes(), 0), "{good}");
        }
        let cases = [
            ("", 0..0),
            ("a.", 1..2),
            (".a", 0..1),
            ("a..b", 2..3),
            ("a-", 1..2),
            ("-a", 0..1),
            ("a.-b", 2..3),
            ("a-.b", 1..2),
            ("a_b", 1..2),
            ("a.b c", 3..4),
            ("a\u{fc}", 1..2),
        ];
        for (bad, range) in cases {
            assert!(!is_domain(bad.as_bytes(), 0), "{bad}");
            assert_eq!(fault(bad.as_bytes(), 0).0, range, "{bad}");
        }
        assert!(is_domain("m\u{fc}nchen.example".as_bytes(), HIGH));
        assert!(!is_domain("\u{fc}-".as_bytes(), HIGH));
    }

    #[test]
    fn literals() {
        use Literal::{General, Untagged, V4, V6};
        let cases = [
            ("[1.2.3.4]", Some(V4)),
            ("[255.000.0.01]", Some(V4)),
            ("[256.0.0.1]", None),
            ("[1.2.3]", None),
            ("[1.2.3.4.5]", None),
            ("[0001.2.3.4]", None),
            ("[]", None),
            ("[a]", None),
            ("[a:b]", Some(General)),
            ("[a-:b]", None),
            ("[-a:b]", Some(General)),
            ("[a:]", None),
            ("[a:b c]", None),
            ("[a:<>@:\"]", Some(General)),
            ("[2001:db8::1]", Some(Untagged)),
            ("[::1]", None),
            ("[IPv6:::1]", Some(V6)),
            ("[ipV6:2001:DB8::1]", Some(V6)),
            ("[IPv6:::]", Some(V6)),
            ("[IPv6:1:2:3:4:5:6:7:8]", Some(V6)),
            ("[IPv6:1:2:3:4:5:6:7]", None),
            ("[IPv6:1:2:3:4:5:6:7::]", None),
            ("[IPv6:1:2:3::4:5:6]", Some(V6)),
            ("[IPv6:1:2:3:4::5:6:7]", None),
            ("[IPv6:1:2:3:4:5:6:1.2.3.4]", Some(V6)),
            ("[IPv6:1:2:3:4:5:1.2.3.4]", None),
            ("[IPv6:::1.2.3.4]", Some(V6)),
            ("[IPv6:1:2::3:4:1.2.3.4]", Some(V6)),
            ("[IPv6:1:2:3::4:5:1.2.3.4]", None),
            ("[IPv6:1.2.3.4::]", None),
            ("[IPv6:::1::]", None),
            ("[IPv6::::1]", None),
            ("[IPv6:12345::]", None),
            ("[IPv6:]", None),
            ("[IPv6:x]", None),
            ("[1.2.3.4", None),
            ("1.2.3.4]", None),
        ];
        for (text, expected) in cases {
            let found = literal(text.as_bytes());
            assert_eq!(found, expected.map(|literal| (text.len(), literal)), "{text}");
        }
    }
}
