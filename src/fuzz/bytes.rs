//! Fuzz input → numbers and pieces. Ends in zeros, so that every input means something.

/// What is left of a fuzz input.
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// The next `bytes` bytes as a number, the low byte first.
    pub(super) fn number(&mut self, bytes: usize) -> u32 {
        self.take(bytes).iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
    }

    /// The next `most` bytes, or what there is.
    pub(super) fn take(&mut self, most: usize) -> &'a [u8] {
        let (piece, rest) = self.0.split_at_checked(most).unwrap_or((self.0, &[]));
        self.0 = rest;
        piece
    }
}
