//! Where other analyzers went wrong, by name: each bullet of the catalogue's list, and that we
//! do not.

// A test may panic: that is how it fails.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod seen;
mod weave;

use seen::{Seen, run, session, sessions};
use smtp_audit::dialog::session::{Outcome, Session};
use smtp_audit::pipeline::Options;
use smtp_audit::rules::{self, Category, Check};
use smtp_audit::smtp::defect::Defect;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;
use weave::{Dialog, Plan};

const HELLO: &str = "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE
s< 250-CHUNKING
s< 250 PIPELINING
";

const MAIL: &str = "\
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 250 ok
c> DATA
s< 354 go on
c> Subject: a
c> 
c> ..text
c> .
s< 250 queued
c> QUIT
s< 221 bye
";

/// The session of a dialog, as a transcript and woven into a capture: both are the same.
fn read(dialog: &str) -> Session {
    let told = session(dialog.as_bytes());
    let woven = session(&Plan::new(&Dialog::parse(dialog)).weave().file);
    assert_eq!(Seen::of(&told).exchange_words(), Seen::of(&woven).exchange_words());
    woven
}

/// The ids of what is found in a dialog.
fn found(dialog: &str) -> BTreeSet<&'static str> {
    let (audited, _) = run(&[&Plan::new(&Dialog::parse(dialog)).weave().file], &Options::default());
    audited.iter().flat_map(|one| &one.findings).map(|finding| finding.rule.id).collect()
}

fn is_mail_seen(session: &Session) -> bool {
    session.messages.last().is_some_and(|message| {
        message.outcome == Outcome::Accepted
            && message.is_complete()
            && message.content.octets == 21
    })
}

/// Three in Suricata, nine in Zeek. That each rule's example fires it, `tests/rules.rs` shows; here,
/// that what the grammar finds has a rule, and each of these rules something that it is found by.
#[test]
fn a_declared_event_that_no_code_raises() {
    let raised: BTreeSet<&str> = Defect::ALL.iter().filter_map(|defect| defect.rule()).collect();
    for rule in rules::all() {
        assert!(!rule.bad.is_empty() && rule.bad != rule.good, "{}", rule.id);
        if matches!(rule.check, Check::Grammar(_)) {
            assert!(raised.contains(rule.id), "{}: no defect is for it", rule.id);
        }
    }
    let all: BTreeSet<&str> = rules::all().iter().map(|rule| rule.id).collect();
    // The ids of these categories begin with their names.
    let built = |id: &&&str| {
        let name = id.split('-').next();
        [Category::Command, Category::Reply].iter().any(|one| Some(one.name()) == name)
    };
    let lost: Vec<_> = raised.iter().filter(built).filter(|id| !all.contains(*id)).collect();
    assert!(lost.is_empty(), "found, but no rule says it: {lost:?}");
}

#[test]
fn an_unknown_but_legal_reply_code_that_ends_the_parse() {
    let session = read(&format!("{HELLO}c> NOOP\ns< 299 well\nc> VRFY a\ns< 472 later\n{MAIL}"));
    assert!(is_mail_seen(&session));
}

#[test]
fn an_analyzer_switched_off_after_25_bad_transactions() {
    let bad = "c> DATA\ns< 503 no\nc> RCPT TO:<x@example.net>\ns< 503 no\n".repeat(60);
    assert!(is_mail_seen(&read(&format!("{HELLO}{bad}{MAIL}"))));
}

#[test]
fn an_analyzer_switched_off_at_a_10000_octet_line() {
    let long = "x".repeat(30_000);
    assert!(is_mail_seen(&read(&format!("{HELLO}c> NOOP {long}\ns< 500 too long\n{MAIL}"))));
    assert!(is_mail_seen(&read(&format!("{HELLO}c> NOOP\ns< 250 {long}\n{MAIL}"))));
}

#[test]
fn an_analyzer_switched_off_at_a_gap() {
    let dialog = format!("{HELLO}c> NOOP\ns< 250 ok\nc> RSET\ns< 250 ok\n{MAIL}");
    // The packets with NOOP and with its reply.
    for lost in [3, 4] {
        let plan = Plan::new(&Dialog::parse(&dialog)).drop_data(lost);
        let session = session(&plan.weave().file);
        assert_eq!(session.gaps.len(), 1, "segment {lost}");
        assert!(is_mail_seen(&session), "segment {lost}");
    }
}

#[test]
fn data_state_entered_on_the_command_and_never_left_when_it_is_refused() {
    let session = read(&format!("{HELLO}c> DATA\ns< 503 no\nc> NOOP\ns< 250 ok\n{MAIL}"));
    assert!(is_mail_seen(&session));
    let words = Seen { exchanges: Seen::of(&session).exchanges, ..Seen::of(&session) };
    assert!(words.exchange_words().starts_with("EHLO 250, DATA 503, NOOP 250, MAIL 250"));
}

#[test]
fn one_pdu_a_packet() {
    let together = "\
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
c> DATA
s< 250 ok
s< 250 ok
s< 550 no
s< 354 go on
c> a
c> .
s< 250 queued
";
    let dialog = format!("{HELLO}{together}");
    let words = "EHLO 250, MAIL 250, RCPT 250, RCPT 550, DATA 354, . 250";
    for mss in [1, 7, 1460] {
        let plan = Plan::new(&Dialog::parse(&dialog)).mss(mss);
        let session = session(&plan.weave().file);
        // A plus marks what was sent before the reply to the one before it.
        let seen = Seen::of(&session).exchange_words().replace('+', "");
        assert_eq!(seen, words, "{mss} bytes a segment");
    }
}

#[test]
fn a_terminator_split_over_segments_missed() {
    for mss in 1..40 {
        let plan = Plan::new(&Dialog::parse(format!("{HELLO}{MAIL}"))).mss(mss);
        assert!(is_mail_seen(&session(&plan.weave().file)), "{mss} bytes a segment");
    }
}

#[test]
fn dot_stuffing_not_undone() {
    // `..text` is five octets and CRLF.
    let session = read(&format!("{HELLO}{MAIL}"));
    let sent: u64 = ["Subject: a", "", ".text"].iter().map(|line| line.len() as u64 + 2).sum();
    assert_eq!(session.messages[0].content.octets, sent);
}

#[test]
fn a_message_silently_shortened_at_a_gap_or_filled_with_nuls() {
    let mut dialog = format!("{HELLO}c> MAIL FROM:<a@example.org>\ns< 250 ok\n");
    dialog += "c> RCPT TO:<b@example.net>\ns< 250 ok\nc> DATA\ns< 354 go on\n";
    for line in 0..400 {
        writeln!(dialog, "c> line {line:4}").unwrap();
    }
    dialog += "c> .\ns< 250 queued\n";
    // The second of the segments with content: 1460 octets that were acknowledged.
    let plan = Plan::new(&Dialog::parse(&dialog)).drop_data(11);
    let session = session(&plan.weave().file);
    let message = &session.messages[0];
    assert!(!message.is_complete() && message.outcome == Outcome::Accepted);
    assert_eq!((message.content.missing, message.content.nul), (1460, 0));
    assert_eq!(message.content.octets + message.content.missing, 400 * 11);
}

#[test]
fn lf_dot_lf_silently_taken_as_the_end_of_data_or_silently_not() {
    let start = format!("{HELLO}{MAIL}");
    let dialog = start.replace("c> ..text", "# eol client lf\nc> a\nc> .\n# eol client crlf\nc> b");
    let session = session(dialog.as_bytes());
    // The strict reading: the message goes on. What a lenient server may have seen is counted.
    assert_eq!(session.messages.len(), 1);
    assert!(session.messages[0].ended);
    assert!(session.messages[0].content.bare_lf >= 2, "{:?}", session.messages[0].content);
}

#[test]
fn one_id_for_two_faults() {
    let titles: BTreeSet<&str> = rules::all().iter().map(|rule| rule.title).collect();
    assert_eq!(titles.len(), rules::all().len(), "two rules say the same");
    // What a client writes and what a server writes are never found by one rule.
    let (mut commands, mut replies) = (BTreeSet::new(), BTreeSet::new());
    for defect in Defect::ALL {
        let name = format!("{defect:?}");
        let is_reply = ["Reply", "Ehlo", "Greeting", "Enhanced", "Limit"];
        let side = if is_reply.iter().any(|word| name.starts_with(word)) {
            &mut replies
        } else {
            &mut commands
        };
        side.extend(defect.rule());
    }
    assert!(commands.is_disjoint(&replies), "{:?}", commands.intersection(&replies));
}

#[test]
fn pipelining_only_seen_when_it_is_not_the_last_ehlo_line() {
    let offers = ["SIZE", "PIPELINING", "CHUNKING"];
    for shift in 0..3 {
        let mut lines: Vec<String> = offers.iter().map(|offer| format!("s< 250-{offer}")).collect();
        lines.rotate_left(shift);
        let last = lines.pop().unwrap().replace("250-", "250 ");
        let lines = lines.join("\n");
        let dialog = format!(
            "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
             {lines}\n{last}\n{MAIL}"
        );
        let seen = Seen::of(&read(&dialog));
        assert_eq!(seen.offered[0].len(), 3, "{:?}", seen.offered);
        assert!(seen.offered[0].contains(&"PIPELINING".to_owned()), "{:?}", seen.offered);
    }
}

#[test]
fn chunk_sizes_of_32_bits() {
    let open = "c> MAIL FROM:<a@example.org>\ns< 250 ok\nc> RCPT TO:<b@example.net>\ns< 250 ok\n";
    let dialog = format!("{HELLO}{open}c> BDAT 18446744073709551615 LAST\nc> text\n");
    for session in sessions(dialog.as_bytes()) {
        assert_eq!(session.messages[0].content.octets, 6, "all of it is content");
    }
    let dialog = dialog.replace("BDAT 18446744073709551615 LAST", "BDAT 4294967302");
    let session = session(dialog.as_bytes());
    assert_eq!(Seen::of(&session).exchanges.len(), 4, "a size beyond 32 bits does not wrap");
}

#[test]
fn failing_a_run_on_notes() {
    let dialog = format!("{HELLO}c> NOOP\ns< 250 ok\nc> QUIT\ns< 221 bye\n");
    assert!(found(&dialog).contains("session-without-mail"), "a note: {:?}", found(&dialog));
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, dialog).unwrap();
    let status = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-audit"));
        command.arg("--check").args(arguments).arg(&path).output().unwrap().status.code()
    };
    assert_eq!(status(&[]), Some(0));
    assert_eq!(status(&["--fail-on", "note"]), Some(1));
}
