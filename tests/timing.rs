//! Times: of dialogs woven with known pauses, and of captures as `tshark` gives them.

// A test may panic: that is how it fails. What it skips, it says.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod weave;

use proptest::prelude::*;
use serde_json::Value;
use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::time::Lapse;
use smtp_audit::timing::{self, Phase};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use weave::{Close, Dialog, Plan, Side};

/// Every write is answered, so that the one at an odd place is a command, or content with its end.
const DIALOG: &str = "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 1000000
c> MAIL FROM:<a@example.org> SIZE=10
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> text
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
";

/// The phases of the commands above.
const PHASES: [Phase; 6] =
    [Phase::Ehlo, Phase::Envelope, Phase::Envelope, Phase::Envelope, Phase::Data, Phase::Quit];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..<_>::default() })]

    /// A packet comes every `step`: three of the handshake, then for each write one and its
    /// acknowledgment, after the pause of that write.
    #[test]
    fn times_are_those_of_the_packets(
        pauses in proptest::collection::vec(0_i64..1 << 36, 14),
        step in 1_i64..50_000_000,
        is_exact in any::<bool>(),
    ) {
        let whole = |nanos: i64| if is_exact { nanos } else { nanos / 1000 * 1000 + 1000 };
        let step = whole(step);
        let pauses: Vec<i64> = pauses.into_iter().map(whole).collect();
        let mut dialog = Dialog::parse(DIALOG);
        for (turn, pause) in dialog.turns.iter_mut().zip(&pauses) {
            turn.pause = *pause;
        }
        dialog.pause = pauses[13];
        let plan = Plan::new(&dialog).step(step).close(Close::Fin(Side::Server));
        let plan = if is_exact { plan.pcap_nanos() } else { plan };
        let source = Source::bytes("example", plan.weave().file);
        let (sessions, _) = collect(&Options::default(), vec![source]);
        let session = &sessions[0].session;
        let timings = timing::of(session);
        let lapse = |nanos: i64| Some(Lapse::from_nanos(nanos));
        prop_assert_eq!(timings.round_trip.server, lapse(step));
        prop_assert_eq!(timings.round_trip.client, lapse(step));
        prop_assert_eq!(session.timing.greeting, lapse(step + pauses[0]));
        let mut phases: BTreeMap<&str, i64> = BTreeMap::new();
        let mut spend = |phase: Phase, nanos| *phases.entry(phase.name()).or_default() += nanos;
        spend(Phase::Connect, 2 * step);
        spend(Phase::Greeting, step + pauses[0]);
        prop_assert_eq!(session.exchanges.len(), PHASES.len());
        for (at, (exchange, times)) in session.exchanges.iter().zip(&timings.exchanges).enumerate() {
            // Think time, and the server's.
            let [before, after] = [pauses[2 * at + 1], pauses[2 * at + 2]];
            prop_assert_eq!(exchange.latency(), lapse(2 * step + after));
            prop_assert_eq!(times.client, lapse(step + before));
            prop_assert_eq!(times.server, lapse(step + after));
            prop_assert_eq!(times.network, lapse(2 * step));
            spend(PHASES[at], 2 * step + before);
            let waits = if PHASES[at] == Phase::Data { Phase::Final } else { PHASES[at] };
            spend(waits, 2 * step + after);
        }
        let data = timing::transfer(session, 0, &session.messages[0]);
        prop_assert_eq!(data, lapse(2 * step + pauses[9]));
        // The acknowledgment of the last reply, then FIN and its own, twice.
        spend(Phase::Quit, 5 * step + pauses[13]);
        let ours: BTreeMap<&str, i64> =
            timings.phases.iter().map(|(phase, time)| (phase.name(), time.nanos())).collect();
        prop_assert_eq!(&ours, &phases);
        prop_assert_eq!(session.duration(), lapse(phases.values().sum()));
        let is_long = |nanos: i64| nanos >= 1_000_000_000;
        let expected = pauses[..13].iter().enumerate().filter(|&(at, &pause)| {
            // Of the greeting the whole wait is known; content is no wait.
            is_long(pause + step) && at != 9
        });
        prop_assert_eq!(timings.stalls.len(), expected.count());
    }
}

/// The captures below `folder`.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(captures(&path));
        } else if path.extension().is_some_and(|end| end == "pcap" || end == "pcapng") {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// The times of all frames in nanoseconds, as tshark gives them.
fn times(file: &Path) -> BTreeMap<u64, i128> {
    let fields = ["-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch"];
    let said = Command::new("tshark").arg("-n").arg("-r").arg(file).args(fields).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let nanos = |time: &str| {
        let (seconds, rest) = time.split_once('.')?;
        let fraction: i128 = format!("{rest:0<9}").parse().ok()?;
        Some(seconds.parse::<i128>().ok()? * 1_000_000_000 + fraction)
    };
    let line = |line: &str| {
        let (number, time) = line.split_once('\t')?;
        Some((number.parse().ok()?, nanos(time)?))
    };
    text.lines().filter_map(line).collect()
}

#[test]
fn tshark_gives_the_same_times() {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("SKIPPED: tshark is not installed; times were not compared with it");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["../shared/captures", "testdata/captures"].map(|folder| root.join(folder));
    let (mut compared, mut wrong) = (0, Vec::new());
    for file in folders.iter().flat_map(|folder| captures(folder)) {
        let ours = Command::new(env!("CARGO_BIN_EXE_smtp-audit"))
            .args(["--quiet", "--format", "ndjson"])
            .arg(&file)
            .output()
            .unwrap();
        let text = String::from_utf8(ours.stdout).unwrap();
        let sessions = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let sessions: Vec<Value> = sessions.filter(|one| one["type"] == "session").collect();
        let has_any = sessions.iter().any(|one| !one["exchanges"].as_array().unwrap().is_empty());
        if !has_any {
            continue;
        }
        let times = times(&file);
        for exchange in sessions.iter().flat_map(|one| one["exchanges"].as_array().unwrap()) {
            let at = |one: &Value| times.get(&one["frame"].as_u64()?).copied();
            let Some(latency) = exchange["latency_us"].as_i64() else { continue };
            let Some((asked, begun)) = at(exchange).zip(at(&exchange["reply"])) else { continue };
            compared += 1;
            if i128::from(latency) != (begun - asked).div_euclid(1000) {
                wrong.push(format!("{}: {exchange}", file.display()));
            }
        }
    }
    eprintln!("compared: {compared} exchanges");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(compared > 10, "hardly any exchange: {compared}");
}
