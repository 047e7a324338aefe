//! A run on several threads: readers → dispatcher → crews → dispatcher.
//!
//! The dispatcher takes what the readers have read in the order of the inputs, counts the frames
//! of the run, and gives each crew its segments in rounds. Each crew answers each round with what
//! has happened, and when all have, the round is merged. Readers of later inputs read ahead within
//! their budgets. All queues are bounded.

use super::ahead::Ahead;
use super::batch::{Batch, Block, Fragment, Load, Pool, Whole};
use super::merge::{Done, Event, Merger};
use super::reading::{Budget, Parcel, Reading};
use super::shard::{Crew, SHARDS, closing_rounds, shard_of};
use super::source::Source;
use super::{Facts, Noted, Options, Outcome, Work, settle_facts};
use crate::packet::Decoder;
use crate::place::{Origin, Place};
use crate::trouble::{Trouble, Troubles};
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a crew is to do.
enum Job {
    /// Take these segments of input `index`, which begins after `before` frames and is in `block`,
    /// and those of `whole`, which were put together from fragments, in order; then settle at
    /// `until`.
    Load { before: u64, index: u32, batch: Batch, block: Block, whole: Whole, until: Place },
    /// Let end what is complete: nothing has come for a while.
    Hurry(Place),
    /// Say where the open connections began, as no more segments come.
    Count,
    /// End those that began `from` one place `until` another.
    Close { from: Place, until: Place, end: Place },
}

/// A crew's answer to a job.
struct Report<M> {
    events: Vec<Event<M>>,
    /// To be filled again.
    emptied: Option<(Batch, Block)>,
    /// Where the open connections began.
    open: Vec<Place>,
}

/// A crew at work on its thread.
struct Hand<W: Work> {
    jobs: SyncSender<Job>,
    reports: Receiver<Report<W::Made>>,
    thread: JoinHandle<(W, Vec<(u32, Noted)>)>,
}

/// A round that not all crews have answered.
struct Round {
    until: Place,
    /// What is to be given back.
    budget: Option<(Budget, usize)>,
}

/// Rounds under way at once.
const ROUNDS: usize = 16;

/// Bytes that are on their way from the reader of a single input: enough to keep all busy.
const ALONE: usize = 1 << 20;

/// Parcels of a reader on their way at once.
const PARCELS: usize = 64;

/// How long a live input may be silent before what is over is reported.
const SILENCE: Duration = Duration::from_millis(300);

struct Dispatcher<'a, W: Work, D: FnMut(Done<W::Made>)> {
    options: &'a Options,
    hands: Vec<Hand<W>>,
    rounds: VecDeque<Round>,
    merger: Merger<W::Made>,
    decoder: Decoder,
    pool: Pool,
    deliver: D,
    /// Called when nothing comes for a while.
    pause: &'a mut dyn FnMut(),
    events: Vec<Event<W::Made>>,
    /// Frames of all captures so far.
    frames: u64,
    /// Where the connections began that are open at the end.
    open: Vec<Place>,
}

/// An input that a reader reads, or will.
struct Lane<W: Work> {
    parcels: Receiver<Parcel<W>>,
    budget: Budget,
    is_live: bool,
}

/// Reads all `sources` with so many crews of threads.
pub(super) fn run<W: Work + 'static>(
    options: &Options,
    sources: Vec<Source>,
    work: &Arc<dyn Fn() -> W + Send + Sync>,
    threads: usize,
    deliver: impl FnMut(Done<W::Made>),
    pause: &mut dyn FnMut(),
) -> Outcome<W>
where
    W::Made: 'static,
{
    let crews = threads.clamp(1, SHARDS);
    let pool = Pool::default();
    let reading =
        Reading { options: options.clone(), crews, pool: pool.clone(), work: Arc::clone(work) };
    let lanes = read(&Arc::new(reading), sources, threads);
    let mut dispatcher = Dispatcher {
        options,
        hands: (0..crews).map(|first| hand(options, first, crews, work())).collect(),
        rounds: VecDeque::new(),
        merger: Merger::new(),
        decoder: Decoder::new(options.ports.clone(), &options.settings.limits),
        pool,
        deliver,
        pause,
        events: Vec::new(),
        frames: 0,
        open: Vec::new(),
    };
    let mut all_facts = Vec::new();
    let mut workers = Vec::new();
    for (index, lane) in (0..).zip(lanes) {
        let (facts, worker) = dispatcher.input(index, &lane);
        all_facts.push(facts);
        workers.extend(worker);
    }
    dispatcher.close();
    let Dispatcher { hands, merger, mut decoder, .. } = dispatcher;
    let mut noted = Vec::new();
    for hand in hands {
        drop(hand.jobs);
        match hand.thread.join() {
            Ok((work, found)) => {
                workers.push(work);
                noted.extend(found);
            }
            // Its sessions are lost: no report may look as if they were not there.
            Err(panic) => resume_unwind(panic),
        }
    }
    settle_facts(&mut all_facts, &mut decoder, noted, &merger);
    Outcome { facts: all_facts, workers }
}

/// Starts readers, which take the sources one after the other.
fn read<W: Work + 'static>(
    reading: &Arc<Reading<W>>,
    sources: Vec<Source>,
    threads: usize,
) -> Vec<Lane<W>>
where
    W::Made: 'static,
{
    let readers = threads.min(sources.len());
    let bytes = match readers {
        0 | 1 => ALONE,
        _ => reading.options.settings.limits.read_ahead_bytes / readers,
    };
    let mut lanes = Vec::new();
    let mut waiting = VecDeque::new();
    for (index, source) in (0_u32..).zip(sources) {
        let (sender, parcels) = sync_channel(PARCELS);
        let budget = Budget::new(bytes);
        lanes.push(Lane { parcels, budget: budget.clone(), is_live: source.is_live() });
        waiting.push_back((index, source, budget, sender));
    }
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..readers {
        let (waiting, reading) = (Arc::clone(&waiting), Arc::clone(reading));
        // Not joined: one that waits for a silent input may never end.
        thread::spawn(move || {
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some((index, source, budget, sender)) = next else { break };
                reading.read(index, source, &budget, &sender);
            }
        });
    }
    lanes
}

fn hand<W: Work + 'static>(options: &Options, first: usize, step: usize, work: W) -> Hand<W>
where
    W::Made: 'static,
{
    let (jobs, todo) = sync_channel::<Job>(ROUNDS);
    let (answers, reports) = sync_channel(ROUNDS);
    let mut crew = Crew::new(options, first, step, work);
    let thread = thread::spawn(move || {
        while let Ok(job) = todo.recv() {
            if answers.send(answer(&mut crew, job)).is_err() {
                break;
            }
        }
        crew.finish()
    });
    Hand { jobs, reports, thread }
}

fn answer<W: Work>(crew: &mut Crew<W>, job: Job) -> Report<W::Made> {
    let mut report = Report { events: Vec::new(), emptied: None, open: Vec::new() };
    match job {
        Job::Load { before, index, batch, block, whole, until } => {
            crew.begin(before, index);
            push_all(crew, before, (&batch, &block), &whole);
            crew.settle(until);
            report.emptied = Some((batch, block));
        }
        Job::Hurry(now) => crew.hurry(now),
        Job::Count => report.open = crew.open(),
        Job::Close { from, until, end } => crew.close(from, until, end),
    }
    std::mem::swap(&mut report.events, crew.events());
    report
}

/// Pushes the segments of a batch, whose payloads stand in the block, and those of `whole` between
/// them, in order.
fn push_all<W: Work>(
    crew: &mut Crew<W>,
    before: u64,
    (batch, block): (&Batch, &Block),
    whole: &Whole,
) {
    let mut others = whole.segments(before).peekable();
    let mut segments = batch.segments(before, block);
    let mut ahead = Ahead::default();
    let mut push = |crew: &mut Crew<W>, spot, ()| {
        let Some(segment) = segments.next() else { return };
        while let Some(other) = others.next_if(|other| other.place < segment.place) {
            crew.push(&other);
        }
        crew.push_near(spot, &segment);
    };
    for flow in batch.flows() {
        ahead.add(flow, (), crew, &mut push);
    }
    ahead.finish(crew, &mut push);
    for other in others {
        crew.push(&other);
    }
}

impl<W: Work, D: FnMut(Done<W::Made>)> Dispatcher<'_, W, D> {
    /// Takes all parcels of an input.
    fn input(&mut self, index: u32, lane: &Lane<W>) -> (Facts, Option<W>) {
        let before = self.frames;
        let mut troubles = Troubles::default();
        let mut is_watched = false;
        loop {
            let parcel = match self.next(lane) {
                Ok(parcel) => parcel,
                // The reader hangs in a silent input, or is gone.
                Err(()) => Parcel::End(Box::default(), None),
            };
            match parcel {
                Parcel::Load(load) => {
                    is_watched |= self.load(before, index, load, lane, &mut troubles);
                }
                Parcel::Events(mut events) => {
                    self.collect(0);
                    for event in &mut events {
                        event.now = Place::new(self.frames);
                    }
                    let until = Place::new(self.frames);
                    self.merger.round(&mut events, until, &mut self.deliver);
                }
                Parcel::End(mut facts, work) => {
                    if facts.kind.is_none() && facts.error.is_none() {
                        facts.packets = self.frames - before;
                        let number = self.frames - before;
                        let origin = Origin { input: index, number, offset: 0 };
                        facts.troubles.add(Trouble::Interrupted, origin);
                    }
                    facts.troubles.merge(&troubles);
                    facts.traffic.is_watched |= is_watched;
                    return (*facts, work);
                }
            }
        }
    }

    /// The next parcel of an input; an error if none will come.
    fn next(&mut self, lane: &Lane<W>) -> Result<Parcel<W>, ()> {
        // What is under way holds budget that the reader may wait for.
        while !self.rounds.is_empty() {
            match lane.parcels.try_recv() {
                Ok(parcel) => return Ok(parcel),
                Err(TryRecvError::Disconnected) => return Err(()),
                Err(TryRecvError::Empty) => self.collect(self.rounds.len() - 1),
            }
        }
        if !lane.is_live {
            return lane.parcels.recv().map_err(|_| ());
        }
        let mut is_silent = false;
        loop {
            (self.pause)();
            match lane.parcels.recv_timeout(SILENCE) {
                Ok(parcel) => return Ok(parcel),
                Err(RecvTimeoutError::Disconnected) => return Err(()),
                Err(RecvTimeoutError::Timeout) if self.options.stop.load(Ordering::Relaxed) => {
                    return Err(());
                }
                Err(RecvTimeoutError::Timeout) if is_silent => {}
                Err(RecvTimeoutError::Timeout) => {
                    is_silent = true;
                    let now = Place::new(self.frames);
                    self.send(now, None, |_| Job::Hurry(now));
                    self.collect(0);
                }
            }
        }
    }

    /// Hands on a part of an input; returns whether a segment was in the fragments of it.
    fn load(
        &mut self,
        before: u64,
        index: u32,
        load: Load,
        lane: &Lane<W>,
        troubles: &mut Troubles,
    ) -> bool {
        self.frames = before + load.frames;
        let until = Place::new(self.frames);
        let mut whole: Vec<Whole> = load.batches.iter().map(|_| Whole::default()).collect();
        let mut is_watched = false;
        for fragment in &load.fragments {
            is_watched |= self.fragment(fragment, &mut whole, troubles);
        }
        let mut batches = load.batches.into_iter().zip(whole);
        let block = Arc::new(load.block);
        let budget = Some((lane.budget.clone(), load.bytes));
        self.send(until, budget, |_| {
            let (batch, whole) = batches.next().unwrap_or_default();
            Job::Load { before, index, batch, block: Arc::clone(&block), whole, until }
        });
        self.collect(ROUNDS - 1);
        is_watched
    }

    /// Puts a fragment to its datagram; what is whole goes to the crew that it is for. Returns
    /// whether it was.
    fn fragment(
        &mut self,
        fragment: &Fragment,
        whole: &mut [Whole],
        troubles: &mut Troubles,
    ) -> bool {
        let Some(segment) = self.decoder.decode(&fragment.frame(), troubles) else { return false };
        let crew = shard_of(&segment.flow) % whole.len().max(1);
        if let Some(batch) = whole.get_mut(crew) {
            batch.push(&segment);
        }
        true
    }

    /// Gives each crew a job.
    fn send(
        &mut self,
        until: Place,
        budget: Option<(Budget, usize)>,
        mut job: impl FnMut(usize) -> Job,
    ) {
        for (number, hand) in self.hands.iter().enumerate() {
            // A crew that is gone has panicked; the end of the run passes that on.
            let _ = hand.jobs.send(job(number));
        }
        self.rounds.push_back(Round { until, budget });
    }

    /// Merges rounds until no more than `left` are under way.
    fn collect(&mut self, left: usize) {
        while self.rounds.len() > left {
            let Some(round) = self.rounds.pop_front() else { break };
            for hand in &self.hands {
                let Ok(mut report) = hand.reports.recv() else { continue };
                self.events.append(&mut report.events);
                self.open.append(&mut report.open);
                if let Some((batch, block)) = report.emptied {
                    self.pool.give(batch, block);
                }
            }
            if let Some((budget, bytes)) = round.budget {
                budget.give(bytes);
            }
            self.merger.round(&mut self.events, round.until, &mut self.deliver);
        }
    }

    /// Ends the connections that are open, some at a time.
    fn close(&mut self) {
        let end = Place::new(self.frames + 1);
        self.send(end, None, |_| Job::Count);
        self.collect(0);
        for (from, until) in closing_rounds(std::mem::take(&mut self.open), end) {
            self.send(end, None, |_| Job::Close { from, until, end });
            self.collect(1);
        }
        self.collect(0);
        self.merger.finish(&mut self.deliver);
    }
}
