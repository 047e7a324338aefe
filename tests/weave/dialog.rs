//! What two sides say to each other: the writes of both applications, in order.

use super::event::Event;
use super::{Line, tls};
use std::ops::Range;

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The side that connects.
    Client,
    /// The side that accepts.
    Server,
}

/// One write of one application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who writes.
    pub side: Side,
    /// What it writes.
    pub bytes: Vec<u8>,
    /// Extra time before it, in nanoseconds.
    pub pause: i64,
    /// Bytes of the other side that its sender had not seen, though they were sent before.
    pub unseen: u64,
    /// What happens to TCP before it, or to its first segment.
    pub events: Vec<Event>,
}

/// The writes of a connection, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialog {
    /// The writes. Two of one side may follow each other.
    pub turns: Vec<Turn>,
    /// What happens to TCP behind them.
    pub tail: Vec<Event>,
    /// Extra time before it is closed, in nanoseconds.
    pub pause: i64,
}

impl Side {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The other side.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// 0 for the client, 1 for the server.
    pub fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

impl Turn {
    /// A write that waits for nothing but what came before.
    fn new(side: Side, bytes: Vec<u8>) -> Self {
        Self { side, bytes, pause: 0, unseen: 0, events: Vec::new() }
    }
}

impl Dialog {
    /// The dialog of a transcript: `c> ` and `s< ` lines, `#` comments. Lines that one side
    /// says in a row are one write, each line ended by CRLF. `# pause 90s` is time before the next
    /// line, which is a write of its own, in `s`, `ms` or `us`, behind the last before the close;
    /// `# unseen` is as in a transcript. `# wire` is an [`Event`] before the next line, or to its
    /// first segment; notes of TLS are records of it.
    pub fn parse(transcript: impl AsRef<[u8]>) -> Self {
        let mut dialogs = Self::parse_all(transcript);
        assert!(dialogs.len() <= 1, "several dialogs: use parse_all");
        dialogs.pop().unwrap_or_default()
    }

    /// The dialogs of a transcript in which an empty line separates them. `# escaped` and `# eol`
    /// say of what follows what they say in a transcript.
    pub fn parse_all(transcript: impl AsRef<[u8]>) -> Vec<Self> {
        let mut dialogs = Vec::new();
        let mut dialog = Self::default();
        let mut notes = Notes::default();
        for line in transcript.as_ref().split(|&b| b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() && !dialog.turns.is_empty() {
                dialog.tail = std::mem::take(&mut notes.events);
                dialog.pause = std::mem::take(&mut notes.pause);
                dialogs.push(std::mem::take(&mut dialog));
            } else if let Some(text) = line.strip_prefix(b"c>") {
                dialog.say(Side::Client, text, &mut notes);
            } else if let Some(text) = line.strip_prefix(b"s<") {
                dialog.say(Side::Server, text, &mut notes);
            } else {
                let known = line.is_empty() || line.starts_with(b"#");
                assert!(known, "no line of a transcript: {}", line.escape_ascii());
                notes.take(line);
                for (side, bytes) in tls::written(line) {
                    notes.lengths[side.index()].push(bytes.len() as u64);
                    dialog.turns.push(Turn::new(side, bytes));
                }
            }
        }
        if !dialog.turns.is_empty() {
            dialog.tail = notes.events;
            dialog.pause = notes.pause;
            dialogs.push(dialog);
        }
        dialogs
    }

    /// The dialog of these writes, for any line ending or none.
    pub fn from_turns(turns: impl IntoIterator<Item = (Side, Vec<u8>)>) -> Self {
        let turns = turns.into_iter().map(|(side, bytes)| Turn::new(side, bytes)).collect();
        Self { turns, tail: Vec::new(), pause: 0 }
    }

    /// All that `side` writes.
    pub fn stream(&self, side: Side) -> Vec<u8> {
        self.turns.iter().filter(|t| t.side == side).flat_map(|t| t.bytes.clone()).collect()
    }

    /// Where the writes of `side` end in its stream.
    pub fn write_ends(&self, side: Side) -> Vec<u64> {
        let lengths = self.turns.iter().filter(|t| t.side == side).map(|t| t.bytes.len() as u64);
        let sums = lengths.scan(0, |sum, length| {
            *sum += length;
            Some(*sum)
        });
        sums.collect()
    }

    /// The lines of both sides in the order in which they are finished, with no place yet. A
    /// line may take several writes; what is left at the end is a line too.
    pub fn lines(&self) -> Vec<Line> {
        let mut open: [(u64, Vec<u8>); 2] = Default::default();
        let mut lines = Vec::new();
        for turn in &self.turns {
            let (start, bytes) = &mut open[turn.side.index()];
            for piece in turn.bytes.split_inclusive(|&b| b == b'\n') {
                bytes.extend_from_slice(piece);
                if bytes.ends_with(b"\n") {
                    lines.push(line(turn.side, start, bytes));
                }
            }
        }
        for side in Side::BOTH {
            let (start, bytes) = &mut open[side.index()];
            if !bytes.is_empty() {
                lines.push(line(side, start, bytes));
            }
        }
        lines
    }

    /// Adds a line without its mark to what `side` writes.
    fn say(&mut self, side: Side, text: &[u8], notes: &mut Notes) {
        let text = text.strip_prefix(b" ").unwrap_or(text);
        let mut raw = Vec::new();
        if std::mem::take(&mut notes.is_escaped) {
            let left = smtp_audit::escape::unescape(text, &mut raw);
            raw.extend_from_slice(&text[text.len() - left..]);
        } else {
            raw.extend_from_slice(text);
        }
        let (pause, unseen) = (std::mem::take(&mut notes.pause), std::mem::take(&mut notes.unseen));
        let events = std::mem::take(&mut notes.events);
        let is_apart = pause > 0 || unseen > 0 || !events.is_empty();
        if is_apart || self.turns.last().is_none_or(|turn| turn.side != side) {
            let others = notes.lengths[side.other().index()].iter().rev();
            let unseen = others.take(unseen).sum();
            self.turns.push(Turn { pause, unseen, events, ..Turn::new(side, Vec::new()) });
        }
        let bytes = &mut self.turns.last_mut().unwrap().bytes;
        bytes.extend_from_slice(&raw);
        let end = &mut notes.ends[side.index()];
        bytes.extend_from_slice(end);
        notes.lengths[side.index()].push((raw.len() + end.len()) as u64);
        if end.is_empty() {
            *end = b"\r\n";
        }
    }
}

/// What notes say of the lines that follow.
struct Notes {
    is_escaped: bool,
    /// How lines end, by side; what is empty holds for one line.
    ends: [&'static [u8]; 2],
    /// Nanoseconds before the next line.
    pause: i64,
    /// Lines of the other side that the sender of the next line has not seen.
    unseen: usize,
    /// What happens before the next line, or to it.
    events: Vec<Event>,
    /// Bytes of each line so far, by side.
    lengths: [Vec<u64>; 2],
}

impl Default for Notes {
    fn default() -> Self {
        let lengths = [Vec::new(), Vec::new()];
        Self {
            is_escaped: false,
            ends: [b"\r\n"; 2],
            pause: 0,
            unseen: 0,
            events: Vec::new(),
            lengths,
        }
    }
}

impl Notes {
    fn take(&mut self, line: &[u8]) {
        let words: Vec<&[u8]> = line.split(|&b| b == b' ').collect();
        match words[..] {
            [b"#", b"escaped"] => self.is_escaped = true,
            [b"#", b"eol", side, end] => {
                let side = if side == b"client" { Side::Client } else { Side::Server };
                self.ends[side.index()] = match end {
                    b"crlf" => b"\r\n",
                    b"lf" => b"\n",
                    b"none" => b"",
                    _ => panic!("no line end: {}", end.escape_ascii()),
                };
            }
            [b"#", b"wire", ref words @ ..] => self.events.push(Event::parse(words)),
            [b"#", b"pause", time] => self.pause = nanos(time),
            [b"#", b"unseen", lines] => {
                self.unseen = str::from_utf8(lines).unwrap().parse().unwrap();
            }
            _ => {}
        }
    }
}

/// The nanoseconds of a time such as `90s`, `250ms`, `40us`.
pub fn nanos(time: &[u8]) -> i64 {
    let text = str::from_utf8(time).unwrap();
    let units = [("ms", 1_000_000), ("us", 1000), ("s", 1_000_000_000)];
    let unit = units.iter().find_map(|&(unit, nanos)| Some((text.strip_suffix(unit)?, nanos)));
    let (number, nanos) = unit.unwrap_or_else(|| panic!("no unit of time: {text}"));
    number.parse::<i64>().unwrap() * nanos
}

/// The finished line `bytes` that begins at `start` of `side`'s stream; the next begins after it.
fn line(side: Side, start: &mut u64, bytes: &mut Vec<u8>) -> Line {
    let range: Range<u64> = *start..*start + bytes.len() as u64;
    *start = range.end;
    Line { side, range, bytes: std::mem::take(bytes), began: None, done: None }
}
