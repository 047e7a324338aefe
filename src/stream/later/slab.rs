//! Values by number, in pieces of memory that never move: what was given back is taken first, as
//! it is in the cache.

use std::iter::repeat_with;

/// Values with their numbers.
#[derive(Debug)]
pub(super) struct Slab<T> {
    /// Arrays, as no number of a place in them is too large.
    pieces: Vec<Box<[T; 1 << PIECE]>>,
    /// Values that had an owner.
    len: u32,
    free: Vec<u32>,
}

/// Values in a piece, as a power of two.
const PIECE: u32 = 6;

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { pieces: Vec::new(), len: 0, free: Vec::new() }
    }
}

impl<T: Default> Slab<T> {
    /// A value that nobody has, and its number; it is as its last owner left it. `None` if there
    /// are no numbers left.
    pub(super) fn take(&mut self) -> Option<(u32, &mut T)> {
        let number = match self.free.pop() {
            Some(number) => number,
            None => self.add()?,
        };
        Some((number, self.get_mut(number)?))
    }

    #[cold]
    fn add(&mut self) -> Option<u32> {
        let number = self.len;
        if number & mask() == 0 {
            self.pieces.push(piece_of()?);
        }
        self.len = number.checked_add(1)?;
        Some(number)
    }

    /// Gives a value back.
    pub(super) fn give(&mut self, number: u32) {
        self.free.push(number);
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.pieces.get((number >> PIECE) as usize)?.get((number & mask()) as usize)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.pieces.get_mut((number >> PIECE) as usize)?.get_mut((number & mask()) as usize)
    }
}

const fn mask() -> u32 {
    (1 << PIECE) - 1
}

/// Values at numbers that others give, in pieces of memory that never move.
#[derive(Debug)]
pub(super) struct Beside<T>(Vec<Option<Box<[T; 1 << PIECE]>>>);

impl<T> Default for Beside<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> Beside<T> {
    /// The value at a number, which is made if there is none.
    pub(super) fn make(&mut self, number: u32) -> Option<&mut T> {
        let piece = (number >> PIECE) as usize;
        if self.0.len() <= piece {
            self.0.resize_with(piece + 1, || None);
        }
        let place = self.0.get_mut(piece)?;
        if place.is_none() {
            *place = Some(piece_of()?);
        }
        place.as_mut()?.get_mut((number & mask()) as usize)
    }

    /// The value at a number, if one was made there or near it.
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.0.get((number >> PIECE) as usize)?.as_ref()?.get((number & mask()) as usize)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.0.get_mut((number >> PIECE) as usize)?.as_mut()?.get_mut((number & mask()) as usize)
    }
}

fn piece_of<T: Default>() -> Option<Box<[T; 1 << PIECE]>> {
    let piece: Vec<T> = repeat_with(T::default).take(1 << PIECE).collect();
    piece.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_again_and_values_stay() {
        let mut slab = Slab::<u64>::default();
        for at in 0..200 {
            let (number, value) = slab.take().unwrap();
            *value = at;
            assert_eq!(u64::from(number), at);
        }
        slab.give(7);
        slab.give(130);
        assert_eq!(slab.take().map(|(number, value)| (number, *value)), Some((130, 130)));
        assert_eq!(slab.take().map(|(number, _)| number), Some(7));
        assert_eq!(slab.take().map(|(number, _)| number), Some(200));
        assert!((0..200).all(|at| slab.get(at) == Some(&u64::from(at))));
        assert_eq!(slab.get(1000), None);
    }
    #[test]
    fn what_stands_beside_something_is_made_where_it_is() {
        let mut beside = Beside::<u64>::default();
        for number in [300, 5, 299, 64] {
            *beside.make(number).unwrap() = number.into();
        }
        for number in [300, 5, 299, 64] {
            assert_eq!(beside.get(number), Some(&number.into()));
        }
        assert_eq!((beside.get(301), beside.get(128), beside.get(1000)), (Some(&0), None, None));
        assert_eq!(beside.get_mut(128), None);
    }
}
