//! Paths that do not match their ABNF, and what is wrong with those that do (RFC 5321 §4.1.2,
//! §4.5.3.1).
//!
//! In: a line and where its path begins. Out: where the parts of the path are, and its faults.

use super::diagnose::Draft;
use super::host::{self, Literal};
use super::mailbox::{Address, dot_string, quoted};
use crate::smtp::command::Verb;
use crate::smtp::defect::{Defect, Flaw};
use std::ops::Range;

/// The octets that a local part, a domain and a path may have (RFC 5321 §4.5.3.1).
const LOCAL_PART: usize = 64;
const DOMAIN: usize = 255;
const PATH: usize = 256;

/// What is wrong with the path at `address` in `line`, though it may match its ABNF.
pub(super) fn note(line: &[u8], address: &Address, flaws: &mut Vec<Flaw>) {
    let Address { whole, route, domain, .. } = address;
    if whole.len() > LOCAL_PART {
        note_lengths(address, flaws);
    }
    if !route.is_empty() {
        note_route(line, route, flaws);
    }
    let name = line.get(domain.clone()).unwrap_or_default();
    if name.first() == Some(&b'[') {
        if matches!(host::literal(name), Some((_, Literal::Untagged))) {
            let expected = "IPv6: before the address";
            flaws.push(Flaw { defect: Defect::Ipv6TagMissing, range: domain.clone(), expected });
        }
    } else {
        host::note(name, domain.start, flaws);
    }
}

/// What is too long: of a path whose part is too long, that part alone.
fn note_lengths(address: &Address, flaws: &mut Vec<Flaw>) {
    let Address { whole, local, domain, .. } = address;
    let before = flaws.len();
    let mut judge = |defect, range: &Range<usize>, most, expected| {
        if range.len() > most {
            flaws.push(Flaw { defect, range: range.clone(), expected });
        }
    };
    judge(Defect::LocalPartTooLong, local, LOCAL_PART, "at most 64 octets");
    judge(Defect::DomainTooLong, domain, DOMAIN, "at most 255 octets");
    if flaws.len() == before && whole.len() > PATH {
        let (defect, range) = (Defect::PathTooLong, whole.clone());
        flaws.push(Flaw { defect, range, expected: "at most 256 octets" });
    }
}

fn note_route(line: &[u8], route: &Range<usize>, flaws: &mut Vec<Flaw>) {
    let expected = "the mailbox alone";
    flaws.push(Flaw { defect: Defect::SourceRoute, range: route.clone(), expected });
    let text = line.get(route.start..route.end.saturating_sub(1)).unwrap_or_default();
    let mut at = route.start;
    for hop in text.split(|&octet| octet == b',') {
        if let Some(name) = hop.strip_prefix(b"@") {
            host::note(name, at + 1, flaws);
        }
        at += hop.len() + 1;
    }
}

/// Judges the path at `at`, where no blank is: its parts, and where it ends.
pub(super) fn judge(draft: &mut Draft<'_, '_>, at: usize) -> (Address, usize) {
    let text = draft.of(at..draft.end());
    if text.first() == Some(&b'<') {
        return bracketed(draft, at);
    }
    let word = length_to(text, b' ');
    // A display name, unless the bracket is that of a parameter's value.
    if let Some(open) = text.iter().position(|&octet| octet == b'<')
        && open > 0
        && text.get(open - 1) != Some(&b'=')
    {
        let name = text.get(..open).unwrap_or_default();
        let end = name.iter().rposition(|&octet| octet != b' ').map_or(0, |last| last + 1);
        draft.flaw(Defect::LeadingGarbage, at..at + end, "the path alone");
        return bracketed(draft, at + open);
    }
    let end = at + word;
    let inner = if text.get(word.wrapping_sub(1)) == Some(&b'>') {
        draft.flaw(Defect::Unbalanced, at..at, "<");
        at..end - 1
    } else {
        draft.flaw(Defect::MissingBrackets, at..end, "< and > around the mailbox");
        at..end
    };
    (parts(draft, inner, at..end), end)
}

/// Judges the path at `at`, which begins with a bracket.
fn bracketed(draft: &mut Draft<'_, '_>, at: usize) -> (Address, usize) {
    let text = draft.of(at..draft.end());
    let opens = text.iter().take_while(|&&octet| octet == b'<').count();
    let inner_at = at + opens;
    let inner = draft.of(inner_at..draft.end());
    if opens > 1 {
        draft.flaw(Defect::Unbalanced, at + 1..inner_at, "one <");
    }
    let Some(close) = closing(inner) else {
        let end = inner_at + length_to(inner, b' ');
        // Of several opening brackets that is said.
        if opens == 1 {
            draft.flaw(Defect::Unbalanced, end..end, ">");
        }
        return (parts(draft, inner_at..end, at..end), end);
    };
    let close_at = inner_at + close;
    let behind = draft.of(close_at + 1..draft.end());
    let closes = behind.iter().take_while(|&&octet| octet == b'>').count();
    let end = close_at + 1 + closes;
    if closes > 0 && opens == 1 {
        draft.flaw(Defect::Unbalanced, close_at + 1..end, "one >");
    }
    let behind = draft.of(end..draft.end());
    let garbage = behind.iter().position(|&octet| octet == b' ').unwrap_or(behind.len());
    let given = draft.line.get(end..end + garbage).unwrap_or_default();
    // Octets that are wrong by themselves are no text.
    if given.iter().zip(behind).any(|(given, clean)| given == clean) {
        draft.flaw(Defect::TrailingGarbage, end..end + garbage, "a blank or the end of the line");
    }
    (parts(draft, inner_at..close_at, at..end), end + garbage)
}

/// Where the bracket that closes a path is: outside of quotes, unless a quote never closes.
fn closing(inner: &[u8]) -> Option<usize> {
    let at = length_to(inner, b'>');
    if at < inner.len() { Some(at) } else { inner.iter().position(|&octet| octet == b'>') }
}

/// How much of `text` stands before `stop`, outside of quotes unless a quote never closes.
fn length_to(text: &[u8], stop: u8) -> usize {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, &octet) in text.iter().enumerate() {
        match octet {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            octet if !is_quoted && octet == stop => return at,
            _ => {}
        }
    }
    let first = || text.iter().position(|&octet| octet == stop).unwrap_or(text.len());
    if is_quoted { first() } else { text.len() }
}

/// Judges `inner`, what stands between the brackets of the path at `whole`.
fn parts(draft: &mut Draft<'_, '_>, inner: Range<usize>, whole: Range<usize>) -> Address {
    let empty = inner.start..inner.start;
    let mut address = Address {
        whole: whole.clone(),
        route: empty.clone(),
        local: empty,
        domain: inner.end..inner.end,
    };
    let text = draft.of(inner.clone());
    if text.is_empty() {
        if draft.verb == Verb::Rcpt {
            draft.flaw(Defect::NullForwardPath, whole, "a mailbox");
        }
        return address;
    }
    let mut start = inner.start;
    if text.first() == Some(&b'@') {
        let mut is_literal = false;
        let colon = text.iter().position(|&octet| {
            is_literal = octet == b'[' || is_literal && octet != b']';
            octet == b':' && !is_literal
        });
        let Some(colon) = colon else {
            draft.flaw(Defect::LocalPartInvalid, start..start, "a local part");
            address.domain = start + 1..inner.end;
            domain(draft, address.domain.clone());
            return address;
        };
        route(draft, start..start + colon);
        start += colon + 1;
        address.route = inner.start..start;
    }
    let at_sign = local_part(draft, start..inner.end);
    address.local = start..at_sign;
    if at_sign >= inner.end {
        let is_postmaster = || draft.of(address.local.clone()).eq_ignore_ascii_case(b"Postmaster");
        if draft.verb != Verb::Rcpt || !address.route.is_empty() || !is_postmaster() {
            draft.flaw(Defect::DomainMissing, inner.end..inner.end, "@ and a domain");
        }
        return address;
    }
    address.domain = at_sign + 1..inner.end;
    if address.domain.is_empty() {
        draft.flaw(Defect::DomainMissing, inner.end..inner.end, "a domain");
    } else {
        domain(draft, address.domain.clone());
    }
    address
}

/// Judges the source route at `range`, without its colon.
fn route(draft: &mut Draft<'_, '_>, range: Range<usize>) {
    let mut at = range.start;
    for hop in draft.of(range).split(|&octet| octet == b',') {
        let hop_at = at;
        at += hop.len() + 1;
        match hop.strip_prefix(b"@") {
            None => draft.flaw(Defect::DomainInvalid, hop_at..hop_at + hop.len(), "@ and a domain"),
            Some(name) if host::is_domain(name, draft.extra) => {}
            Some(name) => {
                let (fault, expected) = host::fault(name, draft.extra);
                let from = hop_at + 1;
                draft.flaw(Defect::DomainInvalid, from + fault.start..from + fault.end, expected);
            }
        }
    }
}

/// Judges the domain or address literal at `range`.
fn domain(draft: &mut Draft<'_, '_>, range: Range<usize>) {
    let text = draft.of(range.clone());
    if text.first() == Some(&b'[') {
        let before = draft.flaws.len();
        if draft.literal(text, &range, Defect::LiteralInvalid) {
            // What a good literal has is noted once for all paths.
            draft.flaws.truncate(before);
        }
    } else if !host::is_domain(text, draft.extra) {
        let (fault, expected) = host::fault(text, draft.extra);
        let from = range.start;
        draft.flaw(Defect::DomainInvalid, from + fault.start..from + fault.end, expected);
    }
}

/// Judges the local part at the start of `range`: where its `@` is, or the end of the range.
fn local_part(draft: &mut Draft<'_, '_>, range: Range<usize>) -> usize {
    let text = draft.of(range.clone());
    let at = range.start;
    if text.first() == Some(&b'"') {
        let length = quoted_length(text);
        let Some(length) = length else {
            draft.flaw(Defect::Unbalanced, at..at + 1, "a quote that closes this one");
            return at + last_at(text);
        };
        let inner = text.get(..length).unwrap_or_default();
        draft.tabs(at..at + length, text);
        if quoted(inner, draft.extra) != length {
            draft.flaw(Defect::LocalPartInvalid, at..at + length, "a quoted string");
        }
        let behind = text.get(length..).unwrap_or_default();
        let stray = if behind.first() == Some(&b'@') { 0 } else { last_at(behind) };
        if stray > 0 {
            let from = at + length;
            draft.flaw(Defect::LocalPartInvalid, from..from + stray, "@");
        }
        return at + length + stray;
    }
    let length = last_at(text);
    let local = text.get(..length).unwrap_or_default();
    let end = dot_string(local, draft.extra);
    if end < length || length == 0 {
        let dot = usize::from(local.get(end) == Some(&b'.') && end > 0 && end + 1 < length);
        let from = at + end + dot;
        let range = if length == 0 { at..at } else { from..from + 1 };
        draft.flaw(Defect::LocalPartInvalid, range, "a dot-string or quoted string");
    }
    at + length
}

/// How long the quoted string at the start of `text` is, whatever it holds.
fn quoted_length(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    let is_close = |octet: &u8| {
        let is_close = *octet == b'"' && !is_escaped;
        is_escaped = *octet == b'\\' && !is_escaped;
        is_close
    };
    Some(text.get(1..)?.iter().position(is_close)? + 2)
}

/// Where the `@` before the domain is: the last one, unless an address literal has it.
fn last_at(text: &[u8]) -> usize {
    let literal = text.windows(2).position(|two| two == b"@[").filter(|_| text.ends_with(b"]"));
    literal.or_else(|| text.iter().rposition(|&octet| octet == b'@')).unwrap_or(text.len())
}
