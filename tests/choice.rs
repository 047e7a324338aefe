//! Which findings are wanted: options, smtp-audit.toml, baselines; and what the program says of
//! its rules.

// A test may panic: that is how it fails.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use expect_test::expect_file;
use serde_json::Value;
use smtp_audit::report::catalogue;
use smtp_audit::rules;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Two faults: a blank behind the colon, DATA without RCPT.
const FAULTY: &str = "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM: <a@example.org>
s< 250 ok
c> DATA
s< 503 no recipients
c> QUIT
s< 221 bye
";

const BLANK: &str = "path-space-after-colon";
const EARLY: &str = "data-before-rcpt";

/// A folder with [`FAULTY`] in `a.txt`.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.txt"), FAULTY).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smtp-audit"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The ids of what is found in `a.txt`, of [`BLANK`] and [`EARLY`], and standard error.
fn found(folder: &Path, arguments: &[&str]) -> (Vec<String>, String) {
    let arguments = [&["--format", "json", "a.txt"], arguments].concat();
    let output = run(folder, &arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["sessions"][0]["findings"].as_array().unwrap();
    let ids = findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned());
    (ids.filter(|id| id == BLANK || id == EARLY).collect(), said)
}

fn failure(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "one line: {said}");
    said
}

#[test]
fn rules_are_selected_and_ignored_by_id_category_and_glob() {
    let folder = folder();
    let found = |arguments: &[&str]| found(folder.path(), arguments).0;
    assert_eq!(found(&[]), [BLANK, EARLY]);
    assert_eq!(found(&["--select", "command"]), [BLANK]);
    assert_eq!(found(&["--select", "path-*,data-before-rcpt"]), [BLANK, EARLY]);
    assert_eq!(found(&["--ignore", "sequence"]), [BLANK]);
    assert_eq!(found(&["--select", "sequence", "--ignore", "data-*"]), [""; 0]);
}

#[test]
fn an_ignore_that_matched_nothing_is_said() {
    let folder = folder();
    let (ids, said) = found(folder.path(), &["--ignore", "path-space-after-colon,rcpt-null-path"]);
    assert_eq!(ids, [EARLY]);
    assert!(said.contains("--ignore rcpt-null-path matched nothing"), "{said}");
    assert!(said.contains("1 finding(s) ignored"), "{said}");
    assert!(!said.contains("--ignore path-space-after-colon"), "{said}");
}

#[test]
fn names_that_are_no_rules_are_errors_with_a_guess() {
    let folder = folder();
    for option in ["--select", "--ignore"] {
        let said = failure(folder.path(), &[option, "path-space-after-colom", "a.txt"]);
        assert!(said.contains("did you mean path-space-after-colon?"), "{said}");
    }
    let said = failure(folder.path(), &["explain", "greeting-own-nam"]);
    assert!(said.contains("did you mean greeting-own-name?"), "{said}");
}

#[test]
fn the_configuration_is_found_upward_and_outranked() {
    let folder = folder();
    let below = folder.path().join("one/two");
    fs::create_dir_all(&below).unwrap();
    fs::write(below.join("a.txt"), FAULTY).unwrap();
    let config = folder.path().join("smtp-audit.toml");
    fs::write(&config, "select = ['command']\n").unwrap();
    assert_eq!(found(&below, &[]).0, [BLANK]);
    assert_eq!(found(&below, &["--select", "sequence"]).0, [EARLY]);
    fs::write(below.join("other.toml"), "select = ['sequence']\n").unwrap();
    assert_eq!(found(&below, &["--config", "other.toml"]).0, [EARLY]);
}

#[test]
fn ignores_of_the_configuration_have_a_reason_and_a_scope() {
    let folder = folder();
    let write = |ignore: &str| {
        let text = format!("[[ignore]]\nrule = '{BLANK}'\n{ignore}\n");
        fs::write(folder.path().join("smtp-audit.toml"), text).unwrap();
    };
    for (scope, is_covered) in [
        ("server = 'mx.example.net'", true),
        ("server = '*.example.net'\nclient = 'CLIENT.*'", true),
        ("server = 'other.example.net'", false),
        ("client = '192.0.2.1'", false),
    ] {
        write(&format!("reason = 'an old client'\n{scope}"));
        let (ids, said) = found(folder.path(), &[]);
        assert_eq!(ids.len(), if is_covered { 1 } else { 2 }, "{scope}");
        assert_eq!(!said.contains("matched nothing"), is_covered, "{scope}: {said}");
        assert!(is_covered || said.contains("(an old client)"), "{said}");
    }
    for (wrong, why) in [
        ("", "missing field `reason`"),
        ("reason = ' '", "has no reason"),
        ("reason = 'x'\nserver = 'a b'", "no address, network or name"),
        ("reason = 'x'\nhost = 'a'", "unknown field `host`"),
    ] {
        write(wrong);
        let said = failure(folder.path(), &["a.txt"]);
        assert!(said.contains("smtp-audit.toml") && said.contains(why), "{said}");
    }
}

#[test]
fn a_baseline_lets_only_new_findings_through() {
    let folder = folder();
    let path = folder.path();
    let (ids, said) = found(path, &["--baseline", "known.json"]);
    assert_eq!(ids, [BLANK, EARLY], "what becomes known is still shown");
    assert!(said.contains("known.json: ") && said.contains("written"), "{said}");
    let (ids, said) = found(path, &["--baseline", "known.json"]);
    assert_eq!(ids, [""; 0], "{said}");
    // Other lines around it, another line number.
    let edited = FAULTY.replace("c> MAIL", "c> NOOP\ns< 250 ok\nc> MAIL");
    fs::write(path.join("a.txt"), edited).unwrap();
    assert_eq!(found(path, &["--baseline", "known.json"]).0, [""; 0]);
    let worse = FAULTY.replace("MAIL FROM: <a", "MAIL FROM: <b");
    fs::write(path.join("a.txt"), worse).unwrap();
    assert_eq!(found(path, &["--baseline", "known.json"]).0, [BLANK]);
    let update = ["--baseline", "known.json", "--update-baseline"];
    assert_eq!(found(path, &update).0, [BLANK, EARLY]);
    assert_eq!(found(path, &["--baseline", "known.json"]).0, [""; 0]);
    for wrong in ["", "{}", "[1]", "{\"schema\": \"x\", \"findings\": []}"] {
        fs::write(path.join("known.json"), wrong).unwrap();
        let said = failure(path, &["a.txt", "--baseline", "known.json"]);
        assert!(said.contains("known.json: no baseline of smtp-audit"), "{said}");
    }
}

#[test]
fn the_reference_of_rules_is_fresh() {
    // It says the command that repairs it: UPDATE_EXPECT=1 cargo test --test choice
    expect_file!["../docs/rules.md"].assert_eq(&catalogue::markdown());
}

#[test]
fn every_rule_is_explained() {
    for rule in rules::all() {
        let text = catalogue::explain(rule);
        for part in [rule.id, rule.title, rule.help, rule.bad.lines().next().unwrap()] {
            assert!(text.contains(part), "{}: {part}", rule.id);
        }
    }
    let rows: Value = serde_json::from_str(&catalogue::json()).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), rules::all().len());
    assert_eq!(catalogue::table(None).matches(BLANK).count(), 1);
}

#[test]
fn completions_and_the_manual_page_know_the_options() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(folder.path(), &["completions", shell]);
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains("baseline"), "{shell}");
    }
    let page = String::from_utf8(run(folder.path(), &["man"]).stdout).unwrap();
    assert!(page.contains("\\-\\-select") && page.contains("explain"), "{page}");
}
