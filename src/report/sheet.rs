//! Texts of many sessions, one after the other in one buffer that goes round.
//!
//! In: texts, written one by one. Out: [`Text`]s, which share the buffer and can be passed to
//! another thread; when the last of them is gone, the buffer is used again.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The text of a session, as it stands after its number.
#[derive(Debug, Default)]
pub struct Text {
    range: Range<usize>,
    /// Where it stands; `None` until the sheet is full.
    sheet: Option<Arc<Sheet>>,
}

/// Texts that are written, and the room that they came from.
#[derive(Debug, Default)]
struct Sheet {
    bytes: Vec<u8>,
    spare: Spare,
}

/// Buffers to be filled again.
#[derive(Clone, Debug, Default)]
pub(super) struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

/// Buffers that are kept: about as many as are under way at once.
const KEPT: usize = 32;

/// A larger buffer is given back.
const ROOM: usize = 4 << 20;

impl Text {
    /// A text that will be in `range` of a sheet.
    pub(super) fn within(range: Range<usize>) -> Self {
        Self { range, sheet: None }
    }

    /// The text.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        let sheet = self.sheet.as_ref().map_or(&b""[..], |sheet| &sheet.bytes);
        sheet.get(self.range.clone()).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        Self { range, sheet: Some(Arc::new(Sheet { bytes, spare: Spare::default() })) }
    }
}

impl Spare {
    /// A buffer, with what was written in it before.
    pub(super) fn take(&self) -> Vec<u8> {
        self.buffers().pop().unwrap_or_default()
    }

    /// Gives `texts` the `bytes` in which they were written.
    pub(super) fn seal<'a>(&self, bytes: Vec<u8>, texts: impl Iterator<Item = &'a mut Text>) {
        let sheet = Arc::new(Sheet { bytes, spare: self.clone() });
        for text in texts {
            text.sheet = Some(Arc::clone(&sheet));
        }
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sheet {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut spare = self.spare.buffers();
        if bytes.len() <= ROOM && spare.len() < KEPT {
            spare.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_share_a_buffer_that_is_used_again() {
        let spare = Spare::default();
        let mut bytes = spare.take();
        bytes.extend_from_slice(b"onetwo");
        let room = bytes.as_ptr();
        let mut texts = [Text::within(0..3), Text::within(3..6)];
        assert_eq!(texts[1].bytes(), b"");
        spare.seal(bytes, texts.iter_mut());
        let [one, two] = texts;
        assert_eq!((one.bytes(), two.bytes()), (&b"one"[..], &b"two"[..]));
        drop(one);
        assert!(spare.take().is_empty(), "it is still needed");
        drop(two);
        let again = spare.take();
        assert_eq!(again.as_ptr(), room);
    }
}
