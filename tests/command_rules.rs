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
        ("RCPT TO:<bob%example.com@example.net>", 250, &["path-relay-routing"]),
        ("RCPT TO:<\"bob%example.com\"@example.net>", 250, &["path-relay-routing"]),
        ("RCPT TO:<uunet!host!bob@example.net>", 250, &["path-relay-routing"]),
        ("RCPT TO:<bob%2Btag.x@example.net>", 250, &[]),
        ("RCPT TO:<a%0aDATA@example.net>", 501, &["path-injection-suspected"]),
        ("RCPT TO:<\"a%0DQUIT\"@example.net>", 501, &["path-injection-suspected"]),
        ("RCPT TO:<a%0adatabase@example.net>", 501, &[]),
        ("RCPT TO:<50%off.1@example.net>", 250, &[]),
        ("RCPT TO:<SRS0=HHH=TT=example.com=bob@example.net>", 250, &[]),
        ("RCPT TO:<list-1-bob=example.com@example.net>", 250, &[]),
        ("RCPT TO:<!#$%&'*+-/=?^_`{|}~@[IPv6:2001:db8::1]>", 250, &[]),
        ("RCPT TO:<\"a@b \\x5c\" c\"@[192.0.2.1]>", 250, &[]),
        ("RCPT TO:<postMaster> NOTIFY=NEVER", 250, &[]),
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
        ("\\x01\\x02\\xe1\\xfa'\\xd0", 500, &["command-not-smtp"]),
        ("EHLO localhost\\x20", 250, &["command-trailing-space+", "helo-name-not-fqdn"]),
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
    dialog.extend(lines.map(|line| format!("c> {line}\ns< 500 what\n")));
    dialog += "c> FOO\ns< 500 what\nc> RSET\ns< 250 OK\nc> FOO\ns< 500 what\n";
    let found = ids(&dialog);
    let count = |id: &str| found.iter().filter(|(found, _)| *found == id).count();
    // Of content a rule about data speaks.
    assert_eq!(count("command-is-message-header"), 0, "{found:?}");
    assert_eq!(count("command-unknown"), 1, "{found:?}");
    assert_eq!(count("command-empty-line"), 0, "{found:?}");
}

#[test]
fn a_run_of_nonsense_is_told_by_its_first_lines() {
    let mut dialog = HELLO.to_owned();
    dialog.extend((0..500).map(|number| format!("c> F{number}\ns< 500 what\n")));
    let findings = found(&dialog);
    assert_eq!(findings.len(), 3);
    assert!(findings[2].message.contains("497 more"), "{}", findings[2].message);
}

#[test]
fn a_back_door_is_told_among_nonsense() {
    let lines = ["A", "B", "C", "D", "DEBUG", "E", "GET / HTTP/1.0", "Host: a"];
    let lines = lines.map(|line| format!("c> {line}\ns< 500 what\n")).concat();
    let found = ids(&format!("{HELLO}{lines}"));
    let count = |id: &str| found.iter().filter(|(found, _)| *found == id).count();
    assert_eq!(count("command-unknown"), 3, "{found:?}");
    assert_eq!(count("command-exploit-verb"), 1, "{found:?}");
    assert_eq!(count("command-not-smtp"), 1, "{found:?}");
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn what_cannot_be_known_is_not_told() {
    // The MAIL may have asked for SMTPUTF8.
    let dialog = "# midstream\n# escaped\nc> RCPT TO:<j\\xC3\\xB6@example.net>\ns< 250 OK\n";
    assert_eq!(ids(dialog), []);
    // A secret, not a command.
    let dialog = format!("{HELLO}c> AUTH LOGIN\ns< 504 no\nc> dXNlcg==\ns< 500 what\n");
    assert_eq!(ids(&dialog), []);
    // A line that never ended.
    let dialog = format!("{HELLO}# eol client none\nc> MAIL FROM:<a\n# end client-closed\n");
    assert_eq!(ids(&dialog), [("command-truncated", Some(1))]);
    // The client's own end of data behind one that only the server saw.
    let dialog = format!(
        "{HELLO}c> MAIL FROM:<a@example.org>\ns< 250 OK\nc> RCPT TO:<b@example.net>\ns< 250 OK\n\
         c> DATA\ns< 354 go on\nc> Subject: a\n# eol client lf\nc>\nc> a\nc> .\ns< 250 OK\n\
         # eol client crlf\nc> .\ns< 500 what\nc> QUIT\ns< 221 bye\n"
    );
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

#[test]
fn commands_that_differ_in_more_than_case_are_not_compared() {
    let both = |one: &str, other: &str| {
        let mail = "c> MAIL FROM:<a@example.org>\ns< 250 OK\n";
        let found = ids(&format!("{HELLO}{mail}c> {one}\ns< 501 no\nc> {other}\ns< 250 OK\n"));
        found.iter().any(|(id, _)| *id == "command-case-refused")
    };
    assert!(both("rcpt to:<b@example.net>", "RCPT TO:<b@example.net>"));
    assert!(both("Rset", "RSET"));
    assert!(both("auth login", "AUTH LOGIN"));
    assert!(both("Helo a.example.org", "HELO a.example.org"));
    assert!(!both("RCPT TO:<b@example.net>", "RCPT TO:<B@example.net>"));
    // Hexadecimal digits of xtext are in upper case.
    let rcpt = "RCPT TO:<b@example.net> ORCPT=rfc822;b+2";
    assert!(!both(&format!("{rcpt}bc@example.net"), &format!("{rcpt}Bc@example.net")));
    // A mailbox, as far as anybody can tell.
    assert!(!both("VRFY bob", "VRFY BOB"));
    assert!(!both("RCPT TO:b@example.net", "RCPT TO:B@example.net"));
}

#[test]
fn what_a_private_command_asks_for_is_no_command() {
    let token = "A".repeat(600);
    let dialog = format!(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
         s< 250-X-EXPS GSSAPI NTLM\ns< 250 XEXCH50\nc> X-EXPS GSSAPI\ns< 334 go on\n\
         c> {token}\ns< 334 YIIG\nc> {token}\ns< 235 2.7.0 OK\nc> XEXCH50 2 2\ns< 354 go on\n\
         c> ab\ns< 250 OK\nc> QUIT\ns< 221 bye\nc> FOO\ns< 500 what\n"
    );
    assert_eq!(ids(&dialog), [("command-unknown", Some(7))]);
}

#[test]
fn private_parameters_are_not_judged_without_the_server() {
    let dialog = "c> EHLO client.example.org\nc> MAIL FROM:<a@example.org> XATTRDIRECT=Originating\n\
                  c> RCPT TO:<b@example.net>\nc> QUIT\n";
    assert_eq!(ids(dialog), []);
}

#[test]
fn helo_does_not_unsay_an_offer() {
    let with = |offer: &str, between: &str| {
        ids(&format!(
            "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
             s< 250 {offer}\n{between}c> HELO client.example.org\ns< 250 mx.example.net\n\
             c> MAIL FROM:<a@example.org> SIZE=10\ns< 250 OK\n"
        ))
    };
    assert_eq!(with("SIZE 100", ""), []);
    assert_eq!(with("HELP", ""), [("param-in-helo-session", Some(2))]);
    // stale-extension-used says it.
    let between = "c> STARTTLS\ns< 220 go ahead\n";
    assert_eq!(with("SIZE 100", between), []);
    assert_eq!(with("HELP", between), [("param-in-helo-session", Some(3))]);
}

#[test]
fn lmtp_servers_have_names_of_their_own() {
    let dialog = "s< 220 mx.example.net LMTP\nc> LHLO client.example.org\ns< 250 mx.example.net\n\
                  c> MAIL FROM:<>\ns< 250 OK\nc> RCPT TO:<bob>\ns< 250 OK\n";
    let findings = found(dialog);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].violates_abnf && findings[0].message.contains("many LMTP servers take it"));
}

/// A line of 16 kB may have thousands of faults: a few are told, the others counted.
#[test]
fn a_line_full_of_faults_gives_few_findings() {
    for (fill, rule) in [(" =x", "param-malformed"), (" A", "param-unknown")] {
        let params: Vec<String> = (0..2000).map(|number| format!("{fill}{number}")).collect();
        let params = params.concat();
        let dialog = format!(
            "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250 mx.example.net\n\
             c> MAIL FROM:<a@example.org>{params}\ns< 501 no\n"
        );
        let found = found(&dialog);
        let told: Vec<&Finding> = found.iter().filter(|one| one.rule.id == rule).collect();
        assert_eq!(told.len(), 3, "{rule}");
        assert!(
            told[2].message.ends_with("; 1997 more like it in this line"),
            "{}",
            told[2].message
        );
    }
}
