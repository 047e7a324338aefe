//! Fields of a TLS message, one after the other.

/// What is left of a message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(field)
    }

    /// A number of `len` bytes, at most eight.
    pub(super) fn number(&mut self, len: usize) -> Option<usize> {
        let bytes = self.take(len)?;
        Some(bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)))
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// A field with its length in front, a number of `len` bytes.
    pub(super) fn vector(&mut self, len: usize) -> Option<Self> {
        let len = self.number(len)?;
        self.take(len).map(Self)
    }

    /// All that is left, as numbers of two bytes, without GREASE.
    pub(super) fn numbers(self) -> impl Iterator<Item = u16> + 'a {
        let pairs = self.0.chunks_exact(2).filter_map(|pair| pair.first_chunk().copied());
        pairs.map(u16::from_be_bytes).filter(|&number| !is_grease(number))
    }
}

/// Whether `number` only keeps the peer's parser supple (RFC 8701 §2).
pub(super) fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0xf == 0xa
}

/// Some names in one block: a peer may send thousands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Box<[u8]>);

impl Names {
    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = Fields(&self.0);
        std::iter::from_fn(move || rest.vector(2).map(|name| name.0))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of memory.
    pub(super) fn held(&self) -> usize {
        self.0.len()
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for Names {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let mut all = Vec::new();
        for name in names {
            // No message is so long that a name could not be.
            if let Ok(len) = u16::try_from(name.as_ref().len()) {
                all.extend_from_slice(&len.to_be_bytes());
                all.extend_from_slice(name.as_ref());
            }
        }
        Self(all.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_order() {
        let names = Names::from_iter(["a", "", "bcd"]);
        assert_eq!(names.iter().collect::<Vec<_>>(), [b"a".as_slice(), b"", b"bcd"]);
        assert!(!names.is_empty() && Names::default().iter().next().is_none());
    }

    #[test]
    fn grease_is_sixteen_numbers() {
        let all: Vec<u16> = (0..=u16::MAX).filter(|&number| is_grease(number)).collect();
        assert_eq!((all.len(), all.first(), all.last()), (16, Some(&0x0a0a), Some(&0xfafa)));
    }
}
