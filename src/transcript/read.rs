//! The text of a transcript → chunks, session by session.
//!
//! In: an [`Input`] of a known [`Dialect`]. Out: [`Event`]s; each session is a beginning, its
//! chunks, an end. Reads as it goes: no more than a piece of one line is held. Does not know
//! what the lines mean.

mod log;

use super::foreign::is_veil;
use super::note::Note;
use super::{BOM, Dialect, Eol, Farewell, Mark, Secret, Sent, is_blank};
use crate::chunk::{Chunk, Ending, Medium, Open, Opening, Shows, Side, Sides, What};
use crate::escape::unescape;
use crate::input::Input;
use crate::limits::Limits;
use crate::place::{Origin, Place};
use crate::recording::{Lines, Times};
use crate::time::Stamp;
use crate::trouble::{Trouble, Troubles};
use log::Log;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

/// What comes next in a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A session begins.
    Begin(Opening),
    /// A line (its text and its line end), or what a note says instead of one.
    Chunk(Chunk<'a>),
    /// The chunk that follows is a line with a masked secret.
    Masked {
        /// Length of the secret in bytes, if the note says.
        bytes: Option<u64>,
    },
    /// The session that began last ends.
    End(Ending),
}

/// Reads a transcript.
///
/// A line's chunk has the line's number as its place. Its `seen` is `None`, which means that
/// all lines above were seen, unless the transcript says otherwise.
pub struct Reader {
    input: Input,
    index: u32,
    dialect: Dialect,
    /// Bytes of a line taken at once.
    piece: usize,
    unseen_lines: usize,
    untimed_events: usize,
    lines: u64,
    facts: Lines,
    rest: Rest,
    session: Session,
    blanks: Blanks,
    /// Events of the line that was read last; in there, an empty [`What::Data`] stands for
    /// `text`.
    queue: VecDeque<Event<'static>>,
    text: Vec<u8>,
    /// What reads the lines of another tool's log.
    log: Option<Box<Log>>,
    /// Reading failed: what is in the buffer is all there is.
    failed: bool,
    ended: bool,
}

/// A note in front of it must fit into the first piece of a line.
const LEAST_PIECE: usize = 256;

impl Reader {
    /// A reader of `input`, which is the input number `index` of the run.
    #[must_use]
    pub fn new(input: Input, index: u32, dialect: Dialect, limits: &Limits) -> Self {
        Self {
            input,
            index,
            dialect,
            // The input's buffer grows no further than for a block.
            piece: limits.transcript_piece.min(limits.block_bytes).max(LEAST_PIECE),
            unseen_lines: limits.unseen_lines,
            untimed_events: limits.untimed_events,
            lines: 0,
            facts: Lines::default(),
            rest: Rest::Start,
            session: Session::default(),
            blanks: Blanks::default(),
            queue: VecDeque::new(),
            text: Vec::new(),
            log: Log::new(dialect, limits).map(Box::new),
            failed: false,
            ended: false,
        }
    }

    /// The next event, and the session that it is of, counted in the file: those of a log may go
    /// on side by side. `None` at the end of the transcript.
    pub fn next(&mut self, troubles: &mut Troubles) -> Option<(u32, Event<'_>)> {
        if self.log.is_some() {
            return self.next_of_log(troubles);
        }
        let event = loop {
            if let Some(place) = self.blanks.next() {
                let what = What::Data(Eol::Crlf.bytes());
                return Some((0, Event::Chunk(Chunk { what, ..chunk(Side::Client, place) })));
            }
            if !self.waits_for_time()
                && let Some(event) = self.queue.pop_front()
            {
                break event;
            }
            if self.ended {
                return None;
            }
            self.advance(troubles);
        };
        let event = match event {
            Event::Chunk(chunk @ Chunk { what: What::Data(b""), .. }) => {
                Event::Chunk(Chunk { what: What::Data(&self.text), ..chunk })
            }
            other => other,
        };
        Some((0, event))
    }

    /// Bytes of the (decompressed) input read so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.input.offset()
    }

    /// Lines of the input read so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// What the lines read so far are.
    #[must_use]
    pub fn facts(&self) -> Lines {
        self.facts
    }

    /// Whether the events at hand wait for a line that says when their session began.
    fn waits_for_time(&mut self) -> bool {
        self.session.untimed &= self.queue.len() < self.untimed_events;
        self.session.untimed
    }

    /// Reads a line, or a piece of one, into the queue.
    fn advance(&mut self, troubles: &mut Troubles) {
        let Some(mut span) = self.find_line(troubles) else {
            self.close(Ending::InputEnd);
            self.ended = true;
            return;
        };
        match self.rest {
            Rest::Start => {}
            Rest::Skipped => return self.skip(span),
            Rest::Line(line) => return self.deliver(line, 0, span),
        }
        if self.lines == 0 && self.input.data().starts_with(BOM) {
            self.input.consume(BOM.len());
            span.text = span.text.saturating_sub(BOM.len());
            span.whole = span.whole.saturating_sub(BOM.len());
        }
        self.lines += 1;
        let place = Place::new(self.lines);
        if !span.last {
            troubles.add(Trouble::LongLine, self.origin(0));
        }
        match self.dialect {
            Dialect::Native => self.native_line(span, place, troubles),
            Dialect::Script => self.script_line(span, place),
            Dialect::Foreign(_) => self.log_line(span, troubles),
        }
    }

    /// The place `ahead` bytes into what is not consumed yet.
    fn origin(&self, ahead: usize) -> Origin {
        let offset = self.input.offset() + ahead as u64;
        Origin { input: self.index, number: self.lines, offset }
    }

    fn native_line(&mut self, span: Span, place: Place, troubles: &mut Troubles) {
        let line = self.input.data().get(..span.text).unwrap_or_default();
        if let Some(mark) = Mark::of(line) {
            return self.marked_line(mark, span, place, troubles);
        }
        if line.starts_with(b"#") {
            if let Some(note) = Note::parse(line).filter(|_| span.last) {
                self.note(note, place);
            }
        } else if span.last && is_blank(line) {
            self.session.blank = true;
        } else {
            troubles.add(Trouble::SkippedLine, self.origin(0));
            self.session.blank = false;
            if self.session.open && !self.session.farewell.over {
                self.session.unmarked.add(self.lines);
            }
        }
        self.skip(span);
    }

    fn marked_line(&mut self, mark: Mark, span: Span, place: Place, troubles: &mut Troubles) {
        let Mark { side, time, text } = mark;
        let notes = std::mem::take(&mut self.session.notes);
        let shown = self.input.data().get(text..span.text).unwrap_or_default();
        // The writer escapes a 220 that is no greeting of another session.
        let anew = !notes.escaped && self.session.farewell.begins_anew(side, shown);
        self.separate(anew);
        self.begin(time, place, Medium::Transcript);
        self.session.untimed = false;
        self.facts.marked += 1;
        let origin = self.origin(0);
        match time {
            None => self.facts.untimed.add(self.lines),
            Some(_) if !self.session.lacks.has(Shows::DATES) => {
                troubles.add(Trouble::UndatedTime, origin);
            }
            Some(_) if !self.session.lacks.has(Shows::ZONE) => {
                troubles.add(Trouble::UnzonedTime, origin);
            }
            Some(_) => {}
        }
        if time.is_some_and(|(_, digits)| digits == 0) {
            troubles.add(Trouble::CoarseTime, origin);
        }
        // Only now is it known that the dialog goes on behind them.
        self.facts.unmarked.merge(std::mem::take(&mut self.session.unmarked));
        let shown = self.input.data().get(text..span.text).unwrap_or_default();
        if notes.masked.is_some() || self.session.hides(side, shown) {
            self.facts.redacted.add(self.lines);
        }
        if let Some(Secret { bytes }) = notes.masked {
            self.queue.push_back(Event::Masked { bytes });
        }
        let session = &mut self.session;
        let once = std::mem::take(session.bare.of_mut(side));
        let line = Line {
            chunk: Chunk {
                at: time.map(|(at, _)| at),
                seen: notes.unseen.map(|lines| session.sent.of(side.other()).before_last(lines)),
                ..chunk(side, place)
            },
            escaped: notes.escaped,
            eol: if once { Eol::None } else { *session.eol.of(side) },
        };
        session.sent.of_mut(side).begin(self.unseen_lines);
        self.deliver(line, text, span);
        self.session.farewell.note(side, &self.text);
    }

    fn script_line(&mut self, span: Span, place: Place) {
        let line = self.input.data().get(..span.text).unwrap_or_default();
        if !self.session.open && is_blank(line) {
            return self.skip(span);
        }
        if line.is_empty() {
            self.blanks.hold(place);
            return self.skip(span);
        }
        self.blanks.release();
        self.begin(None, place, Medium::Script);
        self.facts.marked += 1;
        self.facts.untimed.add(self.lines);
        let line = Line { chunk: chunk(Side::Client, place), escaped: false, eol: Eol::Crlf };
        self.deliver(line, 0, span);
    }

    fn note(&mut self, note: Note, place: Place) {
        match note {
            // These two say themselves where sessions end, whatever blank lines do.
            Note::End(_) => {}
            Note::Session { .. } => self.close(Ending::InputEnd),
            _ => self.separate(false),
        }
        match note {
            Note::Session { peers, .. } => self.session.announced = Some((peers, place)),
            // In an open session it says nothing, and goes with it.
            Note::Midstream => self.session.joined = Some((Open::Midstream, place)),
            Note::Late => self.session.joined = Some((Open::Late, place)),
            Note::Start(at, digits) => self.session.started = Some((at, digits)),
            Note::Lacks(shows) => self.session.lacks = self.session.lacks.and(shows),
            Note::Redacted => self.session.lacks = self.session.lacks.without(Shows::NAMES),
            Note::Gap(side, gap) => {
                self.push_silent(What::Gap(gap), side, place);
                let sent = self.session.sent.of_mut(side);
                sent.begin(self.unseen_lines);
                sent.grow(gap.bytes);
            }
            Note::Tls(bytes) => {
                for side in [Side::Client, Side::Server] {
                    if let 1.. = *bytes.of(side) {
                        self.push_silent(What::Tls(*bytes.of(side)), side, place);
                    }
                }
            }
            Note::Elided(bytes) => self.push_silent(What::Elided(bytes), Side::Client, place),
            Note::Masked(bytes) => self.session.notes.masked = Some(Secret { bytes }),
            Note::Escaped => self.session.notes.escaped = true,
            Note::Unseen(lines) => self.session.notes.unseen = Some(lines),
            Note::Eol(side, Eol::None) => *self.session.bare.of_mut(side) = true,
            Note::Eol(side, eol) => *self.session.eol.of_mut(side) = eol,
            Note::End(end) => {
                self.session.announced.get_or_insert((None, place));
                self.close(Ending::Noted(end));
            }
        }
    }

    /// Adds what a note says instead of a line.
    fn push_silent(&mut self, what: What<'static>, side: Side, place: Place) {
        if !self.session.open {
            self.session.untimed = self.session.started.is_none();
            self.begin(None, place, Medium::Transcript);
        }
        self.queue.push_back(Event::Chunk(Chunk { what, ..chunk(side, place) }));
    }

    /// Ends the session if an empty line stood here, or another session begins.
    fn separate(&mut self, anew: bool) {
        if (self.session.blank || anew) && self.session.open {
            self.close(Ending::InputEnd);
        }
        self.session.blank = false;
    }

    /// Begins the session unless it is open already; then its time may still be wanted.
    fn begin(&mut self, time: Option<(Stamp, u8)>, place: Place, medium: Medium) {
        let session = &mut self.session;
        if session.open {
            if let (true, Some((at, digits))) = (session.untimed, time) {
                for event in self.queue.iter_mut().rev() {
                    if let Event::Begin(opening) = event {
                        (opening.at, opening.digits) = (Some(at), digits);
                        break;
                    }
                }
            }
            return;
        }
        session.open = true;
        let time = session.started.or(time);
        let (peers, first) = session.announced.take().unwrap_or((None, place));
        self.queue.push_back(Event::Begin(Opening {
            peers,
            via: None,
            at: time.map(|(at, _)| at),
            digits: time.map_or(0, |(_, digits)| digits),
            place: first,
            medium,
            by_content: false,
            shows: session.lacks,
        }));
        if let Some((joined, place)) = session.joined.take() {
            let what = What::Open(joined);
            self.queue.push_back(Event::Chunk(Chunk { what, ..chunk(Side::Client, place) }));
        }
    }

    /// Ends the session, if one is open or announced.
    fn close(&mut self, ending: Ending) {
        let session = &self.session;
        let joined = session.joined.map(|(_, place)| place);
        if let (false, Some(place)) =
            (session.open, session.announced.map(|(_, place)| place).or(joined))
        {
            self.begin(None, place, Medium::Transcript);
        }
        if self.session.open {
            self.queue.push_back(Event::End(ending));
        }
        self.session = Session::default();
    }

    /// Takes the text of `line`, which starts at `start` in this piece.
    fn deliver(&mut self, line: Line, start: usize, span: Span) {
        self.text.clear();
        let shown = self.input.data().get(start..span.text).unwrap_or_default();
        let mut used = span.whole;
        if line.escaped {
            let left = unescape(shown, &mut self.text);
            if span.last {
                self.text.extend(shown.iter().skip(shown.len() - left));
            } else {
                used -= left;
            }
        } else {
            self.text.extend_from_slice(shown);
        }
        if span.last {
            self.text.extend_from_slice(line.eol.bytes());
        }
        self.input.consume(used);
        self.rest = if span.last { Rest::Start } else { Rest::Line(line) };
        if !self.text.is_empty() {
            self.session.sent.of_mut(line.chunk.side).grow(self.text.len() as u64);
            self.queue.push_back(Event::Chunk(line.chunk));
        }
    }

    /// Leaves a line, or a piece of one, out.
    fn skip(&mut self, span: Span) {
        self.input.consume(span.whole);
        self.rest = if span.last { Rest::Start } else { Rest::Skipped };
    }

    /// Finds the end of the line, or of a piece of it, in the input's buffer. `None` at the end
    /// of the input.
    fn find_line(&mut self, troubles: &mut Troubles) -> Option<Span> {
        let mut looked = 0;
        loop {
            let data = self.input.data();
            let window = data.get(..self.piece).unwrap_or(data);
            let fresh = window.get(looked..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', fresh) {
                let end = looked + at;
                let text = end - usize::from(ends_in_cr(window.get(..end)));
                return Some(Span { text, whole: end + 1, last: true });
            }
            looked = window.len();
            if looked >= self.piece {
                // A CR may be half of the line's end.
                let text = looked - usize::from(ends_in_cr(Some(window)));
                return Some(Span { text, whole: text, last: false });
            }
            let failure = if self.failed { None } else { self.input.fill(looked + 1).err() };
            if let Some(error) = failure {
                self.failed = true;
                troubles.add(trouble_of(&error), self.origin(looked));
            }
            let data = self.input.data();
            if data.len() <= looked {
                let text = looked - usize::from(ends_in_cr(Some(data)));
                return (looked > 0).then_some(Span { text, whole: looked, last: true });
            }
        }
    }
}

/// A line in the input's buffer, or as much of it as is taken at once.
#[derive(Clone, Copy)]
struct Span {
    /// Bytes without the line end.
    text: usize,
    /// Bytes with it.
    whole: usize,
    /// It is the end of the line.
    last: bool,
}

/// What becomes of the bytes up to the next line end.
#[derive(Clone, Copy)]
enum Rest {
    /// They begin a line.
    Start,
    /// They belong to a line that is left out.
    Skipped,
    /// They go on in this line.
    Line(Line),
}

/// A line of the dialog, as each of its pieces is delivered.
#[derive(Clone, Copy)]
struct Line {
    /// With empty data.
    chunk: Chunk<'static>,
    escaped: bool,
    eol: Eol,
}

/// The state of the session that is being read, or of the next one.
#[derive(Default)]
struct Session {
    /// Its beginning was delivered (or waits in the queue).
    open: bool,
    /// A note announced it: addresses and place.
    announced: Option<(Option<Sides<SocketAddr>>, Place)>,
    /// A note says when it began.
    started: Option<(Stamp, u8)>,
    /// What notes say that the text does not show of it.
    lacks: Shows,
    /// A note says that the recording starts inside it.
    joined: Option<(Open, Place)>,
    /// It has no line yet, so its time is not known.
    untimed: bool,
    /// An empty line stood here last.
    blank: bool,
    /// How the lines of each side end.
    eol: Sides<Eol>,
    /// The next line of a side has no end.
    bare: Sides<bool>,
    notes: LineNotes,
    sent: Sides<Sent>,
    farewell: Farewell,
    /// Lines without a mark since the last one with a mark.
    unmarked: Times,
    /// The server has asked for a line of AUTH.
    is_asked: bool,
}

impl Session {
    /// Whether the next line, of `side`, is a line of AUTH in which the secret was made
    /// unreadable by whoever wrote the transcript.
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

/// What notes say of the next line.
#[derive(Clone, Copy, Default)]
struct LineNotes {
    unseen: Option<usize>,
    masked: Option<Secret>,
    escaped: bool,
}

/// Empty lines of a script. They are held until another line follows: those at the end of a
/// file are no commands.
#[derive(Default)]
struct Blanks {
    held: Option<Run>,
    due: Option<Run>,
}

/// Empty lines, one after the other.
#[derive(Clone, Copy)]
struct Run {
    first: Place,
    count: u64,
}

impl Blanks {
    fn hold(&mut self, place: Place) {
        match &mut self.held {
            Some(run) => run.count += 1,
            none => *none = Some(Run { first: place, count: 1 }),
        }
    }

    fn release(&mut self) {
        self.due = self.held.take();
    }

    /// The next empty line that was released.
    fn next(&mut self) -> Option<Place> {
        let run = self.due.as_mut().filter(|run| run.count > 0)?;
        let place = run.first;
        run.count -= 1;
        run.first = run.first.after(1);
        Some(place)
    }
}

/// A chunk of `side` of which nothing is known but its place.
fn chunk(side: Side, place: Place) -> Chunk<'static> {
    Chunk { side, at: None, place, seen: None, what: What::Data(b"") }
}

fn ends_in_cr(text: Option<&[u8]>) -> bool {
    text.is_some_and(|text| text.ends_with(b"\r"))
}

fn trouble_of(error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Trouble::BadCompression,
        _ => Trouble::ReadFailed,
    }
}

#[cfg(test)]
pub(super) mod tests;
