//! An input, read on a thread of its own: its frames decoded and sorted by crew, or its
//! transcript audited.
//!
//! In: a [`Source`]. Out: [`Parcel`]s on a channel, within a budget of bytes.

use super::batch::{Fragment, Head, Item, Load, Pool};
use super::merge::Event;
use super::shard::Crew;
use super::source::{Begun, Source};
use super::{Facts, Noted, Options, Work};
use crate::capture::{self, Frame};
use crate::packet::{Decoder, Looked};
use crate::place::{Origin, Place};
use crate::recording::Traffic;
use crate::trouble::Trouble;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What a reader has made of a part of its input.
pub(super) enum Parcel<W: Work> {
    /// The input is a capture, and this is what comes next in it.
    Load(Load),
    /// The input is a transcript, and this has happened in it.
    Events(Vec<Event<W::Made>>),
    /// Nothing more comes: what was read, and what has worked on a transcript.
    End(Box<Facts>, Option<W>),
}

/// Bytes that may be on their way to whom they are for.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<(Mutex<usize>, Condvar)>, usize);

/// What all readers of a run share.
pub(super) struct Reading<W> {
    pub(super) options: Options,
    pub(super) crews: usize,
    pub(super) pool: Pool,
    pub(super) work: Arc<dyn Fn() -> W + Send + Sync>,
}

impl<W: Work> Reading<W> {
    /// Reads input `index` to its end, or until nobody takes its parcels any more.
    pub(super) fn read(
        &self,
        index: u32,
        source: Source,
        budget: &Budget,
        parcels: &SyncSender<Parcel<W>>,
    ) {
        let is_live = source.is_live();
        let end = match source.begin(index, &self.options) {
            Err(error) => Parcel::End(
                Box::new(Facts { error: Some(Arc::new(error)), ..Facts::default() }),
                None,
            ),
            Ok(Begun::Capture(mut reader)) => {
                let mut facts = Facts::default();
                self.capture(&mut reader, is_live, &mut facts, budget, parcels);
                facts.take_capture(&reader);
                Parcel::End(Box::new(facts), None)
            }
            Ok(Begun::Transcript(mut reader, dialect)) => {
                let mut facts = Facts::default();
                let mut crew = Crew::new(&self.options, 0, usize::MAX, (self.work)());
                let troubles = &mut facts.troubles;
                crew.transcript(&mut reader, index, Place::default(), troubles, &mut |events| {
                    let events = std::mem::take(events);
                    parcels.send(Parcel::Events(events)).is_ok() && !self.is_stopped()
                });
                if self.is_stopped() {
                    let origin = Origin { input: index, ..Origin::default() };
                    facts.troubles.add(Trouble::Interrupted, origin);
                }
                facts.take_transcript(&reader, dialect, &self.options);
                let (work, noted) = crew.finish();
                for (_, Noted { one_sided, across, .. }) in noted {
                    facts.one_sided.merge(one_sided);
                    facts.across.merge(across);
                }
                Parcel::End(Box::new(facts), Some(work))
            }
        };
        // Who is gone does not want it.
        let _ = parcels.send(end);
    }

    fn capture(
        &self,
        reader: &mut capture::Reader,
        is_live: bool,
        facts: &mut Facts,
        budget: &Budget,
        parcels: &SyncSender<Parcel<W>>,
    ) {
        let limits = &self.options.settings.limits;
        let decoder = Decoder::new(self.options.ports.clone(), limits);
        let mut load = Load::new(self.crews, 0, &self.pool);
        let mut origin = Origin::default();
        loop {
            let handed = load.frames;
            let mut is_held = false;
            reader.run(|frame| {
                origin = frame.origin;
                let item = item(&decoder, &frame, facts);
                is_held |= matches!(item, Item::Segment(_));
                load.push(origin.number, item);
                !load.is_due()
            });
            if is_held {
                reader.pin();
            }
            // What follows may have to be waited for.
            let is_dry = is_live && load.frames > handed && reader.is_dry();
            if !load.is_due() && !is_dry {
                let Some(frame) = reader.next(&mut facts.troubles) else { break };
                origin = frame.origin;
                let item = item(&decoder, &frame, facts);
                // If the buffer was used up, only this frame is in the next one.
                if let Some(block) = reader.retired(|| self.pool.block())
                    && !self.hand_on(&mut load, block, budget, parcels)
                {
                    return self.interrupted(origin, facts);
                }
                if matches!(item, Item::Segment(_)) {
                    reader.pin();
                }
                load.push(origin.number, item);
            }
            if load.is_due() || (is_live && reader.is_dry()) {
                reader.retire();
                let block = reader.retired(|| self.pool.block()).unwrap_or_default();
                if !self.hand_on(&mut load, block, budget, parcels) {
                    return self.interrupted(origin, facts);
                }
            }
        }
        reader.retire();
        let block = reader.retired(Vec::new).unwrap_or_default();
        self.hand_on(&mut load, block, budget, parcels);
    }

    /// Hands on `load`, whose payloads stand in `block`, once there is room for it, and begins
    /// the next; returns whether to go on.
    fn hand_on(
        &self,
        load: &mut Load,
        block: Vec<u8>,
        budget: &Budget,
        parcels: &SyncSender<Parcel<W>>,
    ) -> bool {
        let next = Load::new(self.crews, load.frames, &self.pool);
        let mut load = std::mem::replace(load, next);
        load.set_block(block);
        budget.take(load.bytes);
        parcels.send(Parcel::Load(load)).is_ok() && !self.is_stopped()
    }

    /// Says so, if the input was not read to its end because the run is to end.
    fn interrupted(&self, origin: Origin, facts: &mut Facts) {
        if self.is_stopped() {
            facts.troubles.add(Trouble::Interrupted, origin);
        }
    }

    /// Whether nothing more is to be read.
    fn is_stopped(&self) -> bool {
        self.options.stop.load(Ordering::Relaxed)
    }
}

/// What is to be done with `frame`.
#[inline]
fn item(decoder: &Decoder, frame: &Frame<'_>, facts: &mut Facts) -> Item {
    if frame.origin.number <= Traffic::PACKETS {
        facts.traffic.add(decoder.survey(frame));
    }
    match decoder.look(frame, &mut facts.troubles) {
        Looked::Segment(segment) => {
            facts.traffic.is_watched = true;
            Item::Segment(Head::of(&segment))
        }
        Looked::Fragment => Item::Fragment(Fragment::of(frame)),
        Looked::Nothing => Item::Nothing,
    }
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new((Mutex::new(0), Condvar::new())), bytes)
    }

    /// Waits until there is room for `bytes`, which may be more than there ever is: then until
    /// there is nothing else.
    fn take(&self, bytes: usize) {
        let (used, freed) = &*self.0;
        let mut used = used.lock().unwrap_or_else(PoisonError::into_inner);
        while *used > 0 && used.saturating_add(bytes) > self.1 {
            used = freed.wait(used).unwrap_or_else(PoisonError::into_inner);
        }
        *used = used.saturating_add(bytes);
    }

    /// Gives back what was taken.
    pub(super) fn give(&self, bytes: usize) {
        let (used, freed) = &*self.0;
        let mut used = used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_sub(bytes);
        freed.notify_one();
    }
}
