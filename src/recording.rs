//! What is known of an input besides its sessions and its damage: its clock, what traffic it
//! holds, what a text leaves out.
//!
//! Bounded and cheap: a few counts, each with the first place.

use crate::time::{Lapse, Stamp};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How often something was met, and where first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// How often.
    pub times: u64,
    /// Number of the first frame or line; 0 if there is none.
    pub first: u64,
}

impl Times {
    /// Counts one more, in this frame or line.
    pub fn add(&mut self, number: u64) {
        self.merge(Self { times: 1, first: number });
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        if other.times > 0 {
            self.first = if self.times == 0 { other.first } else { self.first.min(other.first) };
            self.times += other.times;
        }
    }
}

/// Whether the time stamps of a capture go on from packet to packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    last: Option<Stamp>,
    /// Packets with a time before that of the packet before.
    pub back: Times,
    /// The furthest that one went back.
    pub most: Lapse,
}

impl Clock {
    /// The next packet.
    #[inline]
    pub fn see(&mut self, at: Option<Stamp>, number: u64) {
        if at < self.last {
            self.went_back(at, number);
        } else {
            self.last = at;
        }
    }

    #[cold]
    fn went_back(&mut self, at: Option<Stamp>, number: u64) {
        // Packets without a time say nothing.
        if let (Some(at), Some(last)) = (at, self.last) {
            self.back.add(number);
            self.most = self.most.max(last.since(at));
            self.last = Some(at);
        }
    }
}

/// What a packet is, as far as it takes to name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// TCP, and the lower of its ports.
    Tcp(u16),
    /// UDP, and the lower of its ports.
    Udp(u16),
    /// Another protocol in IP, by its number.
    Ip(u8),
    /// Something else than IP.
    Other,
    /// Of a link type that cannot be read.
    Link(u16),
}

/// What the first packets of a capture are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets by what they are.
    kinds: BTreeMap<Kind, u64>,
    /// Packets of more kinds than are kept.
    pub more: u64,
    /// A packet between watched ports was met.
    pub is_watched: bool,
}

impl Traffic {
    /// Packets at the beginning of a capture that are looked at: of the others it is only asked
    /// whether they may be SMTP.
    pub const PACKETS: u64 = 1000;

    /// Kinds that are kept: a scan has a port for each packet.
    const KINDS: usize = 64;

    /// Counts a packet.
    pub fn add(&mut self, kind: Kind) {
        if self.kinds.len() < Self::KINDS || self.kinds.contains_key(&kind) {
            *self.kinds.entry(kind).or_default() += 1;
        } else {
            self.more += 1;
        }
    }

    /// The kinds and how many packets are of each, the most frequent first.
    #[must_use]
    pub fn kinds(&self) -> Vec<(Kind, u64)> {
        let mut kinds: Vec<_> = self.kinds.iter().map(|(&kind, &times)| (kind, times)).collect();
        kinds.sort_by_key(|&(kind, times)| (std::cmp::Reverse(times), kind));
        kinds
    }
}

/// What the lines of a transcript are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Lines of the dialogs.
    pub marked: u64,
    /// Those without a time.
    pub untimed: Times,
    /// Lines inside a dialog that do not say who sent them.
    pub unmarked: Times,
    /// Lines of a dialog in which a secret is hidden.
    pub redacted: Times,
}

/// Sessions of which only one side is in the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OneSided {
    /// Those that have only what the client sent, and where they begin.
    pub client: Times,
    /// Those that have only what the server sent.
    pub server: Times,
}

impl OneSided {
    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.client.merge(other.client);
        self.server.merge(other.server);
    }
}

/// Things that were met in a recording, by key, of which only so many are kept: those whose keys'
/// hashes are the smallest, so that which they are does not depend on the order in which they
/// came, nor on who met them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch<K, V> {
    kept: BTreeMap<(u64, K), V>,
    /// There were more.
    pub is_partial: bool,
}

/// Keys that a sketch keeps: all servers of a site, or the messages of a busy hour.
const KEYS: usize = 1 << 14;

impl<K: Ord, V> Default for Sketch<K, V> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), is_partial: false }
    }
}

impl<K: Ord + Hash, V: Default> Sketch<K, V> {
    /// What is known of `key`, to add to it; `None` if it is not kept.
    pub fn entry(&mut self, key: K) -> Option<&mut V> {
        let place = (hash(&key), key);
        if self.kept.len() >= KEYS && !self.kept.contains_key(&place) {
            self.is_partial = true;
            if self.kept.last_key_value().is_some_and(|(last, _)| *last < place) {
                return None;
            }
            self.kept.pop_last();
        }
        Some(self.kept.entry(place).or_default())
    }

    /// What is known of `key`.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V>
    where
        K: Clone,
    {
        self.kept.get(&(hash(key), key.clone()))
    }

    /// Adds what was met elsewhere; `merge` puts two values together.
    pub fn merge(&mut self, other: Self, merge: impl Fn(&mut V, V)) {
        self.is_partial |= other.is_partial;
        for ((_, key), value) in other.kept {
            if let Some(own) = self.entry(key) {
                merge(own, value);
            }
        }
    }

    /// All that is kept, in no order that says anything.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.kept.iter().map(|((_, key), value)| (key, value))
    }
}

/// The same in every run, as reports must be.
fn hash(key: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_keeps_the_same_whoever_fills_it() {
        let keys = u32::try_from(KEYS).unwrap() * 3;
        let fill = |numbers: &mut dyn Iterator<Item = u32>| {
            let mut sketch = Sketch::<u32, Times>::default();
            for number in numbers {
                if let Some(times) = sketch.entry(number) {
                    times.add(u64::from(number) + 1);
                }
            }
            sketch
        };
        let whole = fill(&mut (0..keys));
        let mut parts = fill(&mut (0..keys).rev().step_by(2));
        parts.merge(fill(&mut (0..keys).step_by(2)), Times::merge);
        assert_eq!(whole, parts);
        assert!(whole.is_partial && whole.iter().count() == KEYS);
        assert!(whole.iter().all(|(key, _)| whole.get(key).is_some()));
    }

    #[test]
    fn the_first_place_is_the_lowest() {
        let mut times = Times::default();
        times.merge(Times::default());
        assert_eq!(times, Times::default());
        times.add(9);
        times.merge(Times { times: 2, first: 4 });
        assert_eq!(times, Times { times: 3, first: 4 });
    }

    #[test]
    fn a_clock_goes_back_once_for_each_step_back() {
        let mut clock = Clock::default();
        let at = |micros: i64| Some(Stamp::from_nanos(micros * 1000));
        for (number, at) in (1..).zip([at(5), at(7), None, at(3), at(4), at(4), at(2)]) {
            clock.see(at, number);
        }
        assert_eq!(clock.back, Times { times: 2, first: 4 });
        assert_eq!(clock.most, Lapse::from_nanos(4000));
    }

    #[test]
    fn a_scan_of_all_ports_stays_small() {
        let mut traffic = Traffic::default();
        for port in 0..1000 {
            traffic.add(Kind::Tcp(port));
        }
        traffic.add(Kind::Tcp(3));
        let kinds = traffic.kinds();
        assert_eq!((kinds.len(), traffic.more, kinds[0]), (64, 936, (Kind::Tcp(3), 2)));
    }
}
