//! Where connections have ended, so that their last packets start no new one.

use crate::fetch::fetch;
use crate::packet::{FlowKey, Segment, Way};

/// The connections that ended last, in places of a fixed number: one gives up its place when some
/// others have ended that fall into the same few.
///
/// Each beginning and each end of a connection asks here, and nearly always for nothing. So that is
/// one line of the cache, and nothing has to be done to forget.
#[derive(Debug)]
pub(super) struct Ended {
    sets: Vec<Set>,
    /// How many they will be, when the first connection has ended.
    size: usize,
}

/// Where a connection ended: the next sequence numbers of both directions (up, down), where they
/// were known.
pub(super) type Ends = [Option<u32>; 2];

/// Connections in a set: as many as fit a line of the cache.
const WAYS: usize = 5;

/// Some connections, the one that ended last first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
struct Set {
    /// What tells them apart.
    tags: [u32; WAYS],
    ends: [[u32; 2]; WAYS],
    /// Of each, [`BITS`] of them: whether there is one, and which of its ends are known.
    has: u32,
}

const BITS: usize = 3;
const THERE: u32 = 1;
const UP: u32 = 2;
const DOWN: u32 = 4;

/// How far a late segment may lie from where its connection ended: a receive window.
const TAIL: u32 = 1 << 24;

impl Ended {
    /// Remembers about so many.
    pub(super) fn new(size: usize) -> Self {
        Self { sets: Vec::new(), size: size.div_ceil(WAYS).max(1) }
    }

    /// Whether the connection `key` has ended, and then whether `segment` belongs to it. `tag` is
    /// a seeded hash of the key: that others share it is as good as impossible, and their SYNs
    /// make up for it.
    #[inline]
    pub(super) fn has_tail(&self, tag: u32, segment: &Segment<'_>) -> Option<bool> {
        let set = self.sets.get(self.place(&segment.flow))?;
        let ends = set.ends(set.find(tag)?);
        Some(has_tail(ends, segment))
    }

    /// Remembers where a connection has ended.
    pub(super) fn insert(&mut self, key: &FlowKey, tag: u32, ends: Ends) {
        if self.sets.is_empty() {
            self.sets.resize(self.size, Set::default());
        }
        let place = self.place(key);
        if let Some(set) = self.sets.get_mut(place) {
            set.insert(tag, ends);
        }
    }

    /// Forgets where a connection has ended.
    pub(super) fn forget(&mut self, key: &FlowKey, tag: u32) {
        let place = self.place(key);
        if let Some(set) = self.sets.get_mut(place)
            && let Some(way) = set.find(tag)
        {
            set.has &= !(THERE << (way * BITS));
        }
    }

    /// Asks for the memory of a connection.
    #[inline]
    pub(super) fn fetch(&self, key: &FlowKey) {
        if let Some(set) = self.sets.get(self.place(key)) {
            fetch(set);
        }
    }

    /// The set of a connection: the same in each run, so that each remembers the same.
    #[inline]
    fn place(&self, key: &FlowKey) -> usize {
        // The upper bits are those of the shard.
        let part = (key.mix() >> 16) & 0xffff_ffff;
        // Less than the number of sets.
        #[allow(clippy::cast_possible_truncation)]
        {
            ((part * self.sets.len() as u64) >> 32) as usize
        }
    }
}

impl Set {
    /// Which of them has `tag`.
    #[inline]
    fn find(&self, tag: u32) -> Option<usize> {
        (0..WAYS)
            .zip(self.tags)
            .find(|&(way, own)| own == tag && self.is_there(way))
            .map(|(at, _)| at)
    }

    #[inline]
    fn is_there(&self, way: usize) -> bool {
        self.has >> (way * BITS) & THERE != 0
    }

    fn ends(&self, way: usize) -> Ends {
        let [up, down] = self.ends.get(way).copied().unwrap_or_default();
        let has = self.has >> (way * BITS);
        [(has & UP != 0).then_some(up), (has & DOWN != 0).then_some(down)]
    }

    /// Puts one before the others; the last of them is forgotten if there is no room.
    fn insert(&mut self, tag: u32, ends: Ends) {
        let free = (0..WAYS).find(|&way| !self.is_there(way)).unwrap_or(WAYS - 1);
        self.tags.copy_within(..free, 1);
        self.ends.copy_within(..free, 1);
        let [up, down] = ends;
        self.tags[0] = tag;
        self.ends[0] = ends.map(Option::unwrap_or_default);
        // Those behind the free place stay.
        let moved = (1 << (free * BITS)) - 1;
        let stay = !((1 << ((free + 1) * BITS)) - 1);
        let has = THERE | if up.is_some() { UP } else { 0 } | if down.is_some() { DOWN } else { 0 };
        self.has = self.has & stay | (self.has & moved) << BITS | has;
    }
}

/// Whether a segment belongs to the connection that ended there.
fn has_tail([up, down]: Ends, segment: &Segment<'_>) -> bool {
    let end = if segment.way == Way::Up { up } else { down };
    let is_near = |end: u32| segment.seq.wrapping_sub(end).cast_signed().unsigned_abs() < TAIL;
    !segment.flags.syn && (segment.flags.rst || end.is_some_and(is_near))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list.
        #[test]
        fn a_set_remembers_the_last(
            steps in prop::collection::vec((0_u32..8, any::<bool>(), any::<Ends>()), 0..60),
        ) {
            let (mut set, mut model) = (Set::default(), Vec::<(u32, Ends)>::new());
            for (tag, is_forgotten, ends) in steps {
                let found = set.find(tag);
                let known = model.iter().find(|known| known.0 == tag);
                prop_assert_eq!(found.map(|way| set.ends(way)), known.map(|known| known.1));
                model.retain(|known| known.0 != tag);
                if let Some(way) = found {
                    set.has &= !(THERE << (way * BITS));
                }
                if !is_forgotten {
                    set.insert(tag, ends);
                    model.insert(0, (tag, ends));
                    model.truncate(WAYS);
                }
            }
        }
    }

    #[test]
    fn about_as_many_are_remembered_as_are_asked_for() {
        let key = |port| FlowKey::new(([192, 0, 2, 1].into(), port), ([192, 0, 2, 2].into(), 25)).0;
        let mut ended = Ended::new(1000);
        for port in 1..=2000 {
            ended.insert(&key(port), port.into(), [None; 2]);
        }
        let mut is_there = (1..=2000).map(|port| {
            let set = &ended.sets[ended.place(&key(port))];
            set.find(port.into()).is_some()
        });
        let mut count = |ports| is_there.by_ref().take(ports).filter(|&is| is).count();
        let counts = [count(1000), count(500), count(500)];
        assert!(counts[0] < 250 && counts[1] > 350 && counts[2] > 470, "{counts:?}");
        assert_eq!(size_of::<Set>(), 64);
    }
}
