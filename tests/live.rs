//! Inputs that grow while they are read, inputs in several files, and runs that the user ends.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod weave;

use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use weave::{Dialog, Plan};

const PROGRAM: &str = env!("CARGO_BIN_EXE_smtp-audit");

const DIALOG: &str = "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 bye
";

/// Long enough that a loaded machine gets there; nothing waits for it in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// A capture of one session.
fn capture(port: u16) -> Vec<u8> {
    Plan::new(&Dialog::parse(DIALOG)).ports(port, 25).weave().file
}

fn run<const N: usize>(arguments: [&OsStr; N]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// The program on standard input, and the lines of its report as they come.
fn follow(arguments: &[&str]) -> (Child, Receiver<String>) {
    let mut command = Command::new(PROGRAM);
    command.args(["--format", "ndjson", "-"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let report = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in report.lines() {
            if sender.send(line.unwrap()).is_err() {
                break;
            }
        }
    });
    (child, lines)
}

#[test]
fn a_session_in_a_live_capture_is_reported_when_it_is_over() {
    for threads in ["1", "2"] {
        let (mut child, lines) = follow(&["--threads", threads]);
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(&capture(4001)).unwrap();
        let line = lines.recv_timeout(PATIENCE).expect("no session before the end");
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["id"], &line["end"]), (&1.into(), &"quit".into()));
        // Another session, without the head of the file.
        pipe.write_all(&capture(4002)[24..]).unwrap();
        let line = lines.recv_timeout(PATIENCE).expect("no second session before the end");
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["id"], &line["client"]["port"]), (&2.into(), &4002.into()));
        drop(pipe);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_what_was_read() {
    let (mut child, lines) = follow(&[]);
    let mut pipe = child.stdin.take().unwrap();
    let whole = capture(4001);
    pipe.write_all(&whole).unwrap();
    // This one is not over.
    let second = capture(4002);
    pipe.write_all(&second[24..second.len() / 2]).unwrap();
    lines.recv_timeout(PATIENCE).expect("no session before the end");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let second: Value = serde_json::from_str(&lines.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!((&second["id"], &second["end"]), (&2.into(), &"capture-end".into()));
    let last: Value = serde_json::from_str(&lines.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!((&last["type"], &last["summary"]["sessions"]), (&"summary".into(), &2.into()));
    assert_eq!(last["partial"], true);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("interrupted; the rest was not read"), "{said}");
}

#[test]
fn a_directory_is_the_captures_in_it_in_the_order_of_their_times() {
    let folder = TempDir::new().unwrap();
    let whole = capture(4001);
    let cut = 24 + record(&whole, 24) + record(&whole, 24 + record(&whole, 24));
    // The ring began again: the name that is first in the alphabet holds what came last.
    fs::write(folder.path().join("ring1.pcap"), [&whole[..24], &whole[cut..]].concat()).unwrap();
    fs::write(folder.path().join("ring2.pcap"), &whole[..cut]).unwrap();
    fs::write(folder.path().join("notes.txt"), "rotated every hour\n").unwrap();
    fs::write(folder.path().join(".hidden"), &whole).unwrap();
    fs::create_dir(folder.path().join("deeper")).unwrap();
    let output = run(["--format".as_ref(), "json".as_ref(), folder.path().as_os_str()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("notes.txt: skipped: neither a capture nor a transcript"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let inputs = report["inputs"].as_array().unwrap();
    let names: Vec<&str> = inputs.iter().map(|i| i["path"].as_str().unwrap()).collect();
    assert!(names[0].ends_with("ring2.pcap") && names[1].ends_with("ring1.pcap"), "{names:?}");
    assert_eq!((inputs.len(), &inputs[0]["sessions"]), (2, &1.into()));
    let sessions = report["sessions"].as_array().unwrap();
    assert_eq!((sessions.len(), &sessions[0]["end"]), (1, &"quit".into()));
    assert_eq!(sessions[0]["input"].as_str().unwrap(), names[0]);
    // A frame counts in its own file, which is named where it is another.
    let exchange = &sessions[0]["exchanges"][0];
    assert_eq!(exchange["input"].as_str().unwrap(), names[1]);
    let first_in_second = exchange["frame"].as_u64().unwrap();
    assert!((1..6).contains(&first_in_second), "{exchange}");
}

/// Bytes of the packet record at `at`.
fn record(capture: &[u8], at: usize) -> usize {
    16 + u32::from_le_bytes(capture[at + 8..at + 12].try_into().unwrap()) as usize
}
