//! What happened in a session → its JSON.

use super::{Room, Scribe, fill, judged_not, place};
use crate::report::events::{self, Event};
use crate::report::story;
use crate::rules::NotJudged;
use std::ptr;

/// Writes what happened, in a sentence.
#[inline]
pub(super) fn story<'r>(out: Room<'r>, s: &mut Scribe<'_>) -> Room<'r> {
    match story::usual(s.session, s.is_calm) {
        Some(usual) => out.name(usual),
        None => other_story(out, s),
    }
}

#[inline(never)]
fn other_story<'r>(out: Room<'r>, s: &mut Scribe<'_>) -> Room<'r> {
    s.pen.story.clear();
    story::tell_of(&mut s.pen.story, s.session, &s.timings.stalls, s.is_calm);
    // No word of a peer is in it.
    out.name(&s.pen.story)
}

/// Writes what happened, event by event, as a field after others.
#[cold]
pub(super) fn events<'r>(out: Room<'r>, s: &mut Scribe<'_>) -> Room<'r> {
    let out = out.raw(r#","events":"#);
    out.list(&events::of(s.session), |out, one| event(out, s, one))
}

/// The last long list of rules that could not be judged, and its JSON: where there is one, many
/// sessions have the same.
#[derive(Debug, Default)]
pub(super) struct Unjudged {
    list: Vec<NotJudged>,
    memory: Vec<u8>,
    end: usize,
}

/// Rules of a list that is long.
const LONG: usize = 16;

/// Writes what could not be judged.
pub(super) fn unjudged<'r>(
    out: Room<'r>,
    known: &mut Unjudged,
    not_judged: &[NotJudged],
) -> Room<'r> {
    if not_judged.len() < LONG {
        return out.list(not_judged, judged_not);
    }
    // As texts of ours, the same ones lie at the same place.
    let is_same = |(one, other): (&NotJudged, &NotJudged)| {
        ptr::eq(one.rule, other.rule) && ptr::eq(one.why, other.why)
    };
    let is_known =
        known.list.len() == not_judged.len() && known.list.iter().zip(not_judged).all(is_same);
    if !is_known {
        known.end = fill(&mut known.memory, 0, |out| out.list(not_judged, judged_not));
        not_judged.clone_into(&mut known.list);
    }
    out.bytes(known.memory.get(..known.end).unwrap_or_default())
}

fn event<'r>(out: Room<'r>, s: &mut Scribe<'_>, event: &Event) -> Room<'r> {
    object!(out,
        "event": out.name(event.name),
        ..s.time(out, "at", event.mark.at),
        ..place(out, s.view.place(event.mark)),
        "delta_us": out.lapse(event.delta),
        "exchange": option(event.exchange, Room::number),
        "code": out.code(event.code),
    )
}
