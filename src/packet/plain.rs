//! The headers that nearly all frames have, read at once: Ethernet II, IPv4 without options and
//! fragments, TCP, and all that IP announces captured.
//!
//! It takes what the layers one by one would take, and leaves to them whatever is unusual.

use super::cursor::LINK_ETHERNET;
use super::ip::{TCP, TcpHead};
use super::{FlowKey, Segment, Way};
use crate::capture::Frame;
use crate::place::Place;

/// Length of an Ethernet header in bytes.
const ETHERNET: usize = 14;

/// Length of an IPv4 header without options in bytes.
const IPV4: usize = 20;

/// The headers of a frame, and its payload.
#[derive(Clone, Copy)]
pub struct Plain<'a> {
    ipv4: &'a [u8; IPV4],
    tcp: TcpHead<'a>,
    data: &'a [u8],
}

impl<'a> Plain<'a> {
    /// The headers of `frame`, if they are the usual ones; else [`Decoder::look`](super::Decoder::look)
    /// must tell.
    // Measured: to move a segment costs as much as to read one, so it is made where it is taken.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    #[must_use]
    pub fn of(frame: &Frame<'a>) -> Option<Self> {
        if frame.link != LINK_ETHERNET {
            return None;
        }
        let (heads, rest) = frame.data.split_first_chunk::<{ ETHERNET + IPV4 }>()?;
        let tcp = TcpHead(rest.first_chunk()?);
        let (ethernet, ipv4) = heads.split_first_chunk::<ETHERNET>()?;
        let ipv4: &[u8; IPV4] = ipv4.first_chunk()?;
        let [.., 0x08, 0] = ethernet else { return None };
        let [0x45, _, total_0, total_1, _, _, part_0, part_1, _, TCP, ..] = *ipv4 else {
            return None;
        };
        // More fragments, or an offset.
        if u16::from_be_bytes([part_0, part_1]) & 0x3fff != 0 {
            return None;
        }
        let total = usize::from(u16::from_be_bytes([total_0, total_1]));
        let data = rest.get(tcp.len()?..total.checked_sub(IPV4)?)?;
        Some(Self { ipv4, tcp, data })
    }

    /// Source and destination port.
    #[inline]
    pub(super) fn ports(&self) -> (u16, u16) {
        self.tcp.ports()
    }

    /// The connection, and the direction.
    #[inline]
    #[must_use]
    pub fn flow(&self) -> (FlowKey, Way) {
        let [.., from_0, from_1, from_2, from_3, to_0, to_1, to_2, to_3] = *self.ipv4;
        let from = u32::from_be_bytes([from_0, from_1, from_2, from_3]);
        let to = u32::from_be_bytes([to_0, to_1, to_2, to_3]);
        let ports = self.ports();
        FlowKey::v4((from, ports.0), (to, ports.1))
    }

    /// The segment of that connection in `frame`, which these headers are of and which is at
    /// `place`.
    // See `Plain::of`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    #[must_use]
    pub fn segment(self, flow: (FlowKey, Way), frame: &Frame<'_>, place: Place) -> Segment<'a> {
        self.tcp.segment(flow, (frame, place), self.data, 0)
    }
}
