//! The table of connections: which segment belongs to which, when one ends and the next on the
//! same ports begins.

use super::Follow;
use super::flow::{Around, Fit, Flow};
use super::table::Table;
use crate::chunk::{Consume, Ending, Origin};
use crate::limits::Limits;
use crate::packet::{FlowKey, Segment, Way};
use crate::ports::Ports;
use crate::trouble::{Trouble, Troubles};
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
    /// Connections that are over and still take up their own late segments: the frame (counted
    /// over the run) at which they were.
    over: VecDeque<(FlowKey, Origin, u64)>,
    /// Where connections ended that were handed on, so that their tail starts no session.
    ended: Table<FlowKey, [Option<u32>; 2]>,
    /// Bytes waiting in all connections.
    waiting: usize,
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
        }
    }

    /// Takes the next segment. `frame` counts the frames of the run so far.
    pub fn push<F: Follow<Dialog = D>>(
        &mut self,
        segment: &Segment<'_>,
        frame: u64,
        follow: &mut F,
        troubles: &mut Troubles,
    ) {
        self.finish_over(frame, follow);
        let key = segment.flow;
        match self.flows.get(&key).map(|flow| flow.fit(segment)) {
            Some(Fit::Here) => {}
            Some(Fit::Stray) => return troubles.add(Trouble::StraySegment, segment.origin),
            Some(Fit::Anew) => {
                self.end(&key, Ending::Reused, follow);
                self.begin(segment, follow, troubles);
            }
            None if self.is_tail(segment) => {
                if !segment.data.is_empty() {
                    troubles.add(Trouble::LateSegment, segment.origin);
                }
                return;
            }
            None => self.begin(segment, follow, troubles),
        }
        let around = Around { limits: &self.limits, ports: &self.ports };
        let Some(flow) = self.flows.touch(&key) else { return };
        let was_over = flow.is_over();
        let before = flow.waiting_bytes();
        flow.push(segment, &around, follow);
        if self.waiting - before + flow.waiting_bytes() > self.limits.pending_bytes {
            flow.relieve(&around, follow);
        }
        self.waiting = self.waiting - before + flow.waiting_bytes();
        if !was_over && flow.is_over() {
            self.over.push_back((key, flow.first, frame));
        }
    }

    /// Ends all connections, in the order in which they began.
    pub fn finish<F: Follow<Dialog = D>>(&mut self, follow: &mut F) {
        let mut flows: Vec<Box<Flow<D>>> = std::iter::from_fn(|| self.flows.pop_oldest()).collect();
        flows.sort_by_key(|flow| flow.first);
        let around = Around { limits: &self.limits, ports: &self.ports };
        for flow in flows {
            flow.finish(Ending::InputEnd, &around, follow);
        }
        self.over.clear();
        self.waiting = 0;
    }

    fn begin<F: Follow<Dialog = D>>(
        &mut self,
        segment: &Segment<'_>,
        follow: &mut F,
        troubles: &mut Troubles,
    ) {
        if self.flows.len() >= self.limits.flows
            && let Some(flow) = self.flows.pop_oldest()
        {
            troubles.add(Trouble::EvictedSession, flow.first);
            self.hand_on(*flow, Ending::Evicted, follow);
        }
        self.ended.remove(&segment.flow);
        // Who connects to a mail server's port begins a session, even if nothing comes of it.
        let to = segment.flow.sender(segment.way.back()).port();
        let begins = segment.flags.syn && !segment.flags.rst && segment.ack.is_none();
        follow.candidate(segment.origin, begins && self.ports.is_smtp(to));
        self.flows.insert(segment.flow, Box::new(Flow::new(segment)));
    }

    /// Ends the connections that were over long enough ago.
    fn finish_over<F: Follow<Dialog = D>>(&mut self, frame: u64, follow: &mut F) {
        while let Some(&(key, first, since)) = self.over.front() {
            if frame.saturating_sub(since) <= self.limits.linger_frames {
                break;
            }
            self.over.pop_front();
            // Another connection may have taken its place.
            if self.flows.get(&key).is_some_and(|flow| flow.first == first) {
                self.end(&key, Ending::Closed, follow);
            }
        }
    }

    fn end<F: Follow<Dialog = D>>(&mut self, key: &FlowKey, ending: Ending, follow: &mut F) {
        let Some(flow) = self.flows.remove(key) else { return };
        let ending = if flow.is_over() { Ending::Closed } else { ending };
        if ending == Ending::Closed {
            if self.ended.len() >= self.limits.closed_flows {
                self.ended.pop_oldest();
            }
            self.ended.insert(*key, flow.ends());
        }
        self.hand_on(*flow, ending, follow);
    }

    fn hand_on<F: Follow<Dialog = D>>(&mut self, flow: Flow<D>, ending: Ending, follow: &mut F) {
        self.waiting -= flow.waiting_bytes();
        let around = Around { limits: &self.limits, ports: &self.ports };
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
