//! What is found in times and in TCP, and what is not: cases beside the examples of the rules.

// A test may panic: that is how it fails.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod weave;

use smtp_audit::chunk::End;
use smtp_audit::pipeline::{Audited, Options, Source, collect};
use smtp_audit::rules::{Category, Confidence, Finding, Party};
use smtp_audit::timing::{self, Phase};
use weave::{Close, Dialog, Plan, Side};

const BEGIN: &str = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\n\
                     s< 250-mx.example.net\ns< 250 PIPELINING\n";
const MAIL: &str = "c> MAIL FROM:<a@example.org>\ns< 250 ok\n";
const RCPT: &str = "c> RCPT TO:<b@example.net>\ns< 250 ok\n";
const CONTENT: &str = "c> DATA\ns< 354 go on\nc> Subject: x\nc>\nc> hello\nc> .\ns< 250 ok\n";
const QUIT: &str = "c> QUIT\ns< 221 bye\n";

/// The session of a capture.
fn read(file: Vec<u8>) -> Audited {
    let (mut sessions, _) = collect(&Options::default(), vec![Source::bytes("example", file)]);
    sessions.pop().unwrap()
}

/// The session of a dialog, woven so.
fn woven(dialog: &str, plan: impl Fn(Plan) -> Plan) -> Audited {
    read(plan(Plan::new(&Dialog::parse(dialog))).weave().file)
}

/// The findings about times and TCP.
fn findings(audited: &Audited) -> impl Iterator<Item = &Finding> {
    let is_ours =
        |one: &&Finding| matches!(one.rule.category, Category::Timing | Category::Transport);
    audited.findings.iter().filter(is_ours)
}

/// Those of a dialog, after which `side` closes the connection.
fn found(dialog: &str, side: Side) -> Vec<&'static str> {
    let audited = woven(dialog, |plan| plan.close(Close::Fin(side)));
    findings(&audited).map(|one| one.rule.id).collect()
}

#[test]
fn nobody_greets_before_tls() {
    let silent = Dialog { pause: 30_000_000_000, ..Dialog::default() };
    let ids = |port| {
        let plan = Plan::new(&silent).ports(50000, port).close(Close::Fin(Side::Client));
        let audited = read(plan.weave().file);
        let stalls = timing::of(&audited.session).stalls.len();
        (findings(&audited).map(|one| one.rule.id).collect::<Vec<_>>(), stalls)
    };
    assert_eq!(ids(25), (vec!["client-timeout-greeting-short"], 1));
    assert_eq!(ids(465), (vec![], 0));
}

#[test]
fn a_clock_that_was_set_is_nobodys_wait() {
    for place in 0..4 {
        let mut lines = [BEGIN, "c> MAIL FROM:<a@example.org>\n", "s< 250 ok\n", RCPT, CONTENT];
        let jump = format!("# pause 172800s\n{}", lines[place + 1]);
        lines[place + 1] = &jump;
        let dialog = [&lines.concat(), QUIT].concat();
        assert_eq!(found(&dialog, Side::Server), [""; 0], "{dialog}");
        let session = woven(&dialog, |plan| plan).session;
        assert!(timing::of(&session).stalls.is_empty(), "{dialog}");
    }
}

#[test]
fn no_phase_is_told_of_a_clock_that_went_back() {
    let dialog = [BEGIN, MAIL, RCPT, CONTENT, QUIT].concat();
    let file = Plan::new(&Dialog::parse(&dialog)).close(Close::Fin(Side::Server)).weave().file;
    let phases = |file| timing::of(&read(file).session).phases;
    assert!(phases(file.clone()).of(Phase::Final).is_some());
    let mut back = records(&file);
    for record in back.iter_mut().skip(10) {
        let seconds = u32::from_le_bytes(record[..4].try_into().unwrap()) - 3600;
        record[..4].copy_from_slice(&seconds.to_le_bytes());
    }
    assert_eq!(phases([&file[..24], &back.concat()].concat()).iter().count(), 0);
}

#[test]
fn what_is_sent_again_or_far_away_is_no_tarpit() {
    let slow = |line: &str| format!("{line}c> QUIT\n# pause 9s\ns< 221 bye\n");
    let again = |line: &str| line.replace("c> ", "# wire again 1s\nc> ");
    let rset = "c> RSET\ns< 250 ok\n";
    let dialog = [BEGIN, &again(MAIL), &again(RCPT), &again(rset)].concat();
    assert!(!found(&slow(&dialog), Side::Server).contains(&"tarpit-suspected"));
    // Two seconds to the server and back, as nobody knows from the handshake.
    let far = ["# pause 1s\n", BEGIN, MAIL, RCPT, rset, QUIT].concat();
    let audited = woven(&far, |plan| plan.step(1_000_000_000).close(Close::Fin(Side::Server)));
    assert!(findings(&audited).all(|one| one.rule.id != "tarpit-suspected"));
    let late = |line: &str| line.replace("s< ", "# pause 2s\ns< ");
    let meant = [BEGIN, &late(MAIL), &late(RCPT), &late(rset), QUIT].concat();
    assert!(found(&meant, Side::Server).contains(&"tarpit-suspected"));
}

#[test]
fn who_only_connects_and_quits_is_not_slow() {
    let quit = format!("s< 220 mx.example.net ESMTP\n# pause 20s\n{QUIT}");
    assert_eq!(found(&quit, Side::Server), [""; 0]);
    let hello = "s< 220 mx.example.net ESMTP\n# pause 20s\nc> EHLO a.example.org\ns< 250 ok\n";
    assert_eq!(found(hello, Side::Server), ["client-slow"]);
}

#[test]
fn a_limit_on_the_session_is_not_one_on_a_command() {
    let of = |before: &str, text: &str| {
        let dialog = format!("{BEGIN}{before}# pause 20s\ns< 421 4.4.2 {text}\n");
        let audited = woven(&dialog, |plan| plan.close(Close::Fin(Side::Server)));
        let mut found = findings(&audited).filter(|one| one.rule.id == "server-timeout-short");
        found.next().map(|one| one.confidence)
    };
    assert_eq!(of("", "idle timeout"), Some(Confidence::Certain));
    assert_eq!(of("", "session time limit exceeded"), None);
    let later = "# pause 290s\nc> NOOP\ns< 250 ok\n";
    assert_eq!(of(later, "timeout"), None, "what is only possible is not shown");
}

#[test]
fn keep_alives_are_traffic() {
    let idle = "# wire silence 300s\n";
    let reset = |dialog: &str| {
        let audited = woven(dialog, |plan| plan.close(Close::Reset(Side::Server)));
        findings(&audited).map(|one| one.rule.id).collect::<Vec<_>>()
    };
    assert!(reset(&format!("{BEGIN}{idle}")).contains(&"session-idle-close"));
    let kept = format!("{BEGIN}# wire keep-alive server 75s\nc> NOOP\ns< 250 ok\n{idle}");
    assert!(!reset(&kept).contains(&"session-idle-close"));
}

#[test]
fn the_side_that_did_it_is_at_fault() {
    let party = |dialog: &str, id: &str| {
        let audited = woven(dialog, |plan| plan.close(Close::Fin(Side::Server)));
        findings(&audited).find(|one| one.rule.id == id).map(|one| one.party)
    };
    let inside = format!("{BEGIN}c> NOOP\n# eol server none\ns< 250 o\n");
    assert_eq!(party(&inside, "tcp-closed-mid-line"), Some(Party::Server));
    for (name, side) in [("client", Party::Client), ("server", Party::Server)] {
        let closed = format!("{BEGIN}{MAIL}# wire zero-window {name} 40s\n{RCPT}{QUIT}");
        assert_eq!(party(&closed, "stall-zero-window"), Some(side));
        let kept = format!("{BEGIN}# wire keep-alive {name} 75s\n{MAIL}{QUIT}");
        assert_eq!(party(&kept, "tcp-keepalive"), Some(side));
    }
}

#[test]
fn what_was_sent_again_for_nothing_is_no_time_out() {
    let dialog =
        format!("{BEGIN}# wire acked-again 400ms\n{MAIL}# wire again 30ms\n{RCPT}{CONTENT}{QUIT}");
    let audited = woven(&dialog, |plan| plan.close(Close::Fin(Side::Server)));
    let again = findings(&audited).find(|one| one.rule.id == "tcp-retransmission").unwrap();
    assert!(!again.message.contains("time-out"), "{}", again.message);
}

#[test]
fn a_reset_that_is_captured_too_early_is_not_forged() {
    let dialog = [BEGIN, MAIL, RCPT, CONTENT].concat();
    let plan = Plan::new(&Dialog::parse(dialog)).close(Close::Reset(Side::Server));
    let file = plan.weave().file;
    let mut early = records(&file);
    // Before the last reply and its acknowledgment.
    let reset = early.pop().unwrap();
    early.insert(early.len() - 2, reset);
    let audited = read([&file[..24], &early.concat()].concat());
    assert_eq!(audited.session.end, End::Reset);
    assert!(audited.session.exchanges.iter().all(|one| one.reply.is_some()));
    assert!(findings(&audited).all(|one| one.rule.id != "tcp-data-after-reset"));
}

#[test]
fn a_handshake_without_its_end_is_not_slow() {
    let dialog = format!("s< 220 mx.example.net ESMTP\n# pause 3s\nc> NOOP\ns< 250 ok\n{QUIT}");
    let plan = Plan::new(&Dialog::parse(dialog)).close(Close::Fin(Side::Server));
    let file = plan.weave().file;
    let mut lost = records(&file);
    // The last of the handshake, and the acknowledgment of the greeting.
    lost.remove(4);
    lost.remove(2);
    let audited = read([&file[..24], &lost.concat()].concat());
    assert!(findings(&audited).all(|one| one.rule.id != "connect-slow"));
    let timing = audited.session.timing;
    assert!(timing.connect.is_none() && timing.greeting.is_some(), "{timing:?}");
    assert!(timing.idle.unwrap() >= smtp_audit::time::Lapse::from_nanos(3_000_000_000));
    assert_eq!(timing::of(&audited.session).round_trip.client, None);
}

/// The packets of a capture in the classic form.
fn records(file: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &file[24..];
    let mut all = Vec::new();
    while !rest.is_empty() {
        let len = 16 + u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        all.push(rest[..len].to_vec());
        rest = &rest[len..];
    }
    all
}
