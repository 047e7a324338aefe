//! What `--redact` and the masking of credentials leave: nothing of it in any form of output.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A session with names and addresses at all places where they may be.
const NAMES: &str = "\
# session 1 203.0.113.77:4001 > 198.51.100.25:587
s< 220 mx.korp.test ESMTP Willig
c> EHLO ip-203-0-113-77.pool.korp.test
s< 250-mx.korp.test Hello [203.0.113.77]
s< 250-Hello karla[203.0.113.77]:4711
s< 250-STARTTLS
s< 250 AUTH LOGIN PLAIN
c> AUTH LOGIN
s< 334 VXNlcm5hbWU6
c> a2FybGFrb3Jw
s< 334 UGFzc3dvcmQ6
c> Z2VoZWltMTI=
s< 535 5.7.8 karlakorp geheim12 from unknown[203.0.113.77]
c> MAIL FROM:<karla.korp@mail.korp.test> AUTH=karla@korp.test
s< 250 2.1.0 <karla.korp@mail.korp.test> ok
c> RCPT TO:<4915112345678@korp.test> ORCPT=rfc822;4915112345678@korp.test
s< 550 5.7.1 see https://www.korp.test/ip/203.0.113.77?host=mx.korp.test
c> RCPT TO:karla
s< 250 ok
c> VRFY karla
s< 252 perhaps
c> DATA
s< 354 go on
c> Subject: geheimnis
c>
c> geheimnis
c> .
s< 250 ok
c> karla korp geheimnis
s< 500 unknown command: karla korp
c> XCLIENT ADDR=203.0.113.77 NAME=karla.korp.test LOGIN=karla
s< 220 mx.korp.test
c> QUIT
s< 221 mx.korp.test
# end quit
";

/// Parts of the names in it.
const PARTS: &[&str] =
    &["203.0.113.77", "198.51.100.25", "karla", "korp", "willig", "4915112", "geheim"];

/// Each form of output.
const FORMS: &[&[&str]] = &[
    &["--format", "table"],
    &["--format", "json"],
    &["--format", "ndjson"],
    &["--format", "ndjson", "--events"],
    &["--format", "transcript"],
    &["--format", "csv"],
    &["--format", "markdown"],
    &["--format", "sarif"],
    &["--format", "junit"],
    &["--check"],
    &["--session", "1"],
    &["--session", "1", "--format", "markdown"],
];

/// What a run says.
fn run(folder: &Path, arguments: &[&str], input: &str) -> String {
    let fixed = ["--quiet", "--fail-on", "never", "--confidence", "possible", input];
    let binary = env!("CARGO_BIN_EXE_smtp-audit");
    let output = Command::new(binary).args(arguments).args(fixed).current_dir(folder).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// The rules that find something, in order.
fn ids(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let sessions = report["sessions"].as_array().unwrap().iter();
    let findings = sessions.flat_map(|one| one["findings"].as_array().unwrap());
    findings.map(|one| one["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn no_name_is_left_in_any_form() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("names"), NAMES).unwrap();
    for form in FORMS {
        let said = run(folder.path(), &[form, &["--redact"][..]].concat(), "names").to_lowercase();
        for part in PARTS {
            assert!(!said.contains(part), "{form:?}: {part}: {said}");
        }
    }
    let plain = run(folder.path(), &["--format", "json"], "names");
    let masked = run(folder.path(), &["--format", "json", "--redact"], "names");
    assert_eq!(ids(&plain), ids(&masked));
}

#[test]
fn no_credential_is_left_in_any_form() {
    let plain = "AGFsaWNlAGh1bnRlcjJzZWNyZXQ=";
    let (name, word) = ("YWxpY2Vjb29wZXIx", "aHVudGVyMnNlY3JldA==");
    let folder = TempDir::new().unwrap();
    for (number, lines) in [
        format!("c> AUTH {plain}\ns< 504 no {plain}\n"),
        "c> AUTH hunter2secret\ns< 504 no hunter2secret\n".into(),
        format!("c> AUTH={plain}\ns< 500 no\nc> AUTHPLAIN{plain}\ns< 500 no\n"),
        format!("c> AUTH:PLAIN:{plain}\ns< 500 no\nc> AUHT PLAIN {plain}\ns< 500 no\n"),
        format!("c> AUTH PLAIN {plain} \ns< 535 no {plain}, AUTH PLAIN AGFsaWNlAGh1bnRl...\n"),
        format!("c> AUTH PLAIN {plain}\ns< 535 no hunter2secret\n"),
        "c> AUTH PLAIN alice hunter2secret\ns< 501 no hunter2secret\n".into(),
        format!("c> AUTH LOGIN\ns< 334 VXNlcm5hbWU6\nc> {name}\ns< 334 {name}\nc> {word}\ns< 535 {word}\n"),
        format!("c> AUTH LOGIN\nc> {name}\nc> hunter2secret\ns< 503 no\ns< 500 {name}\ns< 500 hunter2secret\n"),
        format!("c> x-exps login\ns< 334 VXNlcm5hbWU6\nc> {name}\ns< 334 UGFzc3dvcmQ6\nc> {word}\ns< 535 no\n"),
        "c> pass hunter2secret\ns< 500 no\nc> a1 LOGIN alice hunter2secret\ns< 500 no\n".into(),
        "c> pass 918273645\ns< 500 no 918273645\nc> PASS=918273645\ns< 500 no\n".into(),
    ]
    .iter()
    .enumerate()
    {
        let hello = "s< 220 mx.example.net ESMTP\nc> EHLO a.example.org\ns< 250 mx.example.net\n";
        let input = number.to_string();
        fs::write(folder.path().join(&input), format!("{hello}{lines}# end quit\n")).unwrap();
        for form in FORMS {
            for redact in [&[][..], &["--redact"]] {
                let said = run(folder.path(), &[form, redact].concat(), &input);
                for secret in [plain, name, word, "hunter2", "918273645", "AGFsaWNlAGh1"] {
                    assert!(!said.contains(secret), "{form:?} {redact:?}: {lines}{said}");
                }
            }
        }
    }
}

/// What TLS shows in clear, and what stands in the content of mail.
#[test]
fn captures_keep_their_findings_and_no_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
    for (input, parts) in [
        ("real-servers/pf-weird.pcap", &["evil@", "ann@", "smuggled"][..]),
        ("arkime/smtp-data-521.pcap", &["aol.com", "205.188.186.167"]),
        ("arkime/socks5-smtp-503.pcap", &["10.0.0.2", "10.000.000.02"]),
    ] {
        let ids = |flag| ids(&run(&folder, &["--format", "json", flag], input));
        assert_eq!(ids("--no-progress"), ids("--redact"), "{input}");
        for form in FORMS {
            let said = run(&folder, &[form, &["--redact"][..]].concat(), input);
            for part in parts {
                assert!(!said.contains(part), "{input} {form:?}: {part}");
            }
        }
    }
}
