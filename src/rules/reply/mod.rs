//! Rules about replies (RFC 5321 §4.2).

mod ehlo_auth_equals_form;
mod ehlo_binarymime_without_chunking;
mod ehlo_keyword_duplicate;
mod ehlo_keyword_malformed;
mod ehlo_keyword_on_first_line;
mod ehlo_parameter_malformed;
mod ehlo_rejected;
mod ehlo_reply_domain_missing;
mod ehlo_requiretls_without_tls;
mod ehlo_smtputf8_without_8bitmime;
mod ehlo_starttls_inside_tls;
mod greeting_code_invalid;
mod greeting_domain_missing;
mod greeting_own_name;
mod greeting_refused;
mod helo_answered_with_extensions;
mod reply_8bit_octet;
mod reply_code_mismatch;
mod reply_code_out_of_range;
mod reply_code_unregistered;
mod reply_control_character;
mod reply_empty_line;
mod reply_line_too_long;
mod reply_malformed;
mod reply_multiline_unterminated;
mod reply_separator_invalid;
mod reply_text_missing;
mod reply_too_many_lines;

use super::{Rule, Step};
use crate::chunk::Side;
use crate::smtp::reply;
use std::ops::Range;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &ehlo_auth_equals_form::RULE,
    &ehlo_binarymime_without_chunking::RULE,
    &ehlo_keyword_duplicate::RULE,
    &ehlo_keyword_malformed::RULE,
    &ehlo_keyword_on_first_line::RULE,
    &ehlo_parameter_malformed::RULE,
    &ehlo_rejected::RULE,
    &ehlo_reply_domain_missing::RULE,
    &ehlo_requiretls_without_tls::RULE,
    &ehlo_smtputf8_without_8bitmime::RULE,
    &ehlo_starttls_inside_tls::RULE,
    &greeting_code_invalid::RULE,
    &greeting_domain_missing::RULE,
    &greeting_own_name::RULE,
    &greeting_refused::RULE,
    &helo_answered_with_extensions::RULE,
    &reply_8bit_octet::RULE,
    &reply_code_mismatch::RULE,
    &reply_code_out_of_range::RULE,
    &reply_code_unregistered::RULE,
    &reply_control_character::RULE,
    &reply_empty_line::RULE,
    &reply_line_too_long::RULE,
    &reply_malformed::RULE,
    &reply_multiline_unterminated::RULE,
    &reply_separator_invalid::RULE,
    &reply_text_missing::RULE,
    &reply_too_many_lines::RULE,
];

/// Whether `keyword` is one over which a firewall has written.
pub(super) fn is_masked(keyword: &[u8]) -> bool {
    let but_last = keyword.split_last().map(|(_, rest)| rest).unwrap_or_default();
    but_last.len() > 1 && but_last.iter().all(|&octet| octet == b'X')
}

/// Where the reply to EHLO in `step` offers the extension `keyword`: the line, and where in it.
pub(super) fn offer_line(step: &Step<'_>, keyword: &str) -> Option<(usize, Range<usize>)> {
    let answer = step.answer().filter(|answer| answer.code() == Some(250))?;
    let is_it = |text: &[u8]| reply::is_offer_of(text, keyword.as_bytes());
    let number = answer.texts().skip(1).position(is_it)? + 1;
    Some((number, 4..4 + keyword.len()))
}

/// Where the reply to EHLO in `step` offers `keyword`, if it surely does not offer `other`.
fn offers_without(step: &Step<'_>, keyword: &str, other: &str) -> Option<(usize, Range<usize>)> {
    let found = offer_line(step, keyword)?;
    // Whole lines may be missing, too.
    let is_whole = !step.case.has_gap(Side::Server);
    let answer = step.answer().filter(|answer| is_whole && !answer.reply.cut)?;
    let is_left_out = offer_line(step, other).is_none();
    let mut keywords = answer.texts().skip(1).filter_map(reply::offer).map(|offer| offer.keyword);
    (is_left_out && !keywords.any(is_masked)).then_some(found)
}
