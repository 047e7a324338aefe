//! The table of connections: which segment belongs to which, when one ends and the next on the
//! same ports begins.

mod ahead;
mod known;

use super::Follow;
use super::ended::Ended;
use super::flow::{Around, Fit, Flow, Progress};
use super::half::Spare;
use super::later::{Change, Later, Shelf, Taken};
use super::table::{Oldest, Table};
use super::turns::{AT_ONCE, Due, Turns};
use crate::chunk::{Consume, Ending};
use crate::limits::Limits;
use crate::packet::{Flags, FlowKey, Segment};
use crate::place::Place;
use crate::ports::Ports;
use crate::trouble::Trouble;
use known::Known;
use std::collections::VecDeque;

/// Follows all TCP connections of a run and hands their chunks to a [`Follow`].
///
/// A connection ends when both sides have ended it (or one has reset it) and
/// [`Limits::linger_frames`] more frames have passed ([`Limits::complete_linger_frames`], if
/// nothing of it is missing, not even the last acknowledgment), when another begins between the same ends, when it is given up to bound memory, or with the run. Never by a clock alone: captures
/// whose clocks jump give the same sessions.
#[derive(Debug)]
pub struct Tracker<D> {
    limits: Limits,
    ports: Ports,
    /// Connections that have not ended.
    known: Table<Known<D>>,
    flows: usize,
    /// Those that have: apart, so that those that are looked up for each segment stand close.
    ended: Ended,
    oldest_flows: Oldest,
    /// Connections that are over and still take up their own late segments, as they became so.
    over: VecDeque<Over>,
    /// Those of which nothing is missing, as they became so; some are in `over`, too.
    settled: VecDeque<Over>,
    /// The place at which the first of them all ends.
    next_end: Place,
    /// Bytes waiting in all connections.
    waiting: usize,
    /// Bytes that all connections held when they were last asked.
    held: usize,
    /// What was open when no more segments came, in order.
    stopped: Vec<(Place, u32)>,
    spare: Spare,
    shelf: Shelf,
    /// Those of the shelf that have ended and are still to be followed.
    due: Vec<Due>,
    turns: Turns<D>,
    /// What was kept of the connection at hand.
    kept: Vec<u8>,
}

/// A connection that is over, or settled.
#[derive(Clone, Copy, Debug)]
struct Over {
    number: u32,
    /// Its first frame: another may have taken its place.
    first: Place,
    /// The frame at which it was.
    since: Place,
}

/// Where a connection ends that was over at `since` and is waited for so many frames.
fn ends_after(since: Place, wait: u64) -> Place {
    since.after(wait).after(1)
}

/// Connections that were over last: nearly all are settled soon.
const RECENT: usize = 8;

/// How many connections end before one of which a little is got into the cache.
const SOON: usize = 2;

/// After all frames.
const NEVER: Place = Place::new(u64::MAX);

impl<D: Consume> Tracker<D> {
    /// A tracker of no connections yet.
    #[must_use]
    pub fn new(ports: Ports, limits: &Limits) -> Self {
        Self {
            limits: *limits,
            due: Vec::new(),
            turns: Turns::new(ports.clone(), limits),
            ports,
            known: Table::new(),
            flows: 0,
            ended: Ended::new(limits.closed_flows),
            oldest_flows: Oldest::default(),
            over: VecDeque::new(),
            settled: VecDeque::new(),
            next_end: NEVER,
            waiting: 0,
            held: 0,
            stopped: Vec::new(),
            spare: Spare::new(),
            shelf: Shelf::new(limits.deferred_bytes),
            kept: Vec::new(),
        }
    }

    /// Takes the next segment. Its place counts the frames of the run.
    #[inline]
    pub fn push<F: Follow<Dialog = D>>(&mut self, segment: &Segment<'_>, follow: &mut F) {
        self.settle_before(segment, follow);
        match self.known.find(&segment.flow) {
            Some(number) => self.push_found(number, segment, follow),
            None => self.push_other(segment, follow),
        }
    }

    /// The same, if [`Tracker::guess`] has guessed the connection shortly before.
    #[inline]
    pub fn push_near<F>(&mut self, found: Option<u32>, segment: &Segment<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        self.settle_before(segment, follow);
        // It may have ended since, and its number may be another's.
        let found = found.filter(|&number| self.known.is_of(number, &segment.flow));
        let Some(number) = found.or_else(|| self.known.find(&segment.flow)) else {
            return self.push_other(segment, follow);
        };
        self.push_found(number, segment, follow);
    }

    /// Takes a segment of the ends `number`.
    // See `Flow::push_next`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn push_found<F>(&mut self, number: u32, segment: &Segment<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        if let Some(Known::Later) = self.known.get(number) {
            match self.shelf.take(number, segment, follow.blocks()) {
                Taken::Kept => return,
                Taken::More(change) => {
                    return self.note_change(number, change, segment.place, follow);
                }
                Taken::Not => self.follow_now(number, follow),
            }
        }
        self.push_followed(number, segment, follow);
    }

    /// Notes what the last segment has changed, which was kept with the ends `number`.
    #[inline(never)]
    fn note_change<F>(&mut self, number: u32, change: Change, now: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        if change.is > change.was {
            self.note_progress(number, change.was, now);
        }
        if change.held() > 0 {
            self.hold(change.held(), now, follow);
        }
    }

    /// The same as [`Tracker::push_found`] if the connection, if it is one, is followed.
    #[inline(never)]
    fn push_followed<F>(&mut self, number: u32, segment: &Segment<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        if let Some(Known::Flow(flow)) = self.known.get_mut(number)
            && flow.push_next(segment, self.limits.history_bytes, &mut self.spare)
        {
            if flow.is_fed() {
                self.weigh(number, segment.place, follow);
            }
            return;
        }
        self.push_unusual(number, segment, follow);
    }

    /// Connections that are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.flows
    }

    /// Takes a segment of the ends `number` that is not just the next one.
    #[inline(never)]
    fn push_unusual<F>(&mut self, number: u32, segment: &Segment<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let now = segment.place;
        let around = Around { key: &segment.flow, limits: &self.limits, ports: &self.ports, now };
        match self.known.get_mut(number) {
            Some(Known::Flow(flow)) => {
                if flow.push_first(segment, &around, &mut self.spare, follow) {
                    return self.weigh(number, now, follow);
                }
                if let Some(was) = flow.push_step(segment, &self.limits, &mut self.spare) {
                    let is_fed = flow.is_fed();
                    if was != Progress::Settled {
                        self.note_progress(number, was, now);
                    }
                    if is_fed {
                        self.weigh(number, now, follow);
                    }
                    return;
                }
            }
            Some(known) => {
                let is_soon = self.limits.acked_hole_segments > 2;
                let store =
                    (self.limits.deferred_bytes > 0).then(|| (&mut self.shelf, follow.blocks()));
                if is_soon && known.answer(number, segment, store) {
                    return self.weigh(number, now, follow);
                }
            }
            None => return,
        }
        let Some(known) = self.known.get_mut(number) else { return };
        let around = Around { key: &segment.flow, limits: &self.limits, ports: &self.ports, now };
        match known.wake(&around, follow).map(|flow| flow.fit(segment, &self.limits)) {
            Some(Fit::Here) => self.push_to(number, segment, follow),
            Some(Fit::Stray) => follow.trouble(Trouble::StraySegment, now),
            Some(Fit::Anew) => {
                self.end(number, Ending::Reused, now, follow);
                self.forget(&segment.flow);
                self.begin(segment, follow);
            }
            None => {}
        }
    }

    /// Takes a segment of no connection that is open.
    #[inline(never)]
    fn push_other<F>(&mut self, segment: &Segment<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        match self.ended.has_tail(self.known.hash(&segment.flow), segment) {
            Some(true) => {
                if !segment.data.is_empty() {
                    follow.trouble(Trouble::LateSegment, segment.place);
                }
                return;
            }
            Some(false) => self.forget(&segment.flow),
            None => {}
        }
        self.begin(segment, follow);
    }

    /// Hands a segment to the connection that it belongs to.
    fn push_to<F>(&mut self, number: u32, segment: &Segment<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let now = segment.place;
        let around = Around { key: &segment.flow, limits: &self.limits, ports: &self.ports, now };
        let Some(Known::Flow(flow)) = self.known.get_mut(number) else { return };
        let was = flow.progress();
        let before = flow.waiting_bytes();
        flow.push(segment, &around, follow);
        if self.waiting - before + flow.waiting_bytes() > self.limits.pending_bytes {
            flow.relieve(&around, follow);
        }
        self.waiting = self.waiting - before + flow.waiting_bytes();
        self.note_progress(number, was, now);
        self.weigh(number, now, follow);
    }

    /// Notes how far a connection is that `was` so far before the segment at hand.
    fn note_progress(&mut self, number: u32, was: Progress, now: Place) {
        let Some(known) = self.known.get(number) else { return };
        let known = known.progress(number, &self.shelf).zip(known.first(number, &self.shelf));
        let Some((progress, first)) = known else { return };
        if progress <= was {
            return;
        }
        let (queue, wait) = match progress {
            Progress::Settled => (&mut self.settled, self.limits.complete_linger_frames),
            Progress::Over => (&mut self.over, self.limits.linger_frames),
            Progress::Open => return,
        };
        queue.push_back(Over { number, first, since: now });
        // Those before it in the queue end before it.
        self.next_end = self.next_end.min(ends_after(now, wait));
        if progress == Progress::Settled && was == Progress::Over {
            self.forget_over(number, first, now);
        }
    }

    /// Lets go of what says that a connection is over, which is settled `now` and ends before that:
    /// else it would be looked up once more, when nothing of it is in the cache.
    fn forget_over(&mut self, number: u32, first: Place, now: Place) {
        let Limits { linger_frames, complete_linger_frames, .. } = self.limits;
        let is_it = |over: &Over| {
            over.number == number
                && over.first == first
                && ends_after(over.since, linger_frames) >= ends_after(now, complete_linger_frames)
        };
        if let Some(back) = self.over.iter().rev().take(RECENT).position(is_it) {
            match back {
                0 => self.over.pop_back(),
                _ => self.over.remove(self.over.len() - 1 - back),
            };
            self.find_next_end();
        }
    }

    /// Finds out what a connection holds, and gives up old ones while all hold too much.
    fn weigh<F: Follow<Dialog = D>>(&mut self, number: u32, now: Place, follow: &mut F) {
        match self.known.get_mut(number) {
            Some(Known::Flow(flow)) => {
                self.held -= flow.held();
                let held = flow.weigh();
                self.hold(held, now, follow);
            }
            // It was nothing before.
            Some(Known::Later) => {
                let held = self.shelf.get(number).map_or(0, Later::held);
                self.hold(held, now, follow);
            }
            _ => {}
        }
    }

    /// So many bytes more are held: gives up old connections while all hold too much.
    #[inline]
    fn hold<F: Follow<Dialog = D>>(&mut self, more: usize, now: Place, follow: &mut F) {
        self.held += more;
        while self.held > self.limits.held_bytes {
            if !self.give_up_oldest(now, follow) {
                break;
            }
        }
    }

    /// Ends the connection that was idle longest; returns whether there was one.
    fn give_up_oldest<F: Follow<Dialog = D>>(&mut self, now: Place, follow: &mut F) -> bool {
        let last = |number, known: &Known<D>| known.last(number, &self.shelf);
        let Some(number) = self.known.oldest(&mut self.oldest_flows, last) else { return false };
        self.hand_on(number, Ending::Evicted, now, follow);
        true
    }

    /// No more segments come: where the open connections began.
    pub fn stop(&mut self) -> Vec<Place> {
        let first =
            |(number, known): (u32, &Known<D>)| Some((known.first(number, &self.shelf)?, number));
        self.stopped = self.known.iter().filter_map(first).collect();
        self.stopped.sort_unstable();
        self.over = VecDeque::new();
        self.settled = VecDeque::new();
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
            let [next, soon] = [1, 1 + SOON]
                .map(|behind| self.stopped.get(at + behind).map(|&(_, number)| number));
            self.fetch_ends(next, soon);
            if self.first(number) == Some(first) {
                self.hand_on(number, Ending::InputEnd, end, follow);
            }
            at += 1;
        }
        self.follow_due(follow);
    }

    fn begin<F: Follow<Dialog = D>>(&mut self, segment: &Segment<'_>, follow: &mut F) {
        if self.flows >= self.limits.flows {
            self.give_up_oldest(segment.place, follow);
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
        let first = (segment.at, segment.place);
        let flow = Box::new(Flow::new(first, segment.digits, surely));
        self.known.insert(segment.flow, Known::Flow(flow));
        if let Some(number) = self.known.find(&segment.flow) {
            self.push_to(number, segment, follow);
        }
    }

    /// Ends the connections that were over long enough before `now`, which the segments that
    /// are pushed do by themselves: for when nothing is pushed.
    pub fn settle<F: Follow<Dialog = D>>(&mut self, now: Place, follow: &mut F) {
        self.settle_until(now, follow);
        self.follow_due(follow);
    }

    /// The same, but those whose segments were kept may be followed later: they go to `turns`.
    pub fn settle_to<F>(&mut self, now: Place, turns: &mut Turns<D>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        self.settle_until(now, follow);
        turns.take(&mut self.due, follow);
    }

    /// The same for each segment: mostly there is nothing to do.
    #[inline]
    fn settle_before<F: Follow<Dialog = D>>(&mut self, segment: &Segment<'_>, follow: &mut F) {
        if self.next_end <= segment.place {
            self.settle_until(segment.place, follow);
        }
    }

    #[inline(never)]
    fn settle_until<F: Follow<Dialog = D>>(&mut self, now: Place, follow: &mut F) {
        while self.next_end <= now {
            self.settle_next(follow);
        }
    }

    /// Ends the connection whose turn is next.
    fn settle_next<F: Follow<Dialog = D>>(&mut self, follow: &mut F) {
        let now = self.next_end;
        let [_, settled] = self.next_ends();
        let queue = if settled == now { &mut self.settled } else { &mut self.over };
        let over = queue.pop_front();
        let [next, soon] = [0, SOON].map(|behind| queue.get(behind).map(|over| over.number));
        self.fetch_ends(next, soon);
        if let Some(over) = over
            && self.is_there(over)
        {
            self.end(over.number, Ending::Closed, now, follow);
        }
        self.find_next_end();
    }

    /// The places at which the first that is over ends, and the first that is settled.
    fn next_ends(&self) -> [Place; 2] {
        let end = |queue: &VecDeque<Over>, wait: u64| {
            queue.front().map_or(NEVER, |over| ends_after(over.since, wait))
        };
        let Limits { linger_frames, complete_linger_frames, .. } = self.limits;
        [end(&self.over, linger_frames), end(&self.settled, complete_linger_frames)]
    }

    fn find_next_end(&mut self) {
        let [over, settled] = self.next_ends();
        self.next_end = over.min(settled);
    }

    /// Ends the connections of which nothing is missing and that are over.
    pub fn hurry<F: Follow<Dialog = D>>(&mut self, now: Place, follow: &mut F) {
        self.settle(now, follow);
        let settled = std::mem::take(&mut self.settled);
        for over in settled.into_iter().chain(std::mem::take(&mut self.over)) {
            if !self.is_there(over) {
                continue;
            }
            let known = self.known.get(over.number);
            if known.is_some_and(|known| known.is_complete(over.number, &self.shelf)) {
                self.end(over.number, Ending::Closed, now, follow);
            } else {
                self.over.push_back(over);
            }
        }
        self.find_next_end();
        self.follow_due(follow);
    }

    /// Whether the connection that was over goes on.
    fn is_there(&self, over: Over) -> bool {
        self.first(over.number) == Some(over.first)
    }

    /// The first packet of connection `number`, if it has not ended.
    fn first(&self, number: u32) -> Option<Place> {
        self.known.get(number)?.first(number, &self.shelf)
    }

    /// Ends a connection. Where it did is remembered, if it is closed.
    fn end<F>(&mut self, number: u32, ending: Ending, now: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        let (ends, is_over) = match self.known.get(number) {
            Some(Known::Flow(flow)) => (flow.ends(), flow.is_over()),
            Some(Known::Later) => match self.shelf.get(number) {
                Some(later) => (later.ends(), later.progress() > Progress::Open),
                None => return,
            },
            _ => return,
        };
        if ending != Ending::Closed && !is_over {
            return self.hand_on(number, ending, now, follow);
        }
        if let Some((key, known)) = self.known.remove(number) {
            self.ended.insert(&key, self.known.hash(&key), ends);
            self.finish_one(number, (key, known), Ending::Closed, now, follow);
        }
    }

    /// Ends a connection of which nothing is remembered.
    fn hand_on<F>(&mut self, number: u32, ending: Ending, now: Place, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        if let Some(removed) = self.known.remove(number) {
            self.finish_one(number, removed, ending, now, follow);
        }
    }

    /// Finishes a connection that had `number` until now.
    fn finish_one<F>(
        &mut self,
        number: u32,
        (key, mut known): (FlowKey, Known<D>),
        ending: Ending,
        now: Place,
        follow: &mut F,
    ) where
        F: Follow<Dialog = D>,
    {
        self.flows -= 1;
        let around = Around { key: &key, limits: &self.limits, ports: &self.ports, now };
        if matches!(known, Known::Later) {
            let Some(later) = self.shelf.get(number).cloned() else { return };
            self.held -= later.held();
            follow.blocks().fetch_all(&later);
            self.due.push(Due { key, later, ending, now });
            if self.due.len() >= AT_ONCE {
                self.follow_due(follow);
            }
            return;
        }
        known.wake(&around, follow);
        if let Known::Flow(mut flow) = known {
            self.waiting -= flow.waiting_bytes();
            self.held -= flow.held();
            flow.finish(ending, &around, follow);
        }
    }

    /// Follows a connection from now on, and what was kept of it.
    #[inline(never)]
    fn follow_now<F: Follow<Dialog = D>>(&mut self, number: u32, follow: &mut F) {
        let Some((key, Known::Later)) = self.known.entry(number) else { return };
        self.kept.clear();
        let Some(later) = self.shelf.get(number).cloned() else { return };
        follow.blocks().lift(&later, &mut self.kept);
        let around =
            Around { key: &key, limits: &self.limits, ports: &self.ports, now: later.last };
        let mut segments = later.segments(&self.kept, key);
        if let Some(mut flow) = Flow::begin_kept(&mut segments).map(Box::new) {
            flow.follow_first(&mut segments, &around, &mut self.spare, follow);
            let history = self.limits.history_bytes;
            flow.push_straight(&mut segments, usize::MAX, history, &mut self.spare);
            self.held -= later.held();
            self.waiting += flow.waiting_bytes();
            // The next segment weighs it.
            flow.feed();
            if let Some(known) = self.known.get_mut(number) {
                *known = Known::Flow(flow);
            }
        }
    }

    /// Follows those that have ended to their end.
    fn follow_due<F: Follow<Dialog = D>>(&mut self, follow: &mut F) {
        self.turns.take(&mut self.due, follow);
        self.turns.finish(follow);
    }

    /// Forgets where a connection ended.
    fn forget(&mut self, key: &FlowKey) {
        self.ended.forget(key, self.known.hash(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{Chunk, Close, Opening, What};
    use crate::stream::{Blocks, Looks, SessionEnd};
    use crate::time::Stamp;
    use crate::trouble::Trouble;

    /// Notes what becomes of the sessions.
    #[derive(Default)]
    struct Log {
        blocks: Blocks,
        open: usize,
        /// When each session ended, how, and what was sent in it.
        done: Vec<(u64, Ending, String)>,
        troubles: Vec<Trouble>,
    }

    impl Consume for String {
        fn push(&mut self, chunk: &Chunk<'_>) {
            match chunk.what {
                What::Data(data) => self.push_str(&String::from_utf8_lossy(data)),
                What::Gap(gap) => self.extend(["[", &gap.bytes.to_string(), "]"]),
                What::Close(Close::Fin) => self.push('.'),
                _ => {}
            }
        }
    }

    impl Follow for Log {
        type Dialog = String;

        fn blocks(&mut self) -> &mut Blocks {
            &mut self.blocks
        }

        fn candidate(&mut self, _: Place, _: bool) {}

        fn dismissed(&mut self, _: Place, _: Place) {}

        fn open(&mut self, _: &Opening, _: bool, _: Place) -> String {
            self.open += 1;
            String::new()
        }

        fn done(&mut self, text: String, end: SessionEnd) {
            self.done.push((end.now.number(), end.ending, text));
        }

        fn trouble(&mut self, trouble: Trouble, _: Place) {
            self.troubles.push(trouble);
        }

        fn looks(&self, _: &[u8], _: bool) -> Looks {
            Looks::Unclear
        }

        fn speaks(&self, _: &[u8], _: &[u8]) -> Option<bool> {
            None
        }
    }

    /// A tracker that is fed segments of a client (port 40000) and its server (port 25), one
    /// second after the other.
    struct Feed {
        tracker: Tracker<String>,
        log: Log,
        frames: u64,
        clock: i64,
        port: u16,
    }

    const HOUR: i64 = 3600;

    impl Feed {
        fn new(limits: &Limits) -> Self {
            let tracker = Tracker::new(Ports::default(), limits);
            Self { tracker, log: Log::default(), frames: 0, clock: 1_000_000, port: 40_000 }
        }

        fn push(&mut self, from_client: bool, seq: u32, ack: Option<u32>, what: &str) {
            let client = ([192, 0, 2, 1].into(), self.port);
            let server = ([192, 0, 2, 2].into(), 25);
            let (from, to) = if from_client { (client, server) } else { (server, client) };
            let (flow, way) = FlowKey::new(from, to);
            let (syn, fin) = (what == "SYN", what == "FIN");
            self.frames += 1;
            self.clock += 1;
            let segment = Segment {
                flow,
                way,
                at: Some(Stamp::from_nanos(self.clock * 1_000_000_000)),
                digits: 6,
                place: Place::new(self.frames),
                seq,
                ack,
                flags: Flags { syn, fin, rst: false },
                window: 65_535,
                data: if syn || fin { b"" } else { what.as_bytes() },
                cut: 0,
            };
            self.tracker.push(&segment, &mut self.log);
        }

        fn client(&mut self, seq: u32, ack: u32, what: &str) {
            self.push(true, seq, Some(ack), what);
        }

        fn server(&mut self, seq: u32, ack: u32, what: &str) {
            self.push(false, seq, Some(ack), what);
        }

        fn begin(&mut self) {
            self.push(true, 99, None, "SYN");
            self.server(999, 100, "SYN");
            self.client(100, 1000, "");
        }

        fn finish(mut self) -> Log {
            let end = Place::new(self.frames + 1);
            self.tracker.settle(end, &mut self.log);
            if let Some(&last) = self.tracker.stop().last() {
                self.tracker.finish(Place::default(), last, end, &mut self.log);
            }
            self.log
        }

        fn texts(self) -> Vec<String> {
            self.finish().done.into_iter().map(|(_, _, text)| text).collect()
        }
    }

    #[test]
    fn an_hour_of_silence_and_numbers_elsewhere_begin_another_connection() {
        for (silence, away, sessions) in
            [(2 * HOUR, 1 << 20, 2), (HOUR / 2, 1 << 20, 1), (-2 * HOUR, 1 << 20, 1)]
        {
            let mut feed = Feed::new(&Limits::default());
            feed.begin();
            feed.server(1000, 100, "220 a\r\n");
            feed.clock += silence;
            feed.server(1007 + away, 100 + away, "220 b\r\n");
            feed.client(100 + away, 1014 + away, "QUIT\r\n");
            let log = feed.finish();
            assert_eq!(log.done.len(), sessions, "{silence} {away}");
            if sessions == 2 {
                assert_eq!(log.done[0].1, Ending::Reused);
                assert_eq!(log.done[1].2, "220 b\r\nQUIT\r\n");
            }
        }
    }

    #[test]
    fn a_clock_that_jumps_ends_nothing_while_the_numbers_go_on() {
        let jumps = [30 * 365 * 24 * HOUR, -30 * 365 * 24 * HOUR, 2 * HOUR];
        for jump in jumps {
            let mut feed = Feed::new(&Limits::default());
            feed.begin();
            feed.server(1000, 100, "220 a\r\n");
            feed.clock += jump;
            feed.client(100, 1007, "NOOP\r\n");
            // Some of it was lost, less than a window.
            feed.clock += jump / 2;
            feed.server(1017, 106, "250 b\r\n");
            feed.clock -= jump;
            feed.client(106, 1024, "QUIT\r\n");
            assert_eq!(feed.texts(), ["220 a\r\nNOOP\r\n[10]250 b\r\nQUIT\r\n"]);
        }
    }

    #[test]
    fn a_pure_acknowledgment_from_elsewhere_is_no_hole() {
        let mut feed = Feed::new(&Limits::default());
        feed.begin();
        feed.server(1000, 100, "220 a\r\n");
        feed.clock += 2 * HOUR;
        feed.client(100 + (1 << 20), 1007 + (1 << 20), "");
        feed.server(1007 + (1 << 20), 100 + (1 << 20), "220 b\r\n");
        let log = feed.finish();
        assert_eq!(log.troubles, [Trouble::StraySegment]);
        assert_eq!(log.done.len(), 2);
    }

    #[test]
    fn what_is_complete_ends_soon_and_what_is_not_late_in_order() {
        let limits = Limits { linger_frames: 40, complete_linger_frames: 5, ..Limits::default() };
        let mut feed = Feed::new(&limits);
        // The first is complete in frame 7; of the second a byte is missing until frame 25.
        for (port, seq) in [(1, 100), (2, 101), (3, 101)] {
            feed.port = port;
            feed.begin();
            feed.server(1000, 100, "2");
            feed.server(1001, 100, "FIN");
            feed.client(seq, 1002, "FIN");
            feed.server(1002, seq + 1, "");
        }
        feed.port = 9;
        feed.begin();
        feed.port = 2;
        feed.client(100, 1002, "x");
        feed.port = 9;
        for _ in 0..60 {
            feed.client(100, 1000, "");
        }
        feed.tracker.settle(Place::default(), &mut feed.log);
        let mut ends: Vec<_> =
            feed.log.done.iter().map(|(at, _, text)| (*at, text.as_str())).collect();
        ends.sort_unstable();
        assert_eq!(ends, [(13, "2.."), (31, "2.x."), (61, "2.[1].")]);
    }

    #[test]
    fn what_is_complete_is_waited_for_once_if_it_ends_sooner() {
        for (linger_frames, waits) in [(40, 0), (5, 3)] {
            let limits = Limits { linger_frames, complete_linger_frames: 30, ..Limits::default() };
            let mut feed = Feed::new(&limits);
            for port in 1..=3 {
                feed.port = port;
                feed.begin();
                feed.server(1000, 100, "2");
                feed.server(1001, 100, "FIN");
            }
            for port in 1..=3 {
                feed.port = port;
                feed.client(100, 1002, "FIN");
            }
            assert_eq!(feed.tracker.over.len(), 3);
            for port in [2, 1, 3] {
                feed.port = port;
                feed.server(1002, 101, "");
            }
            assert_eq!((feed.tracker.over.len(), feed.tracker.settled.len()), (waits, 3));
            assert_eq!(feed.tracker.next_ends().into_iter().min(), Some(feed.tracker.next_end));
        }
    }

    #[test]
    fn a_flood_of_syns_takes_little_and_is_still_all_told() {
        // A line of the cache with its key.
        assert_eq!(Table::<Known<String>>::PLACE, 64);
        let mut feed = Feed::new(&Limits::default());
        for port in 1..=1000 {
            feed.port = 1000 + port;
            feed.push(true, 99, None, "SYN");
        }
        assert!(feed.tracker.known.iter().all(|(_, known)| matches!(known, Known::Syn { .. })));
        let log = feed.finish();
        assert_eq!((log.open, log.done.len()), (1000, 1000));
    }

    #[test]
    fn an_idle_connection_is_small() {
        // Without its dialog; a place in the table comes to it, of 64 bytes and its number.
        assert!(size_of::<Flow<()>>() <= 280, "{}", size_of::<Flow<()>>());
    }
}
