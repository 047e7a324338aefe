//! A run on one thread: every frame goes from the file's buffer straight to its session.

use super::merge::{Done, Merger};
use super::shard::{Crew, closing_rounds};
use super::source::{Begun, Source, kind};
use super::{Facts, Options, Outcome, Work, settle_facts};
use crate::capture::{self, Frame};
use crate::packet::{Decoder, Looked, Segment};
use crate::place::{Origin, Place};
use crate::trouble::{Trouble, Troubles};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Frames after which what has happened is put in order.
const ROUND: u64 = 1024;

struct Inline<'a, W: Work, D: FnMut(Done<W::Made>)> {
    options: &'a Options,
    crew: Crew<W>,
    decoder: Decoder,
    merger: Merger<W::Made>,
    deliver: D,
    /// Frames of all captures so far.
    frames: u64,
}

/// Reads all `sources`, one after the other.
pub(super) fn run<W: Work>(
    options: &Options,
    sources: Vec<Source>,
    work: W,
    deliver: impl FnMut(Done<W::Made>),
) -> Outcome<W> {
    let mut run = Inline {
        options,
        crew: Crew::new(options, 0, 1, work),
        decoder: Decoder::new(options.ports.clone(), &options.settings.limits),
        merger: Merger::new(),
        deliver,
        frames: 0,
    };
    let mut facts: Vec<Facts> =
        (0..).zip(sources).map(|(index, source)| run.input(index, source)).collect();
    run.close();
    let Inline { crew, mut decoder, merger, .. } = run;
    let (work, troubles) = crew.finish();
    settle_facts(&mut facts, &mut decoder, &troubles, &merger);
    Outcome { facts, workers: vec![work] }
}

impl<W: Work, D: FnMut(Done<W::Made>)> Inline<'_, W, D> {
    fn input(&mut self, index: u32, source: Source) -> Facts {
        let mut facts = Facts::default();
        if self.is_stopped() {
            facts.troubles.add(Trouble::Interrupted, Origin { input: index, ..Origin::default() });
            return facts;
        }
        match source.begin(index, self.options) {
            Err(error) => facts.error = Some(Arc::new(error)),
            Ok(Begun::Capture(mut reader)) => {
                self.capture(&mut reader, index, &mut facts.troubles);
                facts.kind = Some(kind(&reader));
                facts.bytes = reader.bytes();
                facts.packets = reader.packets();
            }
            Ok(Begun::Transcript(mut reader, dialect)) => {
                let now = Place::new(self.frames);
                let Self { crew, merger, deliver, options, .. } = self;
                crew.transcript(&mut reader, index, now, &mut facts.troubles, &mut |events| {
                    merger.round(events, now, deliver);
                    !options.stop.load(Ordering::Relaxed)
                });
                facts.kind = Some("transcript");
                facts.dialect = Some(dialect.name());
                facts.bytes = reader.bytes();
            }
        }
        facts
    }

    fn capture(&mut self, reader: &mut capture::Reader, index: u32, troubles: &mut Troubles) {
        let before = self.frames;
        self.crew.begin(before, index);
        let mut next = ROUND;
        loop {
            let mut reached = None;
            // What nearly all frames are is put together nowhere in memory.
            reader.run(|frame| {
                self.frames = before + frame.origin.number;
                match self.decoder.glance(&frame) {
                    Some(Looked::Segment(segment)) => {
                        self.crew.push(&Segment { place: Place::new(self.frames), ..segment });
                    }
                    Some(_) => {}
                    None => self.unusual(frame, troubles),
                }
                let go_on = frame.origin.number < next;
                if !go_on {
                    reached = Some(frame.origin);
                }
                go_on
            });
            if reached.is_none() {
                let Some(frame) = reader.next(troubles) else { break };
                self.frames = before + frame.origin.number;
                self.unusual(frame, troubles);
                reached = Some(frame.origin).filter(|origin| origin.number >= next);
            }
            if let Some(origin) = reached {
                next = origin.number + ROUND;
                self.round();
                if self.is_stopped() {
                    troubles.add(Trouble::Interrupted, origin);
                    break;
                }
            }
        }
        self.round();
    }

    /// Takes the frame at hand, whatever it is.
    #[inline(never)]
    fn unusual(&mut self, frame: Frame<'_>, troubles: &mut Troubles) {
        if let Some(segment) = self.decoder.decode(&frame, troubles) {
            self.crew.push(&Segment { place: Place::new(self.frames), ..segment });
        }
    }

    /// Brings what has happened so far into order.
    fn round(&mut self) {
        let now = Place::new(self.frames);
        self.crew.settle(now);
        self.merger.round(self.crew.events(), now, &mut self.deliver);
    }

    fn close(&mut self) {
        let end = Place::new(self.frames + 1);
        for (from, until) in closing_rounds(self.crew.open(), end) {
            self.crew.close(from, until, end);
            self.merger.round(self.crew.events(), end, &mut self.deliver);
        }
        self.merger.finish(&mut self.deliver);
    }

    fn is_stopped(&self) -> bool {
        self.options.stop.load(Ordering::Relaxed)
    }
}
