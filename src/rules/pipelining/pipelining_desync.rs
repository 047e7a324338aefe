use super::group;
use crate::dialog::session::Unsolicited;
use crate::place::Place;
use crate::rules::prelude::*;
use crate::smtp::extension::PIPELINING;

pub(super) const RULE: Rule = Rule {
    id: "pipelining-desync",
    category: Category::Pipelining,
    severity: Severity::Error,
    party: Party::Middlebox,
    needs: &[Need::Client, Need::Server, Need::Whole],
    rfc: Some("RFC 2920 §3.2"),
    title: "replies are out of step with the commands of a group",
    help: "look for what adds or swallows a reply: a filter, a proxy, or the server itself",
    explanation: "\
Clients match replies to commands by counting alone (RFC 2920 §3.1), and servers must answer in
order (§3.2). Here the replies do not fit the commands that they stand with, such as 250 to DATA,
354 to RCPT or 221 to the end of data, and do fit if they are counted one or two places on or
back: a reply was added or swallowed on the way. The client takes each for the answer to another
command; it may believe that a refused message was accepted, or send its content where the server
reads commands. Usual causes: a proxy or virus scanner between the two that answers some commands
itself, and a server that answers a command twice. Where the shift began cannot be told exactly, as
replies with the same code look alike: the earliest and the latest place are named.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
c> DATA
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 354 go on
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
c> DATA
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 250-2.1.5 ok
s< 250 2.1.5 ok
s< 354 go on
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::Unusual, check),
};

/// Replies of a session that fit its commands only when they are counted otherwise.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Shift {
    /// The first command whose reply does not fit it.
    at: u32,
    /// The first command from which on the other count fits as well.
    from: u32,
    /// Replies too many, if positive; else too few.
    by: i32,
    /// So many replies speak for it.
    weight: usize,
}

/// How a reply's code fits what it is the reply to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// Only what it stands with is answered so.
    Sure,
    /// It may be.
    May,
    /// It is answered so by no server.
    No,
}

/// So many commands behind the first misfit are looked at.
const AHEAD: usize = 50;

/// So many replies must speak for a shift that is certain.
const CERTAIN: usize = 3;

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(Shift { at, from, by, weight }) = shift(case) else { return Vec::new() };
    let (Some(step), Some(first)) = (case.step(at), case.step(from)) else { return Vec::new() };
    let Some(answer) = step.answer() else { return Vec::new() };
    let name = |step: &Step<'_>| match step.exchange.request {
        Request::EndOfData => "the end of data".to_owned(),
        _ => step.shown(),
    };
    let count = by.unsigned_abs();
    let text = format!(
        "{} stands where the reply to {} belongs; the replies fit if {count} {} at or after {}{}",
        answer.shown(),
        name(&step),
        if by > 0 { "was added" } else { "is missing" },
        name(&first),
        if from == at { String::new() } else { format!(" (exchange {from}) and before") }
    );
    let sure = if weight >= CERTAIN { Confidence::Certain } else { Confidence::Likely };
    vec![Hit::new(text).on_answer(&answer).sure(sure)]
}

/// How the replies of a session are out of step with its commands, if they are.
pub(in crate::rules) fn shift(case: Case<'_>) -> Option<Shift> {
    let session = case.session;
    let is_misfit = |step: &Step<'_>| own(step) == Fit::No;
    if !session.used.has(PIPELINING) {
        return None;
    }
    let wrong = case.steps().find(is_misfit)?;
    // A client that waits for each reply cannot get out of step unnoticed.
    let is_alone =
        !wrong.exchange.pipelined && !wrong.next().is_some_and(|next| next.exchange.pipelined);
    let is_open = session.tls.is_none() && session.protocol != Protocol::Lmtp;
    // A reply that came before the end of data is no reply that was lost.
    let is_early = |one: &Unsolicited| {
        let last = one.after.checked_sub(1).and_then(|last| case.step(last));
        last.is_some_and(|last| last.verb() == Some(Verb::Data) && last.code() == Some(354))
    };
    let is_open = is_open && !session.unsolicited.iter().any(is_early);
    if is_alone || !is_open || case.is_damaged() || session.elided_exchanges > 0 {
        return None;
    }
    // In the order in which they came.
    let mut replies: Vec<(Place, u32, u16, u32)> = Vec::new();
    for answer in case.answers() {
        let reply = answer.reply;
        replies.push((reply.begun.place, reply.text.at, reply.code?, reply.lines));
    }
    replies.sort_unstable();
    let own_reply = wrong.exchange.reply?;
    let place = (own_reply.begun.place, own_reply.text.at);
    let at = replies.iter().position(|&(begun, text, ..)| (begun, text) == place)?;
    let is_command = |step: &Step<'_>| step.verb() != Some(Verb::Other);
    let steps = case.steps().skip(wrong.index as usize).take_while(is_command).take(AHEAD);
    let steps: Vec<Step<'_>> = steps.collect();
    let fit_at = |step: &Step<'_>, place: Option<usize>| {
        let &(_, _, code, lines) = replies.get(place?)?;
        Some(fit(step.exchange.request, code, lines))
    };
    let misfits = steps.iter().filter(|step| own(step) == Fit::No).count();
    let hits = steps.iter().filter(|step| own(step) == Fit::Sure).count();
    [1_i32, -1, 2, -2].into_iter().find_map(|by| {
        let moved = |number: usize| at.checked_add(number)?.checked_add_signed(by as isize);
        // What is missing is the reply to the first of them.
        let skipped = usize::try_from(-by).unwrap_or(0);
        let mut sure = 0;
        for (number, step) in steps.iter().enumerate().skip(skipped) {
            match fit_at(step, moved(number)) {
                Some(Fit::No) => return None,
                Some(Fit::Sure) => sure += 1,
                Some(Fit::May) | None => {}
            }
        }
        let weight =
            (misfits + sure).checked_sub(hits).filter(|&weight| weight >= 2 && sure > 0)?;
        // A server that throws away what follows an error is another matter.
        let is_refused = |before: Step<'_>| before.is_refused();
        if by < 0 && wrong.exchange.pipelined && wrong.previous().is_some_and(is_refused) {
            return None;
        }
        let (first, _) = group(&wrong);
        let mut from = wrong.index;
        let mut place = at;
        while from > first
            && let Some(before) = case.step(from - 1)
            && let Some(earlier) = place.checked_sub(1)
            && fit_at(&before, earlier.checked_add_signed(by as isize)) != Some(Fit::No)
        {
            (from, place) = (before.index, earlier);
        }
        Some(Shift { at: wrong.index, from, by, weight })
    })
}

/// How a step's own reply fits it.
fn own(step: &Step<'_>) -> Fit {
    let reply = step.exchange.reply.as_ref();
    let code = reply.and_then(|reply| Some((reply.code?, reply.lines)));
    code.map_or(Fit::May, |(code, lines)| fit(step.exchange.request, code, lines))
}

/// How a reply with this code and so many lines fits `request`.
fn fit(request: Request, code: u16, lines: u32) -> Fit {
    let is = |verbs: &[Verb]| matches!(request, Request::Command(verb) if verbs.contains(&verb));
    let only = |verbs: &[Verb]| if is(verbs) { Fit::Sure } else { Fit::No };
    match code {
        _ if is(&[Verb::Other, Verb::Burl]) => Fit::May,
        354 => only(&[Verb::Data]),
        221 => only(&[Verb::Quit]),
        334 | 235 if request == Request::AuthLine => Fit::Sure,
        334 | 235 => only(&[Verb::Auth]),
        220 => only(&[Verb::Starttls, Verb::Xclient]),
        200..=299 if is(&[Verb::Data]) => Fit::No,
        250 if lines > 1 && is(&[Verb::Ehlo, Verb::Lhlo]) => Fit::Sure,
        _ => Fit::May,
    }
}
