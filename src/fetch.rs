//! Memory that is needed soon, asked for before: the processor gets it while it does other things.
//!
//! Where thousands of connections are open, nothing of one is in the caches when its next segment
//! comes.

/// Asks for the line of the cache in which `value` begins; changes nothing that could be seen.
#[inline]
pub fn fetch<T>(value: &T) {
    branches::prefetch_read_data::<T, 0>(std::ptr::from_ref(value));
}
