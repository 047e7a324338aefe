//! The arguments of commands that extensions add: BDAT, AUTH, ETRN and so on.
//!
//! In: an argument. Out: whether it matches its grammar, or why it does not. Of what RFC 1985,
//! 2645, 4422, 4468 and 4954 define nothing was at hand but the number; XCLIENT and XFORWARD are
//! as Postfix documents them.

use super::class::{LDH, all};
use super::diagnose::Draft;
use super::text::{is_base64, number, visible_fault, xtext_fault};
use super::{Argument, host};
use crate::smtp::command::{Chunk, Verb};
use crate::smtp::defect::Defect;
use std::ops::Range;

/// What `argument`, which has no blanks around it, says if it matches the grammar of `verb`.
pub(super) fn matched(verb: Verb, argument: &[u8]) -> Option<Argument<'_>> {
    let is_plain = argument.iter().all(|octet| matches!(octet, b' '..=b'~'));
    if !is_plain || argument.windows(2).any(|two| two == b"  ") || argument.ends_with(b" ") {
        return None;
    }
    if verb == Verb::Bdat {
        return chunk(argument).ok().map(Argument::Chunk);
    }
    fault(verb, argument).is_none().then_some(Argument::Text(argument))
}

/// Judges the argument at `at`, words with blanks between.
pub(super) fn judge(draft: &mut Draft<'_, '_>, at: usize) {
    let text = draft.of(at..draft.end());
    // As it would be with one SP in each place.
    let mut neat = Vec::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut from = at;
    for word in text.split(|&octet| octet == b' ') {
        let range = from..from + word.len();
        from = range.end + 1;
        if word.is_empty() {
            continue;
        }
        if !neat.is_empty() {
            let before = places.last().map_or(at, |place| place + 1);
            draft.blank(before..range.start);
            neat.push(b' ');
            places.push(before);
        }
        neat.extend_from_slice(word);
        places.extend(range);
    }
    places.push(draft.end());
    let wrong =
        if draft.verb == Verb::Bdat { chunk(&neat).err() } else { fault(draft.verb, &neat) };
    if let Some((defect, range, expected)) = wrong {
        let end = draft.end();
        let place = |at: usize| places.get(at).copied().unwrap_or(end);
        let last = if range.is_empty() { range.start } else { range.end - 1 };
        let end = if range.is_empty() { place(last) } else { place(last) + 1 };
        draft.flaw(defect, place(range.start)..end.min(draft.end()), expected);
    }
}

/// What is wrong, where, and what belongs there.
type Wrong = (Defect, Range<usize>, &'static str);

/// The argument of BDAT (RFC 3030 §2): `chunk-size [SP "LAST"]`.
fn chunk(text: &[u8]) -> Result<Chunk, Wrong> {
    let end = text.iter().position(|&octet| octet == b' ').unwrap_or(text.len());
    let (size, rest) = text.split_at(end);
    let is_number = all(size.strip_prefix(b"-").unwrap_or(size), super::class::DIGIT);
    let octets = number(size, 38).filter(|&octets| octets <= u128::from(u64::MAX));
    let Some(octets) = octets else {
        return Err(match size {
            _ if is_number => (Defect::BdatSizeOverflow, 0..end, "a size of 64 bits"),
            _ if size.eq_ignore_ascii_case(b"LAST") => (Defect::BdatSizeMissing, 0..0, "a size"),
            _ => (Defect::BdatInvalid, 0..end, "digits"),
        });
    };
    match rest {
        [] => Ok(Chunk { octets, last: false }),
        [_, word @ ..] if word.eq_ignore_ascii_case(b"LAST") => Ok(Chunk { octets, last: true }),
        [_, word @ ..] => {
            let is_last = word.get(..5).is_some_and(|w| w.eq_ignore_ascii_case(b"LAST "));
            let from = if is_last { end + 6 } else { end + 1 };
            Err((Defect::BdatTrailingText, from..text.len(), "LAST, or the end of the line"))
        }
    }
}

/// Why `text` is no argument of `verb`.
fn fault(verb: Verb, text: &[u8]) -> Option<Wrong> {
    match verb {
        Verb::Auth => auth(text),
        Verb::Etrn => etrn(text),
        Verb::Atrn => atrn(text),
        Verb::Burl => burl(text),
        Verb::Xclient | Verb::Xforward => attributes(text),
        // Those that take none.
        _ => Some((Defect::UnexpectedArgument, 0..text.len(), "no argument")),
    }
}

/// `sasl-mech [SP initial-response]` (RFC 4954).
fn auth(text: &[u8]) -> Option<Wrong> {
    let end = text.iter().position(|&octet| octet == b' ').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !is_mechanism(name) {
        let expected = "1 to 20 letters, digits, hyphens and underscores";
        return Some((Defect::AuthMechanismMalformed, 0..end, expected));
    }
    match rest.get(1..) {
        Some(response) if response != b"=" && !is_base64(response) => {
            Some((Defect::AuthResponseInvalid, end + 1..text.len(), "base64, or = alone"))
        }
        _ => None,
    }
}

/// Whether `name` can be that of a SASL mechanism, in any case (RFC 4422).
pub(super) fn is_mechanism(name: &[u8]) -> bool {
    let is_letter = |octet: &u8| super::class::is(*octet, LDH) || *octet == b'_';
    (1..=20).contains(&name.len()) && name.iter().all(is_letter)
}

/// A domain, `@` and a domain, or `#` and the name of a queue (RFC 1985).
fn etrn(text: &[u8]) -> Option<Wrong> {
    const FORM: &str = "a domain, @ and a domain, or # and a queue";
    let (option, name) = match text {
        [option @ (b'@' | b'#'), name @ ..] => (*option, name),
        name => (0, name),
    };
    let at = text.len() - name.len();
    if option == b'#' {
        let is_queue = visible_fault(name).is_none() && !name.is_empty();
        return (!is_queue).then_some((Defect::EtrnInvalid, at..text.len(), FORM));
    }
    if host::is_domain(name, 0) {
        return None;
    }
    let (range, _) = host::fault(name, 0);
    Some((Defect::EtrnInvalid, at + range.start..at + range.end, FORM))
}

/// Domains with commas between (RFC 2645).
fn atrn(text: &[u8]) -> Option<Wrong> {
    let mut at = 0;
    for name in text.split(|&octet| octet == b',') {
        let range = at..at + name.len();
        at = range.end + 1;
        if !host::is_domain(name, 0) {
            return Some((Defect::ArgumentInvalid, range, "domains with commas between"));
        }
    }
    None
}

/// `absolute-URI [SP "LAST"]` (RFC 4468); of the URI, only its scheme is looked at.
fn burl(text: &[u8]) -> Option<Wrong> {
    let end = text.iter().position(|&octet| octet == b' ').unwrap_or(text.len());
    let (uri, rest) = text.split_at(end);
    let colon = uri.iter().position(|&octet| octet == b':').unwrap_or(0);
    let scheme = uri.get(..colon).unwrap_or_default();
    let is_letter =
        |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
    let is_uri = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(is_letter)
        && colon + 1 < uri.len();
    if !is_uri {
        return Some((Defect::ArgumentInvalid, 0..end, "a URI"));
    }
    match rest.get(1..) {
        Some(word) if !word.eq_ignore_ascii_case(b"LAST") => {
            Some((Defect::ArgumentInvalid, end + 1..text.len(), "LAST, or the end of the line"))
        }
        _ => None,
    }
}

/// `attribute-name "=" xtext` with blanks between (Postfix's XCLIENT and XFORWARD).
fn attributes(text: &[u8]) -> Option<Wrong> {
    let mut at = 0;
    for word in text.split(|&octet| octet == b' ') {
        let from = at;
        at += word.len() + 1;
        let equals = word.iter().position(|&octet| octet == b'=').unwrap_or(0);
        let (name, value) = word.split_at(equals);
        if !all(name, LDH) {
            let range = from..from + word.len();
            return Some((Defect::ArgumentInvalid, range, "a name, = and a value"));
        }
        if let Some(range) = xtext_fault(value.get(1..).unwrap_or_default(), false) {
            let from = from + equals + 1;
            let range = from + range.start..from + range.end;
            return Some((Defect::ArgumentInvalid, range, "xtext"));
        }
    }
    None
}
