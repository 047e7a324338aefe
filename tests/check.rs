//! `--check`, and the forms of a report that other programs read.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use serde_json::Value;
use smtp_audit::rules::{Check, Rule, all};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// With a warning.
const TOOLSACK: &str = "testdata/transcripts/toolsack.txt";

/// With errors.
const INVALID: &str = "testdata/captures/zeek/smtp-mail-transactions-invalid.pcap";

/// Without a fault.
const DIALOG: &str = "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c>
c> x
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 bye
# end server-closed
";

#[test]
fn the_exit_status_tells_what_was_found() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("fine"), DIALOG).unwrap();
    let fine = folder.path().join("fine");
    let fine = fine.to_str().unwrap();
    for (arguments, status) in [
        (&["--check", INVALID][..], 1),
        (&["--check", "--fail-on", "error", INVALID], 1),
        (&["--check", "--fail-on", "note", INVALID], 1),
        (&["--check", "--fail-on", "never", INVALID], 0),
        (&["--check", "--format", "json", INVALID], 1),
        (&["--check", "--format", "ndjson", INVALID], 1),
        (&["--check", "--format", "table", INVALID], 1),
        (&["--check", "--format", "transcript", INVALID], 1),
        (&["--check", "--format", "sarif", INVALID], 1),
        (&["--fail-on", "note", INVALID], 0),
        // What a transcript cannot show is a note.
        (&["--check", "--fail-on", "note", fine], 1),
        (&["--check", "--fail-on", "note", "--ignore", "transcript-*,enhanced-*", fine], 0),
        // What could not be read may hold more.
        (&["--check", INVALID, "missing"], 2),
        (&["--check", fine, "missing"], 2),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", out(&output));
        if arguments.contains(&"--check") && !arguments.contains(&"--format") {
            let last = out(&output).lines().last().unwrap().to_owned();
            assert!(last.starts_with(&format!("exit status {status}: ")), "{last}");
        }
    }
}

#[test]
fn the_readme_shows_what_is_shown() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown = out(&run(["--check", TOOLSACK]));
    let blank = shown.split("\n\n").find(|block| block.contains("path-space-after-colon"));
    let first = blank.unwrap();
    assert!(readme.contains(&format!("```text\n{first}\n```\n")), "not in README.md:\n{first}");
}

/// Exchange has an AUTH of its own: what follows it is secret, too.
#[test]
fn secrets_behind_x_exps_are_not_shown() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("dialog");
    let dialog = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\n\
        s< 250-mx.example.net\ns< 250 X-EXPS LOGIN\nc> X-EXPS LOGIN\n\
        s< 334 VXNlcm5hbWU6\nc> c2VjcmV0bmFtZQ==\ns< 334 UGFzc3dvcmQ6\n\
        c> c2VjcmV0d29yZA==\ns< 235 ok\nc> QUIT\ns< 221 bye\n";
    fs::write(&path, dialog).unwrap();
    let path = path.to_str().unwrap();
    for format in ["json", "ndjson", "table", "transcript", "csv", "markdown", "sarif", "junit"] {
        let shown = out(&run(["--format", format, path]));
        assert!(!shown.contains("c2VjcmV0"), "{format}: {shown}");
    }
}

#[test]
fn json_is_the_same_with_and_without_check() {
    for format in ["json", "ndjson", "transcript", "table"] {
        let plain = run(["--format", format, TOOLSACK, INVALID]);
        let check = run(["--check", "--format", format, TOOLSACK, INVALID]);
        assert_eq!(out(&plain), out(&check), "{format}");
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    for (arguments, variable, is_painted) in [
        (&["--check", TOOLSACK][..], None, false),
        (&["--check", "--color", "always", TOOLSACK], None, true),
        (&["--check", "--color", "always", TOOLSACK], Some("1"), true),
        (&["--check", "--color", "never", TOOLSACK], None, false),
        (&["--check", "--color", "always", "--format", "junit", TOOLSACK], None, false),
    ] {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(root()).env_remove("NO_COLOR");
        let output = command.envs(variable.map(|value| ("NO_COLOR", value))).output().unwrap();
        assert_eq!(out(&output).contains('\x1b'), is_painted, "{arguments:?} {variable:?}");
    }
}

#[test]
fn what_stands_around_a_finding_shows_no_secrets() {
    let dialog = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\n\
                  s< 250-mx.example.net\ns< 250 AUTH PLAIN\nc> AUTH PLAIN AHVzZXIAcGFzcw==\n\
                  s< 235 ok\nc> MAIL FROM: <a@example.org>\ns< 250 ok\n";
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("dialog"), dialog).unwrap();
    for format in [None, Some("csv"), Some("markdown"), Some("sarif"), Some("junit")] {
        let format = format.map(|name| ["--format", name]);
        let arguments = format.into_iter().flatten().chain(["--check", "dialog"]);
        let text = out(&run_in(folder.path(), arguments));
        assert!(text.contains("path-space-after-colon"), "{text}");
        assert!(!text.contains("AHVzZXIAcGFzcw"), "{text}");
    }
}

#[test]
fn sarif_is_valid_on_all_test_data() {
    let schema = fs::read_to_string(root().join("tests/schema/sarif-2.1.0.json")).unwrap();
    // A pattern in it, of something that we do not write, is no regular expression.
    let schema = schema.replace("|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "(-[a-zA-Z]{2})?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let output = run([
        "--format",
        "sarif",
        "testdata/captures/zeek",
        "testdata/transcripts",
        "missing",
        INVALID,
    ]);
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&log)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");

    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["exitCode"], 2);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    let artifacts = run["artifacts"].as_array().unwrap();
    assert!(results.len() > 3, "only {} results", results.len());
    let mut marks = BTreeSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let mark = result["partialFingerprints"]["smtpAudit/v1"].as_str().unwrap();
        assert!(marks.insert(mark), "{mark} is there twice");
        let artifact = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert!(artifacts.iter().any(|one| one["location"]["uri"] == artifact["uri"]));
        let is_it = |rule: &&&Rule| result["ruleId"] == rule.id;
        let rule = all().iter().find(is_it).unwrap();
        let is_about_input = matches!(rule.check, Check::Input(_));
        assert!(is_about_input || result["properties"]["session"].is_u64(), "{result}");
    }
}

#[test]
fn fingerprints_survive_small_edits() {
    let folder = TempDir::new().unwrap();
    let marks = |text: &str| -> Vec<String> {
        fs::write(folder.path().join("dialog"), text).unwrap();
        let output = run_in(folder.path(), ["--format", "sarif", "dialog"]);
        let log: Value = serde_json::from_slice(&output.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        let mut marks: Vec<String> = results
            .iter()
            .filter(|result| result["ruleId"] == "path-space-after-colon")
            .map(|result| result["partialFingerprints"]["smtpAudit/v1"].as_str().unwrap().into())
            .collect();
        marks.sort();
        marks
    };
    let text = DIALOG.replace("FROM:", "FROM: ").replace("> queued", "> queued as 4WqX7k2zB9z1");
    let before = marks(&text);
    assert_eq!(before.len(), 1);
    assert_eq!(marks(&format!("# a remark\n\n{DIALOG}\n{text}")), before);
    let twice = marks(&format!("{text}\n{text}"));
    assert_eq!((twice.len(), &twice[0]), (2, &before[0]));
    assert_ne!(marks(&text.replace("a@example.org", "other@example.org")), before);
}

#[test]
fn junit_is_well_formed_and_counts_right() {
    let output = run([
        "--check",
        "--format",
        "junit",
        "testdata/captures/arkime",
        "missing",
        TOOLSACK,
        INVALID,
    ]);
    let text = out(&output);
    let document = roxmltree::Document::parse(&text).unwrap();
    let top = document.root_element();
    let number = |node: &roxmltree::Node<'_, '_>, name| -> usize {
        node.attribute(name).unwrap().parse().unwrap()
    };
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for suite in top.children().filter(roxmltree::Node::is_element) {
        let count = |tag| suite.descendants().filter(|node| node.has_tag_name(tag)).count();
        for (tag, name) in [("testcase", "tests"), ("failure", "failures"), ("error", "errors")] {
            assert_eq!(count(tag), number(&suite, name), "{name} of {:?}", suite.attribute("name"));
        }
        for case in suite.children().filter(|node| node.has_tag_name("testcase")) {
            assert_eq!(case.attribute("classname"), suite.attribute("name"));
        }
        tests += count("testcase");
        failures += count("failure");
        errors += count("error");
    }
    assert_eq!(number(&top, "tests"), tests);
    assert_eq!(number(&top, "failures"), failures);
    assert_eq!((number(&top, "errors"), errors), (1, 1));
    assert!(failures > 0 && tests > failures);
}

#[test]
fn rows_have_as_many_cells_as_the_header() {
    for check in [true, false] {
        let arguments =
            ["--format", "csv", "testdata/transcripts", "testdata/captures/zeek", TOOLSACK];
        let output =
            if check { run([&["--check"][..], &arguments].concat()) } else { run(arguments) };
        let rows = rows(&out(&output));
        assert!(rows.len() > 4, "{} rows", rows.len());
        for row in &rows {
            assert_eq!(row.len(), rows[0].len(), "{row:?}");
            assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{row:?}");
        }
    }
}

/// The cells of a CSV text as RFC 4180 §2 has them.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if !is_quoted && cell.is_empty() => is_quoted = true,
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if is_quoted => is_quoted = false,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {
                assert_eq!(letters.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            letter => cell.push(letter),
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !is_quoted, "the last row has no end");
    rows
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_smtp-audit");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program at the root of the package.
fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    run_in(&root(), arguments)
}

fn run_in(folder: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
