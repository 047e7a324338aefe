//! What one direction has delivered and the other side has not acknowledged: to compare with
//! what is sent again.

use super::Half;

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
    /// By their room, twice as much in each; those of no size if none are kept.
    sizes: Vec<Vec<Vec<u8>>>,
}

/// Bytes of the smallest buffers, as a power of two: enough for most commands and many replies.
const SMALLEST: u32 = 6;

/// Sizes of buffers that are kept: up to 64 KiB, more than what is in flight of most mail.
const SIZES: usize = 11;

/// Buffers of each size that are kept, roughly as many as segments in flight need at once.
const SPARE_BUFFERS: usize = 32;

/// The same of the sizes from the ninth on, which are 16 KiB and more.
const LARGE: usize = 8;
const LARGE_BUFFERS: usize = 4;

impl Spare {
    /// One that keeps buffers; the default keeps none.
    pub(in crate::stream) fn new() -> Self {
        Self { sizes: vec![Vec::new(); SIZES] }
    }

    /// An empty buffer for so many bytes.
    #[inline]
    fn take(&mut self, len: usize) -> Vec<u8> {
        let power = (len.max(1 << SMALLEST) - 1).ilog2() + 1;
        let kept = self.sizes.get_mut((power - SMALLEST) as usize);
        kept.and_then(Vec::pop).unwrap_or_else(|| room(len, power))
    }

    #[inline]
    fn give(&mut self, mut buffer: Vec<u8>) {
        let power = buffer.capacity().checked_ilog2().and_then(|power| power.checked_sub(SMALLEST));
        let power = power.map_or(usize::MAX, |power| power as usize);
        let most = if power < LARGE { SPARE_BUFFERS } else { LARGE_BUFFERS };
        if let Some(kept) = self.sizes.get_mut(power)
            && kept.len() < most
        {
            buffer.clear();
            kept.push(buffer);
        }
    }
}

/// A new buffer for `len` bytes, of the size `power` if such are kept.
#[cold]
fn room(len: usize, power: u32) -> Vec<u8> {
    let is_kept = ((power - SMALLEST) as usize) < SIZES;
    Vec::with_capacity(if is_kept { 1 << power } else { len })
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

    /// Adds `bytes`, which were delivered now, and keeps no more than the last `count`.
    #[inline]
    pub(super) fn add(&mut self, bytes: &[u8], count: usize, spare: &mut Spare) {
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            self.grow(bytes.len(), spare);
        }
        self.bytes.extend_from_slice(bytes);
        if count < self.len() {
            self.keep(count, spare);
        }
    }

    /// Makes room for so many bytes more.
    #[inline(never)]
    fn grow(&mut self, more: usize, spare: &mut Spare) {
        let mut larger = spare.take(self.len() + more);
        larger.extend_from_slice(self.since(0));
        self.forgotten = 0;
        spare.give(std::mem::replace(&mut self.bytes, larger));
    }

    /// Keeps no more than the last `count` bytes.
    #[inline]
    pub(super) fn keep(&mut self, count: usize, spare: &mut Spare) {
        if count > 0 {
            self.forget(count);
        } else if self.bytes.capacity() > 0 {
            self.forgotten = 0;
            spare.give(std::mem::take(&mut self.bytes));
        }
    }

    /// The same for some bytes.
    #[inline(never)]
    fn forget(&mut self, count: usize) {
        if count < self.len() {
            self.forgotten = self.bytes.len() - count;
            // Moved only when as many were forgotten: each byte is moved about once.
            if self.forgotten >= count {
                self.bytes.drain(..self.forgotten);
                self.forgotten = 0;
            }
        }
    }
}

impl Half {
    /// Notes that the other side acknowledged up to `ack`, which was delivered or is the end of a
    /// calm stream; returns what offset that is. At most `history` bytes are kept.
    // See `Flow::push_next`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(in crate::stream) fn acknowledge_kept(
        &mut self,
        ack: u32,
        history: usize,
        spare: &mut Spare,
    ) -> u64 {
        // The sequence space wraps: only the low 32 bits of the offset matter.
        #[allow(clippy::cast_possible_truncation)]
        let unseen = self.base.wrapping_add(self.next as u32).wrapping_sub(ack);
        let is_end = self.closed && unseen == u32::MAX;
        self.fin_acked |= is_end;
        let seen = if is_end { self.next } else { self.next.saturating_sub(unseen.into()) };
        if history > 0 {
            self.acknowledge_to(seen, spare);
        } else {
            self.acked = self.acked.max(seen);
        }
        seen
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
                model.extend(&new);
                let count = 100 * usize::from(step % 23);
                history.add(&new, count, &mut spare);
                model.drain(..model.len().saturating_sub(count));
                assert_eq!((history.len(), history.since(0)), (model.len(), &model[..]));
            }
            history.keep(0, &mut spare);
            assert_eq!(history.bytes.capacity(), 0);
        }
        assert!(spare.sizes.iter().all(|kept| kept.len() <= SPARE_BUFFERS));
        assert!(spare.sizes.iter().any(|kept| !kept.is_empty()));
    }
}
