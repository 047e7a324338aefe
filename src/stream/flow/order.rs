//! The causal order of two directions: what may be delivered, what waits for what, and when what
//! is missing is given up.

use super::{Around, Flow, Hole, Knot, Stop};
use crate::chunk::{Close, Consume, What};
use crate::packet::Way;
use crate::stream::half::{Bytes, Fin, Piece, Spare, Tag};

impl<D: Consume> Flow<D> {
    /// Whether the sender of `tag` had seen no more of the other side than was delivered.
    pub(super) fn may_deliver(&self, way: Way, tag: Tag) -> bool {
        let other = self.half(way.back());
        let Some(ack) = tag.ack else { return true };
        other.seen(ack).is_none_or(|seen| seen <= other.next) && !other.has_open_end(ack)
    }

    /// Delivers what waits and may be, in the order in which it came.
    pub(super) fn drain(&mut self, around: &Around<'_>) {
        loop {
            let fronts =
                [Way::Up, Way::Down].map(|way| self.half(way).front().map(|tag| (way, tag)));
            let free = fronts
                .into_iter()
                .flatten()
                .filter(|&(way, tag)| self.may_deliver(way, tag))
                .min_by_key(|(_, tag)| tag.arrival);
            let Some((way, _)) = free else { return };
            self.deliver_front(way, around);
        }
    }

    /// What keeps the rest from being delivered.
    pub(super) fn stop(&self) -> Option<Stop> {
        if !self.is_waiting() {
            return None;
        }
        self.knot().map(Stop::Knot).or_else(|| self.hole().map(Stop::Hole))
    }

    fn deliver_front(&mut self, way: Way, around: &Around<'_>) {
        let half = self.half_mut(way);
        match half.pop() {
            Some(Piece { tag, bytes: Bytes::Data(data) }) => {
                self.deliver(way, tag, What::Data(&data));
                self.half_mut(way).delivered(
                    &data,
                    around.limits.history_bytes,
                    &mut Spare::default(),
                );
            }
            Some(Piece { tag, bytes: Bytes::Cut(cut) }) => self.gap(way, cut, Some(tag)),
            None => {
                let Some(Fin { tag, .. }) = half.fin() else { return };
                half.closed = true;
                self.deliver(way, tag, What::Close(Close::Fin));
            }
        }
    }

    /// What keeps the oldest waiting piece from being delivered.
    fn hole(&self) -> Option<Hole> {
        let mut oldest: Option<(u64, Hole)> = None;
        for way in [Way::Up, Way::Down] {
            let half = self.half(way);
            let candidate = if let Some(tag) = half.front() {
                // Blocked by bytes of the other side that its sender had seen.
                let other = self.half(way.back());
                let seen = tag.ack.and_then(|ack| other.seen(ack)).unwrap_or(0);
                let until = other.behind_hole().map_or(seen, |(_, offset)| offset.min(seen));
                let since = other.proven_at().map(|proven| proven.max(tag.arrival));
                let bytes = until.saturating_sub(other.next);
                (tag.arrival, Hole { way: way.back(), bytes, since, tag })
            } else if let Some((tag, offset)) = half.behind_hole() {
                let since = half.proven_at().map(|proven| proven.max(tag.arrival));
                let acked = half.acked.min(offset).saturating_sub(half.next);
                // What is acknowledged and what is not are gaps of their own.
                let bytes = if acked > 0 { acked } else { offset - half.next };
                (tag.arrival, Hole { way, bytes, since, tag })
            } else {
                continue;
            };
            if candidate.1.bytes > 0
                && oldest.as_ref().is_none_or(|(arrival, _)| candidate.0 < *arrival)
            {
                oldest = Some(candidate);
            }
        }
        oldest.map(|(_, hole)| hole)
    }

    /// Each direction's next bytes wait for the other's: one of them is a later copy of
    /// something sent before, whose first copy may still come.
    fn knot(&self) -> Option<Knot> {
        let [up, down] = [Way::Up, Way::Down].map(|way| self.half(way).front());
        let (up, down) = (up?, down?);
        if self.may_deliver(Way::Up, up) || self.may_deliver(Way::Down, down) {
            return None;
        }
        // What the other side had seen of a piece was sent before; the rest of it was not.
        let known = |way: Way, tag: Tag| tag.ack.and_then(|ack| self.half(way.back()).seen(ack));
        let (of_down, of_up) = (known(Way::Up, up), known(Way::Down, down));
        let is_mixed = |way: Way, seen: Option<u64>| {
            let end = self.half(way).front_end();
            seen.zip(end).is_some_and(|(seen, end)| seen < end)
        };
        let way = match (is_mixed(Way::Up, of_up), is_mixed(Way::Down, of_down)) {
            (true, false) => Way::Up,
            (false, true) => Way::Down,
            _ if up.arrival > down.arrival => Way::Up,
            _ => Way::Down,
        };
        let seen = if way == Way::Up { of_up } else { of_down };
        Some(Knot { way, until: seen?, since: up.arrival.max(down.arrival) })
    }

    /// Goes on past what keeps bytes from being delivered.
    pub(super) fn pass(&mut self, stop: &Stop, around: &Around<'_>) {
        match stop {
            Stop::Knot(knot) => {
                self.half_mut(knot.way).split(knot.until);
                self.deliver_front(knot.way, around);
            }
            Stop::Hole(hole) => self.give_up(hole),
        }
    }

    fn give_up(&mut self, hole: &Hole) {
        let half = self.half_mut(hole.way);
        // One number past all that was sent, acknowledged: a FIN that is not in the capture.
        if hole.bytes == 1 && half.is_at_lost_fin() {
            // What the acknowledging side had seen says nothing of the other.
            half.finish_at(half.next.cast_signed(), Tag { ack: None, ..hole.tag });
            return;
        }
        self.gap(hole.way, hole.bytes, Some(hole.tag));
    }
}
