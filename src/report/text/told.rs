//! What happened in a session → its JSON.

use super::{Room, Scribe, place};
use crate::report::events::{self, Event};
use crate::report::story;

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
    out.text(s.pen.story.as_bytes())
}

/// Writes what happened, event by event, as a field after others.
#[cold]
pub(super) fn events<'r>(out: Room<'r>, s: &mut Scribe<'_>) -> Room<'r> {
    let out = out.raw(r#","events":"#);
    out.list(&events::of(s.session), |out, one| event(out, s, one))
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
