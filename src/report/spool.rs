//! Texts that come in any order and go out in order of their keys.
//!
//! In: a key and bytes. Out: the bytes, lowest key first. Held in memory up to a bound,
//! then in a temporary file that has no name. Knows nothing of what the bytes are.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

/// Bytes by key, kept until all are there.
#[derive(Debug)]
pub struct Spool<K> {
    /// Bytes to hold before they go to the file.
    limit: usize,
    /// What is not in the file yet; its first byte follows the file's last.
    memory: Vec<u8>,
    file: Option<File>,
    /// Bytes in the file.
    filed: u64,
    index: Vec<Entry<K>>,
}

/// Where a text lies: an offset over the file and then the memory.
#[derive(Clone, Copy, Debug)]
struct Entry<K> {
    key: K,
    at: u64,
    len: u64,
}

impl<K: Copy + Ord> Spool<K> {
    /// An empty spool that holds up to `limit` bytes in memory.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, memory: Vec::new(), file: None, filed: 0, index: Vec::new() }
    }

    /// Keeps a text, given in `parts`, under `key`. Texts of one key go out as they came in.
    pub fn push(&mut self, key: K, parts: &[&[u8]]) -> io::Result<()> {
        let at = self.filed + self.memory.len() as u64;
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if self.memory.len().saturating_add(len) > self.limit {
            self.spill()?;
        }
        for part in parts {
            if len > self.limit {
                self.file()?.write_all(part)?;
                self.filed += part.len() as u64;
            } else {
                self.memory.extend_from_slice(part);
            }
        }
        self.index.push(Entry { key, at, len: len as u64 });
        Ok(())
    }

    /// Keeps only those texts whose keys `is_kept`, which is asked in their order.
    pub fn retain(&mut self, mut is_kept: impl FnMut(K) -> bool) {
        self.index.sort_by_key(|entry| entry.key);
        self.index.retain(|entry| is_kept(entry.key));
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Writes all texts to `out` in order of their keys; between two of them what `separator`
    /// gives for their keys.
    pub fn write(
        mut self,
        out: &mut dyn Write,
        separator: impl Fn(K, K) -> &'static [u8],
    ) -> io::Result<()> {
        self.index.sort_by_key(|entry| entry.key);
        let mut file = match self.file {
            Some(mut file) => {
                file.seek(SeekFrom::Start(0))?;
                Some(Cursor { file: BufReader::with_capacity(1 << 16, file), at: 0 })
            }
            None => None,
        };
        let mut before = None;
        for entry in &self.index {
            if let Some(before) = before.replace(entry.key) {
                out.write_all(separator(before, entry.key))?;
            }
            match &mut file {
                Some(file) if entry.at < self.filed => file.copy(entry.at, entry.len, out)?,
                _ => out.write_all(slice(&self.memory, entry.at - self.filed, entry.len))?,
            }
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.memory.is_empty() {
            return Ok(());
        }
        let memory = std::mem::take(&mut self.memory);
        self.file()?.write_all(&memory)?;
        self.filed += memory.len() as u64;
        self.memory = memory;
        self.memory.clear();
        Ok(())
    }

    fn file(&mut self) -> io::Result<&mut File> {
        match &mut self.file {
            Some(file) => Ok(file),
            empty => Ok(empty.insert(tempfile::tempfile()?)),
        }
    }
}

/// The file being read back, and where it stands: short steps stay inside the buffer.
struct Cursor {
    file: BufReader<File>,
    at: u64,
}

impl Cursor {
    fn copy(&mut self, at: u64, len: u64, out: &mut dyn Write) -> io::Result<()> {
        self.file.seek_relative(at.cast_signed().wrapping_sub(self.at.cast_signed()))?;
        self.at = at + len;
        let copied = io::copy(&mut (&mut self.file).take(len), out)?;
        if copied == len { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

fn slice(memory: &[u8], at: u64, len: u64) -> &[u8] {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    memory.get(at..at.saturating_add(len)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(spool: Spool<u64>, separator: &'static [u8]) -> Vec<u8> {
        let mut out = Vec::new();
        spool.write(&mut out, |_, _| separator).unwrap();
        out
    }

    #[test]
    fn goes_out_in_order_with_separators_between() {
        let mut spool = Spool::new(100);
        for (id, text) in [(3, "c"), (1, "a"), (2, "b")] {
            spool.push(id, &[text.as_bytes()]).unwrap();
        }
        assert!(spool.file.is_none());
        assert_eq!(written(spool, b", "), b"a, b, c");
        assert_eq!(written(Spool::new(0), b", "), b"");
    }

    #[test]
    fn memory_stays_within_the_limit() {
        let mut spool = Spool::new(64);
        for id in 0..1000 {
            spool.push(id, &[&[b'x'; 20], &[b'x'; 30]]).unwrap();
            assert!(spool.memory.len() <= 64);
        }
        spool.push(1000, &[&[b'y'; 4000], &[b'y'; 1000]]).unwrap();
        assert!(spool.memory.capacity() <= 256 && spool.file.is_some());
        assert_eq!(written(spool, b"").len(), 55_000);
    }

    proptest! {
        #[test]
        fn any_order_any_size_any_limit(
            texts in proptest::collection::vec((0u64..20, proptest::collection::vec(any::<u8>(), 0..40)), 0..40),
            limit in 0usize..200,
        ) {
            let mut spool = Spool::new(limit);
            for (id, text) in &texts {
                let (start, end) = text.split_at(text.len() / 3);
                spool.push(*id, &[start, end]).unwrap();
            }
            let mut sorted = texts;
            sorted.sort_by_key(|(id, _)| *id);
            let expected: Vec<u8> = sorted.into_iter().flat_map(|(_, text)| text).collect();
            prop_assert_eq!(written(spool, b""), expected);
        }
    }
}
