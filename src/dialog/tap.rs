//! Who listens to a dialog as it is read.

use super::{Dialog, Start};
use crate::chunk::{End, Gap, Side};
use crate::time::Stamp;

/// Hears what a dialog reads, in the order in which it understands it: the writer of
/// transcripts.
pub trait Tap: Send {
    /// Bytes of `side`, a piece of the stream cut anywhere. `seen` as in [`Chunk::seen`](crate::chunk::Chunk::seen).
    fn data(&mut self, side: Side, at: Option<Stamp>, seen: Option<u64>, bytes: &[u8]);
    /// The next bytes of `side` belong to something else than those before.
    fn cut(&mut self, _side: Side) {}
    /// The next bytes of `side` stand for a secret of `bytes` bytes, if that is known.
    fn masked(&mut self, side: Side, bytes: Option<u64>);
    /// Bytes of `side` are missing.
    fn gap(&mut self, side: Side, gap: Gap);
    /// Mail data is left out, so many bytes if that is known.
    fn elided(&mut self, bytes: Option<u64>);
    /// Bytes of TLS records of `side`.
    fn tls(&mut self, side: Side, bytes: u64);
    /// The next bytes of `side` are `is`, and stand for `was` of the stream, as something in them
    /// is masked: `seen` counts those.
    fn resized(&mut self, side: Side, was: u64, is: u64);
    /// The session was joined in mid-stream; `late` if with a whole line.
    fn midstream(&mut self, late: bool);
    /// The session is over.
    fn end(&mut self, end: End);
    /// Gives what was made of it and was not given yet.
    fn take(&mut self) -> Vec<u8>;
}

impl Dialog {
    /// The tap hears bytes of `side`.
    pub(super) fn hear(&mut self, side: Side, at: Option<Stamp>, seen: Option<u64>, bytes: &[u8]) {
        if let Some(tap) = &mut self.tap {
            tap.data(side, at, seen, bytes);
        }
    }

    /// The server's next bytes stand for a secret, if the input has masked one.
    #[cold]
    pub(super) fn hear_masked(&mut self) {
        if let (Some(masked), Some(tap)) = (self.masked, &mut self.tap) {
            tap.masked(Side::Server, masked.bytes);
        }
    }

    /// Hears the client's bytes from `start` to offset `until`, which `bytes` shows: those that
    /// were not heard before, in another reading.
    pub(super) fn hear_client(&mut self, start: Start, until: u64, bytes: &[u8]) {
        if self.tap.is_none() || until <= self.heard {
            return;
        }
        let known = self.heard.saturating_sub(start.offset);
        let was = until.saturating_sub(self.heard.max(start.offset));
        let is_plain = start.offset + bytes.len() as u64 == until;
        let fresh = usize::try_from(known).ok().filter(|_| is_plain);
        self.heard = until;
        let fresh = bytes.get(fresh.unwrap_or(0)..).unwrap_or(bytes);
        let is = fresh.len() as u64;
        self.hear_resized(Side::Client, was, is);
        self.hear(Side::Client, start.mark.at, start.seen, fresh);
    }

    /// What is heard next, `is` bytes, stands for `was`.
    pub(super) fn hear_resized(&mut self, side: Side, was: u64, is: u64) {
        if let Some(tap) = self.tap.as_mut().filter(|_| was != is) {
            tap.resized(side, was, is);
        }
    }
}
