//! The straight path of a connection: the segments of one of which nothing is missing, in the
//! order in which they were sent. Each function does what [`Flow::fit`] and [`Flow::push`] come
//! to for such a segment, or nothing, and says which.

use super::{Around, Flow, Handshake, Mark, Notes, PEEK, Progress, Stage, Verdict};
use crate::chunk::{Chunk, Close, Consume, Side, What};
use crate::limits::Limits;
use crate::packet::{Flags, Segment, Way};
use crate::stream::Follow;
use crate::stream::half::{Half, Spare};
use crate::stream::later::{Kept, Segments};

impl<D: Consume> Flow<D> {
    /// Takes the segment that most are: the next one of its side, in a session of which nothing
    /// is missing, waits or has ended.
    // As it is one straight path, it is to be compiled as one; so are the functions below it.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(in crate::stream) fn push_next(
        &mut self,
        segment: &Segment<'_>,
        history: usize,
        spare: &mut Spare,
    ) -> bool {
        let Flags { syn, fin, rst } = segment.flags;
        if !self.is_easy || syn | fin | rst || segment.cut > 0 || segment.window == 0 {
            return false;
        }
        let way = segment.way;
        let [up, down] = &mut self.halves;
        let (own, other) = if way == Way::Up { (up, down) } else { (down, up) };
        if own.next_seq() != Some(segment.seq) {
            return false;
        }
        let Some(seen) = segment.ack.and_then(|ack| other.seen_delivered(ack)) else {
            return false;
        };
        self.arrivals += 1;
        self.last = segment.place;
        self.last_at = segment.at.or(self.last_at);
        other.acknowledge_to(seen, spare);
        if !segment.data.is_empty() {
            own.delivered_next(segment.data, history, spare);
            let len = u32::try_from(segment.data.len()).unwrap_or(u32::MAX);
            self.fed = self.fed.saturating_add(len);
            let mark = (segment.at, segment.place);
            self.hand_on(way, mark, Some(seen), What::Data(segment.data));
        }
        true
    }

    /// Takes the few others that every connection has: the acknowledgment that completes the
    /// handshake, and both ends with what acknowledges them. Returns how far the connection had
    /// come before, or less than that if it may have come further by this.
    pub(in crate::stream) fn push_step(
        &mut self,
        segment: &Segment<'_>,
        limits: &Limits,
        spare: &mut Spare,
    ) -> Option<Progress> {
        let Flags { syn, fin, rst } = segment.flags;
        if syn | rst
            || segment.cut > 0
            || segment.window == 0
            || !self.halves.iter().all(Half::is_calm)
        {
            return None;
        }
        let (way, mark) = (segment.way, (segment.at, segment.place));
        let ack = segment.ack?;
        let [up, down] = &mut self.halves;
        let (own, other) = if way == Way::Up { (up, down) } else { (down, up) };
        // An end takes a sequence number of its own.
        if own.next_seq() != Some(segment.seq.wrapping_sub(own.closed.into())) {
            return None;
        }
        let owes = self.handshake.owes(way);
        match &self.stage {
            Stage::Following(_) if !owes && self.notes.is_none() => {}
            Stage::Shaken(..) => {
                let is_soon = self.arrivals < limits.acked_hole_segments.into();
                let is_handshake = owes && !fin && segment.data.is_empty() && mark.0.is_some();
                if !is_handshake || !is_soon || other.next_seq() != Some(ack) {
                    return None;
                }
                self.count(segment);
                self.handshake.established = true;
                return Some(Progress::Settled);
            }
            _ => return None,
        }
        let is_end = other.is_end(ack);
        let seen = if is_end { Some(other.next) } else { other.seen_delivered(ack) };
        let (Some(seen), true) = (seen, own.acked <= own.next) else { return None };
        let has_data = !segment.data.is_empty();
        if own.closed && (fin || has_data) {
            return None;
        }
        // A connection that was over is no more than that again.
        let was = match (fin, is_end && !other.fin_acked) {
            (true, _) => Progress::Open,
            (_, true) => Progress::Over,
            _ => Progress::Settled,
        };
        other.acknowledge_to(seen, spare);
        other.fin_acked |= is_end;
        if has_data {
            own.delivered_next(segment.data, limits.history_bytes, spare);
            let len = u32::try_from(segment.data.len()).unwrap_or(u32::MAX);
            self.fed = self.fed.saturating_add(len);
        }
        if fin {
            own.close();
            self.is_easy = false;
        }
        self.count(segment);
        if has_data {
            self.hand_on(way, mark, Some(seen), What::Data(segment.data));
        }
        if fin {
            self.hand_on(way, mark, Some(seen), What::Close(Close::Fin));
        }
        Some(was)
    }

    /// Takes the first bytes after a whole handshake, if they tell that it is a session.
    pub(in crate::stream) fn push_first<F: Follow<Dialog = D>>(
        &mut self,
        segment: &Segment<'_>,
        around: &Around<'_>,
        spare: &mut Spare,
        follow: &mut F,
    ) -> bool {
        let &Segment { flags: Flags { syn, fin, rst }, way, data, .. } = segment;
        let is_first = matches!(self.stage, Stage::Shaken(..))
            && self.handshake.established
            && !data.is_empty()
            && !(syn | fin | rst)
            && segment.cut == 0
            && segment.window > 0
            && self.half(way).next_seq() == Some(segment.seq)
            && self.half(way.back()).next_seq() == segment.ack;
        if !is_first {
            return false;
        }
        let first = data.get(..PEEK).unwrap_or(data);
        let bytes: [&[u8]; 2] = if way == Way::Up { [first, &[]] } else { [&[], first] };
        let verdict = self.verdict(around, follow, false, bytes);
        let Verdict::Go { client, via, skipped: [0, 0] } = verdict else { return false };
        self.open(client, via, [0, 0], around, follow);
        self.is_easy = true;
        self.push_next(segment, around.limits.history_bytes, spare)
    }

    /// Whether the next segment may be taken by [`Flow::push_next`].
    pub(super) fn is_easy(&self) -> bool {
        let [up, down] = [Way::Up, Way::Down].map(|way| self.handshake.owes(way));
        matches!(self.stage, Stage::Following(_))
            && self.notes.is_none()
            && !(up || down)
            && self.halves.iter().all(|half| half.is_calm() && !half.closed)
    }
}

impl<D> Flow<D> {
    /// The connection that the SYN `first` began and `answer` answered, if [`is_answer`] and its
    /// time is known.
    #[inline]
    pub(in crate::stream) fn answered(first: &Segment<'_>, answer: &Segment<'_>) -> Option<Self> {
        let at = answer.at.filter(|_| is_answer(first, answer))?;
        let start = first.seq.wrapping_add(1);
        let (own, other) = (Half::at(answer.seq.wrapping_add(1)), Half::at(start));
        let connects = Some(first.way);
        let halves = if first.way == Way::Up { [other, own] } else { [own, other] };
        Some(Self {
            stage: Stage::Shaken(at, answer.place),
            handshake: Handshake { connects, syn_ack: true, established: false },
            last_at: Some(at),
            last: answer.place,
            arrivals: 2,
            ..Self::of(halves, (first.at, first.place), first.digits, true)
        })
    }

    /// Takes the next segment of a connection that goes as nearly all do, like those that were
    /// kept for [`Later`](crate::stream::later::Later).
    pub(in crate::stream) fn push_kept<F: Follow<Dialog = D>>(
        &mut self,
        segment: &Segment<'_>,
        around: &Around<'_>,
        spare: &mut Spare,
        follow: &mut F,
    ) where
        D: Consume,
    {
        let is_taken = self.push_next(segment, around.limits.history_bytes, spare)
            || self.push_first(segment, around, spare, follow)
            || self.push_step(segment, around.limits, spare).is_some();
        if !is_taken {
            self.push(segment, around, follow);
        }
    }

    /// Takes more of what was kept for [`Later`](crate::stream::later::Later), until so many
    /// `pieces` of data have come; returns whether there may be more. Each segment is the next one
    /// of its side, so that this comes to what [`Flow::push_kept`] does.
    pub(in crate::stream) fn push_straight(
        &mut self,
        segments: &mut Segments<'_>,
        mut pieces: usize,
        history: usize,
        spare: &mut Spare,
    ) -> bool
    where
        D: Consume,
    {
        let Stage::Following(dialog) = &mut self.stage else { return false };
        let [skipped_up, skipped_down] = self.skipped.as_deref().copied().unwrap_or_default();
        while let Some(Kept { way, at, place, ack, fin, data, .. }) = segments.next_kept() {
            let [up, down] = &mut self.halves;
            let (own, other, skipped) = match way {
                Way::Up => (up, down, skipped_down),
                Way::Down => (down, up, skipped_up),
            };
            self.arrivals += 1;
            (self.last, self.last_at) = (place, Some(at));
            let seen = other.acknowledge_kept(ack, history, spare);
            let side = if way == self.client { Side::Client } else { Side::Server };
            let seen = Some(seen.saturating_sub(skipped));
            let chunk = |what| Chunk { side, at: Some(at), place, seen, what };
            if !data.is_empty() {
                own.delivered_next(data, history, spare);
                dialog.push(&chunk(What::Data(data)));
            }
            if fin {
                own.close();
                self.is_easy = false;
                dialog.push(&chunk(What::Close(Close::Fin)));
            }
            pieces -= usize::from(!data.is_empty());
            if pieces == 0 {
                return true;
            }
        }
        false
    }

    /// The connection whose first `segments` these are, those of its handshake.
    #[inline]
    pub(in crate::stream) fn begin_kept(segments: &mut Segments<'_>) -> Option<Self> {
        let (first, answer) = (segments.next()?, segments.next()?);
        Self::answered(&first, &answer)
    }

    /// Takes the first ones behind those, until the others may be taken by
    /// [`Flow::push_straight`].
    pub(in crate::stream) fn follow_first<F: Follow<Dialog = D>>(
        &mut self,
        segments: &mut Segments<'_>,
        around: &Around<'_>,
        spare: &mut Spare,
        follow: &mut F,
    ) where
        D: Consume,
    {
        let mut around = *around;
        while !self.is_easy
            && let Some(segment) = segments.next()
        {
            around.now = segment.place;
            self.push_kept(&segment, &around, spare, follow);
        }
    }

    /// What is known of it besides its dialog.
    #[cfg(test)]
    pub(in crate::stream) fn state_debug(&self) -> String {
        let Self { halves, last_at, arrivals, is_easy, .. } = self;
        format!("{halves:?} {last_at:?} {arrivals} {is_easy}")
    }

    /// When the steps of its handshake came, if nothing else has.
    pub(super) fn shaken_steps(&self) -> Option<[Option<Mark>; 3]> {
        let Stage::Shaken(at, place) = self.stage else { return None };
        let established = self.handshake.established.then_some((self.last_at, self.last));
        Some([Some((self.first_at, self.first)), Some((Some(at), place)), established])
    }

    /// Makes notes of its handshake, as more than that comes which does not tell what it is.
    pub(super) fn unfold(&mut self) {
        if let Some([syn, syn_ack, established]) = self.shaken_steps() {
            self.notes = Some(Box::new(Notes { syn, syn_ack, established, reset: None }));
            self.stage = Stage::Judging(0);
        }
    }

    /// Notes when a segment came that belongs here.
    #[inline]
    pub(super) fn count(&mut self, segment: &Segment<'_>) {
        self.arrivals += 1;
        self.last = segment.place;
        self.last_at = segment.at.or(self.last_at);
    }
}

/// Whether `segment` answers the SYN `first`, and does nothing else.
pub(in crate::stream) fn is_answer(first: &Segment<'_>, segment: &Segment<'_>) -> bool {
    segment.flags == Flags { syn: true, fin: false, rst: false }
        && segment.way == first.way.back()
        && segment.ack == Some(first.seq.wrapping_add(1))
        && segment.data.is_empty()
        && segment.cut == 0
}
