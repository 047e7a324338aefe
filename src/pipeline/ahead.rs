//! Segments that come next, while the memory of their connections is asked for: step by step, so
//! that it is there when it is needed and nobody waits for it.

use super::Work;
use super::shard::{Crew, Spot};
use crate::packet::FlowKey;

/// Segments that go one step further at once: what a step asks for is there when so many others
/// have been read and pushed.
const STEP: usize = 8;

/// Segments that are looked up, each with its spot: those that came last, those whose connections
/// are found, and those for which all is asked.
pub(super) struct Ahead<T>([Vec<(Spot, T)>; 3]);

impl<T> Default for Ahead<T> {
    fn default() -> Self {
        Self([Vec::new(), Vec::new(), Vec::new()])
    }
}

impl<T> Ahead<T> {
    /// Takes the next segment, which is of `flow`; what came long enough before it is given to
    /// `push`.
    #[inline]
    pub(super) fn add<W: Work>(
        &mut self,
        flow: &FlowKey,
        segment: T,
        crew: &mut Crew<W>,
        push: impl FnMut(&mut Crew<W>, Spot, T),
    ) {
        let Self([last, ..]) = self;
        last.push((crew.spot(flow), segment));
        if last.len() >= STEP {
            self.step(crew, push);
        }
    }

    /// Gives all of them to `push`.
    pub(super) fn finish<W: Work>(
        &mut self,
        crew: &mut Crew<W>,
        mut push: impl FnMut(&mut Crew<W>, Spot, T),
    ) {
        for _ in 0..self.0.len() {
            self.step(crew, &mut push);
        }
    }

    fn step<W: Work>(&mut self, crew: &mut Crew<W>, mut push: impl FnMut(&mut Crew<W>, Spot, T)) {
        let Self([last, found, first]) = self;
        for (spot, segment) in first.drain(..) {
            push(crew, spot, segment);
        }
        crew.fetch(found.iter().map(|&(spot, _)| spot));
        crew.find(last.iter_mut().map(|(spot, _)| spot));
        self.0.rotate_right(1);
    }
}
