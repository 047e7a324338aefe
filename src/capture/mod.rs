//! Bytes of a capture file → [`Frame`]s.

use crate::chunk::Origin;
use crate::time::Stamp;

/// One captured packet, as the file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it was captured; `None` for a pcapng simple packet block.
    pub at: Option<Stamp>,
    /// Digits of the second's fraction in the file's time stamps (0 to 9).
    pub digits: u8,
    /// pcap's LINKTYPE of `data`, without the FCS bits.
    pub link: u16,
    /// The captured bytes, without a frame check sequence.
    pub data: &'a [u8],
    /// Length on the wire in bytes, at least `data.len()`; larger where the capture's
    /// snapshot length cut the packet.
    pub wire_len: u32,
    /// Number (from 1, as Wireshark counts) and place of the packet.
    pub origin: Origin,
}
