//! Captures cut anywhere and with a bit flipped anywhere: nothing panics, nothing hangs, and
//! what is read of a cut file is a part of what is read of the whole.
//!
//! `SMTP_AUDIT_DAMAGE=1000` tries so many places in each capture, instead of a few.

// A test may panic: that is how it fails. What it skips, it says.
// Test support is shared by test programs, none of which uses all of it.
#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

#[allow(dead_code)] // the weaver uses more of it
#[path = "weave/random.rs"]
mod random;

use random::Random;
use smtp_audit::fuzz;
use smtp_audit::limits::Limits;
use smtp_audit::pipeline::Facts;
use smtp_audit::report::Format;
use smtp_audit::trouble::Trouble;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{env, fs, thread};

#[test]
fn captures_kept_here() {
    damage_all("testdata/captures");
}

#[test]
fn captures_of_the_collection() {
    damage_all("../shared/captures");
}

/// A file that takes longer hangs: all of its damaged forms take some seconds.
const HANG: Duration = Duration::from_secs(60);

/// Bytes to read of each capture in all its damaged forms, unless told otherwise.
const BYTES: usize = 300_000;

fn damage_all(folder: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if !root.is_dir() {
        eprintln!("SKIPPED: {folder} is not here");
        return;
    }
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(!files.is_empty(), "no captures in {folder}");
    let places: Option<usize> = env::var("SMTP_AUDIT_DAMAGE").ok().map(|n| n.parse().unwrap());
    for file in files {
        let data = fs::read(&file).unwrap();
        let some = (BYTES / data.len().max(1)).clamp(1, 40);
        let (tell, told) = mpsc::channel();
        let name = file.display().to_string();
        let worker = thread::spawn(move || {
            damage(&data, places.unwrap_or(some));
            let _ = tell.send(());
        });
        // More places take more time; a hang takes more than any.
        match told.recv_timeout(HANG * u32::try_from(1 + places.unwrap_or(0) / 10).unwrap()) {
            Err(RecvTimeoutError::Timeout) => panic!("{name} hangs"),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
        }
        if let Err(panic) = worker.join() {
            eprintln!("in {name}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// Reads `data` cut at some places, then with some bits flipped.
fn damage(data: &[u8], places: usize) {
    let mut random = Random::new(2, data.len() as u64);
    let whole = read(data).expect("the whole file can be read");
    let ends = record_ends(data);
    let mut cuts: Vec<usize> = (0..places).map(|_| random.below(data.len())).collect();
    // Beside a record's end, where it matters.
    let near = |random: &mut Random| ends.get(random.below(ends.len())).copied().unwrap_or(0);
    cuts.extend((0..places / 4).flat_map(|_| [near(&mut random), near(&mut random) + 1]));
    cuts.sort_unstable();
    let (mut packets, mut sessions) = (0, 0);
    for cut in cuts.into_iter().filter(|&cut| cut < data.len()) {
        let Some(facts) = read(&data[..cut]) else { continue };
        assert!(facts.packets >= packets, "cut at {cut}: fewer packets than of a shorter file");
        assert!(facts.packets <= whole.packets, "cut at {cut}: more packets than of the whole");
        assert!(facts.sessions >= sessions, "cut at {cut}: fewer sessions than of a shorter file");
        assert!(facts.sessions <= whole.sessions, "cut at {cut}: more sessions than of the whole");
        (packets, sessions) = (facts.packets, facts.sessions);
        let says = [Trouble::CutFile, Trouble::BadCompression]
            .iter()
            .any(|&trouble| facts.troubles.times(trouble) > whole.troubles.times(trouble));
        let is_whole_record = ends.contains(&cut);
        let is_told = ends.last().is_none_or(|&last| cut > last) || says != is_whole_record;
        assert!(is_told, "cut at {cut}: {:?}", facts.troubles.lines());
    }
    let mut damaged = data.to_vec();
    for _ in 0..places {
        let (at, bit) = (random.below(data.len()), random.below(8));
        damaged[at] ^= 1 << bit;
        let _ = read(&damaged);
        damaged[at] ^= 1 << bit;
    }
}

/// What is read of a file, through the whole pipeline into a report; `None` if it is not
/// recognised any more.
fn read(data: &[u8]) -> Option<Facts> {
    let (facts, report) = fuzz::read(data, Format::Json, Limits::default());
    assert!(!report.is_empty(), "there is always a report");
    facts.error.is_none().then_some(facts)
}

/// Where the records of a capture end, as far as they make sense; nothing of a compressed one.
fn record_ends(data: &[u8]) -> Vec<usize> {
    let number = |at: usize, is_big: bool| -> Option<usize> {
        let bytes: [u8; 4] = data.get(at..at + 4)?.try_into().ok()?;
        let number = if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        usize::try_from(number).ok()
    };
    let (mut at, header, length, is_big) = match data.first_chunk::<4>() {
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => (0, 0, 4, data.get(8) == Some(&0x1a)),
        Some([0xd4 | 0x4d, _, _, 0xa1]) => (24, 16, 8, false),
        Some([0xa1, _, _, _]) => (24, 16, 8, true),
        _ => return Vec::new(),
    };
    let mut ends = vec![at];
    while let Some(len) = number(at + length, is_big).filter(|len| header + len > 0) {
        at += header + len;
        if at > data.len() {
            break;
        }
        ends.push(at);
    }
    ends
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_capture =
            path.extension().is_some_and(|e| e == "pcap" || e == "pcapng" || e == "gz");
        if path.is_dir() {
            collect(&path, files);
        } else if is_capture {
            files.push(path);
        }
    }
    files.sort();
}
