//! What is found about pipelining and about what stands between the two sides, and what is not:
//! cases beside the examples of the rules.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::{Category, Finding};

const GREETING: &str = "s< 220 mx.example.net ESMTP\n";
const EHLO: &str = "c> EHLO client.example.org\ns< 250-mx.example.net\n";
const MAIL: &str = "c> MAIL FROM:<a@example.org>\n";
const RCPT: &str = "c> RCPT TO:<b@example.net>\n";
const CONTENT: &str = "c> Subject: x\nc>\nc> hello\nc> .\n";
const OK: &str = "s< 250 2.0.0 ok\n";
const QUIT: &str = "c> QUIT\ns< 221 2.0.0 bye\n# end quit\n";

/// The findings about pipelining, order and middleboxes in a dialog behind the greeting.
fn found(dialog: &str) -> Vec<Finding> {
    of_all(&format!("{GREETING}{dialog}"))
}

/// The same of a dialog behind an EHLO whose reply offers PIPELINING.
fn offered(dialog: &str) -> Vec<Finding> {
    found(&format!("{EHLO}s< 250 PIPELINING\n{dialog}"))
}

/// The same of a whole dialog.
fn of_all(dialog: &str) -> Vec<Finding> {
    let source = Source::bytes("example", dialog.as_bytes().to_vec());
    let (mut sessions, _) = collect(&Options::default(), vec![source]);
    let findings = sessions.pop().unwrap().findings.into_iter();
    let ours = [Category::Pipelining, Category::Sequence, Category::Middlebox];
    findings.filter(|found| ours.contains(&found.rule.category)).collect()
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn a_command_that_crossed_a_notice_was_not_too_soon() {
    let notice = "s< 421 4.4.2 mx.example.net timeout\n# unseen 1\n";
    let crossed = found(&format!("{EHLO}s< 250 SIZE\n{MAIL}{OK}{notice}{RCPT}"));
    assert!(!ids(&crossed).contains(&"pipelining-not-advertised"), "{crossed:?}");
}

#[test]
fn a_session_in_one_go_is_told_once() {
    let hello = "c> HELO client.example.org\n";
    let replies = "s< 250 mx.example.net\ns< 250 ok\ns< 250 ok\ns< 354 go on\ns< 250 ok\n";
    let all = found(&format!("{hello}{MAIL}{RCPT}c> DATA\n{CONTENT}{replies}{QUIT}"));
    let ours: Vec<_> = all.iter().filter(|one| one.rule.category == Category::Pipelining).collect();
    assert_eq!(ours.len(), 2, "{all:?}");
    assert!(ours[0].message.contains("as 2 more commands were"), "{all:?}");
    assert_eq!(ours[1].rule.id, "pipelining-data-before-354");
}

#[test]
fn pipe_connect_permits_commands_behind_ehlo() {
    let early = |offer: &str| {
        let ehlo = "c> EHLO client.example.org\n";
        let replies = format!("s< 250-mx.example.net\ns< 250 {offer}\n{OK}{OK}");
        ids(&found(&format!("{ehlo}{MAIL}{RCPT}{replies}c> DATA\ns< 354 go on\nc> .\n{OK}{QUIT}")))
    };
    assert_eq!(early("PIPE_CONNECT"), [""; 0]);
    assert_eq!(early("PIPELINING"), ["pipelining-after-barrier"]);
    assert_eq!(early("SIZE"), ["pipelining-after-barrier"], "of its group nothing more is said");
}

#[test]
fn replies_out_of_step_are_told_once() {
    // The reply to the content is missing.
    let lost = offered(&format!(
        "{MAIL}{RCPT}c> DATA\n{OK}{OK}s< 354 go on\n{CONTENT}c> QUIT\ns< 221 2.0.0 bye\n\
         # end server-closed\n"
    ));
    assert!(ids(&lost).contains(&"pipelining-desync"), "{lost:?}");
    assert!(!ids(&lost).contains(&"reply-unexpected"), "{lost:?}");
    // The reply to a RCPT is missing, and the 354 shows it.
    let group = format!("{MAIL}{RCPT}{RCPT}c> DATA\n{OK}{OK}s< 354 go on\n{CONTENT}{OK}{QUIT}");
    let lost = ids(&offered(&group));
    assert!(lost.contains(&"pipelining-reply-deficit") && !lost.contains(&"reply-missing"));
    // A server that flushed its input, and answers a later QUIT.
    let group = format!("{MAIL}{RCPT}{RCPT}{OK}s< 550 5.1.1 no\nc> QUIT\ns< 221 2.0.0 bye\n");
    let flushed = offered(&format!("{group}# end server-closed\n"));
    let ours: Vec<_> = ids(&flushed).into_iter().filter(|id| id.starts_with("pipe")).collect();
    assert_eq!(ours, ["pipelining-input-discarded"], "{flushed:?}");
    assert!(!ids(&flushed).contains(&"reply-unexpected"), "{flushed:?}");
    // All is well.
    let group = format!("{MAIL}{RCPT}c> DATA\n{OK}s< 550 no\ns< 554 no\n{QUIT}");
    assert!(!ids(&offered(&group)).iter().any(|id| id.starts_with("pipe")));
}

#[test]
fn content_where_no_content_may_be() {
    let refused = offered(&format!("{MAIL}{RCPT}c> DATA\n{CONTENT}{OK}{OK}s< 554 no\n"));
    assert!(ids(&refused).contains(&"pipelining-data-before-354"), "{refused:?}");
    let group = format!("{MAIL}{RCPT}c> DATA\ns< 550 5.7.1 no\ns< 503 no\ns< 354 go on\n");
    let unchecked = offered(&format!("{group}{CONTENT}s< 554 no\n{QUIT}"));
    assert!(ids(&unchecked).contains(&"pipelining-status-unchecked"), "{unchecked:?}");
    assert!(unchecked.iter().any(|one| one.message.contains("although MAIL")), "{unchecked:?}");
    // Text behind an end of data that only a lenient server sees is of the message.
    let inner = format!("c> hello\n# eol client lf\nc>\n# eol client crlf\nc> .\n{MAIL}{RCPT}");
    let first = format!("{MAIL}{OK}{RCPT}{OK}c> DATA\ns< 354 go on\n{inner}c> DATA\n{CONTENT}");
    let smuggled = offered(&format!("{first}{OK}{OK}{OK}s< 354 go on\n{OK}{QUIT}"));
    assert!(!ids(&smuggled).iter().any(|id| id.starts_with("pipe")), "{smuggled:?}");
}

#[test]
fn the_line_of_a_load_balancer_is_no_command() {
    let proxy = "c> PROXY TCP4 192.0.2.7 198.51.100.25 41234 25\n";
    let all = of_all(&format!("{proxy}{GREETING}{EHLO}s< 250 SIZE\n{MAIL}{OK}{RCPT}{OK}{QUIT}"));
    assert!(!ids(&all).iter().any(|id| id.starts_with("pipe") || id.contains("greeting")));
}

#[test]
fn xforward_is_told_by_one_rule() {
    let line = "c> XFORWARD ADDR=192.0.2.7 NAME=client.example.com\n";
    let all = offered(&format!("{line}{OK}{QUIT}"));
    let found = all.iter().find(|one| one.rule.id == "middlebox-xclient").unwrap();
    assert!(found.message.contains("\"192.0.2.7\" (ADDR)"), "{}", found.message);
}

#[test]
fn a_line_that_was_passed_over_does_not_wait_for_ever() {
    let noops = format!("c> NOOP\n{OK}").repeat(60);
    let all = offered(&format!("c>\n{noops}{QUIT}"));
    assert!(!ids(&all).iter().any(|id| id.starts_with("pipe")), "{all:?}");
    let many: String = "c> VRFY ann\n".repeat(60);
    let all = offered(&format!("c>\n{many}{}{QUIT}", "s< 252 2.0.0 maybe\n".repeat(60)));
    assert!(ids(&all).contains(&"pipelining-pending-excessive"), "{all:?}");
}

#[test]
fn a_farewell_is_no_reply_too_many() {
    let group = format!("{MAIL}{RCPT}{OK}{OK}");
    for last in ["451 4.4.2 timeout (#4.4.2)", "554 5.4.0 you took too long"] {
        let all = offered(&format!("{group}s< {last}\n# end server-closed\n"));
        assert_eq!(ids(&all), ["reply-unsolicited"], "{all:?}");
    }
    let all = offered(&format!("{group}s< 550 5.1.1 no\n{QUIT}"));
    assert!(ids(&all).contains(&"pipelining-reply-surplus"), "{all:?}");
}

#[test]
fn an_early_refusal_of_content_is_no_lost_reply() {
    let data = format!("{MAIL}{OK}{RCPT}{OK}c> DATA\ns< 354 go on\n");
    let all = offered(&format!("{data}c> a\ns< 552 5.3.4 too big\nc> b\nc> .\n{QUIT}"));
    assert!(!ids(&all).iter().any(|id| id.starts_with("pipe")), "{all:?}");
}

#[test]
fn who_leaves_may_have_given_up() {
    // Without times nobody knows how long it waited.
    for end in ["c> RSET\n", "c> QUIT\n"] {
        let all = found(&format!("{EHLO}s< 250 SIZE\n{MAIL}{end}{OK}{OK}"));
        assert!(!ids(&all).iter().any(|id| id.starts_with("pipe")), "{all:?}");
    }
}
