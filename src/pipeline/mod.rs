//! The stages joined: inputs → capture or transcript → dialogs → sessions and findings.
//!
//! In: inputs, in order. Out: what a [`Work`] makes of each session, as it ends, numbered by its
//! first packet, and facts about each input. Knows no output format.
//!
//! **The same bytes give the same output**, for any number of threads and however a capture is
//! cut into files: captures given one after the other are one stream of frames; connections fall
//! into a fixed number of shards, each with its share of the bounds; and what the shards say is
//! put in order by frame.

mod merge;
mod shard;
mod source;

use crate::dialog::Settings;
use crate::dialog::session::Session;
use crate::error::Error;
use crate::packet::Decoder;
use crate::place::{Place, Places, Slot};
use crate::ports::Ports;
use crate::rules::{Finding, NotJudged};
use crate::transcript::Dialect;
use crate::trouble::{Trouble, Troubles};
use merge::Merger;
use shard::Crew;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

pub use merge::Done;
pub use source::Source;

/// How a run is to be done.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bounds, and whether to keep credentials.
    pub settings: Arc<Settings>,
    /// Which ports are watched.
    pub ports: Ports,
    /// How to read transcripts, where it is not to be told from their content.
    pub dialect: Option<Dialect>,
    /// Write each session as a transcript, too.
    pub transcript: Option<Transcript>,
}

/// How sessions are written as transcripts.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// With a column of times.
    pub timestamps: bool,
    /// Takes the text of sessions that grow long, so that none is held in memory.
    pub overflow: Overflow,
}

/// Takes pieces of a session's transcript before the session ends, by [`Audited::slot`].
#[derive(Clone)]
pub struct Overflow(pub Arc<Mutex<TakePiece>>);

/// Takes a piece of the session in a slot.
pub type TakePiece = dyn FnMut(Slot, &[u8]) + Send;

/// A session with what the rules say of it.
#[derive(Debug)]
pub struct Audited {
    /// The session.
    pub session: Session,
    /// Orders sessions as their numbers do, and is known before those.
    pub slot: Slot,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub not_judged: Vec<NotJudged>,
    /// The (rest of the) session's transcript, if asked for.
    pub transcript: Option<Vec<u8>>,
}

/// Makes something of sessions; one for each thread.
pub trait Work: Send {
    /// What it makes of one session.
    type Made: Send;

    /// Takes a session that has ended. `places` tells where in the inputs its places lie.
    fn session(&mut self, audited: Audited, places: &Places) -> Self::Made;
}

/// What was read of an input.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `pcap`, `pcapng` or `transcript`.
    pub kind: Option<&'static str>,
    /// How a transcript was read.
    pub dialect: Option<&'static str>,
    /// Bytes, decompressed.
    pub bytes: u64,
    /// Packets of a capture.
    pub packets: u64,
    /// Sessions that begin in it.
    pub sessions: u64,
    /// What is wrong with it.
    pub troubles: Troubles,
    /// Why it could not be read at all.
    pub error: Option<Arc<Error>>,
}

/// Takes what was made of sessions, as they end; breaks where nobody wants any more.
pub type Deliver<'a, M> = dyn FnMut(Done<M>) -> ControlFlow<()> + 'a;

/// What a run has come to.
#[derive(Debug)]
pub struct Outcome<W> {
    /// What was read of each input.
    pub facts: Vec<Facts>,
    /// What worked on the sessions.
    pub workers: Vec<W>,
}

/// Frames after which what the shards say is put in order.
const ROUND: u64 = 1024;

/// Reads all `sources`, one after the other, on this thread.
pub fn run<W: Work>(
    options: &Options,
    sources: Vec<Source>,
    work: W,
    deliver: &mut Deliver<'_, W::Made>,
) -> Outcome<W> {
    let limits = options.settings.limits;
    let mut crew = Crew::new(options, 0, 1, work);
    let mut decoder = Decoder::new(options.ports.clone(), &limits);
    let mut merger = Merger::new();
    let mut is_over = false;
    let mut deliver = |done: Done<W::Made>| {
        is_over = is_over || deliver(done).is_break();
    };
    let mut frames = 0;
    let mut all_facts = Vec::new();
    for (index, source) in (0..).zip(sources) {
        let mut facts = Facts::default();
        match source.begin(index, options) {
            Err(error) => facts.error = Some(Arc::new(error)),
            Ok(source::Begun::Capture(mut reader)) => {
                crew.begin(frames, index);
                let before = frames;
                let mut end = false;
                while !end {
                    let mut found = Troubles::default();
                    match reader.next(&mut facts.troubles) {
                        Some(frame) => {
                            frames = before + frame.origin.number;
                            if let Some(mut segment) = decoder.decode(&frame, &mut found) {
                                segment.place = Place::new(frames);
                                crew.push(shard::shard_of(&segment.flow), &segment);
                            }
                        }
                        None => end = true,
                    }
                    if !found.is_empty() {
                        facts.troubles.merge(&found);
                    }
                    if end || frames % ROUND == 0 {
                        let now = Place::new(frames);
                        crew.settle(now);
                        merger.round(crew.events(), now, &mut deliver);
                    }
                }
                facts.kind = Some(source::kind(&reader));
                facts.bytes = reader.bytes();
                facts.packets = reader.packets();
            }
            Ok(source::Begun::Transcript(mut reader, dialect)) => {
                let now = Place::new(frames);
                let troubles = &mut facts.troubles;
                crew.transcript(&mut reader, index, now, troubles, &mut |events| {
                    merger.round(events, now, &mut deliver);
                    true
                });
                facts.kind = Some("transcript");
                facts.dialect = Some(dialect.name());
                facts.bytes = reader.bytes();
            }
        }
        all_facts.push(facts);
    }
    let end = Place::new(frames + 1);
    crew.close(end);
    merger.round(crew.events(), end, &mut deliver);
    merger.finish(&mut deliver);
    let mut troubles = Troubles::default();
    decoder.finish(&mut troubles);
    add_by_input(&mut all_facts, &troubles);
    let (work, troubles) = crew.finish();
    for troubles in troubles.values() {
        add_by_input(&mut all_facts, troubles);
    }
    for (index, facts) in (0..).zip(&mut all_facts) {
        facts.sessions = merger.sessions(index);
    }
    Outcome { facts: all_facts, workers: vec![work] }
}

/// Adds `troubles` to the inputs in which they were met first.
fn add_by_input(facts: &mut [Facts], troubles: &Troubles) {
    for (trouble, count) in troubles.iter() {
        if let Some(facts) = facts.get_mut(count.first.input as usize) {
            facts.troubles.add_many(trouble, count.times, count.first);
        }
    }
}

/// Keeps sessions as they are.
#[derive(Debug, Default)]
struct Keep;

impl Work for Keep {
    type Made = Audited;

    fn session(&mut self, audited: Audited, _: &Places) -> Audited {
        audited
    }
}

/// All sessions of `sources`, in the order of their numbers, and what was read of each input.
#[must_use]
pub fn collect(options: &Options, sources: Vec<Source>) -> (Vec<Audited>, Vec<Facts>) {
    let mut done = Vec::new();
    let outcome = run(options, sources, Keep, &mut |one| {
        done.push(one);
        ControlFlow::Continue(())
    });
    done.sort_by_key(|one| one.id);
    (done.into_iter().map(|one| one.made).collect(), outcome.facts)
}

impl std::fmt::Debug for Overflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Overflow")
    }
}

/// The inputs whose troubles hide data from the report.
#[must_use]
pub fn hides_data(facts: &[Facts]) -> bool {
    facts.iter().any(|facts| {
        facts.troubles.iter().any(|(trouble, _): (Trouble, _)| trouble.hides_the_rest())
    })
}
