//! An input → the reader that its content asks for.

use super::Options;
use crate::capture::{self, Kind};
use crate::error::Error;
use crate::input::{Input, Share, is_compressed};
use crate::limits::Limits;
use crate::time::Stamp;
use crate::transcript::{self, Dialect};
use crate::trouble::Troubles;
use std::io::{self, Cursor, Read};
use std::sync::Arc;

/// An input that is opened when its turn comes.
pub struct Source {
    path: String,
    is_live: bool,
    open: Open,
}

enum Open {
    Once(Box<dyn FnOnce() -> Opened + Send>),
    /// As often as is asked for.
    Again(Box<dyn Fn() -> Opened + Send>),
    /// By others, too, which read the same.
    Together(Share),
}

type Opened = io::Result<Box<dyn Read + Send>>;

/// An input that is being read.
pub(super) enum Begun {
    Capture(Box<capture::Reader>),
    Transcript(Box<transcript::Reader>, Dialect),
}

/// Bytes that are read at once to find a first packet.
const FIRST: usize = 1 << 14;

/// Bytes that tell compression.
const MAGIC: u64 = 6;

/// Bytes that tell a capture.
const CAPTURE_START: usize = 24;

impl Source {
    /// What `open` gives, named `path` in errors.
    pub fn new<O>(path: &str, open: O) -> Self
    where
        O: FnOnce() -> io::Result<Box<dyn Read + Send>> + Send + 'static,
    {
        Self { path: path.to_owned(), is_live: false, open: Open::Once(Box::new(open)) }
    }

    /// What `open` gives, each time from its beginning: it can be looked at before it is read.
    /// Threads then need nobody who reads for them.
    pub fn again<O>(path: &str, open: O) -> Self
    where
        O: Fn() -> io::Result<Box<dyn Read + Send>> + Send + 'static,
    {
        Self { path: path.to_owned(), is_live: false, open: Open::Again(Box::new(open)) }
    }

    /// These bytes.
    #[must_use]
    pub fn bytes(path: &str, bytes: Vec<u8>) -> Self {
        let bytes: Arc<[u8]> = bytes.into();
        Self::again(path, move || Ok(Box::new(Cursor::new(Arc::clone(&bytes)))))
    }

    /// The same, but known to grow while it is read: what is there is reported at once.
    #[must_use]
    pub fn live(self) -> Self {
        Self { is_live: true, ..self }
    }

    /// Whether whoever analyzes it would rather read it, too, than be given segments that another
    /// has read: not what must be decompressed, nor what must be waited for.
    pub(super) fn is_open_to_all(&self) -> bool {
        let Open::Again(open) = &self.open else { return false };
        let mut start = Vec::new();
        // What cannot be opened has nothing to decompress.
        let read = open().and_then(|source| source.take(MAGIC).read_to_end(&mut start));
        !self.is_live && (read.is_err() || !is_compressed(&start))
    }

    /// The source for each of so many readers, which read it together.
    pub(super) fn split(self, readers: usize) -> Vec<Self> {
        let Self { path, is_live, open } = self;
        let shares = match open {
            Open::Once(open) => Share::of(open, readers),
            Open::Again(open) => Share::of(open, readers),
            Open::Together(share) => vec![share],
        };
        let source = |share| Self { path: path.clone(), is_live, open: Open::Together(share) };
        shares.into_iter().map(source).collect()
    }

    /// Whether it grows while it is read.
    pub(super) fn is_live(&self) -> bool {
        self.is_live
    }

    /// Its name in errors.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Opens it, and tells from its first bytes how to read it. `index` is its place among the
    /// inputs.
    pub(super) fn begin(self, index: u32, options: &Options) -> Result<Begun, Error> {
        let Self { path, open, .. } = self;
        let limits = &options.settings.limits;
        let failed = |source| Error::Read { path: path.clone(), source };
        let unknown =
            |reason, is_text| Error::NotRecognised { path: path.clone(), reason, is_text };
        let input = match open {
            Open::Once(open) => open().and_then(|source| Input::new(source, limits)),
            Open::Again(open) => open().and_then(|source| Input::new(source, limits)),
            Open::Together(share) => Input::shared(share, limits),
        };
        let mut input = input.map_err(failed)?;
        let start = input.fill(CAPTURE_START).map_err(failed)?;
        if capture::recognise(start).is_some() {
            let reader = capture::Reader::new(input, index, limits)
                .map_err(|reason| unknown(reason, false))?;
            return Ok(Begun::Capture(Box::new(reader)));
        }
        let dialect = match options.dialect {
            Some(dialect) => {
                let start = input.fill(limits.sniff_bytes).map_err(failed)?;
                dialect.of_file(start.get(..limits.sniff_bytes).unwrap_or(start))
            }
            None => transcript_start(&mut input, limits.sniff_bytes).map_err(failed)?.ok_or_else(
                || {
                    let (reason, is_text) = expected(input.data());
                    unknown(reason, is_text)
                },
            )?,
        };
        let reader = transcript::Reader::new(input, index, dialect, limits);
        Ok(Begun::Transcript(Box::new(reader), dialect))
    }
}

/// The time of the first packet in `source`, if it is a capture and its packets have times;
/// `None` if it is neither a capture nor a transcript.
pub fn first_time(source: Box<dyn Read + Send>) -> io::Result<Option<Option<Stamp>>> {
    let limits = Limits { read_buffer: FIRST, ..Limits::default() };
    let mut input = Input::new(source, &limits)?;
    if capture::recognise(input.fill(CAPTURE_START)?).is_some() {
        let reader = capture::Reader::new(input, 0, &limits);
        let first = reader.ok().and_then(|mut reader| {
            reader.next(&mut Troubles::default()).and_then(|frame| frame.at)
        });
        return Ok(Some(first));
    }
    let dialect = transcript_start(&mut input, limits.sniff_bytes)?;
    Ok(dialect.map(|_| None))
}

/// The format of a capture, as reports name it.
pub(super) fn kind(reader: &capture::Reader) -> &'static str {
    match reader.kind() {
        Kind::Pcap => "pcap",
        Kind::Pcapng => "pcapng",
    }
}

/// The dialect of a transcript, from its first bytes, as many as it takes: somebody may be typing.
fn transcript_start(input: &mut Input, most: usize) -> io::Result<Option<Dialect>> {
    let mut wanted = 1;
    loop {
        let start = input.fill(wanted)?;
        let dialect = transcript::recognise(start.get(..most).unwrap_or(start));
        // Bare commands may still turn out to be prose above a marked dialog.
        let is_sure = dialect.is_some_and(Dialect::is_sure);
        if is_sure || start.len() < wanted || start.len() >= most {
            return Ok(dialect);
        }
        wanted = start.len() + 1;
    }
}

/// A text that is no transcript.
const TEXT: &str = "text without an SMTP dialog";

/// What to tell somebody whose file is neither a capture nor a transcript, and whether it is a
/// text.
fn expected(start: &[u8]) -> (String, bool) {
    let found = match start {
        [] => "the file is empty",
        [0x0a, 0x0d, 0x0d, 0x0a, ..] | [0xa1 | 0xd4 | 0x4d | 0x34, ..] => {
            "a damaged capture header"
        }
        [0x7f, b'E', b'L', b'F', ..] => "a program",
        _ if start.contains(&0) => "unknown binary data",
        _ => TEXT,
    };
    let expected = "a capture (pcap, pcapng), a transcript (`c> ` and `s< ` lines) or a log of those \
                    that --dialect list shows";
    (format!("{found}; expected {expected}"), found == TEXT)
}
