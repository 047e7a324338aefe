//! What one side says before the other goes on.

use crate::conn::End;
use crate::pool::{Kind, Pools};

/// Bytes of one side: a head, a stretch of a pool, a tail.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) who: End,
    /// Nanoseconds that this side takes before it begins.
    pub(crate) think: u64,
    /// Nothing happens until the capture comes to its end.
    pub(crate) is_pause: bool,
    head: Vec<u8>,
    kind: Kind,
    at: u64,
    len: u64,
    tail: &'static [u8],
    sent: u64,
}

impl Turn {
    pub(crate) fn long(
        who: End,
        think: u64,
        head: Vec<u8>,
        (kind, at, len): (Kind, u64, u64),
        tail: &'static [u8],
    ) -> Self {
        Self { who, think, is_pause: false, head, kind, at, len, tail, sent: 0 }
    }

    pub(crate) fn pause() -> Self {
        let nothing = Self::long(End::Client, 0, Vec::new(), (Kind::Seven, 0, 0), b"");
        Self { is_pause: true, ..nothing }
    }

    /// Bytes not sent yet.
    pub(crate) fn left(&self) -> u64 {
        self.head.len() as u64 + self.len + self.tail.len() as u64 - self.sent
    }

    /// Appends the next bytes, at most `most`.
    pub(crate) fn send(&mut self, pools: &Pools, most: usize, out: &mut Vec<u8>) {
        let end = out.len() + most;
        let head = self.head.len() as u64;
        if self.sent < head {
            let rest = &self.head[self.sent as usize..];
            let rest = &rest[..rest.len().min(end - out.len())];
            out.extend_from_slice(rest);
            self.sent += rest.len() as u64;
        }
        if self.sent >= head && self.sent < head + self.len {
            let done = self.sent - head;
            let count = (self.len - done).min((end - out.len()) as u64);
            pools.copy(self.kind, self.at + done, count as usize, out);
            self.sent += count;
        }
        if self.sent >= head + self.len {
            let rest = &self.tail[(self.sent - head - self.len) as usize..];
            let rest = &rest[..rest.len().min(end - out.len())];
            out.extend_from_slice(rest);
            self.sent += rest.len() as u64;
        }
    }
}
