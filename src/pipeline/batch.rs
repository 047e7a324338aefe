//! Segments on their way to another thread: columns of owned data.
//!
//! A reader fills a [`Load`]: one [`Batch`] for each crew, and what only the dispatcher can do.
//! Batches go round: what a crew has emptied is filled again.

use super::shard::shard_of;
use crate::capture::Frame;
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::{Origin, Place};
use crate::time::Stamp;
use std::sync::{Arc, Mutex, PoisonError};

/// Segments with their payloads, in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    heads: Vec<Head>,
    payload: Vec<u8>,
}

/// A segment without its payload.
#[derive(Clone, Copy, Debug)]
struct Head {
    flow: FlowKey,
    way: Way,
    at: Option<Stamp>,
    digits: u8,
    /// Counted in its input.
    place: Place,
    seq: u32,
    ack: Option<u32>,
    flags: Flags,
    window: u16,
    len: u32,
    cut: u32,
}

/// What was read of an input since the last load.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Segments, for each crew.
    pub(super) batches: Vec<Batch>,
    /// Frames with fragments of datagrams, which are put together in order of the inputs.
    pub(super) fragments: Vec<Fragment>,
    /// Frames of the input so far.
    pub(super) frames: u64,
    /// Bytes of memory that it takes.
    pub(super) bytes: usize,
}

/// A frame as it was captured.
#[derive(Debug)]
pub(super) struct Fragment {
    at: Option<Stamp>,
    digits: u8,
    link: u16,
    data: Vec<u8>,
    wire_len: u32,
    origin: Origin,
}

/// Empty batches, to be filled again.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<Mutex<Vec<Batch>>>);

/// Batches that a pool keeps: about as many as are under way at once.
const POOLED: usize = 32;

/// Payload that an empty batch keeps room for; more is given back.
const ROOM: usize = 1 << 20;

impl Batch {
    pub(super) fn push(&mut self, segment: &Segment<'_>) {
        let len = u32::try_from(segment.data.len()).unwrap_or(u32::MAX);
        self.heads.push(Head {
            flow: segment.flow,
            way: segment.way,
            at: segment.at,
            digits: segment.digits,
            place: segment.place,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            len,
            cut: segment.cut,
        });
        self.payload.extend_from_slice(segment.data);
    }

    /// The connections of the segments.
    pub(super) fn flows(&self) -> impl Iterator<Item = &FlowKey> {
        self.heads.iter().map(|head| &head.flow)
    }

    /// The segments; their places count on from `before`.
    pub(super) fn segments(&self, before: u64) -> impl Iterator<Item = Segment<'_>> {
        let mut rest = self.payload.as_slice();
        self.heads.iter().map(move |head| {
            let len = usize::try_from(head.len).unwrap_or(usize::MAX);
            let (data, behind) = rest.split_at_checked(len).unwrap_or((rest, b""));
            rest = behind;
            Segment {
                flow: head.flow,
                way: head.way,
                at: head.at,
                digits: head.digits,
                place: head.place.after(before),
                seq: head.seq,
                ack: head.ack,
                flags: head.flags,
                window: head.window,
                data,
                cut: head.cut,
            }
        })
    }

    fn clear(&mut self) {
        self.heads.clear();
        self.payload.clear();
        self.payload.shrink_to(ROOM);
    }
}

impl Load {
    /// An empty load for so many crews.
    pub(super) fn new(crews: usize, frames: u64, pool: &Pool) -> Self {
        let batches = (0..crews).map(|_| pool.take()).collect();
        Self { batches, fragments: Vec::new(), frames, bytes: 0 }
    }

    /// Adds a segment for the crew that it belongs to.
    pub(super) fn push(&mut self, segment: &Segment<'_>) {
        let crew = shard_of(&segment.flow) % self.batches.len().max(1);
        if let Some(batch) = self.batches.get_mut(crew) {
            batch.push(segment);
            self.bytes += size_of::<Head>() + segment.data.len();
        }
    }

    /// Adds a frame with a fragment.
    pub(super) fn push_fragment(&mut self, frame: &Frame<'_>) {
        self.fragments.push(Fragment {
            at: frame.at,
            digits: frame.digits,
            link: frame.link,
            data: frame.data.to_vec(),
            wire_len: frame.wire_len,
            origin: frame.origin,
        });
        self.bytes += size_of::<Fragment>() + frame.data.len();
    }
}

impl Fragment {
    /// The frame.
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            at: self.at,
            digits: self.digits,
            link: self.link,
            data: &self.data,
            wire_len: self.wire_len,
            origin: self.origin,
        }
    }
}

impl Pool {
    pub(super) fn take(&self) -> Batch {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(super) fn give(&self, mut batch: Batch) {
        if batch.heads.capacity() == 0 {
            // It would take the place of one that has room.
            return;
        }
        batch.clear();
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < POOLED {
            pool.push(batch);
        }
    }
}
