//! An input → the reader that its content asks for.

use super::Options;
use crate::capture::{self, Kind};
use crate::error::Error;
use crate::input::Input;
use crate::limits::Limits;
use crate::time::Stamp;
use crate::transcript::{self, Dialect};
use crate::trouble::Troubles;
use std::io::{self, Cursor, Read};

/// An input that is opened when its turn comes.
pub struct Source {
    path: String,
    is_live: bool,
    open: Box<Open>,
}

type Open = dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send;

/// An input that is being read.
pub(super) enum Begun {
    Capture(Box<capture::Reader>),
    Transcript(Box<transcript::Reader>, Dialect),
}

/// Bytes that are read at once to find a first packet.
const FIRST: usize = 1 << 14;

/// Bytes that tell a capture.
const CAPTURE_START: usize = 24;

impl Source {
    /// What `open` gives, named `path` in errors.
    pub fn new<O>(path: &str, open: O) -> Self
    where
        O: FnOnce() -> io::Result<Box<dyn Read + Send>> + Send + 'static,
    {
        Self { path: path.to_owned(), is_live: false, open: Box::new(open) }
    }

    /// These bytes.
    #[must_use]
    pub fn bytes(path: &str, bytes: Vec<u8>) -> Self {
        Self::new(path, || Ok(Box::new(Cursor::new(bytes))))
    }

    /// The same, but known to grow while it is read: what is there is reported at once.
    #[must_use]
    pub fn live(self) -> Self {
        Self { is_live: true, ..self }
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
        let unknown = |reason| Error::NotRecognised { path: path.clone(), reason };
        let source = open().map_err(failed)?;
        let mut input = Input::new(source, limits).map_err(failed)?;
        let start = input.fill(CAPTURE_START).map_err(failed)?;
        if capture::recognise(start).is_some() {
            let reader = capture::Reader::new(input, index, limits).map_err(unknown)?;
            return Ok(Begun::Capture(Box::new(reader)));
        }
        let dialect = match options.dialect {
            Some(dialect) => dialect,
            None => transcript_start(&mut input, limits.sniff_bytes)
                .map_err(failed)?
                .ok_or_else(|| unknown(expected(input.data())))?,
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
        let is_sure = dialect == Some(Dialect::Native);
        if is_sure || start.len() < wanted || start.len() >= most {
            return Ok(dialect);
        }
        wanted = start.len() + 1;
    }
}

/// What to tell somebody whose file is neither a capture nor a transcript.
fn expected(start: &[u8]) -> String {
    let found = match start {
        [] => "the file is empty",
        [0x0a, 0x0d, 0x0d, 0x0a, ..] | [0xa1 | 0xd4 | 0x4d | 0x34, ..] => {
            "a damaged capture header"
        }
        [0x7f, b'E', b'L', b'F', ..] => "a program",
        _ if start.contains(&0) => "unknown binary data",
        _ => "text without an SMTP dialog",
    };
    format!("{found}; expected a capture (pcap, pcapng) or a transcript (lines of `c> ` and `s< `)")
}
