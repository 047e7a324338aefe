//! What is found in the use of extensions, and what is not: cases beside the examples of the rules.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::{Category, Finding};
use std::fmt::Write;

/// The findings about extensions of a dialog that begins with an EHLO reply with `offers`.
fn found(offers: &[&str], dialog: &str) -> Vec<Finding> {
    let mut text = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\n".to_owned();
    text += "s< 250-mx.example.net\n";
    let last = offers.len() - 1;
    for (index, offer) in offers.iter().enumerate() {
        let separator = if index == last { ' ' } else { '-' };
        let _ = writeln!(text, "s< 250{separator}{offer}");
    }
    text += dialog;
    let source = Source::bytes("example", text.into_bytes());
    let (mut sessions, _) = collect(&Options::default(), vec![source]);
    let findings = sessions.pop().unwrap().findings;
    findings.into_iter().filter(|found| found.rule.category == Category::Extension).collect()
}

fn ids(offers: &[&str], dialog: &str) -> Vec<&'static str> {
    found(offers, dialog).iter().map(|finding| finding.rule.id).collect()
}

const MAIL: &str = "c> MAIL FROM:<a@example.org>\ns< 250 ok\n";
const RCPT: &str = "c> RCPT TO:<b@example.net>\ns< 250 ok\n";
const DATA: &str = "c> DATA\ns< 354 go on\nc> Subject: a\nc>\nc> hello\nc> .\n";

#[test]
fn refusals_by_policy_do_not_take_back_an_offer() {
    let id = ["extension-advertised-but-refused"];
    let refused = |offer: &str, line: &str, reply: &str| {
        let all = ids(&[offer], &format!("c> {line}\ns< {reply}\n"));
        all == id
    };
    assert!(refused("AUTH PLAIN", "AUTH PLAIN AGEAYg==", "504 5.7.4 unrecognized"));
    assert!(refused("ETRN", "ETRN example.org", "502 5.5.1 not implemented"));
    assert!(!refused("ETRN", "ETRN example.org", "502 5.7.0 access denied"));
    assert!(!refused("AUTH PLAIN", "AUTH PLAIN AGEAYg==", "502 5.7.0 TLS first"));
    assert!(!refused("AUTH PLAIN", "AUTH PLAIN AGEAYg==", "504 5.7.0 TLS first"));
}

#[test]
fn what_a_server_did_is_not_foretold() {
    let sent = |mail: &str, reply: &str| {
        let dialog = format!("c> {mail}\ns< 250 ok\n{RCPT}{DATA}s< {reply}\n");
        found(&["SIZE 9"], &dialog)
    };
    let says = |findings: &[Finding], id: &str, words: &str| {
        let is_it = |one: &&Finding| one.rule.id == id && one.message.contains(words);
        findings.iter().filter(is_it).count() == 1
    };
    let plain = "MAIL FROM:<a@example.org>";
    let refused = sent(plain, "552 5.3.4 too big");
    assert!(says(&refused, "size-exceeds-limit", "will refuse the message"));
    let taken = sent(plain, "250 ok");
    assert!(says(&taken, "size-exceeds-limit", "this time the server took it"));
    let declared = sent("MAIL FROM:<a@example.org> SIZE=99", "250 ok");
    assert!(says(&declared, "size-declared-over-limit", "should have refused this"));
}

#[test]
fn vrfy_is_not_answered_with_555() {
    let findings = found(&["HELP"], "c> VRFY bob SMTPUTF8\ns< 504 no\n");
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].rule.id, "smtputf8-not-advertised");
    assert!(findings[0].message.contains("may answer 504"));
}

#[test]
fn what_ordinary_clients_send_is_right() {
    let all = ["PIPELINING", "SIZE 10240000", "ETRN", "AUTH PLAIN", "8BITMIME", "DSN", "CHUNKING"];
    let postfix = "c> MAIL FROM:<> SIZE=1234 RET=HDRS ENVID=a+2B+3D!#~ AUTH=<>\n\
                   c> RCPT TO:<a+b@example.net> NOTIFY=SUCCESS,failure,DELAY ORCPT=rfc822;a+2Bb@example.net\n\
                   c> RCPT TO:<c@example.net> NOTIFY=NEVER ORCPT=x400;/C=us/\n\
                   c> DATA\ns< 250 ok\ns< 250 ok\ns< 250 ok\ns< 354 go on\nc> Subject: a\nc> .\ns< 250 ok\n";
    assert_eq!(ids(&all, postfix), [] as [&str; 0]);
    let exchange = "c> MAIL FROM:<> SIZE=1234 AUTH=<>\ns< 250 ok\n";
    assert_eq!(ids(&["SIZE", "X-EXPS NTLM"], exchange), [] as [&str; 0]);
    assert_eq!(ids(&["SIZE"], exchange), ["extension-not-advertised"]);
    let exim =
        format!("{MAIL}{RCPT}c> BDAT 14\nc> Subject: abc\ns< 250 ok\nc> BDAT 0 LAST\ns< 250 ok\n");
    assert_eq!(ids(&all, &exim), [] as [&str; 0]);
}

#[test]
fn gaps_hide_what_may_have_been_said() {
    for dialog in [
        // The MAIL.
        "# gap client 60 acked\ns< 250 ok\n".to_owned(),
        // The end of the MAIL.
        "# eol client none\nc> MAIL FROM:<a@example.org\n# gap client 20 acked\n\
         # eol client crlf\nc> F8\ns< 250 ok\n"
            .to_owned(),
    ] {
        let rest = "# escaped\nc> RCPT TO:<j\\xC3\\xB6@example.net> NOTIFY=NEVER\ns< 250 ok\n\
                    c> DATA\ns< 354 go on\n# escaped\nc> Subject: \\xC3\\xB6\nc>\n\
                    # escaped\nc> \\xC3\\xB6\nc> .\ns< 250 ok\n";
        let found = ids(&["8BITMIME", "DSN", "SMTPUTF8"], &format!("{dialog}{rest}"));
        assert_eq!(found, [] as [&str; 0], "{dialog}");
    }
}
