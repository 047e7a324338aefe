//! Lines of a saved dialog ↔ [`Chunk`](crate::chunk::Chunk)s.
//!
//! In: text in which each line of the dialog has a mark (`c> `, `s< `), or a batch of bare
//! client commands. Out: the chunks of each session in it; and the way back, the same text from
//! the pieces of a session. Does not know what the lines mean, only where sessions end.

mod foreign;
mod note;
mod read;
mod write;

pub use read::{Event, Reader};
pub use write::{HEADER, Writer, header, header_end};

use crate::chunk::Side;
use crate::time::Stamp;
use note::Note;
use std::collections::VecDeque;

/// How a text says who sent a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `c> ` or `s< ` before each line.
    Native,
    /// The client's lines only, bare, as for pasting into telnet.
    Script,
    /// What another tool wrote, and how its lines are wrapped.
    Foreign(Foreign),
}

/// The dialect of another tool, by its place in the list of them, and what is around its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Foreign {
    place: u8,
    peel: foreign::Peel,
    /// No other dialect comes near, or it was asked for.
    pub is_sure: bool,
}

impl Foreign {
    /// How it is read.
    fn dialect(self) -> Option<&'static foreign::Foreign> {
        foreign::ALL.get(usize::from(self.place)).copied()
    }
}

impl Dialect {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let places = (0..=u8::MAX).take(foreign::ALL.len());
        let foreign = places.map(|place| {
            Self::Foreign(Foreign { place, peel: foreign::Peel::default(), is_sure: true })
        });
        [Self::Native, Self::Script].into_iter().chain(foreign).collect()
    }

    /// Its name in reports and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "c>s<",
            Self::Script => "script",
            Self::Foreign(foreign) => foreign.dialect().map_or("", |dialect| dialect.name),
        }
    }

    /// Whose texts are in it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Native => "smtp-audit's own form: `c> ` and `s< ` lines",
            Self::Script => "the client's lines only, as pasted into telnet",
            Self::Foreign(foreign) => foreign.dialect().map_or("", |dialect| dialect.title),
        }
    }

    /// The dialect of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|dialect| dialect.name() == name)
    }

    /// The same, for a file that starts with `start`: how its lines are wrapped follows from that.
    #[must_use]
    pub fn of_file(self, start: &[u8]) -> Self {
        match self {
            Self::Foreign(foreign) => {
                let found =
                    foreign.dialect().map(|dialect| foreign::detect::peel_for(dialect, start));
                Self::Foreign(Foreign { peel: found.unwrap_or_default(), ..foreign })
            }
            other => other,
        }
    }

    /// How sure it is that a file in which it was recognised is written in it: `certain` or
    /// `likely`.
    #[must_use]
    pub fn sureness(self) -> &'static str {
        match self {
            Self::Native | Self::Foreign(Foreign { is_sure: true, .. }) => "certain",
            // Nothing marks a batch of commands as one.
            Self::Script | Self::Foreign(_) => "likely",
        }
    }

    /// Whether it is certain once it was recognised, whatever else the file may hold.
    #[must_use]
    pub fn is_sure(self) -> bool {
        self == Self::Native
    }
}

/// Which dialect a file that starts with `start` is written in, if it is a transcript at all.
///
/// Native wants one marked line that is a reply or a command, or a line that our writer puts
/// before a session; those of other tools each score the first lines; a script wants to begin like
/// an SMTP client.
#[must_use]
pub fn recognise(start: &[u8]) -> Option<Dialect> {
    let start = start.strip_prefix(BOM).unwrap_or(start);
    if file_lines(start).any(is_native) {
        return Some(Dialect::Native);
    }
    if let Some(found) = foreign::detect::detect(start) {
        let foreign::detect::Found { place, peel, is_sure } = found;
        let place = u8::try_from(place).ok()?;
        return Some(Dialect::Foreign(Foreign { place, peel, is_sure }));
    }
    looks_like_script(start).then_some(Dialect::Script)
}

/// A UTF-8 byte order mark, as some editors put in front.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Room for an RFC 3339 time with nine digits and an offset, the space after it, and some more.
const TIME_COLUMN: usize = 40;

/// Words that begin a client's line: RFC 5321 §4.1.1, its extensions and predecessors.
const VERBS: [&[u8]; 22] = [
    b"HELO",
    b"EHLO",
    b"LHLO",
    b"MAIL",
    b"RCPT",
    b"DATA",
    b"BDAT",
    b"RSET",
    b"NOOP",
    b"QUIT",
    b"VRFY",
    b"EXPN",
    b"HELP",
    b"AUTH",
    b"STARTTLS",
    b"ETRN",
    b"TURN",
    b"BURL",
    b"SEND",
    b"SOML",
    b"SAML",
    b"XFORWARD",
];

/// What stands before the text of a marked line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    side: Side,
    /// The time column with the digits of its fraction.
    time: Option<(Stamp, u8)>,
    /// Where the text begins in the line.
    text: usize,
}

impl Mark {
    /// The mark of `line`, if it has one.
    fn of(line: &[u8]) -> Option<Self> {
        if let Some((side, text)) = side_mark(line) {
            return Some(Self { side, time: None, text });
        }
        // Most lines without a mark are prose: look no further than need be.
        if !line.first()?.is_ascii_digit() {
            return None;
        }
        let space = line.iter().take(TIME_COLUMN).position(|&byte| byte == b' ')?;
        let (time, rest) = line.split_at_checked(space + 1)?;
        let (side, text) = side_mark(rest)?;
        let time = Stamp::parse_rfc3339(str::from_utf8(time.trim_ascii_end()).ok()?)?;
        Some(Self { side, time: Some(time), text: space + 1 + text })
    }
}

/// The side that `line` names, and where its text begins: one space belongs to the mark.
fn side_mark(line: &[u8]) -> Option<(Side, usize)> {
    let (mark, rest) = line.split_first_chunk::<2>()?;
    let side = match mark {
        b"c>" | b"C>" => Side::Client,
        b"s<" | b"S<" => Side::Server,
        _ => return None,
    };
    Some((side, 2 + usize::from(rest.first() == Some(&b' '))))
}

/// How a line of the stream ends, which the form does not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Eol {
    #[default]
    Crlf,
    Lf,
    /// Not at all: the line goes on in the next one of its side, or the stream stops there.
    None,
}

impl Eol {
    const ALL: [Self; 3] = [Self::Crlf, Self::Lf, Self::None];

    fn name(self) -> &'static str {
        match self {
            Self::Crlf => "crlf",
            Self::Lf => "lf",
            Self::None => "none",
        }
    }

    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Crlf => b"\r\n",
            Self::Lf => b"\n",
            Self::None => b"",
        }
    }

    /// A line without its end, and the end.
    fn split(line: &[u8]) -> (&[u8], Self) {
        for eol in [Self::Crlf, Self::Lf] {
            if let Some(text) = line.strip_suffix(eol.bytes()) {
                return (text, eol);
            }
        }
        (line, Self::None)
    }
}

/// A secret in a line, of so many bytes before it was masked.
#[derive(Clone, Copy, Debug)]
struct Secret {
    bytes: Option<u64>,
}

/// Where the lines and gaps of one side end in its stream: what `# unseen` counts.
#[derive(Clone, Debug, Default)]
struct Sent {
    total: u64,
    /// Ends of the last lines, in order.
    ends: VecDeque<u64>,
    /// The end of the line before those.
    base: u64,
}

impl Sent {
    /// Begins a line or a gap, still empty. At most `keep` are remembered.
    fn begin(&mut self, keep: usize) {
        self.ends.push_back(self.total);
        if self.ends.len() > keep.max(1) {
            self.base = self.ends.pop_front().unwrap_or(self.base);
        }
    }

    /// `bytes` more of the line or gap that was begun last.
    fn grow(&mut self, bytes: u64) {
        self.total = self.total.saturating_add(bytes);
        if let Some(end) = self.ends.back_mut() {
            *end = self.total;
        }
    }

    /// How many of the last lines somebody has not (wholly) seen who has seen `seen` bytes.
    fn unseen(&self, seen: u64) -> usize {
        self.ends.len() - self.ends.partition_point(|&end| end <= seen)
    }

    /// How many bytes stand before the last `lines` lines.
    fn before_last(&self, lines: usize) -> u64 {
        let rest = self.ends.len().saturating_sub(lines);
        rest.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(self.base)
    }
}

/// Whether the dialog is over, so that a greeting begins another one. The writer follows it
/// too, to keep a stray 220 from being read as a new session.
#[derive(Clone, Copy, Debug, Default)]
struct Farewell {
    quit: bool,
    over: bool,
}

impl Farewell {
    /// Takes notice of a line (with or without its end).
    fn note(&mut self, side: Side, line: &[u8]) {
        match side {
            Side::Client => {
                self.quit = line.trim_ascii().eq_ignore_ascii_case(b"QUIT");
                self.over = false;
            }
            Side::Server if self.quit && line.starts_with(b"221") => {
                self.over = line.get(3) != Some(&b'-');
            }
            Side::Server => {}
        }
    }

    /// Whether this line is the greeting of another session.
    fn begins_anew(self, side: Side, line: &[u8]) -> bool {
        self.over && side == Side::Server && reply_code(line) == Some(b"220")
    }
}

/// The three digits that a reply begins with (RFC 5321 §4.2).
fn reply_code(line: &[u8]) -> Option<&[u8]> {
    let (code, rest) = line.split_at_checked(3)?;
    let ends = rest.first().is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'-');
    (ends && code.iter().all(u8::is_ascii_digit)).then_some(code)
}

/// The lines of a file without their ends.
fn file_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Whether a line has nothing to read: blanks, or the no-break spaces of a copied web page.
fn is_blank(line: &[u8]) -> bool {
    let mut rest = line.trim_ascii();
    while let Some(next) = rest.strip_prefix("\u{a0}".as_bytes()) {
        rest = next.trim_ascii_start();
    }
    rest.is_empty()
}

/// Whether `line` can hardly stand in anything but a native transcript.
fn is_native(line: &[u8]) -> bool {
    let Some(mark) = Mark::of(line) else {
        return matches!(Note::parse(line), Some(Note::Session { peers: Some(_), .. }));
    };
    let text = line.get(mark.text..).unwrap_or_default();
    match mark.side {
        Side::Client => verb(text).is_some(),
        Side::Server => reply_code(text).is_some_and(|code| matches!(code, [b'2'..=b'5', ..])),
    }
}

/// The SMTP verb that begins `line`.
fn verb(line: &[u8]) -> Option<&'static [u8]> {
    let word = line.split(u8::is_ascii_whitespace).next()?;
    VERBS.into_iter().find(|verb| verb.eq_ignore_ascii_case(word))
}

/// Whether `start` begins as an SMTP client does: a greeting or an envelope first, and then
/// another command.
fn looks_like_script(start: &[u8]) -> bool {
    let mut lines = file_lines(start).filter(|line| !is_blank(line));
    let Some(first) = lines.next() else {
        return false;
    };
    let second = lines.next();
    match verb(first) {
        // One argument: "Helo everyone, …" is prose.
        Some(b"EHLO" | b"HELO" | b"LHLO") => {
            words(first) <= 2 && second.is_none_or(|line| verb(line).is_some())
        }
        Some(b"MAIL" | b"RCPT") => match envelope_address(first) {
            Some(b"") => second.is_none_or(|line| words(line) == 1),
            Some(_) => second.is_none_or(|line| verb(line).is_some()),
            None => false,
        },
        _ => false,
    }
}

/// What follows `MAIL FROM:` or `RCPT TO:`.
fn envelope_address(line: &[u8]) -> Option<&[u8]> {
    [b"MAIL FROM:".as_slice(), b"RCPT TO:"].into_iter().find_map(|start| {
        let (head, rest) = line.split_at_checked(start.len())?;
        head.eq_ignore_ascii_case(start).then(|| rest.trim_ascii())
    })
}

/// How many words a line has.
fn words(line: &[u8]) -> usize {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transcripts_are_recognised() {
        let native: [&[u8]; 9] = [
            b"s< 220 mx.example.net ESMTP\nc> EHLO x\n",
            b"c> ehlo x\r\n",
            b"\xef\xbb\xbfS< 220 mx",
            b"2026-11-21T10:00:00.000001Z c> EHLO x\n",
            b"prose before\n\n \ns< 250-mx\n",
            b"# from a log\nc> QUIT",
            b"# session 3 192.0.2.1:4242 > 192.0.2.2:25\n# end refused\n",
            b"# session 3 [2001:db8::1]:4242 > [2001:db8::2]:25\n# end refused\n",
            b"c>\nc> .\ns< 250 ok\n",
        ];
        for text in native {
            assert_eq!(recognise(text), Some(Dialect::Native), "{}", text.escape_ascii());
        }
        let script: [&[u8]; 6] = [
            b"ehlo console\nmail from:\nsender@contoso.com\n",
            b"\n\nEHLO x\r\nQUIT\r\n",
            b"HELO x",
            b"mail from:\nsender@contoso.com\nrcpt to: x@y\n",
            b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n",
            b"\xef\xbb\xbfLHLO x\nRSET\n",
        ];
        for text in script {
            assert_eq!(recognise(text), Some(Dialect::Script), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn other_files_are_not_transcripts() {
        let others: [&[u8]; 18] = [
            b"",
            b"\n\n",
            b"From: a@example.org\nTo: b@example.org\nSubject: hi\n\nmail from: me\n",
            b"Return-Path: <a@b>\r\nReceived: from x\r\n",
            b"fn main() {\n    println!(\"c> EHLO\");\n}\n",
            b"192.0.2.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 12\n",
            b"{\"c>\": \"EHLO x\"}\n",
            b"# Heading\n\nSome *prose* on `EHLO`.\n\n> quoted\n",
            b"Helo everyone, how are you?\n",
            b"Mail from the queen\nhas come\n",
            b"Help wanted\n",
            b"EHLO x\n250 mx\n",
            b"c> hello\ns< world\n",
            b"s< 2500 things\ns< 999 x\n",
            b" c> EHLO x\n",
            b"<c>EHLO</c>\n",
            b"# session 3\n# end reset\n",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xd8",
        ];
        for text in others {
            assert_eq!(recognise(text), None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_mark_takes_one_space_and_an_optional_time() {
        for (line, side, timed, text) in [
            ("c> EHLO x", Side::Client, false, "EHLO x"),
            ("s<  220 x ", Side::Server, false, " 220 x "),
            ("C>", Side::Client, false, ""),
            ("S< ", Side::Server, false, ""),
            ("c>x", Side::Client, false, "x"),
            ("c>\tx", Side::Client, false, "\tx"),
            ("2026-11-21T10:00:00Z s< 220", Side::Server, true, "220"),
            ("2026-11-21T12:00:00.5+02:00 c>", Side::Client, true, ""),
        ] {
            let mark = Mark::of(line.as_bytes()).unwrap();
            let found = (mark.side, mark.time.is_some(), line.split_at(mark.text).1);
            assert_eq!(found, (side, timed, text));
        }
        for line in ["2026-11-21T10:00:00Z  c> x", "10:00:00 c> x", " c> x", "c", ""] {
            assert_eq!(Mark::of(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn dialects_have_names() {
        for dialect in Dialect::all() {
            assert_eq!(Dialect::from_name(dialect.name()), Some(dialect));
        }
        assert_eq!(Dialect::from_name("list"), None);
    }

    #[test]
    fn unseen_lines_and_bytes_are_two_views_of_one_count() {
        let mut sent = Sent::default();
        for bytes in [10, 5, 7] {
            sent.begin(2);
            sent.grow(bytes);
        }
        let counts = [0, 10, 14, 15, 21, 22, 99].map(|seen| sent.unseen(seen));
        assert_eq!(counts, [2, 2, 2, 1, 1, 0, 0]);
        assert_eq!([0, 1, 2, 3].map(|lines| sent.before_last(lines)), [22, 15, 10, 10]);
    }
}
