//! What is reported against the text of the RFCs: a command line that breaks its ABNF has a
//! finding that says so, and one that matches it has none, through the whole program.

// A test may panic: that is how it fails.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
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
use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::{Finding, all};
use smtp_audit::smtp::command::{Command, Verb};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// How long the comparison may take, in a debug build.
const BUDGET: Duration = Duration::from_secs(5);

/// The verbs of RFC 5321 and 821, and those of extensions that have no argument or a name.
const VERBS: [Verb; 17] = [
    Verb::Ehlo,
    Verb::Helo,
    Verb::Lhlo,
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
    Verb::Turn,
    Verb::Starttls,
];

/// RFC 2033 §4.1, RFC 821 §4.1.2 and RFC 3207 §4.
const MORE: &str = r#"
lhlo = "LHLO" SP ( Domain / address-literal ) CRLF
turn = "TURN" CRLF
starttls = "STARTTLS" CRLF
"#;

/// Octets of every kind that the grammar tells apart.
const EVERY_KIND: &[u8] = b"a0-. \t\0\r\x01\x7f<>@:,;[]()\"\\=_/%!\xc3\xbc\xff";

/// Lines and replies of one dialog; for each line, whether it must match.
#[derive(Default)]
struct Dialog {
    text: String,
    lines: Vec<(Vec<u8>, Option<bool>)>,
}

impl Dialog {
    fn reply(&mut self, reply: &str) {
        let _ = writeln!(self.text, "s< {reply}");
    }

    fn say(&mut self, line: &[u8], is_legal: Option<bool>, code: u16) {
        self.text += "# escaped\nc> ";
        for &byte in line {
            if byte == b'\\' || !matches!(byte, b'!'..=b'~') {
                let _ = write!(self.text, "\\x{byte:02x}");
            } else {
                self.text.push(char::from(byte));
            }
        }
        self.text.push('\n');
        self.reply(&format!("{code} reply"));
        self.lines.push((line.to_vec(), is_legal));
    }

    /// Compares what is found in each line with what must be.
    fn compare(self) {
        let source = Source::bytes("dialog", self.text.clone().into_bytes());
        let (mut sessions, _) = collect(&Options::default(), vec![source]);
        assert_eq!(sessions.len(), 1, "{}", self.text);
        let one = sessions.pop().unwrap();
        let exchanges = &one.session.exchanges;
        assert_eq!(exchanges.len(), self.lines.len(), "{}", self.text);
        for (index, (line, is_legal)) in (0_u32..).zip(&self.lines) {
            let shown = line.escape_ascii();
            assert_eq!(one.session.bytes(exchanges[index as usize].line), line, "{shown}");
            let about = |found: &&Finding| {
                found.violates_abnf && !found.is_reply && found.exchange == Some(index)
            };
            let found: Vec<_> = one.findings.iter().filter(about).collect();
            for finding in &found {
                let range = finding.range.clone().expect("where it breaks the ABNF");
                assert!(
                    range.start <= range.end && range.end <= line.len(),
                    "{shown}: {finding:?}"
                );
                assert_eq!(finding.evidence, *line, "{shown}");
                assert!(!finding.expected.is_empty(), "{shown}: {finding:?}");
            }
            if let Some(is_legal) = is_legal {
                assert_eq!(found.is_empty(), *is_legal, "{shown} in\n{}\n{found:?}", self.text);
            }
        }
    }
}

/// Whether `line` asks for SMTPUTF8, by its words.
fn asks(line: &[u8]) -> bool {
    line.split(|&byte| byte == b' ').skip(1).any(|word| word.eq_ignore_ascii_case(b"SMTPUTF8"))
}

struct Oracle {
    ascii: Abnf,
    utf8: Abnf,
}

impl Oracle {
    /// Whether `line` matches, in a transaction with SMTPUTF8 or not; `None` if no ABNF tells.
    fn judge(&self, line: &[u8], in_utf8: bool) -> Option<bool> {
        let verb = Command::parse(line).verb;
        let wide = match verb {
            Verb::Mail | Verb::Vrfy | Verb::Expn => asks(line),
            Verb::Rcpt => in_utf8,
            _ => false,
        };
        if verb == Verb::Other {
            return Some(!line.iter().all(|byte| matches!(byte, b' ' | b'\t')));
        }
        VERBS.contains(&verb).then(|| {
            let abnf = if wide { &self.utf8 } else { &self.ascii };
            abnf.matches(&verb.name().to_lowercase(), &[line, b"\r\n"].concat())
        })
    }
}

#[test]
fn what_breaks_the_abnf_has_a_finding_that_says_so() {
    let base = include_str!("abnf/rfc5321.abnf");
    let more = include_str!("abnf/rfc6531.abnf");
    let oracle = Oracle { ascii: Abnf::new(&[base, MORE]), utf8: Abnf::new(&[base, more, MORE]) };
    let mut random = Random::new(11, 0);
    let begun = Instant::now();
    let (mut lines, mut legal, mut rounds) = (0_usize, 0_usize, 0_usize);
    while begun.elapsed() < BUDGET && rounds < 6000 {
        rounds += 1;
        let mut dialog = Dialog::default();
        dialog.reply("220 mx.example.net ESMTP");
        dialog.say(b"EHLO client.example.org", Some(true), 250);
        let in_utf8 = random.chance(50);
        let has_mail = random.chance(70);
        if has_mail {
            let mail: &[u8] = if in_utf8 { b"MAIL FROM:<> smtputf8" } else { b"MAIL FROM:<>" };
            dialog.say(mail, Some(true), 250);
        }
        for _ in 0..8 {
            let verb = VERBS[rounds.wrapping_add(random.below(2)) % VERBS.len()];
            let verb = if random.chance(30) { Verb::Rcpt } else { verb };
            let abnf = if random.chance(50) { &oracle.utf8 } else { &oracle.ascii };
            let made = abnf.generate(verb.name(), &mut random);
            let mut line = made.strip_suffix(b"\r\n").unwrap().to_vec();
            line.truncate(140);
            for _ in 0..random.below(4) {
                mutate(&mut line, &mut random);
            }
            line.retain(|&byte| byte != b'\n');
            // A CR at the end would be of the line end. Of those within, a rule of line ends tells.
            let is_told = all().iter().any(|rule| rule.id == "command-bare-cr");
            while line.last() == Some(&b'\r') {
                line.pop();
            }
            line.retain(|&byte| is_told || byte != b'\r');
            // A MAIL that is refused begins no transaction, but later RCPTs are read by it.
            if Command::parse(&line).verb == Verb::Mail && (!has_mail || asks(&line) != in_utf8) {
                continue;
            }
            let is_legal = oracle.judge(&line, has_mail && in_utf8);
            lines += 1;
            legal += usize::from(is_legal == Some(true));
            dialog.say(&line, is_legal, if random.chance(50) { 500 } else { 501 });
        }
        dialog.compare();
    }
    println!("{rounds} dialogs, {lines} lines, {legal} of them legal");
    assert!(lines > 1000, "only {lines} lines");
    assert!((lines / 10..lines * 9 / 10).contains(&legal), "{legal} of {lines} lines are legal");
}

/// Changes `line` in one place.
fn mutate(line: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(line.len() + 1);
    let byte = EVERY_KIND[random.below(EVERY_KIND.len())];
    match random.below(5) {
        0 if at < line.len() => line[at] = byte,
        1 if at < line.len() => {
            line.remove(at);
        }
        2 => line.insert(at, b' '),
        3 => {
            let end = at + random.below(line.len() - at + 1);
            let part = line[at..end].to_vec();
            line.splice(at..at, part).for_each(drop);
            line.truncate(150);
        }
        _ => line.insert(at, byte),
    }
}
