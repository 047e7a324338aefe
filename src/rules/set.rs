//! Sets of rules.

use super::all;

/// Words of 64 rules.
const WORDS: usize = 8;

/// A set of rules, each by its place in [`all`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Set([u64; WORDS]);

impl Set {
    /// All rules.
    #[must_use]
    pub fn all() -> Self {
        let mut set = Self::default();
        for place in 0..all().len() {
            set.add(place);
        }
        set
    }

    /// Adds the rule at `place`.
    pub fn add(&mut self, place: usize) {
        debug_assert!(place < WORDS * 64, "a word more is needed");
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// Takes out the rule at `place`.
    pub fn remove(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word &= !(1 << (place % 64));
        }
    }

    /// Whether it has the rule at `place`.
    #[inline]
    #[must_use]
    pub fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// Those that are not in `other`.
    #[must_use]
    pub fn without(mut self, other: &Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= !other;
        }
        self
    }

    /// Those that are in `other`, too.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= other;
        }
        self
    }

    /// Whether one of them is in `other`, too.
    #[inline]
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |all, (word, other)| all | word & other) != 0
    }

    /// Gives to `take` the places of those that are in `other`, too, in order.
    #[inline]
    pub fn each_in(&self, other: &Self, mut take: impl FnMut(usize)) {
        for (at, (word, other)) in self.0.iter().zip(&other.0).enumerate() {
            let mut word = word & other;
            while word != 0 {
                take(at * 64 + word.trailing_zeros() as usize);
                // The lowest bit.
                word &= word.wrapping_sub(1);
            }
        }
    }

    /// Adds those of `other`.
    pub fn add_all(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
    }

    /// The places of its rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        let mut words = self.0;
        let mut at = 0;
        std::iter::from_fn(move || {
            while let Some(word) = words.get_mut(at) {
                if *word != 0 {
                    let place = at * 64 + word.trailing_zeros() as usize;
                    // The lowest bit.
                    *word &= word.wrapping_sub(1);
                    return Some(place);
                }
                at += 1;
            }
            None
        })
    }
}
