//! What TCP saw of a session: counts, and when it stood still by TCP's doing.

use super::{Mark, Side, Sides};
use crate::place::Place;
use crate::time::Lapse;

/// What the transport saw of a session, for the report. Bytes are unique payload bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Bytes of the stream that are in the input.
    pub bytes: Sides<u64>,
    /// Bytes of the stream that are not.
    pub missing_bytes: Sides<u64>,
    /// Bytes that came again.
    pub retransmitted_bytes: Sides<u64>,
    /// Segments that came after a later one.
    pub out_of_order: Sides<u64>,
    /// Bytes that came again and differed; the first copy was used.
    pub conflicting_bytes: Sides<u64>,
    /// Where the first conflict stands.
    pub first_conflict: Option<Place>,
    /// No handshake was seen.
    pub midstream: bool,
    /// Packets of the session after both sides had ended it, with payload: not used.
    pub late_segments: u64,
    /// From the capture point to each side and back, by the handshake.
    pub round_trip: Sides<Option<Lapse>>,
    /// What was odd about the segments of each side, if anything was.
    pub odd: Sides<Option<Box<Odd>>>,
    /// When the connection stood still, in order of their beginning.
    pub stalls: Vec<Stall>,
    /// Stalls that were not kept because there were too many.
    pub elided_stalls: u64,
}

/// What was odd about the segments of one side. Each is counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Odd {
    /// Segments with data, or with FIN, that the side sent again.
    pub retransmissions: Times,
    /// Those of them that it sent after a silence as long as a retransmission time-out.
    pub timeouts: Times,
    /// Those of them that the other side had acknowledged.
    pub spurious: Times,
    /// Packets that are in the capture twice.
    pub duplicates: Times,
    /// Segments that a later one overtook.
    pub reordered: Times,
    /// Times that the side closed its receive window.
    pub zero_windows: Times,
    /// Keep-alives.
    pub keep_alives: Times,
    /// SYNs sent again.
    pub syns: Times,
    /// Segments with data past the side's FIN.
    pub after_fin: Times,
    /// Segments with new data after a reset that claims to be the side's.
    pub after_reset: Times,
    /// The two versions of the first bytes that came again and differed.
    pub conflict: Option<Box<Conflict>>,
    /// Bytes that the capture cut off.
    pub cut_bytes: u64,
}

/// How often something happened, and where first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// How often.
    pub times: u64,
    /// Where first, if it did.
    pub first: Mark,
}

/// Two versions of the same bytes, from the first one that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflict {
    /// The one that came first and was used.
    pub used: Vec<u8>,
    /// The other one.
    pub other: Vec<u8>,
}

/// A time in which the connection stood still, or one direction of it, by TCP's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Why.
    pub cause: Cause,
    /// Whose doing it is: see [`Cause`].
    pub side: Side,
    /// When it began.
    pub from: Mark,
    /// When it was over; `None` if it was not.
    pub until: Option<Mark>,
    /// How often the segment was sent again in vain, or for the last time not.
    pub times: u32,
    /// Payload bytes of that segment.
    pub octets: u32,
}

/// Why a connection stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The side had closed its receive window.
    ZeroWindow,
    /// The side sent a segment again after a retransmission time-out.
    Timeout,
    /// Bytes of the side were missing that came later.
    Hole,
}

impl Transport {
    /// Whether anything was odd about its segments.
    #[must_use]
    pub fn is_odd(&self) -> bool {
        self.odd.client.is_some() || self.odd.server.is_some()
    }

    /// How often something happened on each side.
    #[must_use]
    pub fn times(&self, what: fn(&Odd) -> Times) -> Sides<u64> {
        let of = |odd: &Option<Box<Odd>>| odd.as_deref().map_or(0, |odd| what(odd).times);
        Sides { client: of(&self.odd.client), server: of(&self.odd.server) }
    }
}

impl Times {
    /// Counts one more, at `mark`.
    pub fn add(&mut self, mark: Mark) {
        if self.times == 0 {
            self.first = mark;
        }
        self.times += 1;
    }

    /// Adds those of `other`, which came later.
    pub fn add_all(&mut self, other: Self) {
        let is_first = self.times == 0 || other.first.place < self.first.place;
        if other.times > 0 && is_first {
            self.first = other.first;
        }
        self.times += other.times;
    }

    /// Whether it happened.
    #[must_use]
    pub fn any(self) -> bool {
        self.times > 0
    }
}

impl Cause {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ZeroWindow => "zero-window",
            Self::Timeout => "retransmission-timeout",
            Self::Hole => "hole",
        }
    }
}

impl Stall {
    /// How long it was, if it was over; `None` without times, too.
    #[must_use]
    pub fn duration(&self) -> Option<Lapse> {
        self.lapse(self.until?)
    }

    /// How long it was, up to `end` if it was not over before; `None` without times.
    #[must_use]
    pub fn lapse(&self, end: Mark) -> Option<Lapse> {
        let lapse = self.until.unwrap_or(end).at?.since(self.from.at?);
        (lapse >= Lapse::default()).then_some(lapse)
    }
}
