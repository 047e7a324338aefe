//! Every rule fires on its bad dialog and not on its good one: read as a transcript, read in
//! single bytes, and woven into captures of several kinds.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod weave;

use smtp_audit::pipeline::{Audited, Facts, Options, Source, collect};
use smtp_audit::ports::{Ports, SMTP_PORTS};
use smtp_audit::rules::{self, Category, Check, Need, Rule, Severity};
use std::io::{self, Cursor, Read};
use std::ops::Range;
use weave::{Close, Dialog, Ip, Link, Open, Plan, Side};

/// What a finding says that must not depend on how the dialog came in.
type Said = (&'static str, Option<u32>, String, Option<Range<usize>>);

#[test]
fn examples_read_as_transcripts() {
    for rule in of_sessions() {
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
    for rule in of_sessions() {
        for way in ways(rule) {
            let (how, _) = way;
            let read = |text: &str| {
                let (file, options) = directed(way, text);
                only(collect(&options, vec![Source::bytes("example", file)]), text)
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
fn examples_of_inputs() {
    for rule in rules::all().iter().filter(|rule| is_of_input(rule)) {
        for (which, text, fires) in [("bad", rule.bad, true), ("good", rule.good, false)] {
            let check = |how: &str, facts: &Facts| {
                let ids: Vec<&str> = facts.findings.iter().map(|one| one.rule.id).collect();
                let id = rule.id;
                assert_eq!(ids.contains(&id), fires, "{id}: the {which} example {how}: {facts:?}");
            };
            if needs_packets(rule) || text.contains("# as packets\n") {
                for way in ways(rule) {
                    let (file, options) = directed(way, text);
                    let (_, facts) = collect(&options, vec![Source::bytes("example", file)]);
                    check(way.0, &facts[0]);
                }
            }
            if needs_packets(rule) {
                let facts = read(Cursor::new(text)).1;
                let is_said = facts[0].findings.iter().any(|one| one.rule.id == rule.id);
                assert!(!is_said, "{}: found in a transcript, without packets", rule.id);
            } else if !text.contains("# as packets\n") {
                check("as a transcript", &read(Cursor::new(text)).1[0]);
                check("byte by byte", &read(Trickle(text.as_bytes())).1[0]);
            }
        }
    }
}

/// A dialog with a message.
const MESSAGE: &str = "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
";

/// The rules that found something in input `index`, and what they say.
fn found(outcome: &(Vec<Audited>, Vec<Facts>), index: usize) -> Vec<(&'static str, String)> {
    let findings = outcome.1[index].findings.iter();
    findings.map(|one| (one.rule.id, one.message.clone())).collect()
}

#[test]
fn one_side_of_a_capture_is_told_from_a_silent_peer() {
    let dialog = Dialog::parse(MESSAGE);
    let silent = Dialog::parse("s< 220 mx.example.net ESMTP\n");
    let cases = [
        (Plan::new(&dialog).only(Side::Client), Some("only what the client sent (first: frame 1)")),
        (Plan::new(&dialog).only(Side::Server), Some("only what the server sent (first: frame 1)")),
        (Plan::new(&dialog), None),
        (Plan::new(&silent), None),
        (Plan::new(&silent).midstream(HANDSHAKE), None),
    ];
    for (plan, expected) in cases {
        let source = Source::bytes("example", plan.weave().file);
        let outcome = collect(&Options::default(), vec![source]);
        let found = found(&outcome, 0);
        let said = found.iter().find(|(id, _)| *id == "tcp-asymmetric");
        assert_eq!(said.is_some(), expected.is_some(), "{found:?}");
        if let (Some((_, said)), Some(expected)) = (said, expected) {
            assert!(said.contains(expected), "{said}");
        }
    }
}

#[test]
fn a_capture_that_goes_on_in_a_second_file_has_smtp() {
    let woven = Plan::new(&Dialog::parse(MESSAGE)).mss(3).weave();
    let mut cut = 24;
    for frame in &woven.frames[..woven.frames.len() / 2] {
        cut += 16 + frame.data.len();
    }
    let second = [&woven.file[..24], &woven.file[cut..]].concat();
    let first = woven.file[..cut].to_vec();
    for threads in [1, 3] {
        let options = Options { threads, ..Options::default() };
        let both = [&first, &second].map(|file| Source::bytes("example", file.clone()));
        let outcome = collect(&options, both.into());
        assert_eq!(outcome.1[1].sessions, 0);
        assert_eq!((found(&outcome, 0), found(&outcome, 1)), (Vec::new(), Vec::new()));
    }
}

#[test]
fn what_a_capture_without_smtp_holds_is_listed() {
    let plan = Plan::new(&Dialog::parse(MESSAGE)).ports(50000, 443).seed(3).noise(60);
    let source = Source::bytes("example", plan.weave().file);
    let found = found(&collect(&Options::default(), vec![source]), 0);
    let [("capture-no-smtp", said)] = &found[..] else { panic!("{found:?}") };
    for part in ["no session was found", "TCP port 443: ", "UDP port ", "not IP: "] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn examples_are_whole() {
    for rule in rules::all() {
        for text in [rule.title, rule.explanation, rule.bad, rule.good] {
            assert!(!text.is_empty(), "{}: has an empty text", rule.id);
        }
        assert_ne!(rule.bad, rule.good, "{}", rule.id);
        assert!(!rule.help.contains('\n') && !rule.help.ends_with('.'), "{}: the help", rule.id);
        assert!(rule.title.len() <= 80 && !rule.title.ends_with('.'), "{}: the title", rule.id);
    }
}

/// The ids and messages of what is found in `dialog`, read as a transcript and woven.
fn both_ways(dialog: &'static str) -> Vec<(&'static str, String)> {
    let read = |audited: Audited| -> Vec<(&'static str, String)> {
        let findings = audited.findings.into_iter().filter(|one| !needs_packets(one.rule));
        findings.map(|finding| (finding.rule.id, finding.message)).collect()
    };
    let (file, _) = directed(&PLANS[0], dialog);
    let woven = read(audit(Cursor::new(file)));
    let transcript = read(audit(Cursor::new(dialog)));
    assert_eq!(woven, transcript);
    woven
}

#[test]
fn each_line_that_breaks_the_abnf_has_a_finding() {
    let found = both_ways(
        "s< 220 mx.example.net ESMTP\n\
         c> EHLO client.example.org\n\
         s< <html>\n\
         s< <head>\n\
         s< </html>\n\
         c> QUIT\n\
         s< 221 bye\n",
    );
    let malformed = found.iter().filter(|(id, _)| *id == "reply-malformed").count();
    assert_eq!((malformed, found.len()), (3, 3), "{found:?}");
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
        let found = both_ways(dialog);
        let ids = found.iter().map(|(id, _)| *id).filter(|id| id.starts_with("reply-"));
        assert_eq!(ids.collect::<Vec<_>>(), ["reply-multiline-unterminated"], "{dialog}");
    }
    // The recording may end there.
    for end in ["", "# end reset\n", "# end client-closed\n"] {
        let dialog =
            format!("s< 220 mx.example.net\nc> EHLO a.example\ns< 250-mx.example.net\n{end}");
        let found = both_ways(dialog.leak());
        assert!(found.iter().all(|(id, _)| !id.starts_with("reply-")), "{end}: {found:?}");
    }
}

#[test]
fn replies_prove_what_the_server_took_for_the_end_of_data() {
    let accepted = "s< 250 2.0.0 queued\ns< 250 2.1.0 ok\ns< 250 2.1.5 ok\ns< 354 go on\n\
                    s< 250 2.0.0 queued\n";
    let is_one = |rule: &&&Rule| rule.id.contains("-dot") && rule.id.starts_with("smuggle-");
    let mut rules = 0;
    for rule in rules::all().iter().filter(is_one) {
        rules += 1;
        for (replies, is_taken) in [("s< 250 2.0.0 queued\n", false), (accepted, true)] {
            let text = rule.bad.replace("s< 250 2.0.0 queued\n", replies);
            for way in PLANS {
                let (file, options) = directed(way, &text);
                let audited = only(collect(&options, vec![Source::bytes("example", file)]), "");
                let found = |id: &str| audited.findings.iter().any(|one| one.rule.id == id);
                let (id, how) = (rule.id, way.0);
                assert_eq!(found("smuggle-server-accepted"), is_taken, "{id}, {how}");
                assert!(found("smuggle-commands-follow") && found(id), "{id}, {how}: {is_taken}");
                let messages = audited.session.messages.len();
                assert_eq!(messages, 1 + usize::from(is_taken), "{id}, {how}");
            }
        }
    }
    assert_eq!(rules, 13);
}

/// Packets of TCP's opening.
const HANDSHAKE: usize = 3;

/// What is done to a file.
type Damage = Box<dyn Fn(&mut Vec<u8>)>;

/// The capture of the dialog in `text`, woven in this way and as the notes in `text` ask for it,
/// and how to read it.
fn directed((_, weave): &Way, text: &str) -> (Vec<u8>, Options) {
    // Where an empty line separates dialogs, each server is the client of the next.
    let plans = Dialog::parse_all(text).into_iter().zip(0..);
    let plans = plans.map(|(dialog, hop)| weave(Plan::new(&dialog).hop(hop)).close(Close::Never));
    let mut plan = plans.reduce(Plan::and).unwrap();
    let mut options = Options::default();
    let mut damages: Vec<Damage> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        plan = match words[..] {
            ["#", "midstream"] => plan.midstream(HANDSHAKE),
            ["#", "end", "quit" | "server-closed"] => plan.close(Close::Fin(Side::Server)),
            ["#", "end", "client-closed"] => plan.close(Close::Fin(Side::Client)),
            ["#", "end", "reset"] => plan.close(Close::Reset(Side::Client)),
            // The server resets the connection at the end.
            ["#", "wire-end", "reset", "server"] => plan.close(Close::Reset(Side::Server)),
            // Nothing is said: the server resets the connection attempt, or does not answer.
            ["#", "end", "refused"] => plan.open(Open::Refused),
            ["#", "end", "no-answer"] => plan.open(Open::NoAnswer),
            // IP fragments of so many bytes.
            ["#", "fragments", bytes] => plan.fragment(bytes.parse().unwrap()),
            // The frame of this number, from 1, comes again with another last byte.
            ["#", "contradict-frame", number] => {
                let number: usize = number.parse().unwrap();
                damages.push(Box::new(move |file| contradict(file, number)));
                plan
            }
            // The capture misses the frame of this number, from 1.
            ["#", "lose-frame", number] => plan.lose_frame(number.parse().unwrap()),
            ["#", "end", end] => panic!("cannot weave this end: {end}"),
            // The server's port.
            ["#", "port", port] => plan.ports(50000, port.parse().unwrap()),
            // As with --any-port.
            ["#", "any-port"] => {
                options.ports = Ports::new(&SMTP_PORTS, true);
                plan
            }
            // Only what this side sends is captured.
            ["#", "only", "client"] => plan.only(Side::Client),
            ["#", "only", "server"] => plan.only(Side::Server),
            // Each packet has an earlier time than the one before.
            ["#", "clock-back"] => plan.step(-1_000_000),
            ["#", "snaplen", bytes] => plan.snaplen(bytes.parse().unwrap()),
            // The packet of data with this number, from 0, is not captured.
            ["#", "drop", index] => plan.drop_data(index.parse().unwrap()),
            // Off the end of the file.
            ["#", "cut-file", bytes] => {
                let bytes: usize = bytes.parse().unwrap();
                damages.push(Box::new(move |file| file.truncate(file.len() - bytes)));
                plan
            }
            // The link type that the file claims.
            ["#", "linktype", link] => {
                let link: u16 = link.parse().unwrap();
                damages.push(Box::new(move |file| claim_link(file, link)));
                plan
            }
            // A packet's record contradicts itself.
            ["#", "damage"] => {
                damages.push(Box::new(|file| break_record(file)));
                plan
            }
            // What else there is, the lines themselves say.
            _ => plan,
        };
    }
    let mut file = plan.weave().file;
    for damage in damages {
        damage(&mut file);
    }
    (file, options)
}

/// Whether the file of the weaver is a pcapng file.
fn is_pcapng(file: &[u8]) -> bool {
    file.starts_with(b"\n\r\r\n")
}

fn word(file: &[u8], at: usize) -> usize {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
}

/// Puts the packet `number`, from 1, of a file into it again, with another last byte.
fn contradict(file: &mut Vec<u8>, number: usize) {
    let is_pcapng = is_pcapng(file);
    let mut at = if is_pcapng { word(file, 4) } else { 24 };
    at += if is_pcapng { word(file, at + 4) } else { 0 };
    let len = |file: &[u8], at| {
        if is_pcapng { word(file, at + 4) } else { 16 + word(file, at + 8) }
    };
    for _ in 1..number {
        at += len(file, at);
    }
    let end = at + len(file, at);
    let mut again = file[at..end].to_vec();
    let last = if is_pcapng { 28 + word(&again, 20) } else { again.len() } - 1;
    again[last] ^= 1;
    file.splice(end..end, again);
}

fn claim_link(file: &mut [u8], link: u16) {
    // 1 stands for the true one.
    if link != 1 {
        // In pcapng the description of the interface comes after the section's header.
        let at = if is_pcapng(file) { word(file, 4) + 8 } else { 20 };
        file[at..at + 2].copy_from_slice(&link.to_le_bytes());
    }
}

/// Gives the record in the middle of a file an impossible length.
fn break_record(file: &mut [u8]) {
    let is_pcapng = is_pcapng(file);
    let mut starts = Vec::new();
    let mut at = if is_pcapng { 0 } else { 24 };
    while at < file.len() {
        starts.push(at);
        at += if is_pcapng { word(file, at + 4) } else { 16 + word(file, at + 8) };
    }
    let at = starts[starts.len() / 2] + if is_pcapng { 4 } else { 8 };
    file[at..at + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
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

/// Ways in which the network does nothing to the packets.
const CALM: &[Way] = &[
    PLANS[0],
    ("in pcapng, over IPv6", |plan| plan.pcapng().ip(Ip::V6)),
    ("in small segments", |plan| plan.mss(50).wrap()),
];

/// The ways of weaving the examples of `rule`: where one of them says `# calm`, what the network
/// does is its own matter.
fn ways(rule: &Rule) -> &'static [Way] {
    let is_calm = [rule.bad, rule.good].iter().any(|text| text.contains("# calm\n"));
    let is_large = rule.bad.contains("# large\n");
    match (is_calm, is_large) {
        // In segments as large as they can be.
        (true, true) => &CALM[..2],
        (true, false) => CALM,
        (false, _) => PLANS,
    }
}

/// Gives one byte at a time.
struct Trickle(&'static [u8]);

impl Read for Trickle {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(1);
        self.0.read(&mut out[..most])
    }
}

/// What is made of a source.
fn read(source: impl Read + Send + 'static) -> (Vec<Audited>, Vec<Facts>) {
    let source = Source::new("example", || Ok(Box::new(source)));
    collect(&Options::default(), vec![source])
}

/// The only session of a transcript.
fn audit(source: impl Read + Send + 'static) -> Audited {
    only(read(source), "")
}

/// The only session of an input, which has no troubles but those that `text` asks for.
fn only((mut sessions, facts): (Vec<Audited>, Vec<Facts>), text: &str) -> Audited {
    assert!(facts[0].error.is_none(), "{facts:?}");
    let is_damaged = ["# snaplen", "# cut-file", "# damage", "# lose-frame"]
        .iter()
        .any(|note| text.contains(note));
    assert!(is_damaged || facts.iter().all(|facts| facts.troubles.is_empty()), "{facts:?}");
    let is_reused = text.contains("# wire reuse");
    assert_eq!(sessions.len(), 1 + usize::from(is_reused), "an example is one session");
    sessions.swap_remove(0)
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
    // What is said of the recording depends on its kind. That a dialog was in clear, a transcript
    // proves only where it shows STARTTLS to be offered.
    let is_of_wire = |rule: &Rule| {
        needs_packets(rule)
            || rule.category == Category::Input
            || ["auth-plaintext-offered-in-clear", "auth-cleartext-credentials"].contains(&rule.id)
            || rule.id == "auth-external-without-tls"
    };
    let findings = audited.findings.iter().filter(|finding| !is_of_wire(finding.rule));
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

/// The rules about sessions.
fn of_sessions() -> impl Iterator<Item = &'static &'static Rule> {
    rules::all().iter().filter(|rule| !is_of_input(rule))
}

/// Whether a rule is about an input as a whole.
fn is_of_input(rule: &Rule) -> bool {
    matches!(rule.check, Check::Input(_))
}

/// Rules whose examples cannot do without another error, with it and why.
const BESIDE: &[(&str, &str, &str)] = &[
    (
        "client-timeout-block-short",
        "data-terminator-missing",
        "it leaves in the midst of a message",
    ),
    ("stall-path-mtu", "data-terminator-missing", "it leaves in the midst of a message"),
    ("tcp-closed-mid-line", "data-terminator-missing", "it leaves in the midst of a message"),
    ("tcp-gap", "data-terminator-missing", "it leaves in the midst of a message"),
    ("tcp-gap-acked", "data-terminator-missing", "it leaves in the midst of a message"),
    ("command-bare-cr", "path-trailing-garbage", "what stands behind the CR is text there"),
    ("command-case-refused", "helo-name-invalid", "the good one is refused for its name"),
    ("invalid-parameter-accepted", "size-invalid", "this is what is accepted, or not"),
    ("data-after-bdat-accepted", "data-after-bdat", "this is what is accepted, or not"),
    ("requiretls-in-clear", "ehlo-requiretls-without-tls", "else it were not offered"),
    ("command-after-quit", "command-unexpected-argument", "a QUIT that is none"),
    ("connection-kept-after-quit", "command-after-quit", "what shows that it is kept"),
    ("greeting-not-awaited", "ehlo-keyword-malformed", "Exim's PIPE_CONNECT has an underscore"),
    ("invalid-transactions-repeated", "data-before-rcpt", "this is what is repeated"),
    ("rset-reply-invalid", "command-unexpected-argument", "a RSET that may be refused"),
    ("sequence-error-accepted", "rcpt-before-mail", "this is what is accepted"),
    ("sequence-error-accepted", "helo-missing", "this may be accepted"),
    ("smuggle-nul-after-dot", "data-nul-byte", "the good one has it elsewhere"),
    ("smuggle-nul-before-dot", "data-nul-byte", "the good one has it elsewhere"),
    ("syntax-error-accepted", "path-local-part-invalid", "this is what is accepted, or not"),
];

#[test]
fn examples_have_no_other_errors() {
    let mut wrong = Vec::new();
    for rule in rules::all().iter().filter(|rule| !is_of_input(rule)) {
        for (which, text) in [("bad", rule.bad), ("good", rule.good)] {
            let (sessions, _) = read(Cursor::new(text));
            let findings = sessions.iter().flat_map(|audited| &audited.findings);
            for finding in findings.filter(|one| one.rule.severity == Severity::Error) {
                let id = finding.rule.id;
                let is_said = BESIDE.iter().any(|(of, beside, _)| *of == rule.id && *beside == id);
                if !(is_said || which == "bad" && id == rule.id) {
                    wrong.push(format!(
                        "{}: the {which} example: {id}: {}",
                        rule.id, finding.message
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
