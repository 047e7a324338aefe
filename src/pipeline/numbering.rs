//! Numbers for sessions, in order of their first packet, although it is known only later which
//! connections are sessions.

use std::collections::{HashMap, VecDeque};

/// Gives sessions their numbers.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// The slot at the front of `fates`.
    first: u64,
    /// What became of each slot from `first` on.
    fates: VecDeque<Fate>,
    /// Numbers given so far.
    given: u64,
    /// Numbers of sessions that have not ended yet, by slot.
    numbers: HashMap<u64, u64>,
}

/// What became of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Unknown,
    Session,
    NoSession,
}

impl Numbering {
    /// A connection began: its slot.
    pub(super) fn begin(&mut self) -> u64 {
        self.fates.push_back(Fate::Unknown);
        self.first + self.fates.len() as u64 - 1
    }

    /// The connection in `slot` turned out to be a session, or not.
    pub(super) fn decide(&mut self, slot: u64, is_session: bool) {
        let index = slot.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        let Some(fate) = index.and_then(|index| self.fates.get_mut(index)) else { return };
        *fate = if is_session { Fate::Session } else { Fate::NoSession };
        while let Some(fate) = self.fates.front().filter(|fate| **fate != Fate::Unknown) {
            if *fate == Fate::Session {
                self.given += 1;
                self.numbers.insert(self.first, self.given);
            }
            self.fates.pop_front();
            self.first += 1;
        }
    }

    /// Whether it is known of `slot` and all before it whether they are sessions.
    pub(super) fn is_decided(&self, slot: u64) -> bool {
        slot < self.first
    }

    /// The number of the session in `slot`, if all before it are decided; taken once.
    pub(super) fn take(&mut self, slot: u64) -> Option<u64> {
        self.numbers.remove(&slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_first_packet_and_wait_for_what_is_undecided() {
        let mut numbering = Numbering::default();
        let slots: Vec<u64> = (0..4).map(|_| numbering.begin()).collect();
        numbering.decide(slots[1], true);
        numbering.decide(slots[3], true);
        assert_eq!(numbering.take(slots[1]), None);
        numbering.decide(slots[0], false);
        assert_eq!((numbering.take(slots[1]), numbering.take(slots[3])), (Some(1), None));
        numbering.decide(slots[2], true);
        assert_eq!((numbering.take(slots[2]), numbering.take(slots[3])), (Some(2), Some(3)));
    }
}
