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

mod ended;
mod flow;
mod half;
mod later;
mod relay;
mod table;
mod tracker;
mod turns;

pub use later::Blocks;
pub use table::Hint;
pub use tracker::Tracker;
pub use turns::Turns;

use crate::chunk::{Consume, Ending, Opening, Transport};
use crate::place::Place;
use crate::time::Stamp;
use crate::trouble::Trouble;

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

    /// Where segments are kept until their connection is followed: the same each time.
    fn blocks(&mut self) -> &mut Blocks;

    /// A connection began at `first` that may turn out to be a session, or is `surely` one.
    fn candidate(&mut self, first: Place, surely: bool);

    /// The connection that began at `first` is no session, as the frame `now` shows.
    fn dismissed(&mut self, first: Place, now: Place);

    /// A connection is a session, as the frame `now` shows, or was known to be one `surely`: its
    /// chunks go to what this returns.
    fn open(&mut self, opening: &Opening, surely: bool, now: Place) -> Self::Dialog;

    /// No more chunks of a session will come. Some are told together, and so behind others that
    /// ended after them: [`SessionEnd::now`] says when each did.
    fn done(&mut self, dialog: Self::Dialog, end: SessionEnd);

    /// Something is wrong with the frame at `place`.
    fn trouble(&mut self, trouble: Trouble, place: Place);

    /// What `data` looks like, as the first bytes of a direction; `at_start` if the connection
    /// was seen from its beginning.
    fn looks(&self, data: &[u8], at_start: bool) -> Looks;

    /// Whether a connection whose ends began with these bytes speaks SMTP; `None` if more bytes
    /// are needed.
    fn speaks(&self, client: &[u8], server: &[u8]) -> Option<bool>;
}

/// How a session's chunks came to their end.
#[derive(Clone, Debug)]
pub struct SessionEnd {
    /// Why no more come.
    pub ending: Ending,
    /// Time of its last packet.
    pub last_at: Option<Stamp>,
    /// What TCP saw.
    pub transport: Transport,
    /// The frame with which that was known.
    pub now: Place,
}
