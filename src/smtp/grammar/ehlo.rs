//! Lines of an EHLO reply (RFC 5321 §4.1.1.1 ehlo-ok-rsp).
//!
//! In: the text of a line. Out: what is wrong with it.

use super::class::{LDH, LET_DIG, is, run};
use super::offers;
use super::reply::{Octets, is_printable};
use crate::smtp::defect::{Defect, Flaw};
use crate::smtp::extension;
use std::ops::Range;

/// Judges `text`, at `at`, of the first line: `Domain [ SP ehlo-greet ]`.
pub(super) fn first(text: &[u8], at: usize, flaws: &mut Vec<Flaw>) {
    let length = offers::domain(text);
    let (_, behind) = text.split_at_checked(length).unwrap_or((text, b""));
    // As nearly all are.
    if length > 0 && matches!(behind, [] | [b' ', _, ..]) && is_printable(text) {
        return;
    }
    let blank = text.iter().position(|&octet| octet == b' ').unwrap_or(text.len());
    let (name, greet) = text.split_at(blank);
    let is_clean = Octets::Text.judge(name, at, flaws);
    match behind {
        _ if length == 0 && is_clean => {
            let range = at..at + blank;
            flaws.push(Flaw { defect: Defect::EhloDomainMissing, range, expected: "a domain" });
        }
        [] | [b' ', _, ..] => {}
        [b' '] => {
            let range = at + length..at + text.len();
            let expected = "text behind the blank";
            flaws.push(Flaw { defect: Defect::ReplyTextEmpty, range, expected });
        }
        [..] if is_clean => {
            let range = at + length..at + length + 1;
            let expected = "a blank or the end of the line";
            flaws.push(Flaw { defect: Defect::EhloDomainMissing, range, expected });
        }
        [..] => {}
    }
    Octets::Greet.judge(greet, at + blank, flaws);
}

/// Judges `text`, at `at`, of a later line: `ehlo-keyword *( SP ehlo-param )`.
pub(super) fn line(text: &[u8], at: usize, flaws: &mut Vec<Flaw>) {
    if is_printable(text) {
        judge(text, text, at, flaws);
        return;
    }
    Octets::Text.judge(text, at, flaws);
    // What was wrong by itself fits where a letter does and where a digit does.
    let clean = |octet: &u8| match octet {
        b'\t' => b' ',
        b' '..=b'~' => *octet,
        _ => b'0',
    };
    let cleaned: Vec<u8> = text.iter().map(clean).collect();
    judge(&cleaned, text, at, flaws);
}

/// Judges `text`, the clean form of `line`.
fn judge(text: &[u8], line: &[u8], at: usize, flaws: &mut Vec<Flaw>) {
    let mut flaw = |defect, range: Range<usize>, expected| {
        flaws.push(Flaw { defect, range: at + range.start..at + range.end, expected });
    };
    let length = text.iter().position(|&octet| octet == b' ').unwrap_or(text.len());
    let (keyword, rest) = text.split_at(length);
    let mut params_at = length;
    loop {
        let rest = text.get(params_at..).unwrap_or_default();
        let word = rest.iter().position(|&octet| octet != b' ').unwrap_or(rest.len());
        let blanks = params_at..params_at + word;
        if rest.is_empty() {
            break;
        }
        // Before the keyword none belongs, and its absence is told below.
        if blanks.start > 0 {
            if blanks.end == text.len() {
                flaw(Defect::EhloParamMalformed, blanks, "the end of the line");
                break;
            } else if line.get(blanks.clone()) != Some(b" ") {
                flaw(Defect::EhloParamMalformed, blanks.clone(), "one SP");
            }
        }
        let behind = rest.get(word..).unwrap_or_default();
        let length = behind.iter().position(|&octet| octet == b' ').unwrap_or(behind.len());
        params_at += word + length;
    }
    let is_first = keyword.first().is_some_and(|&octet| is(octet, LET_DIG));
    let fault = if is_first { run(keyword, LDH) } else { 0 };
    if keyword.is_empty() {
        flaw(Defect::EhloKeywordMalformed, 0..0, "a keyword");
    } else if fault == 4 && keyword.get(..5).is_some_and(|k| k.eq_ignore_ascii_case(b"AUTH=")) {
        flaw(Defect::EhloAuthEquals, 4..5, "a blank");
    } else if fault < keyword.len() {
        flaw(Defect::EhloKeywordMalformed, fault..fault + 1, "letters, digits and hyphens");
    } else if let Some(row) = extension::by_keyword(keyword)
        && let Some(fault) = (row.offer)(rest)
    {
        let range = length + fault.range.start..length + fault.range.end;
        flaw(fault.defect, range, fault.expected);
    }
}
