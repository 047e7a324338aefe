//! Rules about command lines (RFC 5321 §4.1).

mod address_alabel_invalid;
mod address_utf8_not_negotiated;
mod command_8bit_octet;
mod command_case_refused;
mod command_control_character;
mod command_empty_line;
mod command_exploit_verb;
mod command_invalid_utf8;
mod command_is_message_header;
mod command_leading_space;
mod command_line_too_long;
mod command_missing_argument;
mod command_not_smtp;
mod command_nul_byte;
mod command_tab_separator;
mod command_trailing_space;
mod command_truncated;
mod command_unexpected_argument;
mod command_unknown;
mod helo_ipv6_tag_missing;
mod helo_name_bare_ip;
mod helo_name_invalid;
mod helo_name_is_server;
mod helo_name_missing;
mod helo_name_not_fqdn;
mod param_duplicate;
mod param_in_helo_session;
mod param_malformed;
mod param_unknown;
mod param_wrong_command;
mod path_domain_invalid;
mod path_domain_missing;
mod path_domain_too_long;
mod path_injection_suspected;
mod path_literal_invalid;
mod path_local_part_invalid;
mod path_local_part_too_long;
mod path_missing_brackets;
mod path_relay_routing;
mod path_source_route;
mod path_space_after_colon;
mod path_too_long;
mod path_trailing_garbage;
mod path_unbalanced;
mod rcpt_null_path;
mod vrfy_expn_used;

use super::{Flawed, Rule, Step, shown};
use crate::chunk::Medium;
use crate::smtp::command::Verb;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &address_alabel_invalid::RULE,
    &address_utf8_not_negotiated::RULE,
    &command_8bit_octet::RULE,
    &command_case_refused::RULE,
    &command_control_character::RULE,
    &command_empty_line::RULE,
    &command_exploit_verb::RULE,
    &command_invalid_utf8::RULE,
    &command_is_message_header::RULE,
    &command_leading_space::RULE,
    &command_line_too_long::RULE,
    &command_missing_argument::RULE,
    &command_not_smtp::RULE,
    &command_nul_byte::RULE,
    &command_tab_separator::RULE,
    &command_trailing_space::RULE,
    &command_truncated::RULE,
    &command_unexpected_argument::RULE,
    &command_unknown::RULE,
    &helo_ipv6_tag_missing::RULE,
    &helo_name_bare_ip::RULE,
    &helo_name_invalid::RULE,
    &helo_name_is_server::RULE,
    &helo_name_missing::RULE,
    &helo_name_not_fqdn::RULE,
    &param_duplicate::RULE,
    &param_in_helo_session::RULE,
    &param_malformed::RULE,
    &param_unknown::RULE,
    &param_wrong_command::RULE,
    &path_domain_invalid::RULE,
    &path_domain_missing::RULE,
    &path_domain_too_long::RULE,
    &path_injection_suspected::RULE,
    &path_literal_invalid::RULE,
    &path_local_part_invalid::RULE,
    &path_local_part_too_long::RULE,
    &path_missing_brackets::RULE,
    &path_relay_routing::RULE,
    &path_source_route::RULE,
    &path_space_after_colon::RULE,
    &path_too_long::RULE,
    &path_trailing_garbage::RULE,
    &path_unbalanced::RULE,
    &rcpt_null_path::RULE,
    &vrfy_expn_used::RULE,
];

/// The verb of the command that has a flaw.
fn verb(flawed: &Flawed<'_, '_>) -> &'static str {
    flawed.step().and_then(|step| step.verb()).map_or("", Verb::name)
}

/// `MAIL FROM:` or `RCPT TO:`, as the command that has a flaw begins.
fn label(flawed: &Flawed<'_, '_>) -> &'static str {
    match verb(flawed) {
        "RCPT" => "RCPT TO:",
        "SEND" => "SEND FROM:",
        "SOML" => "SOML FROM:",
        "SAML" => "SAML FROM:",
        _ => "MAIL FROM:",
    }
}

/// The address of MAIL or RCPT, for a message.
fn address(flawed: &Flawed<'_, '_>) -> String {
    let mailbox = flawed.step().and_then(|step| step.mailbox());
    shown(mailbox.unwrap_or(flawed.line))
}

/// What blanks these are.
fn blanks(octets: &[u8]) -> String {
    let tabs = octets.split(|&octet| octet == b'\t').count() - 1;
    match (octets.len(), tabs) {
        (1, 0) => "a blank".to_owned(),
        (1, _) => "a tab".to_owned(),
        (count, 0) => format!("{count} blanks"),
        (count, _) if count == tabs => format!("{count} tabs"),
        (count, _) => format!("{count} blanks and tabs"),
    }
}

/// The bytes that are wrong.
fn wrong<'s>(flawed: &Flawed<'s, '_>) -> &'s [u8] {
    flawed.line.get(flawed.flaw.range.clone()).unwrap_or_default()
}

/// These octets by their numbers, the first few.
fn numbers(octets: &[u8]) -> String {
    let few: Vec<String> = octets.iter().take(4).map(|octet| format!("0x{octet:02X}")).collect();
    let more = if octets.len() > few.len() { " …" } else { "" };
    format!("{}{more}", few.join(" "))
}

/// Whether a MAIL that is missing, or is not there as a whole, may have asked for SMTPUTF8 at the
/// command that has a flaw.
fn may_have_asked(flawed: &Flawed<'_, '_>) -> bool {
    let Some(step) = flawed.step().filter(|step| step.verb() == Some(Verb::Rcpt)) else {
        return false;
    };
    let session = step.case.session;
    let message = step.exchange.message.and_then(|index| session.messages.get(index as usize));
    let mail = message.and_then(|message| step.case.mail(message));
    let is_there = mail.is_some_and(|mail| !mail.exchange.cut);
    !is_there && step.exchange.before.inferred
}

/// Whether the same line came before: a client says its name again after STARTTLS and RSET.
fn is_said(step: &Step<'_>) -> bool {
    let mut before = step.case.steps().take(step.index as usize);
    before.any(|one| one.exchange.request == step.exchange.request && one.line() == step.line())
}

/// Whether who saved the dialog has written over a name: `xx`, `XXX`. On the wire it is a name.
fn is_blotted(step: &Step<'_>, name: &[u8]) -> bool {
    let is_row = |letter: u8| name.iter().all(|&octet| octet == letter);
    let is_packets = step.case.session.opening.medium == Medium::Packets;
    !is_packets && name.len() > 1 && (is_row(b'x') || is_row(b'X'))
}
