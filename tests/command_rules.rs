//! What is found in single commands, and what is not: cases beside the examples of the rules.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::{Category, Finding};
use std::io::Cursor;

/// The findings about commands of one dialog.
fn found(dialog: &str) -> Vec<Finding> {
    let input = Cursor::new(dialog.to_owned());
    let source = Source::new("example", || Ok(Box::new(input)));
    let (mut sessions, _) = collect(&Options::default(), vec![source]);
    let findings = sessions.pop().unwrap().findings;
    findings.into_iter().filter(|found| found.rule.category == Category::Command).collect()
}

/// Rule and exchange of each.
fn ids(dialog: &str) -> Vec<(&'static str, Option<u32>)> {
    found(dialog).iter().map(|finding| (finding.rule.id, finding.exchange)).collect()
}

/// What is found in `line` alone, answered with `code`; with `+` where it breaks the ABNF.
fn of_line(line: &str, code: u16) -> Vec<String> {
    let dialog = format!(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
         s< 250-SIZE 1000\ns< 250 X-OWN\n# escaped\nc> {line}\ns< {code} reply\n"
    );
    let name = |one: &Finding| {
        let mark = if one.violates_abnf { "+" } else { "" };
        format!("{}{mark}", one.rule.id)
    };
    found(&dialog).iter().map(name).collect()
}

#[test]
fn single_lines() {
    let cases: &[(&str, u16, &[&str])] = &[
        ("NOOP", 250, &[]),
        ("NOOP a", 250, &[]),
        ("NOOP a b", 250, &["command-unexpected-argument+"]),
        ("QUIT now", 501, &["command-unexpected-argument+"]),
        ("VRFY bob", 252, &["vrfy-expn-used"]),
        ("VRFY bob@example.net", 252, &["vrfy-expn-used+"]),
        ("VRFY <bob@example.net>", 252, &["vrfy-expn-used+"]),
        ("VRFY", 501, &["command-missing-argument+", "vrfy-expn-used"]),
        ("MAIL TO:<a@example.org>", 501, &["command-missing-argument+"]),
        ("MAIL FROM:<a@example.org> SIZE=1 SIZE=2", 501, &["param-duplicate"]),
        ("MAIL FROM:<a@example.org> X-OWN=1", 555, &[]),
        ("MAIL FROM:<a@example.org> X-FOO=1", 250, &[]),
        ("MAIL FROM:<a@example.org> X-FOO=1", 555, &["param-unknown"]),
        ("MAIL FROM:<[a@example.org>", 501, &["path-local-part-invalid+"]),
        ("MAIL FROM:<a@[2001:db8::1]>", 250, &["helo-ipv6-tag-missing"]),
        ("EHLO a.localdomain", 250, &["helo-name-not-fqdn"]),
        ("EHLO pc", 250, &["helo-name-not-fqdn"]),
        ("EHLO a_b", 250, &["helo-name-invalid+"]),
        ("HELO [192.0.2.1]", 250, &["helo-name-invalid+"]),
        ("LHLO localhost", 500, &[]),
        ("EHLO MX.example.net", 250, &["helo-name-is-server"]),
        ("RCPT TO:<a!b@example.net>", 250, &["path-relay-routing"]),
        ("RCPT TO:<wow!@example.net>", 250, &[]),
        ("RCPT TO:<100%@example.net>", 250, &[]),
        ("RCPT TO:<a%40b.example@example.net>", 250, &[]),
        ("X-OWN data", 250, &[]),
        ("X-OTHER data", 250, &[]),
        ("X-OTHER data", 500, &["command-unknown"]),
        ("XXXX", 500, &[]),
        ("VERB", 250, &[]),
        ("FOO", 250, &["command-unknown"]),
        ("DEBUG", 500, &["command-exploit-verb"]),
        ("GET / HTTP/1.0", 500, &["command-not-smtp"]),
        ("OPTIONS sip:nm SIP/2.0", 500, &["command-not-smtp"]),
        ("SSH-2.0-OpenSSH_9.6", 500, &["command-not-smtp"]),
        ("X-Mailer: a", 500, &["command-is-message-header"]),
        ("To: <a@example.net>", 500, &["command-unknown"]),
        ("MAIL: FROM <a@example.net>", 500, &["command-unknown"]),
        ("RCPTTO:<a@example.net>", 500, &["command-unknown"]),
        ("\\x00", 500, &["command-unknown"]),
        ("\\x20\\x09", 500, &["command-empty-line+"]),
        (" NOOP", 250, &["command-leading-space+"]),
        ("NOOP\\x20", 250, &["command-trailing-space+"]),
    ];
    for (line, code, expected) in cases {
        let mut found = of_line(line, *code);
        found.sort();
        assert_eq!(found, *expected, "{line} {code}");
    }
}

const HELLO: &str =
    "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250 mx.example.net\n";

#[test]
fn content_after_a_refused_data_is_told_once() {
    let mut dialog = format!("{HELLO}c> DATA\ns< 503 no\n");
    let lines = ["From: a", "Subject: b", "", "help me please", "text", "more text", "."];
    for line in lines {
        dialog += &format!("c> {line}\ns< 500 what\n");
    }
    dialog += "c> FOO\ns< 500 what\nc> RSET\ns< 250 OK\nc> FOO\ns< 500 what\n";
    let found = ids(&dialog);
    let count = |id: &str| found.iter().filter(|(found, _)| *found == id).count();
    assert_eq!(count("command-is-message-header"), 1, "{found:?}");
    assert_eq!(count("command-unknown"), 1, "{found:?}");
    assert_eq!(count("command-empty-line"), 1, "{found:?}");
}

#[test]
fn a_run_of_nonsense_is_told_by_its_first_lines() {
    let mut dialog = HELLO.to_owned();
    for number in 0..500 {
        dialog += &format!("c> F{number}\ns< 500 what\n");
    }
    let findings = found(&dialog);
    assert_eq!(findings.len(), 3);
    assert!(findings[2].message.contains("497 more"), "{}", findings[2].message);
}

#[test]
fn what_cannot_be_known_is_not_told() {
    // The MAIL may have asked for SMTPUTF8.
    let dialog = "# midstream\n# escaped\nc> RCPT TO:<j\\xC3\\xB6@example.net>\ns< 250 OK\n";
    assert_eq!(ids(dialog), []);
    // A secret, not a command.
    let dialog = format!("{HELLO}c> AUTH LOGIN\ns< 504 no\nc> dXNlcg==\ns< 500 what\n");
    assert_eq!(ids(&dialog), []);
    // Text between the bytes that are missing.
    let dialog = "# midstream\nc> some text\nc> QUIT\ns< 221 bye\n";
    assert_eq!(ids(dialog), []);
}

#[test]
fn extensions_make_lines_longer() {
    let line = |offer: &str, octets: usize| {
        let id = "i".repeat(octets - "MAIL FROM:<a@example.org> SIZE=1 X=\r\n".len());
        format!(
            "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
             s< 250 {offer}\nc> MAIL FROM:<a@example.org> SIZE=1 X={id}\ns< 250 OK\n"
        )
    };
    let is_long = |dialog: &str| ids(dialog).iter().any(|(id, _)| *id == "command-line-too-long");
    assert!(!is_long(&line("SIZE 100", 538)));
    assert!(is_long(&line("SIZE 100", 539)));
    assert!(is_long(&line("PIPELINING", 513)));
    assert!(!is_long(&line("DSN", 622)));
    let auth = |octets: usize| {
        let secret = "A".repeat(octets - "AUTH PLAIN \r\n".len());
        format!("{HELLO}c> AUTH PLAIN {secret}\ns< 535 no\n")
    };
    // What a transcript masks is not known.
    assert!(!is_long(&auth(12_290)));
}
