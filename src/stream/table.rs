//! A hash table that gives each entry a number, and finds those used longest ago. Keys come from
//! the wire, so the hash is seeded.

mod index;

use crate::fetch::fetch;
use crate::packet::FlowKey;
use crate::place::Place;
use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use index::Index;
use std::hash::{BuildHasher, RandomState};

/// No entry.
const NONE: u32 = index::NONE;

/// Entries that are so few that the memory for as many more does not count.
const FEW: usize = 1024;

/// What is known of each pair of ends. The number of an entry stays until it is removed.
#[derive(Debug)]
pub(super) struct Table<V> {
    seed: SeedableRandomState,
    /// Numbers of entries, by the hash of their keys.
    index: Index,
    slots: Vec<Line<V>>,
    /// The first of the list of free slots.
    free: u32,
}

/// A look-up reads one line of the cache, if it does not lie across two.
// An enum with an alignment would have its tag in front of its values, and take two lines.
#[derive(Debug)]
#[repr(align(64))]
struct Line<V>(Slot<V>);

#[derive(Debug)]
enum Slot<V> {
    Used { key: FlowKey, value: V },
    Free { next: u32 },
}

/// What tells an entry's number, but for those few that have the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hint(u32);

/// Entries that stand by for being given up, the oldest last: when each was used, and its number.
///
/// It costs nothing while nothing is given up. What was used since it was put here is passed
/// over: it is younger than all that was here with it.
#[derive(Debug, Default)]
pub(super) struct Oldest(Vec<(Place, u32)>);

impl<V> Table<V> {
    pub(super) fn new() -> Self {
        // The standard library's seed comes from the operating system.
        let seed = RandomState::new().hash_one(0);
        Self {
            seed: SeedableRandomState::with_seed(seed, SharedSeed::global_random()),
            index: Index::new(),
            slots: Vec::new(),
            free: NONE,
        }
    }

    /// The number of the entry of `key`.
    // See `Flow::push_next`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn find(&self, key: &FlowKey) -> Option<u32> {
        self.index.find(self.hash(key), |number| self.is_of(number, key))
    }

    /// What it takes to look up `key` again.
    #[inline]
    pub(super) fn hint(&self, key: &FlowKey) -> Hint {
        Hint(self.hash(key))
    }

    /// Asks for the memory that tells the number of an entry.
    #[inline]
    pub(super) fn fetch_index(&self, Hint(hash): Hint) {
        self.index.fetch(hash);
    }

    /// The number of the entry that is most likely meant.
    #[inline]
    pub(super) fn guess(&self, Hint(hash): Hint) -> Option<u32> {
        self.index.find(hash, |number| number != NONE)
    }

    /// Asks for the memory of an entry.
    #[inline]
    pub(super) fn fetch(&self, number: u32) {
        if let Some(slot) = self.slots.get(number as usize) {
            fetch(slot);
        }
    }

    /// A hash of a key, seeded.
    #[inline]
    pub(super) fn hash(&self, key: &FlowKey) -> u32 {
        // Any of its bits are as good.
        #[allow(clippy::cast_possible_truncation)]
        {
            self.seed.hash_one(key) as u32
        }
    }

    /// Whether `number` is the entry of `key`.
    #[inline]
    pub(super) fn is_of(&self, number: u32, key: &FlowKey) -> bool {
        let slot = self.slots.get(number as usize);
        matches!(slot, Some(Line(Slot::Used { key: own, .. })) if own == key)
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&V> {
        match self.slots.get(number as usize)? {
            Line(Slot::Used { value, .. }) => Some(value),
            Line(Slot::Free { .. }) => None,
        }
    }

    /// An entry with its key.
    pub(super) fn entry(&self, number: u32) -> Option<(FlowKey, &V)> {
        match self.slots.get(number as usize)? {
            Line(Slot::Used { key, value }) => Some((*key, value)),
            Line(Slot::Free { .. }) => None,
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut V> {
        match self.slots.get_mut(number as usize)? {
            Line(Slot::Used { value, .. }) => Some(value),
            Line(Slot::Free { .. }) => None,
        }
    }

    /// Bytes that a place takes.
    #[cfg(test)]
    pub(super) const PLACE: usize = size_of::<Line<V>>();

    /// All entries.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &V)> {
        (0..).zip(&self.slots).filter_map(|(number, Line(slot))| match slot {
            Slot::Used { value, .. } => Some((number, value)),
            Slot::Free { .. } => None,
        })
    }

    /// Adds an entry; the key must be new.
    pub(super) fn insert(&mut self, key: FlowKey, value: V) {
        let used = Slot::Used { key, value };
        let number = if let Some(Line(slot)) = self.slots.get_mut(self.free as usize) {
            let number = self.free;
            if let Slot::Free { next } = std::mem::replace(slot, used) {
                self.free = next;
            }
            number
        } else {
            let Ok(number) = u32::try_from(self.slots.len()) else { return };
            if self.slots.len() == self.slots.capacity() {
                // Where there are many, not twice as many: they may be there for long.
                let len = self.slots.len();
                self.slots.reserve_exact(if len < FEW { len.max(16) } else { len / 8 });
            }
            self.slots.push(Line(used));
            number
        };
        self.index.insert(self.hash(&key), number);
    }

    /// Takes out an entry.
    pub(super) fn remove(&mut self, number: u32) -> Option<(FlowKey, V)> {
        let Line(slot) = self.slots.get_mut(number as usize)?;
        if matches!(slot, Slot::Free { .. }) {
            return None;
        }
        let slot = std::mem::replace(slot, Slot::Free { next: self.free });
        self.free = number;
        let Slot::Used { key, value } = slot else { return None };
        self.index.remove(self.hash(&key), number);
        Some((key, value))
    }

    /// The number of the entry with the lowest `stamp`, which must grow whenever it changes.
    pub(super) fn oldest(
        &self,
        oldest: &mut Oldest,
        stamp: impl Fn(u32, &V) -> Option<Place>,
    ) -> Option<u32> {
        let Oldest(queue) = oldest;
        while let Some((at, number)) = queue.pop() {
            if self.get(number).and_then(|value| stamp(number, value)) == Some(at) {
                return Some(number);
            }
        }
        queue.extend(
            self.iter().filter_map(|(number, value)| Some((stamp(number, value)?, number))),
        );
        // All of it at once would be much memory; some of it must last for a while.
        let part = queue.len() / 4 + 1;
        if part < queue.len() {
            queue.select_nth_unstable(part);
            queue.truncate(part);
            queue.shrink_to_fit();
        }
        queue.sort_unstable_by(|a, b| b.cmp(a));
        queue.pop().map(|(_, number)| number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn key(port: u16) -> FlowKey {
        FlowKey::new(([192, 0, 2, 1].into(), port), ([192, 0, 2, 2].into(), 25)).0
    }

    proptest! {
        /// Against a map that is searched for the lowest stamp each time.
        #[test]
        fn gives_up_what_was_used_longest_ago(
            steps in prop::collection::vec((0_u16..24, 0_u8..8), 0..300),
        ) {
            let mut table = Table::new();
            let mut oldest = Oldest::default();
            let mut model: BTreeMap<u16, Place> = BTreeMap::new();
            for (now, (port, what)) in (1..).zip(steps) {
                let now = Place::new(now);
                match (table.find(&key(port)), what) {
                    (Some(number), 0) => {
                        prop_assert_eq!(table.remove(number), Some((key(port), (port, now_of(&model, port)))));
                        model.remove(&port);
                    }
                    (_, 1 | 2) => {
                        let first = table.oldest(&mut oldest, |_, value: &(u16, Place)| Some(value.1));
                        let lowest = model.iter().min_by_key(|(_, at)| **at).map(|(&port, _)| port);
                        let found = first.and_then(|number| table.remove(number));
                        prop_assert_eq!(found.map(|(_, (port, _))| port), lowest);
                        lowest.map(|port| model.remove(&port));
                    }
                    (Some(number), _) => {
                        table.get_mut(number).unwrap().1 = now;
                        model.insert(port, now);
                    }
                    (None, _) => {
                        table.insert(key(port), (port, now));
                        model.insert(port, now);
                    }
                }
                prop_assert_eq!(table.iter().count(), model.len());
            }
        }
    }

    fn now_of(model: &BTreeMap<u16, Place>, port: u16) -> Place {
        model.get(&port).copied().unwrap_or_default()
    }
}
