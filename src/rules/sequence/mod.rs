//! Rules about the order of commands and replies.

mod command_after_421;
mod command_after_quit;
mod command_after_refusal;
mod command_errors_excessive;
mod connection_kept_after_quit;
mod data_accepted_without_recipient;
mod data_before_rcpt;
mod data_without_valid_recipient;
mod ehlo_repeated;
mod etrn_in_transaction;
mod greeting_missing;
mod greeting_not_awaited;
mod helo_fallback_missing;
mod helo_missing;
mod helo_only;
mod invalid_transactions_repeated;
mod lmtp_on_smtp_port;
mod mail_loop_suspected;
mod mail_nested;
mod nonmail_commands_excessive;
mod noop_reply_invalid;
mod null_sender_rejected;
mod postmaster_rejected;
mod quit_missing;
mod quit_reply_invalid;
mod quit_reply_not_awaited;
mod rcpt_before_mail;
mod recipient_duplicate;
mod reply_missing;
mod reply_unexpected;
mod reply_unsolicited;
mod retry_after_permanent_failure;
mod rset_reply_invalid;
mod sequence_error_accepted;
mod server_closed_unannounced;
mod session_without_mail;
mod transaction_abandoned;
mod transaction_all_rejected;
mod turn_unauthenticated;

use super::Rule;
use super::prelude::*;
use crate::chunk::Shows;
use crate::time::Lapse;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &command_after_421::RULE,
    &command_after_quit::RULE,
    &command_after_refusal::RULE,
    &command_errors_excessive::RULE,
    &connection_kept_after_quit::RULE,
    &data_accepted_without_recipient::RULE,
    &data_before_rcpt::RULE,
    &data_without_valid_recipient::RULE,
    &ehlo_repeated::RULE,
    &etrn_in_transaction::RULE,
    &greeting_missing::RULE,
    &greeting_not_awaited::RULE,
    &helo_fallback_missing::RULE,
    &helo_missing::RULE,
    &helo_only::RULE,
    &invalid_transactions_repeated::RULE,
    &lmtp_on_smtp_port::RULE,
    &mail_loop_suspected::RULE,
    &mail_nested::RULE,
    &nonmail_commands_excessive::RULE,
    &noop_reply_invalid::RULE,
    &null_sender_rejected::RULE,
    &postmaster_rejected::RULE,
    &quit_missing::RULE,
    &quit_reply_invalid::RULE,
    &quit_reply_not_awaited::RULE,
    &rcpt_before_mail::RULE,
    &recipient_duplicate::RULE,
    &reply_missing::RULE,
    &reply_unexpected::RULE,
    &reply_unsolicited::RULE,
    &retry_after_permanent_failure::RULE,
    &rset_reply_invalid::RULE,
    &sequence_error_accepted::RULE,
    &server_closed_unannounced::RULE,
    &session_without_mail::RULE,
    &transaction_abandoned::RULE,
    &transaction_all_rejected::RULE,
    &turn_unauthenticated::RULE,
];

/// How long a client must wait for most replies, in minutes, and a server for a command
/// (RFC 5321 §4.5.3.2).
pub(in crate::rules) const PATIENCE: i64 = 5;

/// Whether a step begins a run of steps for which `is` holds, and how many it has.
fn run(step: &Step<'_>, is: impl Fn(&Step<'_>) -> bool) -> Option<usize> {
    let is_first = is(step) && !step.previous().is_some_and(|before| is(&before));
    is_first.then(|| step.case.steps().skip(step.index as usize).take_while(|one| is(one)).count())
}

/// ` (the first of n in a row)` where there are more of them.
fn times(count: usize) -> String {
    if count > 1 { format!(" (the first of {count} in a row)") } else { String::new() }
}

/// Whether each reply surely answers the command that it stands with: none is left over, and
/// nothing was lost and found.
pub(in crate::rules) fn is_paired(session: &Session) -> bool {
    session.unsolicited.is_empty()
        && session.resyncs.is_empty()
        && session.elided.unsolicited == 0
        && session.gaps.is_empty()
}

/// Whether the verb begins a mail transaction (RFC 5321 §4.1.4).
pub(in crate::rules) fn begins(verb: Verb) -> bool {
    matches!(verb, Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml)
}

/// Whether the verb is EHLO, HELO or LHLO.
fn is_hello(request: Request) -> bool {
    matches!(request, Request::Command(Verb::Ehlo | Verb::Helo | Verb::Lhlo))
}

/// Whether a reply of the session has this code.
fn has_code(case: Case<'_>, code: u16) -> bool {
    case.answers().any(|answer| answer.code() == Some(code))
}

/// Whether the server has said that it is going to close: with 421, or with 221, which some send
/// without a QUIT, or with 521, which says that the host serves no mail (RFC 7504).
pub(in crate::rules) fn announces_end(case: Case<'_>) -> bool {
    case.answers().any(|answer| matches!(answer.code(), Some(221 | 421 | 521)))
}

/// Whether the client had seen every reply before it sent a command.
pub(in crate::rules) fn is_informed(step: &Step<'_>) -> bool {
    let session = step.case.session;
    let is_early = step.index == 0 && session.early;
    !step.exchange.pipelined && !is_early && session.opening.shows.has(Shows::ORDER)
}

/// Whether a command's argument is empty.
fn is_bare(step: &Step<'_>) -> bool {
    step.command().argument.trim_ascii().is_empty()
}

/// Whether the server refused the session as such (RFC 5321 §3.1): then any command may get 503.
fn is_turned_away(session: &Session) -> bool {
    let code = session.greeting.as_ref().and_then(|greeting| greeting.code);
    code.is_some_and(|code| code >= 400)
}

/// Whether a reply's text, in any case, has one of `words`, which are in lower case.
fn mentions(answer: &Answer<'_>, words: &[&str]) -> bool {
    let text = answer.case.session.bytes(answer.reply.text).to_ascii_lowercase();
    let has = |word: &&str| text.windows(word.len()).any(|part| part == word.as_bytes());
    words.iter().any(has)
}

/// The first word of a reply's text: the server's name, in those that greet.
fn first_word<'s>(answer: &Answer<'s>) -> &'s [u8] {
    let text = answer.texts().next().unwrap_or_default().trim_ascii();
    text.split(|&octet| octet == b' ').next().unwrap_or_default()
}

/// Whether two mailboxes are the same: local parts to the letter, domains in any case.
fn is_same_mailbox(one: &[u8], other: &[u8]) -> bool {
    let at = |mailbox: &[u8]| mailbox.iter().rposition(|&octet| octet == b'@');
    one == other
        || one.eq_ignore_ascii_case(other)
            && at(one).is_some_and(|at| one.get(..at) == other.get(..at))
}

/// The command after which a RCPT or DATA is judged: the last one that begins or ends a
/// transaction. Only what is near is looked at.
pub(in crate::rules) fn governing<'s>(step: &Step<'s>) -> Option<Step<'s>> {
    let before = (0..step.index).rev().take(1000);
    before.filter_map(|index| step.case.step(index)).find(|one| match one.exchange.request {
        Request::Command(verb) => {
            begins(verb)
                || is_hello(one.exchange.request)
                || matches!(verb, Verb::Rset | Verb::Starttls | Verb::Bdat | Verb::Xclient)
        }
        Request::EndOfData => true,
        Request::AuthLine => false,
    })
}

/// Whether no RCPT came before a step in its transaction. A RCPT whose reply has no code is not
/// counted by the state, and was sent all the same.
pub(in crate::rules) fn is_without_rcpt(step: &Step<'_>) -> bool {
    if step.exchange.before.rcpt_sent > 0 {
        return false;
    }
    let last = governing(step).map_or(0, |last| last.index as usize);
    let since = step.case.session.exchanges.get(last..step.index as usize);
    let is_rcpt = |one: &Exchange| one.request == Request::Command(Verb::Rcpt);
    since.is_some_and(|since| !since.iter().any(is_rcpt))
}

/// Whether no MAIL is in force at a step, and a reply proves it.
fn has_no_mail(step: &Step<'_>) -> bool {
    let one = step.exchange;
    one.reply.is_some() && !one.before.mail && !one.before.inferred
}

/// Whether a client that left had waited so long for a reply that it was right to; `None` if the
/// input does not say.
pub(in crate::rules) fn waited(step: &Step<'_>) -> Option<Lapse> {
    let left = step.case.session.closing.as_ref()?.sides.client?;
    Some(left.mark.at?.since(step.exchange.asked.at?))
}

/// So many minutes.
pub(in crate::rules) fn minutes(count: i64) -> Lapse {
    Lapse::from_nanos(count * 60_000_000_000)
}

/// Whether the client closed first, in good order, as far as the input says.
pub(in crate::rules) fn client_closed(session: &Session) -> bool {
    session.end == End::ClientClosed
        && session.closing.as_ref().is_none_or(|closing| closing.first == Side::Client)
}

/// Whether the server closed first, in good order, as far as the input says.
pub(in crate::rules) fn server_closed(session: &Session) -> bool {
    session.end == End::ServerClosed
        && session.closing.as_ref().is_none_or(|closing| closing.first == Side::Server)
}

/// Whether the two sides changed their roles (TURN, ATRN).
fn has_turned(session: &Session) -> bool {
    session.exchanges.iter().any(|one| {
        let turns = matches!(one.request, Request::Command(Verb::Turn | Verb::Atrn));
        turns && one.reply.is_some_and(|reply| reply.code.is_some_and(|code| code < 400))
    })
}
