//! What is asked of the memory before it is needed: of connections whose next segments, or whose
//! ends, come soon. In steps, as each tells where the next one lies.

use super::Tracker;
use super::known::Known;
use crate::chunk::Consume;
use crate::packet::FlowKey;
use crate::stream::Blocks;
use crate::stream::table::Hint;

impl<D: Consume> Tracker<D> {
    /// What it takes to look up a connection again.
    #[inline]
    #[must_use]
    pub fn hint(&self, flow: &FlowKey) -> Hint {
        self.known.hint(flow)
    }

    /// Asks for the memory that tells the number of a connection.
    #[inline]
    pub fn fetch_index(&self, hint: Hint) {
        self.known.fetch_index(hint);
    }

    /// The number that a connection most likely has, if there is one.
    #[inline]
    #[must_use]
    pub fn guess(&self, hint: Hint) -> Option<u32> {
        self.known.guess(hint)
    }

    /// Asks for what is known of the ends `number`, and for what their connection has on the shelf
    /// if it is there.
    #[inline]
    pub fn fetch_key(&self, number: u32) {
        self.known.fetch(number);
        self.shelf.fetch(number);
    }

    /// Asks for each part of connection `number` that its next segment needs, and reads a little of
    /// those of one that is followed: see [`Consume::touch`].
    #[inline]
    #[must_use]
    pub fn fetch(&self, number: u32, blocks: &Blocks) -> u64 {
        match self.known.get(number) {
            Some(Known::Later) => {
                self.shelf.fetch_room(number, blocks);
                0
            }
            Some(Known::Flow(flow)) => flow.touch() ^ flow.touch_dialog(),
            _ => 0,
        }
    }

    /// Asks for what the connections need that end behind the one at hand: for the places of the
    /// `next` one in the tables, and for what tells those of one that ends `soon`.
    pub(super) fn fetch_ends(&self, next: Option<u32>, soon: Option<u32>) {
        if let Some(soon) = soon {
            self.fetch_key(soon);
        }
        if let Some(next) = next
            && let Some((key, Known::Later)) = self.known.entry(next)
        {
            self.ended.fetch(&key);
            self.known.fetch_index(self.known.hint(&key));
        }
    }
}
