//! The fuzz targets' bodies over their seeds, over damaged seeds and over random bytes: what a
//! fuzzer once found must not come back, without a fuzzer.
//!
//! Whatever a fuzzer finds becomes a file in `fuzz/seeds`, and so a test.

// A test may panic: that is how it fails.
// Test support is shared by test programs, none of which uses all of it.
#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

#[allow(dead_code)] // the weaver uses more of it
#[path = "weave/random.rs"]
mod random;

use proptest::prelude::*;
use random::Random;
use smtp_audit::fuzz;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[test]
fn capture() {
    run(fuzz::capture, &["fuzz/seeds/capture", "testdata/captures"]);
}

#[test]
fn frame() {
    run(fuzz::frame, &["fuzz/seeds/frame"]);
}

#[test]
fn segments() {
    run(fuzz::segments, &["fuzz/seeds/segments"]);
}

#[test]
fn transcript() {
    run(fuzz::transcript, &["fuzz/seeds/transcript", "testdata/transcripts"]);
}

#[test]
fn logs() {
    run(fuzz::logs, &["fuzz/seeds/logs", "fuzz/seeds/transcript", "testdata/dialects"]);
}

#[test]
fn dialog() {
    run(fuzz::dialog, &["fuzz/seeds/dialog"]);
}

#[test]
fn tls() {
    run(fuzz::tls, &["fuzz/seeds/tls"]);
}

#[test]
fn grammar() {
    run(fuzz::grammar, &["fuzz/seeds/grammar", "fuzz/seeds/transcript"]);
}

#[test]
fn whole() {
    let seeds = ["fuzz/seeds/whole", "fuzz/seeds/capture", "fuzz/seeds/transcript"];
    run(fuzz::whole, &[&seeds[..], &["testdata/captures", "testdata/transcripts"]].concat());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes(data in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz::logs(&data);
        let bodies = [fuzz::capture, fuzz::frame, fuzz::segments, fuzz::transcript, fuzz::dialog];
        for body in bodies.into_iter().chain([fuzz::grammar as fn(&[u8]), fuzz::tls]) {
            body(&data);
        }
        fuzz::whole(&data);
    }
}

/// How long a target's damaged seeds may take, in a debug build; every seed itself runs in any
/// case.
const BUDGET: Duration = Duration::from_secs(3);

/// Runs `body` over the seeds in `folders`, then over damaged ones, a round of damage after the
/// other until the time is up.
fn run(body: fn(&[u8]), folders: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    assert!(!files.is_empty(), "no seeds in {folders:?}");
    let mut seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    for (seed, file) in seeds.iter().zip(&files) {
        named(body, seed, &|| file.display().to_string());
    }
    // Small ones first: they get the most rounds.
    seeds.retain(|seed| !seed.is_empty() && seed.len() < 20_000);
    let begun = Instant::now();
    let mut random = Random::new(1, 0);
    for round in 0_u32..64 {
        for seed in &seeds {
            if begun.elapsed() > BUDGET {
                return;
            }
            let at = random.below(seed.len());
            named(body, &seed[..at], &|| format!("round {round}: cut at {at}"));
            let mut damaged = seed.clone();
            let bit = random.below(8);
            damaged[at] ^= 1 << bit;
            named(body, &damaged, &|| format!("round {round}: bit {bit} of byte {at} flipped"));
        }
    }
}

/// Runs `body`, and says over what if it panics.
fn named(body: fn(&[u8]), data: &[u8], name: &dyn Fn() -> String) {
    if let Err(panic) = std::panic::catch_unwind(|| body(data)) {
        let name = name();
        let shown = data[..data.len().min(2000)].escape_ascii();
        // The panic's own message stands above.
        std::panic::resume_unwind(Box::new(format!("{panic:?} in {name}: {shown}")));
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
