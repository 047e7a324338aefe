//! What is found about line ends and false ends of data in packets, and what is not: cases beside
//! the examples of the rules.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

mod weave;

use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::Finding;
use weave::{Close, Dialog, Plan, Side};

/// What is found in packets of a dialog behind the EHLO, which `close` ends.
fn found(dialog: &str, close: Close) -> Vec<Finding> {
    let text = format!(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
         s< 250-PIPELINING\ns< 250-CHUNKING\ns< 250 BINARYMIME\n{dialog}"
    );
    let plan = Plan::new(&Dialog::parse(text)).close(close);
    let source = Source::bytes("example", plan.weave().file);
    collect(&Options::default(), vec![source]).0.pop().unwrap().findings
}

/// Those with an id that begins so.
fn ids<'f>(findings: &'f [Finding], start: &str) -> Vec<&'f str> {
    findings.iter().map(|one| one.rule.id).filter(|id| id.starts_with(start)).collect()
}

const ENVELOPE: &str = "c> MAIL FROM:<a@example.org>\ns< 250 ok\nc> RCPT TO:<b@example.net>\n\
                        s< 250 ok\n";
const DATA: &str = "c> DATA\ns< 354 go on\n";
const QUIT: &str = "c> QUIT\ns< 221 bye\n";
const CLIENT: Close = Close::Fin(Side::Client);
const SERVER: Close = Close::Fin(Side::Server);

#[test]
fn a_sloppy_client_that_gives_up_hides_nothing() {
    let lf = "# eol client lf\nc> hello\nc> .\n# eol client crlf\n";
    let cr = "# escaped\nc> hello\\x0d\n# escaped\nc> .\\x0d\n";
    for text in [lf, cr] {
        let leaves = format!("{ENVELOPE}{DATA}{text}# pause 600s\nc> QUIT\n");
        let all = found(&leaves, CLIENT);
        assert_eq!(ids(&all, "smuggle"), [""; 0], "{all:?}");
        assert_eq!(ids(&all, "data-t"), ["data-terminator-missing"]);
        let hides = format!("{ENVELOPE}{DATA}{text}{}c> .\ns< 250 ok\n{QUIT}", "c> RSET\n");
        assert_eq!(ids(&found(&hides, SERVER), "smuggle").len(), 1);
    }
}

#[test]
fn a_reply_too_many_proves_nothing_where_no_command_was_hidden() {
    let text = "# eol client lf\nc> hello\nc> .\n# eol client crlf\nc> world\nc> .\n";
    let twice = "s< 250 queued\ns< 250 queued\n";
    let all = found(&format!("{ENVELOPE}{DATA}{text}{twice}{QUIT}"), SERVER);
    assert_eq!(ids(&all, "smuggle"), ["smuggle-lf-dot-lf"]);
    assert_eq!(ids(&all, "reply-uns"), ["reply-unsolicited"]);
}

#[test]
fn a_bare_cr_is_no_part_of_cr_cr_lf() {
    let text = "# escaped\nc> one\\x0d\nc> two\n# escaped\nc> thr\\x0dee\nc> .\n";
    for mss in [1, 2, 3, 1460] {
        let dialog = format!("{ENVELOPE}{DATA}{text}s< 250 queued\n{QUIT}");
        let dialog = format!("s< 220 mx.example.net\nc> HELO a.example\ns< 250 hi\n{dialog}");
        let plan = Plan::new(&Dialog::parse(dialog)).mss(mss).close(SERVER);
        let source = Source::bytes("example", plan.weave().file);
        let all = collect(&Options::default(), vec![source]).0.pop().unwrap().findings;
        let says = |id: &str, part: &str| {
            all.iter().any(|one| one.rule.id == id && one.message.contains(part))
        };
        assert!(says("data-bare-cr", "once, first in line 3"), "{mss}: {all:?}");
        assert!(says("line-ending-cr-cr-lf", "first line 1"), "{mss}: {all:?}");
    }
}

#[test]
fn binary_chunks_may_hold_any_octets() {
    let octets =
        "# eol client none\n# escaped\nc> a: b\\x0d\\x0a\\x0d\\x0aab\\x0a.\\x0acd\\x0d\\x0a\n";
    for (body, is_found) in [("", true), (" BODY=BINARYMIME", false)] {
        let mail = ENVELOPE.replace("<a@example.org>", &format!("<a@example.org>{body}"));
        let all = found(&format!("{mail}c> BDAT 17 LAST\n{octets}s< 250 ok\n{QUIT}"), SERVER);
        assert_eq!(ids(&all, "smuggle").len(), usize::from(is_found), "{all:?}");
    }
}

#[test]
fn who_leaves_behind_the_message_is_told_once() {
    let ids_of = |pause: &str| {
        let all = found(&format!("{ENVELOPE}{DATA}c> hello\nc> .\n{pause}"), CLIENT);
        let told = ["data-duplicate-risk", "client-timeout-final-short"];
        all.iter().map(|one| one.rule.id).filter(|id| told.contains(id)).collect::<Vec<_>>()
    };
    assert_eq!(ids_of(""), ["data-duplicate-risk"]);
    assert_eq!(ids_of("# pause 60s\n"), ["client-timeout-final-short"]);
    // A part of a chunk is no message that waits for its reply.
    let part = found(&format!("{ENVELOPE}c> BDAT 100 LAST\nc> hello\n# pause 400s\n"), CLIENT);
    assert_eq!(ids(&part, "bdat"), ["bdat-chunk-short"]);
    assert_eq!(ids(&part, "client-timeout-f"), [""; 0], "{part:?}");
    assert_eq!(ids(&part, "stall-a"), [""; 0], "{part:?}");
}

#[test]
fn half_a_line_end_that_the_capture_lacks_is_no_fault() {
    let text = format!("{ENVELOPE}{DATA}c> one\nc> .two\nc> three\nc> .\ns< 250 ok\n{QUIT}");
    let text = format!("s< 220 mx.example.net\nc> HELO a.example\ns< 250 hi\n{text}");
    let dialog = Dialog::parse(&text);
    let octets = Side::BOTH.map(|side| dialog.stream(side).len());
    // Each octet is missing once.
    for index in 0..octets.iter().sum() {
        let plan = Plan::new(&dialog).mss(1).drop_data(index).close(SERVER);
        let source = Source::bytes("example", plan.weave().file);
        let all = collect(&Options::default(), vec![source]).0.pop().unwrap().findings;
        for start in ["data-bare", "smuggle", "command-empty"] {
            assert_eq!(ids(&all, start), [""; 0], "{index}: {all:?}");
        }
    }
}
