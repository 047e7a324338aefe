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

/// Buffers that histories have let go, for the next ones: they come and go with the segments.
#[derive(Debug, Default)]
pub(in crate::stream) struct Spare {
    /// Those of mail data, too large for the allocator's short way.
    large: Vec<Vec<u8>>,
    /// Those of a command or reply, with room for [`SMALL`] bytes.
    small: Vec<Vec<u8>>,
    /// How many are kept.
    most: usize,
}

/// Bytes of the large buffers that are kept.
const LARGE: RangeInclusive<usize> = 1024..=8192;

/// Bytes of the small ones: enough for most commands and replies, and no more, as each idle
/// connection holds one.
const SMALL: usize = 40;

/// Buffers that are kept, roughly as many as segments in flight need at once.
const SPARE_BUFFERS: usize = 64;

impl Spare {
    /// One that keeps buffers; the default keeps none.
    pub(in crate::stream) fn new() -> Self {
        Self { large: Vec::new(), small: Vec::new(), most: SPARE_BUFFERS }
    }

    /// An empty buffer for so many bytes.
    #[inline]
    fn take(&mut self, len: usize) -> Vec<u8> {
        if len <= SMALL {
            return self.small.pop().unwrap_or_else(|| Vec::with_capacity(SMALL));
        }
        let large = if len < *LARGE.start() { None } else { self.large.pop() };
        // Exactly as large as it is: most is acknowledged by the next segment.
        large.unwrap_or_else(|| Vec::with_capacity(len))
    }

    #[inline]
    fn give(&mut self, mut buffer: Vec<u8>) {
        let kept = match buffer.capacity() {
            SMALL => &mut self.small,
            len if LARGE.contains(&len) => &mut self.large,
            _ => return,
        };
        if kept.len() < self.most {
            buffer.clear();
            kept.push(buffer);
        }
    }
}

impl History {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.forgotten
    }

    /// Of what is behind the pointer, the first byte: see [`Consume::touch`].
    ///
    /// [`Consume::touch`]: crate::chunk::Consume::touch
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        self.bytes.first().copied().unwrap_or_default().into()
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
            if bytes.is_empty() {
                return;
            }
            if self.bytes.capacity() < bytes.len() {
                self.bytes = spare.take(bytes.len());
            }
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
        assert!((1..=SPARE_BUFFERS).contains(&spare.large.len()));
    }
}
