//! What a reader knows of each session of a log, of so many sessions only.

use std::collections::BTreeMap;

/// Sessions at once, and bytes of a key: no log that means something has more.
const MOST: usize = 256;
const KEY: usize = 64;

/// A `T` a session.
#[derive(Debug, Default)]
pub(super) struct Few<T>(BTreeMap<Vec<u8>, T>);

impl<T: Default> Few<T> {
    /// The one of `key`; where there are too many, another one is forgotten for it.
    pub(super) fn of(&mut self, key: &[u8]) -> &mut T {
        let key = key.get(..KEY).unwrap_or(key);
        if self.0.len() >= MOST && !self.0.contains_key(key) {
            self.0.pop_first();
        }
        self.0.entry(key.to_vec()).or_default()
    }

    /// It is as if the session had never been.
    pub(super) fn forget(&mut self, key: &[u8]) {
        self.0.remove(key.get(..KEY).unwrap_or(key));
    }

    /// All that is known; then nothing is.
    pub(super) fn take(&mut self) -> BTreeMap<Vec<u8>, T> {
        std::mem::take(&mut self.0)
    }
}
