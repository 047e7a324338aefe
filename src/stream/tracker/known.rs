//! What is known of two ends: a SYN, or a connection.

use crate::chunk::Consume;
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::Place;
use crate::stream::Follow;
use crate::stream::flow::{Around, Flow, Progress};

use crate::stream::later::{Blocks, Later, Shelf};
use crate::time::Stamp;

/// What is known of two ends. Small, as there are many; the fields stand in the variants
/// themselves because that takes 24 bytes instead of 32.
#[derive(Debug)]
pub(super) enum Known<D> {
    /// A SYN, and nothing else so far: all that most of a flood of them ever need.
    Syn { at: Option<Stamp>, digits: u8, place: Place, seq: u32, way: Way, surely: bool },
    /// A connection that is followed later: under its number on the shelf.
    Later,
    /// A connection.
    Flow(Box<Flow<D>>),
}

impl<D> Known<D> {
    /// The first packet of a connection that has not ended.
    pub(super) fn first(&self, number: u32, store: &Shelf) -> Option<Place> {
        match self {
            Self::Syn { place, .. } => Some(*place),
            Self::Later => Some(store.get(number)?.first),
            Self::Flow(flow) => Some(flow.first),
        }
    }

    /// Its last packet.
    pub(super) fn last(&self, number: u32, store: &Shelf) -> Option<Place> {
        match self {
            Self::Syn { place, .. } => Some(*place),
            Self::Later => Some(store.get(number)?.last),
            Self::Flow(flow) => Some(flow.last),
        }
    }

    /// How far it has come.
    pub(super) fn progress(&self, number: u32, store: &Shelf) -> Option<Progress> {
        match self {
            Self::Later => store.get(number).map(Later::progress),
            Self::Flow(flow) => Some(flow.progress()),
            Self::Syn { .. } => None,
        }
    }

    /// Both sides have ended it, and all that they sent is there.
    pub(super) fn is_complete(&self, number: u32, store: &Shelf) -> bool {
        match self {
            Self::Later => store.get(number).is_some_and(|later| later.progress() > Progress::Open),
            Self::Flow(flow) => flow.is_complete(),
            Self::Syn { .. } => false,
        }
    }

    /// Makes connection `number` of a SYN that `segment` answers, to be followed later if there is
    /// a `store`; says whether it did.
    pub(super) fn answer(
        &mut self,
        number: u32,
        segment: &Segment<'_>,
        store: Option<(&mut Shelf, &mut Blocks)>,
    ) -> bool {
        let Some(syn) =
            self.syn(segment.flow).filter(|_| matches!(self, Self::Syn { surely: true, .. }))
        else {
            return false;
        };
        let later = store
            .and_then(|(store, blocks)| store.put(number, &syn, segment, blocks))
            .map(|()| Self::Later);
        let known = later.or_else(|| Flow::answered(&syn, segment).map(Box::new).map(Self::Flow));
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
