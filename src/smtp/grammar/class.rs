//! Classes of octets (RFC 5321 §4.1.2, §4.1.3; atext RFC 5322 §3.2.3).
//!
//! In: octets. Out: whether they belong, and how many in a row.

/// `ALPHA`.
pub(super) const ALPHA: u8 = 1;
/// `DIGIT`.
pub(super) const DIGIT: u8 = 1 << 1;
/// `-`.
pub(super) const HYPHEN: u8 = 1 << 2;
/// atext.
pub(super) const ATEXT: u8 = 1 << 3;
/// qtextSMTP.
pub(super) const QTEXT: u8 = 1 << 4;
/// What an esmtp-value is made of.
pub(super) const VALUE: u8 = 1 << 5;
/// dcontent.
pub(super) const DCONTENT: u8 = 1 << 6;
/// Octets above 127.
pub(super) const HIGH: u8 = 1 << 7;
/// Let-dig.
pub(super) const LET_DIG: u8 = ALPHA | DIGIT;
/// What an Ldh-str is made of.
pub(super) const LDH: u8 = LET_DIG | HYPHEN;

/// The classes of each octet.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut rest: &mut [u8] = &mut classes;
    let mut octet = 0_u8;
    while let [first, after @ ..] = rest {
        *first = classes_of(octet);
        octet = octet.wrapping_add(1);
        rest = after;
    }
    classes
};

const fn classes_of(octet: u8) -> u8 {
    let mut classes = 0;
    if octet.is_ascii_alphabetic() {
        classes |= ALPHA;
    }
    if octet.is_ascii_digit() {
        classes |= DIGIT;
    }
    if octet == b'-' {
        classes |= HYPHEN;
    }
    if octet.is_ascii_alphanumeric()
        || matches!(
            octet,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'_'
                | b'`'
                | b'{'
                | b'|'
                | b'}'
                | b'~'
        )
    {
        classes |= ATEXT;
    }
    if matches!(octet, 32..=33 | 35..=91 | 93..=126) {
        classes |= QTEXT;
    }
    if matches!(octet, 33..=60 | 62..=126) {
        classes |= VALUE;
    }
    if matches!(octet, 33..=90 | 94..=126) {
        classes |= DCONTENT;
    }
    if octet > 127 {
        classes |= HIGH;
    }
    classes
}

/// Whether `octet` is of one of `classes`.
#[inline]
pub(super) fn is(octet: u8, classes: u8) -> bool {
    CLASSES.get(usize::from(octet)).is_some_and(|of| of & classes != 0)
}

/// How many octets at the start of `text` are of one of `classes`.
#[inline]
pub(super) fn run(text: &[u8], classes: u8) -> usize {
    text.iter().position(|&octet| !is(octet, classes)).unwrap_or(text.len())
}

/// Whether `text` is octets of `classes` alone, and at least one.
#[inline]
pub(super) fn all(text: &[u8], classes: u8) -> bool {
    !text.is_empty() && run(text, classes) == text.len()
}
