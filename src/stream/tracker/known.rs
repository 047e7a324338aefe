//! What is known of two ends: a SYN, a connection; or where one has ended.

use crate::chunk::Consume;
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::Place;
use crate::stream::Follow;
use crate::stream::flow::{Around, Flow, Progress};
use crate::stream::half::Spare;
use crate::stream::later::{Later, Shelf};
use crate::time::Stamp;

/// What is known of two ends. Small, as there are many; the fields stand in the variants
/// themselves because that takes 24 bytes instead of 32.
#[derive(Debug)]
pub(super) enum Known<D> {
    /// A SYN, and nothing else so far: all that most of a flood of them ever need.
    Syn { at: Option<Stamp>, digits: u8, place: Place, seq: u32, way: Way, surely: bool },
    /// A connection that is followed later: its number.
    Later(u32),
    /// A connection.
    Flow(Box<Flow<D>>),
}

/// Where a connection ended that was handed on, so that its tail starts no session: the next
/// sequence numbers of both directions (up, down), where they were known.
#[derive(Debug)]
pub(super) struct Ended {
    next: [u32; 2],
    has: [bool; 2],
    /// Where it was known to have ended.
    pub(super) place: Place,
}

/// How far a late segment may lie from where its connection ended: a receive window.
const TAIL: u32 = 1 << 24;

impl Ended {
    pub(super) fn new(ends: [Option<u32>; 2], place: Place) -> Self {
        let next = ends.map(Option::unwrap_or_default);
        Self { next, has: ends.map(|end| end.is_some()), place }
    }

    /// Whether a segment belongs to the connection.
    pub(super) fn has_tail(&self, segment: &Segment<'_>) -> bool {
        let ([up, down], [has_up, has_down]) = (self.next, self.has);
        let (end, has) = if segment.way == Way::Up { (up, has_up) } else { (down, has_down) };
        let distance = segment.seq.wrapping_sub(end).cast_signed().unsigned_abs();
        !segment.flags.syn && (segment.flags.rst || has && distance < TAIL)
    }
}

impl<D> Known<D> {
    /// The first packet of a connection that has not ended.
    pub(super) fn first(&self, store: &Shelf) -> Option<Place> {
        match self {
            Self::Syn { place, .. } => Some(*place),
            Self::Later(number) => Some(store.get(*number)?.first),
            Self::Flow(flow) => Some(flow.first),
        }
    }

    /// Its last packet.
    pub(super) fn last(&self, store: &Shelf) -> Option<Place> {
        match self {
            Self::Syn { place, .. } => Some(*place),
            Self::Later(number) => Some(store.get(*number)?.last),
            Self::Flow(flow) => Some(flow.last),
        }
    }

    /// How far it has come.
    pub(super) fn progress(&self, store: &Shelf) -> Option<Progress> {
        match self {
            Self::Later(number) => store.get(*number).map(Later::progress),
            Self::Flow(flow) => Some(flow.progress()),
            _ => None,
        }
    }

    /// Both sides have ended it, and all that they sent is there.
    pub(super) fn is_complete(&self, store: &Shelf) -> bool {
        match self {
            Self::Later(number) => {
                store.get(*number).is_some_and(|later| later.progress() > Progress::Open)
            }
            Self::Flow(flow) => flow.is_complete(),
            _ => false,
        }
    }

    /// Makes a connection of a SYN that `segment` answers, to be followed later if there is a
    /// `store`; says whether it did.
    pub(super) fn answer(&mut self, segment: &Segment<'_>, store: Option<&mut Shelf>) -> bool {
        let Some(syn) =
            self.syn(segment.flow).filter(|_| matches!(self, Self::Syn { surely: true, .. }))
        else {
            return false;
        };
        let later = store.and_then(|store| store.put(&syn, segment)).map(Self::Later);
        let known = later.or_else(|| Flow::answered(&syn, segment).map(Self::Flow));
        known.map(|known| *self = known).is_some()
    }

    /// The SYN that is all that is known of the connection `flow`.
    pub(super) fn syn(&self, flow: FlowKey) -> Option<Segment<'static>> {
        let Self::Syn { at, digits, place, seq, way, .. } = *self else { return None };
        let flags = Flags { syn: true, ..Flags::default() };
        Some(Segment {
            flow,
            way,
            at,
            digits,
            place,
            seq,
            ack: None,
            flags,
            window: 0,
            data: &[],
            cut: 0,
        })
    }
}

impl<D: Consume> Known<D> {
    /// The connection; of a lone SYN, one is made now.
    pub(super) fn wake<F>(&mut self, around: &Around<'_>, follow: &mut F) -> Option<&mut Flow<D>>
    where
        F: Follow<Dialog = D>,
    {
        if let (Some(syn), Self::Syn { surely, .. }) = (self.syn(*around.key), &self) {
            let mut flow = Box::new(Flow::new((syn.at, syn.place), syn.digits, *surely));
            flow.push(&syn, around, follow);
            *self = Self::Flow(flow);
        }
        match self {
            Self::Flow(flow) => Some(flow),
            _ => None,
        }
    }
}

/// Follows a connection, as far as its segments were kept, in `text`.
pub(super) fn follow_all<F: Follow>(
    (later, text): (&Later, &[u8]),
    around: &Around<'_>,
    spare: &mut Spare,
    follow: &mut F,
) -> Option<Box<Flow<F::Dialog>>> {
    let mut segments = later.segments(text, *around.key);
    let (first, answer) = (segments.next()?, segments.next()?);
    let mut flow = Flow::answered(&first, &answer)?;
    let mut around = *around;
    for segment in segments {
        around.now = segment.place;
        flow.push_kept(&segment, &around, spare, follow);
    }
    Some(flow)
}
