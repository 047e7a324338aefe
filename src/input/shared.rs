//! A file that several threads read, each at its own pace.
//!
//! In: a path. Out: readers of the same bytes, as many as are asked for: the file is opened once,
//! when the first is, and what is appended to it later is in none of them.

use super::failure::Failure;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// A file to be opened when it is first read.
#[derive(Debug)]
pub struct Shared {
    path: PathBuf,
    opened: OnceLock<Result<Opened, Failure>>,
}

#[derive(Clone, Debug)]
struct Opened {
    file: Arc<File>,
    length: u64,
}

/// All bytes of a shared file, from the first on.
#[derive(Debug)]
struct View {
    opened: Opened,
    at: u64,
}

impl Shared {
    /// The file at `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, opened: OnceLock::new() }
    }

    /// A reader of it. What is not a regular file with a length can be read once only.
    pub fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        match self.opened.get_or_init(|| self.open().map_err(|error| Failure::of(&error))) {
            Ok(opened) => Ok(Box::new(View { opened: opened.clone(), at: 0 })),
            Err(failure) => Err(failure.error()),
        }
    }

    fn open(&self) -> io::Result<Opened> {
        let file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        Ok(Opened { file: Arc::new(file), length })
    }
}

impl Read for View {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.opened.length - self.at).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let read = read_at(&self.opened.file, buffer.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn all_readers_see_what_was_there_first() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one").unwrap();
        let shared = Shared::new(file.path().to_owned());
        let mut first = shared.reader().unwrap();
        file.write_all(b" and more").unwrap();
        let mut second = shared.reader().unwrap();
        let mut read = [String::new(), String::new()];
        second.read_to_string(&mut read[0]).unwrap();
        first.read_to_string(&mut read[1]).unwrap();
        assert_eq!(read, ["one", "one"]);
    }

    #[test]
    fn each_reader_is_told_what_is_wrong() {
        let shared = Shared::new(PathBuf::from("/nowhere/at all"));
        for _ in 0..2 {
            let error = shared.reader().err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
    }
}
