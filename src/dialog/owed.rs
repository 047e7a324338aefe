//! Commands that are not answered yet.

use super::session::Request;
use std::collections::VecDeque;

/// A command that is not answered yet. Each open session has room for some.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owed {
    pub(super) request: Request,
    /// BDAT: the chunk is the last.
    pub(super) last: bool,
    exchange: Index,
    message: Index,
    recipient: Index,
    /// Offset in the client's stream after it.
    pub(super) end: u64,
    /// [`u64::MAX`] for `None`.
    seen: u64,
}

/// An index that may be missing: in half the bytes of an `Option<u32>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Index(u32);

impl Index {
    const NONE: Self = Self(u32::MAX);

    #[inline]
    fn of(index: Option<u32>) -> Self {
        index.map_or(Self::NONE, Self)
    }

    #[inline]
    fn get(self) -> Option<u32> {
        (self != Self::NONE).then_some(self.0)
    }
}

impl Owed {
    /// `request`, which ends at `end` of the client's stream; what of the server's stream its
    /// sender had `seen`.
    #[inline]
    pub(super) fn new(
        request: Request,
        end: u64,
        seen: Option<u64>,
        exchange: Option<u32>,
        message: Option<u32>,
    ) -> Self {
        Self {
            request,
            last: false,
            exchange: Index::of(exchange),
            message: Index::of(message),
            recipient: Index::NONE,
            end,
            seen: seen.unwrap_or(u64::MAX),
        }
    }

    /// Index of its exchange.
    #[inline]
    pub(super) fn exchange(&self) -> Option<u32> {
        self.exchange.get()
    }

    /// Index of its message.
    #[inline]
    pub(super) fn message(&self) -> Option<u32> {
        self.message.get()
    }

    /// Index of its recipient in the message.
    #[inline]
    pub(super) fn recipient(&self) -> Option<u32> {
        self.recipient.get()
    }

    /// What of the server's stream its sender had seen.
    #[inline]
    pub(super) fn seen(&self) -> Option<u64> {
        (self.seen != u64::MAX).then_some(self.seen)
    }

    /// It belongs to this message.
    #[inline]
    pub(super) fn set_message(&mut self, message: Option<u32>) {
        self.message = Index::of(message);
    }

    /// It is for this recipient of its message.
    #[inline]
    pub(super) fn set_recipient(&mut self, recipient: Option<u32>) {
        self.recipient = Index::of(recipient);
    }
}

/// How many commands lie in place: those of an envelope that is sent at once.
const NEAR: usize = 4;

/// Such commands in their order. The first few lie here, others elsewhere.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub(super) struct Queue {
    /// How many of `near` there are.
    len: u8,
    /// Where in `near` the first is.
    start: u8,
    /// Empty unless `near` is full.
    // Clippy would have the queue itself: that is 32 bytes of each open session.
    #[allow(clippy::box_collection)]
    others: Option<Box<VecDeque<Owed>>>,
    /// In a ring. A client that waits for each reply needs only the first place.
    near: [Option<Owed>; NEAR],
}

impl Queue {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.len) + self.others.as_ref().map_or(0, |all| all.len())
    }

    /// The place in `near` of its `number`th.
    fn place(&self, number: u8) -> usize {
        usize::from(self.start.wrapping_add(number)) % NEAR
    }

    #[inline]
    pub(super) fn front(&self) -> Option<&Owed> {
        self.near.get(self.place(0))?.as_ref()
    }

    pub(super) fn back(&self) -> Option<&Owed> {
        let near = self.near.get(self.place(self.len.wrapping_sub(1)));
        let last = self.others.as_ref().and_then(|all| all.back());
        last.or(near.and_then(Option::as_ref))
    }

    #[inline]
    pub(super) fn back_mut(&mut self) -> Option<&mut Owed> {
        let place = self.place(self.len.wrapping_sub(1));
        let last = self.others.as_mut().and_then(|all| all.back_mut());
        last.or(self.near.get_mut(place).and_then(Option::as_mut))
    }

    #[inline]
    pub(super) fn push_back(&mut self, owed: Owed) {
        let place = self.place(self.len);
        match self.near.get_mut(place) {
            Some(free @ None) => {
                *free = Some(owed);
                self.len += 1;
            }
            _ => self.others.get_or_insert_default().push_back(owed),
        }
    }

    pub(super) fn push_front(&mut self, owed: Owed) {
        self.start = self.start.wrapping_sub(1);
        let place = self.place(0);
        if let Some(last) = self.near.get_mut(place).and_then(|place| place.replace(owed)) {
            self.others.get_or_insert_default().push_front(last);
        } else {
            self.len += 1;
        }
    }

    #[inline]
    pub(super) fn pop_front(&mut self) -> Option<Owed> {
        let first = *self.front()?;
        self.remove_front();
        Some(first)
    }

    /// Takes the first away, if there is one.
    #[inline]
    pub(super) fn remove_front(&mut self) {
        let place = self.place(0);
        let Some(free) = self.near.get_mut(place).filter(|free| free.is_some()) else { return };
        if let Some(next) = self.others.as_mut().and_then(|all| all.pop_front()) {
            *free = Some(next);
        } else {
            *free = None;
            self.len -= 1;
        }
        self.start = if self.len == 0 { 0 } else { self.start.wrapping_add(1) };
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Owed> {
        let (last, first) = self.near.split_at(self.place(0));
        let near = first.iter().chain(last).flatten();
        near.chain(self.others.iter().flat_map(|all| all.iter()))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Owed> {
        let (last, first) = self.near.split_at_mut(usize::from(self.start) % NEAR);
        let near = first.iter_mut().chain(last).flatten();
        near.chain(self.others.iter_mut().flat_map(|all| all.iter_mut()))
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
        Owed::new(Request::EndOfData, end, None, None, None)
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
        (8..=12).for_each(|end| queue.push_back(owed(end)));
        assert_eq!(queue.iter_mut().map(|one| one.end).collect::<Vec<_>>(), [7, 8, 9, 10, 11, 12]);
        assert_eq!(queue.pop_front().map(|one| one.end), Some(7));
        queue.push_front(owed(6));
        assert_eq!(queue.back().map(|one| one.end), Some(12));
        assert_eq!(queue.iter().map(|one| one.end).collect::<Vec<_>>(), [6, 8, 9, 10, 11, 12]);
    }
}
