//! The stages behind the decoder, for some of the connections: segments → sessions → findings.
//!
//! A run has [`SHARDS`] of them however many threads it has, so that bounds are reached at the
//! same place for any number of threads. A [`Crew`] holds those that one thread serves.

use super::merge::{Event, PATIENCE, What};
use super::{Audited, Noted, Options, Overflow, Work};
use crate::chunk::{self, Consume, Ending, Gap, Medium, Opening, Shows, Side};
use crate::dialog::session::Session;
use crate::dialog::{Dialog, Tap};
use crate::packet::{FlowKey, Segment};
use crate::place::{Origin, Place, Places, Slot};
use crate::recording::OneSided;
use crate::rules::{self, Finding};
use crate::smtp::sniff::{self, Verdict};
use crate::stream::{Blocks, Follow, Hint, Looks, SessionEnd, Tracker, Turns};
use crate::time::Stamp;
use crate::transcript;
use crate::trouble::{Trouble, Troubles};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::{Arc, PoisonError};

/// How many parts the connections of a run fall into.
pub(super) const SHARDS: usize = 1 << 4;

/// Text of a transcript that is held for one session before it goes to the overflow.
const TRANSCRIPT_PIECE: usize = 64 << 10;

/// Which tracker of a crew has a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home(u8);

impl Home {
    /// Another crew has it.
    const ELSEWHERE: Self = Self(u8::MAX);

    /// Whether it is one of the crew's.
    #[inline]
    pub(super) fn is_here(self) -> bool {
        self != Self::ELSEWHERE
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::ELSEWHERE
    }
}

/// The shard that a connection belongs to: the same for both directions, and in every run.
#[inline]
pub(super) fn shard_of(flow: &FlowKey) -> usize {
    let number = flow.mix() >> (u64::BITS - SHARDS.ilog2());
    usize::try_from(number).unwrap_or(0)
}

/// Sessions that are judged at once: each step, from rules to text, is done for all of them before
/// the next one is. Measured: two to three percent of the time of short sessions.
const JUDGED_AT_ONCE: usize = 16;

/// What was found in most sessions is no more; more is not kept room for.
const FEW: usize = 16;

/// Connections that are ended at once: what is written of them is in memory.
const CLOSED_AT_ONCE: usize = 512;

/// In which order the connections that `open`ed there are ended: from where until where, in each
/// round. The last first, as others wait for their numbers; then the others in their order.
pub(super) fn closing_rounds(mut open: Vec<Place>, end: Place) -> Vec<(Place, Place)> {
    open.sort_unstable();
    let recent = open.partition_point(|&first| is_late(first, end));
    let (old, recent) = open.split_at_checked(recent).unwrap_or_default();
    let rounds = recent.chunks(CLOSED_AT_ONCE).chain(old.chunks(CLOSED_AT_ONCE));
    rounds.filter_map(|round| Some((*round.first()?, *round.last()?))).collect()
}

/// The shards that one thread serves.
pub(super) struct Crew<W: Work> {
    trackers: Vec<Tracker<Followed>>,
    /// Connections of all of them that have ended and are still to be followed.
    turns: Turns<Followed>,
    /// Which of them each shard is, if it is one of these.
    homes: [Home; SHARDS],
    follower: Follower<W>,
}

/// Where a connection was when it was looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    home: Home,
    hint: Hint,
    /// What it is most likely; [`Tracker::push_near`] makes sure of it.
    number: Option<u32>,
}

/// A dialog with what it is called in the run.
struct Followed {
    dialog: Box<Dialog>,
    slot: Slot,
}

/// Takes what has happened; says whether to go on.
pub(super) type Flush<'a, M> = dyn FnMut(&mut Vec<Event<M>>) -> bool + 'a;

/// Makes dialogs of connections and notes what becomes of them.
struct Follower<W: Work> {
    options: Options,
    work: W,
    blocks: Blocks,
    places: Places,
    events: Vec<Event<W::Made>>,
    /// Sessions that are over and not judged yet, and which of the events says so of each.
    over: Vec<Audited>,
    marks: Vec<usize>,
    /// One of them takes much memory.
    has_large: bool,
    /// The last ones, which nobody needs: others may lie there.
    // Handed on as they are: one is large to move.
    #[allow(clippy::vec_box)]
    spare: Vec<Box<Session>>,
    /// The same of what was found in them.
    spare_findings: Vec<Vec<Finding>>,
    /// What is to be said of inputs.
    noted: BTreeMap<u32, Noted>,
    /// No more segments come.
    is_closing: bool,
}

impl<W: Work> Crew<W> {
    /// A crew of the shards `first`, `first + step`, …
    pub(super) fn new(options: &Options, first: usize, step: usize, work: W) -> Self {
        let limits = options.settings.limits.share(SHARDS);
        let trackers = (first..SHARDS)
            .step_by(step)
            .map(|_| Tracker::new(options.ports.clone(), &limits))
            .collect();
        let follower = Follower {
            options: options.clone(),
            work,
            blocks: Blocks::new(&options.settings.limits),
            places: Places::default(),
            events: Vec::new(),
            over: Vec::new(),
            marks: Vec::new(),
            has_large: false,
            spare: Vec::new(),
            spare_findings: Vec::new(),
            noted: BTreeMap::new(),
            is_closing: false,
        };
        let mut homes = [Home::ELSEWHERE; SHARDS];
        for (home, place) in (0..).zip(homes.iter_mut().skip(first).step_by(step)) {
            *place = Home(home);
        }
        let turns = Turns::new(options.ports.clone(), &limits);
        Self { trackers, turns, homes, follower }
    }

    /// Input `index` begins after `before` frames.
    pub(super) fn begin(&mut self, before: u64, index: u32) {
        self.follower.places.begin(before, index);
    }

    /// Takes a segment, if it is of one of these shards; its place counts the frames of the run.
    pub(super) fn push(&mut self, segment: &Segment<'_>) {
        self.push_to(self.home(&segment.flow), segment);
    }

    /// The same for a segment of which [`Crew::home`] is known.
    #[inline]
    pub(super) fn push_to(&mut self, home: Home, segment: &Segment<'_>) {
        if let Some(tracker) = self.trackers.get_mut(usize::from(home.0)) {
            tracker.push(segment, &mut self.follower);
        }
    }

    /// The same, where it is known where its connection was shortly before.
    pub(super) fn push_near(&mut self, spot: Spot, segment: &Segment<'_>) {
        if let Some(tracker) = self.trackers.get_mut(usize::from(spot.home.0)) {
            tracker.push_near(spot.number, segment, &mut self.follower);
        }
    }

    /// Where the connection of a segment that comes soon may be; asks for the memory that tells.
    #[inline]
    pub(super) fn spot(&self, flow: &FlowKey) -> Spot {
        let home = self.home(flow);
        let tracker = self.tracker(home);
        let hint = tracker.map(|tracker| tracker.hint(flow)).unwrap_or_default();
        if let Some(tracker) = tracker {
            tracker.fetch_index(hint);
        }
        Spot { home, hint, number: None }
    }

    /// Looks up such connections; asks for what is known of them.
    pub(super) fn find<'a>(&self, spots: impl Iterator<Item = &'a mut Spot>) {
        for spot in spots {
            let Some(tracker) = self.tracker(spot.home) else { continue };
            spot.number = tracker.guess(spot.hint);
            if let Some(number) = spot.number {
                tracker.fetch_key(number);
            }
        }
    }

    /// Asks for what their next segments need.
    pub(super) fn fetch(&self, spots: impl Iterator<Item = Spot>) {
        let mut sum = 0;
        for spot in spots {
            if let (Some(tracker), Some(number)) = (self.tracker(spot.home), spot.number) {
                sum ^= tracker.fetch(number, &self.follower.blocks);
            }
        }
        // Used by nothing, but the compiler must not see that.
        black_box(sum);
    }

    #[inline]
    fn tracker(&self, home: Home) -> Option<&Tracker<Followed>> {
        self.trackers.get(usize::from(home.0))
    }

    /// Where `flow` belongs.
    #[inline]
    pub(super) fn home(&self, flow: &FlowKey) -> Home {
        self.homes.get(shard_of(flow)).copied().unwrap_or_default()
    }

    /// Connections that are open.
    pub(super) fn connections(&self) -> usize {
        self.trackers.iter().map(Tracker::connections).sum()
    }

    /// Lets end what was over long enough before `now`.
    pub(super) fn settle(&mut self, now: Place) {
        for tracker in &mut self.trackers {
            tracker.settle_to(now, &mut self.turns, &mut self.follower);
        }
        self.turns.finish(&mut self.follower);
    }

    /// Lets end what is over, although more of it may come: nothing has come for a while.
    pub(super) fn hurry(&mut self, now: Place) {
        for tracker in &mut self.trackers {
            tracker.hurry(now, &mut self.follower);
        }
    }

    /// What has happened since the last call, up to the frame that was settled.
    pub(super) fn events(&mut self) -> &mut Vec<Event<W::Made>> {
        self.follower.judge_all();
        self.follower.seal();
        &mut self.follower.events
    }

    /// No more segments come: where the open connections began.
    pub(super) fn open(&mut self) -> Vec<Place> {
        self.follower.is_closing = true;
        self.trackers.iter_mut().flat_map(Tracker::stop).collect()
    }

    /// Ends the open connections that began `from` one place `until` another; `end` is a place
    /// after all frames.
    pub(super) fn close(&mut self, from: Place, until: Place, end: Place) {
        for tracker in &mut self.trackers {
            tracker.finish(from, until, end, &mut self.follower);
        }
    }

    /// What is left at the end of the run: the work, and what is to be said of inputs.
    pub(super) fn finish(self) -> (W, Vec<(u32, Noted)>) {
        (self.follower.work, self.follower.noted.into_iter().collect())
    }

    /// Reads a transcript, input `index`, which begins when `now` frames of captures were read.
    /// Gives `flush` what has happened after each session; stops when it says so.
    pub(super) fn transcript(
        &mut self,
        reader: &mut transcript::Reader,
        index: u32,
        now: Place,
        troubles: &mut Troubles,
        flush: &mut Flush<'_, W::Made>,
    ) {
        let places = Places::of_input(index);
        // Those of a log go on side by side.
        let mut open: BTreeMap<u32, (Slot, Box<Dialog>, Option<Stamp>)> = BTreeMap::new();
        loop {
            let Some((session, event)) = reader.next(troubles) else { return };
            match event {
                transcript::Event::Begin(opening) => {
                    let slot = places.slot(opening.place);
                    self.follower.note(now, slot, What::Session);
                    let dialog = self.follower.dialog(&opening, slot);
                    open.insert(session, (slot, dialog, opening.at));
                }
                transcript::Event::Chunk(chunk) => {
                    if let Some((_, dialog, last)) = open.get_mut(&session) {
                        *last = chunk.at.or(*last);
                        dialog.push(&chunk);
                    }
                }
                transcript::Event::Masked { bytes } => {
                    if let Some((_, dialog, _)) = open.get_mut(&session) {
                        dialog.masked(bytes);
                    }
                }
                transcript::Event::End(ending) => {
                    if let Some((slot, dialog, last)) = open.remove(&session) {
                        let finished = dialog.finish(ending, last, None);
                        self.follower.over(finished, slot, now, &places);
                        self.follower.judge(&places);
                        self.follower.seal();
                        if !flush(&mut self.follower.events) {
                            return;
                        }
                    }
                }
            }
        }
    }
}

impl<W: Work> Follower<W> {
    /// Completes what was made of sessions, before it is passed on.
    fn seal(&mut self) {
        self.work.seal(self.events.iter_mut().filter_map(|event| match &mut event.what {
            What::Done { made, .. } => made.as_mut(),
            _ => None,
        }));
    }

    fn note(&mut self, now: Place, slot: Slot, what: What<W::Made>) {
        self.events.push(Event { now, slot, what });
    }

    #[inline]
    fn dialog(&mut self, opening: &Opening, slot: Slot) -> Box<Dialog> {
        let spare = self.spare.pop();
        let settings = &self.options.settings;
        let shows = match settings.redact {
            Some(_) => opening.shows.without(Shows::NAMES),
            None => opening.shows,
        };
        let opening = &Opening { shows, ..*opening };
        let tap = self.options.transcript.as_ref().map(|transcript| {
            let digits = transcript.timestamps.then_some(opening.digits);
            let mut writer = transcript::Writer::new(digits, &settings.limits);
            // The first packet of a connection is no line, and says nothing of the dialog.
            let is_packets = opening.medium == Medium::Packets;
            writer.opened(shows, opening.at.filter(|_| !is_packets));
            Box::new(Writing { writer, slot, overflow: transcript.overflow.clone() })
                as Box<dyn Tap>
        });
        Dialog::with_spare(opening, Arc::clone(settings), tap, spare)
    }

    /// Notes that a session is over; it is judged with some others.
    fn over(
        &mut self,
        (mut session, transcript): (Box<Session>, Option<Vec<u8>>),
        slot: Slot,
        now: Place,
        places: &Places,
    ) {
        if let Some(redactor) = &self.options.settings.redact {
            session.mask(redactor);
        }
        let input = places.input(session.opening.place);
        self.has_large |= session.is_large();
        self.marks.push(self.events.len());
        self.note(now, slot, What::Done { input, made: None });
        let (findings, not_judged) = <_>::default();
        self.over.push(Audited { session, slot, findings, not_judged, transcript });
    }

    /// Judges the sessions that are over, and has something made of them.
    fn judge(&mut self, places: &Places) {
        // Moved out, as the rest is needed beside it.
        let mut over = std::mem::take(&mut self.over);
        self.has_large = false;
        for audited in &mut over {
            let room = self.spare_findings.pop().unwrap_or_default();
            (audited.findings, audited.not_judged) =
                rules::run_in(room, &audited.session, &self.options.choice);
        }
        for Audited { session, .. } in &over {
            let origin = places.origin(session.opening.place);
            if let Some(side) = rules::one_sided(session) {
                self.one_sided(side, origin);
            }
            self.noted.entry(origin.input).or_default().across.see(session, origin.number);
        }
        let mut marks = self.marks.drain(..);
        self.work.sessions(&mut over, places, &mut |one| {
            let event = marks.next().and_then(|mark| self.events.get_mut(mark));
            if let Some(Event { what: What::Done { made, .. }, .. }) = event {
                *made = Some(one);
            }
        });
        drop(marks);
        // As many as there are at once.
        self.spare.clear();
        for Audited { session, mut findings, .. } in over.drain(..) {
            if !session.is_large() {
                self.spare.push(session);
            }
            if findings.capacity() <= FEW {
                findings.clear();
                self.spare_findings.push(findings);
            }
        }
        self.over = over;
    }

    /// The same for those that began in captures.
    fn judge_all(&mut self) {
        if !self.over.is_empty() {
            // The places are needed beside the rest of the follower.
            let places = std::mem::take(&mut self.places);
            self.judge(&places);
            self.places = places;
        }
    }

    /// Notes a session of which only what `side` sent is in the input.
    #[cold]
    fn one_sided(&mut self, side: Side, origin: Origin) {
        let OneSided { client, server } =
            &mut self.noted.entry(origin.input).or_default().one_sided;
        let times = if side == Side::Client { client } else { server };
        times.add(origin.number);
    }

    /// The slot of a connection that began at `first` and is known to be a session since `now`.
    fn slot(&self, first: Place, now: Place) -> Slot {
        if !is_late(first, now) {
            self.places.slot(first)
        } else if self.is_closing {
            // Many are recognised at once.
            Slot { input: u32::MAX, number: first.number(), since: 0 }
        } else {
            // So may others be by the same frame.
            Slot { since: first.number(), ..self.places.slot(now) }
        }
    }
}

/// Whether nobody waited any longer to know if what began at `first` is a session.
fn is_late(first: Place, now: Place) -> bool {
    first.after(PATIENCE) < now
}

impl<W: Work> Follow for Follower<W> {
    type Dialog = Followed;

    fn blocks(&mut self) -> &mut Blocks {
        &mut self.blocks
    }

    fn candidate(&mut self, first: Place, surely: bool) {
        let what = if surely { What::Session } else { What::Candidate };
        self.note(first, self.places.slot(first), what);
    }

    fn dismissed(&mut self, first: Place, now: Place) {
        if !is_late(first, now) {
            self.note(now, self.places.slot(first), What::NoSession);
        }
    }

    fn open(&mut self, opening: &Opening, surely: bool, now: Place) -> Followed {
        let known = if surely { opening.place } else { now };
        let slot = self.slot(opening.place, known);
        if !surely {
            self.note(now, slot, What::Session);
        }
        Followed { dialog: self.dialog(opening, slot), slot }
    }

    fn done(&mut self, followed: Followed, end: SessionEnd) {
        let SessionEnd { ending, last_at, transport, now } = end;
        let Followed { dialog, slot } = followed;
        let finished = dialog.finish(ending, last_at, Some(transport));
        if ending == Ending::Evicted {
            self.trouble(Trouble::EvictedSession, finished.0.opening.place);
        }
        let places = std::mem::take(&mut self.places);
        self.over(finished, slot, now, &places);
        self.places = places;
        if self.over.len() >= JUDGED_AT_ONCE || self.has_large {
            self.judge_all();
        }
    }

    fn trouble(&mut self, trouble: Trouble, place: Place) {
        let origin = self.places.origin(place);
        self.noted.entry(origin.input).or_default().troubles.add(trouble, origin);
    }

    fn looks(&self, data: &[u8], at_start: bool) -> Looks {
        match sniff::first_bytes(data, at_start) {
            sniff::Hint::Client => Looks::LikeClient,
            sniff::Hint::Server => Looks::LikeServer,
            sniff::Hint::Tls | sniff::Hint::None => Looks::Unclear,
        }
    }

    fn speaks(&self, client: &[u8], server: &[u8]) -> Option<bool> {
        match sniff::speaks_smtp(client, server) {
            Verdict::Yes => Some(true),
            Verdict::No => Some(false),
            Verdict::Wait => None,
        }
    }
}

impl Consume for Followed {
    #[inline]
    fn push(&mut self, chunk: &chunk::Chunk<'_>) {
        self.dialog.push(chunk);
    }

    fn held(&self) -> usize {
        self.dialog.held()
    }

    fn touch(&self) -> u64 {
        self.dialog.touch()
    }
}

/// Writes what a dialog reads as a transcript.
struct Writing {
    writer: transcript::Writer,
    slot: Slot,
    overflow: Overflow,
}

impl Tap for Writing {
    fn data(&mut self, side: Side, at: Option<Stamp>, seen: Option<u64>, bytes: &[u8]) {
        self.writer.data(side, at, seen, bytes);
        if self.writer.len() > TRANSCRIPT_PIECE {
            let text = self.writer.take();
            let mut take = self.overflow.0.lock().unwrap_or_else(PoisonError::into_inner);
            take(self.slot, &text);
        }
    }

    fn cut(&mut self, side: Side) {
        self.writer.cut(side);
    }

    fn masked(&mut self, side: Side, bytes: Option<u64>) {
        self.writer.masked(side, bytes);
    }

    fn gap(&mut self, side: Side, gap: Gap) {
        self.writer.gap(side, gap);
    }

    fn elided(&mut self, bytes: Option<u64>) {
        self.writer.elided(bytes);
    }

    fn tls(&mut self, side: Side, bytes: u64) {
        self.writer.tls(side, bytes);
    }

    fn resized(&mut self, side: Side, was: u64, is: u64) {
        self.writer.resized(side, was, is);
    }

    fn midstream(&mut self, late: bool) {
        self.writer.midstream(late);
    }

    fn end(&mut self, end: chunk::End) {
        self.writer.end(end);
    }

    fn take(&mut self) -> Vec<u8> {
        self.writer.take()
    }
}
