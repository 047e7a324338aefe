//! Rules about STARTTLS and TLS (RFC 3207, RFC 8314).

mod cleartext_on_implicit_tls_port;
mod implicit_tls_on_starttls_port;
mod starttls_cleartext_continued;
mod starttls_ehlo_missing;
mod starttls_gate_violated;
mod starttls_greeting_after_tls;
mod starttls_handshake_failed;
mod starttls_in_transaction;
mod starttls_injection_client;
mod starttls_injection_honoured;
mod starttls_injection_server;
mod starttls_no_handshake;
mod starttls_not_advertised;
mod starttls_offered_unused;
mod starttls_plaintext_follows;
mod starttls_rejected;
mod starttls_repeated;
mod starttls_state_retained;
mod starttls_stripped_across_sessions;
mod starttls_stripped_suspected;
mod submission_without_tls;
mod tls_certificate_problem;
mod tls_sni_missing;
mod tls_truncation;
mod tls_undecrypted;
mod tls_version_obsolete;

use super::Rule;
use super::case::{Case, Step};
use crate::dialog::session::{Request, Session, Tls};
use crate::smtp::command::Verb;

pub(super) use implicit_tls_on_starttls_port::is_expected_in_clear;
pub(super) use starttls_gate_violated::is_gate;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &cleartext_on_implicit_tls_port::RULE,
    &implicit_tls_on_starttls_port::RULE,
    &starttls_cleartext_continued::RULE,
    &starttls_ehlo_missing::RULE,
    &starttls_gate_violated::RULE,
    &starttls_greeting_after_tls::RULE,
    &starttls_handshake_failed::RULE,
    &starttls_in_transaction::RULE,
    &starttls_injection_client::RULE,
    &starttls_injection_honoured::RULE,
    &starttls_injection_server::RULE,
    &starttls_no_handshake::RULE,
    &starttls_not_advertised::RULE,
    &starttls_offered_unused::RULE,
    &starttls_plaintext_follows::RULE,
    &starttls_rejected::RULE,
    &starttls_repeated::RULE,
    &starttls_state_retained::RULE,
    &starttls_stripped_across_sessions::RULE,
    &starttls_stripped_suspected::RULE,
    &submission_without_tls::RULE,
    &tls_certificate_problem::RULE,
    &tls_sni_missing::RULE,
    &tls_truncation::RULE,
    &tls_undecrypted::RULE,
    &tls_version_obsolete::RULE,
];

/// The requests of most of these rules.
const STARTTLS: &[Request] = &[Request::Command(Verb::Starttls)];

/// Whether `step` is a STARTTLS to which the server agreed, in clear.
fn is_agreed(step: &Step<'_>) -> bool {
    let before = step.exchange.before;
    step.is_accepted() && !before.tls && !before.inferred
}

/// The TLS that `step`, a STARTTLS, began.
fn begun<'s>(step: &Step<'s>) -> Option<&'s Tls> {
    step.case.session.tls.as_deref().filter(|tls| !tls.implicit)
}

/// What the client sent after `step` and before any TLS.
fn behind<'s>(step: &Step<'s>) -> impl Iterator<Item = Step<'s>> + use<'s> {
    let index = step.index;
    step.case.steps().skip(index as usize + 1)
}

/// Whether a line is text, and not an old TLS hello (of `SSLv2`) or other octets.
fn is_text(step: &Step<'_>) -> bool {
    let is_text = |octet: &u8| octet.is_ascii_graphic() || octet.is_ascii_whitespace();
    step.line().first().is_none_or(is_text)
}

/// Whether client and server are on one machine.
fn is_local(case: Case<'_>) -> bool {
    let peers = case.session.opening.peers;
    peers.is_some_and(|peers| {
        let (client, server) = (peers.client.ip(), peers.server.ip());
        client == server || server.is_loopback()
    })
}

/// The server's port, if the input says.
fn port(session: &Session) -> Option<u16> {
    session.opening.peers.map(|peers| peers.server.port())
}
