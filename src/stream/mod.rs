//! TCP [`Segment`](crate::packet::Segment)s → [`Chunk`](crate::chunk::Chunk)s of each
//! connection, in causal order.
//!
//! In: segments in capture order, which need not be the order in which they were sent. Out: for
//! each connection that carries SMTP, what both sides sent, each chunk after everything that
//! its sender had acknowledged. Knows nothing of SMTP: what bytes look like is asked of
//! [`Follow`].
//!
//! **A byte that is missing is waited for** until nothing can bring it any more: the other side
//! has acknowledged it and [`Limits::acked_hole_segments`](crate::limits::Limits) more segments
//! of the connection have come, a bound is full, or the connection is over. Then it is a gap.

mod flow;
mod half;
mod relay;
mod table;
mod tracker;

pub use tracker::Tracker;

use crate::chunk::{Consume, Ending, Opening, Origin, Transport};
use crate::time::Stamp;

/// What the first bytes of one direction look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// The side that sends commands.
    LikeClient,
    /// The side that sends replies.
    LikeServer,
    /// Neither for sure.
    Unclear,
}

/// Takes the sessions that a [`Tracker`] finds.
pub trait Follow {
    /// What takes the chunks of one session.
    type Dialog: Consume;

    /// A connection began at `origin` that may turn out to be a session, or is `surely` one.
    fn candidate(&mut self, origin: Origin, surely: bool);

    /// The connection that began at `origin` is no session.
    fn dismissed(&mut self, origin: Origin);

    /// A connection is a session: its chunks go to what this returns.
    fn open(&mut self, opening: &Opening) -> Self::Dialog;

    /// No more chunks of a session will come.
    fn done(&mut self, opening: &Opening, dialog: Self::Dialog, end: SessionEnd);

    /// What `data` looks like, as the first bytes of a direction; `at_start` if the connection
    /// was seen from its beginning.
    fn looks(&self, data: &[u8], at_start: bool) -> Looks;

    /// Whether a connection whose ends began with these bytes speaks SMTP; `None` if more bytes
    /// are needed.
    fn speaks(&self, client: &[u8], server: &[u8]) -> Option<bool>;
}

/// How a session's chunks came to their end.
#[derive(Clone, Copy, Debug)]
pub struct SessionEnd {
    /// Why no more come.
    pub ending: Ending,
    /// Time of its last packet.
    pub last_at: Option<Stamp>,
    /// What TCP saw.
    pub transport: Transport,
}
