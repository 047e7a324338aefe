//! Inputs of all kinds in one run: `smtp-audit a.pcap b.log c.txt`.

// One of the inputs is compressed.
#![cfg(feature = "gzip")]
// A test may panic: that is how it fails.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The inputs, in the order in which they are given, and how many sessions each has: a capture, a
/// log, what is no input, a transcript, a log that is compressed.
const INPUTS: &[(&str, usize)] =
    &[("a.pcap", 9), ("b.log", 1), ("no.txt", 0), ("c.txt", 1), ("d.log.gz", 1)];

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("a.pcap", &fs::read(testdata.join("captures/real-servers/pf-weird.pcap")).unwrap());
    put("b.log", &fs::read(testdata.join("dialects/exim.txt")).unwrap());
    put("no.txt", b"Nobody says a word of SMTP here.\n");
    put("c.txt", &fs::read(testdata.join("dialects/dialog.txt")).unwrap());
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&fs::read(testdata.join("dialects/swaks.txt")).unwrap()).unwrap();
    put("d.log.gz", &packed.finish().unwrap());
    folder
}

fn run(folder: &Path, threads: &str, format: &str, inputs: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-audit"));
    command.args(["--no-progress", "--threads", threads, "--format", format]).args(inputs);
    command.current_dir(folder).output().unwrap()
}

/// What each session in `lines` is called, and its input.
fn sessions<'a>(lines: impl IntoIterator<Item = &'a Value>) -> Vec<(u64, String)> {
    let sessions = lines.into_iter().filter(|one| one["type"] == "session");
    sessions
        .map(|one| (one["id"].as_u64().unwrap(), one["input"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn all_kinds_of_inputs_in_one_run() {
    let folder = folder();
    let names: Vec<&str> = INPUTS.iter().map(|&(name, _)| name).collect();
    let of_inputs = INPUTS.iter().flat_map(|&(name, times)| vec![name.to_owned(); times]);
    let expected: Vec<(u64, String)> = (1..).zip(of_inputs).collect();
    let mut reports = Vec::new();
    for threads in ["1", "2"] {
        let said = |format: &str| {
            let output = run(folder.path(), threads, format, &names);
            // What could not be read is said, in one line, and the rest is read all the same.
            assert_eq!(output.status.code(), Some(2), "{format}");
            let error = String::from_utf8(output.stderr).unwrap();
            let about: Vec<&str> = error.lines().filter(|line| line.contains("no.txt")).collect();
            assert_eq!(about.len(), 1, "{format}: {error}");
            assert!(about[0].contains("no.txt: text without an SMTP dialog; expected "), "{error}");
            String::from_utf8(output.stdout).unwrap()
        };
        let json: Value = serde_json::from_str(&said("json")).unwrap();
        assert_eq!(sessions(json["sessions"].as_array().unwrap()), expected);
        let told: Vec<_> = json["inputs"].as_array().unwrap().iter().map(input).collect();
        let kinds = [
            ("a.pcap", "pcap", "", ""),
            ("b.log", "transcript", "exim", "certain"),
            ("no.txt", "", "", ""),
            ("c.txt", "transcript", "c>s<", "certain"),
            ("d.log.gz", "transcript", "swaks", "certain"),
        ];
        assert_eq!(told, kinds);
        assert_eq!(json["inputs"][2]["problems"].as_array().unwrap().len(), 1);

        let ndjson = said("ndjson");
        let lines: Vec<Value> =
            ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut found = sessions(&lines);
        found.sort();
        assert_eq!(found, expected);
        assert_eq!(lines.last().unwrap()["type"], "summary");

        let table = said("table");
        for (name, _) in INPUTS {
            assert!(table.contains(name), "{name}: {table}");
        }
        assert!(table.contains("transcript (exim)") && table.contains("transcript (swaks)"));
        reports.push((json, table, said("transcript")));
    }
    assert_eq!(reports[0], reports[1], "as many threads as one likes");
}

/// Path, kind and dialect of an input, and how sure that is.
fn input(input: &Value) -> (&str, &str, &str, &str) {
    let text = |name: &str| input[name].as_str().unwrap_or_default();
    (text("path"), text("kind"), text("dialect"), text("dialect_confidence"))
}

#[test]
fn good_inputs_are_no_trouble() {
    let folder = folder();
    let output = run(folder.path(), "2", "json", &["c.txt", "d.log.gz", "a.pcap"]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let inputs: Vec<String> =
        sessions(json["sessions"].as_array().unwrap()).into_iter().map(|(_, one)| one).collect();
    assert_eq!(inputs, [&["c.txt", "d.log.gz"][..], &["a.pcap"; 9]].concat());
}

#[test]
fn how_sure_a_dialect_is_is_said() {
    let folder = folder();
    fs::write(folder.path().join("batch"), "EHLO a.example.org\nQUIT\n").unwrap();
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), "1", "json", arguments);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let (_, _, dialect, sure) = input(&json["inputs"][0]);
        (dialect.to_owned(), sure.to_owned())
    };
    assert_eq!(said(&["batch"]), ("script".into(), "likely".into()));
    assert_eq!(said(&["b.log", "--dialect", "exim"]), ("exim".into(), "given".into()));
    let table = run(folder.path(), "1", "table", &["b.log", "--dialect", "exim"]);
    assert!(String::from_utf8(table.stdout).unwrap().contains("transcript (exim, as asked)"));
}
