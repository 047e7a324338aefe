//! The chunks of a message (RFC 3030): an account of their octets.

use smallvec::SmallVec;

/// The chunks of a message (RFC 3030 §2): what BDAT announced, and what came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunks {
    /// BDAT commands with a size.
    pub count: u32,
    /// Octets that they announce, in all.
    pub announced: u64,
    /// Octets of them that are in the input.
    pub seen: u64,
    /// Octets of the latest that were not sent, as far as is known.
    pub left: u64,
    /// One said that it is the last.
    pub last: bool,
    /// Behind the chunk of `tail` a line came that is no command.
    pub stray: bool,
    /// The exchange that `tail` is of.
    pub exchange: Option<u32>,
    /// The last octets of the first chunk behind which no command came; else of the latest.
    pub tail: SmallVec<[u8; TAIL]>,
}

/// Octets that are kept of the end of a chunk: a command that a wrong size took in is there.
const TAIL: usize = 64;

impl Chunks {
    /// A chunk begins.
    pub(super) fn begin(&mut self, exchange: Option<u32>, octets: u64, last: bool) {
        self.count = self.count.saturating_add(1);
        self.announced = self.announced.saturating_add(octets);
        self.left = octets;
        self.last |= last;
        if !self.stray {
            self.exchange = exchange;
            self.tail.clear();
        }
    }

    /// These octets of it came.
    pub(super) fn came(&mut self, octets: &[u8]) {
        let count = octets.len() as u64;
        self.seen = self.seen.saturating_add(count);
        self.left = self.left.saturating_sub(count);
        if !self.stray {
            let from = octets.len().saturating_sub(TAIL);
            let end = octets.get(from..).unwrap_or(octets);
            let more = (self.tail.len() + end.len()).saturating_sub(TAIL);
            self.tail.drain(..more.min(self.tail.len()));
            self.tail.extend_from_slice(end);
        }
    }

    /// So many octets of it are missing from the input.
    pub(super) fn missed(&mut self, octets: u64) {
        self.left = self.left.saturating_sub(octets);
        if !self.stray {
            self.tail.clear();
        }
    }
}
