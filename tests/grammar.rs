//! The grammar against the text of the RFCs: lines made from the ABNF, lines damaged, lines that
//! were really sent, each judged by the grammar and by a matcher that reads the ABNF itself.

// A test may panic: that is how it fails. What it skips, it says.
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
use smtp_audit::smtp::command::{Command, Verb};
use smtp_audit::smtp::defect::Defect;
use smtp_audit::smtp::grammar::reply::{Kind, reply};
use smtp_audit::smtp::grammar::{Charset, command};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

/// How long each comparison may take, in a debug build.
const BUDGET: Duration = Duration::from_secs(6);

/// The verbs that the ABNF of RFC 5321 (and 821) has.
const VERBS: [Verb; 14] = [
    Verb::Ehlo,
    Verb::Helo,
    Verb::Mail,
    Verb::Rcpt,
    Verb::Data,
    Verb::Rset,
    Verb::Vrfy,
    Verb::Expn,
    Verb::Help,
    Verb::Noop,
    Verb::Quit,
    Verb::Send,
    Verb::Soml,
    Verb::Saml,
];

/// The ABNF without and with SMTPUTF8.
struct Oracle {
    ascii: Abnf,
    utf8: Abnf,
}

impl Oracle {
    fn new() -> Self {
        let base = include_str!("abnf/rfc5321.abnf");
        let more = include_str!("abnf/rfc6531.abnf");
        Self { ascii: Abnf::new(&[base]), utf8: Abnf::new(&[base, more]) }
    }

    fn of(&self, charset: Charset) -> &Abnf {
        if charset == Charset::Utf8 { &self.utf8 } else { &self.ascii }
    }

    /// Whether `line` is a command of `verb`.
    fn is_command(&self, verb: Verb, line: &[u8], charset: Charset) -> bool {
        // Their names are ASCII even then (RFC 6531 §3.7.1).
        let is_name = matches!(verb, Verb::Ehlo | Verb::Helo);
        let abnf = if is_name { &self.ascii } else { self.of(charset) };
        let line = [line, b"\r\n"].concat();
        abnf.matches(&verb.name().to_lowercase(), &line)
    }

    /// Compares what grammar and ABNF say of `line`: whether it is a command of a verb they know.
    fn compare(&self, line: &[u8], charset: Charset) -> bool {
        let parsed = command(line, charset);
        let shown = line.escape_ascii();
        for flaw in &parsed.flaws {
            assert!(flaw.range.start <= flaw.range.end, "{shown}: {flaw:?}");
            assert!(flaw.range.end <= line.len(), "{shown}: {flaw:?}");
        }
        let found: Vec<_> = parsed.flaws.iter().filter(|flaw| flaw.defect.breaks_abnf()).collect();
        let verb = Command::parse(line).verb;
        if VERBS.contains(&verb) {
            let is_command = self.is_command(verb, line, charset);
            assert_eq!(found.is_empty(), is_command, "{charset:?} {shown}: {found:?}");
            return is_command;
        }
        if verb == Verb::Other {
            let is_blank = line.iter().all(|byte| matches!(byte, b' ' | b'\t'));
            let empty = parsed.flaws.iter().all(|flaw| flaw.defect == Defect::EmptyLine);
            assert!(empty && parsed.flaws.is_empty() != is_blank, "{shown}: {:?}", parsed.flaws);
        }
        false
    }

    /// Compares what grammar and ABNF say of a reply.
    fn compare_reply(&self, lines: &[&[u8]], kind: Kind, charset: Charset) -> bool {
        let judged = reply(lines, kind, charset);
        let text: Vec<u8> = lines.iter().flat_map(|line| [*line, b"\r\n"].concat()).collect();
        let shown = text.escape_ascii();
        for found in &judged.flaws {
            let range = &found.flaw.range;
            assert!(range.start <= range.end && range.end <= lines[found.line].len(), "{shown}");
        }
        let found: Vec<_> =
            judged.flaws.iter().filter(|found| found.flaw.defect.breaks_abnf()).collect();
        let starts = |code: &[u8]| lines.first().is_some_and(|line| line.starts_with(code));
        let (rule, abnf) = match kind {
            Kind::Greeting if starts(b"220") => ("greeting", &self.ascii),
            Kind::Ehlo if starts(b"250") => ("ehlo-ok-rsp", &self.ascii),
            Kind::Any => ("reply-line", self.of(charset)),
            _ => ("reply-line", &self.ascii),
        };
        let is_reply = abnf.matches(rule, &text);
        assert_eq!(found.is_empty(), is_reply, "{kind:?} {charset:?} {shown}: {found:?}");
        is_reply
    }
}

#[test]
fn generated_lines_match() {
    let oracle = Oracle::new();
    let mut random = Random::new(1, 0);
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < BUDGET / 2 && rounds < 4000 {
        rounds += 1;
        for verb in VERBS {
            for charset in [Charset::Ascii, Charset::Utf8] {
                let is_name = matches!(verb, Verb::Ehlo | Verb::Helo);
                let abnf = if is_name { &oracle.ascii } else { oracle.of(charset) };
                let line = abnf.generate(verb.name(), &mut random);
                let line = line.strip_suffix(b"\r\n").unwrap();
                let flaws = command(line, charset).flaws;
                let broken: Vec<_> = flaws.iter().filter(|f| f.defect.breaks_abnf()).collect();
                assert!(broken.is_empty(), "{charset:?} {}: {broken:?}", line.escape_ascii());
            }
        }
    }
    assert!(rounds >= 200, "only {rounds} rounds");
}

#[test]
fn mutated_lines_agree_with_the_abnf() {
    let oracle = Oracle::new();
    let mut random = Random::new(2, 0);
    let begun = Instant::now();
    let (mut lines, mut legal) = (0, 0);
    while begun.elapsed() < BUDGET {
        let verb = VERBS[random.below(VERBS.len())];
        let charset = if random.chance(40) { Charset::Utf8 } else { Charset::Ascii };
        let made = oracle.of(charset).generate(verb.name(), &mut random);
        let mut line = made.strip_suffix(b"\r\n").unwrap().to_vec();
        if line.len() > 120 {
            continue;
        }
        for _ in 0..4 {
            mutate(&mut line, &mut random);
            line.retain(|&byte| byte != b'\n');
            legal += usize::from(oracle.compare(&line, charset));
            oracle.compare(&line, Charset::Ascii);
            lines += 1;
        }
    }
    eprintln!("{lines} lines, {legal} of them legal");
    assert!(lines >= 1000, "only {lines} lines");
    assert!((lines / 20..lines / 2).contains(&legal), "{legal} of {lines} lines are legal");
}

/// Lines that people and programs write, each damaged in every place.
#[test]
fn damaged_lines_agree_with_the_abnf() {
    let oracle = Oracle::new();
    let lines = [
        "MAIL FROM:<a@b.c> SIZE=1",
        "RCPT TO:<@a,@b:\"c d\"@[IPv6:::1]>",
        "RCPT TO:<Postmaster>",
        "MAIL FROM:<>",
        "EHLO [1.2.3.4]",
        "EHLO a-b.c",
        "HELO a.b",
        "VRFY \"a b\"",
        "NOOP x",
        "DATA",
        "MAIL FROM:<a@[IPv6:1:2::3:1.2.3.4]>",
        "MAIL FROM:<\u{fc}@\u{e9}.c> A=\u{f6}",
    ];
    for line in lines {
        let line = line.as_bytes();
        for charset in [Charset::Ascii, Charset::Utf8] {
            oracle.compare(line, charset);
            for at in 0..=line.len() {
                let (before, behind) = line.split_at(at);
                oracle.compare(&[before, behind.get(1..).unwrap_or_default()].concat(), charset);
                for byte in EVERY_KIND {
                    oracle.compare(&[before, &[*byte], behind].concat(), charset);
                    let behind = behind.get(1..).unwrap_or_default();
                    oracle.compare(&[before, &[*byte], behind].concat(), charset);
                }
            }
        }
    }
}

/// Octets of every kind that the grammar tells apart.
const EVERY_KIND: &[u8] = b"a0-. \t\0\r\x01\x7f<>@:,;[]()\"\\=_/\xc3\xbc\xff";

/// Lines of tokens at random: what a mutation of a right line does not reach.
#[test]
fn tokens_at_random_agree_with_the_abnf() {
    let oracle = Oracle::new();
    let mut random = Random::new(4, 0);
    let literals: &[&str] = &[
        "1",
        "abcd",
        "12345",
        ":",
        ":",
        "::",
        "1:2:3:4",
        "1:2:3",
        "1.2.3.4",
        "256.1.1.1",
        "1.2.3",
        "IPv6:",
        "ipv6:",
        "x:",
        "a-:",
        "g",
        ".",
        "]",
        "[",
        "1:2",
        "3:4:",
        "::5:",
        ":1.2.3.4",
        "1:2:3::4:5:1.2.3.4",
    ];
    let paths: &[&str] = &[
        "<",
        ">",
        "@",
        "a",
        "b",
        ".",
        "\"",
        "\\",
        " ",
        ",",
        ":",
        "[",
        "]",
        "1.2.3.4",
        "Postmaster",
        "IPv6:",
        "::",
        "\u{e9}",
        "\t",
        "-",
        "_",
        "<a@b>",
        "\"a\"",
        "@a:",
        "x=1",
        " SIZE=1",
        "<>",
    ];
    let replies: &[&str] = &["a", ".", "-", " ", "\t", "[1.2.3.4]", "AUTH=", "\u{e9}", "_", "\0"];
    let begun = Instant::now();
    let (mut lines, mut legal) = (0, 0);
    while begun.elapsed() < BUDGET {
        let soup = |tokens: &[&str], random: &mut Random| -> String {
            let count = 1 + random.below(9);
            (0..count).map(|_| tokens[random.below(tokens.len())]).collect()
        };
        let literal = soup(literals, &mut random);
        let path = soup(paths, &mut random);
        let text = soup(replies, &mut random);
        for line in [
            format!("EHLO [{literal}]"),
            format!("EHLO [IPv6:{literal}]"),
            format!("RCPT TO:<a@[IPv6:{literal}]>"),
            format!("EHLO {literal}"),
            format!("HELO {path}"),
            format!("MAIL FROM:{path}"),
            format!("MAIL FROM:<{path}>"),
            format!("RCPT TO:<{path}@a.b>"),
            format!("RCPT TO:<a@{path}> SIZE=1"),
            format!("RCPT{path}"),
            format!("MAIL FROM:<> {path}"),
            format!("VRFY {path}"),
            format!("NOOP {path}"),
        ] {
            let charset = if random.chance(50) { Charset::Utf8 } else { Charset::Ascii };
            legal += usize::from(oracle.compare(line.as_bytes(), charset));
            lines += 1;
        }
        for (kind, code) in [(Kind::Greeting, "220"), (Kind::Ehlo, "250"), (Kind::Any, "550")] {
            let line = format!("{code} {text}");
            oracle.compare_reply(&[line.as_bytes()], kind, Charset::Ascii);
            let first = format!("{code}-{text}");
            oracle.compare_reply(&[first.as_bytes(), line.as_bytes()], kind, Charset::Utf8);
        }
    }
    eprintln!("{lines} lines, {legal} of them legal");
    assert!(legal > lines / 50 && lines > 2000, "{legal} of {lines} lines are legal");
}

/// Changes `line` in one place.
fn mutate(line: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(line.len() + 1);
    let byte = EVERY_KIND[random.below(EVERY_KIND.len())];
    match random.below(7) {
        0 if at < line.len() => line[at] ^= 1 << random.below(8),
        1 if at < line.len() => line[at] = byte,
        2 if at < line.len() => {
            line.remove(at);
        }
        3 => line.insert(at, byte),
        4 => line.splice(at..at, *b" ").for_each(drop),
        5 => {
            // Two tokens change places.
            let mut tokens: Vec<&[u8]> =
                line.split_inclusive(|b| !b.is_ascii_alphanumeric()).collect();
            let (a, b) = (random.below(tokens.len()), random.below(tokens.len()));
            if !tokens.is_empty() {
                tokens.swap(a, b);
            }
            *line = tokens.concat();
        }
        6 => {
            let end = at + random.below(line.len() - at + 1);
            let part = line[at..end].to_vec();
            line.splice(at..at, part).for_each(drop);
            line.truncate(150);
        }
        _ => line.push(byte),
    }
}

#[test]
fn replies_agree_with_the_abnf() {
    let oracle = Oracle::new();
    let mut random = Random::new(3, 0);
    let begun = Instant::now();
    let (mut replies, mut legal) = (0, 0);
    let kinds =
        [(Kind::Greeting, "greeting"), (Kind::Ehlo, "ehlo-ok-rsp"), (Kind::Any, "reply-line")];
    while begun.elapsed() < BUDGET {
        let (kind, rule) = kinds[random.below(3)];
        let charset = if random.chance(30) { Charset::Utf8 } else { Charset::Ascii };
        let abnf = if kind == Kind::Any { oracle.of(charset) } else { &oracle.ascii };
        let made = abnf.generate(rule, &mut random);
        let mut lines = lines_of(&made);
        oracle.compare_reply(&views(&lines), kind, charset);
        for _ in 0..3 {
            let at = random.below(lines.len());
            mutate(&mut lines[at], &mut random);
            lines[at].retain(|&byte| byte != b'\n' && byte != b'\r');
            let views = views(&lines);
            legal += usize::from(oracle.compare_reply(&views, kind, charset));
            for (kind, _) in kinds {
                oracle.compare_reply(&views, kind, Charset::Ascii);
            }
            replies += 1;
        }
    }
    eprintln!("{replies} replies, {legal} of them legal");
    assert!(replies >= 1000, "only {replies} replies");
    let some = replies / 20..replies * 9 / 10;
    assert!(some.contains(&legal), "{legal} of {replies} replies are legal");
}

fn lines_of(text: &[u8]) -> Vec<Vec<u8>> {
    let text = text.strip_suffix(b"\r\n").unwrap();
    let mut lines = vec![Vec::new()];
    for &byte in text {
        if byte == b'\n' {
            lines.push(Vec::new());
        } else {
            lines.last_mut().unwrap().push(byte);
        }
    }
    let last = lines.len() - 1;
    for line in &mut lines[..last] {
        assert_eq!(line.pop(), Some(b'\r'));
    }
    lines
}

fn views(lines: &[Vec<u8>]) -> Vec<&[u8]> {
    lines.iter().map(Vec::as_slice).collect()
}

#[test]
fn lines_of_transcripts_agree_with_the_abnf() {
    let oracle = Oracle::new();
    let mut files = Vec::new();
    for folder in ["testdata", "fuzz/seeds/transcript"] {
        collect(&root().join(folder), &mut files);
    }
    let (mut commands, mut replies) = (0, 0);
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "txt")) {
        let text = fs::read(file).unwrap();
        let mut lines: Vec<&[u8]> = Vec::new();
        for line in text.split(|&byte| byte == b'\n') {
            if let Some(line) = line.strip_prefix(b"c> ") {
                commands += 1;
                oracle.compare(line, Charset::Ascii);
                oracle.compare(line, Charset::Utf8);
            } else if let Some(line) = line.strip_prefix(b"s< ") {
                lines.push(line);
                if line.get(3) != Some(&b'-') {
                    replies += 1;
                    for kind in [Kind::Greeting, Kind::Ehlo, Kind::Any] {
                        oracle.compare_reply(&lines, kind, Charset::Ascii);
                    }
                    lines.clear();
                }
            }
        }
    }
    assert!(commands > 50 && replies > 50, "{commands} commands, {replies} replies");
}

/// Examples that are wrong on purpose, or by a slip, with the reason.
const NOT_LEGAL: &[(&str, &str)] = &[("RCPT", "RFC 821, a line that the printer broke")];

#[test]
fn examples_of_the_rfcs_are_legal() {
    let folder = shared().join("rfc");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: ../shared/rfc is not here");
        return;
    };
    let mut wrong = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for entry in entries {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        for line in text.lines().map(str::trim) {
            // RFC 821 has S for the sender.
            let Some(line) = line.strip_prefix("C:").or_else(|| line.strip_prefix("S:")) else {
                continue;
            };
            let line = line.trim_start();
            if Command::parse(line.as_bytes()).verb == Verb::Other {
                continue;
            }
            seen.insert(line.to_owned());
            let flaws = command(line.as_bytes(), Charset::Ascii).flaws;
            let is_expected = NOT_LEGAL.iter().any(|(example, _)| *example == line);
            let is_broken = flaws.iter().any(|flaw| flaw.defect.breaks_abnf());
            if is_broken != is_expected {
                wrong.insert(line.to_owned(), (path.clone(), flaws));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen.len() > 80, "only {} examples", seen.len());
}

#[test]
fn every_defect_is_for_a_rule_of_the_catalogue() {
    let Ok(catalogue) = fs::read_to_string(shared().join("rules.tsv")) else {
        eprintln!("SKIPPED: ../shared/rules.tsv is not here");
        return;
    };
    let ids: BTreeSet<&str> = catalogue.lines().filter_map(|row| row.split('\t').nth(2)).collect();
    for defect in Defect::ALL {
        assert!(defect.rule().is_none_or(|rule| ids.contains(rule)), "{defect:?}");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Where the RFCs and the catalogue of rules are.
fn shared() -> PathBuf {
    env::var_os("SMTP_AUDIT_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
