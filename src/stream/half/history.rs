//! What one direction has delivered and the other side has not acknowledged: to compare with
//! what is sent again.

use std::ops::RangeInclusive;

/// Delivered bytes, the last ones of the stream. Owns no memory while it is empty.
#[derive(Debug, Default)]
pub(super) struct History {
    bytes: Vec<u8>,
    /// How many at the front of `bytes` are forgotten.
    forgotten: usize,
}

/// Buffers that histories have let go, for the next ones: those of mail data come and go with the
/// segments, and are too large for the allocator's short way.
#[derive(Debug, Default)]
pub(in crate::stream) struct Spare {
    buffers: Vec<Vec<u8>>,
    /// How many are kept.
    most: usize,
}

/// Bytes of the buffers that are kept. Smaller ones cost the allocator little.
const SPARE_BYTES: RangeInclusive<usize> = 1024..=8192;

/// Buffers that are kept, roughly as many as segments in flight need at once.
const SPARE_BUFFERS: usize = 64;

impl Spare {
    /// One that keeps buffers; the default keeps none.
    pub(in crate::stream) fn new() -> Self {
        Self { buffers: Vec::new(), most: SPARE_BUFFERS }
    }

    /// A buffer for so many bytes, unless they are few.
    #[inline]
    fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        if len < *SPARE_BYTES.start() { None } else { self.buffers.pop() }
    }

    fn give(&mut self, buffer: Vec<u8>) {
        if self.buffers.len() < self.most && SPARE_BYTES.contains(&buffer.capacity()) {
            self.buffers.push(buffer);
        }
    }
}

impl History {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.forgotten
    }

    /// Bytes of memory.
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// The bytes from the `from`th on.
    pub(super) fn since(&self, from: usize) -> &[u8] {
        self.bytes.get(self.forgotten + from..).unwrap_or_default()
    }

    /// Adds `bytes`, which were delivered now.
    #[inline]
    pub(super) fn add(&mut self, bytes: &[u8], spare: &mut Spare) {
        if self.bytes.is_empty() {
            let Some(mut buffer) = spare.take(bytes.len()) else {
                // Exactly as large as it is: most is acknowledged by the next segment.
                self.bytes = bytes.to_vec();
                return;
            };
            buffer.clear();
            self.bytes = buffer;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Keeps no more than the last `count` bytes.
    #[inline]
    pub(super) fn keep(&mut self, count: usize, spare: &mut Spare) {
        if count == 0 {
            self.forgotten = 0;
            spare.give(std::mem::take(&mut self.bytes));
        } else if count < self.len() {
            self.forgotten = self.bytes.len() - count;
            // Moved only when as many were forgotten: each byte is moved about once.
            if self.forgotten >= count {
                self.bytes.drain(..self.forgotten);
                self.forgotten = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_bytes_and_no_memory_for_none() {
        let mut spare = Spare::new();
        for _ in 0..3 {
            let mut history = History::default();
            let mut model: Vec<u8> = Vec::new();
            for step in 0..200_u8 {
                let new = vec![step; 300 * usize::from(step % 7)];
                history.add(&new, &mut spare);
                model.extend(&new);
                let count = 100 * usize::from(step % 23);
                history.keep(count, &mut spare);
                model.drain(..model.len().saturating_sub(count));
                assert_eq!((history.len(), history.since(0)), (model.len(), &model[..]));
            }
            history.keep(0, &mut spare);
            assert_eq!(history.bytes.capacity(), 0);
        }
        assert!((1..=SPARE_BUFFERS).contains(&spare.buffers.len()));
    }
}
