//! The straight path of a connection: the segments of one of which nothing is missing, in the
//! order in which they were sent. Each function does what [`Flow::fit`] and [`Flow::push`] come
//! to for such a segment, or nothing, and says which.

use super::{Flow, Handshake, Mark, Notes, Progress, Stage};
use crate::chunk::{Close, Consume, What};
use crate::limits::Limits;
use crate::packet::{Flags, Segment, Way};
use crate::stream::half::{Half, Spare};

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
        if !self.is_easy || syn | fin | rst || segment.cut > 0 {
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
        if syn | rst || segment.cut > 0 || !self.halves.iter().all(Half::is_calm) {
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
            Stage::Judging(_) => {
                let is_soon = self.arrivals < limits.acked_hole_segments.into();
                let is_handshake = owes && !fin && segment.data.is_empty();
                if !is_handshake || !self.surely || !is_soon || other.next_seq() != Some(ack) {
                    return None;
                }
                self.count(segment);
                self.handshake.established = true;
                self.notes().established = Some(mark);
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
    /// The connection that the SYN at `first` began, if `segment` answers it and nothing else.
    pub(in crate::stream) fn answered(
        first: Mark,
        digits: u8,
        (seq, way): (u32, Way),
        segment: &Segment<'_>,
    ) -> Option<Box<Self>> {
        let start = seq.wrapping_add(1);
        let is_answer = segment.flags == Flags { syn: true, fin: false, rst: false }
            && segment.way == way.back()
            && segment.ack == Some(start)
            && segment.data.is_empty()
            && segment.cut == 0;
        if !is_answer {
            return None;
        }
        let (own, other) = (Half::at(segment.seq.wrapping_add(1)), Half::at(start));
        let notes = Notes {
            syn: Some(first),
            syn_ack: Some((segment.at, segment.place)),
            ..Notes::default()
        };
        let handshake = Handshake { connects: Some(way), syn_ack: true, established: false };
        let last_at = segment.at.or(first.0);
        Some(Box::new(Self {
            halves: if way == Way::Up { [other, own] } else { [own, other] },
            notes: Some(Box::new(notes)),
            handshake,
            last_at,
            last: segment.place,
            arrivals: 2,
            ..Self::new(first, digits, true)
        }))
    }

    /// Notes when a segment came that belongs here.
    #[inline]
    pub(super) fn count(&mut self, segment: &Segment<'_>) {
        self.arrivals += 1;
        self.last = segment.place;
        self.last_at = segment.at.or(self.last_at);
    }
}
