//! The bytes of a frame that are not read yet, with their length on the wire.
//!
//! It tells a packet that was cut by the capture from one that contradicts itself. It does not
//! know what the bytes mean.

use super::Stop;
use crate::capture::Frame;
use crate::trouble::Trouble;
use std::ops::Range;

/// The shortest Ethernet frame in bytes, without its frame check sequence (IEEE 802.3 §4.4.2).
const ETHERNET_MIN: usize = 60;

/// pcap's `LINKTYPE_ETHERNET`.
pub(super) const LINK_ETHERNET: u16 = 1;

/// The unread rest of a frame or datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'d> {
    bytes: &'d [u8],
    /// Where `bytes` begins in the whole.
    at: usize,
    /// Length on the wire, at least that of `bytes`.
    wire: usize,
    /// Whether the last bytes may be padding: no length but that of a shortest Ethernet frame
    /// says where they end.
    padded: bool,
}

impl<'d> Cursor<'d> {
    /// All of `bytes`, which were `wire` bytes or more.
    pub(super) fn new(bytes: &'d [u8], wire: usize) -> Self {
        Self { bytes, at: 0, wire: wire.max(bytes.len()), padded: false }
    }

    /// All of a frame.
    pub(super) fn of_frame(frame: &Frame<'d>) -> Self {
        let mut cursor = Self::new(frame.data, usize::try_from(frame.wire_len).unwrap_or(0));
        cursor.padded = frame.link == LINK_ETHERNET && cursor.wire <= ETHERNET_MIN;
        cursor
    }

    /// The captured bytes of the rest.
    pub(super) fn bytes(&self) -> &'d [u8] {
        self.bytes
    }

    /// Length of the rest on the wire.
    pub(super) fn wire(&self) -> usize {
        self.wire
    }

    /// Where the captured rest stands in the whole.
    pub(super) fn range(&self) -> Range<usize> {
        self.at..self.at.saturating_add(self.bytes.len())
    }

    /// Whether the last bytes of the rest may be padding.
    pub(super) fn is_padded(&self) -> bool {
        self.padded
    }

    /// The next `N` bytes, not taken.
    pub(super) fn peek<const N: usize>(&self) -> Result<[u8; N], Stop> {
        self.bytes.first_chunk().copied().ok_or_else(|| self.lack(N))
    }

    /// Takes the next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let head = self.peek()?;
        self.skip(N)?;
        Ok(head)
    }

    /// Passes over the next `len` bytes.
    pub(super) fn skip(&mut self, len: usize) -> Result<(), Stop> {
        self.bytes = self.bytes.get(len..).ok_or_else(|| self.lack(len))?;
        self.at = self.at.saturating_add(len);
        self.wire = self.wire.saturating_sub(len);
        Ok(())
    }

    /// Lets the rest be `len` bytes on the wire, as a header says: what is captured after them
    /// is padding, what is not captured of them was cut.
    pub(super) fn limit(&mut self, len: usize) {
        self.bytes = self.bytes.get(..len).unwrap_or(self.bytes);
        self.wire = len;
        self.padded = false;
    }

    /// Why `len` bytes cannot be taken: they were cut, or there never were so many.
    pub(super) fn lack(&self, len: usize) -> Stop {
        Stop::Trouble(if len > self.wire { Trouble::BadPacket } else { Trouble::CutHeader })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_cut_from_a_contradiction() {
        let mut cursor = Cursor::new(&[1, 2, 3, 4], 6);
        assert_eq!(cursor.take(), Ok([1, 2]));
        assert_eq!((cursor.range(), cursor.wire()), (2..4, 4));
        assert_eq!(cursor.take::<3>(), Err(Stop::Trouble(Trouble::CutHeader)));
        assert_eq!(cursor.skip(5), Err(Stop::Trouble(Trouble::BadPacket)));
        cursor.limit(1);
        assert_eq!((cursor.bytes(), cursor.wire()), (&[3][..], 1));
        cursor.limit(9);
        assert_eq!((cursor.bytes(), cursor.wire()), (&[3][..], 9));
    }
}
