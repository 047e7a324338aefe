//! Instructions of each stage, over the same captures: what is read, decoded, reassembled,
//! understood and written. `benches/stages.sh` generates the captures and runs this.

use gungraun::{LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use smtp_audit::capture::Reader;
use smtp_audit::chunk::{Chunk, Consume, Opening};
use smtp_audit::dialog::{Dialog, Settings};
use smtp_audit::input::Input;
use smtp_audit::job::{self, Job};
use smtp_audit::limits::Limits;
use smtp_audit::packet::{Decoder, Looked};
use smtp_audit::pipeline::{Options, Source};
use smtp_audit::place::Place;
use smtp_audit::ports::Ports;
use smtp_audit::report::{Format, Lint};
use smtp_audit::stream::{Follow, Looks, SessionEnd, Tracker};
use smtp_audit::trouble::{Trouble, Troubles};
use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

/// The capture of this name, made by `benches/stages.sh`.
fn capture(name: &str) -> Vec<u8> {
    let folder = std::env::var("SMTP_AUDIT_BENCH").expect("benches/stages.sh sets SMTP_AUDIT_BENCH");
    let path = Path::new(&folder).join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn reader(file: Vec<u8>) -> Reader {
    let limits = Limits::default();
    let input = Input::new(Box::new(Cursor::new(file)), &limits).expect("memory can be read");
    Reader::new(input, 0, &limits).expect("it is a capture")
}

/// Takes chunks and makes nothing of them, or dialogs.
struct Sink {
    settings: Arc<Settings>,
    with_dialog: bool,
}

struct Taken(Option<Box<Dialog>>, u64);

impl Consume for Taken {
    fn push(&mut self, chunk: &Chunk<'_>) {
        self.1 += 1;
        if let Some(dialog) = &mut self.0 {
            dialog.push(chunk);
        }
    }
}

impl Follow for Sink {
    type Dialog = Taken;

    fn candidate(&mut self, _: Place, _: bool) {}

    fn dismissed(&mut self, _: Place, _: Place) {}

    fn open(&mut self, opening: &Opening, _: bool, _: Place) -> Taken {
        let dialog = || Dialog::new(opening, Arc::clone(&self.settings), None);
        Taken(self.with_dialog.then(dialog), 0)
    }

    fn done(&mut self, taken: Taken, end: SessionEnd) {
        if let Some(dialog) = taken.0 {
            black_box(dialog.finish(end.ending, end.last_at, Some(end.transport)));
        }
    }

    fn trouble(&mut self, _: Trouble, _: Place) {}

    fn looks(&self, _: &[u8], _: bool) -> Looks {
        Looks::Unclear
    }

    fn speaks(&self, _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}

fn follow(mut reader: Reader, with_dialog: bool) -> u64 {
    let limits = Limits::default();
    let mut troubles = Troubles::default();
    let mut decoder = Decoder::new(Ports::default(), &limits);
    let mut tracker = Tracker::new(Ports::default(), &limits);
    let mut sink = Sink { settings: Arc::default(), with_dialog };
    while let Some(frame) = reader.next(&mut troubles) {
        if let Some(segment) = decoder.decode(&frame, &mut troubles) {
            tracker.push(&segment, &mut sink);
        }
    }
    let end = Place::new(reader.packets() + 1);
    if let Some(&last) = tracker.stop().last() {
        tracker.finish(Place::default(), last, end, &mut sink);
    }
    reader.packets()
}

#[library_benchmark(setup = open)]
#[benches::captures("A", "B", "C", "D")]
fn read(mut reader: Reader) -> u64 {
    let mut troubles = Troubles::default();
    while let Some(frame) = reader.next(&mut troubles) {
        black_box(frame.data.len());
    }
    reader.packets()
}

#[library_benchmark(setup = open)]
#[benches::captures("A", "B", "C", "D")]
fn and_decode(mut reader: Reader) -> u64 {
    let mut troubles = Troubles::default();
    let decoder = Decoder::new(Ports::default(), &Limits::default());
    while let Some(frame) = reader.next(&mut troubles) {
        if let Looked::Segment(segment) = decoder.look(&frame, &mut troubles) {
            black_box(segment.data.len());
        }
    }
    reader.packets()
}

#[library_benchmark(setup = open)]
#[benches::captures("A", "B", "C", "D")]
fn and_reassemble(reader: Reader) -> u64 {
    follow(reader, false)
}

#[library_benchmark(setup = open)]
#[benches::captures("A", "B", "C", "D")]
fn and_understand(reader: Reader) -> u64 {
    follow(reader, true)
}

#[library_benchmark(setup = capture)]
#[benches::captures("A", "B", "C", "D")]
fn and_report(file: Vec<u8>) -> usize {
    let run = Options { threads: 1, ..Options::default() };
    let lint = Lint::default();
    let job = Job { run, format: Format::Ndjson, width: None, timestamps: false, lint, filter: Arc::default(), events: false };
    let sources = vec![Source::bytes("bench", file)];
    job::run(job, sources, &mut || {}, Box::new(std::io::sink())).map_or(0, |ran| ran.facts.len())
}

fn open(name: &str) -> Reader {
    reader(capture(name))
}

library_benchmark_group!(
    name = stages,
    benchmarks = [read, and_decode, and_reassemble, and_understand, and_report]
);

main!(
    config = LibraryBenchmarkConfig::default().pass_through_env("SMTP_AUDIT_BENCH"),
    library_benchmark_groups = stages
);
