//! The inputs of a run, one after the other, read for the connections of one crew: every frame
//! goes from the file's buffer straight to its session.
//!
//! In: [`Source`]s. Out: what has happened, in rounds that are the same for every crew.

use super::Work;
use super::ahead::Ahead;
use super::merge::Event;
use super::shard::{Crew, Spot};
use super::source::{Begun, Source};
use super::{Facts, Options};
use crate::capture::{self, Frame};
use crate::packet::{Decoder, Plain, Segment};
use crate::place::{Origin, Place};
use crate::recording::Traffic;
use crate::trouble::{Trouble, Troubles};
use std::sync::Arc;

/// Frames after which what has happened is put in order.
const ROUND: u64 = 2048;

/// Connections that are so many that those of the next segments are not in the cache.
const CROWD: usize = 2048;

/// What has happened in a part of the run.
pub(super) struct Step<'a, M> {
    pub(super) events: &'a mut Vec<Event<M>>,
    /// All of it, up to here.
    pub(super) until: Place,
    pub(super) what: Part,
}

/// What a part of the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A round: each crew has the same.
    Round,
    /// The last one of an input.
    Last,
    /// A session of a transcript, which only one crew reads.
    Session,
}

/// Takes what has happened; says whether to go on.
pub(super) type Tell<'a, M> = dyn FnMut(Step<'_, M>) -> bool + 'a;

/// Reads inputs for a crew.
pub(super) struct Walk<'a, W: Work> {
    options: &'a Options,
    pub(super) crew: Crew<W>,
    pub(super) decoder: Decoder,
    /// Its number among so many crews.
    turn: (usize, usize),
    /// Frames of all captures so far.
    frames: u64,
    /// Nothing more is to be read.
    is_over: bool,
}

impl<'a, W: Work> Walk<'a, W> {
    /// A walk for crew `number` of `crews`.
    pub(super) fn new(options: &'a Options, (number, crews): (usize, usize), work: W) -> Self {
        Self {
            options,
            crew: Crew::new(options, number, crews, work),
            decoder: Decoder::new(options.ports.clone(), &options.settings.limits),
            turn: (number, crews),
            frames: 0,
            is_over: false,
        }
    }

    /// Reads all `sources`; what is known of each.
    pub(super) fn all(
        &mut self,
        sources: impl IntoIterator<Item = Source>,
        tell: &mut Tell<'_, W::Made>,
    ) -> Vec<Facts> {
        (0..).zip(sources).map(|(index, source)| self.input(index, source, tell)).collect()
    }

    /// A place after all frames.
    pub(super) fn end(&self) -> Place {
        Place::new(self.frames + 1)
    }

    fn input(&mut self, index: u32, source: Source, tell: &mut Tell<'_, W::Made>) -> Facts {
        let mut facts = Facts::default();
        if self.is_over {
            facts.troubles.add(Trouble::Interrupted, Origin { input: index, ..Origin::default() });
            return facts;
        }
        match source.begin(index, self.options) {
            Err(error) => facts.error = Some(Arc::new(error)),
            Ok(Begun::Capture(mut reader)) => {
                self.capture(&mut reader, index, &mut facts, tell);
                facts.take_capture(&reader);
            }
            Ok(Begun::Transcript(mut reader, dialect)) => {
                let (number, crews) = self.turn;
                let now = Place::new(self.frames);
                if index as usize % crews == number {
                    let mut is_over = false;
                    self.crew.transcript(
                        &mut reader,
                        index,
                        now,
                        &mut facts.troubles,
                        &mut |events| {
                            is_over = !tell(Step { events, until: now, what: Part::Session });
                            !is_over
                        },
                    );
                    if is_over {
                        let origin = Origin { input: index, ..Origin::default() };
                        facts.troubles.add(Trouble::Interrupted, origin);
                    }
                    facts.take_transcript(&reader, dialect, self.options);
                }
                self.round(Part::Last, tell);
            }
        }
        facts
    }

    fn capture(
        &mut self,
        reader: &mut capture::Reader,
        index: u32,
        facts: &mut Facts,
        tell: &mut Tell<'_, W::Made>,
    ) {
        let Facts { troubles, traffic, .. } = facts;
        let before = self.frames;
        self.crew.begin(before, index);
        let mut next = ROUND;
        loop {
            let mut reached = None;
            let is_crowded = self.crew.connections() > CROWD;
            let mut ahead = Ahead::default();
            // What nearly all frames are is put together nowhere in memory.
            reader.run(|frame| {
                let number = frame.origin.number;
                if number <= Traffic::PACKETS {
                    traffic.add(self.decoder.survey(&Frame { ..frame }));
                }
                if let Some(plain) = Plain::of(&frame) {
                    if self.decoder.watches(&plain) {
                        traffic.is_watched = true;
                        let (flow, place) = (plain.flow(), Place::new(before + number));
                        let home = self.crew.home(&flow.0);
                        if home.is_here() && is_crowded {
                            let segment = plain.segment(flow, &frame, place);
                            ahead.add(&flow.0, segment, &mut self.crew, push_near);
                        } else if home.is_here() {
                            self.crew.push_to(home, &plain.segment(flow, &frame, place));
                        }
                    }
                } else {
                    ahead.finish(&mut self.crew, push_near);
                    self.frames = before + number;
                    traffic.is_watched |= self.unusual(Frame { ..frame }, troubles);
                }
                let go_on = number < next;
                if !go_on {
                    reached = Some(frame.origin);
                }
                go_on
            });
            ahead.finish(&mut self.crew, push_near);
            self.frames = before + reader.packets();
            if reached.is_none() {
                let Some(frame) = reader.next(troubles) else { break };
                self.frames = before + frame.origin.number;
                if frame.origin.number <= Traffic::PACKETS {
                    traffic.add(self.decoder.survey(&frame));
                }
                traffic.is_watched |= self.unusual(frame, troubles);
                reached = Some(frame.origin).filter(|origin| origin.number >= next);
            }
            if let Some(origin) = reached {
                next = origin.number + ROUND;
                if !self.round(Part::Round, tell) {
                    troubles.add(Trouble::Interrupted, origin);
                    return;
                }
            }
        }
        self.round(Part::Last, tell);
    }

    /// Takes the frame at hand, whatever it is; returns whether it is a segment.
    #[inline(never)]
    fn unusual(&mut self, frame: Frame<'_>, troubles: &mut Troubles) -> bool {
        let Some(segment) = self.decoder.decode(&frame, troubles) else { return false };
        self.crew.push(&Segment { place: Place::new(self.frames), ..segment });
        true
    }

    /// Tells what has happened so far; returns whether to go on.
    fn round(&mut self, what: Part, tell: &mut Tell<'_, W::Made>) -> bool {
        let until = Place::new(self.frames);
        self.crew.settle(until);
        self.is_over |= !tell(Step { events: self.crew.events(), until, what });
        !self.is_over
    }
}

fn push_near<W: Work>(crew: &mut Crew<W>, spot: Spot, segment: Segment<'_>) {
    crew.push_near(spot, &segment);
}
