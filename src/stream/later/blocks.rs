//! Blocks of memory by number: what was given back is taken first, as it is in the cache.

use super::Later;
use crate::fetch::fetch;
use crate::limits::Limits;
use crate::pages::Pages;

/// Where segments are kept until their connection is followed: each connection has a few blocks of
/// these, wherever there is room.
#[derive(Debug, Default)]
pub struct Blocks {
    pieces: Vec<Pages>,
    /// There is room for large pages.
    is_roomy: bool,
    /// Blocks that had an owner.
    len: u32,
    free: Vec<u32>,
}

/// Bytes that a block takes. Few are empty where connections stand still, and few are needed.
pub(super) const SIZE: usize = 512;

/// Bytes in a block. Behind them is the number of another one.
pub(super) const BLOCK: usize = SIZE - size_of::<u32>();

/// Blocks in a piece, as a power of two: 16 MB of addresses, of which only what is used takes memory.
const PIECE: u32 = 15;

/// Bytes of a piece.
const BYTES: usize = SIZE << PIECE;

/// Bytes of the first piece that are in small pages: enough for captures without many open
/// connections.
const SMALL: usize = 2 << 20;

/// Bytes that sessions may hold where each thread may leave a large page half empty.
const ROOMY: usize = 256 << 20;

impl Blocks {
    /// No blocks, for as much as `limits` allow.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { is_roomy: limits.held_bytes >= ROOMY, ..Self::default() }
    }

    /// The number of a block that nobody has; it is as its last owner left it. `None` if there is
    /// no memory, or no number, left.
    #[inline]
    pub(super) fn take(&mut self) -> Option<u32> {
        match self.free.pop() {
            Some(number) => Some(number),
            None => self.add(),
        }
    }

    #[cold]
    fn add(&mut self) -> Option<u32> {
        let number = self.len;
        let len = number.checked_add(1)?;
        if (number >> PIECE) as usize >= self.pieces.len() {
            let small = match (self.is_roomy, self.pieces.is_empty()) {
                (false, _) => BYTES,
                (true, true) => SMALL,
                (true, false) => 0,
            };
            self.pieces.push(Pages::new(BYTES, small)?);
        }
        self.len = len;
        Some(number)
    }

    /// Leaves so many blocks that can be taken.
    #[cfg(test)]
    pub(super) fn leave(&mut self, blocks: u32) {
        let taken: Vec<_> = (0..blocks).filter_map(|_| self.take()).collect();
        (self.free, self.len) = (taken, u32::MAX);
    }

    /// Gives a block back.
    pub(super) fn give(&mut self, number: u32) {
        self.free.push(number);
    }

    /// What is in a block, and the number that stands behind it.
    #[inline]
    fn get(&self, number: u32) -> Option<(&[u8; BLOCK], &[u8])> {
        let piece = self.pieces.get((number >> PIECE) as usize)?.bytes();
        piece.get(start(number)..)?.get(..SIZE)?.split_first_chunk()
    }

    #[inline]
    fn get_mut(&mut self, number: u32) -> Option<(&mut [u8; BLOCK], &mut [u8])> {
        let piece = self.pieces.get_mut((number >> PIECE) as usize)?.bytes_mut();
        piece.get_mut(start(number)..)?.get_mut(..SIZE)?.split_first_chunk_mut()
    }

    /// What is in a block, to change it.
    #[inline]
    pub(super) fn bytes_mut(&mut self, number: u32) -> Option<&mut [u8; BLOCK]> {
        self.get_mut(number).map(|(bytes, _)| bytes)
    }

    /// Notes which block goes on with a block.
    pub(super) fn set_next(&mut self, number: u32, next: u32) -> Option<()> {
        let (_, place) = self.get_mut(number)?;
        *place.first_chunk_mut()? = next.to_le_bytes();
        Some(())
    }

    /// Puts what was kept of a connection behind `text`; its blocks are anybody's then.
    pub(in crate::stream) fn lift(&mut self, later: &Later, text: &mut Vec<u8>) {
        let end = text.len() + later.len();
        let mut next = 0;
        for at in 0..usize::from(later.blocks) {
            let number = later.front.get(at).copied().unwrap_or(next);
            let Some((bytes, place)) = self.get(number) else { break };
            text.extend_from_slice(bytes);
            next = place.first_chunk().map_or(0, |place| u32::from_le_bytes(*place));
            self.give(number);
        }
        text.truncate(end);
    }

    /// Asks for the memory where the next segment of a connection goes.
    #[inline]
    pub(super) fn fetch_room(&self, later: &Later) {
        let Some((bytes, _)) = self.get(later.back) else { return };
        // Most lie across two lines of the cache.
        let at = usize::from(later.used);
        [at, at + 64].into_iter().filter_map(|at| bytes.get(at)).for_each(fetch);
    }

    /// The same for all that was kept of it.
    pub(in crate::stream) fn fetch_all(&self, later: &Later) {
        let named = later.front.iter().take(later.blocks.into());
        let blocks = named.filter_map(|&number| self.get(number));
        blocks.for_each(|(bytes, _)| bytes.iter().step_by(64).for_each(fetch));
    }
}

/// Where a block begins in its piece.
#[inline]
fn start(number: u32) -> usize {
    (number & ((1 << PIECE) - 1)) as usize * SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_back_is_taken_first() {
        given_back(Blocks::default());
        given_back(Blocks::new(&Limits::default()));
    }

    fn given_back(mut blocks: Blocks) {
        // More than a piece has.
        let many = (1 << PIECE) + 3;
        for number in 0..many {
            assert_eq!(blocks.take(), Some(number));
            if number % 1000 < 3 {
                blocks.bytes_mut(number).unwrap()[BLOCK - 4..]
                    .copy_from_slice(&number.to_le_bytes());
                blocks.set_next(number, number + 1).unwrap();
            }
        }
        for number in (0..many).filter(|number| number % 1000 < 3) {
            let (bytes, next) = blocks.get(number).unwrap();
            assert_eq!(
                (&bytes[BLOCK - 4..], next),
                (&number.to_le_bytes()[..], &(number + 1).to_le_bytes()[..])
            );
        }
        blocks.give(7);
        blocks.give(130);
        assert_eq!([(); 3].map(|()| blocks.take()), [Some(130), Some(7), Some(many)]);
        assert!(blocks.get(3 << PIECE).is_none());
    }
}
