//! From the hash of a key to the number of its entry: open addressing, one after the other, with
//! the hash beside the number. A look-up reads one line of the cache and compares one key.

use crate::fetch::fetch;

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// Numbers of entries, by the hash of their keys.
#[derive(Debug)]
pub(super) struct Index {
    /// As many as a power of two, some of them free; or none at all.
    buckets: Vec<Bucket>,
    used: usize,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    hash: u32,
    /// [`NONE`] if it is free.
    number: u32,
}

const FREE: Bucket = Bucket { hash: 0, number: NONE };

/// Buckets that take little memory: 8 bytes each.
const LITTLE: usize = 1024;

/// The least buckets that are held.
const LEAST: usize = 16;

impl Index {
    pub(super) fn new() -> Self {
        Self { buckets: Vec::new(), used: 0 }
    }

    /// The number under `hash` that `is_it`, which [`NONE`] never is.
    #[inline]
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let bucket = self.buckets.get(at)?;
            if bucket.hash == hash && is_it(bucket.number) {
                return Some(bucket.number);
            }
            if bucket.number == NONE {
                return None;
            }
            at = self.after(at);
        }
    }

    /// Asks for the memory of the first place where `hash` may be.
    #[inline]
    pub(super) fn fetch(&self, hash: u32) {
        if let Some(bucket) = self.buckets.get(self.home(hash)) {
            fetch(bucket);
        }
    }

    /// Adds a number.
    pub(super) fn insert(&mut self, hash: u32, number: u32) {
        // Half of them are free, so that the ways are short: hardly more than one step. Three in
        // four of them, while that is little memory.
        let each = if self.buckets.len() <= LITTLE { 4 } else { 2 };
        if (self.used + 1) * each > self.buckets.len() {
            let larger = vec![FREE; (self.buckets.len() * 2).max(LEAST)];
            for bucket in std::mem::replace(&mut self.buckets, larger) {
                if bucket.number != NONE {
                    self.put(bucket);
                }
            }
        }
        self.put(Bucket { hash, number });
        self.used += 1;
    }

    fn put(&mut self, bucket: Bucket) {
        let mut at = self.home(bucket.hash);
        while let Some(place) = self.buckets.get_mut(at) {
            if place.number == NONE {
                *place = bucket;
                return;
            }
            at = self.after(at);
        }
    }

    /// Takes out a number.
    pub(super) fn remove(&mut self, hash: u32, number: u32) {
        let mut hole = self.home(hash);
        loop {
            match self.buckets.get(hole) {
                Some(bucket) if bucket.number == number => break,
                Some(bucket) if bucket.number != NONE => hole = self.after(hole),
                _ => return,
            }
        }
        self.used -= 1;
        // What was put behind it because there was no room is moved up.
        let mut at = self.after(hole);
        while let Some(&bucket) = self.buckets.get(at)
            && bucket.number != NONE
        {
            let way = self.distance(self.home(bucket.hash), at);
            if way >= self.distance(hole, at) {
                self.set(hole, bucket);
                hole = at;
            }
            at = self.after(at);
        }
        self.set(hole, FREE);
    }

    fn set(&mut self, at: usize, bucket: Bucket) {
        if let Some(place) = self.buckets.get_mut(at) {
            *place = bucket;
        }
    }

    /// The bucket where what has `hash` is, if that was free.
    #[inline]
    fn home(&self, hash: u32) -> usize {
        hash as usize & self.mask()
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & self.mask()
    }

    /// How many buckets `to` lies behind `from`.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    #[inline]
    fn mask(&self) -> usize {
        self.buckets.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Few hashes, so that many meet.
        #[test]
        fn finds_what_was_put_in_and_not_taken_out(
            steps in prop::collection::vec((0_u32..40, any::<bool>()), 0..400),
        ) {
            let mut index = Index::new();
            let mut model = BTreeSet::new();
            let hash = |number: u32| (number / 3).wrapping_mul(0x9e37_79b9);
            for (number, is_new) in steps {
                if is_new && model.insert(number) {
                    index.insert(hash(number), number);
                } else if !is_new && model.remove(&number) {
                    index.remove(hash(number), number);
                }
                prop_assert_eq!(index.used, model.len());
                for other in 0..40 {
                    let found = index.find(hash(other), |found| found == other);
                    prop_assert_eq!(found.is_some(), model.contains(&other));
                }
            }
        }
    }
}
