//! The weaver: a dialog in, a packet capture of it out, with any damage a network or a capture
//! can do, and the truth about what was done.
//!
//! In: a transcript (`c> `/`s< ` lines) or raw bytes, and a [`Plan`]. Out: [`Woven`]: a capture
//! file and what an analyzer must find in it. Everything follows from the plan and its seed.
//! It uses nothing of `src/` and no packet library, so that it is a second opinion on both; it
//! knows nothing of SMTP.
//!
//! ```ignore
//! let dialog = Dialog::parse("s< 220 hi\nc> QUIT\ns< 221 bye\n");
//! let woven = Plan::new(&dialog).link(Link::Sll2).mss(7).seed(3).reorder(8).pcapng().weave();
//! ```
//!
//! `dialog` is the input, `plan` the wishes, `tcp` the conversation of two stacks, `fault` what
//! the network did to it, `wire` and `link` the headers, `capture` what the capturing machine
//! saw, `file` the bytes on disk.

// Test support: a wrong plan must fail the test at once, and no test uses all of it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    dead_code,
    unused_imports,
    unreachable_pub
)]

mod capture;
mod dialog;
mod event;
mod fault;
mod file;
mod link;
mod plan;
mod random;
mod tcp;
mod tls;
mod wire;

pub use capture::Frame;
pub use dialog::{Dialog, Side, Turn};
pub use event::Event;
pub use file::{Block, Format, Pcap, Pcapng, formats};
pub use link::{LINKS, Link};
pub use plan::{Acks, Close, IPS, Ip, Open, Plan};
pub use random::Random;

use std::net::SocketAddr;
use std::ops::Range;

/// A capture, and the truth about it.
#[derive(Clone, Debug)]
pub struct Woven {
    /// The bytes of the capture file.
    pub file: Vec<u8>,
    /// How many packets are in it.
    pub packets: usize,
    /// Each of them, in the order of the file.
    pub frames: Vec<Frame>,
    /// What is in the capture of each dialog, in the order of the plan.
    pub dialogs: Vec<Truth>,
}

/// What a capture holds of one dialog.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Address and port of the client.
    pub client: SocketAddr,
    /// Address and port of the server.
    pub server: SocketAddr,
    /// The lines of the dialog, in its order; the last of a side may lack its line feed.
    pub lines: Vec<Line>,
    /// Which bytes of which side's stream are in no packet of the capture: the client's first,
    /// then the server's, each in ascending order, neighbours joined.
    pub lost: Vec<(Side, Range<u64>)>,
    /// Which bytes were sent a second time with another content, in the order of the capture.
    pub conflicts: Vec<(Side, Range<u64>)>,
}

/// A line of a dialog and where it is in the capture.
#[derive(Clone, Debug)]
pub struct Line {
    /// Who sent it.
    pub side: Side,
    /// Its place in that side's stream, in bytes from 0, with its line feed.
    pub range: Range<u64>,
    /// Its bytes, with its line ending.
    pub bytes: Vec<u8>,
    /// The packet in which its first byte was first seen, if it was.
    pub began: Option<Place>,
    /// The packet that brought the last of its bytes, if all of them came.
    pub done: Option<Place>,
}

/// A packet in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number, from 1.
    pub frame: u64,
    /// Its time as the file has it, in nanoseconds since 1970; `None` where the file has none.
    pub at: Option<i64>,
}

impl Woven {
    /// The truth about the only dialog.
    pub fn truth(&self) -> &Truth {
        assert_eq!(self.dialogs.len(), 1, "which dialog?");
        &self.dialogs[0]
    }

    /// What the capture lacks of the only dialog.
    pub fn lost(&self) -> &[(Side, Range<u64>)] {
        &self.truth().lost
    }
}
