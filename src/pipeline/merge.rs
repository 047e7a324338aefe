//! What the shards say of connections → sessions with their numbers, in an order that does not
//! depend on how many shards there were.
//!
//! In: [`Event`]s, in rounds; a round holds all events up to some frame. Out: sessions as they
//! end, numbered by their first packet, although it is known only later which connections are
//! sessions.

use crate::place::{Place, Slot};
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hint::black_box;

/// Something that a shard says of a connection.
#[derive(Debug)]
pub(super) struct Event<M> {
    /// The frame that showed it.
    pub(super) now: Place,
    /// The connection.
    pub(super) slot: Slot,
    pub(super) what: What<M>,
}

/// What became of a connection.
#[derive(Debug)]
pub(super) enum What<M> {
    /// It began, and may turn out to be a session.
    Candidate,
    /// It is a session.
    Session,
    /// It is none.
    NoSession,
    /// The session is over: the input that it began in, and what was made of it, once it is.
    Done { input: u32, made: Option<M> },
}

/// A session that is over, with its number.
#[derive(Debug)]
pub struct Done<M> {
    /// Its number in the run, from 1, in the order of the sessions' first packets and lines.
    pub id: u64,
    /// Orders sessions as their numbers do.
    pub slot: Slot,
    /// What was made of it.
    pub made: M,
}

/// Frames for which a connection that may be a session keeps the numbers of later ones from
/// being known. What is recognised later is numbered as if it began then, so that nothing is
/// held back for long.
pub(super) const PATIENCE: u64 = 4096;

/// Numbers sessions and brings them into order.
#[derive(Debug)]
pub(super) struct Merger<M> {
    /// Connections whose numbers are not known, in order of their slots.
    waiting: VecDeque<(Place, Slot, Fate)>,
    /// Numbers given so far.
    given: u64,
    /// Numbers of sessions that have not ended yet.
    numbers: HashMap<Slot, u64, RandomState>,
    /// Sessions that ended before their number was known.
    held: BTreeMap<Slot, M>,
    /// Sessions that have ended, by input.
    ended: HashMap<u32, u64, RandomState>,
    /// The events of a round in order, each by its index: kept, as a buffer for each round would
    /// be a large one among all the small ones of open sessions.
    order: Vec<(Place, Slot, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Unknown,
    Session,
    NoSession,
}

impl<M> Merger<M> {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            given: 0,
            numbers: HashMap::default(),
            held: BTreeMap::new(),
            ended: HashMap::default(),
            order: Vec::new(),
        }
    }

    /// Takes all events up to the frame `until`, those of each shard in the order in which they
    /// happened, and gives `deliver` the sessions that can be numbered.
    pub(super) fn round(
        &mut self,
        events: &mut Vec<Event<M>>,
        until: Place,
        deliver: &mut impl FnMut(Done<M>),
    ) {
        self.sort(events);
        self.fetch(events);
        for event in events.drain(..) {
            self.expire(event.now, deliver);
            self.take(event, deliver);
        }
        self.expire(until, deliver);
    }

    /// Gets the numbers of sessions that have ended into the cache: of all at once, as the processor
    /// waits for them together then.
    fn fetch(&self, events: &[Event<M>]) {
        let is_over = |event: &&Event<M>| matches!(event.what, What::Done { .. });
        let numbers = events.iter().filter(is_over).map(|event| self.numbers.get(&event.slot));
        black_box(numbers.fold(0, |sum, number| sum ^ number.copied().unwrap_or(0)));
    }

    /// Sorts events by frame and connection; those of one connection in one frame stay in order.
    fn sort(&mut self, events: &mut [Event<M>]) {
        if events.is_sorted_by_key(|event| (event.now, event.slot)) {
            return;
        }
        self.order.clear();
        let key = |(index, event): (usize, &Event<M>)| (event.now, event.slot, index);
        self.order.extend(events.iter().enumerate().map(key));
        self.order.sort_unstable();
        for to in 0..events.len() {
            let moved = |at: usize| self.order.get(at).map_or(to, |&(_, _, from)| from);
            let mut from = moved(to);
            // What stood there may have made room for others already.
            while from < to {
                from = moved(from);
            }
            events.swap(to, from);
            if let Some(place) = self.order.get_mut(to) {
                place.2 = from;
            }
        }
    }

    /// Ends the run: what nobody decided is no session.
    pub(super) fn finish(&mut self, deliver: &mut impl FnMut(Done<M>)) {
        self.expire(Place::new(u64::MAX), deliver);
        debug_assert!(self.held.is_empty(), "every session gets a number");
    }

    /// Sessions that began in the input.
    pub(super) fn sessions(&self, input: u32) -> u64 {
        self.ended.get(&input).copied().unwrap_or(0)
    }

    fn take(&mut self, event: Event<M>, deliver: &mut impl FnMut(Done<M>)) {
        let slot = event.slot;
        match event.what {
            What::Candidate => self.waiting.push_back((event.now, slot, Fate::Unknown)),
            What::Session => self.decide(event.now, slot, Fate::Session, deliver),
            What::NoSession => self.decide(event.now, slot, Fate::NoSession, deliver),
            What::Done { input, made } => {
                debug_assert!(made.is_some(), "what is told of was judged");
                let Some(made) = made else { return };
                *self.ended.entry(input).or_insert(0) += 1;
                match self.numbers.remove(&slot) {
                    Some(id) => deliver(Done { id, slot, made }),
                    None => {
                        self.held.insert(slot, made);
                    }
                }
            }
        }
    }

    fn decide(&mut self, now: Place, slot: Slot, fate: Fate, deliver: &mut impl FnMut(Done<M>)) {
        match self.waiting.binary_search_by_key(&slot, |&(_, slot, _)| slot) {
            Ok(at) => {
                if let Some(found) = self.waiting.get_mut(at) {
                    found.2 = fate;
                }
            }
            // It is a session from its first packet, or was given up as a candidate.
            Err(_) if fate == Fate::Session => self.waiting.push_back((now, slot, fate)),
            Err(_) => {}
        }
        self.advance(deliver);
    }

    /// No longer waits for connections that began long before `now`.
    fn expire(&mut self, now: Place, deliver: &mut impl FnMut(Done<M>)) {
        let is_old = |first: Place| first.after(PATIENCE) < now;
        let Some(&(first, _, _)) = self.waiting.front() else { return };
        if !is_old(first) {
            return;
        }
        for (first, _, fate) in &mut self.waiting {
            if !is_old(*first) {
                break;
            }
            if *fate == Fate::Unknown {
                *fate = Fate::NoSession;
            }
        }
        self.advance(deliver);
    }

    /// Gives numbers to the sessions at the front.
    fn advance(&mut self, deliver: &mut impl FnMut(Done<M>)) {
        while let Some(&(_, slot, fate)) = self.waiting.front() {
            match fate {
                Fate::Unknown => return,
                Fate::NoSession => {}
                Fate::Session => {
                    self.given += 1;
                    let id = self.given;
                    match self.held.remove(&slot) {
                        Some(made) => deliver(Done { id, slot, made }),
                        None => {
                            self.numbers.insert(slot, id);
                        }
                    }
                }
            }
            self.waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(number: u64) -> Slot {
        Slot { input: 0, number, since: 0 }
    }

    fn event(now: u64, of: u64, what: What<&'static str>) -> Event<&'static str> {
        Event { now: Place::new(now), slot: slot(of), what }
    }

    fn done(made: &'static str) -> What<&'static str> {
        What::Done { input: 0, made: Some(made) }
    }

    /// The sessions in order of delivery.
    fn merged(rounds: Vec<Vec<Event<&'static str>>>) -> Vec<(u64, &'static str)> {
        let mut merger = Merger::new();
        let mut out = Vec::new();
        for mut events in rounds {
            let until = events.iter().map(|event| event.now).max().unwrap_or_default();
            merger.round(&mut events, until, &mut |done: Done<_>| out.push((done.id, done.made)));
        }
        merger.finish(&mut |done| out.push((done.id, done.made)));
        out
    }

    #[test]
    fn numbers_follow_the_first_packet_and_wait_for_what_is_undecided() {
        let events = || {
            vec![
                event(1, 1, What::Candidate),
                event(2, 2, What::Session),
                event(3, 3, What::Candidate),
                event(4, 2, done("second")),
                event(5, 1, What::NoSession),
                event(6, 3, What::Session),
                event(7, 7, What::Session),
                event(9, 7, done("fourth")),
                event(9, 3, done("third")),
            ]
        };
        let expected = vec![(1, "second"), (2, "third"), (3, "fourth")];
        assert_eq!(merged(vec![events()]), expected);
        // However the events are cut into rounds, and whichever shard they come from.
        for cut in 0..=7 {
            let mut first = events();
            let second = first.split_off(cut);
            first.reverse();
            assert_eq!(merged(vec![first, second]), expected, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_not_decided_for_long_holds_nothing_back() {
        let late = PATIENCE + 2;
        let rounds = vec![vec![
            event(1, 1, What::Candidate),
            event(2, 2, What::Session),
            event(3, 2, done("known")),
            event(late, late, What::Session),
            event(late + 1, late, done("recognised late")),
        ]];
        assert_eq!(merged(rounds), [(1, "known"), (2, "recognised late")]);
        let never = vec![vec![
            event(1, 1, What::Candidate),
            event(2, 2, What::Session),
            event(3, 2, done("known")),
        ]];
        assert_eq!(merged(never), [(1, "known")]);
    }
}
