//! The same bytes give the same report: for any number of threads, and however a capture is cut
//! into files.
//!
//! Over the captures kept here, those of `../shared/captures`, and generated ones with faults,
//! jumping clocks and floods.

// A test may panic: that is how it fails. What it skips, it says.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod weave;

use smtp_audit::job::{self, Job};
use smtp_audit::limits::Limits;
use smtp_audit::pipeline::{self, Audited, Options, Source, Work};
use smtp_audit::place::Places;
use smtp_audit::report::{Format, Lint};
use smtp_audit::trouble::Trouble;
use smtp_audit::{capture, dialog::Settings};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::{env, fs};
use weave::{Dialog, Plan};

#[test]
fn any_number_of_threads_gives_the_same_report() {
    let files = captures();
    let mut all: Vec<_> = files.iter().map(|(name, bytes)| vec![(name.clone(), bytes)]).collect();
    // All of them as one run, with transcripts in between.
    let transcripts = transcripts();
    let mut mixed: Vec<(String, &Vec<u8>)> = Vec::new();
    for (at, (name, bytes)) in files.iter().enumerate() {
        mixed.push((name.clone(), bytes));
        let (name, text) = &transcripts[at % transcripts.len()];
        mixed.push((name.clone(), text));
    }
    all.push(mixed);
    for inputs in &all {
        let forms = if inputs.len() > 1 {
            &[
                Format::Ndjson,
                Format::Json,
                Format::Transcript,
                Format::Table,
                Format::Lint,
                Format::Markdown,
                Format::Sarif,
                Format::Junit,
                Format::Events,
            ][..]
        } else {
            &[Format::Ndjson][..]
        };
        for &format in forms {
            let one = report(inputs, format, 1, false);
            assert!(!one.is_empty());
            for &threads in if inputs.len() > 1 { &[2, 8, 64][..] } else { &[3] } {
                // Each thread reads for itself, or one for all.
                for once in [false, true] {
                    assert!(
                        report(inputs, format, threads, once) == one,
                        "{}: {threads} threads give another {format:?} (read once: {once})",
                        inputs[0].0
                    );
                }
            }
        }
    }
}

#[test]
fn a_capture_cut_into_files_is_the_same_run() {
    let mut random = 1;
    let (mut cut, mut crossing) = (0, 0);
    for (name, bytes) in captures() {
        let Some((head, records)) = records(&bytes) else { continue };
        let whole = sessions(vec![bytes.clone()], 1);
        for pieces in [2, 3, 7] {
            let mut places: Vec<usize> =
                (1..pieces).map(|_| next(&mut random) % (records.len() + 1)).collect();
            places.sort_unstable();
            places.push(records.len());
            let mut from = 0;
            let files = places.into_iter().map(|until| {
                let piece = &records[from.min(until)..until];
                from = until;
                [head, &piece.concat()].concat()
            });
            let parts = sessions(files.collect(), 1 + pieces % 3);
            assert_eq!(parts.sessions.len(), whole.sessions.len(), "{name} in {pieces} pieces");
            for (part, whole) in parts.sessions.iter().zip(&whole.sessions) {
                assert_eq!(part, whole, "{name} in {pieces} pieces");
            }
            assert_eq!(parts.troubles, whole.troubles, "{name} in {pieces} pieces");
            crossing += parts.crossing;
            cut += 1;
        }
    }
    assert!(cut > 50, "only {cut} captures were cut");
    assert!(crossing > 50, "only {crossing} sessions go on in another file");
}

#[test]
fn following_connections_later_changes_nothing() {
    for (name, bytes) in captures() {
        let run = |deferred_bytes, acked_hole_segments| {
            let limits = Limits { deferred_bytes, acked_hole_segments, ..Limits::default() };
            let settings = Arc::new(Settings { limits, ..Settings::default() });
            audit(&Options { settings, ..Options::default() }, vec![bytes.clone()])
        };
        for (patience, bounds) in [(2048, &[200, 1000, 1 << 20][..]), (5, &[4096])] {
            let at_once = run(0, patience);
            for &deferred in bounds {
                let later = run(deferred, patience);
                assert_eq!(later.sessions.len(), at_once.sessions.len(), "{name}: {deferred}");
                for (later, at_once) in later.sessions.iter().zip(&at_once.sessions) {
                    assert_eq!(later, at_once, "{name}: {deferred} bytes kept");
                }
                assert_eq!(later.troubles, at_once.troubles, "{name}: {deferred}");
            }
        }
    }
}

#[test]
fn bounds_are_reached_at_the_same_place_for_any_number_of_threads() {
    let (_, bytes) = generated("many at once", &["--preset", "D", "--scale", "0.01"]);
    let limits = Limits { flows: 64, closed_flows: 16, pending_bytes: 4096, ..Limits::default() };
    let settings = Arc::new(Settings { limits, ..Settings::default() });
    let run = |threads| {
        let options = Options { settings: Arc::clone(&settings), threads, ..Options::default() };
        audit(&options, vec![bytes.clone()])
    };
    let one = run(1);
    assert!(one.troubles[&Trouble::EvictedSession] > 100, "{:?}", one.troubles);
    for threads in [2, 5] {
        let other = run(threads);
        assert_eq!(other.sessions, one.sessions, "{threads} threads");
        assert_eq!(other.troubles, one.troubles, "{threads} threads");
    }
}

#[test]
fn what_all_sessions_hold_is_bounded_and_said() {
    // A thousand sessions that go on and on.
    let (_, bytes) = generated("many at once", &["--preset", "D", "--scale", "0.02"]);
    let limits = Limits { held_bytes: 3 << 18, ..Limits::default() };
    let settings = Arc::new(Settings { limits, ..Settings::default() });
    let run = |threads| {
        let options = Options { settings: Arc::clone(&settings), threads, ..Options::default() };
        audit(&options, vec![bytes.clone()])
    };
    let one = run(1);
    let given_up = one.troubles[&Trouble::EvictedSession];
    assert!(given_up > 300, "{:?}", one.troubles);
    let cut = one.sessions.iter().filter(|(_, shown)| shown.contains("ending: Evicted")).count();
    assert_eq!(cut as u64, given_up);
    assert_eq!(run(3).sessions, one.sessions);
}

#[test]
fn all_threads_see_the_same_of_a_file_that_changes() {
    let (_, bytes) = generated("short sessions", &["--preset", "C", "--scale", "0.004"]);
    let shorter = bytes.len() / 3;
    let opened = Arc::new(AtomicUsize::new(0));
    let times = Arc::clone(&opened);
    let source = Source::again("shrinks", {
        let bytes = bytes.clone();
        move || {
            // It is looked at once, and opened once to be read.
            let end = if times.fetch_add(1, Relaxed) < 2 { bytes.len() } else { shorter };
            Ok(Box::new(io::Cursor::new(bytes[..end].to_vec())))
        }
    });
    let options = Options { threads: 3, ..Options::default() };
    let (found, facts) = pipeline::collect(&options, vec![source]);
    assert_eq!(facts[0].bytes, bytes.len() as u64);
    assert_eq!(facts[0].troubles.iter().count(), 0);
    assert_eq!(found.len(), sessions(vec![bytes], 1).sessions.len());
    assert_eq!(opened.load(Relaxed), 2);
}

/// What a run has found.
struct Found {
    /// The sessions with their numbers, in the order in which they came.
    sessions: Vec<(u64, String)>,
    /// How often each thing was wrong, over all inputs.
    troubles: BTreeMap<Trouble, u64>,
    /// Sessions that end in another input than they begin in.
    crossing: usize,
}

/// Shows sessions, with all that is known of them.
struct Show;

impl Work for Show {
    type Made = (String, bool);

    fn session(&mut self, audited: Audited, places: &Places) -> Self::Made {
        let session = &audited.session;
        let last = session.exchanges.last().map_or(session.opening.place, |e| e.asked.place);
        let crosses = places.input(last) != places.input(session.opening.place);
        (format!("{:?} {:?}", audited.session, audited.findings), crosses)
    }
}

fn sessions(files: Vec<Vec<u8>>, threads: usize) -> Found {
    audit(&Options { threads, ..Options::default() }, files)
}

fn audit(options: &Options, files: Vec<Vec<u8>>) -> Found {
    let sources = files.into_iter().map(|bytes| Source::bytes("part", bytes)).collect();
    let mut found = Found { sessions: Vec::new(), troubles: BTreeMap::new(), crossing: 0 };
    let mut deliver = |done: pipeline::Done<(String, bool)>| {
        let (shown, crosses) = done.made;
        found.sessions.push((done.id, shown));
        found.crossing += usize::from(crosses);
        ControlFlow::Continue(())
    };
    let outcome = pipeline::run(options, sources, Arc::new(|| Show), &mut deliver, &mut || {});
    for (trouble, count) in outcome.facts.iter().flat_map(|facts| facts.troubles.iter()) {
        *found.troubles.entry(trouble).or_default() += count.times;
    }
    found
}

/// A report on inputs with their names, which can be read `once` or as often as is wished.
fn report(inputs: &[(String, &Vec<u8>)], format: Format, threads: usize, once: bool) -> Vec<u8> {
    let out = Shared::default();
    let run = Options { threads, ..Options::default() };
    let lint = Lint::default();
    let job = Job {
        run,
        format,
        width: None,
        timestamps: true,
        lint,
        filter: Arc::default(),
        events: false,
    };
    let sources = inputs.iter().map(|(name, bytes)| {
        let bytes = (*bytes).clone();
        if once {
            Source::new(name, || Ok(Box::new(io::Cursor::new(bytes))))
        } else {
            Source::bytes(name, bytes)
        }
    });
    job::run(job, sources.collect(), &mut || {}, Box::new(out.clone())).unwrap();
    std::mem::take(&mut out.0.lock().unwrap())
}

/// Captures with their names.
fn captures() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["testdata/captures", "../shared/captures"] {
        let folder = root.join(folder);
        if folder.is_dir() {
            find(&folder, &mut files);
        } else {
            eprintln!("SKIPPED: {} is not here", folder.display());
        }
    }
    files.sort();
    let mut captures: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .filter(|(_, bytes)| bytes.len() > 24 && bytes.len() < 4_000_000)
        .filter(|(_, bytes)| capture::recognise(bytes).is_some())
        .collect();
    assert!(captures.len() >= 12, "only {} captures found", captures.len());
    captures.extend([
        ("fragments".to_owned(), woven()),
        generated("short sessions", &["--preset", "C", "--scale", "0.004"]),
        generated("other traffic", &["--preset", "A", "--scale", "0.002"]),
        generated("many at once", &["--preset", "D", "--scale", "0.01"]),
        generated("faults", &["--preset", "D", "--scale", "0.005", "--faults", "10"]),
        generated("jumps", &["--preset", "C", "--scale", "0.002", "--clock-jump"]),
        generated("flood", &["--preset", "C", "--scale", "0.001", "--flood", "9000"]),
        generated("pcapng", &["--sessions", "150", "--pcapng", "--nano", "--ipv6", "30"]),
    ]);
    captures
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { find(&path, files) } else { files.push(path) }
    }
}

fn transcripts() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/transcripts");
    let mut files = Vec::new();
    find(&folder, &mut files);
    files.sort();
    files.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}

/// Connections at once, joined late, in fragments that come in any order.
fn woven() -> Vec<u8> {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/transcripts/toolsack.txt"),
    );
    let dialog = Dialog::parse(text.unwrap());
    let plan = |port| Plan::new(&dialog).ports(port, 25).fragment(64).reorder(40);
    (4002..4020)
        .fold(plan(4001), |all, port| {
            all.and(if port % 3 == 0 { plan(port).midstream(9) } else { plan(port) })
        })
        .weave()
        .file
}

/// A capture by the generator of `benches`, which `cargo test` builds, too.
fn generated(name: &str, options: &[&str]) -> (String, Vec<u8>) {
    let own = env::current_exe().unwrap();
    let generator = own.parent().unwrap().parent().unwrap().join("examples/generate");
    let made = Command::new(&generator).args(options).arg("-").output();
    let made = made.unwrap_or_else(|error| panic!("{}: {error}", generator.display()));
    assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
    (name.to_owned(), made.stdout)
}

/// The head of a capture that every part of it needs, and its packets; `None` if it cannot be
/// cut by simple means.
fn records(bytes: &[u8]) -> Option<(&[u8], Vec<&[u8]>)> {
    let number = |at: usize, is_big: bool| {
        let bytes: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) } as usize)
    };
    let mut packets = Vec::new();
    let mut at;
    let head;
    match bytes.get(..4)? {
        magic @ ([0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] | [0xa1, 0xb2, ..]) => {
            let is_big = magic[0] == 0xa1;
            (at, head) = (24, &bytes[..24]);
            while at < bytes.len() {
                let end = at + 16 + number(at + 8, is_big)?;
                packets.push(bytes.get(at..end)?);
                at = end;
            }
        }
        [0x0a, 0x0d, 0x0d, 0x0a] => {
            let is_big = bytes.get(8)? == &0x1a;
            at = 0;
            let mut first = None;
            while at < bytes.len() {
                let end = at + number(at + 4, is_big)?;
                match number(at, is_big)? {
                    2 | 3 | 6 => {
                        first.get_or_insert(at);
                        packets.push(bytes.get(at..end)?);
                    }
                    // Behind packets, only what describes nothing of them.
                    1 | 0x0a0d_0d0a if first.is_some() => return None,
                    _ => {}
                }
                at = end;
            }
            head = &bytes[..first?];
        }
        _ => return None,
    }
    Some((head, packets))
}

/// A number that looks random.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap()
}

/// An output that the test can read after the writer is gone.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
