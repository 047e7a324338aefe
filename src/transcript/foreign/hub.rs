//! Sessions of a log: whose line belongs where, who is who, what is left out.

use super::payload::{goes_on, is_command, is_reply, is_veil};
use super::{Content, Foreign, Time, Who};
use crate::chunk::{End, Ending, Medium, Opening, Shows, Side, Sides};
use crate::limits::Limits;
use crate::place::Place;
use crate::recording::{Lines, Times};
use crate::smtp::command::{self, Command, Verb};
use crate::time::Stamp;
use crate::transcript::Farewell;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// Something that happens in a session.
#[derive(Debug)]
pub(in crate::transcript) struct Ready {
    /// The session, counted in the file.
    pub(in crate::transcript) session: u32,
    /// What happens.
    pub(in crate::transcript) what: Happens,
}

/// What happens in a session.
#[derive(Debug)]
pub(in crate::transcript) enum Happens {
    Begin(Opening),
    /// What came before is not in the log.
    Midstream(Place),
    /// A line with its line end.
    Line {
        side: Side,
        at: Option<Stamp>,
        place: Place,
        text: Vec<u8>,
    },
    /// The next line has a secret of unknown length that is not shown.
    Masked,
    /// Mail data that is not shown.
    Elided {
        at: Option<Stamp>,
        place: Place,
        bytes: Option<u64>,
    },
    End(Ending),
}

/// Puts the lines of a log together to sessions.
pub(in crate::transcript) struct Hub {
    dialect: &'static Foreign,
    talks: BTreeMap<Vec<u8>, Talk>,
    sessions: u32,
    queue: VecDeque<Ready>,
    /// Sessions that may be open at once.
    most: usize,
    /// Bytes of a line that are kept.
    line_bytes: usize,
    /// Lines so far, to tell who was silent longest.
    clock: u64,
    /// Sessions that were given up for others.
    pub(in crate::transcript) evicted: u64,
    pub(in crate::transcript) facts: Lines,
    /// Lines whose times lack the day or the year.
    pub(in crate::transcript) undated: Times,
    /// Lines whose times have a date and no zone.
    pub(in crate::transcript) unzoned: Times,
    /// Lines whose times are whole seconds.
    pub(in crate::transcript) coarse: Times,
}

/// A session that goes on.
#[derive(Debug, Default)]
struct Talk {
    session: u32,
    is_begun: bool,
    peers: Option<Sides<SocketAddr>>,
    /// Its first line, if that was no line of the dialog.
    first: Option<(Place, Option<Time>)>,
    /// The side that [`Who::Out`] is.
    out: Option<Side>,
    /// Lines that wait for that.
    held: Vec<Held>,
    held_bytes: usize,
    phase: Phase,
    farewell: Farewell,
    /// The last time, as it is in the log, and what was added to it.
    last: Option<(i64, i64)>,
    /// The server has asked for a line of AUTH.
    is_asked: bool,
    used: u64,
}

/// A line that waits.
#[derive(Debug)]
struct Held {
    is_out: bool,
    is_masked: bool,
    text: Vec<u8>,
    number: u64,
    time: Option<Time>,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Commands,
    /// DATA was sent.
    Asked,
    /// It was allowed; whether lines of it were shown, or said to be left out.
    Content { is_shown: bool },
}

/// Lines of a session that wait for one that tells who is who.
const HELD: usize = 64;

/// Bytes of a key: none is longer that means something.
const KEY: usize = 256;

/// Nanoseconds of a day, and of half a day: by more no log goes back but over midnight.
const DAY: i64 = 86_400_000_000_000;

impl Hub {
    /// For a file of `dialect`.
    pub(in crate::transcript) fn new(dialect: &'static Foreign, limits: &Limits) -> Self {
        Self {
            dialect,
            talks: BTreeMap::new(),
            sessions: 0,
            queue: VecDeque::new(),
            most: limits.log_sessions,
            line_bytes: limits.line_bytes,
            clock: 0,
            evicted: 0,
            facts: Lines::default(),
            undated: Times::default(),
            unzoned: Times::default(),
            coarse: Times::default(),
        }
    }

    /// What happened next.
    pub(in crate::transcript) fn pop(&mut self) -> Option<Ready> {
        self.queue.pop_front()
    }

    /// The file is over.
    pub(in crate::transcript) fn finish(&mut self) {
        let keys: Vec<Vec<u8>> = self.talks.keys().cloned().collect();
        for key in keys {
            self.close(&key, Ending::InputEnd);
        }
    }

    pub(super) fn begin(
        &mut self,
        key: &[u8],
        peers: Option<Sides<SocketAddr>>,
        number: u64,
        time: Option<Time>,
    ) {
        self.close(key, Ending::InputEnd);
        let talk = self.talk(key);
        talk.peers = peers;
        talk.first = Some((Place::new(number), time));
    }

    pub(super) fn end(&mut self, key: &[u8], end: Option<End>, _: Option<Time>) {
        self.close(key, end.map_or(Ending::InputEnd, Ending::Noted));
    }

    pub(super) fn say(
        &mut self,
        key: &[u8],
        who: Who,
        text: &[u8],
        number: u64,
        time: Option<Time>,
    ) {
        self.hear(key, who, text, false, number, time);
    }

    pub(super) fn say_masked(
        &mut self,
        key: &[u8],
        who: Who,
        text: &[u8],
        number: u64,
        time: Option<Time>,
    ) {
        self.hear(key, who, text, true, number, time);
    }

    pub(super) fn elided(
        &mut self,
        key: &[u8],
        bytes: Option<u64>,
        number: u64,
        time: Option<Time>,
    ) {
        let talk = self.talk(key);
        if let Phase::Content { is_shown } = &mut talk.phase {
            *is_shown = true;
        } else if talk.phase == Phase::Asked {
            talk.phase = Phase::Content { is_shown: true };
        }
        let (session, at) = (talk.session, talk.time(time));
        if talk.is_begun {
            let what = Happens::Elided { at, place: Place::new(number), bytes };
            self.queue.push_back(Ready { session, what });
        }
    }

    /// Takes a line, once it is known who says it.
    fn hear(
        &mut self,
        key: &[u8],
        who: Who,
        text: &[u8],
        is_masked: bool,
        number: u64,
        time: Option<Time>,
    ) {
        let text = text.get(..self.line_bytes).unwrap_or(text);
        let talk = self.talk(key);
        let is_out = match who {
            Who::Client => return self.line(key, Side::Client, text, is_masked, number, time),
            Who::Server => return self.line(key, Side::Server, text, is_masked, number, time),
            Who::Out => true,
            Who::In => false,
        };
        if talk.out.is_none() {
            let side = if is_reply(text) {
                Some(Side::Server)
            } else {
                is_command(text).then_some(Side::Client)
            };
            talk.out = side.map(|side| if is_out { side } else { side.other() });
        }
        if let Some(out) = talk.out {
            self.release(key);
            let side = if is_out { out } else { out.other() };
            return self.line(key, side, text, is_masked, number, time);
        }
        talk.held_bytes += text.len();
        talk.held.push(Held { is_out, is_masked, text: text.to_vec(), number, time });
        if talk.held.len() >= HELD || talk.held_bytes > self.line_bytes {
            self.release(key);
        }
    }

    /// Says the lines that waited.
    fn release(&mut self, key: &[u8]) {
        let default = self.dialect.out;
        let talk = self.talk(key);
        let out = *talk.out.get_or_insert(default);
        talk.held_bytes = 0;
        for Held { is_out, is_masked, text, number, time } in std::mem::take(&mut talk.held) {
            let side = if is_out { out } else { out.other() };
            self.line(key, side, &text, is_masked, number, time);
        }
    }

    /// `side` says `text`.
    fn line(
        &mut self,
        key: &[u8],
        side: Side,
        text: &[u8],
        is_masked: bool,
        number: u64,
        time: Option<Time>,
    ) {
        if self.talk(key).farewell.begins_anew(side, text) {
            // What is known of the arrows holds for the file.
            let out = self.talk(key).out;
            self.close(key, Ending::InputEnd);
            self.talk(key).out = out;
        }
        let shown = self.dialect.content;
        let place = Place::new(number);
        if self.open(key, place, time) && side == Side::Server && is_late(text) {
            let session = self.talk(key).session;
            self.queue.push_back(Ready { session, what: Happens::Midstream(place) });
        }
        self.facts.marked += 1;
        match time {
            None => self.facts.untimed.add(number),
            Some(Time { is_dated: false, .. }) => self.undated.add(number),
            Some(Time { is_zoned: false, .. }) => self.unzoned.add(number),
            Some(_) => {}
        }
        if time.is_some_and(|time| time.digits == 0) {
            self.coarse.add(number);
        }
        let talk = self.talk(key);
        let (session, at) = (talk.session, talk.time(time));
        let is_veiled = is_masked || talk.hides(side, text);
        let mut events = Vec::with_capacity(4);
        let say = |side, text: &[u8]| {
            let text = [text, b"\r\n"].concat();
            Happens::Line { side, at, place, text }
        };
        match (side, talk.phase) {
            (Side::Server, Phase::Content { is_shown })
                if is_reply(text) && shown != Content::Shown =>
            {
                // What is not shown came before, with its end.
                if !is_shown {
                    events.push(Happens::Elided { at, place, bytes: None });
                }
                events.push(say(Side::Client, b"."));
                talk.phase = Phase::Commands;
            }
            // Replies to what was sent along with DATA may come first.
            (Side::Server, Phase::Asked)
                if is_reply(text) && !goes_on(text) && text.starts_with(b"354") =>
            {
                talk.phase = Phase::Content { is_shown: false };
            }
            (Side::Client, Phase::Content { is_shown }) => {
                if text == b"." {
                    if !is_shown && shown != Content::Shown {
                        events.push(Happens::Elided { at, place, bytes: None });
                    }
                    talk.phase = Phase::Commands;
                } else {
                    talk.phase = Phase::Content { is_shown: true };
                }
            }
            (Side::Client, _) if text.trim_ascii().eq_ignore_ascii_case(b"DATA") => {
                talk.phase = Phase::Asked;
            }
            // It was refused.
            (Side::Client, Phase::Asked) => talk.phase = Phase::Commands,
            _ => {}
        }
        if is_veiled {
            events.push(Happens::Masked);
        }
        events.push(say(side, text));
        // A chunk follows its command at once.
        if side == Side::Client
            && shown != Content::Shown
            && let Some(octets) = chunk_of(text)
        {
            events.push(Happens::Elided { at, place, bytes: Some(octets) });
        }
        talk.farewell.note(side, text);
        self.facts.redacted.merge(Times { times: u64::from(is_veiled), first: number });
        self.queue.extend(events.into_iter().map(|what| Ready { session, what }));
    }

    /// Begins the session of `key`, unless it has begun. Whether it does so.
    fn open(&mut self, key: &[u8], place: Place, time: Option<Time>) -> bool {
        let mut shows = self.dialect.shows;
        let talk = self.talk(key);
        if talk.is_begun {
            return false;
        }
        talk.is_begun = true;
        if talk.out == Some(Side::Client) {
            // A log of the client's has its lines as it sent and read them.
            shows = shows.with(Shows::ORDER);
        }
        let (place, first) = talk.first.unwrap_or((place, time));
        let time = first.or(time);
        let at = talk.time(time);
        let dates = match time {
            Some(Time { is_dated: false, .. }) => shows.without(Shows::DATES),
            Some(Time { is_zoned: false, .. }) => shows.without(Shows::ZONE),
            _ => shows,
        };
        let opening = Opening {
            peers: talk.peers,
            via: None,
            at,
            digits: time.map_or(0, |time| time.digits),
            place,
            medium: Medium::Transcript,
            by_content: false,
            shows: dates,
        };
        let session = talk.session;
        self.queue.push_back(Ready { session, what: Happens::Begin(opening) });
        true
    }

    /// Ends the session of `key`, if there is one.
    fn close(&mut self, key: &[u8], ending: Ending) {
        let key = key.get(..KEY).unwrap_or(key);
        if self.talks.get(key).is_some_and(|talk| !talk.held.is_empty()) {
            self.release(key);
        }
        let Some(talk) = self.talks.remove(key) else { return };
        if talk.is_begun {
            self.queue.push_back(Ready { session: talk.session, what: Happens::End(ending) });
        }
    }

    /// What is known of the session of `key`.
    fn talk(&mut self, key: &[u8]) -> &mut Talk {
        let key = key.get(..KEY).unwrap_or(key);
        self.clock += 1;
        if !self.talks.contains_key(key) {
            if self.talks.len() >= self.most {
                let oldest = self.talks.iter().min_by_key(|(_, talk)| talk.used);
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    self.close(&oldest, Ending::Evicted);
                    self.evicted += 1;
                }
            }
            let talk = Talk { session: self.sessions, ..Talk::default() };
            self.sessions += 1;
            self.talks.insert(key.to_vec(), talk);
        }
        let used = self.clock;
        let talk = self.talks.entry(key.to_vec()).or_default();
        talk.used = used;
        talk
    }
}

impl Talk {
    /// The time of a line, going on over midnight where the log does not say the day, and over
    /// New Year where it does not say the year.
    fn time(&mut self, time: Option<Time>) -> Option<Stamp> {
        let Time { stamp, is_dated, .. } = time?;
        let nanos = stamp.nanos();
        let (last, mut more) = self.last.unwrap_or((nanos, 0));
        if !is_dated && last.saturating_sub(nanos) > DAY / 2 {
            // 1972, which stands for the year that is not known, has 366 days.
            let is_day = nanos < DAY && last < DAY;
            more += if is_day { DAY } else { 366 * DAY };
        }
        self.last = Some((nanos, more));
        Some(Stamp::from_nanos(nanos.saturating_add(more)))
    }

    /// Whether `side` says a secret that is made unreadable.
    fn hides(&mut self, side: Side, line: &[u8]) -> bool {
        let is_asked = std::mem::take(&mut self.is_asked);
        match side {
            Side::Server => {
                self.is_asked = line.starts_with(b"334");
                false
            }
            Side::Client if is_asked => is_veil(line),
            Side::Client => {
                let is_auth = line.get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
                // The mechanism, and what comes with it.
                is_auth && line.split(|&byte| byte == b' ').nth(2).is_some_and(is_veil)
            }
        }
    }
}

/// Whether a session that begins with `line` of the server began earlier: it agrees to something.
fn is_late(line: &[u8]) -> bool {
    is_reply(line) && matches!(line, [b'2' | b'3', ..]) && !line.starts_with(b"220")
}

/// The octets of the chunk that a BDAT command announces.
fn chunk_of(line: &[u8]) -> Option<u64> {
    let command = Command::parse(line);
    if command.verb != Verb::Bdat {
        return None;
    }
    u64::try_from(command::bdat(command.argument)?.octets).ok()
}

/// What is read of `text` in `dialect`: `C` or `S` and a line each; `elided`; `end` where a session
/// ends before the text does.
#[cfg(test)]
pub(super) fn dialog(dialect: &'static Foreign, text: &str) -> Vec<String> {
    let mut hub = Hub::new(dialect, &Limits::default());
    let mut reader = (dialect.reader)();
    for (number, line) in text.lines().enumerate() {
        reader.line(line.as_bytes(), &mut super::Out::new(&mut hub, number as u64));
    }
    reader.end(&mut super::Out::new(&mut hub, 0));
    let mut out = Vec::new();
    while let Some(ready) = hub.pop() {
        match ready.what {
            Happens::Line { side, text, .. } => {
                let mark = if side == Side::Client { "C" } else { "S" };
                out.push(format!("{mark} {}", String::from_utf8_lossy(&text).trim_end()));
            }
            Happens::Elided { .. } => out.push("elided".to_owned()),
            Happens::Masked => out.push("masked".to_owned()),
            Happens::End(_) => out.push("end".to_owned()),
            Happens::Begin(_) | Happens::Midstream(_) => {}
        }
    }
    out
}
