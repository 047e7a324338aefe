//! The table of connections: which segment belongs to which, when one ends and the next on the
//! same ports begins.

use super::Follow;
use super::flow::{Around, Fit, Flow};
use super::table::{Oldest, Table};
use crate::chunk::{Consume, Ending};
use crate::limits::Limits;
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::Place;
use crate::ports::Ports;
use crate::time::Stamp;
use crate::trouble::Trouble;
use std::collections::VecDeque;

/// Follows all TCP connections of a run and hands their chunks to a [`Follow`].
///
/// A connection ends when both sides have ended it (or one has reset it) and
/// [`Limits::linger_frames`] more frames have passed, when another begins between the same
/// ends, when it is given up to bound memory, or with the run. Never by a clock: captures whose
/// clocks jump give the same sessions.
#[derive(Debug)]
pub struct Tracker<D> {
    limits: Limits,
    ports: Ports,
    known: Table<Known<D>>,
    /// Connections in `known` that have not ended.
    flows: usize,
    /// Those that have.
    ended: usize,
    oldest_flows: Oldest,
    oldest_ended: Oldest,
    /// Connections that are over and still take up their own late segments.
    over: VecDeque<Over>,
    /// The place at which the first of them ends.
    next_end: Place,
    /// Bytes waiting in all connections.
    waiting: usize,
    /// What was open when no more segments came, in order.
    stopped: Vec<(Place, u32)>,
}

/// What is known of two ends. Small, as there are many; the fields stand in the variants
/// themselves because that takes 24 bytes instead of 32.
#[derive(Debug)]
enum Known<D> {
    /// A SYN, and nothing else so far: all that most of a flood of them ever need.
    Syn { at: Option<Stamp>, digits: u8, place: Place, seq: u32, way: Way, surely: bool },
    /// A connection.
    Flow(Box<Flow<D>>),
    /// Where one ended that was handed on, so that its tail starts no session: the next sequence
    /// numbers of both directions (up, down), where they were known.
    Ended { next: [u32; 2], has: [bool; 2], place: Place },
}

/// A connection that is over.
#[derive(Clone, Copy, Debug)]
struct Over {
    number: u32,
    /// Its first frame: another may have taken its place.
    first: Place,
    /// The frame at which it was.
    since: Place,
}

/// How far a late segment may lie from where its connection ended: a receive window.
const TAIL: u32 = 1 << 24;

/// After all frames.
const NEVER: Place = Place::new(u64::MAX);

impl<D: Consume> Tracker<D> {
    /// A tracker of no connections yet.
    #[must_use]
    pub fn new(ports: Ports, limits: &Limits) -> Self {
        Self {
            limits: *limits,
            ports,
            known: Table::new(),
            flows: 0,
            ended: 0,
            oldest_flows: Oldest::default(),
            oldest_ended: Oldest::default(),
            over: VecDeque::new(),
            next_end: NEVER,
            waiting: 0,
            stopped: Vec::new(),
        }
    }

    /// Takes the next segment. Its place counts the frames of the run.
    #[inline]
    pub fn push<F: Follow<Dialog = D>>(&mut self, segment: &Segment<'_>, follow: &mut F) {
        self.settle(segment.place, follow);
        let Some(number) = self.known.find(&segment.flow) else {
            return self.begin(segment, follow);
        };
        if let Some(Known::Flow(flow)) = self.known.get_mut(number)
            && flow.push_next(segment, self.limits.history_bytes)
        {
            return;
        }
        self.push_unusual(number, segment, follow);
    }

    /// Takes a segment of the ends `number` that is not just the next one.
    fn push_unusual<F>(&mut self, number: u32, segment: &Segment<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let now = segment.place;
        match self.known.get_mut(number) {
            Some(ended @ Known::Ended { .. }) => {
                if !ended.has_tail(segment) {
                    self.forget(number);
                    self.begin(segment, follow);
                } else if !segment.data.is_empty() {
                    follow.trouble(Trouble::LateSegment, now);
                }
            }
            Some(known) => {
                let around =
                    Around { key: segment.flow, limits: &self.limits, ports: &self.ports, now };
                match known.wake(&around, follow).map(|flow| flow.fit(segment)) {
                    Some(Fit::Here) => self.push_to(number, segment, follow),
                    Some(Fit::Stray) => follow.trouble(Trouble::StraySegment, now),
                    Some(Fit::Anew) => {
                        self.end(number, Ending::Reused, now, follow);
                        self.forget(number);
                        self.begin(segment, follow);
                    }
                    None => {}
                }
            }
            None => {}
        }
    }

    /// Hands a segment to the connection that it belongs to.
    fn push_to<F>(&mut self, number: u32, segment: &Segment<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let now = segment.place;
        let around = Around { key: segment.flow, limits: &self.limits, ports: &self.ports, now };
        let Some(Known::Flow(flow)) = self.known.get_mut(number) else { return };
        let was_over = flow.is_over();
        let before = flow.waiting_bytes();
        flow.push(segment, &around, follow);
        if self.waiting - before + flow.waiting_bytes() > self.limits.pending_bytes {
            flow.relieve(&around, follow);
        }
        self.waiting = self.waiting - before + flow.waiting_bytes();
        if !was_over && flow.is_over() {
            self.over.push_back(Over { number, first: flow.first, since: now });
            self.find_next_end();
        }
    }

    /// No more segments come: where the open connections began.
    pub fn stop(&mut self) -> Vec<Place> {
        let first = |(number, known): (u32, &Known<D>)| Some((known.first()?, number));
        self.stopped = self.known.iter().filter_map(first).collect();
        self.stopped.sort_unstable();
        self.over = VecDeque::new();
        self.find_next_end();
        self.stopped.iter().map(|&(first, _)| first).collect()
    }

    /// After [`Tracker::stop`], ends the connections that began `from` one place `until` another,
    /// in their order; `end` is a place after all frames.
    pub fn finish<F>(&mut self, from: Place, until: Place, end: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let mut at = self.stopped.partition_point(|&(first, _)| first < from);
        while let Some(&(first, number)) = self.stopped.get(at).filter(|(first, _)| *first <= until)
        {
            if self.known.get(number).and_then(Known::first) == Some(first) {
                self.hand_on(number, Ending::InputEnd, end, follow);
            }
            at += 1;
        }
    }

    fn begin<F: Follow<Dialog = D>>(&mut self, segment: &Segment<'_>, follow: &mut F) {
        if self.flows >= self.limits.flows
            && let Some(number) = self.known.oldest(&mut self.oldest_flows, Known::last)
        {
            if let Some(first) = self.known.get(number).and_then(Known::first) {
                follow.trouble(Trouble::EvictedSession, first);
            }
            self.hand_on(number, Ending::Evicted, segment.place, follow);
        }
        // Who connects to a mail server's port begins a session, even if nothing comes of it.
        let Flags { syn, rst, fin } = segment.flags;
        let begins = syn && !rst && segment.ack.is_none();
        let surely = begins && self.ports.is_smtp(segment.flow.port(segment.way.back()));
        follow.candidate(segment.place, surely);
        self.flows += 1;
        if begins && !fin && segment.data.is_empty() && segment.cut == 0 {
            let &Segment { at, digits, place, seq, way, .. } = segment;
            self.known.insert(segment.flow, Known::Syn { at, digits, place, seq, way, surely });
            return;
        }
        let flow = Box::new(Flow::new(segment, surely));
        self.known.insert(segment.flow, Known::Flow(flow));
        if let Some(number) = self.known.find(&segment.flow) {
            self.push_to(number, segment, follow);
        }
    }

    /// Ends the connections that were over long enough before `now`, which the segments that
    /// are pushed do by themselves: for when nothing is pushed.
    #[inline]
    pub fn settle<F: Follow<Dialog = D>>(&mut self, now: Place, follow: &mut F) {
        while self.next_end <= now {
            self.settle_next(follow);
        }
    }

    /// Ends the connection whose turn is next.
    fn settle_next<F: Follow<Dialog = D>>(&mut self, follow: &mut F) {
        let now = self.next_end;
        if let Some(over) = self.over.pop_front()
            && self.is_there(over)
        {
            self.end(over.number, Ending::Closed, now, follow);
        }
        self.find_next_end();
    }

    fn find_next_end(&mut self) {
        let wait = self.limits.linger_frames + 1;
        self.next_end = self.over.front().map_or(NEVER, |over| over.since.after(wait));
    }

    /// Ends the connections of which nothing is missing and that are over.
    pub fn hurry<F: Follow<Dialog = D>>(&mut self, now: Place, follow: &mut F) {
        for over in std::mem::take(&mut self.over) {
            match self.known.get(over.number) {
                Some(Known::Flow(flow)) if flow.first == over.first => {
                    if flow.is_complete() {
                        self.end(over.number, Ending::Closed, now, follow);
                    } else {
                        self.over.push_back(over);
                    }
                }
                _ => {}
            }
        }
        self.find_next_end();
    }

    /// Whether the connection that was over goes on.
    fn is_there(&self, over: Over) -> bool {
        self.known.get(over.number).and_then(Known::first) == Some(over.first)
    }

    /// Ends a connection. Where it did is remembered, if it is closed.
    fn end<F>(&mut self, number: u32, ending: Ending, now: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let Some(Known::Flow(flow)) = self.known.get(number) else { return };
        if ending != Ending::Closed && !flow.is_over() {
            return self.hand_on(number, ending, now, follow);
        }
        let ended = Known::ended(flow.ends(), now);
        if self.ended >= self.limits.closed_flows
            && let Some(oldest) = self.known.oldest(&mut self.oldest_ended, Known::ended_at)
        {
            self.forget(oldest);
        }
        if let Some((key, known)) = self.known.replace(number, ended) {
            self.ended += 1;
            self.finish_one(key, known, Ending::Closed, now, follow);
        }
    }

    /// Ends a connection of which nothing is remembered.
    fn hand_on<F>(&mut self, number: u32, ending: Ending, now: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        if let Some((key, known)) = self.known.remove(number) {
            self.finish_one(key, known, ending, now, follow);
        }
    }

    fn finish_one<F>(
        &mut self,
        key: FlowKey,
        mut known: Known<D>,
        ending: Ending,
        now: Place,
        follow: &mut F,
    ) where
        F: Follow<Dialog = D>,
    {
        self.flows -= 1;
        let around = Around { key, limits: &self.limits, ports: &self.ports, now };
        known.wake(&around, follow);
        if let Known::Flow(flow) = known {
            self.waiting -= flow.waiting_bytes();
            flow.finish(ending, &around, follow);
        }
    }

    /// Forgets where a connection ended.
    fn forget(&mut self, number: u32) {
        if let Some(Known::Ended { .. }) = self.known.get(number) {
            self.known.remove(number);
            self.ended -= 1;
        }
    }
}

impl<D> Known<D> {
    fn ended(ends: [Option<u32>; 2], place: Place) -> Self {
        let next = ends.map(Option::unwrap_or_default);
        Self::Ended { next, has: ends.map(|end| end.is_some()), place }
    }

    /// The first packet of a connection that has not ended.
    fn first(&self) -> Option<Place> {
        match self {
            Self::Syn { place, .. } => Some(*place),
            Self::Flow(flow) => Some(flow.first),
            Self::Ended { .. } => None,
        }
    }

    /// Its last packet.
    fn last(&self) -> Option<Place> {
        match self {
            Self::Syn { place, .. } => Some(*place),
            Self::Flow(flow) => Some(flow.last),
            Self::Ended { .. } => None,
        }
    }

    /// Where a connection was known to have ended.
    fn ended_at(&self) -> Option<Place> {
        match self {
            Self::Ended { place, .. } => Some(*place),
            _ => None,
        }
    }

    /// Whether a segment belongs to the connection that has ended.
    fn has_tail(&self, segment: &Segment<'_>) -> bool {
        let Self::Ended { next: [up, down], has: [has_up, has_down], .. } = *self else {
            return false;
        };
        let (end, has) = if segment.way == Way::Up { (up, has_up) } else { (down, has_down) };
        let distance = segment.seq.wrapping_sub(end).cast_signed().unsigned_abs();
        !segment.flags.syn && (segment.flags.rst || has && distance < TAIL)
    }
}

impl<D: Consume> Known<D> {
    /// The connection; of a lone SYN, one is made now.
    fn wake<F>(&mut self, around: &Around<'_>, follow: &mut F) -> Option<&mut Flow<D>>
    where
        F: Follow<Dialog = D>,
    {
        if let Self::Syn { at, digits, place, seq, way, surely } = *self {
            let segment = Segment {
                flow: around.key,
                way,
                at,
                digits,
                place,
                seq,
                ack: None,
                flags: Flags { syn: true, ..Flags::default() },
                window: 0,
                data: &[],
                cut: 0,
            };
            let mut flow = Box::new(Flow::new(&segment, surely));
            flow.push(&segment, around, follow);
            *self = Self::Flow(flow);
        }
        match self {
            Self::Flow(flow) => Some(flow),
            _ => None,
        }
    }
}
