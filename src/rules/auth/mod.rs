//! Rules about authentication (RFC 4954, RFC 4422).

mod auth_before_ehlo;
mod auth_cancel_reply_invalid;
mod auth_cancelled;
mod auth_challenge_base64_invalid;
mod auth_cleartext_credentials;
mod auth_continuation_not_awaited;
mod auth_empty_response_form;
mod auth_external_without_tls;
mod auth_failed;
mod auth_failures_from_one_address;
mod auth_failures_repeated;
mod auth_in_transaction;
mod auth_initial_response_not_permitted;
mod auth_initial_response_too_long;
mod auth_line_too_long;
mod auth_mechanism_malformed;
mod auth_mechanism_not_offered;
mod auth_mechanism_switched_after_cancel;
mod auth_mechanism_weak;
mod auth_not_advertised;
mod auth_oauth_error_undelivered;
mod auth_plaintext_offered_in_clear;
mod auth_prompt_nonstandard;
mod auth_repeated;
mod auth_reply_unexpected;
mod auth_required;
mod auth_response_base64_invalid;

use super::Rule;
use super::prelude::*;
use crate::dialog::session::{Attempt, AuthFault, AuthWrong};
use crate::smtp::sasl::Fault;
pub(super) use auth_oauth_error_undelivered::is_oauth_error;
use std::ops::Range;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &auth_before_ehlo::RULE,
    &auth_cancel_reply_invalid::RULE,
    &auth_cancelled::RULE,
    &auth_challenge_base64_invalid::RULE,
    &auth_cleartext_credentials::RULE,
    &auth_continuation_not_awaited::RULE,
    &auth_empty_response_form::RULE,
    &auth_external_without_tls::RULE,
    &auth_failed::RULE,
    &auth_failures_from_one_address::RULE,
    &auth_failures_repeated::RULE,
    &auth_in_transaction::RULE,
    &auth_initial_response_not_permitted::RULE,
    &auth_initial_response_too_long::RULE,
    &auth_line_too_long::RULE,
    &auth_mechanism_malformed::RULE,
    &auth_mechanism_not_offered::RULE,
    &auth_mechanism_switched_after_cancel::RULE,
    &auth_mechanism_weak::RULE,
    &auth_not_advertised::RULE,
    &auth_oauth_error_undelivered::RULE,
    &auth_plaintext_offered_in_clear::RULE,
    &auth_prompt_nonstandard::RULE,
    &auth_repeated::RULE,
    &auth_reply_unexpected::RULE,
    &auth_required::RULE,
    &auth_response_base64_invalid::RULE,
];

/// The AUTH command.
const COMMAND: &[Request] = &[Request::Command(Verb::Auth)];

/// The lines behind it.
const LINE: &[Request] = &[Request::AuthLine];

/// Both.
const BOTH: &[Request] = &[Request::Command(Verb::Auth), Request::AuthLine];

/// Failures from which on a session or an address has repeated them.
const MANY: u32 = 3;

/// The AUTH commands of a session, those that were kept.
fn attempts(case: Case<'_>) -> &[Attempt] {
    case.session.auth.as_deref().map_or(&[], |auth| &auth.list)
}

/// The attempt that `index`, an exchange of AUTH, belongs to.
fn attempt_of(case: Case<'_>, index: u32) -> Option<&Attempt> {
    attempts(case).iter().rev().find(|one| one.exchange.is_some_and(|first| first <= index))
}

/// The exchanges of `attempt`: the command and the lines behind it.
fn steps_of<'s>(case: Case<'s>, attempt: &Attempt) -> impl Iterator<Item = Step<'s>> {
    let first = attempt.exchange.unwrap_or(u32::MAX);
    let is_part =
        move |step: &Step<'_>| step.index == first || step.exchange.request == Request::AuthLine;
    (first..u32::MAX).map_while(move |index| case.step(index)).take_while(is_part)
}

/// The mechanism of `attempt`, as the client wrote it.
fn mechanism<'s>(case: Case<'s>, attempt: &Attempt) -> &'s [u8] {
    case.session.bytes(attempt.mechanism)
}

/// Whether `attempt` is one of these mechanisms.
fn is_one_of(case: Case<'_>, attempt: &Attempt, names: &[&str]) -> bool {
    let own = mechanism(case, attempt);
    names.iter().any(|name| own.eq_ignore_ascii_case(name.as_bytes()))
}

/// What was wrong in the line of `step` when it was read, and where in it.
fn faults<'s>(step: &Step<'s>) -> impl Iterator<Item = (AuthWrong, Range<usize>)> + use<'s> {
    let (index, end) = (step.index, step.line().len());
    let all = step.case.session.auth.as_deref().map_or(&[][..], |auth| &auth.faults);
    let own = all.iter().filter(move |fault| fault.exchange == index);
    own.map(move |&AuthFault { at, what, .. }| (what, (at as usize).min(end)..end))
}

/// `fault` of a text of so many octets, in words that say nothing of the text.
fn in_words(fault: Fault, octets: u32) -> String {
    match fault {
        Fault::Letter(number) => format!("octet {number} of {octets} is no letter of base64"),
        Fault::Padding(number) => {
            format!(
                "the pad character stands where it must not, from octet {number} of {octets} on"
            )
        }
        Fault::Length(octets) => format!("it has {octets} octets, which is no multiple of 4"),
    }
}

/// Whether `step` was sent in clear where others can read it. What a transcript shows may have
/// been inside TLS: a server that offers STARTTLS is not.
fn is_in_clear(step: &Step<'_>) -> bool {
    let case = step.case;
    !step.exchange.before.tls
        && !is_on_loopback(case)
        && (case.is_packets() || step.offered().has("STARTTLS") == Some(true))
}

/// Whether both ends are on one host: nobody else is on the path.
fn is_on_loopback(case: Case<'_>) -> bool {
    let peers = case.session.opening.peers;
    peers.is_some_and(|peers| peers.client.ip().is_loopback() && peers.server.ip().is_loopback())
}
