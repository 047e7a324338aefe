//! A hash table that knows which entry was used longest ago. Keys come from the wire, so the
//! hash is seeded.

use std::collections::HashMap;
use std::hash::Hash;

/// No entry.
const NONE: u32 = u32::MAX;

/// A map whose entries are also a list from the longest unused to the last used.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    index: HashMap<K, u32>,
    slots: Vec<Slot<K, V>>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
}

#[derive(Debug)]
struct Slot<K, V> {
    entry: Option<(K, V)>,
    older: u32,
    newer: u32,
}

impl<K: Hash + Eq + Copy, V> Table<K, V> {
    pub(super) fn new() -> Self {
        Self {
            index: HashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// The value of `key`, which becomes the last used.
    pub(super) fn touch(&mut self, key: &K) -> Option<&mut V> {
        let slot = *self.index.get(key)?;
        if slot != self.newest {
            self.unlink(slot);
            self.link(slot);
        }
        self.value(slot)
    }

    /// The value of `key`.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let slot = *self.index.get(key)?;
        self.slots.get(slot as usize)?.entry.as_ref().map(|(_, value)| value)
    }

    /// Adds an entry as the last used; the key must be new.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<&mut V> {
        let entry = Slot { entry: Some((key, value)), older: NONE, newer: NONE };
        let slot = if let Some(slot) = self.free.pop() {
            *self.slots.get_mut(slot as usize)? = entry;
            slot
        } else {
            let slot = u32::try_from(self.slots.len()).ok()?;
            self.slots.push(entry);
            slot
        };
        self.index.insert(key, slot);
        self.link(slot);
        self.value(slot)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let slot = self.index.remove(key)?;
        self.unlink(slot);
        self.free.push(slot);
        self.slots.get_mut(slot as usize)?.entry.take().map(|(_, value)| value)
    }

    /// Takes out the entry that was used longest ago.
    pub(super) fn pop_oldest(&mut self) -> Option<V> {
        let key = self.slots.get(self.oldest as usize)?.entry.as_ref()?.0;
        self.remove(&key)
    }

    fn value(&mut self, slot: u32) -> Option<&mut V> {
        self.slots.get_mut(slot as usize)?.entry.as_mut().map(|(_, value)| value)
    }

    fn unlink(&mut self, slot: u32) {
        let Some(&Slot { older, newer, .. }) = self.slots.get(slot as usize) else { return };
        match self.slots.get_mut(older as usize) {
            Some(neighbour) => neighbour.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer as usize) {
            Some(neighbour) => neighbour.older = older,
            None => self.newest = older,
        }
    }

    fn link(&mut self, slot: u32) {
        let newest = self.newest;
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            entry.older = newest;
            entry.newer = NONE;
        }
        match self.slots.get_mut(newest as usize) {
            Some(neighbour) => neighbour.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_up_what_was_used_longest_ago() {
        let mut table = Table::new();
        for key in 0..5 {
            table.insert(key, key * 10);
        }
        table.touch(&0);
        table.touch(&3);
        assert_eq!(table.remove(&2), Some(20));
        table.insert(9, 90);
        let order: Vec<i32> = std::iter::from_fn(|| table.pop_oldest()).collect();
        assert_eq!(order, [10, 40, 0, 30, 90]);
        assert_eq!((table.len(), table.touch(&1)), (0, None));
    }
}
