//! The reader where the text is another tool's log.

use super::{Event, Reader, Span, chunk};
use crate::chunk::{Chunk, Open, Side, What};
use crate::limits::Limits;
use crate::place::Origin;
use crate::recording::Times;
use crate::transcript::foreign::{self, Happens, Hub, Out, Peel, ReadLines, Ready};
use crate::transcript::{Dialect, is_blank};
use crate::trouble::{Trouble, Troubles};

/// What reads the lines of another tool's log.
pub(super) struct Log {
    peel: Peel,
    lines: Box<dyn ReadLines>,
    hub: Hub,
}

impl Log {
    pub(super) fn new(dialect: Dialect, limits: &Limits) -> Option<Self> {
        let Dialect::Foreign(found) = dialect else { return None };
        let dialect: &'static foreign::Foreign = found.dialect()?;
        Some(Self { peel: found.peel, lines: (dialect.reader)(), hub: Hub::new(dialect, limits) })
    }
}

impl Reader {
    /// [`Reader::next`] of a log.
    pub(super) fn next_of_log(&mut self, troubles: &mut Troubles) -> Option<(u32, Event<'_>)> {
        let Ready { session, what } = loop {
            if let Some(ready) = self.log.as_mut()?.hub.pop() {
                break ready;
            }
            if self.ended {
                return None;
            }
            self.advance(troubles);
            if self.ended {
                self.end_log(troubles);
            }
        };
        let event = match what {
            Happens::Begin(opening) => Event::Begin(opening),
            Happens::Midstream(place) => {
                let what = What::Open(Open::Late);
                Event::Chunk(Chunk { what, ..chunk(Side::Client, place) })
            }
            Happens::Line { side, at, place, text } => {
                self.text = text;
                let what = What::Data(&self.text);
                Event::Chunk(Chunk { side, at, place, seen: None, what })
            }
            Happens::Masked => Event::Masked { bytes: None },
            Happens::Elided { at, place, bytes } => {
                Event::Chunk(Chunk { at, what: What::Elided(bytes), ..chunk(Side::Client, place) })
            }
            Happens::End(ending) => Event::End(ending),
        };
        Some((session, event))
    }

    /// A line of another tool's log.
    pub(super) fn log_line(&mut self, span: Span, troubles: &mut Troubles) {
        let Some(log) = &mut self.log else { return };
        let line = self.input.data().get(..span.text).unwrap_or_default();
        let mut out = Out::new(&mut log.hub, self.lines);
        let peeled = log.peel.line(line);
        let is_blank = peeled.as_ref().is_none_or(|line| is_blank(line));
        if let Some(line) = peeled {
            log.lines.line(&line, &mut out);
        }
        if !out.is_used() && !is_blank {
            troubles.add(Trouble::SkippedLine, self.origin(0));
        }
        self.facts = self.log.as_ref().map(|log| log.hub.facts).unwrap_or_default();
        self.skip(span);
    }

    /// The log is over.
    fn end_log(&mut self, troubles: &mut Troubles) {
        let origin = self.origin(0);
        let Some(log) = &mut self.log else { return };
        log.lines.end(&mut Out::new(&mut log.hub, self.lines));
        log.hub.finish();
        if log.hub.evicted > 0 {
            troubles.add_many(Trouble::EvictedSession, log.hub.evicted, origin);
        }
        for (trouble, Times { times, first }) in [
            (Trouble::UndatedTime, log.hub.undated),
            (Trouble::UnzonedTime, log.hub.unzoned),
            (Trouble::CoarseTime, log.hub.coarse),
        ] {
            troubles.add_many(trouble, times, Origin { number: first, ..origin });
        }
        self.facts = log.hub.facts;
    }
}
