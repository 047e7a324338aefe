//! Connections that have ended and whose segments were kept: followed some at once, a few pieces
//! of each in turn.
//!
//! To follow one takes more code than a processor's first cache holds. What a piece needs is there
//! for those of the others, which are mostly alike; if each connection were followed for itself, it
//! would come from farther away for each piece.

use super::Follow;
use super::flow::{Around, Flow};
use super::half::Spare;
use super::later::Later;
use crate::chunk::{Consume, Ending};
use crate::limits::Limits;
use crate::packet::FlowKey;
use crate::place::Place;
use crate::ports::Ports;
use smallvec::SmallVec;

/// Connections that are followed at once: with as many again there is hardly less code to get,
/// and what is known of them has less room.
pub(super) const AT_ONCE: usize = 8;

/// Pieces of a connection that are taken in turn: a command, say, and its reply.
const PIECES: usize = 2;

/// Follows connections that have ended.
#[derive(Debug)]
pub struct Turns<D> {
    limits: Limits,
    ports: Ports,
    /// Those that are still to be followed.
    due: Vec<Due>,
    /// What was kept of them, one behind the other: as much as
    /// [`Limits::deferred_bytes`] of each, at most.
    texts: Vec<u8>,
    /// Room for as many.
    flows: Vec<Flow<D>>,
}

/// A connection that has ended and is still to be followed.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) key: FlowKey,
    pub(super) later: Later,
    pub(super) ending: Ending,
    /// The frame at which it ended.
    pub(super) now: Place,
}

impl<D: Consume> Turns<D> {
    /// Of no connections yet.
    #[must_use]
    pub fn new(ports: Ports, limits: &Limits) -> Self {
        // No more comes that could be compared with what is kept.
        let limits = Limits { history_bytes: 0, ..*limits };
        Self { limits, ports, due: Vec::new(), texts: Vec::new(), flows: Vec::new() }
    }

    /// Takes connections whose segments are kept; follows them when they are enough.
    pub(super) fn take<F>(&mut self, due: &mut Vec<Due>, follow: &mut F)
    where
        F: Follow<Dialog = D>,
    {
        for one in due.drain(..) {
            follow.blocks().lift(&one.later, &mut self.texts);
            self.due.push(one);
            if self.due.len() >= AT_ONCE {
                self.finish(follow);
            }
        }
    }

    /// Follows all of them to their end.
    #[inline(never)]
    pub fn finish<F: Follow<Dialog = D>>(&mut self, follow: &mut F) {
        let Self { limits, ports, due, texts, flows } = self;
        let mut open: SmallVec<[_; AT_ONCE]> = SmallVec::new();
        let mut texts_left = texts.as_slice();
        for Due { key, later, ending, now } in &*due {
            let text = texts_left.split_off(..later.len()).unwrap_or_default();
            let mut segments = later.segments(text, *key);
            if let Some(flow) = Flow::begin_kept(&mut segments) {
                flows.push(flow);
                open.push((segments, Around { key, limits, ports, now: *now }, *ending));
            }
        }
        // Nothing is kept to be compared.
        let mut spare = Spare::default();
        for (flow, (segments, around, _)) in flows.iter_mut().zip(&mut open) {
            flow.follow_first(segments, around, &mut spare, follow);
        }
        let mut goes_on = true;
        while goes_on {
            goes_on = false;
            for (flow, (segments, ..)) in flows.iter_mut().zip(&mut open) {
                goes_on |= flow.push_straight(segments, PIECES, limits.history_bytes, &mut spare);
            }
        }
        for (flow, (_, around, ending)) in flows.iter_mut().zip(open) {
            flow.finish(ending, &around, follow);
        }
        flows.clear();
        due.clear();
        texts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{Chunk, Opening};
    use crate::packet::Segment;
    use crate::stream::Blocks;
    use crate::stream::later::tests::{Step, segments, steps};
    use crate::stream::later::{Shelf, Taken};
    use crate::stream::{Looks, SessionEnd};
    use crate::trouble::Trouble;
    use proptest::prelude::*;

    /// All chunks of a session, as they came.
    #[derive(Default)]
    struct Heard(String, Blocks);

    impl Consume for Heard {
        fn push(&mut self, chunk: &Chunk<'_>) {
            self.0.extend([format!("{chunk:?}\n")]);
        }
    }

    impl Follow for Heard {
        type Dialog = Heard;

        fn blocks(&mut self) -> &mut Blocks {
            &mut self.1
        }

        fn candidate(&mut self, _: Place, _: bool) {}

        fn dismissed(&mut self, _: Place, _: Place) {}

        fn open(&mut self, opening: &Opening, surely: bool, now: Place) -> Heard {
            Heard(format!("{opening:?} {surely} {now:?}\n"), Blocks::default())
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

    /// What is kept of a connection that goes in these steps.
    fn kept(blocks: &mut Blocks, number: u32, steps: &[Step]) -> (FlowKey, Later) {
        let mut shelf = Shelf::new(4096);
        let segments = segments(steps);
        shelf.put(number, &segments[0], &segments[1], blocks).unwrap();
        let is_kept =
            |segment: &&Segment<'_>| !matches!(shelf.take(number, segment, blocks), Taken::Not);
        let _ = segments[2..].iter().take_while(is_kept).count();
        (segments[0].flow, shelf.get(number).unwrap().clone())
    }

    proptest! {
        /// Against taking each segment for itself.
        #[test]
        fn what_was_kept_is_followed_as_if_it_came_now(
            steps in steps(),
            keeps in any::<bool>(),
            pieces in 1_usize..5,
        ) {
            let mut blocks = Blocks::default();
            let (key, later) = kept(&mut blocks, 7, &steps);
            let mut text = Vec::new();
            blocks.lift(&later, &mut text);
            let limits = Limits::default();
            let history = if keeps { limits.history_bytes } else { 0 };
            let limits = Limits { history_bytes: history, ..limits };
            let ports = Ports::default();
            let around = Around { key: &key, limits: &limits, ports: &ports, now: later.last };
            let told = [true, false].map(|at_once| {
                let (mut heard, mut spare) = (Heard::default(), Spare::new());
                let mut segments = later.segments(&text, key);
                let mut flow = Flow::begin_kept(&mut segments).unwrap();
                if at_once {
                    flow.follow_first(&mut segments, &around, &mut spare, &mut heard);
                    while flow.push_straight(&mut segments, pieces, history, &mut spare) {}
                } else {
                    for segment in segments {
                        let around = Around { now: segment.place, ..around };
                        flow.push_kept(&segment, &around, &mut spare, &mut heard);
                    }
                }
                let state = (flow.progress(), flow.ends(), flow.is_complete());
                let kept = flow.state_debug();
                flow.finish(Ending::InputEnd, &around, &mut heard);
                (state, kept, heard.0)
            });
            prop_assert_eq!(&told[0], &told[1]);
        }

        /// Against following each connection for itself.
        #[test]
        fn who_takes_turns_says_the_same(all in prop::collection::vec(steps(), 1..20)) {
            let told = [all.len(), 1].map(|at_once| {
                let mut heard = Heard::default();
                let mut turns = Turns::new(Ports::default(), &Limits::default());
                for some in all.chunks(at_once) {
                    let mut due: Vec<Due> = (0..)
                        .zip(some)
                        .map(|(number, steps)| {
                            let (key, later) = kept(heard.blocks(), number, steps);
                            let now = later.last;
                            Due { key, later, ending: Ending::InputEnd, now }
                        })
                        .collect();
                    turns.take(&mut due, &mut heard);
                    turns.finish(&mut heard);
                }
                heard.0
            });
            prop_assert_eq!(&told[0], &told[1]);
        }
    }
}
