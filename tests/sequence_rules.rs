//! What is found in the order of commands and replies, and what is not: cases beside the examples of
//! the rules.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

mod weave;

use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::{Category, Finding};
use std::io::Cursor;
use weave::{Close, Dialog, Plan, Side};

/// The findings about the order in a dialog that begins with a greeting and EHLO.
fn found(dialog: &str) -> Vec<Finding> {
    let begin = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
                 s< 250 PIPELINING\n";
    of_all(&format!("{begin}{dialog}"))
}

/// The findings about the order in a whole dialog.
fn of_all(dialog: &str) -> Vec<Finding> {
    of_bytes(dialog.as_bytes().to_vec())
}

/// The findings about the order in an input with one session.
fn of_bytes(input: Vec<u8>) -> Vec<Finding> {
    let input = Cursor::new(input);
    let source = Source::new("example", || Ok(Box::new(input)));
    let (mut sessions, _) = collect(&Options::default(), vec![source]);
    let findings = sessions.pop().unwrap().findings;
    findings.into_iter().filter(|found| found.rule.category == Category::Sequence).collect()
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.id).collect()
}

const MAIL: &str = "c> MAIL FROM:<a@example.org>\n";
const RCPT: &str = "c> RCPT TO:<b@example.net>\n";
const CONTENT: &str = "c> DATA\ns< 354 go on\nc> Subject: x\nc>\nc> hello\nc> .\ns< 250 ok\n";

#[test]
fn a_rcpt_whose_reply_is_no_reply_was_sent() {
    let prose = found(&format!("{MAIL}s< 250 ok\n{RCPT}s< Fine with me\n{CONTENT}"));
    assert_eq!(ids(&prose), [""; 0]);
    let none = found(&format!("{MAIL}s< 250 ok\n{CONTENT}"));
    assert_eq!(ids(&none), ["data-before-rcpt", "sequence-error-accepted"]);
    // Those of the transaction before do not count.
    let other = found(&format!("{MAIL}s< 250 ok\n{RCPT}s< Fine\n{CONTENT}c> DATA\ns< 503 no\n"));
    assert_eq!(ids(&other), ["data-before-rcpt"]);
}

#[test]
fn helo_first_is_told_as_it_was() {
    let begin = "s< 220 mx.example.net ESMTP\nc> HELO client.example.org\ns< 250 mx.example.net\n";
    let later = of_all(&format!("{begin}c> EHLO client.example.org\ns< 250 mx.example.net\n"));
    assert_eq!(ids(&later), ["helo-only"]);
    assert!(later.iter().all(|one| one.message.contains("EHLO only later")), "{later:?}");
    let never = of_all(begin);
    assert!(never.iter().all(|one| one.message.contains("did not try EHLO")), "{never:?}");
}

#[test]
fn the_same_sender_may_come_again_after_rset() {
    let refused = format!("{MAIL}s< 552 5.3.4 too big\n");
    let other = found(&format!("{refused}c> RSET\ns< 250 ok\n{MAIL}s< 250 ok\n"));
    assert_eq!(ids(&other), [""; 0]);
    let again = found(&format!("{refused}{MAIL}s< 552 5.3.4 too big\n"));
    assert_eq!(ids(&again), ["retry-after-permanent-failure"]);
}

#[test]
fn an_empty_line_after_quit_hides_nothing() {
    let quit = "c> QUIT\ns< 221 bye\nc>\n";
    assert_eq!(ids(&found(&format!("{quit}{MAIL}"))), ["command-after-quit"]);
    assert_eq!(ids(&found(quit)), [""; 0]);
}

#[test]
fn who_goes_on_after_421_is_told_once() {
    let down = "s< 421 4.3.2 down\n";
    let told = found(&format!("{MAIL}{down}{RCPT}{down}c> DATA\n{down}"));
    assert_eq!(ids(&told), ["command-after-421"]);
}

#[test]
fn a_code_that_no_reply_may_have_is_not_unexpected_too() {
    assert_eq!(ids(&found(&format!("{MAIL}s< 279 ok\n"))), [""; 0]);
    assert_eq!(ids(&found(&format!("{MAIL}s< 251 ok\n"))), ["reply-unexpected"]);
}

#[test]
fn runs_of_wrong_replies_are_counted_not_likened() {
    let told = found("c> NOOP hello\ns< 501 no\nc> NOOP\ns< 502 no\n");
    assert_eq!(ids(&told), ["noop-reply-invalid"]);
    let message = "NOOP must be answered with 250, not with 501 (the first of 2 in a row)";
    assert!(told.iter().all(|one| one.message.starts_with(message)), "{told:?}");
}

#[test]
fn an_end_that_the_capture_lacks_accuses_nobody_else() {
    let begin = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250 mx.example.net\n";
    let envelope = format!("{begin}{MAIL}s< 250 ok\n{RCPT}s< 250 ok\n");
    let unanswered =
        format!("{envelope}c> DATA\ns< 354 go on\nc> Subject: x\nc>\nc> hello\nc> .\n");
    let numbers = [(1000, 5_000_000), (5_000_000, 1000)];
    for (dialog, (client, server)) in
        [&envelope, &unanswered].into_iter().flat_map(|dialog| numbers.map(|isn| (dialog, isn)))
    {
        let plan = Plan::new(&Dialog::parse(dialog)).close(Close::Fin(Side::Server));
        let plan = plan.isn(client, server);
        let whole = plan.weave();
        let told = ids(&of_bytes(whole.file));
        let is_end = |frame: &weave::Frame| {
            let carried = frame.carried.as_ref();
            carried.is_some_and(|one| one.side == Side::Server && one.flags & 1 > 0)
        };
        let end = whole.frames.iter().position(is_end).unwrap() as u64 + 1;
        let lossy = plan.lose_frame(end);
        assert_eq!(ids(&of_bytes(lossy.weave().file)), told, "{dialog}");
        // Often the client's own end is what acknowledges it.
        let lossy = lossy.lose_frame(end + 1);
        assert_eq!(ids(&of_bytes(lossy.weave().file)), told, "{dialog}");
    }
}
