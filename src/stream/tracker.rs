//! The table of connections: which segment belongs to which, when one ends and the next on the
//! same ports begins.

use super::Follow;
use super::flow::{Around, Fit, Flow};
use super::table::Table;
use crate::chunk::{Consume, Ending};
use crate::limits::Limits;
use crate::packet::{FlowKey, Segment, Way};
use crate::place::Place;
use crate::ports::Ports;
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
    flows: Table<FlowKey, Box<Flow<D>>>,
    /// Connections that are over and still take up their own late segments: their first frame,
    /// and the one at which they were.
    over: VecDeque<(FlowKey, Place, Place)>,
    /// Where connections ended that were handed on, so that their tail starts no session.
    ended: Table<FlowKey, [Option<u32>; 2]>,
    /// Bytes waiting in all connections.
    waiting: usize,
    /// What was open when no more segments came, in order.
    stopped: VecDeque<Box<Flow<D>>>,
}

/// How far a late segment may lie from where its connection ended: a receive window.
const TAIL: u32 = 1 << 24;

impl<D: Consume> Tracker<D> {
    /// A tracker of no connections yet.
    #[must_use]
    pub fn new(ports: Ports, limits: &Limits) -> Self {
        Self {
            limits: *limits,
            ports,
            flows: Table::new(),
            over: VecDeque::new(),
            ended: Table::new(),
            waiting: 0,
            stopped: VecDeque::new(),
        }
    }

    /// Takes the next segment. Its place counts the frames of the run.
    pub fn push<F: Follow<Dialog = D>>(&mut self, segment: &Segment<'_>, follow: &mut F) {
        let now = segment.place;
        self.settle(now, follow);
        let key = segment.flow;
        match self.flows.get(&key).map(|flow| flow.fit(segment)) {
            Some(Fit::Here) => {}
            Some(Fit::Stray) => return follow.trouble(Trouble::StraySegment, now),
            Some(Fit::Anew) => {
                self.end(&key, Ending::Reused, now, follow);
                self.begin(segment, follow);
            }
            None if self.is_tail(segment) => {
                if !segment.data.is_empty() {
                    follow.trouble(Trouble::LateSegment, now);
                }
                return;
            }
            None => self.begin(segment, follow),
        }
        let around = Around { limits: &self.limits, ports: &self.ports, now };
        let Some(flow) = self.flows.touch(&key) else { return };
        let was_over = flow.is_over();
        let before = flow.waiting_bytes();
        flow.push(segment, &around, follow);
        if self.waiting - before + flow.waiting_bytes() > self.limits.pending_bytes {
            flow.relieve(&around, follow);
        }
        self.waiting = self.waiting - before + flow.waiting_bytes();
        if !was_over && flow.is_over() {
            self.over.push_back((key, flow.first, now));
        }
    }

    /// No more segments come: where the open connections began.
    pub fn stop(&mut self) -> Vec<Place> {
        let mut flows: Vec<Box<Flow<D>>> = std::iter::from_fn(|| self.flows.pop_oldest()).collect();
        flows.sort_unstable_by_key(|flow| flow.first);
        self.flows = Table::new();
        self.ended = Table::new();
        self.over = VecDeque::new();
        self.waiting = 0;
        self.stopped = flows.into();
        self.stopped.iter().map(|flow| flow.first).collect()
    }

    /// After [`Tracker::stop`], ends the connections that began `from` one place `until` another,
    /// in their order; `end` is a place after all frames.
    pub fn finish<F>(&mut self, from: Place, until: Place, end: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let first = self.stopped.partition_point(|flow| flow.first < from);
        let behind = self.stopped.partition_point(|flow| flow.first <= until);
        let around = Around { limits: &self.limits, ports: &self.ports, now: end };
        // Those at the front or at the back: nothing is moved.
        for flow in self.stopped.drain(first..behind.max(first)) {
            flow.finish(Ending::InputEnd, &around, follow);
        }
    }

    fn begin<F: Follow<Dialog = D>>(&mut self, segment: &Segment<'_>, follow: &mut F) {
        if self.flows.len() >= self.limits.flows
            && let Some(flow) = self.flows.pop_oldest()
        {
            follow.trouble(Trouble::EvictedSession, flow.first);
            self.hand_on(*flow, Ending::Evicted, segment.place, follow);
        }
        self.ended.remove(&segment.flow);
        // Who connects to a mail server's port begins a session, even if nothing comes of it.
        let to = segment.flow.sender(segment.way.back()).port();
        let begins = segment.flags.syn && !segment.flags.rst && segment.ack.is_none();
        let surely = begins && self.ports.is_smtp(to);
        follow.candidate(segment.place, surely);
        self.flows.insert(segment.flow, Box::new(Flow::new(segment, surely)));
    }

    /// Ends the connections that were over long enough before `now`, which the segments that
    /// are pushed do by themselves: for when nothing is pushed.
    pub fn settle<F: Follow<Dialog = D>>(&mut self, now: Place, follow: &mut F) {
        while let Some(&(key, first, since)) = self.over.front() {
            let end = since.after(self.limits.linger_frames + 1);
            if end > now {
                break;
            }
            self.over.pop_front();
            // Another connection may have taken its place.
            if self.flows.get(&key).is_some_and(|flow| flow.first == first) {
                self.end(&key, Ending::Closed, end, follow);
            }
        }
    }

    /// Ends the connections of which nothing is missing and that are over.
    pub fn hurry<F: Follow<Dialog = D>>(&mut self, now: Place, follow: &mut F) {
        let mut left = VecDeque::new();
        for (key, first, since) in std::mem::take(&mut self.over) {
            match self.flows.get(&key).filter(|flow| flow.first == first) {
                Some(flow) if flow.is_complete() => self.end(&key, Ending::Closed, now, follow),
                Some(_) => left.push_back((key, first, since)),
                None => {}
            }
        }
        self.over = left;
    }

    fn end<F>(&mut self, key: &FlowKey, ending: Ending, now: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let Some(flow) = self.flows.remove(key) else { return };
        let ending = if flow.is_over() { Ending::Closed } else { ending };
        if ending == Ending::Closed {
            if self.ended.len() >= self.limits.closed_flows {
                self.ended.pop_oldest();
            }
            self.ended.insert(*key, flow.ends());
        }
        self.hand_on(*flow, ending, now, follow);
    }

    fn hand_on<F>(&mut self, flow: Flow<D>, ending: Ending, now: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        self.waiting -= flow.waiting_bytes();
        let around = Around { limits: &self.limits, ports: &self.ports, now };
        flow.finish(ending, &around, follow);
    }

    /// Whether the segment belongs to a connection that has ended.
    fn is_tail(&self, segment: &Segment<'_>) -> bool {
        if segment.flags.syn {
            return false;
        }
        let Some([up, down]) = self.ended.get(&segment.flow) else { return false };
        let end = if segment.way == Way::Up { up } else { down };
        end.is_some_and(|end| segment.seq.wrapping_sub(end).cast_signed().unsigned_abs() < TAIL)
            || segment.flags.rst
    }
}
