//! Rules about time: who was slow, who gave up (RFC 5321 §4.5.3.2).

mod client_slow;
mod client_timeout_block_short;
mod client_timeout_data_short;
mod client_timeout_final_short;
mod client_timeout_greeting_short;
mod client_timeout_mail_short;
mod client_timeout_rcpt_short;
mod connect_refused;
mod connect_slow;
mod data_final_reply_late;
mod data_reply_late;
mod greeting_late;
mod mail_reply_late;
mod rcpt_reply_late;
mod reply_slow;
mod round_trips_excess;
mod server_timeout_short;
mod session_idle_close;
mod stall_after_final_dot;
mod stall_in_data;
mod stall_path_mtu;
mod stall_retransmission_timeout;
mod stall_zero_window;
mod tarpit_suspected;

use super::Rule;
use super::prelude::*;
use crate::dialog::session::{Mark, Reply};
use crate::time::{Lapse, Stamp};
use crate::timing::{DAY, RoundTrip, duration, greets_first, is_relayed, is_steady};
use std::iter;

pub(super) use client_timeout_final_short::is_final_too_short;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &client_slow::RULE,
    &client_timeout_block_short::RULE,
    &client_timeout_data_short::RULE,
    &client_timeout_final_short::RULE,
    &client_timeout_greeting_short::RULE,
    &client_timeout_mail_short::RULE,
    &client_timeout_rcpt_short::RULE,
    &connect_refused::RULE,
    &connect_slow::RULE,
    &data_final_reply_late::RULE,
    &data_reply_late::RULE,
    &greeting_late::RULE,
    &mail_reply_late::RULE,
    &rcpt_reply_late::RULE,
    &reply_slow::RULE,
    &round_trips_excess::RULE,
    &server_timeout_short::RULE,
    &session_idle_close::RULE,
    &stall_after_final_dot::RULE,
    &stall_in_data::RULE,
    &stall_path_mtu::RULE,
    &stall_retransmission_timeout::RULE,
    &stall_zero_window::RULE,
    &tarpit_suspected::RULE,
];

/// So many minutes.
const fn minutes(count: i64) -> Lapse {
    Lapse::from_nanos(count * 60_000_000_000)
}

/// How long a client must wait for the greeting (RFC 5321 §4.5.3.2.1).
const GREETING: Lapse = minutes(5);

/// For the reply to MAIL and RCPT (§4.5.3.2.2, §4.5.3.2.3), and a server for a command (§4.5.3.2.7).
const COMMAND: Lapse = minutes(5);

/// For the reply to DATA (§4.5.3.2.4).
const DATA: Lapse = minutes(2);

/// For the reply to the end of the data (§4.5.3.2.6).
const FINAL: Lapse = minutes(10);

/// As long as this no server should need for that reply.
const STALL: Lapse = minutes(1);

/// Who leaves sooner has not waited at all.
const AT_ONCE: Lapse = Lapse::from_nanos(1_000_000_000);

/// Whether a wait was longer than `budget`, and can have been one.
fn is_long(wait: Lapse, budget: Lapse) -> bool {
    wait > budget && wait < DAY
}

/// Where packets were sent again, the network may have taken of the time what a side is said to.
fn sure(case: Case<'_>) -> Confidence {
    let transport = case.session.transport.as_deref();
    let is_lossy = transport.is_some_and(|one| {
        one.retransmitted_bytes.client > 0 || one.retransmitted_bytes.server > 0
    });
    if is_lossy { Confidence::Likely } else { Confidence::Certain }
}

/// How long the server took to greet; unknown behind a relay, which had to connect to it first.
fn greeting_wait(session: &Session) -> Option<Lapse> {
    session.timing.greeting.filter(|_| !is_relayed(session))
}

/// How long the server took for a reply: since it had the command and had answered those before it,
/// less the way to it and back.
fn wait(step: &Step<'_>) -> Option<Lapse> {
    let one = step.exchange;
    let begun = one.reply.as_ref()?.begun.at?;
    let way = RoundTrip::of(step.case.session).server.unwrap_or_default();
    let all = begun.since(one.asked.at?).nanos().checked_sub(way.nanos())?;
    let before = step.previous().and_then(|before| before.exchange.reply.as_ref()?.ended());
    let since = before.map_or(i64::MAX, |before| begun.since(before).nanos());
    Some(Lapse::from_nanos(all.min(since).max(0))).filter(|_| !one.cut)
}

/// The reply to `name` came later than after `budget`.
fn late(step: &Step<'_>, budget: Lapse, name: &str) -> Option<Hit> {
    let took = wait(step).filter(|&took| is_long(took, budget))?;
    let answer = step.answer().filter(|_| is_steady(step.case.session))?;
    let text = format!(
        "the reply to {name} took {}; a client need not wait for more than {}",
        duration(took),
        long(budget)
    );
    Some(Hit::new(text).on_answer(&answer).sure(sure(step.case)))
}

/// Whether a step is the end of a message's content.
fn ends_message(step: &Step<'_>) -> bool {
    match step.exchange.request {
        Request::EndOfData => true,
        Request::Command(Verb::Bdat) => {
            let tail = step.line().trim_ascii_end().last_chunk::<4>();
            // Of a chunk that never came as a whole, the server waits for the rest.
            let own = step.exchange.message;
            let message = own.and_then(|own| step.case.session.messages.get(own as usize));
            let chunks = message.and_then(|message| message.chunks.as_deref());
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(b"LAST"))
                && chunks.is_none_or(|chunks| chunks.left == 0)
        }
        _ => false,
    }
}

/// A client that closed the connection while it waited.
struct GaveUp {
    /// The exchange for whose reply it waited; `None` for the greeting.
    index: Option<u32>,
    /// How long it had waited.
    waited: Lapse,
    /// When it left.
    left: Mark,
    /// The reply came so long after it had left.
    missed: Option<Lapse>,
}

/// Whether the client left while it waited for a reply, and for which. Packets prove that it closed
/// first, that it had not seen the reply, and that it did not just close its own half.
fn gave_up(case: Case<'_>) -> Option<GaveUp> {
    let session = case.session;
    let closing = session.closing.as_deref().filter(|closing| closing.first == Side::Client)?;
    let gone = closing.sides.client?;
    let is_other = session.tls.is_some() || case.is_damaged() || !session.resyncs.is_empty();
    // Of what came apart nobody knows what the client made of it.
    if is_other || !session.unsolicited.is_empty() {
        return None;
    }
    let at = gone.mark.at?;
    // Of several lines, the last may not have come.
    if session.greeting.as_ref().is_none_or(|reply| is_behind(reply, at) || reply.cut) {
        let connect = session.timing.connect.filter(|_| !is_relayed(session))?;
        let ready = session.opening.at?.after(connect);
        let is_gone = session.greeting.is_none_or(|reply| reply.cut) || gone.aborted;
        let is_gone = is_gone && greets_first(session);
        let one = GaveUp { index: None, waited: at.since(ready), left: gone.mark, missed: None };
        return Some(one).filter(|_| is_gone && is_steady(session));
    }
    let is_open =
        |step: &Step<'_>| step.exchange.reply.as_ref().is_none_or(|reply| is_behind(reply, at));
    let step = case.steps().find(is_open).filter(|_| gone.open)?;
    let one = step.exchange;
    let is_whole = !one.cut && one.line_end != LineEnd::None;
    let later = session.exchanges.iter().skip(step.index as usize);
    let mut later = later.map(|one| one.request);
    let quits = later.any(|request| request == Request::Command(Verb::Quit));
    if !is_whole || quits || one.before.closing || one.before.inferred {
        return None;
    }
    let waited = at.since(one.asked.at?);
    let missed = one.reply.as_ref().and_then(|reply| lateness(reply, at));
    let is_gone = one.reply.is_none() || gone.aborted;
    let is_so = is_gone && waited >= Lapse::default() && is_steady(session);
    is_so.then_some(GaveUp { index: Some(step.index), waited, left: gone.mark, missed })
}

/// Whether a reply began after `at`.
fn is_behind(reply: &Reply, at: Stamp) -> bool {
    reply.begun.at.is_none_or(|begun| begun > at)
}

/// How long after `at` a reply began.
fn lateness(reply: &Reply, at: Stamp) -> Option<Lapse> {
    reply.begun.at.map(|begun| begun.since(at))
}

/// The client left before the reply to the request for which `is_it` holds, and before `budget`
/// was over, which RFC 5321 gives in `section`.
fn too_soon(
    case: Case<'_>,
    budget: Lapse,
    section: &str,
    is_it: impl Fn(&Step<'_>) -> bool,
) -> Vec<Hit> {
    let gone = gave_up(case).filter(|gone| gone.waited < budget);
    let Some((gone, step)) = gone.and_then(|gone| {
        let step = case.step(gone.index?).filter(|step| is_it(step))?;
        Some((gone, step))
    }) else {
        return Vec::new();
    };
    let is_end = ends_message(&step);
    let name = match step.exchange.request {
        Request::EndOfData => "the end of the data".to_owned(),
        _ => step.shown(),
    };
    let then = match (gone.missed, is_end) {
        (Some(lapse), true) => format!(
            "; the server's {} came {} later, to nobody: the message may be sent again",
            step.answer().map_or_else(String::new, |answer| answer.shown()),
            duration(lapse)
        ),
        (Some(lapse), false) => format!("; the reply came {} later, to nobody", duration(lapse)),
        (None, true) => "; if the server took the message, it will come twice".to_owned(),
        (None, false) => String::new(),
    };
    let text = format!(
        "the client closed the connection {} after {name}, without its reply, for which RFC 5321 \
         §{section} asks it to wait {}{then}",
        duration(gone.waited),
        long(budget)
    );
    // Who leaves at once may have other reasons than impatience.
    let sure = if gone.waited < AT_ONCE { Confidence::Likely } else { sure(case) };
    vec![Hit::new(text).on(On::Command(step.index)).sure(sure)]
}

/// Shorter waits are not meant.
const WAIT: Lapse = Lapse::from_nanos(900_000_000);

/// Waits of a tarpit are alike and round to this.
const LIKE: Lapse = Lapse::from_nanos(100_000_000);

/// No more waits are looked at.
const WAITS: usize = 256;

/// A short reply that takes so long is sent letter by letter.
const DRAWN_OUT: Lapse = Lapse::from_nanos(5_000_000_000);

/// Whether the server seems to be a tarpit.
fn has_tarpit(case: Case<'_>) -> bool {
    tarpit(case).is_some()
}

/// What shows that the server delays on purpose.
fn tarpit(case: Case<'_>) -> Option<Hit> {
    let session = case.session;
    // Times of whole seconds make every wait a round one.
    if session.opening.digits < 3 || case.is_damaged() || !is_steady(session) {
        return None;
    }
    let transport = session.transport.as_deref();
    // What was lost is sent again after round times, too.
    if sure(case) != Confidence::Certain || transport.is_some_and(|one| one.out_of_order.server > 0)
    {
        return None;
    }
    let is_drawn_out = |answer: &Answer<'_>| {
        let reply = answer.reply;
        let is_short = reply.text.len <= 512 && !reply.cut;
        let took = reply.took.lapse();
        // A reply before its command is a capture that reorders packets.
        let asked = answer.step().and_then(|step| step.exchange.asked.at);
        let is_behind = asked.is_none_or(|asked| reply.begun.at >= Some(asked));
        took >= DRAWN_OUT && took < DAY && is_short && is_behind
    };
    if let Some(answer) = case.answers().find(is_drawn_out) {
        let (octets, took) = (answer.reply.text.len, answer.reply.took.lapse());
        let text = format!("a reply of {octets} octets was drawn out over {}", duration(took));
        return Some(Hit::new(text).on_answer(&answer).sure(Confidence::Likely));
    }
    let greeting = iter::once_with(|| greeting_wait(session).zip(case.greeting())).flatten();
    let replies = || case.steps().filter_map(|step| Some((wait(&step)?, step.answer()?)));
    // A path that takes as long would look the same.
    let is_quick = |took: Lapse| took < WAIT;
    if RoundTrip::of(session).server.is_none() && !replies().any(|(took, _)| is_quick(took)) {
        return None;
    }
    let mut waits: Vec<(Lapse, Answer<'_>)> =
        greeting.chain(replies()).filter(|(took, _)| *took >= WAIT).take(WAITS).collect();
    let first = waits.first().map(|(_, answer)| *answer)?;
    waits.sort_by_key(|(took, _)| *took);
    let (least, most) = (waits.first()?.0, waits.last()?.0);
    // The nearest multiple of half a second.
    let half = 500_000_000;
    let round = (least.nanos() + half / 2) / half * half;
    let is_near = |lapse: Lapse| (lapse.nanos() - round).abs() <= LIKE.nanos();
    let is_so = waits.len() >= 3 && is_near(least) && is_near(most);
    is_so.then(|| {
        let text = format!(
            "{} replies were each {} late, to a tenth of a second: a delay that seems to be meant",
            waits.len(),
            duration(Lapse::from_nanos(round))
        );
        Hit::new(text).on_answer(&first).sure(Confidence::Likely)
    })
}

/// A budget for a person.
fn long(budget: Lapse) -> String {
    format!("{} minutes", budget.nanos() / minutes(1).nanos())
}

/// A short time for a person.
fn short(lapse: Lapse) -> String {
    let micros = lapse.micros();
    if micros < 10_000 { format!("{micros} µs") } else { duration(lapse) }
}
