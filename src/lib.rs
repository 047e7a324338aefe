//! # smtp-audit: the map
//!
//! An hourglass: whatever gives bytes becomes a [`chunk::Chunk`]; chunks become a
//! [`dialog::session::Session`]; whatever can read a session is a report. The modules stand in
//! the order of the data. What each may use is written here and nowhere else; `tests/house.rs`
//! compares it with the real `use` lines, in both directions.

#![forbid(unsafe_code)]

// These are no doc comments: with some here, the links in the modules' own would be looked up
// here, too.

// Points in time and durations. *Uses nothing.*
pub mod time;

// Memory asked for before it is needed. *Uses nothing.*
pub mod fetch;

// Memory by the page, in large ones where there are some. *Uses nothing.*
pub mod pages;

// Where in the inputs something stands. *Uses nothing.*
pub mod place;

// Untrusted bytes made printable. *Uses nothing.*
pub mod escape;

// Every bound of the program, with its reason. *Uses nothing.*
pub mod limits;

// Which ports are watched. *Uses nothing.*
pub mod ports;

// The waist: bytes of one side, a gap, an opening, an ending. *Uses time, place.*
pub mod chunk;

// What is wrong with an input: counted, never fatal. *Uses place.*
pub mod trouble;

// What else is known of an input: its clock, its traffic, what a text leaves out. *Uses time.*
pub mod recording;

// Why an input cannot be read at all. *Uses nothing.*
pub mod error;

// A file or pipe → its bytes, decompressed, in a buffer. *Uses limits.*
pub mod input;

// Bytes of a capture file → frames. *Uses time, limits, place, trouble, recording, input.*
pub mod capture;

// Frames → TCP segments of the watched ports.
// *Uses time, limits, ports, place, trouble, recording, capture.*
pub mod packet;

// Segments → chunks of each connection. *Uses time, fetch, pages, limits, ports, place, chunk,
// trouble, packet.*
pub mod stream;

// Lines of a saved dialog ↔ chunks. *Uses time, escape, limits, ports, place, chunk, trouble,
// recording, input, smtp.*
pub mod transcript;

// The language: commands, replies, paths, extensions. Knows no time, no side, no session.
// *Uses nothing.*
pub mod smtp;

// Lines of a dialog → the same without what names people and hosts. *Uses smtp.*
pub mod redact;

// TLS records → what they show in clear. *Uses limits, place, chunk.*
pub mod tls;

// Chunks → a session: exchanges, messages, timing.
// *Uses time, limits, place, chunk, smtp, redact, tls.*
pub mod dialog;

// A session → who took how long, and for what. *Uses time, chunk, escape, smtp, dialog.*
pub mod timing;

// A session, an input → findings. *Uses time, place, ports, chunk, escape, smtp, tls, dialog,
// timing, trouble, recording.*
pub mod rules;

// Sessions and findings → words.
// *Uses time, escape, limits, place, chunk, transcript, smtp, tls, dialog, timing, rules.*
pub mod report;

// The stages joined: inputs in, sessions out, in order. *Uses time, limits, place, ports, chunk,
// trouble, recording, error, input, capture, packet, stream, transcript, smtp, dialog, rules.*
pub mod pipeline;

// Inputs in, report out. *Uses escape, pipeline, place, report.*
pub mod job;

// The bodies of the fuzz targets. *Uses time, escape, limits, place, ports, chunk, trouble,
// input, capture, packet, stream, transcript, smtp, tls, dialog, rules, report, pipeline, job.*
#[doc(hidden)]
pub mod fuzz;
