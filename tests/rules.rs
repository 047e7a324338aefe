//! Every rule fires on its bad dialog and not on its good one: read as a transcript, read in
//! single bytes, and woven into captures of several kinds.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod weave;

use smtp_audit::pipeline::{Audited, Options, Source, collect};
use smtp_audit::rules::{self, Category, Need, Rule};
use std::io::{self, Cursor, Read};
use std::ops::Range;
use weave::{Close, Dialog, Ip, Link, Plan, Side};

/// What a finding says that must not depend on how the dialog came in.
type Said = (&'static str, Option<u32>, String, Option<Range<usize>>);

#[test]
fn examples_read_as_transcripts() {
    for rule in rules::all() {
        if needs_packets(rule) {
            let audited = audit(Cursor::new(rule.bad));
            let judged = audited.not_judged.iter().all(|not| not.rule != rule.id);
            assert!(!judged, "{}: judged on a transcript, without packets", rule.id);
            continue;
        }
        expect(rule, "as a transcript", &audit(Cursor::new(rule.bad)), true);
        expect(rule, "as a transcript", &audit(Cursor::new(rule.good)), false);
        let whole = said(&audit(Cursor::new(rule.bad)));
        let trickled = said(&audit(Trickle(rule.bad.as_bytes())));
        assert_eq!(whole, trickled, "{}: read byte by byte", rule.id);
    }
}

#[test]
fn examples_woven_into_captures() {
    for rule in rules::all() {
        for (how, weave) in PLANS {
            let read = |text: &str| {
                audit(Cursor::new(directed(weave(Plan::new(&Dialog::parse(text))), text)))
            };
            if !is_decrypted(rule.good) {
                expect(rule, how, &read(rule.good), false);
            }
            if is_decrypted(rule.bad) {
                continue;
            }
            let bad = read(rule.bad);
            expect(rule, how, &bad, true);
            if !needs_packets(rule) {
                let transcript = said(&audit(Cursor::new(rule.bad)));
                assert_eq!(transcript, said(&bad), "{}: transcript against {how}", rule.id);
            }
        }
    }
}

#[test]
fn examples_are_whole() {
    for rule in rules::all() {
        for text in [rule.title, rule.explanation, rule.bad, rule.good] {
            assert!(!text.is_empty(), "{}: has an empty text", rule.id);
        }
        assert_ne!(rule.bad, rule.good, "{}", rule.id);
        // Reports write it as it is.
        assert!(!rule.help.contains(['"', '\\', '\n']), "{}: the help", rule.id);
        assert!(rule.title.len() <= 80 && !rule.title.ends_with('.'), "{}: the title", rule.id);
    }
}

/// The ids and messages of what is found in `dialog`, read as a transcript and woven.
fn found(dialog: &'static str) -> Vec<(&'static str, String)> {
    let read = |audited: Audited| -> Vec<(&'static str, String)> {
        let findings = audited.findings.into_iter().filter(|one| !needs_packets(one.rule));
        findings.map(|finding| (finding.rule.id, finding.message)).collect()
    };
    let woven = read(audit(Cursor::new(directed(Plan::new(&Dialog::parse(dialog)), dialog))));
    let transcript = read(audit(Cursor::new(dialog)));
    assert_eq!(woven, transcript);
    woven
}

#[test]
fn a_fault_that_a_server_repeats_is_one_finding() {
    let found = found(
        "s< 220 mx.example.net ESMTP\n\
         c> EHLO client.example.org\n\
         s< <html>\n\
         s< <head>\n\
         s< </html>\n\
         c> QUIT\n\
         s< 221 bye\n",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "reply-malformed");
    assert!(found[0].1.ends_with("; 2 more like it in this session"), "{found:?}");
}

#[test]
fn a_reply_that_never_ended_ends_where_the_next_begins() {
    for dialog in [
        // A greeting, a reply to EHLO and another code.
        "s< 220-mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250 mx.example.net\n",
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
         s< 250-ENHANCEDSTATUSCODES\nc> MAIL FROM:<a@example.org>\ns< 250 2.1.0 ok\n",
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250 mx.example.net\n\
         c> MAIL FROM:<a@example.org>\ns< 250-ok\nc> RCPT TO:<b@example.net>\ns< 550 no\n",
    ] {
        let found = found(dialog);
        let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, ["reply-multiline-unterminated"], "{dialog}");
    }
    // The recording may end there.
    for end in ["", "# end reset\n", "# end client-closed\n"] {
        let dialog =
            format!("s< 220 mx.example.net\nc> EHLO a.example\ns< 250-mx.example.net\n{end}");
        assert_eq!(found(dialog.leak()), [], "{end}");
    }
}

/// Packets of TCP's opening.
const HANDSHAKE: usize = 3;

/// The capture of `plan`, as the notes in `text` ask for it.
fn directed(mut plan: Plan, text: &str) -> Vec<u8> {
    plan = plan.close(Close::Never);
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        plan = match words[..] {
            ["#", "midstream"] => plan.midstream(HANDSHAKE),
            ["#", "end", "quit" | "server-closed"] => plan.close(Close::Fin(Side::Server)),
            ["#", "end", "client-closed"] => plan.close(Close::Fin(Side::Client)),
            ["#", "end", "reset"] => plan.close(Close::Reset(Side::Client)),
            ["#", "end", end] => panic!("cannot weave this end: {end}"),
            // What else there is, the lines themselves say.
            _ => plan,
        };
    }
    plan.weave().file
}

/// A way of weaving, with its name.
type Way = (&'static str, fn(Plan) -> Plan);

/// Ways of weaving, none of which loses anything.
const PLANS: &[Way] = &[
    ("in a plain capture", |plan| plan),
    ("in segments of one byte", |plan| plan.mss(1).wrap()),
    ("in IPv6, out of order", |plan| plan.ip(Ip::V6).link(Link::Sll2).mss(7).seed(5).reorder(4)),
    ("in pcapng, with retransmissions", |plan| plan.pcapng().mss(9).seed(7).retransmit(40)),
    ("with duplicates", |plan| plan.seed(11).duplicates(50)),
];

/// Gives one byte at a time.
struct Trickle(&'static [u8]);

impl Read for Trickle {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(1);
        self.0.read(&mut out[..most])
    }
}

/// The only session of an input.
fn audit(source: impl Read + Send + 'static) -> Audited {
    let source = Source::new("example", || Ok(Box::new(source)));
    let (mut sessions, facts) = collect(&Options::default(), vec![source]);
    assert!(facts[0].error.is_none(), "{facts:?}");
    assert!(facts.iter().all(|facts| facts.troubles.is_empty()), "{facts:?}");
    assert_eq!(sessions.len(), 1, "an example is one session");
    sessions.pop().unwrap()
}

fn expect(rule: &Rule, how: &str, audited: &Audited, fires: bool) {
    let ids: Vec<&str> = audited.findings.iter().map(|finding| finding.rule.id).collect();
    let which = if fires { "bad" } else { "good" };
    assert_eq!(ids.contains(&rule.id), fires, "{}: the {which} example {how}: {ids:?}", rule.id);
    let unjudged = audited.not_judged.iter().find(|not| not.rule == rule.id);
    assert!(unjudged.is_none(), "{}: the {which} example {how}: {unjudged:?}", rule.id);
}

/// The findings that do not need the wire.
fn said(audited: &Audited) -> Vec<Said> {
    // What is said of the recording depends on its kind.
    let findings = audited
        .findings
        .iter()
        .filter(|finding| !needs_packets(finding.rule) && finding.rule.category != Category::Input);
    let said = findings.map(|finding| {
        let evidence = String::from_utf8_lossy(&finding.evidence).into_owned();
        (finding.rule.id, finding.exchange, evidence, finding.range.clone())
    });
    let mut said: Vec<Said> = said.collect();
    // The packets that carried the lines may be in another order than those.
    said.sort_by(|a, b| (a.1, a.0, &a.2).cmp(&(b.1, b.0, &b.2)));
    said
}

/// Whether a dialog shows what no packet shows in clear.
fn is_decrypted(dialog: &str) -> bool {
    dialog.starts_with("# decrypted\n")
}

fn needs_packets(rule: &Rule) -> bool {
    rule.needs.iter().any(|need| matches!(need, Need::Packets | Need::Times | Need::LineEnds))
}
