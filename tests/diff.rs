//! `diff`: two inputs compared.

// A test may panic: that is how it fails.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used
)]

use expect_test::expect;
use serde_json::Value;
use smtp_audit::escape::is_safe;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const INVALID: &str = "testdata/captures/zeek/smtp-mail-transactions-invalid.pcap";

const BEFORE: &str = "\
2026-11-21T10:00:00.000Z s< 220 mx.example.net ESMTP
2026-11-21T10:00:00.100Z c> EHLO client.example.org
2026-11-21T10:00:00.200Z s< 250-mx.example.net
2026-11-21T10:00:00.200Z s< 250-SIZE 1000
2026-11-21T10:00:00.200Z s< 250 STARTTLS
2026-11-21T10:00:00.300Z c> MAIL FROM: <ann@example.org> SIZE=10
2026-11-21T10:00:00.400Z s< 250 2.1.0 ok
2026-11-21T10:00:00.500Z c> RCPT TO:<bob@example.net>
2026-11-21T10:00:00.600Z s< 250 2.1.5 ok
2026-11-21T10:00:00.700Z c> DATA
2026-11-21T10:00:00.800Z s< 354 go on
2026-11-21T10:00:00.900Z c> text
2026-11-21T10:00:01.000Z c> .
2026-11-21T10:00:01.100Z s< 250 2.0.0 queued
2026-11-21T10:00:01.200Z c> QUIT
2026-11-21T10:00:01.300Z s< 221 2.0.0 bye
# end quit
";

/// The same with other times.
fn slower() -> String {
    BEFORE
        .replace("10:00:01.100Z", "10:00:03.100Z")
        .replace("10:00:01.2", "10:00:03.2")
        .replace("10:00:01.3", "10:00:03.3")
}

/// Without the blank, without SIZE, and refused.
fn after() -> String {
    let after = slower().replace("FROM: <", "FROM:<").replace(" SIZE=10", "");
    let after = after.replace("2026-11-21T10:00:00.200Z s< 250-SIZE 1000\n", "");
    after
        .replace("250 2.0.0 queued", "554 5.7.1 spam")
        .replace("bob@example.net", "bob..x@example.net")
}

#[test]
fn what_differs_is_told() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("before"), BEFORE).unwrap();
    fs::write(folder.path().join("after"), after()).unwrap();
    let output = run_in(folder.path(), ["diff", "before", "after"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    expect![[r#"
        They differ: 1 extension, 2 kinds of reply, what became of messages, findings (1 rule new, 1 rule gone).

        Compared
                input   sessions  messages  recipients  errors  warnings  notes
        before  before         1         1         1/1       0         1      3
        after   after          1         1         1/1       1         0      3

        Extensions (sessions)
        extension  offered before  after  used before  after
        SIZE                    1      0            1      0

        Replies
        command  code  before  after
        .        250        1      0
        .        554        0      1

        Outcomes of messages
        outcome   before  after
        accepted       1      0
        rejected       0      1

        Findings
              severity  rule                     before  after  example        what it says
        new   error     path-local-part-invalid       0      1  after line 7   the part of an address before the @ breaks its
                                                                               syntax
        gone  warning   path-space-after-colon        1      0  before line 6  a blank beside the colon of FROM: or TO:

        Response times
        command          count      p50      p90      max
        .        before      1   100 ms   100 ms   100 ms
        .        after       1  2.100 s  2.100 s  2.100 s
        DATA     before      1   100 ms   100 ms   100 ms
        DATA     after       1   100 ms   100 ms   100 ms
        EHLO     before      1   100 ms   100 ms   100 ms
        EHLO     after       1   100 ms   100 ms   100 ms
        MAIL     before      1   100 ms   100 ms   100 ms
        MAIL     after       1   100 ms   100 ms   100 ms
        QUIT     before      1   100 ms   100 ms   100 ms
        QUIT     after       1   100 ms   100 ms   100 ms
        RCPT     before      1   100 ms   100 ms   100 ms
        RCPT     after       1   100 ms   100 ms   100 ms
    "#]].assert_eq(&out(&output));
    let output = run_in(folder.path(), ["diff", "--format", "json", "before", "after"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let json: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((&json["schema"], &json["differs"]), (&"smtp-audit-diff/1".into(), &true.into()));
    expect![[r#"

        {"schema":"smtp-audit-diff/1","differs":true,"before":
        {"inputs":["before"],"findings":
        {"error":0,"warning":1,"note":3}},"after":
        {"inputs":["after"],"findings":
        {"error":1,"warning":0,"note":3}},"sessions":
        {"before":1,"after":1},"messages":
        {"before":1,"after":1},"recipients":
        {"offered":
        {"before":1,"after":1},"accepted":
        {"before":1,"after":1}},"extensions":[
        {"keyword":"SIZE","offered":
        {"before":1,"after":0},"used":
        {"before":1,"after":0}}],"replies":[
        {"command":".","code":250,"before":1,"after":0},
        {"command":".","code":554,"before":0,"after":1}],"outcomes":[
        {"name":"accepted","before":1,"after":0},
        {"name":"rejected","before":0,"after":1}],"ends":[],"findings":[
        {"rule":"path-local-part-invalid","severity":"error","change":"new","before":0,"after":1,"example":
        {"of":"after","input":"after","frame":null,"line_no":7}},
        {"rule":"path-space-after-colon","severity":"warning","change":"gone","before":1,"after":0,"example":
        {"of":"before","input":"before","frame":null,"line_no":6}}],"latency_us":[
        {"command":".","before":
        {"count":1,"p50":100000,"p90":100000,"max":100000},"after":
        {"count":1,"p50":2100000,"p90":2100000,"max":2100000}},
        {"command":"DATA","before":
        {"count":1,"p50":100000,"p90":100000,"max":100000},"after":
        {"count":1,"p50":100000,"p90":100000,"max":100000}},
        {"command":"EHLO","before":
        {"count":1,"p50":100000,"p90":100000,"max":100000},"after":
        {"count":1,"p50":100000,"p90":100000,"max":100000}},
        {"command":"MAIL","before":
        {"count":1,"p50":100000,"p90":100000,"max":100000},"after":
        {"count":1,"p50":100000,"p90":100000,"max":100000}},
        {"command":"QUIT","before":
        {"count":1,"p50":100000,"p90":100000,"max":100000},"after":
        {"count":1,"p50":100000,"p90":100000,"max":100000}},
        {"command":"RCPT","before":
        {"count":1,"p50":100000,"p90":100000,"max":100000},"after":
        {"count":1,"p50":100000,"p90":100000,"max":100000}}]}
    "#]].assert_eq(&out(&output).replace("{\"", "\n{\""));
}

#[test]
fn times_alone_are_no_difference() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("before"), BEFORE).unwrap();
    fs::write(folder.path().join("after"), slower()).unwrap();
    let output = run_in(folder.path(), ["diff", "before", "after"]);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    assert!(out(&output).starts_with("Nothing differs but times.\n"), "{}", out(&output));
    let output = run(["diff", INVALID, INVALID]);
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}

#[test]
fn what_cannot_be_read_is_a_failure() {
    let output = run(["diff", INVALID, "missing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("missing: No such file or directory"), "{}", err(&output));
    assert!(out(&output).contains("They differ"), "{}", out(&output));
    assert_eq!(run(["diff", INVALID]).status.code(), Some(2));
    assert_eq!(run(["diff", INVALID, INVALID, "--select", "no-such-rule"]).status.code(), Some(2));
    let help = out(&run(["diff", "--help"]));
    assert!(help.contains("0 nothing differs but times; 1 something does"), "{help}");
}

#[test]
fn rules_can_be_chosen() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("before"), BEFORE).unwrap();
    fs::write(folder.path().join("after"), BEFORE.replace("FROM: <", "FROM:<")).unwrap();
    assert_eq!(run_in(folder.path(), ["diff", "before", "after"]).status.code(), Some(1));
    let ignore = ["diff", "before", "after", "--ignore", "path-space-after-colon"];
    assert_eq!(run_in(folder.path(), ignore).status.code(), Some(0));
}

#[test]
fn hostile_text_is_escaped() {
    let evil = "\x1b]0;evil\x07\u{202e}";
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("before"), BEFORE).unwrap();
    fs::write(folder.path().join("after"), BEFORE.replace("STARTTLS", &format!("X{evil}")))
        .unwrap();
    for format in ["table", "json"] {
        let text = out(&run_in(folder.path(), ["diff", "before", "after", "--format", format]));
        let is_fine = |letter| letter == '\n' || is_safe(letter);
        assert!(text.to_lowercase().contains("evil") && text.chars().all(is_fine), "{text}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    run_in(root(), arguments)
}

fn run_in(folder: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-audit"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
