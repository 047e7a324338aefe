//! Texts of many sessions, one after the other in buffers that go round.
//!
//! In: texts, written one by one. Out: [`Text`]s, which share a buffer and can be passed to
//! another thread; when the last of them is gone, the buffer is used again.

use super::text::{Room, try_fill};
use std::mem::{replace, take};
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

/// Where texts are written.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// The texts that are not [sealed](Self::seal): the sheets that are full.
    full: Vec<Vec<u8>>,
    /// The sheet that is not, with what is left of longer texts.
    sheet: Vec<u8>,
    /// Where in it the next text begins.
    end: usize,
    /// Bytes of a new sheet: about as many as were needed last.
    size: usize,
    spare: Spare,
}

/// Texts that are written, and the room that they came from.
#[derive(Debug, Default)]
struct Sheet {
    bytes: Vec<u8>,
    spare: Spare,
}

/// Buffers to be filled again.
#[derive(Clone, Debug, Default)]
struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

/// Bytes of a sheet, at first.
const LEAST: usize = 8 << 10;

/// Bytes of a sheet, but for a text that is longer.
const MOST: usize = 1 << 20;

/// Buffers that are kept: about as many as are under way at once.
const KEPT: usize = 32;

/// A larger buffer is given back.
const ROOM: usize = 4 << 20;

impl Text {
    /// A text that will be in `range` of the sheet `page` of those that are sealed next.
    fn within(page: usize, range: Range<usize>) -> Self {
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

impl Desk {
    /// Writes a text. It can be read when it is [sealed](Self::seal).
    pub(super) fn write(&mut self, mut write: impl FnMut(Room<'_>) -> Room<'_>) -> Text {
        if self.sheet.is_empty() {
            self.sheet = self.spare.take(self.size.max(LEAST));
        }
        loop {
            let start = self.end;
            if let Some(end) = try_fill(&mut self.sheet, start, &mut write) {
                self.end = end;
                return Text::within(self.full.len(), start..end);
            }
            // What is written already stays where it is; the next sheet is larger.
            let size = self.sheet.len() * 2;
            if start == 0 {
                self.sheet = vec![0; size.max(LEAST)];
            } else {
                let next = self.spare.take(size.clamp(LEAST, MOST));
                self.full.push(replace(&mut self.sheet, next));
                self.end = 0;
            }
        }
    }

    /// Lets the texts be read that were written since the last time: all of them are in `texts`.
    pub(super) fn seal<'a>(&mut self, texts: impl Iterator<Item = &'a mut Text>) {
        if self.end > 0 || !self.full.is_empty() {
            let used = if self.full.is_empty() { self.end } else { self.sheet.len() };
            self.size = used.next_power_of_two().clamp(LEAST, MOST);
            self.end = 0;
            self.full.push(take(&mut self.sheet));
            self.spare.seal(self.full.drain(..), texts);
        }
    }
}

impl Spare {
    /// A buffer of `size` at least, with what was written in it before. Smaller ones are given
    /// back: the next texts are about as long.
    fn take(&self, size: usize) -> Vec<u8> {
        let mut buffers = self.buffers();
        while let Some(buffer) = buffers.pop() {
            if buffer.len() >= size {
                return buffer;
            }
        }
        drop(buffers);
        vec![0; size]
    }

    /// Gives `texts` the `pages` on which they were written.
    fn seal<'a>(
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
        let bytes = take(&mut self.bytes);
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
