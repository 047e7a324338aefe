//! Dialogs without any mark, as they are copied from telnet, nc, `openssl s_client`, Wireshark's
//! "Follow TCP Stream" or a manual: who says a line follows from the line and from what came
//! before.
//!
//! ```text
//! $ telnet mx.example.net 25
//! Trying 192.0.2.2...
//! Connected to mx.example.net.
//! Escape character is '^]'.
//! 220 mx.example.net ESMTP
//! EHLO client.example.org
//! 250 mx.example.net
//! Connection closed by foreign host.
//! ```
//!
//! With any indent. A line with a reply code is the server's, but in mail data, which goes on to
//! its dot. A line that is no command for sure is one if a reply follows it at once; else it is
//! the prose around the dialog. `s_client` shows neither the greeting nor the first EHLO, but the
//! last line of its reply. Blanks at the ends of commands and replies are lost.

use super::payload::{goes_on, is_command, is_placeholder, is_reply, is_veil};
use super::{Content, Foreign, Likeness, Out, ReadLines};
use crate::chunk::{End, Shows, Side};
use crate::smtp::command::{self, Command, Verb};
use std::borrow::Cow;

pub(super) static UNMARKED: Foreign = Foreign {
    name: "unmarked",
    title: "dialogs without marks: telnet, nc, openssl s_client, Wireshark's follow",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Server,
    // No line tells by itself: see `score`.
    likeness: |_| Likeness::No,
    reader: || Box::<Unmarked>::default(),
};

/// Says what the talk makes of each line.
#[derive(Default)]
struct Unmarked {
    talk: Talk,
    acts: Vec<Act>,
}

impl ReadLines for Unmarked {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let number = out.number();
        self.talk.line(line, number, &mut self.acts);
        for act in self.acts.drain(..) {
            match act {
                Act::Begin => out.begin(b"", None),
                Act::Say(Line { side, is_masked, text, number: at }) => {
                    out.of_line(at);
                    let who = side.into();
                    if is_masked {
                        out.say_masked(b"", who, &text);
                    } else {
                        out.say(b"", who, &text);
                    }
                    out.of_line(number);
                }
                Act::Elided(bytes) => out.elided(b"", bytes),
                Act::End(end) => out.end(b"", end),
                Act::Aside => out.aside(),
            }
        }
    }
}

/// What a line comes to.
#[derive(Debug, PartialEq, Eq)]
enum Act {
    Begin,
    Say(Line),
    Elided(Option<u64>),
    End(Option<End>),
    Aside,
}

/// Who said what in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    side: Side,
    is_masked: bool,
    text: Vec<u8>,
    number: u64,
}

/// How far a dialog has come.
#[derive(Debug, Default)]
struct Talk {
    is_open: bool,
    /// A tool said that it connects: replies are not prose.
    is_announced: bool,
    /// What may be a dialog's beginning, or a line that a reply makes a command.
    held: Vec<Line>,
    held_bytes: usize,
    /// Too much was held: this is prose, up to the next line that is none.
    is_prose: bool,
    phase: Phase,
    /// Commands that have no reply yet.
    waiting: u32,
    /// The last line of the file was one of the dialog.
    is_near: bool,
    /// The last line of a reply is still to come.
    is_in_reply: bool,
    /// The server asked for a line of AUTH.
    is_asked: bool,
    /// The client has said anything.
    has_command: bool,
    /// The last command was QUIT.
    has_quit: bool,
    /// Blanks in front of the lines.
    indent: usize,
}

/// What the client's lines are.
#[derive(Clone, Copy, Debug, Default)]
enum Phase {
    #[default]
    Commands,
    /// Mail data; whether any was shown.
    Content { is_shown: bool },
    /// The octets of a chunk that are still to come; whether any were shown.
    Chunk { left: u64, is_shown: bool },
}

/// Lines held before a dialog has begun, and in one.
const HELD: usize = 32;
const UNKNOWN: usize = 2;

/// Bytes of them.
const HELD_BYTES: usize = 1 << 14;

impl Talk {
    /// Takes a line of the file.
    fn line(&mut self, line: &[u8], number: u64, acts: &mut Vec<Act>) {
        if self.is_open && self.content(line, number, acts) {
            return;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            return;
        }
        let before = acts.len();
        match around(text) {
            Some(Around::Begin) => {
                *self = Self { is_announced: true, ..Self::default() };
                acts.push(Act::Begin);
            }
            Some(Around::Aside) => acts.push(Act::Aside),
            Some(Around::End(end)) => {
                // After QUIT it is over already.
                acts.push(if self.is_open { Act::End(Some(end)) } else { Act::Aside });
                *self = Self::default();
            }
            None if self.is_open => self.dialog(text, number, acts),
            None => self.outside(text, number, acts),
        }
        self.is_near = acts.len() > before;
        if acts.iter().any(|act| matches!(act, Act::Say(_))) {
            self.indent = line.len() - line.trim_ascii_start().len();
        }
    }

    /// Takes a line of mail data, if it is one.
    fn content(&mut self, line: &[u8], number: u64, acts: &mut Vec<Act>) -> bool {
        let blanks = line.iter().take(self.indent).take_while(|byte| byte.is_ascii_whitespace());
        let text = line.get(blanks.count()..).unwrap_or_default();
        let trimmed = line.trim_ascii();
        match self.phase {
            Phase::Commands => return false,
            _ if ends_telnet(trimmed) => return false,
            // What is left out: the reply to the data follows at once.
            Phase::Content { is_shown: false } if is_reply(trimmed) => {
                acts.push(Act::Elided(None));
                acts.push(say(Side::Client, b".", number));
                self.phase = Phase::Commands;
                self.waiting = 1;
                return false;
            }
            Phase::Chunk { left, is_shown: false } if is_reply(trimmed) => {
                acts.push(Act::Elided(Some(left)));
                self.phase = Phase::Commands;
                return false;
            }
            Phase::Content { .. } if text == b"." || trimmed == b"." && text.len() < 4 => {
                acts.push(say(Side::Client, b".", number));
                self.phase = Phase::Commands;
                self.waiting = 1;
            }
            Phase::Content { .. } if is_placeholder(trimmed) => {
                acts.push(Act::Elided(None));
                self.phase = Phase::Content { is_shown: true };
            }
            Phase::Content { .. } => {
                acts.push(say(Side::Client, text, number));
                self.phase = Phase::Content { is_shown: true };
            }
            Phase::Chunk { left, .. } => {
                acts.push(say(Side::Client, text, number));
                let left = left.saturating_sub(text.len() as u64 + 2);
                self.phase = match left {
                    0 => Phase::Commands,
                    _ => Phase::Chunk { left, is_shown: true },
                };
            }
        }
        self.is_near = true;
        true
    }

    /// Takes a line where no dialog goes on.
    fn outside(&mut self, text: &[u8], number: u64, acts: &mut Vec<Act>) {
        let has_command = self.held.iter().any(|line| line.side == Side::Client);
        if is_reply(text) {
            let is_greeting = matches!(text.first_chunk(), Some(b"220" | b"421" | b"521" | b"554"));
            let is_more = self.held.last().is_some_and(|last| goes_on(&last.text));
            if has_command || self.is_announced && is_greeting {
                self.open(acts);
                self.dialog(text, number, acts);
            } else if self.is_announced {
                // What is left of a reply that s_client took.
                acts.push(Act::Aside);
            } else {
                if !is_more {
                    self.let_go();
                }
                if is_more || is_greeting && text.len() > 4 {
                    self.hold(Side::Server, text, number, HELD, acts);
                }
            }
        } else if is_command(text) && (!self.held.is_empty() || begins(text)) {
            let is_greeted = !self.held.is_empty() && !has_command;
            if is_greeted {
                self.open(acts);
                self.dialog(text, number, acts);
            } else {
                self.hold(Side::Client, text, number, HELD, acts);
            }
        } else if !has_command {
            // Behind a greeting comes a command.
            self.let_go();
        }
    }

    /// Takes a line of a dialog, or of what stands in it.
    fn dialog(&mut self, text: &[u8], number: u64, acts: &mut Vec<Act>) {
        if is_reply(text) {
            return self.reply(text, number, acts);
        }
        let is_one_word = !text.contains(&b' ');
        if self.is_asked && (is_one_word || is_veil(text)) && !is_end(text) {
            self.is_asked = false;
            self.command(text, number, acts);
        } else if is_command(text) && !is_sentence(text) || self.is_near && is_meant(text) {
            self.let_go();
            self.command(text, number, acts);
        } else if self.waiting == 0 && !self.is_prose {
            self.hold(Side::Client, text, number, UNKNOWN, acts);
        }
    }

    fn command(&mut self, text: &[u8], number: u64, acts: &mut Vec<Act>) {
        self.is_prose = false;
        self.has_command = true;
        self.waiting = self.waiting.saturating_add(1);
        let command = Command::parse(text);
        self.has_quit = command.verb == Verb::Quit;
        if command.verb == Verb::Bdat
            && let Some(bdat) = command::bdat(command.argument)
            && let Ok(left @ 1..) = u64::try_from(bdat.octets)
        {
            self.phase = Phase::Chunk { left, is_shown: false };
        }
        acts.push(say(Side::Client, text, number));
    }

    fn reply(&mut self, text: &[u8], number: u64, acts: &mut Vec<Act>) {
        let held = std::mem::take(&mut self.held);
        self.let_go();
        if self.is_in_reply {
            // The rest of it.
        } else if self.is_asked {
            // The answer was left out.
            self.is_asked = false;
            self.waiting = self.waiting.saturating_add(1);
            let masked = Line { side: Side::Client, is_masked: true, text: b"****".into(), number };
            acts.push(Act::Say(masked));
        } else if self.waiting == 0 && self.has_command {
            if text.starts_with(b"220") && held.is_empty() {
                // Another one, and this one was not seen to end.
                *self = Self { is_open: true, ..Self::default() };
                acts.push(Act::Begin);
            } else if held.is_empty() && !self.is_near && !text.starts_with(b"421") {
                // A number in prose.
                return;
            }
            for line in held {
                self.command(&line.text, line.number, acts);
            }
        }
        self.is_prose = false;
        acts.push(say(Side::Server, text, number));
        self.is_in_reply = goes_on(text);
        if self.is_in_reply {
            return;
        }
        self.waiting = self.waiting.saturating_sub(1);
        match text.first_chunk() {
            Some(b"354") => self.phase = Phase::Content { is_shown: false },
            Some(b"334") => self.is_asked = true,
            Some(b"221") if self.has_quit && self.waiting == 0 => {
                *self = Self { indent: self.indent, ..Self::default() };
                acts.push(Act::End(None));
            }
            _ => {}
        }
    }

    /// What was held is a dialog.
    fn open(&mut self, acts: &mut Vec<Act>) {
        let held = std::mem::take(&mut self.held);
        let near = self.is_near;
        *self = Self { is_open: true, is_near: near, ..Self::default() };
        for line in held {
            match line.side {
                Side::Client => self.command(&line.text, line.number, acts),
                Side::Server => acts.push(Act::Say(line)),
            }
        }
    }

    /// Holds a line back, of at most so many.
    fn hold(&mut self, side: Side, text: &[u8], number: u64, most: usize, acts: &mut Vec<Act>) {
        self.held_bytes += text.len();
        if self.held.len() >= most || self.held_bytes > HELD_BYTES {
            self.let_go();
            self.is_prose = true;
            return;
        }
        self.held.push(Line { side, is_masked: false, text: text.to_vec(), number });
        acts.push(Act::Aside);
    }

    /// What was held is none.
    fn let_go(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }
}

fn say(side: Side, text: &[u8], number: u64) -> Act {
    Act::Say(Line { side, is_masked: false, text: text.to_vec(), number })
}

/// Whether a dialog whose greeting is missing may begin with this command.
fn begins(text: &[u8]) -> bool {
    matches!(
        Command::parse(text).verb,
        Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Mail | Verb::Xclient | Verb::Auth
    ) && !is_sentence(text)
}

/// Whether the verb is written as in prose: nobody types `Help` or `Auth` so, but `Mail`, `Quit`.
fn is_sentence(text: &[u8]) -> bool {
    let is_capital = matches!(text, [first, second, ..] if first.is_ascii_uppercase() && second.is_ascii_lowercase());
    is_capital && matches!(Command::parse(text).verb, Verb::Help | Verb::Auth | Verb::Noop)
}

/// Whether `text` begins with a verb in capitals, though it is no right command.
fn is_meant(text: &[u8]) -> bool {
    let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    word.iter().all(u8::is_ascii_uppercase)
        && !matches!(Command::parse(text).verb, Verb::Other | Verb::Help | Verb::Send)
}

/// Whether telnet says that the server has closed: mail data does not.
fn ends_telnet(text: &[u8]) -> bool {
    text == b"Connection closed by foreign host."
}

fn is_end(text: &[u8]) -> bool {
    matches!(around(text), Some(Around::End(_)))
}

/// What a tool says around a dialog.
enum Around {
    Begin,
    Aside,
    End(End),
}

fn around(text: &[u8]) -> Option<Around> {
    let starts = |words: &[&[u8]]| words.iter().any(|word| text.starts_with(word));
    let is_typed = || {
        let prompt = text.iter().take_while(|byte| b"$#%> ".contains(byte)).count();
        let typed = text.get(prompt..).unwrap_or_default();
        let is_tool = [&b"telnet "[..], b"nc ", b"ncat ", b"netcat ", b"openssl s_client "]
            .iter()
            .any(|tool| typed.starts_with(tool));
        // Without a prompt, prose may begin so.
        is_tool && (prompt > 0 || typed.last().is_some_and(u8::is_ascii_digit))
    };
    let is_tried = starts(&[b"Trying "]) && text.ends_with(b"...");
    let is_nc = starts(&[b"Connection to "]) && text.ends_with(b" succeeded!");
    if is_tried || is_nc || starts(&[b"CONNECTED(", b"Ncat: Connected to "]) || is_typed() {
        Some(Around::Begin)
    } else if ends_telnet(text)
        || text == b"closed"
        || starts(&[b"Connection to host lost", b"read:errno="])
    {
        Some(Around::End(End::ServerClosed))
    } else if matches!(text, b"Connection closed." | b"DONE") {
        Some(Around::End(End::ClientClosed))
    } else if starts(&[b"Connected to ", b"Escape character is ", b"telnet> ", b"depth="])
        || starts(&[b"verify ", b"RENEGOTIATING"])
        || matches!(text, b"---" | b"read R BLOCK" | b"^]")
    {
        Some(Around::Aside)
    } else {
        None
    }
}

/// How much lines look like this: the number of those that belong to a dialog, if there is one for
/// sure. Other protocols have replies like SMTP's, and prose has numbers.
pub(super) fn score<'a>(lines: impl Iterator<Item = Cow<'a, [u8]>>) -> u32 {
    let (mut talk, mut acts) = (Talk::default(), Vec::new());
    let (mut said, mut answered, mut last) = (0, 0, None);
    let (mut is_greeted, mut is_announced) = (false, false);
    let (mut is_smtp, mut is_named) = (false, false);
    for line in lines {
        talk.line(&line, 0, &mut acts);
        for act in acts.drain(..) {
            match act {
                Act::Begin => is_announced = true,
                Act::Say(Line { side: Side::Client, text, .. }) => {
                    said += 1;
                    last = Some(text);
                }
                Act::Say(Line { text, .. }) => {
                    said += 1;
                    is_greeted |= answered == 0 && last.is_none() && text.starts_with(b"220");
                    is_named |= text.to_ascii_uppercase().windows(4).any(|word| word == b"SMTP");
                    if let Some(command) = last.take() {
                        answered += 1;
                        let verb = Command::parse(&command).verb;
                        is_smtp |= is_command(&command)
                            && matches!(
                                verb,
                                Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Mail | Verb::Rcpt
                            );
                    }
                }
                Act::Elided(_) | Act::End(_) | Act::Aside => {}
            }
        }
    }
    let is_sure = if is_smtp {
        is_greeted || is_announced || answered >= 2
    } else {
        is_announced && is_named && answered >= 1
    };
    if is_sure { said } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a text, a line each, and how sure that is.
    fn read(text: &str) -> (Vec<String>, u32) {
        let (mut talk, mut acts, mut all) = (Talk::default(), Vec::new(), Vec::new());
        for (line, number) in text.lines().zip(1..) {
            talk.line(line.as_bytes(), number, &mut acts);
            all.extend(acts.drain(..).filter(|act| *act != Act::Aside).map(|act| match act {
                Act::Say(Line { side, text, number, .. }) => {
                    let mark = if side == Side::Client { 'c' } else { 's' };
                    format!("{number}{mark} {}", String::from_utf8_lossy(&text))
                }
                other => format!("{other:?}"),
            }));
        }
        (all, score(text.lines().map(|line| Cow::Borrowed(line.as_bytes()))))
    }

    #[test]
    fn what_users_get_wrong_is_the_clients() {
        let (read, score) = read(
            "220 mx\nHELO a\n250 mx\nmail from\n501 syntax\na@b\n500 what?\nRCPT TO bob\n501 no\n",
        );
        let expected = [
            "1s 220 mx",
            "2c HELO a",
            "3s 250 mx",
            "4c mail from",
            "5s 501 syntax",
            "6c a@b",
            "7s 500 what?",
            "8c RCPT TO bob",
            "9s 501 no",
        ];
        assert_eq!(read, expected);
        assert!(score > 0);
    }

    #[test]
    fn prose_around_and_between_is_left_out() {
        let (read, _) = read(
            "220 volts is too much.\nI typed this:\nEHLO a\nand it said\n250-mx\n250 HELP\n\n\
             Then there was a pause. 250 of us\n250 people waited.\nMAIL FROM:<a@b>\n250 ok\n\
             QUIT\n221 bye\n250 people left.\n",
        );
        let expected = [
            "3c EHLO a",
            "5s 250-mx",
            "6s 250 HELP",
            "8c Then there was a pause. 250 of us",
            "9s 250 people waited.",
            "10c MAIL FROM:<a@b>",
            "11s 250 ok",
            "12c QUIT",
            "13s 221 bye",
            "End(None)",
        ];
        // A line with an answer below it cannot be told from a command.
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_left_out_is_said() {
        let (read, _) = read(
            "220 mx\nEHLO a\n250 mx\nAUTH LOGIN\n334 VXNlcm5hbWU6\n235 ok\nDATA\n354 go\n\
             250 queued\nBDAT 9\n250 ok\n",
        );
        let expected = [
            "6c ****",
            "6s 235 ok",
            "7c DATA",
            "8s 354 go",
            "Elided(None)",
            "9c .",
            "9s 250 queued",
            "10c BDAT 9",
            "Elided(Some(9))",
            "11s 250 ok",
        ];
        assert_eq!(read[5..], expected);
    }

    #[test]
    fn content_goes_on_to_its_dot() {
        let (read, _) = read(
            "  220 mx\n  HELO a\n  250 mx\n  DATA\n  354 go\n  Subject: x\n\n    250 in\n  QUIT\n  .\n  250 ok\n",
        );
        let expected = ["6c Subject: x", "7c ", "8c   250 in", "9c QUIT", "10c .", "11s 250 ok"];
        assert_eq!(read[5..], expected);
    }

    #[test]
    fn one_dialog_after_the_other() {
        let (read, _) = read(
            "220 a\nHELO x\n250 a\n\n220 b\nHELO y\n250 b\nQUIT\n221 bye\n220 c\nQUIT\n221 bye\n",
        );
        let ends: Vec<_> = read.iter().filter(|line| !line.contains(' ')).collect();
        assert_eq!(ends, ["Begin", "End(None)", "End(None)"]);
    }

    #[test]
    fn other_protocols_and_prose_are_none() {
        for text in [
            "220 FTP ready\nUSER a\n331 password\nPASS b\n230 in\nQUIT\n221 bye\n",
            "Trying 192.0.2.1...\n220 FTP ready\nUSER a\n331 password\nHELP\n214 help\nQUIT\n221 bye\n",
            "200 news\nMODE READER\n200 ok\nGROUP x\n211 1 1 1 x\nQUIT\n205 bye\n",
            "EHLO x\n250 mx\n",
            "Codes:\n220 ready\n250 ok\n354 go on\n421 not now\n550 no\n",
        ] {
            assert_eq!(read(text).1, 0, "{text}");
        }
        assert!(read("220 mx\nEHLO x\n250 mx\n").1 > 0);
        assert!(read("Trying 192.0.2.1...\n554 mx ESMTP no\nQUIT\n221 bye\n").1 > 0);
    }
}
