//! Rules about command pipelining (RFC 2920).
//!
//! What a client could know is told by what it had acknowledged ([`Exchange::pipelined`]), never
//! by the order of the packets.

mod pipelining_after_barrier;
mod pipelining_data_before_354;
mod pipelining_desync;
mod pipelining_input_discarded;
mod pipelining_not_advertised;
mod pipelining_pending_excessive;
mod pipelining_reply_deficit;
mod pipelining_reply_surplus;
mod pipelining_status_unchecked;
mod pipelining_unused;

mod pipelining_group_exceeds_window;

use super::Rule;
use super::prelude::*;
use super::sequence::server_closed;
use crate::dialog::session::Unsolicited;
use crate::smtp::line::LineEnd;
use crate::smtp::reply::ReplyLine;

pub(super) use pipelining_data_before_354::is_sent_blindly;
pub(super) use pipelining_desync::shift;
pub(super) use pipelining_input_discarded::discarded;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &pipelining_after_barrier::RULE,
    &pipelining_data_before_354::RULE,
    &pipelining_desync::RULE,
    &pipelining_group_exceeds_window::RULE,
    &pipelining_input_discarded::RULE,
    &pipelining_not_advertised::RULE,
    &pipelining_pending_excessive::RULE,
    &pipelining_reply_deficit::RULE,
    &pipelining_reply_surplus::RULE,
    &pipelining_status_unchecked::RULE,
    &pipelining_unused::RULE,
];

/// A client that sends QUIT or RSET after so many seconds without a reply has given up. Where the
/// input has no times, it may have.
const GIVES_UP: i64 = 10;

/// What servers call the extension that lets a client go on before the reply to its EHLO (Exim's,
/// without an RFC).
const PIPE_CONNECT: [&str; 3] = ["PIPE_CONNECT", "PIPECONNECT", "X_PIPE_CONNECT"];

/// Whether the server permits commands before the EHLO reply.
fn has_pipe_connect(case: Case<'_>) -> bool {
    let offers =
        |hello| PIPE_CONNECT.iter().any(|name| Offered::By(case, hello).offer(name).is_some());
    case.session.hellos.iter().any(offers)
}

/// The command before `step`, if the client sent `step` although it had not seen the reply to that
/// command, which came, and it had not given up waiting.
fn hurried<'s>(step: &Step<'s>) -> Option<Step<'s>> {
    let one = step.exchange;
    if !one.pipelined || one.cut || one.before.inferred {
        return None;
    }
    let before = step.previous()?;
    let answer = before.answer().filter(|answer| {
        // 421 may cross anything.
        answer.code().is_some_and(|code| code != 421) && !answer.reply.cut
    })?;
    // The end of a reply that never ended cannot be waited for.
    let is_ended = answer.lines().last().is_some_and(|line| ReplyLine::parse(line).is_last());
    // The client may have seen the reply, and not what the server added to it.
    let is_crossed = step.case.session.unsolicited.iter().any(|one| one.after == step.index);
    let waited = one.asked.at.zip(before.exchange.asked.at).map(|(to, from)| to.since(from));
    let has_waited = waited.is_none_or(|waited| waited.nanos() >= GIVES_UP * 1_000_000_000);
    let ends = matches!(one.request, Request::Command(Verb::Quit | Verb::Rset));
    (is_ended && !is_crossed && !(ends && has_waited)).then_some(before)
}

/// Whether `step` is one of a group: commands that were sent without waiting for the replies
/// between. QUIT alone makes none: a client may give up waiting.
pub(super) fn is_in_group(step: &Step<'_>) -> bool {
    let is_quit = |step: &Step<'_>| step.exchange.request == Request::Command(Verb::Quit);
    let goes_on = || step.next().is_some_and(|next| next.exchange.pipelined && !is_quit(&next));
    !is_quit(step) && (step.exchange.pipelined || goes_on())
}

/// The group of `step`: the indices of its first command, and of the one behind its last.
fn group(step: &Step<'_>) -> (u32, u32) {
    let all = &step.case.session.exchanges;
    let is_early = |index: u32| all.get(index as usize).is_some_and(|one| one.pipelined);
    let first = (1..=step.index).rev().find(|&index| !is_early(index)).unwrap_or(0);
    let first = if is_early(step.index) { first } else { step.index };
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let end = (step.index + 1..count).find(|&index| !is_early(index)).unwrap_or(count);
    (first, end)
}

/// Whether the client sent `step` as a part of a message: behind an end of data that only a lenient
/// server sees. What is to be said of that, rules about smuggling say.
fn is_smuggled(step: &Step<'_>) -> bool {
    let (first, _) = group(step);
    let before = step.case.session.exchanges.get(first as usize..step.index as usize);
    before.is_some_and(|before| before.iter().any(is_loose_end))
}

/// Whether it is an end of data that only a lenient server sees.
fn is_loose_end(one: &Exchange) -> bool {
    one.request == Request::EndOfData && one.line_end != LineEnd::CrLf
}

/// Whether an unsolicited reply is one too many for a group of commands.
pub(super) fn is_surplus(case: Case<'_>, one: &Unsolicited) -> bool {
    let Some(last) = one.after.checked_sub(1).and_then(|last| case.step(last)) else {
        return false;
    };
    let is_other = match last.exchange.request {
        // The server may refuse content before it ends, or answer it for each recipient.
        Request::Command(Verb::Data) => last.code() == Some(354),
        Request::Command(Verb::Bdat | Verb::Starttls | Verb::Other) | Request::EndOfData => true,
        _ => false,
    };
    last.exchange.pipelined
        && last.exchange.reply.is_some()
        && !last.exchange.before.inferred
        && !is_other
        && one.reply.code.is_some_and(|code| code != 421)
        && !is_farewell(case, one)
}

/// Whether a reply may be what a server says that closes of its own accord, though not with 421.
fn is_farewell(case: Case<'_>, one: &Unsolicited) -> bool {
    let session = case.session;
    let is_last = one.after as usize == session.exchanges.len() && server_closed(session);
    one.reply.code.is_some_and(|code| code >= 400)
        && (is_last || says_silence(session.bytes(one.reply.text)))
}

/// Whether a reply's text says that the server's patience with a silent client has ended.
fn says_silence(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let says = |word: &&str| text.windows(word.len()).any(|part| part == word.as_bytes());
    SILENCE.iter().any(says)
}

/// What a server says whose patience with a silent client has ended.
const SILENCE: [&str; 4] = ["timeout", "timed out", "time out", "idle"];

/// Whether a reply stands with a command that the server threw away.
pub(super) fn is_of_discarded(answer: &Answer<'_>) -> bool {
    matches!(answer.of, Of::Exchange(index) if
        discarded(answer.case).is_some_and(|(_, lost, _)| lost.index == index))
}
