//! What is true of captures that others made, and whether the program says so.
//!
//! Each file of `tests/truth` holds what one capture contains (its form: `tests/truth/README.md`).
//! The captures are taken from `../shared/captures`, or from `testdata/captures` where that is
//! missing. The JSON report is turned into the same lines as the expectation, so that a
//! difference reads like a diff.

// A test may panic: that is how it fails.
#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::unwrap_used
)]

use serde_json::Value;
use std::collections::VecDeque;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn every_capture_reads_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = fs::read_dir(root.join("tests/truth"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    let (mut wrong, mut compared) = (String::new(), 0);
    for file in &files {
        let truth = Truth::read(file);
        let Some(capture) = find(root, &truth.capture) else {
            eprintln!("SKIPPED: {} is not here", truth.capture);
            continue;
        };
        let differences = truth.compare(&capture);
        if !differences.is_empty() {
            wrong += &format!("{}\n", truth.capture);
            for difference in differences {
                wrong += &format!("  {difference}\n");
            }
        }
        compared += 1;
    }
    assert!(compared >= 12, "only {compared} captures found");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The capture named `folder/file`: the collection, else the few that are kept here.
fn find(root: &Path, name: &str) -> Option<PathBuf> {
    ["../shared/captures", "testdata/captures"]
        .iter()
        .map(|folder| root.join(folder).join(name))
        .find(|path| path.is_file())
}

/// One expectation file.
struct Truth {
    capture: String,
    args: Vec<String>,
    totals: Vec<(String, usize)>,
    secrets: Vec<String>,
    sessions: Vec<Expected>,
}

/// What is expected of one session.
#[derive(Default)]
struct Expected {
    head: String,
    /// Whether the exchanges are only some of those there are, and messages are left open.
    partial: bool,
    exchanges: Vec<String>,
    messages: Vec<String>,
    facts: Vec<String>,
}

impl Truth {
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let mut truth = Self {
            capture: String::new(),
            args: Vec::new(),
            totals: Vec::new(),
            secrets: Vec::new(),
            sessions: Vec::new(),
        };
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix("capture: ") {
                truth.capture = name.into();
            } else if let Some(other) = line.strip_prefix("same: ") {
                let capture = truth.capture;
                truth = Self { capture, ..Self::read(&file.with_file_name(other)) };
            } else if let Some(args) = line.strip_prefix("args: ") {
                truth.args = args.split_whitespace().map(String::from).collect();
            } else if let Some(totals) = line.strip_prefix("total ") {
                let words: Vec<&str> = totals.split_whitespace().collect();
                truth.totals = words
                    .chunks(2)
                    .map(|pair| (pair[0].into(), pair[1].parse().unwrap()))
                    .collect();
            } else if let Some(secret) = line.strip_prefix("secret ") {
                truth.secrets.push(secret.trim_matches('"').into());
            } else if line.starts_with("session ") {
                truth.sessions.push(Expected { head: line.into(), ..Expected::default() });
            } else {
                truth.sessions.last_mut().expect("a session line first").add(line);
            }
        }
        truth
    }

    /// Runs the program on the capture and gives what differs.
    fn compare(&self, capture: &Path) -> Vec<String> {
        let output = Command::new(env!("CARGO_BIN_EXE_smtp-audit"))
            .args(["--format", "json"])
            .args(&self.args)
            .arg(capture)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let report: Value = match serde_json::from_str(&text) {
            Ok(report) => report,
            Err(error) => {
                let said = String::from_utf8_lossy(&output.stderr);
                return vec![format!("no JSON report ({error}), {}: {said}", output.status)];
            }
        };
        let mut found = Vec::new();
        for secret in self.secrets.iter().filter(|secret| text.contains(secret.as_str())) {
            found.push(format!("the report tells the secret {secret}"));
        }
        let sessions = list(&report, "sessions");
        for (what, expected) in &self.totals {
            let got = match what.as_str() {
                "sessions" => sessions.len(),
                name => sessions.iter().map(|session| list(session, name).len()).sum(),
            };
            if got != *expected {
                found.push(format!("expected {expected} {what}, got {got}"));
            }
        }
        for expected in &self.sessions {
            let number: usize = tokens(&expected.head)[1].parse().unwrap();
            match sessions.get(number - 1) {
                Some(session) => expected.compare(&Got::new(session), &mut found),
                None => found.push(format!("- {}", expected.head)),
            }
        }
        found
    }
}

impl Expected {
    fn add(&mut self, line: &str) {
        let (_, bare) = optional(line);
        if line == "partial" {
            self.partial = true;
        } else if bare.contains(" -> ") {
            self.exchanges.push(line.into());
        } else if bare.starts_with("message ") {
            self.messages.push(line.into());
        } else {
            self.facts.push(line.into());
        }
    }

    fn compare(&self, got: &Got, found: &mut Vec<String>) {
        let mut here = Vec::new();
        sequence(iter::once(&self.head), iter::once(&got.head), false, &mut here);
        sequence(self.exchanges.iter(), got.exchanges.iter(), self.partial, &mut here);
        if !self.partial || !self.messages.is_empty() {
            sequence(self.messages.iter(), got.messages.iter(), false, &mut here);
        }
        let mut facts = Vec::new();
        set(self.facts.iter(), got.facts.iter(), &mut facts);
        // Where only some exchanges are known, so are the replies that have none.
        let counts =
            |line: &String| !self.partial || line.starts_with('-') || line.starts_with("+ gap");
        here.extend(facts.into_iter().filter(counts));
        if !here.is_empty() {
            found.push(format!("in {}", self.head));
            found.extend(here.into_iter().map(|line| format!("  {line}")));
        }
    }
}

/// The lines that a session of the report comes to.
struct Got {
    head: String,
    exchanges: Vec<String>,
    messages: Vec<String>,
    facts: Vec<String>,
}

impl Got {
    fn new(session: &Value) -> Self {
        let head = format!(
            "session {} client {} server {} frame {} end {}",
            session["id"],
            address(&session["client"]),
            address(&session["server"]),
            or(&session["frame"], "?"),
            word(&session["end"]),
        );
        let mut facts = Vec::new();
        if !session["greeting"].is_null() {
            let frame = or(&session["greeting"]["frame"], "?");
            facts.push(format!("greeting {} frame {frame}", session["greeting"]["code"]));
        }
        for reply in list(session, "unsolicited_replies") {
            facts.push(format!("unsolicited {} frame {}", reply["code"], or(&reply["frame"], "?")));
        }
        let tls = &session["tls"];
        if !tls.is_null() {
            facts.push(format!("tls {} frame {}", word(&tls["how"]), or(&tls["at_frame"], "-")));
        }
        let auth = &session["auth"];
        if !auth.is_null() {
            facts.push(format!("auth {} {}", word(&auth["mechanism"]), word(&auth["outcome"])));
        }
        for side in ["client", "server"] {
            let missing = &session["transport"]["missing_bytes"][side];
            if missing.as_u64().is_some_and(|bytes| bytes > 0) {
                facts.push(format!("gap {side} {missing}"));
            }
        }
        Self {
            head,
            exchanges: list(session, "exchanges").iter().map(exchange).collect(),
            messages: list(session, "messages").iter().map(message).collect(),
            facts,
        }
    }
}

fn exchange(it: &Value) -> String {
    let verb = word(&it["verb"]);
    let command = match verb.as_str() {
        "." => verb,
        "" => format!("\"\" {}", quoted(&it["line"])),
        _ => format!("{verb} {}", quoted(&it["line"])),
    };
    let reply = &it["reply"];
    let answer = if reply.is_null() {
        "none".into()
    } else {
        format!("{} frame {}", reply["code"], or(&reply["frame"], "-"))
    };
    let pipelined = if it["pipelined"] == true { " pipelined" } else { "" };
    format!("{command} frame {} -> {answer}{pipelined}", or(&it["frame"], "-"))
}

fn message(it: &Value) -> String {
    let mut line = format!("message from {}", quoted(&it["from"]));
    for recipient in list(it, "recipients") {
        let code = or(&recipient["code"], "-");
        line += &format!(" rcpt {} {code}", quoted(&recipient["address"]));
    }
    line + &format!(
        " transfer {} size {} outcome {} code {} complete {}",
        or(&it["transfer"], "-"),
        or(&it["size"], "-"),
        word(&it["outcome"]),
        or(&it["code"], "-"),
        it["complete"],
    )
}

/// Compares in order; with `partial`, `got` may hold more.
fn sequence<'a>(
    expected: impl Iterator<Item = &'a String>,
    got: impl Iterator<Item = &'a String>,
    partial: bool,
    found: &mut Vec<String>,
) {
    let mut got: VecDeque<&String> = got.collect();
    for line in expected {
        let (maybe, line) = optional(line);
        let reach = if maybe && !partial { 1 } else { got.len() };
        match got.iter().take(reach).position(|other| matches(line, other)) {
            Some(at) => {
                let passed = got.drain(..=at).take(at);
                found.extend(passed.filter(|_| !partial).map(|other| format!("+ {other}")));
            }
            None if maybe => {}
            None => found.push(format!("- {line}")),
        }
    }
    if !partial {
        found.extend(got.into_iter().map(|other| format!("+ {other}")));
    }
}

/// Compares in any order.
fn set<'a>(
    expected: impl Iterator<Item = &'a String>,
    got: impl Iterator<Item = &'a String>,
    found: &mut Vec<String>,
) {
    let mut got: Vec<&String> = got.collect();
    for line in expected {
        let (maybe, line) = line.strip_prefix("maybe ").map_or((false, &**line), |l| (true, l));
        match got.iter().position(|other| matches(line, other)) {
            Some(at) => drop(got.remove(at)),
            None if maybe => {}
            None => found.push(format!("- {line}")),
        }
    }
    found.extend(got.into_iter().map(|other| format!("+ {other}")));
}

/// Whether a line may be absent, and the line.
fn optional(line: &str) -> (bool, &str) {
    line.strip_prefix("maybe ").map_or((false, line), |line| (true, line))
}

/// Whether the line `got` is what `expected` allows.
fn matches(expected: &str, got: &str) -> bool {
    let (mut expected, got) = (tokens(expected), tokens(got));
    if expected.last() == Some(&"pipelined?") {
        expected.pop();
        if got.last() == Some(&"pipelined") {
            expected.push("pipelined");
        }
    }
    expected.len() == got.len() && expected.iter().zip(&got).all(|(e, g)| token_matches(e, g))
}

fn token_matches(expected: &str, got: &str) -> bool {
    if expected.starts_with('"') {
        return expected
            .strip_suffix("…\"")
            .map_or(expected == got, |start| got.starts_with(start));
    }
    expected == "?" || got == "?" || expected.split('|').any(|one| one == got)
}

/// The words of a line; a quoted string is one word.
fn tokens(line: &str) -> Vec<&str> {
    let (mut out, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() {
        let end = if rest.starts_with('"') {
            let mut escaped = false;
            rest.char_indices()
                .skip(1)
                .find(|&(_, c)| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                })
                .map_or(rest.len(), |(at, _)| at + 1)
        } else {
            rest.find(' ').unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(end);
        out.push(token);
        rest = after.trim_start();
    }
    out
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

fn or(value: &Value, absent: &str) -> String {
    if value.is_null() { absent.into() } else { word(value) }
}

fn quoted(value: &Value) -> String {
    value.as_str().map_or("-".into(), |text| format!("\"{}\"", text.replace('"', "\\\"")))
}

fn address(end: &Value) -> String {
    let addr = word(&end["addr"]);
    if addr.contains(':') {
        format!("[{addr}]:{}", end["port"])
    } else {
        format!("{addr}:{}", end["port"])
    }
}

#[test]
fn expectations_are_compared_word_by_word() {
    let got = r#"MAIL "MAIL FROM:<a@b> \"x\"" frame 7 -> 250 frame 9"#;
    assert!(matches(got, got));
    assert!(matches(r#"MAIL "MAIL FROM:…" frame 7|8 -> ? frame 9 pipelined?"#, got));
    assert!(!matches(r#"MAIL "MAIL FROM:…" frame 7|8 -> ? frame 9 pipelined"#, got));
    assert!(!matches(r#"MAIL "MAIL TO:…" frame 7 -> 250 frame 9"#, got));
    let lines = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    let differ = |expected: &str, got: &str, partial| {
        let mut found = Vec::new();
        sequence(lines(expected).iter(), lines(got).iter(), partial, &mut found);
        found
    };
    assert_eq!(differ("a\nmaybe b\nc", "a\nc", false), [""; 0]);
    assert_eq!(differ("a\nc", "a\nb\nc", true), [""; 0]);
    assert_eq!(differ("a\nb\nc", "a\nc", false), ["- b"]);
    assert_eq!(differ("a\nc", "a\nx\nc", false), ["+ x"]);
    assert_eq!(differ("a\nb\nc", "a\nx\nc", false), ["- b", "+ x"]);
    assert_eq!(differ("a\nb", "b\na", true), ["- b"]);
}
