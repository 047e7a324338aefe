//! Memory of the system's, by the page: for what is large and lies anywhere in it.
//!
//! Where the system has large pages for those who ask, it is asked for them: each page of 4 kB is
//! given and looked up by itself, which takes as long as to write a part of it.

use memmap2::MmapMut;

/// Bytes, all zero at first, which take no memory until they are written.
#[derive(Debug)]
pub struct Pages(MmapMut);

impl Pages {
    /// So many bytes; those behind the first `small` ones may be in large pages, and then take
    /// memory by the megabyte. `None` if there is no room for them.
    #[must_use]
    pub fn new(bytes: usize, small: usize) -> Option<Self> {
        let pages = MmapMut::map_anon(bytes).ok()?;
        #[cfg(target_os = "linux")]
        if let Some(large) = bytes.checked_sub(small).filter(|&large| large > 0) {
            // Where there are none, there are small ones.
            let _ = pages.advise_range(memmap2::Advice::HugePage, small, large);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = small;
        Some(Self(pages))
    }

    /// The bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, to write them.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_there() {
        let mut pages = Pages::new(8 << 20, 2 << 20).unwrap();
        assert!(pages.bytes().len() == 8 << 20 && pages.bytes().iter().all(|&byte| byte == 0));
        for at in [0, (2 << 20) - 1, 2 << 20, (8 << 20) - 1] {
            pages.bytes_mut()[at] = 1;
        }
        assert_eq!(memchr::memchr_iter(1, pages.bytes()).count(), 4);
        assert!(Pages::new(usize::MAX / 2, 0).is_none());
    }
}
