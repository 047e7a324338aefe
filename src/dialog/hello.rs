//! What an EHLO reply leaves in a session, and which of the extensions in it were used.

use super::session::Span;
use std::{fmt, iter};

/// One answered EHLO or LHLO.
#[derive(Clone, Copy, Debug)]
pub struct Hello {
    /// Index of its exchange.
    pub exchange: u32,
    /// The reply's text: see [`Session::offers`](super::session::Session::offers).
    pub reply: Span,
    /// The lines of it behind the first.
    pub(crate) tail: TailNumber,
}

/// Octets of the first line of a reply, in the lowest bits, and a number of the lines behind it, in
/// which many servers say the same each time; 0 if nobody has counted.
#[derive(Clone, Copy, Default)]
pub(crate) struct TailNumber(u64);

impl TailNumber {
    /// That of a `tail` behind a first line of so many octets.
    pub(super) fn new(first: usize, tail: u64) -> Self {
        u16::try_from(first).map_or(Self(0), |first| Self(tail << 16 | u64::from(first)))
    }

    /// That of the tail, as [`super::number_of`] gives it; 0 if it is not known.
    #[inline]
    pub(crate) fn number(self) -> u64 {
        self.0 >> 16
    }

    /// Octets of the first line; 0 if they are not known.
    #[inline]
    pub(crate) fn first(self) -> usize {
        u16::try_from(self.0 & 0xffff).map_or(0, usize::from)
    }
}

impl fmt::Debug for TailNumber {
    /// It says nothing that the text does not say, and is another each time.
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// A set of extensions of [`crate::smtp::extension::all`], by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used(pub(super) u64);

impl Used {
    /// Adds the extension with this index.
    pub(super) fn add(&mut self, index: u8) {
        self.0 |= 1_u64.checked_shl(u32::from(index)).unwrap_or(0);
    }

    /// A bit for each index.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The indices of those that were used, in order.
    pub fn indices(self) -> impl Iterator<Item = u8> {
        let mut left = self.0;
        iter::from_fn(move || {
            let index = u8::try_from(left.trailing_zeros()).ok().filter(|_| left != 0);
            left &= left.wrapping_sub(1);
            index
        })
    }

    /// Whether the extension with this index was used.
    #[must_use]
    pub fn has(self, index: u8) -> bool {
        self.0.checked_shr(u32::from(index)).unwrap_or(0) & 1 == 1
    }
}
