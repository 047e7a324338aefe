//! Lists that mostly have one element, or none.

use std::ops::{Deref, DerefMut};
use std::{mem, slice, vec};

/// A list that lies in place while it has one element, as most lists of recipients, messages and
/// greetings by EHLO do: there are many open sessions at once, and each allocation of a session
/// costs as much as reading a line.
#[derive(Clone, Debug, Default)]
pub enum List<T> {
    /// Nothing.
    #[default]
    Empty,
    /// One element.
    One(T),
    /// What had more than one element once.
    Many(Vec<T>),
}

impl<T> List<T> {
    /// Adds `last`.
    #[inline]
    pub fn push(&mut self, last: T) {
        match self {
            Self::Empty => *self = Self::One(last),
            _ => self.push_more(last),
        }
    }

    fn push_more(&mut self, last: T) {
        let mut all = match mem::take(self) {
            Self::Empty => Vec::new(),
            Self::One(one) => {
                let mut all = Vec::with_capacity(4);
                all.push(one);
                all
            }
            Self::Many(all) => all,
        };
        if all.len() == all.capacity() {
            // Doubling would cost an open session more than it holds.
            all.reserve_exact((all.len() / 2).max(3));
        }
        all.push(last);
        *self = Self::Many(all);
    }

    /// Takes the last element away.
    pub fn pop(&mut self) -> Option<T> {
        let mut all = mem::take(self).into_vec();
        let last = all.pop();
        *self = Self::Many(all);
        last
    }

    /// Takes all elements away.
    pub fn clear(&mut self) {
        *self = Self::Empty;
    }

    /// Bytes of memory besides its own size.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Many(all) => all.capacity() * size_of::<T>(),
            Self::Empty | Self::One(_) => 0,
        }
    }

    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Empty => Vec::new(),
            Self::One(one) => vec![one],
            Self::Many(all) => all,
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::Empty => &[],
            Self::One(one) => slice::from_ref(one),
            Self::Many(all) => all,
        }
    }
}

impl<T> DerefMut for List<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Empty => &mut [],
            Self::One(one) => slice::from_mut(one),
            Self::Many(all) => all,
        }
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> vec::IntoIter<T> {
        self.into_vec().into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut List<T> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    fn into_iter(self) -> slice::IterMut<'a, T> {
        self.iter_mut()
    }
}

/// A vector that most sessions leave empty: eight bytes until it is not, as there are many open
/// sessions at once.
#[derive(Clone, Debug)]
// Clippy would have the vector itself: that is 24 bytes.
#[allow(clippy::box_collection)]
pub struct Few<T>(Option<Box<Vec<T>>>);

impl<T> Few<T> {
    /// Adds `one`.
    pub fn push(&mut self, one: T) {
        self.0.get_or_insert_default().push(one);
    }

    /// Takes the first away.
    pub(super) fn remove_first(&mut self) {
        if let Some(all) = &mut self.0
            && !all.is_empty()
        {
            all.remove(0);
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().map(Vec::as_slice).unwrap_or_default()
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_list() {
        let mut list = List::default();
        assert!(list.is_empty() && list.held() == 0);
        for number in 0..6_u8 {
            assert_eq!(list.len(), usize::from(number));
            list.push(number);
            assert_eq!(list.last(), Some(&number));
        }
        list[0] = 9;
        assert!(list.held() >= 6);
        assert_eq!((list.pop(), list.len()), (Some(5), 5));
        assert_eq!(list.into_iter().collect::<Vec<_>>(), [9, 1, 2, 3, 4]);
        let mut one = List::One(7);
        assert_eq!((one.pop(), one.pop(), one.len()), (Some(7), None, 0));
        one.push(8);
        one.clear();
        assert!(one.is_empty());
    }
}
