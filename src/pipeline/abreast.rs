//! A run on several threads that all read the inputs together, each for its crew.
//!
//! To find a segment's connection takes little; to pass segments from one thread to another takes
//! more than to find them twice. So each thread looks at all frames; the file's bytes are read once,
//! by whoever comes first, see [`Share`](crate::input::Share). What must be decompressed or waited
//! for has a reader of its own, see `threads`.

use super::merge::{Done, Event, Merger};
use super::shard::{SHARDS, closing_rounds};
use super::source::Source;
use super::walk::{Part, Step, Walk};
use super::{Facts, Noted, Options, Outcome, Work, settle_facts};
use crate::packet::Decoder;
use crate::place::Place;
use std::hint::black_box;
use std::panic::resume_unwind;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Rounds that are told of together: to wake who hears it takes as long as to read some frames.
const TOGETHER: usize = 4;

/// What a crew says.
enum Told<M> {
    /// This has happened up to a frame. If it is a round, every crew says so at the same frame.
    Step { events: Vec<Event<M>>, until: Place, is_round: bool },
    /// All is read; where the connections began that are open, and a place after all frames.
    Open(Vec<Place>, Place),
}

/// In which order connections are to be ended, from where until where.
type Closing = Arc<Vec<(Place, Place)>>;

/// A crew at work on its thread.
struct Hand<W: Work> {
    told: Receiver<Told<W::Made>>,
    closing: SyncSender<Closing>,
    thread: JoinHandle<Left<W>>,
}

/// What a crew leaves behind.
struct Left<W> {
    facts: Vec<Facts>,
    decoder: Decoder,
    work: W,
    noted: Vec<(u32, Noted)>,
}

/// Lets all crews end after the same round.
#[derive(Clone, Debug, Default)]
struct Brake(Arc<Mutex<(u64, Option<u64>)>>);

/// Reads all `sources` with so many crews of threads.
pub(super) fn run<W: Work + 'static>(
    options: &Options,
    sources: Vec<Source>,
    work: &Arc<dyn Fn() -> W + Send + Sync>,
    threads: usize,
    mut deliver: impl FnMut(Done<W::Made>),
) -> Outcome<W>
where
    W::Made: 'static,
{
    let crews = threads.clamp(1, SHARDS);
    let brake = Brake::default();
    // One that goes early leaves its shares: the others do not wait for it.
    let mut shares: Vec<Vec<Source>> = (0..crews).map(|_| Vec::new()).collect();
    for source in sources {
        for (shares, source) in shares.iter_mut().zip(source.split(crews)) {
            shares.push(source);
        }
    }
    let hands: Vec<Hand<W>> = (0..)
        .zip(shares)
        .map(|(number, sources)| hand(options, sources, (number, crews), work(), brake.clone()))
        .collect();
    let mut merger = Merger::new();
    let (open, end) = follow(&hands, &mut merger, &mut deliver);
    let closing = Arc::new(closing_rounds(open, end));
    for hand in &hands {
        // A crew that is gone has panicked; the end of the run passes that on.
        let _ = hand.closing.send(Arc::clone(&closing));
    }
    follow(&hands, &mut merger, &mut deliver);
    merger.finish(&mut deliver);
    settled(hands, &merger)
}

/// Merges what the crews say until all of them have read, or ended, everything.
fn follow<W: Work>(
    hands: &[Hand<W>],
    merger: &mut Merger<W::Made>,
    deliver: &mut impl FnMut(Done<W::Made>),
) -> (Vec<Place>, Place) {
    let (mut open, mut end) = (Vec::new(), Place::default());
    let mut gathered = Vec::new();
    // A crew for which reading failed early waits for the others, and says nothing.
    let mut has_read = vec![false; hands.len()];
    loop {
        let mut reached = None;
        for (hand, has_read) in hands.iter().zip(&mut has_read) {
            while !*has_read && let Ok(told) = hand.told.recv() {
                match told {
                    Told::Step { mut events, until, is_round } => {
                        gathered.append(&mut events);
                        if is_round {
                            reached = Some(until);
                            break;
                        }
                        merger.round(&mut gathered, until, deliver);
                    }
                    Told::Open(mut places, after) => {
                        open.append(&mut places);
                        end = end.max(after);
                        *has_read = true;
                        break;
                    }
                }
            }
        }
        let Some(until) = reached else { return (open, end) };
        merger.round(&mut gathered, until, deliver);
    }
}

/// What the crews leave behind, together.
fn settled<W: Work>(hands: Vec<Hand<W>>, merger: &Merger<W::Made>) -> Outcome<W> {
    let (mut workers, mut noted) = (Vec::new(), Vec::new());
    let mut all: Option<(Vec<Facts>, Decoder)> = None;
    for hand in hands {
        let left = match hand.thread.join() {
            Ok(left) => left,
            // Its sessions are lost: no report may look as if they were not there.
            Err(panic) => resume_unwind(panic),
        };
        workers.push(left.work);
        noted.extend(left.noted);
        match &mut all {
            None => all = Some((left.facts, left.decoder)),
            // All have read the same, but each transcript is read by one alone.
            Some((facts, _)) => {
                for (known, other) in facts.iter_mut().zip(left.facts) {
                    if known.kind.is_none() && other.kind.is_some() {
                        *known = other;
                    }
                }
            }
        }
    }
    let Some((mut facts, mut decoder)) = all else {
        return Outcome { facts: Vec::new(), workers };
    };
    settle_facts(&mut facts, &mut decoder, noted, merger);
    Outcome { facts, workers }
}

fn hand<W: Work + 'static>(
    options: &Options,
    sources: Vec<Source>,
    turn: (usize, usize),
    work: W,
    brake: Brake,
) -> Hand<W>
where
    W::Made: 'static,
{
    let ahead = options.settings.limits.rounds_ahead.max(1);
    // Some wait to be told of, too.
    let together = (ahead / 2).clamp(1, TOGETHER);
    let (says, told) = sync_channel((ahead / together).saturating_sub(1).max(1));
    let (closing, rounds) = sync_channel::<Closing>(1);
    let options = options.clone();
    let thread = thread::spawn(move || {
        ask_for_memory();
        let mut walk = Walk::new(&options, turn, work);
        let (mut round, mut kept, mut gathered) = (0, 0, Vec::new());
        let facts = walk.all(sources, &mut |Step { events, until, what }| {
            let stop = options.stop.load(Ordering::Relaxed);
            let is_round = what != Part::Session;
            round += u64::from(is_round);
            let goes_on = if is_round { brake.goes_on(round, stop) } else { !stop };
            gathered.append(events);
            kept += 1;
            if what == Part::Round && goes_on && kept < together {
                return true;
            }
            kept = 0;
            let events = std::mem::take(&mut gathered);
            says.send(Told::Step { events, until, is_round }).is_ok() && goes_on
        });
        debug_assert!(gathered.is_empty(), "the last round of an input is told of");
        let end = walk.end();
        let Walk { mut crew, decoder, .. } = walk;
        // Who does not hear it is gone.
        let _ = says.send(Told::Open(crew.open(), end));
        let rounds = rounds.recv().unwrap_or_default();
        for &(from, until) in rounds.iter() {
            crew.close(from, until, end);
            let events = std::mem::take(crew.events());
            if says.send(Told::Step { events, until: end, is_round: true }).is_err() {
                break;
            }
        }
        drop(says);
        let (work, noted) = crew.finish();
        Left { facts, decoder, work, noted }
    });
    Hand { told, closing, thread }
}

/// Has the C library's allocator get memory for this thread in one piece: it would ask the kernel
/// for a page at a time. The first piece, given back, tells it that pieces of this size are usual;
/// the second comes from the thread's own memory and stays there. None of it is written, so it
/// takes no memory until it is needed. Elsewhere it does nothing.
fn ask_for_memory() {
    for bytes in [31 << 20, 30 << 20] {
        drop(black_box(Vec::<u8>::with_capacity(bytes)));
    }
}

impl Brake {
    /// Whether to begin what comes after round `round`. With `stop`, no crew goes further than
    /// the one that has come furthest.
    fn goes_on(&self, round: u64, stop: bool) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (furthest, last) = &mut *state;
        if stop && last.is_none() {
            *last = Some((*furthest).max(round));
        }
        let goes_on = last.is_none_or(|last| round < last);
        if goes_on {
            *furthest = (*furthest).max(round + 1);
        }
        goes_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_crews_end_after_the_same_round() {
        let brake = Brake::default();
        assert!(brake.goes_on(1, false));
        assert!(brake.goes_on(2, false));
        // The first has begun round 3 when another is told to stop.
        assert!(brake.goes_on(1, true));
        assert!(brake.goes_on(2, true));
        assert!(!brake.goes_on(3, true));
        assert!(!brake.goes_on(3, false));
    }
}
