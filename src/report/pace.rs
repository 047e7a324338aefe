//! How fast the sessions of a run were: by phase, by server, the slowest exchanges, how many
//! sessions a minute.
//!
//! In: sessions, in any order. Out: numbers. As with the summary, parts can be
//! counted apart and put together in any grouping: what is kept of too much is chosen by what it
//! is, never by when it came.

use super::Entry;
use super::latency::{Coarse, Latency, micros};
use super::view::place;
use crate::dialog::session::Exchange;
use crate::limits::Limits;
use crate::place::Slot;
use crate::time::{Lapse, Stamp};
use crate::timing::{Phase, Phases};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// So many of the slowest exchanges are told.
const SLOWEST: usize = 10;

/// So many servers are told one by one.
const SERVERS: usize = 20;

/// Nanoseconds of a minute.
const MINUTE: i64 = 60_000_000_000;

/// How fast sessions were.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Servers and minutes that are kept.
    most: (usize, usize),
    /// How long sessions were in each phase, by [`Phase::ALL`].
    phases: Box<[Latency]>,
    /// Response times by server: those whose names have the lowest hashes.
    servers: BTreeMap<(u64, SocketAddr), Coarse>,
    /// Those of sessions without an address.
    nowhere: Coarse,
    /// Servers were too many to keep.
    is_partial: bool,
    slowest: BTreeSet<Slow>,
    /// Sessions that began in each minute since 1970: the earliest minutes.
    minutes: BTreeMap<i64, u64>,
    /// The last minute and its sessions that are not in `minutes` yet.
    minute: (i64, u64),
    /// When the first and the last session began.
    span: Option<(Stamp, Stamp)>,
    /// Sessions with a time.
    timed: u64,
}

/// One of the slowest exchanges. In order, the slowest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slow {
    latency: Reverse<Lapse>,
    slot: Slot,
    /// Its index in its session.
    pub exchange: u32,
    /// Number of its session, once known.
    pub session: u64,
    /// The name of the request.
    pub verb: &'static str,
    /// The input in which its command is complete.
    pub input: u32,
    /// The frame that completed it, in a capture.
    pub frame: Option<u64>,
    /// Its line, in a transcript.
    pub line_no: Option<u64>,
}

/// Sessions a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Sessions for each minute between the beginning of the first and of the last.
    pub mean: f64,
    /// Sessions that began in the busiest minute.
    pub peak: u64,
    /// The first minute that had so many.
    pub peak_at: Stamp,
}

/// Response times of servers.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    /// Those with most replies, in order.
    pub first: Vec<(SocketAddr, Coarse)>,
    /// All others together, if there are any.
    pub others: Option<Coarse>,
    /// How many others there are, if that is known.
    pub count: Option<u64>,
}

impl Slow {
    /// How long the reply took.
    #[must_use]
    pub fn latency(&self) -> Lapse {
        self.latency.0
    }
}

impl Pace {
    /// No sessions yet.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most: (limits.summary_servers, limits.summary_minutes),
            phases: vec![Latency::default(); Phase::ALL.len()].into(),
            servers: BTreeMap::new(),
            nowhere: Coarse::default(),
            is_partial: false,
            slowest: BTreeSet::new(),
            minutes: BTreeMap::new(),
            minute: (i64::MIN, 0),
            span: None,
            timed: 0,
        }
    }

    /// Counts one session, which was so long in each of its phases, and gives `each` its exchanges
    /// with their response times in microseconds. Returns the longest of these that is now among the slowest.
    pub(super) fn add(
        &mut self,
        entry: &Entry<'_>,
        phases: &Phases,
        mut each: impl FnMut(&Exchange, Option<u64>),
    ) -> Option<Lapse> {
        let session = entry.session;
        let begun = session.opening.at;
        if let Some(begun) = begun {
            self.begin(begun);
        }
        let least = self.least();
        let server = session.opening.peers.map(|peers| peers.server);
        let (most, is_partial) = (self.most.0, &mut self.is_partial);
        let mut other = Coarse::default();
        let times = match (begun, server) {
            (None, _) => None,
            (_, Some(server)) => of_server(&mut self.servers, most, is_partial, server),
            (_, None) => Some(&mut self.nowhere),
        };
        let times = times.unwrap_or(&mut other);
        let mut slow = None;
        for exchange in &session.exchanges {
            let lapse = exchange.latency();
            let length = lapse.map(micros);
            each(exchange, length);
            if let Some(length) = length {
                times.add_micros(length);
                slow = slow.max(lapse);
            }
        }
        begun?;
        for (phase, lapse) in phases.iter() {
            if let Some(times) = self.phases.get_mut(phase as usize) {
                times.add(lapse);
            }
        }
        let slow = slow.filter(|&slow| least.is_none_or(|least| slow >= least));
        slow.filter(|_| self.add_slow(entry))
    }

    /// Counts a session that began at `at`.
    #[inline]
    fn begin(&mut self, at: Stamp) {
        self.timed += 1;
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        let minute = at.nanos().div_euclid(MINUTE);
        if self.minute.0 == minute {
            self.minute.1 += 1;
        } else {
            self.turn();
            self.minute = (minute, 1);
        }
    }

    /// Puts the last minute to the others.
    fn turn(&mut self) {
        let last = std::mem::take(&mut self.minute);
        add_minute(&mut self.minutes, last, self.most.1);
    }

    /// What is faster is not among the slowest.
    fn least(&self) -> Option<Lapse> {
        let last = self.slowest.last().filter(|_| self.slowest.len() >= SLOWEST)?;
        Some(last.latency.0)
    }

    /// Takes the slowest exchanges of a session. Returns whether there are any.
    #[cold]
    fn add_slow(&mut self, entry: &Entry<'_>) -> bool {
        let mut is_one = false;
        for (index, exchange) in (0..).zip(&entry.session.exchanges) {
            let Some(lapse) = exchange.latency() else { continue };
            if self.least().is_none_or(|least| lapse >= least) {
                let slow = slow(entry, index, exchange, lapse);
                is_one |= self.keep_slow(slow);
            }
        }
        is_one
    }

    fn keep_slow(&mut self, slow: Slow) -> bool {
        let key = (slow.slot, slow.exchange);
        self.slowest.insert(slow);
        if self.slowest.len() <= SLOWEST {
            return true;
        }
        self.slowest.pop_last().is_some_and(|last| (last.slot, last.exchange) != key)
    }

    /// Counts what waits to be counted.
    pub(super) fn settle(&mut self) {
        self.phases.iter_mut().for_each(Latency::settle);
    }

    /// Adds what another part of the run counted.
    pub(super) fn merge(&mut self, other: Self) {
        for (own, times) in self.phases.iter_mut().zip(other.phases) {
            own.merge(times);
        }
        self.nowhere.merge(&other.nowhere);
        self.is_partial |= other.is_partial;
        for (&(_, server), times) in &other.servers {
            let own = of_server(&mut self.servers, self.most.0, &mut self.is_partial, server);
            if let Some(own) = own {
                own.merge(times);
            }
        }
        for slow in other.slowest {
            self.keep_slow(slow);
        }
        self.turn();
        for (&minute, &sessions) in &other.minutes {
            self.minute = (minute, sessions);
            self.turn();
        }
        self.minute = other.minute;
        self.turn();
        self.timed += other.timed;
        self.span = match (self.span, other.span) {
            (Some(own), Some(other)) => Some((own.0.min(other.0), own.1.max(other.1))),
            (own, other) => own.or(other),
        };
    }

    /// How long sessions were in each phase, for those that some were in.
    pub fn phases(&self) -> impl Iterator<Item = (Phase, &Latency)> {
        let all = Phase::ALL.into_iter().zip(&self.phases);
        all.filter(|(_, times)| times.count() > 0)
    }

    /// Response times by server; `all` are those by request.
    pub(super) fn servers<'a>(&self, all: impl Iterator<Item = &'a Latency>) -> Servers {
        let mut kept: Vec<(SocketAddr, &Coarse)> =
            self.servers.iter().map(|(&(_, server), times)| (server, times)).collect();
        kept.retain(|(_, times)| times.count() > 0);
        kept.sort_by_key(|&(server, times)| (Reverse(times.count()), server));
        let rest = kept.split_off(kept.len().min(SERVERS));
        let mut others = Coarse::default();
        if self.is_partial {
            // What was not kept is what is not elsewhere.
            all.for_each(|times| others.merge_fine(times));
            others.without(&self.nowhere);
            for (_, times) in &kept {
                others.without(times);
            }
        } else {
            for (_, times) in &rest {
                others.merge(times);
            }
        }
        Servers {
            first: kept.into_iter().map(|(server, times)| (server, times.clone())).collect(),
            others: Some(others).filter(|others| others.count() > 0),
            count: Some(rest.len() as u64).filter(|_| !self.is_partial),
        }
    }

    /// The slowest exchanges, in order.
    pub fn slowest(&self) -> impl Iterator<Item = &Slow> {
        self.slowest.iter()
    }

    /// Sessions a minute; `None` without times.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        let (first, last) = self.span?;
        let mut minutes = self.minutes.clone();
        add_minute(&mut minutes, self.minute, self.most.1);
        let (&at, &peak) = minutes.iter().max_by_key(|&(&at, &peak)| (peak, Reverse(at)))?;
        let span = last.since(first).nanos().max(MINUTE);
        // No run has so many sessions, or takes so long, that it matters.
        #[allow(clippy::cast_precision_loss)]
        let mean = self.timed as f64 * (MINUTE as f64 / span as f64);
        let peak_at = Stamp::from_nanos(at.saturating_mul(MINUTE));
        Some(Rate { mean: (mean * 1000.0).round() / 1000.0, peak, peak_at })
    }

    /// Puts numbers to the sessions of the slowest exchanges.
    pub(super) fn number(&mut self, id: impl Fn(Slot) -> u64) {
        let numbered = |slow: Slow| Slow { session: id(slow.slot), ..slow };
        self.slowest = std::mem::take(&mut self.slowest).into_iter().map(numbered).collect();
    }
}

/// The sessions that may hold the slowest exchanges, with their numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers(BTreeMap<(Reverse<Lapse>, Slot), u64>);

impl Numbers {
    /// The session with this number has a response time of `latency`. One of the ten slowest
    /// exchanges is in one of the ten sessions whose slowest are.
    pub(super) fn add(&mut self, id: u64, slot: Slot, latency: Lapse) {
        self.0.insert((Reverse(latency), slot), id);
        if self.0.len() > SLOWEST {
            self.0.pop_last();
        }
    }

    /// The number of the session at `slot`.
    pub(super) fn of(&self, slot: Slot) -> u64 {
        let found = self.0.iter().find(|((_, known), _)| *known == slot);
        found.map_or(0, |(_, &id)| id)
    }
}

/// Adds the sessions of a minute to `minutes`, of which the first `most` are kept.
fn add_minute(minutes: &mut BTreeMap<i64, u64>, (minute, sessions): (i64, u64), most: usize) {
    if sessions > 0 {
        *minutes.entry(minute).or_default() += sessions;
        if minutes.len() > most {
            minutes.pop_last();
        }
    }
}

/// The times of `server` among those that are kept.
#[inline]
fn of_server<'a>(
    servers: &'a mut BTreeMap<(u64, SocketAddr), Coarse>,
    most: usize,
    is_partial: &mut bool,
    server: SocketAddr,
) -> Option<&'a mut Coarse> {
    let key = (hash(server), server);
    if servers.len() >= most && !servers.contains_key(&key) {
        *is_partial = true;
        if servers.last_key_value().is_none_or(|(last, _)| *last < key) {
            return None;
        }
        servers.pop_last();
    }
    Some(servers.entry(key).or_default())
}

/// The same in every run, and unlike for neighbours.
fn hash(server: SocketAddr) -> u64 {
    let bits = match server.ip() {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    // The lower half and the upper one.
    #[allow(clippy::cast_possible_truncation)]
    let (low, high) = (bits as u64, (bits >> 64) as u64);
    let mixed = (low ^ high.rotate_left(29) ^ u64::from(server.port()) << 48)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

#[cold]
fn slow(entry: &Entry<'_>, index: u32, exchange: &Exchange, lapse: Lapse) -> Slow {
    let origin = entry.places.origin(exchange.asked.place);
    let (frame, line_no) = place(entry.session.opening.medium, origin.number);
    Slow {
        latency: Reverse(lapse),
        slot: entry.slot,
        exchange: index,
        session: 0,
        verb: exchange.request.name(),
        input: origin.input,
        frame,
        line_no,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{entry, ordinary, quiet};
    use super::*;
    use crate::dialog::session::Session;
    use crate::timing;

    /// The session, begun so many minutes later, at a server with this port.
    fn at(mut session: Session, minutes: i64, port: u16) -> Session {
        let begun = session.opening.at.unwrap();
        session.opening.at = Some(Stamp::from_nanos(begun.nanos() + minutes * MINUTE));
        session.opening.peers.as_mut().unwrap().server.set_port(port);
        session
    }

    fn sessions() -> Vec<(u64, Session)> {
        let mut late = at(ordinary(), 3, 28);
        late.exchanges[2].asked.at = late.opening.at.map(|at| Stamp::from_nanos(at.nanos() / 2));
        let all = vec![
            at(quiet(), 0, 25),
            at(ordinary(), 0, 26),
            at(quiet(), 7, 27),
            late,
            at(quiet(), 3, 25),
            at(ordinary(), 3, 29),
            at(quiet(), 7, 25),
        ];
        (1..).zip(all).collect()
    }

    fn pace(sessions: &[(u64, Session)], limits: &Limits) -> (Pace, Numbers) {
        let (mut pace, mut numbers) = (Pace::new(limits), Numbers::default());
        for (id, session) in sessions {
            let entry = entry(*id, session, &[]);
            let phases = timing::of(session).phases;
            if let Some(lapse) = pace.add(&entry, &phases, |_, _| ()) {
                numbers.add(*id, entry.slot, lapse);
            }
        }
        (pace, numbers)
    }

    /// All that a report says of it.
    fn text(mut pace: Pace, numbers: &Numbers) -> String {
        pace.number(|slot| numbers.of(slot));
        let Servers { first, others, count } = pace.servers(std::iter::empty());
        let phases: Vec<_> =
            pace.phases().map(|(phase, times)| (phase, times.count(), times.max())).collect();
        let slowest: Vec<_> = pace.slowest().collect();
        format!("{phases:?} {first:?} {others:?} {count:?} {slowest:?} {:?}", pace.rate())
    }

    #[test]
    fn merging_is_adding_in_any_grouping() {
        let tight = Limits { summary_servers: 2, summary_minutes: 2, ..Limits::default() };
        for limits in [Limits::default(), tight] {
            let sessions = sessions();
            let (whole, numbers) = pace(&sessions, &limits);
            let whole = text(whole, &numbers);
            for cut in 0..=sessions.len() {
                let (left, right) = sessions.split_at(cut);
                let (mut merged, _) = pace(right, &limits);
                merged.merge(pace(left, &limits).0);
                assert_eq!(text(merged, &numbers), whole, "cut at {cut}");
            }
            let reversed: Vec<_> = sessions.into_iter().rev().collect();
            let (reversed, others) = pace(&reversed, &limits);
            assert_eq!(text(reversed, &others), whole);
        }
    }

    #[test]
    fn the_busiest_minute_and_the_slowest_exchange_are_told() {
        let (mut pace, numbers) = pace(&sessions(), &Limits::default());
        pace.number(|slot| numbers.of(slot));
        let rate = pace.rate().unwrap();
        assert_eq!(
            (rate.mean, rate.peak, rate.peak_at.rfc3339(0).as_str()),
            (1.0, 3, "2023-11-14T22:16:00Z")
        );
        let first = pace.slowest().next().unwrap();
        assert_eq!((first.session, first.exchange, first.verb), (4, 2, "RCPT"));
        assert_eq!(pace.slowest().count(), SLOWEST);
        let servers = pace.servers(std::iter::empty());
        assert_eq!((servers.first.len(), servers.first[0].0.port()), (5, 26));
        assert!(servers.others.is_none() && servers.count == Some(0));
    }
}
