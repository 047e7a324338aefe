//! Why the program cannot work at all, or cannot read one input.

use std::io;
use thiserror::Error;

/// An error that ends the work on one input, or all of it. One line for a person: which file,
/// what was expected.
#[derive(Debug, Error)]
pub enum Error {
    /// An input could not be opened or read.
    #[error("{path}: {source}")]
    Read {
        /// The input, printable.
        path: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// An input is neither a capture nor a transcript.
    #[error("{path}: {reason}")]
    NotRecognised {
        /// The input, printable.
        path: String,
        /// What it looks like and what was expected.
        reason: String,
        /// It is a text.
        is_text: bool,
    },
    /// A report could not be written.
    #[error("{path}: {source}")]
    Write {
        /// The output, printable.
        path: String,
        /// The operating system's reason.
        source: io::Error,
    },
}

/// A result with this crate's [`Error`](enum@Error).
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The reason alone, without the path.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => source.to_string(),
            Self::NotRecognised { reason, .. } => reason.clone(),
        }
    }
}
