//! Segments on their way to another thread: columns of owned data.
//!
//! A reader fills a [`Load`]: one [`Batch`] for each crew, and what only the dispatcher can do.
//! Payloads are not copied: they stay in the buffer of the input, which goes with the load.
//! Batches and buffers go round: what the crews have done with is filled again.

use super::shard::shard_of;
use crate::capture::Frame;
use crate::packet::{Flags, FlowKey, Segment, Way};
use crate::place::{Origin, Place};
use crate::time::Stamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Segments, in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    heads: Vec<Head>,
}

/// A buffer of an input, in which payloads stand.
pub(super) type Block = Arc<Vec<u8>>;

/// Segments that were put together from fragments, with their payloads, in order.
#[derive(Debug, Default)]
pub(super) struct Whole(Vec<(Head, Vec<u8>)>);

/// A segment without its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
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
    /// Address and length of the payload.
    data: usize,
    len: u32,
    cut: u32,
}

/// What was read of an input since the last load.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Segments, for each crew.
    pub(super) batches: Vec<Batch>,
    /// The buffer in which their payloads stand.
    pub(super) block: Vec<u8>,
    /// Frames with fragments of datagrams, which are put together in order of the inputs.
    pub(super) fragments: Vec<Fragment>,
    /// Frames of the input so far.
    pub(super) frames: u64,
    /// Frames of the input before it.
    since: u64,
    /// Bytes of memory that it takes.
    pub(super) bytes: usize,
}

/// A load is handed on when it takes so many bytes beside the buffer that it stands in.
const LOAD: usize = 1 << 20;

/// Frames after which a load is handed on, however little is in it.
const FRAMES: u64 = 1 << 14;

/// What is to be done with a frame.
#[derive(Debug)]
pub(super) enum Item {
    Segment(Head),
    Fragment(Fragment),
    Nothing,
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

/// Batches and buffers, to be filled again.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<Mutex<Pooled>>);

#[derive(Debug, Default)]
struct Pooled {
    batches: Vec<Batch>,
    blocks: Vec<Vec<u8>>,
}

/// Of each, as many as are kept: about as many as are under way at once.
const POOLED: usize = 32;

/// A larger buffer is given back.
const ROOM: usize = 1 << 20;

impl Head {
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        Self {
            flow: segment.flow,
            way: segment.way,
            at: segment.at,
            digits: segment.digits,
            place: segment.place,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            data: segment.data.as_ptr().addr(),
            len: u32::try_from(segment.data.len()).unwrap_or(u32::MAX),
            cut: segment.cut,
        }
    }

    fn segment<'a>(&self, before: u64, data: &'a [u8]) -> Segment<'a> {
        Segment {
            flow: self.flow,
            way: self.way,
            at: self.at,
            digits: self.digits,
            place: self.place.after(before),
            seq: self.seq,
            ack: self.ack,
            flags: self.flags,
            window: self.window,
            data,
            cut: self.cut,
        }
    }
}

impl Whole {
    pub(super) fn push(&mut self, segment: &Segment<'_>) {
        self.0.push((Head::of(segment), segment.data.to_vec()));
    }

    /// The segments; their places count on from `before`.
    pub(super) fn segments(&self, before: u64) -> impl Iterator<Item = Segment<'_>> {
        self.0.iter().map(move |(head, data)| head.segment(before, data))
    }
}

impl Batch {
    pub(super) fn push(&mut self, head: Head) {
        self.heads.push(head);
    }

    /// The connections of the segments.
    pub(super) fn flows(&self) -> impl Iterator<Item = &FlowKey> {
        self.heads.iter().map(|head| &head.flow)
    }

    /// The segments, whose payloads stand in `block`; their places count on from `before`.
    pub(super) fn segments<'a>(
        &'a self,
        before: u64,
        block: &'a [u8],
    ) -> impl Iterator<Item = Segment<'a>> {
        let base = block.as_ptr().addr();
        self.heads.iter().map(move |head| {
            let len = usize::try_from(head.len).unwrap_or(usize::MAX);
            let rest = block.get(head.data.wrapping_sub(base)..).unwrap_or_default();
            let data = rest.get(..len).unwrap_or_default();
            debug_assert_eq!(data.len(), len, "the payload stands in the block");
            head.segment(before, data)
        })
    }
}

impl Load {
    /// An empty load for so many crews.
    pub(super) fn new(crews: usize, frames: u64, pool: &Pool) -> Self {
        let batches = (0..crews).map(|_| pool.take()).collect();
        Self { batches, block: Vec::new(), fragments: Vec::new(), frames, since: frames, bytes: 0 }
    }

    /// Adds what is to be done with frame `number`, a segment to the batch of the crew that it is
    /// for.
    #[inline]
    pub(super) fn push(&mut self, number: u64, item: Item) {
        self.frames = number;
        match item {
            Item::Segment(head) => {
                let crew = shard_of(&head.flow) % self.batches.len().max(1);
                if let Some(batch) = self.batches.get_mut(crew) {
                    batch.push(head);
                    self.bytes += size_of::<Head>();
                }
            }
            Item::Fragment(fragment) => {
                self.bytes += size_of::<Fragment>() + fragment.data.len();
                self.fragments.push(fragment);
            }
            Item::Nothing => {}
        }
    }

    /// Whether it is to be handed on. Frames of other traffic count, too: what is over must not
    /// wait for ever.
    #[inline]
    pub(super) fn is_due(&self) -> bool {
        self.bytes >= LOAD || self.frames.is_multiple_of(FRAMES) && self.frames > self.since
    }

    /// Takes the buffer in which the payloads stand.
    pub(super) fn set_block(&mut self, block: Vec<u8>) {
        self.bytes += block.len();
        self.block = block;
    }
}

impl Fragment {
    pub(super) fn of(frame: &Frame<'_>) -> Self {
        Self {
            at: frame.at,
            digits: frame.digits,
            link: frame.link,
            data: frame.data.to_vec(),
            wire_len: frame.wire_len,
            origin: frame.origin,
        }
    }

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
        self.pooled().batches.pop().unwrap_or_default()
    }

    /// A buffer; empty if there is none.
    pub(super) fn block(&self) -> Vec<u8> {
        self.pooled().blocks.pop().unwrap_or_default()
    }

    /// Takes back a batch, and the buffer if nobody else has it any more.
    pub(super) fn give(&self, mut batch: Batch, block: Block) {
        let block = Arc::into_inner(block).filter(|block| (1..=ROOM).contains(&block.len()));
        batch.heads.clear();
        let mut pooled = self.pooled();
        // One without room would take the place of one that has some.
        if batch.heads.capacity() > 0 && pooled.batches.len() < POOLED {
            pooled.batches.push(batch);
        }
        if let Some(block) = block
            && pooled.blocks.len() < POOLED
        {
            pooled.blocks.push(block);
        }
    }

    fn pooled(&self) -> MutexGuard<'_, Pooled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
