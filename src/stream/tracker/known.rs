//! What is known of two ends: a SYN, or a connection.

use crate::chunk::Consume;
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::Place;
use crate::stream::Follow;
use crate::stream::flow::{Around, Flow, Progress};
use crate::stream::half::Spare;
use crate::stream::later::{Later, Segments, Shelf};
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
        store: Option<&mut Shelf>,
    ) -> bool {
        let Some(syn) =
            self.syn(segment.flow).filter(|_| matches!(self, Self::Syn { surely: true, .. }))
        else {
            return false;
        };
        let later = store.and_then(|store| store.put(number, &syn, segment)).map(|()| Self::Later);
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

/// The connection whose first `segments` these are, those of its handshake.
#[inline]
pub(super) fn begin_kept<D>(segments: &mut Segments<'_>) -> Option<Flow<D>> {
    let (first, answer) = (segments.next()?, segments.next()?);
    Flow::answered(&first, &answer)
}

/// Takes the other segments that were kept of a connection.
pub(super) fn follow_kept<F: Follow>(
    flow: &mut Flow<F::Dialog>,
    mut segments: Segments<'_>,
    around: &Around<'_>,
    spare: &mut Spare,
    follow: &mut F,
) {
    let mut around = *around;
    while !flow.is_straight()
        && let Some(segment) = segments.next()
    {
        around.now = segment.place;
        flow.push_kept(&segment, &around, spare, follow);
    }
    flow.push_straight(&mut segments, around.limits.history_bytes, spare);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{Chunk, Ending, Opening};
    use crate::limits::Limits;
    use crate::ports::Ports;
    use crate::stream::later::Taken;
    use crate::stream::later::tests::{segments, steps};
    use crate::stream::{Looks, SessionEnd};
    use crate::trouble::Trouble;
    use proptest::prelude::*;

    /// All chunks of a session, as they came.
    #[derive(Default)]
    struct Heard(String);

    impl Consume for Heard {
        fn push(&mut self, chunk: &Chunk<'_>) {
            self.0.extend([format!("{chunk:?}\n")]);
        }
    }

    impl Follow for Heard {
        type Dialog = Heard;

        fn candidate(&mut self, _: Place, _: bool) {}

        fn dismissed(&mut self, _: Place, _: Place) {}

        fn open(&mut self, opening: &Opening, surely: bool, now: Place) -> Heard {
            Heard(format!("{opening:?} {surely} {now:?}\n"))
        }

        fn done(&mut self, dialog: Heard, end: SessionEnd) {
            self.0.extend([dialog.0, format!("{end:?}")]);
        }

        fn trouble(&mut self, _: Trouble, _: Place) {}

        fn looks(&self, _: &[u8], _: bool) -> Looks {
            Looks::Unclear
        }

        fn speaks(&self, _: &[u8], _: &[u8]) -> Option<bool> {
            None
        }
    }

    proptest! {
        /// Against taking each segment for itself.
        #[test]
        fn what_was_kept_is_followed_as_if_it_came_now(steps in steps(), keeps in any::<bool>()) {
            let segments = segments(&steps);
            let mut shelf = Shelf::new(4096);
            let number = 7;
            shelf.put(number, &segments[0], &segments[1]).unwrap();
            for segment in &segments[2..] {
                if matches!(shelf.take(number, segment), Taken::Not) {
                    break;
                }
            }
            let mut text = Vec::new();
            let later = shelf.lift(number, &mut text).unwrap();
            let limits = Limits::default();
            let history_bytes = if keeps { limits.history_bytes } else { 0 };
            let limits = Limits { history_bytes, ..limits };
            let key = segments[0].flow;
            let ports = Ports::default();
            let around = Around { key: &key, limits: &limits, ports: &ports, now: later.last };
            let told = [true, false].map(|at_once| {
                let (mut heard, mut spare) = (Heard::default(), Spare::new());
                let mut segments = later.segments(&text, key);
                let mut flow = begin_kept(&mut segments).unwrap();
                if at_once {
                    follow_kept(&mut flow, segments, &around, &mut spare, &mut heard);
                } else {
                    for segment in segments {
                        let around = Around { now: segment.place, ..around };
                        flow.push_kept(&segment, &around, &mut spare, &mut heard);
                    }
                }
                let state = (flow.progress(), flow.ends(), flow.is_complete(), flow.is_straight());
                let kept = flow.halves_debug();
                flow.finish(Ending::InputEnd, &around, &mut heard);
                (state, kept, heard.0)
            });
            prop_assert_eq!(&told[0], &told[1]);
        }
    }
}
