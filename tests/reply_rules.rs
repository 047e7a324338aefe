//! Replies through the whole pipeline: whatever breaks the ABNF of its reply has a finding that says
//! so, and nothing else has.

// A test may panic: that is how it fails. What it counts, it says.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]
// Test support is shared by test programs, none of which uses all of it.
#![allow(dead_code, unreachable_pub, missing_docs)]

mod abnf;
#[path = "weave/random.rs"]
mod random;

use abnf::Abnf;
use random::Random;
use smtp_audit::pipeline::{Audited, Options, Source, collect};
use smtp_audit::rules::{Answer, Case, Finding, Of};
use smtp_audit::smtp::grammar::reply::Kind;
use std::io::Cursor;
use std::time::{Duration, Instant};

/// How long the comparison may take, in a debug build.
const BUDGET: Duration = Duration::from_secs(4);

/// The only session of a transcript.
fn audit(transcript: &[u8]) -> Audited {
    let input = Cursor::new(transcript.to_vec());
    let source = Source::new("example", || Ok(Box::new(input)));
    let (mut sessions, _) = collect(&Options::default(), vec![source]);
    assert_eq!(sessions.len(), 1, "{}", transcript.escape_ascii());
    sessions.pop().unwrap()
}

/// What is found in a dialog: rules, with `+` where it breaks the ABNF.
fn ids(dialog: &str) -> Vec<String> {
    let name = |one: &Finding| {
        let mark = if one.violates_abnf { "+" } else { "" };
        format!("{}{mark}", one.rule.id)
    };
    audit(dialog.as_bytes()).findings.iter().map(name).collect()
}

/// Whether the ABNF of RFC 5321 has the reply.
fn is_legal(abnf: &Abnf, answer: &Answer<'_>) -> bool {
    let text: Vec<u8> = answer.lines().flat_map(|line| [line, b"\r\n"].concat()).collect();
    let rule = match answer.kind() {
        Kind::Greeting if text.starts_with(b"220") => "greeting",
        Kind::Ehlo if text.starts_with(b"250") => "ehlo-ok-rsp",
        _ => "reply-line",
    };
    abnf.matches(rule, &text)
}

/// The findings about `answer`, which is the greeting or answers a command.
fn about<'a>(audited: &'a Audited, answer: &Answer<'_>) -> Vec<&'a Finding> {
    let exchange = match answer.of {
        Of::Greeting => None,
        Of::Exchange(index) => Some(index),
        Of::Delivery(..) | Of::Unsolicited(_) => panic!("{:?}", answer.of),
    };
    let is_its = |one: &&Finding| one.is_reply && one.exchange == exchange;
    audited.findings.iter().filter(is_its).collect()
}

/// Compares findings and ABNF for each reply; how many are legal, and how many there are.
fn compare(abnf: &Abnf, transcript: &[u8]) -> (usize, usize) {
    let audited = audit(transcript);
    let case = Case { session: &audited.session };
    let shown = transcript.escape_ascii();
    let (mut legal, mut all) = (0, 0);
    // Nobody says here which of these a finding is about.
    if !audited.session.unsolicited.is_empty() {
        return (0, 0);
    }
    for answer in case.answers() {
        let found = about(&audited, &answer);
        for one in &found {
            let line = answer.lines().any(|line| line == one.evidence);
            let end = one.range.as_ref().map_or(0, |range| range.end);
            assert!(line && end <= one.evidence.len(), "{shown}: {one:?}");
        }
        let is_legal = is_legal(abnf, &answer);
        let breaks: Vec<_> = found.iter().filter(|one| one.violates_abnf).collect();
        // What was broken off by the end of the recording is not judged.
        assert!(answer.reply.cut || breaks.is_empty() == is_legal, "{shown}: {breaks:?}");
        legal += usize::from(is_legal);
        all += 1;
    }
    (legal, all)
}

/// A reply's lines, sometimes damaged.
fn reply(abnf: &Abnf, rule: &str, random: &mut Random) -> Vec<Vec<u8>> {
    let made = abnf.generate(rule, random);
    let mut lines: Vec<Vec<u8>> =
        made.split(|&octet| octet == b'\n').map(|line| line.trim_ascii_end().to_vec()).collect();
    lines.pop();
    for _ in 0..random.below(3) {
        let at = random.below(lines.len());
        damage(&mut lines[at], random);
    }
    lines
}

fn damage(line: &mut Vec<u8>, random: &mut Random) {
    const OCTETS: &[u8] = b" -\t\x00\x07\x7f\xe9.=0269_aZ";
    let at = random.below(line.len().min(8) + 1);
    let octet = OCTETS[random.below(OCTETS.len())];
    match random.below(4) {
        0 if at < line.len() => line[at] = octet,
        1 if at < line.len() => drop(line.remove(at)),
        2 => line.truncate(at),
        _ => line.insert(at, octet),
    }
}

#[test]
fn what_breaks_the_abnf_is_said_and_nothing_else() {
    let abnf = Abnf::new(&[include_str!("abnf/rfc5321.abnf")]);
    let mut random = Random::new(5, 0);
    let begun = Instant::now();
    let (mut legal, mut all) = (0, 0);
    while begun.elapsed() < BUDGET {
        let mut transcript = Vec::new();
        for (command, rule) in [
            ("", "greeting"),
            ("EHLO client.example.org", "ehlo-ok-rsp"),
            ("MAIL FROM:<a@example.org>", "reply-line"),
            ("RCPT TO:<b@example.net>", "reply-line"),
            ("NOOP", "reply-line"),
        ] {
            if !command.is_empty() {
                transcript.extend_from_slice(format!("c> {command}\n").as_bytes());
            }
            for line in reply(&abnf, rule, &mut random) {
                transcript.extend_from_slice(b"# escaped\ns< ");
                for octet in line {
                    transcript.extend_from_slice(format!("\\x{octet:02x}").as_bytes());
                }
                transcript.push(b'\n');
            }
        }
        transcript.extend_from_slice(b"c> QUIT\ns< 221 mx.example.net closing\n");
        let (right, replies) = compare(&abnf, &transcript);
        legal += right;
        all += replies;
    }
    eprintln!("{all} replies, {legal} of them legal");
    assert!(all > 300, "only {all} replies");
    assert!((all / 10..all * 19 / 20).contains(&legal), "{legal} of {all} are legal");
}

#[test]
fn an_empty_line_is_told_beside_prose() {
    let dialog = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< \ns< 250 mx.example.net\n\
                  c> NOOP\ns< fine\nc> QUIT\ns< 221 mx.example.net closing\n# end quit\n";
    let found = ids(dialog);
    assert!(found.contains(&"reply-empty-line+".to_owned()), "{found:?}");
    assert!(found.contains(&"reply-malformed+".to_owned()), "{found:?}");
}
