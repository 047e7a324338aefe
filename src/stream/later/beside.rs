//! Values at numbers that others give, in pieces of memory that never move.

use std::iter::repeat_with;

/// Values in a piece, as a power of two.
const PIECE: u32 = 6;

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
