//! One TCP connection: its two directions in causal order, who is the client, and when what is
//! missing is given up.

mod judge;
mod order;
mod steps;
mod touch;
mod watch;

pub(super) use steps::is_answer;

use super::half::{Accepted, FAR, Half, NEAR, Spare, Tag};
use super::relay::{self};
use super::{Follow, SessionEnd};
use crate::chunk::{self, Chunk, Close, Consume, Ending, Gap, Open, Side, Via, What};
use crate::limits::Limits;
use crate::packet::{FlowKey, Segment, Way};
use crate::place::Place;
use crate::ports::Ports;
use crate::time::{Lapse, Stamp};

/// A connection. What it needs only for a while, or what few need, is held apart, so that many
/// can be open at once; what every segment needs stands together, so that it is in few lines of
/// the cache.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Flow<D> {
    stage: Stage<D>,
    last_at: Option<Stamp>,
    /// Its last packet.
    pub(super) last: Place,
    /// Segments so far.
    arrivals: u64,
    /// Bytes of each direction that belong to a relay, if any do.
    skipped: Option<Box<[u64; 2]>>,
    /// Bytes that were delivered since it was last asked what it holds.
    fed: u32,
    /// Nothing stands against taking the next segment by [`Flow::push_next`] but itself.
    is_easy: bool,
    /// Where the client's bytes come from, once that is known.
    client: Way,
    /// It is a session, whatever comes.
    surely: bool,
    digits: u8,
    /// By direction: up, down.
    halves: [Half; 2],
    handshake: Handshake,
    notes: Option<Box<Notes>>,
    /// What it held when that was last asked.
    held: usize,
    /// Its first packet.
    pub(super) first: Place,
    first_at: Option<Stamp>,
}

/// What of the opening handshake was seen (RFC 9293 §3.5).
#[derive(Clone, Copy, Debug, Default)]
struct Handshake {
    /// The direction of the SYN.
    connects: Option<Way>,
    syn_ack: bool,
    established: bool,
}

/// What a connection holds only while it is judged, or once it was reset.
#[derive(Debug, Default)]
struct Notes {
    /// The steps of the handshake that are still to be delivered.
    syn: Option<Mark>,
    syn_ack: Option<Mark>,
    established: Option<Mark>,
    reset: Option<Reset>,
}

/// When and where something was captured.
type Mark = (Option<Stamp>, Place);

/// A reset of the connection.
#[derive(Clone, Copy, Debug)]
struct Reset {
    way: Way,
    seq: u32,
    at: Option<Stamp>,
    place: Place,
}

/// Longer than packets overtake each other after `at`.
fn after(at: Option<Stamp>) -> Option<Stamp> {
    at.map(|at| at.after(Lapse::from_nanos(1_000_000_000)))
}

/// How far a connection has come.
#[derive(Debug)]
enum Stage<D> {
    /// It is not yet known whether it is a session, or where it starts; so many bytes waited
    /// when that was last asked.
    Judging(usize),
    /// Only its handshake has come, as far as both its SYNs: its first packet, and this one. The
    /// last one, if there is another, completes it.
    Shaken(Stamp, Place),
    /// It is none.
    Ignored,
    /// Its chunks go to a dialog.
    Following(D),
}

/// What surrounds a connection.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// Its ends.
    pub(super) key: &'a FlowKey,
    pub(super) limits: &'a Limits,
    pub(super) ports: &'a Ports,
    /// The frame at hand.
    pub(super) now: Place,
}

/// How a segment fits a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It belongs to it.
    Here,
    /// It begins another connection between the same ends.
    Anew,
    /// It fits nowhere.
    Stray,
}

/// How far a connection has come towards its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// More is to come.
    #[default]
    Open,
    /// Both sides have ended it, or one has reset it.
    Over,
    /// Both have, all that they sent is there, and each has acknowledged the other's end: nothing
    /// is to come but copies.
    Settled,
}

/// What the first bytes say of a connection.
enum Verdict {
    Wait,
    Ignore,
    Go { client: Way, via: Option<Via>, skipped: [u64; 2] },
}

/// Bytes after which it is asked again what a connection holds: it may be sixty times as much, as
/// an empty line is an exchange.
const FED: u32 = 1024;

/// Bytes to look at before anything is delivered.
const PEEK: usize = relay::ENOUGH;

impl<D> Flow<D> {
    /// The connection that began with the segment at `first`.
    pub(super) fn new(first: Mark, digits: u8, surely: bool) -> Self {
        Self::of([Half::default(), Half::default()], first, digits, surely)
    }

    /// The same with these directions.
    fn of(halves: [Half; 2], (first_at, first): Mark, digits: u8, surely: bool) -> Self {
        Self {
            stage: Stage::Judging(0),
            last_at: first_at,
            last: first,
            arrivals: 0,
            skipped: None,
            fed: 0,
            is_easy: false,
            client: Way::Up,
            surely,
            digits,
            halves,
            handshake: Handshake::default(),
            notes: None,
            held: 0,
            first,
            first_at,
        }
    }

    /// Whether `segment` belongs to this connection.
    pub(super) fn fit(&self, segment: &Segment<'_>, limits: &Limits) -> Fit {
        let own = self.half(segment.way);
        let other = self.half(segment.way.back());
        let start = segment.seq.wrapping_add(1);
        if matches!(self.stage, Stage::Ignored) {
            // Nothing of it is known any more but that it was no session.
            let begins = segment.flags.syn && segment.ack.is_none();
            return if begins { Fit::Anew } else { Fit::Here };
        }
        if segment.flags.syn {
            let again = own.anchored && own.starts_at(start);
            let untouched = own.next == 0 && other.next == 0;
            return match segment.ack {
                // The same capture given twice shows the same handshake at the same time again.
                _ if again && !untouched && self.is_first_again(segment) => Fit::Anew,
                _ if again => Fit::Here,
                _ if own.anchored || self.is_over() => Fit::Anew,
                _ if !own.is_placed() => match segment.ack {
                    Some(ack) if other.anchored && !other.starts_at(ack) => Fit::Anew,
                    _ => Fit::Here,
                },
                // A stream that was joined late: its SYN may come late, too.
                _ if untouched
                    && own.offset(start).is_some_and(|o| (-i64::from(FAR)..=0).contains(&o)) =>
                {
                    Fit::Here
                }
                _ => Fit::Anew,
            };
        }
        let distance = own.distance(segment.seq);
        let ack_distance = segment.ack.and_then(|ack| other.distance(ack));
        let is_elsewhere = distance.zip(ack_distance).is_some_and(|both| both.0.min(both.1) > NEAR);
        let most = if is_elsewhere && self.was_silent(segment, limits) { NEAR } else { FAR };
        let far = distance.map(|distance| distance > most);
        let ack_far = ack_distance.map(|distance| distance > most);
        match (far, ack_far) {
            // A reset in answer to a SYN has the sequence number 0.
            (_, Some(false)) if segment.flags.rst => Fit::Here,
            (Some(true), Some(true)) if !segment.data.is_empty() => Fit::Anew,
            (Some(true), _) | (None, Some(true)) => Fit::Stray,
            (Some(false), Some(true)) if !segment.data.is_empty() => Fit::Stray,
            _ => Fit::Here,
        }
    }

    /// Both sides have ended, or one has reset.
    pub(super) fn is_over(&self) -> bool {
        self.reset().is_some() || self.halves.iter().all(Half::has_end)
    }

    /// Whether `segment` has the time of the first one, although later ones have come.
    fn is_first_again(&self, segment: &Segment<'_>) -> bool {
        segment.at.is_some() && segment.at == self.first_at && segment.at < self.last_at
    }

    /// Whether `segment` comes so long after the last one that its ends may have begun another
    /// connection.
    fn was_silent(&self, segment: &Segment<'_>, limits: &Limits) -> bool {
        let silence = segment.at.zip(self.last_at).map_or(0, |(at, last)| at.since(last).nanos());
        u64::try_from(silence).is_ok_and(|silence| silence > limits.idle_ns)
    }

    /// Both sides have ended it, and all that they sent is there.
    pub(super) fn is_complete(&self) -> bool {
        self.halves.iter().all(|half| half.closed)
    }

    /// How far it has come.
    #[inline]
    pub(super) fn progress(&self) -> Progress {
        if self.halves.iter().all(|half| half.closed && half.fin_acked) {
            Progress::Settled
        } else if self.is_over() {
            Progress::Over
        } else {
            Progress::Open
        }
    }

    /// Bytes that wait in memory.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.halves.iter().map(Half::waiting_bytes).sum()
    }

    /// Whether it may hold much more than when that was last asked.
    pub(super) fn is_fed(&self) -> bool {
        self.fed >= FED
    }

    /// It is to be asked what it holds.
    pub(super) fn feed(&mut self) {
        self.fed = FED;
    }

    /// What it held in bytes when that was last asked.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Whether anything waits to be delivered.
    fn is_waiting(&self) -> bool {
        self.halves.iter().any(Half::is_waiting)
    }

    /// The next sequence numbers of both directions.
    pub(super) fn ends(&self) -> [Option<u32>; 2] {
        [self.half(Way::Up).next_seq(), self.half(Way::Down).next_seq()]
    }

    fn reset(&self) -> Option<Reset> {
        self.notes.as_ref()?.reset
    }

    fn notes(&mut self) -> &mut Notes {
        self.notes.get_or_insert_default()
    }

    fn half(&self, way: Way) -> &Half {
        let [up, down] = &self.halves;
        match way {
            Way::Up => up,
            Way::Down => down,
        }
    }

    fn half_mut(&mut self, way: Way) -> &mut Half {
        let [up, down] = &mut self.halves;
        match way {
            Way::Up => up,
            Way::Down => down,
        }
    }
}

impl<D: Consume> Flow<D> {
    /// Finds out what it holds, in bytes.
    pub(super) fn weigh(&mut self) -> usize {
        let halves: usize = self.halves.iter().map(Half::held).sum();
        let dialog = match &self.stage {
            Stage::Following(dialog) => dialog.held(),
            Stage::Judging(_) | Stage::Shaken(..) | Stage::Ignored => 0,
        };
        self.fed = 0;
        self.held = size_of::<Self>() + halves + dialog;
        self.held
    }

    /// Takes a segment that belongs here.
    pub(super) fn push<F>(&mut self, segment: &Segment<'_>, around: &Around<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        self.unfold();
        let watched = match self.stage {
            Stage::Ignored => None,
            _ => self.watch(segment),
        };
        self.count(segment);
        self.halves.iter_mut().for_each(Half::open_end);
        if matches!(self.stage, Stage::Ignored) {
            self.note_end(segment);
            return;
        }
        let tag =
            Tag { at: segment.at, place: segment.place, arrival: self.arrivals, ack: segment.ack };
        self.note_handshake(segment);
        if let Some(ack) = segment.ack {
            let other = self.half_mut(segment.way.back());
            other.place(ack);
            other.acknowledge(ack, tag.arrival, &mut Spare::default());
        }
        let seq = segment.seq.wrapping_add(u32::from(segment.flags.syn));
        let has_payload = !segment.data.is_empty() || segment.cut > 0;
        // Who sends on has not reset: that packet was forged, or from another connection.
        if let Some(reset) = self.reset().filter(|reset| has_payload && reset.way == segment.way) {
            let own = self.half(segment.way);
            // A capture may have the last segments behind the reset that followed them.
            let is_overtaken =
                own.offset(seq) < own.offset(reset.seq) && segment.at < after(reset.at);
            let is_new = own.offset(seq).is_some_and(|offset| offset >= own.next.cast_signed());
            if is_new && !is_overtaken {
                self.notes().reset = None;
                let mark = chunk::Mark { at: segment.at, place: segment.place };
                self.half_mut(segment.way).note_after_reset(mark);
                self.settle();
            }
        }
        if has_payload || segment.flags.fin {
            self.half_mut(segment.way).place(seq);
        }
        if matches!(self.stage, Stage::Judging(_)) {
            self.judge_first(segment, around, follow);
        }
        let hold = !matches!(self.stage, Stage::Following(_));
        let mut next = None;
        if has_payload {
            let cut = u64::from(segment.cut);
            let own = self.half_mut(segment.way);
            if let Accepted::Next(data) = own.accept(seq, segment.data, cut, tag, hold) {
                if self.may_deliver(segment.way, tag) {
                    self.deliver(segment.way, tag, What::Data(data));
                    self.half_mut(segment.way).delivered(
                        data,
                        around.limits.history_bytes,
                        &mut Spare::default(),
                    );
                } else {
                    next = Some(data);
                }
            }
        }
        if let Some(data) = next {
            self.half_mut(segment.way).keep(data, tag);
        }
        if let Some(watched) = &watched {
            self.half_mut(segment.way).after(watched);
        }
        self.note_end(segment);
        self.advance(around, follow);
        self.is_easy = self.is_easy();
    }

    /// Delivers what can be, and gives up what must be.
    fn advance<F>(&mut self, around: &Around<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        if let Stage::Judging(judged) = self.stage {
            let full = self.waiting_bytes() > around.limits.flow_pending_bytes
                || self.arrivals > u64::from(around.limits.acked_hole_segments);
            // Each look costs a copy of the first bytes: not for every byte that a client of
            // many small segments sends.
            let waiting = self.waiting_bytes();
            let is_more = waiting >= judged + judged / 2 || waiting < 1 << 14;
            // A connection to a mail server is judged by what it says.
            let is_silent = self.surely && waiting == 0;
            if full || is_more && !is_silent {
                self.stage = Stage::Judging(waiting);
                self.judge(around, follow, full);
            }
        }
        if !matches!(self.stage, Stage::Following(_)) {
            return;
        }
        while self.is_waiting() {
            self.drain(around);
            let Some(stop) = self.stop() else { break };
            let patience = u64::from(around.limits.acked_hole_segments);
            let overdue =
                stop.since().is_some_and(|since| self.arrivals.saturating_sub(since) > patience);
            let full = self.waiting_bytes() > around.limits.flow_pending_bytes;
            if !overdue && !full {
                break;
            }
            self.pass(&stop, around);
        }
    }

    /// Delivers everything that waits, with gaps for what is missing.
    pub(super) fn relieve<F>(&mut self, around: &Around<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        self.unfold();
        if matches!(self.stage, Stage::Judging(_)) {
            self.judge(around, follow, true);
        }
        if !matches!(self.stage, Stage::Following(_)) {
            return;
        }
        while self.is_waiting() {
            self.drain(around);
            let Some(stop) = self.stop() else { break };
            self.pass(&stop, around);
        }
    }

    /// Ends the connection; a session is handed to `follow`.
    pub(super) fn finish<F>(&mut self, ending: Ending, around: &Around<'_>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        self.relieve(around, follow);
        if matches!(self.stage, Stage::Judging(_)) {
            follow.dismissed(self.first, around.now);
        }
        if !matches!(self.stage, Stage::Following(_)) {
            return;
        }
        for way in [Way::Up, Way::Down] {
            let half = self.half(way);
            let missing = half.acked.saturating_sub(half.next);
            // Of a connection that is over, the last number acknowledged is that of a FIN.
            let has_reset = self.reset().is_some();
            let fin = u64::from(half.fin().is_none() && (has_reset || missing == 1));
            if missing > fin {
                self.gap(way, missing - fin, None);
            }
        }
        if let Some(reset) = self.reset() {
            let refused = self.handshake.connects == Some(reset.way.back())
                && !self.handshake.syn_ack
                && self.halves.iter().all(|half| half.next == 0);
            let close = if refused { Close::Refused } else { Close::Reset };
            let tag = Tag::of((reset.at, reset.place));
            self.deliver(reset.way, tag, What::Close(close));
        }
        let transport = self.transport();
        let has_reset = self.reset().is_some();
        let stage = std::mem::replace(&mut self.stage, Stage::Ignored);
        if let Stage::Following(dialog) = stage {
            let ending = match ending {
                Ending::InputEnd if has_reset => Ending::Closed,
                Ending::InputEnd if self.halves.iter().all(|half| half.closed) => Ending::Closed,
                other => other,
            };
            let end = SessionEnd { ending, last_at: self.last_at, transport, now: around.now };
            follow.done(dialog, end);
        }
    }

    fn note_handshake(&mut self, segment: &Segment<'_>) {
        let way = segment.way;
        let mark = (segment.at, segment.place);
        let is_judging = matches!(self.stage, Stage::Judging(_));
        if segment.flags.syn && !segment.flags.rst {
            let start = segment.seq.wrapping_add(1);
            self.half_mut(way).anchor(start);
            if let Some(ack) = segment.ack {
                self.half_mut(way.back()).anchor(ack);
                let connects = *self.handshake.connects.get_or_insert(way.back());
                if connects == way.back() {
                    self.handshake.syn_ack = true;
                    if is_judging {
                        self.notes().syn_ack.get_or_insert(mark);
                    }
                }
            } else {
                let connects = *self.handshake.connects.get_or_insert(way);
                if connects == way && is_judging {
                    self.notes().syn.get_or_insert(mark);
                }
            }
        } else if self.handshake.owes(way) && segment.ack.is_some() {
            self.handshake.established = true;
            if is_judging {
                self.notes().established = Some(mark);
            } else {
                self.deliver(way, Tag::of(mark), What::Open(Open::Established));
            }
        }
    }

    fn note_end(&mut self, segment: &Segment<'_>) {
        let &Segment { way, at, place, ack, .. } = segment;
        if segment.flags.fin {
            let seq = segment.seq.wrapping_add(u32::from(segment.flags.syn));
            let len = (segment.data.len() as u64 + u64::from(segment.cut)).cast_signed();
            let tag = Tag { at, place, arrival: self.arrivals, ack };
            let own = self.half_mut(way);
            if let Some(offset) = own.offset(seq) {
                own.finish_at(offset + len, tag);
            }
        }
        if segment.flags.rst && self.reset().is_none() && self.half(way).may_reset(segment.seq) {
            self.notes().reset = Some(Reset { way, seq: segment.seq, at, place });
        }
    }

    /// Delivers `bytes` of direction `way` as missing; `tag` is the segment that showed it.
    fn gap(&mut self, way: Way, bytes: u64, tag: Option<Tag>) {
        let half = self.half(way);
        let acked = half.acked >= half.next + bytes;
        let tag = tag.unwrap_or(Tag::of((self.last_at, self.last)));
        // The showing segment may be the other side's: what it had seen says nothing here.
        self.deliver(way, Tag { ack: None, ..tag }, What::Gap(Gap { bytes, acked }));
        self.half_mut(way).gave_up(bytes);
    }

    fn deliver(&mut self, way: Way, tag: Tag, what: What<'_>) {
        let other = self.half(way.back());
        let seen = tag.ack.and_then(|ack| other.seen(ack)).map(|seen| seen.min(other.next));
        self.hand_on(way, (tag.at, tag.place), seen, what);
    }

    /// Hands on to a dialog what direction `way` sent, having seen so many bytes of the other one.
    // See `Flow::push_next`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn hand_on(&mut self, way: Way, (at, place): Mark, seen: Option<u64>, what: What<'_>) {
        let Stage::Following(dialog) = &mut self.stage else { return };
        let skipped = self.skipped.as_deref().map_or(0, |&[up, down]| match way {
            Way::Up => down,
            Way::Down => up,
        });
        let side = if way == self.client { Side::Client } else { Side::Server };
        let seen = seen.map(|seen| seen.saturating_sub(skipped));
        dialog.push(&Chunk { side, at, place, seen, what });
    }

    /// Lets go of notes that say nothing any more.
    fn settle(&mut self) {
        if !matches!(self.stage, Stage::Judging(_)) && self.reset().is_none() {
            self.notes = None;
        }
    }
}

impl Handshake {
    /// Whether a packet of direction `way` may be the one that completes it.
    #[inline]
    fn owes(self, way: Way) -> bool {
        self.syn_ack && !self.established && self.connects == Some(way)
    }
}

/// What keeps bytes that wait from being delivered.
enum Stop {
    Knot(Knot),
    Hole(Hole),
}

impl Stop {
    /// Since which segment it can be given up.
    fn since(&self) -> Option<u64> {
        match self {
            Self::Knot(knot) => Some(knot.since),
            Self::Hole(hole) => hole.since,
        }
    }
}

/// Both directions wait for each other.
struct Knot {
    /// Whose bytes are to go first.
    way: Way,
    /// Up to where.
    until: u64,
    since: u64,
}

/// Missing bytes that something waits for.
struct Hole {
    /// Whose bytes.
    way: Way,
    bytes: u64,
    /// Since which segment it is proven that they were sent and something waits for them.
    since: Option<u64>,
    /// The segment that waits.
    tag: Tag,
}
