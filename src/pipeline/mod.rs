//! The stages joined: inputs → capture or transcript → dialogs → sessions and findings.
//!
//! In: inputs, in order. Out: what a [`Work`] makes of each session, as it ends, numbered by its
//! first packet, and facts about each input. Knows no output format.
//!
//! **The same bytes give the same output**, for any number of threads and however a capture is
//! cut into files: captures given one after the other are one stream of frames; connections fall
//! into a fixed number of shards, each with its share of the bounds; and what the shards say is
//! put in order by frame.

mod abreast;
mod ahead;
mod batch;
mod inline;
mod merge;
mod reading;
mod shard;
mod source;
mod threads;
mod walk;

use crate::capture;
use crate::dialog::Settings;
use crate::dialog::session::Session;
use crate::error::Error;
use crate::packet::Decoder;
use crate::place::{Places, Slot};
use crate::ports::Ports;
use crate::recording::{Clock, Lines, OneSided, Traffic};
use crate::rules::{self, Across, Choice, Finding, Recording, Unjudged};
use crate::transcript::{self, Dialect};
use crate::trouble::Troubles;
use merge::Merger;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

pub use merge::Done;
pub use source::{Source, first_time};

/// How a run is to be done.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bounds, and whether to keep credentials.
    pub settings: Arc<Settings>,
    /// Which ports are watched.
    pub ports: Ports,
    /// How to read transcripts, where it is not to be told from their content.
    pub dialect: Option<Dialect>,
    /// Which rules are asked.
    pub choice: Choice,
    /// Write each session as a transcript, too.
    pub transcript: Option<Transcript>,
    /// Threads that analyze; none is as one.
    pub threads: usize,
    /// Set to end the run early, with what was read so far.
    pub stop: Arc<AtomicBool>,
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
    pub session: Box<Session>,
    /// Orders sessions as their numbers do, and is known before those.
    pub slot: Slot,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub not_judged: Unjudged,
    /// The (rest of the) session's transcript, if asked for.
    pub transcript: Option<Vec<u8>>,
}

/// Makes something of sessions; one for each thread.
pub trait Work: Send {
    /// What it makes of one session.
    type Made: Send;

    /// Takes a session that has ended. `places` tells where in the inputs its places lie.
    fn session(&mut self, audited: Audited, places: &Places) -> Self::Made;

    /// The same for several at once; gives `made` what it makes of each, in their order. Where those
    /// lie that it does not take out, others may lie later.
    fn sessions(
        &mut self,
        audited: &mut Vec<Audited>,
        places: &Places,
        made: &mut dyn FnMut(Self::Made),
    ) {
        audited.drain(..).for_each(|one| made(self.session(one, places)));
    }

    /// Completes what was made since the last time, before it goes to another thread.
    fn seal<'a>(&mut self, made: impl Iterator<Item = &'a mut Self::Made>)
    where
        Self::Made: 'a,
    {
        drop(made);
    }
}

/// What was read of an input.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `pcap`, `pcapng` or `transcript`.
    pub kind: Option<&'static str>,
    /// How a transcript was read.
    pub dialect: Option<&'static str>,
    /// How sure that is: `certain`, `likely`, or `given` where it was asked for.
    pub sureness: Option<&'static str>,
    /// Bytes, decompressed.
    pub bytes: u64,
    /// Packets of a capture.
    pub packets: u64,
    /// Sessions that begin in it.
    pub sessions: u64,
    /// What is wrong with it.
    pub troubles: Troubles,
    /// Whether the time stamps of a capture go on from packet to packet.
    pub clock: Clock,
    /// What the first packets of a capture are.
    pub traffic: Traffic,
    /// What the lines of a transcript are.
    pub lines: Lines,
    /// Sessions of which only one side is in it.
    pub one_sided: OneSided,
    /// What several sessions of it show together.
    pub across: Across,
    /// What the rules say of it as a whole.
    pub findings: Vec<Finding>,
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

/// Reads all `sources` as one run. With one thread, all is done on this one, unless an input is
/// live; with more, so many analyze, and putting in order has its own; so has reading, where not
/// all can read.
///
/// `work` makes what works on the sessions, one for each thread; how many there are must not matter.
/// `pause` is called when a live input is silent: what was delivered should be passed on.
// The threads share it.
#[allow(clippy::needless_pass_by_value)]
pub fn run<W: Work + 'static>(
    options: &Options,
    sources: Vec<Source>,
    work: Arc<dyn Fn() -> W + Send + Sync>,
    deliver: &mut Deliver<'_, W::Made>,
    pause: &mut dyn FnMut(),
) -> Outcome<W>
where
    W::Made: 'static,
{
    let threads = options.threads.max(1);
    let mut is_enough = false;
    let deliver = |done: Done<W::Made>| {
        if !is_enough && deliver(done).is_break() {
            is_enough = true;
            options.stop.store(true, Ordering::Relaxed);
        }
    };
    let mut outcome = if threads == 1 && !sources.iter().any(Source::is_live) {
        inline::run(options, sources, work(), deliver)
    } else if sources.iter().all(Source::is_open_to_all) {
        abreast::run(options, sources, &work, threads, deliver)
    } else {
        threads::run(options, sources, &work, threads, deliver, pause)
    };
    judge_inputs(&mut outcome.facts, &options.choice);
    outcome
}

/// Asks the rules about each input as a whole.
fn judge_inputs(all: &mut [Facts], choice: &Choice) {
    let dialects: Vec<&str> = Dialect::all().into_iter().map(Dialect::name).collect();
    let mut goes_on = false;
    for facts in all {
        facts.findings = rules::input(
            &Recording {
                kind: facts.kind,
                is_text: matches!(
                    facts.error.as_deref(),
                    Some(Error::NotRecognised { is_text: true, .. })
                ),
                dialect: facts.dialect,
                dialects: &dialects,
                packets: facts.packets,
                sessions: facts.sessions,
                goes_on,
                troubles: &facts.troubles,
                clock: facts.clock,
                traffic: &facts.traffic,
                lines: facts.lines,
                one_sided: facts.one_sided,
                across: &facts.across,
            },
            choice,
        );
        goes_on |= facts.packets > 0 && facts.sessions > 0;
    }
}

impl Facts {
    /// What `reader` has read to the end.
    fn take_capture(&mut self, reader: &capture::Reader) {
        self.kind = Some(source::kind(reader));
        self.bytes = reader.bytes();
        self.packets = reader.packets();
        self.clock = reader.clock();
    }

    /// The same of a transcript.
    fn take_transcript(
        &mut self,
        reader: &transcript::Reader,
        dialect: Dialect,
        options: &Options,
    ) {
        self.kind = Some("transcript");
        self.dialect = Some(dialect.name());
        let is_given = options.dialect.is_some();
        self.sureness = Some(if is_given { "given" } else { dialect.sureness() });
        self.bytes = reader.bytes();
        self.lines = reader.facts();
    }
}

/// What crews note of an input.
#[derive(Clone, Debug, Default)]
struct Noted {
    troubles: Troubles,
    one_sided: OneSided,
    across: Across,
}

/// Fills in what is known of the inputs only at the end.
fn settle_facts<M>(
    facts: &mut [Facts],
    decoder: &mut Decoder,
    noted: Vec<(u32, Noted)>,
    merger: &Merger<M>,
) {
    let mut open = Troubles::default();
    decoder.finish(&mut open);
    let mut found = vec![open];
    for (input, noted) in noted {
        if let Some(facts) = facts.get_mut(input as usize) {
            facts.one_sided.merge(noted.one_sided);
            facts.across.merge(noted.across);
        }
        found.push(noted.troubles);
    }
    for troubles in &found {
        for (trouble, count) in troubles.iter() {
            if let Some(facts) = facts.get_mut(count.first.input as usize) {
                facts.troubles.add_many(trouble, count.times, count.first);
            }
        }
    }
    for (index, facts) in (0..).zip(facts) {
        facts.sessions = merger.sessions(index);
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
    let mut deliver = |one| {
        done.push(one);
        ControlFlow::Continue(())
    };
    let outcome = run(options, sources, Arc::new(|| Keep), &mut deliver, &mut || {});
    done.sort_by_key(|one| one.id);
    (done.into_iter().map(|one| one.made).collect(), outcome.facts)
}

impl std::fmt::Debug for Overflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Overflow")
    }
}
