//! What was named on the command line → the inputs of a run.
//!
//! A directory stands for the files in it: the parts of a rotated capture.

use super::progress::Progress;
use smtp_audit::escape::printable;
use smtp_audit::pipeline::{Source, first_time};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The inputs of a run, in order.
#[derive(Default)]
pub(super) struct Inputs {
    named: Vec<Named>,
    /// Files in directories that are neither captures nor transcripts.
    pub(super) skipped: Vec<String>,
}

enum Named {
    File(PathBuf),
    /// A directory without anything to read.
    Nothing(PathBuf, io::Error),
}

impl Inputs {
    /// Those that `named` stand for.
    pub(super) fn find(named: &[PathBuf]) -> Self {
        let mut inputs = Self::default();
        for path in named {
            if !path.is_dir() {
                inputs.named.push(Named::File(path.clone()));
            } else if let Err(error) = inputs.directory(path) {
                inputs.named.push(Named::Nothing(path.clone(), error));
            }
        }
        inputs
    }

    /// Their sources; what is read of them is told to `progress`.
    pub(super) fn sources(self, progress: &Progress) -> Vec<Source> {
        let source = |named| match named {
            Named::Nothing(path, error) => Source::new(&shown(&path), || Err(error)),
            Named::File(path) => {
                let (progress, name, is_live) = (progress.clone(), shown(&path), is_live(&path));
                let open = move || Ok(Box::new(progress.watch(open(&path)?)) as Box<_>);
                if is_live { Source::new(&name, open).live() } else { Source::again(&name, open) }
            }
        };
        self.named.into_iter().map(source).collect()
    }

    /// Their names.
    pub(super) fn paths(&self) -> Vec<String> {
        let paths = self.named.iter().map(|named| match named {
            Named::File(path) | Named::Nothing(path, _) => shown(path),
        });
        paths.collect()
    }

    /// Bytes in all of them, if that is known.
    pub(super) fn bytes(&self) -> Option<u64> {
        let sizes = self.named.iter().map(|named| match named {
            Named::Nothing(..) => Some(0),
            Named::File(path) if is_live(path) => None,
            Named::File(path) => path.metadata().ok().map(|file| file.len()),
        });
        sizes.sum()
    }

    /// Adds the files of a directory in the order of their first packets, those without times in
    /// the order of their names: rings of files are reused, and their names do not tell.
    fn directory(&mut self, path: &Path) -> io::Result<()> {
        let mut found = Vec::new();
        for entry in fs::read_dir(path)? {
            let path = entry?.path();
            let is_hidden =
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            // Anything else than a file may never end.
            if is_hidden || !path.is_file() {
                continue;
            }
            let time = File::open(&path).and_then(|file| first_time(Box::new(file)));
            match time {
                Ok(Some(time)) => found.push((time, natural(&path), path)),
                Ok(None) => self.skipped.push(shown(&path)),
                // What cannot be read says so when its turn comes.
                Err(_) => found.push((None, natural(&path), path)),
            }
        }
        self.skipped.sort();
        if found.is_empty() {
            return Err(io::Error::other("the directory holds no capture and no transcript"));
        }
        found.sort();
        self.named.extend(found.into_iter().map(|(.., path)| Named::File(path)));
        Ok(())
    }
}

/// A name in the order in which a person counts: `cap2` before `cap10`.
fn natural(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let mut parts = Vec::new();
    for part in name.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let number = str::from_utf8(part).ok().and_then(|digits| digits.parse().ok());
        parts.push((number.unwrap_or(u64::MAX), part.to_vec()));
    }
    parts
}

fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if is_standard(path) { Ok(Box::new(io::stdin())) } else { Ok(Box::new(File::open(path)?)) }
}

/// Whether more may come while it is read: standard input, a pipe.
fn is_live(path: &Path) -> bool {
    is_standard(path) || path.metadata().is_ok_and(|found| !found.is_file())
}

/// Whether `path` stands for standard input or output.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// `path` for a person.
pub(super) fn shown(path: &Path) -> String {
    printable(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_a_person_counts() {
        let mut names = ["cap.pcap10", "cap.pcap", "cap.pcap9", "b.pcap", "cap.pcap010"];
        names.sort_by_key(|name| natural(Path::new(name)));
        assert_eq!(names, ["b.pcap", "cap.pcap", "cap.pcap9", "cap.pcap010", "cap.pcap10"]);
    }
}
