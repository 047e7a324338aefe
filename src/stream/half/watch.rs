//! What is odd about the segments of one direction, and when it stood still.

use super::{Half, Tally};
use crate::chunk::{Cause, Conflict, Mark, Odd, Side, Stall, Times};
use crate::time::Lapse;

/// What is noted of a direction that is not calm, or was not.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) tally: Tally,
    watch: Watch,
}

/// What was odd.
#[derive(Debug, Default)]
struct Watch {
    odd: Odd,
    /// Segments that came again at once, behind a later one: copies by the capture, if there are
    /// others in it, else sent again.
    quick: Times,
    hurts: Vec<Hurt>,
    elided: u64,
    /// The receive window of this direction's sender is closed.
    window: Option<Hurt>,
    /// What begins at this offset is sent again and again.
    timeout: Option<(u64, Hurt)>,
    /// Bytes are missing.
    hole: Option<Hurt>,
}

/// A [`Stall`] of this direction.
#[derive(Clone, Copy, Debug)]
struct Hurt {
    cause: Cause,
    from: Mark,
    until: Option<Mark>,
    times: u32,
    octets: u32,
}

/// A segment with payload, and what surrounds it.
#[derive(Clone, Copy, Debug)]
pub(in crate::stream) struct Watched {
    pub(in crate::stream) mark: Mark,
    /// The connection's last packet before it.
    pub(in crate::stream) before: Mark,
    /// Where it begins and ends.
    pub(in crate::stream) offset: u64,
    pub(in crate::stream) end: u64,
    /// Before it was taken: one past the last offset seen, the offset up to which the other side
    /// had acknowledged, bytes that had come again, segments that had come late.
    pub(in crate::stream) highest: u64,
    pub(in crate::stream) acked: u64,
    pub(in crate::stream) again: u64,
    pub(in crate::stream) late: u64,
    /// The other side takes no more.
    pub(in crate::stream) is_probe: bool,
}

/// What a direction leaves behind.
#[derive(Debug, Default)]
pub(in crate::stream) struct Traces {
    pub(in crate::stream) odd: Odd,
    pub(in crate::stream) quick: Times,
    pub(in crate::stream) stalls: Vec<Stall>,
    pub(in crate::stream) elided: u64,
}

/// Stalls that are kept of one direction.
const HURTS: usize = 32;

/// Bytes of a conflict that are kept.
const VERSION: usize = 40;

/// Sooner than this after the packet before it, a copy of the last segment is one that the
/// capture made: nobody sends again so soon without a sign from the other side.
const SOON: Lapse = Lapse::from_nanos(2_000_000);

/// Sooner than this after the one that overtook it, a late segment was not sent again: that takes
/// a round trip.
const OVERTAKEN: Lapse = Lapse::from_nanos(3_000_000);

/// The shortest retransmission time-out in use (Linux; RFC 6298 §2.4 asks for a second).
const TIMEOUT: Lapse = Lapse::from_nanos(200_000_000);

/// A SYN is not sent again sooner than this.
const SYN_AGAIN: Lapse = Lapse::from_nanos(100_000_000);

/// No keep-alive comes sooner than this.
const KEEP_ALIVE: Lapse = Lapse::from_nanos(1_000_000_000);

/// Pieces that are looked at for a hole.
const PIECES: usize = 64;

/// The time between two marks; `None` where it is not known.
fn lapse(from: Mark, to: Mark) -> Option<Lapse> {
    let lapse = to.at?.since(from.at?);
    (lapse >= Lapse::default()).then_some(lapse)
}

impl Hurt {
    fn new(cause: Cause, from: Mark) -> Self {
        Self { cause, from, until: None, times: 0, octets: 0 }
    }

    fn of(self, side: Side) -> Stall {
        let Self { cause, from, until, times, octets } = self;
        Stall { cause, side, from, until, times, octets }
    }
}

impl Watch {
    fn keep(&mut self, hurt: Hurt) {
        if self.hurts.len() < HURTS {
            self.hurts.push(hurt);
        } else {
            self.elided += 1;
        }
    }
}

impl Half {
    /// Whether it stands still.
    #[inline]
    pub(super) fn is_hurt(&self) -> bool {
        self.odd
            .as_ref()
            .is_some_and(|notes| notes.watch.window.is_some() || notes.watch.timeout.is_some())
    }

    fn watch(&mut self) -> &mut Watch {
        &mut self.notes().watch
    }

    /// The sender of this direction takes so much more from the other side.
    pub(in crate::stream) fn note_window(&mut self, window: u16, mark: Mark) {
        if window == 0 {
            let watch = self.watch();
            if watch.window.is_none() {
                watch.odd.zero_windows.add(mark);
                watch.window = Some(Hurt::new(Cause::ZeroWindow, mark));
            }
        } else if self.has_closed_window() {
            let watch = self.watch();
            if let Some(hurt) = watch.window.take() {
                watch.keep(Hurt { until: Some(mark), ..hurt });
            }
        }
    }

    /// Whether its sender takes nothing more from the other side.
    pub(in crate::stream) fn has_closed_window(&self) -> bool {
        self.odd.as_ref().is_some_and(|notes| notes.watch.window.is_some())
    }

    /// The other side acknowledged up to `ack` at `mark`.
    pub(in crate::stream) fn note_ack(&mut self, ack: u32, mark: Mark) {
        let is_waited_for = self.odd.as_ref().is_some_and(|notes| notes.watch.timeout.is_some());
        let Some(seen) = self.seen(ack).filter(|_| is_waited_for) else { return };
        let watch = self.watch();
        if let Some((_, hurt)) = watch.timeout.take_if(|(offset, _)| seen > *offset) {
            watch.keep(Hurt { until: Some(mark), ..hurt });
        }
    }

    /// Its SYN came again.
    pub(in crate::stream) fn note_syn(&mut self, before: Mark, mark: Mark) {
        let odd = &mut self.watch().odd;
        match lapse(before, mark) {
            Some(lapse) if lapse >= SYN_AGAIN => odd.syns.add(mark),
            Some(_) => odd.duplicates.add(mark),
            None => {}
        }
    }

    /// Its FIN came again, without data.
    pub(in crate::stream) fn note_fin(&mut self, before: Mark, mark: Mark) {
        let odd = &mut self.watch().odd;
        match lapse(before, mark) {
            Some(lapse) if lapse < SOON => odd.duplicates.add(mark),
            Some(lapse) => {
                odd.retransmissions.add(mark);
                if lapse >= TIMEOUT {
                    odd.timeouts.add(mark);
                }
            }
            None => {}
        }
    }

    /// A segment of at most one byte, before all that is new: whether it asks if somebody is there.
    pub(in crate::stream) fn note_keep_alive(&mut self, seq: u32, before: Mark, mark: Mark) {
        let is_last = self.next_seq() == Some(seq.wrapping_add(1)) && self.acked >= self.next;
        let is_alone = lapse(before, mark).is_some_and(|lapse| lapse >= KEEP_ALIVE);
        if is_last && is_alone && self.next > 0 {
            self.watch().odd.keep_alives.add(mark);
        }
    }

    /// Data came past its FIN.
    pub(in crate::stream) fn note_after_fin(&mut self, mark: Mark) {
        self.watch().odd.after_fin.add(mark);
    }

    /// Data came past its reset.
    pub(in crate::stream) fn note_after_reset(&mut self, mark: Mark) {
        self.watch().odd.after_reset.add(mark);
    }

    /// What was cut off by the capture.
    pub(super) fn note_cut(&mut self, bytes: u64) {
        self.watch().odd.cut_bytes += bytes;
    }

    /// The first two versions of the same bytes.
    pub(super) fn note_conflict(&mut self, used: &[u8], other: &[u8]) {
        let kept = |bytes: &[u8]| bytes.get(..VERSION).unwrap_or(bytes).to_vec();
        let make = || Box::new(Conflict { used: kept(used), other: kept(other) });
        self.watch().odd.conflict.get_or_insert_with(make);
    }

    /// Bytes were given up: what is missing does not come any more.
    pub(super) fn note_gap(&mut self) {
        self.watch().hole = None;
    }

    /// Before a segment with payload is taken: what surrounds it.
    pub(in crate::stream) fn before(
        &self,
        (seq, len): (u32, u64),
        before: Mark,
        mark: Mark,
    ) -> Option<Watched> {
        let offset = u64::try_from(self.offset(seq)?).ok()?;
        let tally = self.odd.as_ref().map(|notes| notes.tally).unwrap_or_default();
        Some(Watched {
            mark,
            before,
            offset,
            end: offset + len,
            highest: self.highest,
            acked: self.acked,
            again: tally.retransmitted,
            late: tally.out_of_order,
            is_probe: false,
        })
    }

    /// After it was taken: what was odd about it.
    pub(in crate::stream) fn after(&mut self, watched: &Watched) {
        let &Watched { mark, before, offset, end, highest, .. } = watched;
        let Some(notes) = self.odd.as_ref() else {
            if offset > highest {
                self.watch().hole = Some(Hurt::new(Cause::Hole, mark));
            }
            return;
        };
        let has_again = notes.tally.retransmitted > watched.again;
        let is_late = notes.tally.out_of_order > watched.late;
        if offset > highest && notes.watch.hole.is_none() {
            self.watch().hole = Some(Hurt::new(Cause::Hole, mark));
        } else if watched.is_probe {
            // Whether the other side takes it or not: it has said that it does not.
        } else if is_late {
            self.came_late(watched);
        } else if has_again {
            let silence = lapse(before, mark);
            let is_tail = end >= highest;
            let watch = self.watch();
            match silence {
                None => {}
                Some(silence) if silence < SOON && end <= highest => {
                    let quick = if is_tail { &mut watch.odd.duplicates } else { &mut watch.quick };
                    quick.add(mark);
                }
                Some(silence) => self.came_again(watched, silence),
            }
        }
    }

    /// A segment was sent again.
    fn came_again(&mut self, watched: &Watched, silence: Lapse) {
        let &Watched { mark, before, offset, end, acked, .. } = watched;
        let watch = self.watch();
        watch.odd.retransmissions.add(mark);
        let is_acked = acked >= end;
        if is_acked {
            watch.odd.spurious.add(mark);
        }
        if silence < TIMEOUT {
            return;
        }
        watch.odd.timeouts.add(mark);
        let octets = u32::try_from(end - offset).unwrap_or(u32::MAX);
        if let Some((at, hurt)) = &mut watch.timeout
            && *at == offset
        {
            hurt.times = hurt.times.saturating_add(1);
            return;
        }
        if let Some((_, hurt)) = watch.timeout.take() {
            watch.keep(Hurt { until: Some(mark), ..hurt });
        }
        let hurt = Hurt { times: 1, octets, ..Hurt::new(Cause::Timeout, before) };
        if is_acked {
            watch.keep(Hurt { until: Some(mark), ..hurt });
        } else {
            watch.timeout = Some((offset, hurt));
        }
    }

    /// A segment came that was missing.
    fn came_late(&mut self, watched: &Watched) {
        let &Watched { mark, before, .. } = watched;
        let is_whole = self.is_whole();
        let watch = self.watch();
        let since = watch.hole.map_or(before, |hole| hole.from);
        let wait = lapse(since, mark);
        if wait.is_none_or(|wait| wait < OVERTAKEN) {
            watch.odd.reordered.add(mark);
        } else {
            watch.odd.retransmissions.add(mark);
            if lapse(before, mark).is_some_and(|silence| silence >= TIMEOUT) {
                watch.odd.timeouts.add(mark);
            }
        }
        if is_whole
            && let Some(hole) = watch.hole.take()
            && wait.is_some_and(|wait| wait >= OVERTAKEN)
        {
            watch.keep(Hurt { until: Some(mark), ..hole });
        }
    }

    /// Whether nothing is missing before the last byte seen.
    fn is_whole(&self) -> bool {
        let Some(pending) = &self.pending else { return true };
        pending.contiguous(self.next, PIECES) >= self.highest
    }

    /// What it leaves behind at the end, of `side`.
    pub(in crate::stream) fn traces(&mut self, side: Side) -> Option<Traces> {
        let Watch { odd, quick, hurts, elided, window, timeout, hole } =
            std::mem::take(&mut self.odd.as_mut()?.watch);
        let open = [window, timeout.map(|(_, hurt)| hurt), hole];
        let stalls = hurts.into_iter().chain(open.into_iter().flatten());
        Some(Traces { odd, quick, stalls: stalls.map(|hurt| hurt.of(side)).collect(), elided })
    }
}
