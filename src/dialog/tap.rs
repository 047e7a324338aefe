//! Who listens to a dialog as it is read.

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
    /// The session was joined in mid-stream.
    fn midstream(&mut self);
    /// The session is over.
    fn end(&mut self, end: End);
    /// Gives what was made of it and was not given yet.
    fn take(&mut self) -> Vec<u8>;
}
