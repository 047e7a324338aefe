//! The language of SMTP: commands, replies, paths, extensions, reply codes.
//!
//! In: the bytes of one line (or the first bytes of a stream). Out: borrowed views of them with
//! byte offsets. Parsing never fails: what is wrong becomes a [`defect::Defect`] with its place.
//! Nothing here knows a time, a side or a session, so nothing here knows whether a line that
//! parses was allowed to be sent.

/// Where a byte stands.
pub mod scan;

/// Line ends, blanks and words.
pub mod line;

/// What the grammar can complain of.
pub mod defect;

/// The address argument of MAIL and RCPT.
pub mod path;

/// A line from the client.
pub mod command;

/// A line from the server.
pub mod reply;

/// What lines and replies must look like, to the letter.
pub mod grammar;

/// The table of service extensions.
pub mod extension;

/// The table of reply codes per command.
pub mod code;

/// The table of enhanced status codes.
pub mod status;

/// What is said after AUTH.
pub mod sasl;

/// What a stream's first bytes look like.
pub mod sniff;
