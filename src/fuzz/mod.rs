//! The bodies of the fuzz targets: bytes in, a panic if a stage breaks its promise.
//!
//! They are part of the library so that `cargo test` runs them over the seeds, too
//! (`tests/fuzz_seeds.rs`); `fuzz/` only calls them. Bounds are small here, so that small
//! inputs reach them.

// A panic is how these functions answer; each assertion says what was promised.
#![allow(clippy::missing_panics_doc)]

mod bytes;
mod dialog;
mod grammar;
mod logs;
mod segments;
mod tls;
mod transcript;

pub use dialog::dialog;
pub use grammar::grammar;
pub use logs::logs;
pub use segments::segments;
pub use tls::tls;
pub use transcript::transcript;

use crate::capture;
use crate::dialog::Settings;
use crate::escape::is_safe;
use crate::input::Input;
use crate::job::{self, Job};
use crate::limits::Limits;
use crate::packet::Decoder;
use crate::pipeline::{Facts, Options, Source};
use crate::place::Origin;
use crate::ports::Ports;
use crate::report::{Format, Lint};
use crate::time::Stamp;
use crate::trouble::Troubles;
use bytes::Bytes;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// The form of report that an input of so many bytes is made into: all of them would take many
/// times as long.
fn format(len: usize) -> Format {
    match len % 11 {
        0 => Format::Table,
        1 => Format::Json,
        2 => Format::Ndjson,
        3 => Format::Transcript,
        4 => Format::Lint,
        5 => Format::Csv,
        6 => Format::Markdown,
        7 => Format::Sarif,
        8 => Format::Ladder,
        9 => Format::Events,
        _ => Format::Junit,
    }
}

/// A capture file, read to its end.
pub fn capture(data: &[u8]) {
    let limits = limits();
    let Ok(input) = input(data, &limits) else { return };
    let Ok(mut reader) = capture::Reader::new(input, 0, &limits) else { return };
    let mut troubles = Troubles::default();
    let mut last = Origin::default();
    while let Some(frame) = reader.next(&mut troubles) {
        let Origin { number, offset, .. } = frame.origin;
        // Records that are skipped count, too.
        assert!(number > last.number, "frames are counted");
        assert!(offset > last.offset, "every frame stands after the one before");
        assert!(frame.data.len() <= limits.block_bytes, "no frame is larger than a block may be");
        assert!(frame.digits <= 9, "a second has nine digits");
        last = frame.origin;
    }
    assert!(reader.packets() >= last.number, "packets are counted");
    assert!(reader.next(&mut troubles).is_none(), "the end stays the end");
    let secrets: usize = reader.secrets().iter().map(Vec::len).sum();
    assert!(secrets <= limits.secrets_bytes, "secrets are bounded");
    assert!(reader.names().len() <= limits.names, "names are bounded");
}

/// Packets of one link type: two bytes of the type, then for each packet two bytes that hold its
/// length and how many eighths of it the capture lacks, and the packet.
pub fn frame(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let limits = limits();
    let link = bytes.number(2);
    let link = u16::try_from(link).unwrap_or_default();
    let mut decoder = Decoder::new(Ports::new(&[], true), &limits);
    let mut troubles = Troubles::default();
    let mut given = 0;
    for number in 1.. {
        if bytes.is_empty() {
            break;
        }
        let head = bytes.number(2);
        let packet = bytes.take(usize::try_from(head & 0x1fff).unwrap_or_default());
        let len = u32::try_from(packet.len()).unwrap_or_default();
        let lacking = len / 8 * (head >> 13);
        given += packet.len();
        let frame = capture::Frame {
            at: Some(Stamp::from_nanos(number * 1_000_000_000)),
            digits: 6,
            link,
            data: packet,
            wire_len: len + lacking,
            origin: Origin { input: 0, number: number.unsigned_abs(), offset: given as u64 },
        };
        if let Some(segment) = decoder.decode(&frame, &mut troubles) {
            assert!(segment.data.len() <= given, "a payload comes from the packets");
            assert_eq!(segment.place.number(), frame.origin.number, "a segment names its frame");
        }
    }
    decoder.finish(&mut troubles);
}

/// A capture or a transcript through the whole pipeline, into one form of a report.
pub fn whole(data: &[u8]) {
    let (facts, text) = read(data, format(data.len()), limits());
    if facts.error.is_some() {
        return;
    }
    let text = str::from_utf8(&text);
    assert!(text.is_ok(), "a report is UTF-8");
    // The lines of CSV end in CRLF.
    let text = text.unwrap_or_default().replace("\r\n", "\n");
    let hostile = text.chars().find(|&c| c != '\n' && !is_safe(c));
    assert_eq!(hostile, None, "a report is fit for a terminal");
    assert!(facts.bytes > 0 || facts.sessions == 0, "sessions come from bytes");
}

/// Reads `data` as an input and reports on it: what was read of it, and the report.
#[must_use]
pub fn read(data: &[u8], format: Format, limits: Limits) -> (Facts, Vec<u8>) {
    let out = Sink::default();
    let settings = Arc::new(Settings { limits, ..Settings::default() });
    let run = Options { settings, ..Options::default() };
    let lint = Lint { check: data.len().is_multiple_of(2), ..Lint::default() };
    let job = Job {
        run,
        format,
        width: Some(100),
        timestamps: false,
        lint,
        filter: Arc::default(),
        events: false,
    };
    let source = Source::bytes("input", data.to_vec());
    let ran = job::run(job, vec![source], &mut || {}, Box::new(out.clone()));
    assert!(ran.is_ok(), "memory takes every report");
    let facts = ran.unwrap_or_default().facts.pop().unwrap_or_default();
    (facts, out.take())
}

/// Bounds that inputs of some kilobytes reach.
fn limits() -> Limits {
    Limits {
        read_buffer: 4096,
        read_ahead_bytes: 1 << 16,
        rounds_ahead: 2,
        held_bytes: 1 << 16,
        block_bytes: 1 << 16,
        zstd_window: 1 << 20,
        resync_bytes: 1 << 16,
        secrets_bytes: 512,
        names: 16,
        interfaces: 8,
        layers: 12,
        fragment_datagrams: 4,
        fragment_bytes: 4096,
        fragment_lapse_ns: 8_000_000_000,
        flows: 4,
        deferred_bytes: 200,
        closed_flows: 2,
        linger_frames: 8,
        complete_linger_frames: 3,
        idle_ns: 3_600_000_000_000,
        flow_pending_bytes: 2048,
        pending_bytes: 4096,
        acked_hole_segments: 4,
        history_bytes: 64,
        parked_bytes: 512,
        line_bytes: 128,
        tls_handshake_bytes: 4096,
        tls_alerts: 2,
        reply_lines: 8,
        exchanges: 32,
        messages: 8,
        recipients: 4,
        unsolicited: 4,
        session_text: 2048,
        sniff_bytes: 1024,
        transcript_piece: 256,
        log_sessions: 4,
        unseen_lines: 8,
        untimed_events: 4,
        spool_bytes: 1 << 20,
        table_rows: 3,
        summary_keywords: 4,
        summary_servers: 2,
        summary_minutes: 2,
        excerpt_chars: 40,
        named_kinds: 2,
    }
}

fn input(data: &[u8], limits: &Limits) -> io::Result<Input> {
    Input::new(Box::new(Cursor::new(data.to_vec())), limits)
}

/// Where a report goes.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
