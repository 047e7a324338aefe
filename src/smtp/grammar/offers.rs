//! What may follow a keyword in an EHLO reply: the grammar of each.
//!
//! In: the text behind a keyword. Out: what is wrong with it. [`crate::smtp::extension`] names
//! which keyword has which. RFC 2852, 3865, 4865, 4954 and 9422 were not at hand.

use super::host;
use super::params::solicit_fault;
use super::text::{date_time, number};
use super::verbs::is_mechanism;
use crate::smtp::defect::Defect;
use crate::smtp::line::words;
use std::ops::Range;

/// Why a text does not fit the grammar of its keyword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferFault {
    /// What is wrong.
    pub defect: Defect,
    /// Where in the text.
    pub range: Range<usize>,
    /// What the grammar wants there.
    pub expected: &'static str,
}

/// The grammar of what follows one keyword.
pub type OfferCheck = fn(&[u8]) -> Option<OfferFault>;

// As the checks give it.
#[allow(clippy::unnecessary_wraps)]
fn invalid(range: Range<usize>, expected: &'static str) -> Option<OfferFault> {
    Some(OfferFault { defect: Defect::EhloParameterInvalid, range, expected })
}

/// The first of the words of `text` that `is_good` refuses, or the one after `most` of them.
fn first_bad(
    text: &[u8],
    most: usize,
    expected: &'static str,
    is_good: impl Fn(&[u8]) -> bool,
) -> Option<OfferFault> {
    let mut all = words(text).enumerate();
    let (_, (at, word)) = all.find(|(n, (_, word))| *n >= most || !is_good(word))?;
    invalid(at..at + word.len(), expected)
}

/// Nothing.
pub(in crate::smtp) fn none(text: &[u8]) -> Option<OfferFault> {
    let (at, word) = words(text).next()?;
    let (defect, range) = (Defect::EhloParameterUnexpected, at..at + word.len());
    Some(OfferFault { defect, range, expected: "no parameter" })
}

/// Anything.
pub(in crate::smtp) fn any(_: &[u8]) -> Option<OfferFault> {
    None
}

/// SIZE (RFC 1870 §3): `[1*DIGIT]`.
pub(in crate::smtp) fn size(text: &[u8]) -> Option<OfferFault> {
    first_bad(text, 1, "digits", |word| word.iter().all(u8::is_ascii_digit))
}

/// DELIVERBY (RFC 2852): 1 to 9 digits, and words behind commas.
pub(in crate::smtp) fn deliver_by(text: &[u8]) -> Option<OfferFault> {
    first_bad(text, 1, "1 to 9 digits", |word| {
        let mut parts = word.split(|&octet| octet == b',');
        let least = parts.next().unwrap_or_default();
        (least.is_empty() || number(least, 9).is_some()) && parts.all(|part| !part.is_empty())
    })
}

/// FUTURERELEASE (RFC 4865): seconds and a date.
pub(in crate::smtp) fn future_release(text: &[u8]) -> Option<OfferFault> {
    const FORM: &str = "seconds, and a date and time as in RFC 3339";
    let mut all = words(text);
    let (Some((at, interval)), Some((until, date))) = (all.next(), all.next()) else {
        return invalid(text.len()..text.len(), FORM);
    };
    if number(interval, 9).is_none() || interval.starts_with(b"0") {
        return invalid(at..at + interval.len(), FORM);
    }
    if date_time(date).is_none() {
        return invalid(until..until + date.len(), FORM);
    }
    let (at, word) = all.next()?;
    invalid(at..at + word.len(), "the end of the line")
}

/// LIMITS (RFC 9422): names, each perhaps with a value; that of a known name has a form that clients
/// rely on.
pub(in crate::smtp) fn limits(text: &[u8]) -> Option<OfferFault> {
    const KNOWN: [&[u8]; 3] = [b"RCPTMAX", b"MAILMAX", b"RCPTDOMAINMAX"];
    const FORM: &str = "a name, and perhaps = and a value";
    if words(text).next().is_none() {
        return invalid(text.len()..text.len(), FORM);
    }
    let ignored =
        |range, expected| Some(OfferFault { defect: Defect::LimitIgnored, range, expected });
    for (at, word) in words(text) {
        let end = word.iter().position(|&octet| octet == b'=').unwrap_or(word.len());
        let (name, value) = word.split_at(end);
        let value = value.strip_prefix(b"=");
        let is_letter = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        if name.is_empty() || !name.iter().all(is_letter) || value == Some(b"") {
            return ignored(at..at + word.len(), FORM);
        }
        let is_known = KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known));
        let digits = value.unwrap_or_default();
        if is_known && (number(digits, 6).is_none() || digits.starts_with(b"0")) {
            let from = if value.is_some() { at + end + 1 } else { at };
            return ignored(from..at + word.len(), "1 to 6 digits, the first not 0");
        }
    }
    None
}

/// AUTH (RFC 2554 §3, RFC 4954): mechanisms.
pub(in crate::smtp) fn auth(text: &[u8]) -> Option<OfferFault> {
    if words(text).next().is_none() {
        return invalid(text.len()..text.len(), "a mechanism");
    }
    first_bad(text, usize::MAX, "a mechanism", is_mechanism)
}

/// NO-SOLICITING (RFC 3865): solicitation keywords.
pub(in crate::smtp) fn no_soliciting(text: &[u8]) -> Option<OfferFault> {
    first_bad(text, 1, "keywords with commas between", |word| solicit_fault(word).is_none())
}

/// How long the domain at the start of an EHLO reply is; 0 if there is none.
pub(super) fn domain(text: &[u8]) -> usize {
    host::domain(text, 0)
}
