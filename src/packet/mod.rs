//! [`Frame`](crate::capture::Frame)s → TCP [`Segment`]s of the watched ports.

use crate::chunk::Origin;
use crate::time::Stamp;
use std::net::{IpAddr, SocketAddr};

/// A TCP connection's addresses and ports, the same for both directions: the lower end first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// The lower of the two ends, by address then port.
    pub low: (IpAddr, u16),
    /// The higher of the two ends.
    pub high: (IpAddr, u16),
}

/// Which end of a [`FlowKey`] sent a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the lower end to the higher.
    Up,
    /// From the higher end to the lower.
    Down,
}

/// The TCP flags that matter here (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Synchronize sequence numbers.
    pub syn: bool,
    /// No more data from the sender.
    pub fin: bool,
    /// Reset the connection.
    pub rst: bool,
}

/// One TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The connection.
    pub flow: FlowKey,
    /// Its direction.
    pub way: Way,
    /// When it was captured.
    pub at: Option<Stamp>,
    /// Digits of the second's fraction in the capture's time stamps.
    pub digits: u8,
    /// The frame that carried it (the last one of a fragmented datagram).
    pub origin: Origin,
    /// Sequence number of the first byte of `data` (of SYN, if set).
    pub seq: u32,
    /// Acknowledgment number, if the ACK flag is set.
    pub ack: Option<u32>,
    /// SYN, FIN and RST.
    pub flags: Flags,
    /// Receive window as sent (not scaled).
    pub window: u16,
    /// The payload that was captured.
    pub data: &'a [u8],
    /// Payload bytes after `data` that were on the wire but are not in the capture.
    pub cut: u32,
}

impl FlowKey {
    /// The key of a connection and the direction of a segment from `from` to `to`.
    #[must_use]
    pub fn new(from: (IpAddr, u16), to: (IpAddr, u16)) -> (Self, Way) {
        if from <= to {
            (Self { low: from, high: to }, Way::Up)
        } else {
            (Self { low: to, high: from }, Way::Down)
        }
    }

    /// The address and port that segments of direction `way` come from.
    #[must_use]
    pub fn sender(&self, way: Way) -> SocketAddr {
        match way {
            Way::Up => self.low.into(),
            Way::Down => self.high.into(),
        }
    }
}

impl Way {
    /// The other direction.
    #[must_use]
    pub fn back(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}
