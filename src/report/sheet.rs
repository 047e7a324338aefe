//! Texts of many sessions, one after the other in buffers that go round.
//!
//! In: texts, written one by one. Out: [`Text`]s, which share a buffer and can be passed to
//! another thread; when the last of them is gone, the buffer is used again.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The text of a session, as it stands after its number.
#[derive(Debug, Default)]
pub struct Text {
    range: Range<usize>,
    /// Which sheet it stands on, of those that are sealed with it.
    page: usize,
    /// Where it stands; `None` until the sheet is sealed.
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
    /// A text that will be in `range` of the sheet `page` of those that are sealed next.
    pub(super) fn within(page: usize, range: Range<usize>) -> Self {
        Self { range, page, sheet: None }
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
        Self { range, page: 0, sheet: Some(Arc::new(Sheet { bytes, spare: Spare::default() })) }
    }
}

impl Spare {
    /// A buffer, with what was written in it before; if there is none, a new one of `size`.
    pub(super) fn take(&self, size: usize) -> Vec<u8> {
        self.buffers().pop().unwrap_or_else(|| vec![0; size])
    }

    /// Gives `texts` the `pages` on which they were written.
    pub(super) fn seal<'a>(
        &self,
        pages: impl Iterator<Item = Vec<u8>>,
        texts: impl Iterator<Item = &'a mut Text>,
    ) {
        let sheets: Vec<Arc<Sheet>> =
            pages.map(|bytes| Arc::new(Sheet { bytes, spare: self.clone() })).collect();
        for text in texts {
            text.sheet = sheets.get(text.page).cloned();
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
        let mut bytes = spare.take(6);
        bytes.copy_from_slice(b"onetwo");
        let room = bytes.as_ptr();
        let mut texts = [Text::within(1, 0..3), Text::within(1, 3..6), Text::within(0, 0..4)];
        assert_eq!(texts[1].bytes(), b"");
        spare.seal([b"none".to_vec(), bytes].into_iter(), texts.iter_mut());
        let [one, two, none] = texts;
        assert_eq!((one.bytes(), two.bytes()), (&b"one"[..], &b"two"[..]));
        assert_eq!(none.bytes(), b"none");
        drop(one);
        assert!(spare.take(0).is_empty(), "it is still needed");
        drop(two);
        let again = spare.take(0);
        assert_eq!(again.as_ptr(), room);
    }
}
