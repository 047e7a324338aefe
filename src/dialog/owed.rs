//! Commands that are not answered yet.

use super::session::Request;
use std::collections::VecDeque;

/// A command that is not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owed {
    pub(super) request: Request,
    pub(super) exchange: Option<u32>,
    /// Offset in the client's stream after it.
    pub(super) end: u64,
    /// What of the server's stream its sender had seen.
    pub(super) seen: Option<u64>,
    pub(super) message: Option<u32>,
    pub(super) recipient: Option<u32>,
    /// BDAT: the chunk is the last.
    pub(super) last: bool,
}

/// Such commands in their order. Most clients wait for each reply: the first lies here, others
/// elsewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// None only if there is no other.
    first: Option<Owed>,
    // Clippy would have the queue itself: that is 32 bytes of each open session.
    #[allow(clippy::box_collection)]
    others: Option<Box<VecDeque<Owed>>>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.as_ref().map_or(0, |all| all.len())
    }

    pub(super) fn front(&self) -> Option<&Owed> {
        self.first.as_ref()
    }

    pub(super) fn back(&self) -> Option<&Owed> {
        let last = self.others.as_ref().and_then(|all| all.back());
        last.or(self.first.as_ref())
    }

    pub(super) fn back_mut(&mut self) -> Option<&mut Owed> {
        let last = self.others.as_mut().and_then(|all| all.back_mut());
        last.or(self.first.as_mut())
    }

    pub(super) fn push_back(&mut self, owed: Owed) {
        if self.first.is_none() {
            self.first = Some(owed);
        } else {
            self.others.get_or_insert_default().push_back(owed);
        }
    }

    pub(super) fn push_front(&mut self, owed: Owed) {
        if let Some(second) = self.first.replace(owed) {
            self.others.get_or_insert_default().push_front(second);
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<Owed> {
        let next = self.others.as_mut().and_then(|all| all.pop_front());
        std::mem::replace(&mut self.first, next)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Owed> {
        self.first.iter().chain(self.others.iter().flat_map(|all| all.iter()))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Owed> {
        self.first.iter_mut().chain(self.others.iter_mut().flat_map(|all| all.iter_mut()))
    }

    /// Bytes of memory besides its own size.
    pub(super) fn held(&self) -> usize {
        self.others.as_ref().map_or(0, |all| all.capacity() * size_of::<Owed>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed(end: u64) -> Owed {
        Owed {
            request: Request::EndOfData,
            exchange: None,
            end,
            seen: None,
            message: None,
            recipient: None,
            last: false,
        }
    }

    #[test]
    fn first_come_first_answered() {
        let mut queue = Queue::default();
        assert!(queue.is_empty() && queue.pop_front().is_none() && queue.back().is_none());
        (1..=4).for_each(|end| queue.push_back(owed(end)));
        queue.push_front(owed(0));
        assert_eq!(queue.iter().map(|one| one.end).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!((queue.len(), queue.back().map(|one| one.end)), (5, Some(4)));
        for end in 0..5 {
            assert_eq!(queue.front().map(|one| one.end), Some(end));
            assert_eq!(queue.pop_front().map(|one| one.end), Some(end));
        }
        assert!(queue.is_empty());
        queue.push_back(owed(7));
        assert_eq!(queue.back_mut().map(|one| one.end), Some(7));
    }
}
