//! [`Chunk`]s of one connection → a [`Session`]: exchanges, messages, timing.
//!
//! In: chunks in causal order. Out: a session. Knows nothing of packets or files, nor of rules.
//!
//! **The dialog never fails and never stops.** It changes state on replies, not on commands; it
//! goes on after nonsense and after gaps and notes where ([`session::Resync`]).
//! **Client bytes whose meaning a reply decides wait for it**: after DATA, STARTTLS and AUTH
//! they may be content, TLS, a secret or commands. They are set aside, within
//! [`Limits::parked_bytes`].
//! **No message body is held**: content streams through `content`.

mod auth;
pub mod chunks;
mod client;
mod clock;
pub(crate) mod command;
mod content;
mod data;
mod doubt;
mod ending;
mod header;
mod hello;
mod line_ends;
mod lines;
pub mod list;
mod mail;
mod masking;
pub mod odd;
mod owed;
mod pairing;
mod renew;
mod secrets;
mod server;
pub mod session;
mod several;
pub mod state;
mod tap;
mod text;

pub(crate) use several::number_of;
pub use tap::Tap;

use crate::chunk::{
    Chunk, Consume, End, Ending, Gap, Medium, Open, Opening, Side, Sides, Transport, What,
};
use crate::limits::Limits;
use crate::redact::Redactor;
use crate::smtp::command::Verb;
use crate::time::Stamp;
use crate::tls::Reader;
use client::Parking;
use clock::Clock;
pub(crate) use command::is_surely_command;
use ending::Closes;
use lines::{Begun, Lines};
use mail::Mails;
use owed::Owed;
use server::Partial;
use session::{
    AuthOutcome, Exchange, Few, GapAt, Mark, Request, Resync, ResyncWhy, Session, Span, Tls,
    Transfer,
};
use state::State;
use std::sync::Arc;

/// What all dialogs of a run share.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Bounds.
    pub limits: Limits,
    /// Keep credentials as they are.
    pub show_secrets: bool,
    /// Note what only a list of events tells: where header sections end.
    pub events: bool,
    /// Masks what names people and hosts, if that is wanted.
    pub redact: Option<Arc<Redactor>>,
}

/// One SMTP dialog as it goes on.
// In this order, so that what each chunk needs lies in few lines of the cache: of many open
// sessions, none is there when its next chunk comes.
#[repr(C)]
pub struct Dialog {
    settings: Arc<Settings>,
    /// Bytes of each stream so far.
    position: Sides<u64>,
    clock: Clock,
    /// How the client's next bytes are read.
    mode: Mode,
    /// Offset in the server's stream after its last reply.
    answered_to: u64,
    /// The state as the server sees it after its last reply.
    state: State,
    /// [`Opening::medium`].
    medium: Medium,
    /// The server speaks TLS.
    server_tls: bool,
    /// A reply with a code has come.
    has_replied: bool,
    /// A line that is no command may hold a secret: AUTH was sent and nothing else since.
    secrets_near: bool,
    /// The client's name before an EHLO or HELO that is not answered yet.
    former_helo: Option<Span>,
    /// ENHANCEDSTATUSCODES is offered.
    enhanced: bool,
    closes: Closes,
    client: Lines,
    server: Lines,
    /// What is missing and why it matters: of most sessions nothing is.
    lost: Option<Box<Lost>>,
    /// The lines so far of a reply.
    reply: Option<Box<Partial>>,
    /// The command that a line without a code was taken to answer last.
    nonsense: Option<Box<Owed>>,
    /// The last mail data has a second reading.
    doubt: Option<Box<doubt::Doubt>>,
    /// Client bytes set aside until a reply says how to read them.
    parked: Parking,
    /// The secrets that were masked last: servers repeat lines that they do not understand.
    masked_secrets: Few<Vec<u8>>,
    tap: Option<Box<dyn Tap>>,
    /// The input says that the client's next line holds a masked secret.
    masked: Option<Masked>,
    mails: Mails,
    /// Commands that are not answered yet.
    owed: owed::Queue,
    session: Box<Session>,
    scanner: Option<content::Scanner>,
    parked_bytes: usize,
    /// Offset in the client's stream up to which the tap has heard it: bytes that are read
    /// twice are heard once.
    heard: u64,
    /// How often the last mail data could have been read in two ways and the replies were those
    /// of the strict reading.
    strict: u32,
    /// Bytes that hold what is rare in the messages that are over.
    odd_bytes: usize,
}

/// How the client's next bytes are read.
// With a number of its own for each, as every chunk asks which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Mode {
    /// Command lines.
    Command,
    /// Unknown, after a gap or a start in mid-stream: lines until one is surely a command.
    Unknown,
    /// A line of an AUTH exchange.
    Sasl,
    /// Not before the reply to this command.
    Await(Awaited),
    /// Mail data of DATA.
    Content,
    /// Octets of a BDAT chunk.
    Chunk { last: bool, exchange: Option<u32>, message: Option<u32>, left: u64 },
    /// TLS records.
    Tls,
}

/// No gap reaches farther into a stream: room for all bytes that may still come.
const FARTHEST: u64 = 1 << 62;

/// A command whose reply decides how the client's next bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Data,
    Starttls,
    Auth,
}

/// What is missing of a session where something is.
#[derive(Clone, Copy, Debug, Default)]
struct Lost {
    /// Commands in front of those that are owed a reply that are not answered either and were
    /// too many to keep.
    forgotten: u64,
    /// Which command a reply answers cannot be told until the client sends something in the
    /// knowledge of this offset of the server's stream.
    unsure: Option<u64>,
    /// The last gap of the server's stream that no reply has come to terms with: its bounds.
    server_gap: Option<(u64, u64)>,
    /// Offset in the client's stream where bytes were missing last.
    client_gap: Option<u64>,
}

/// A secret that the input has masked.
#[derive(Clone, Copy, Debug)]
struct Masked {
    /// Its length, if the input says.
    bytes: Option<u64>,
}

/// Where a line begins.
#[derive(Clone, Copy, Debug)]
struct Start {
    mark: Mark,
    seen: Option<u64>,
    offset: u64,
}

impl Dialog {
    /// A dialog that begins with `opening`.
    #[must_use]
    pub fn new(opening: &Opening, settings: Arc<Settings>, tap: Option<Box<dyn Tap>>) -> Box<Self> {
        Self::with_spare(opening, settings, tap, None)
    }

    /// The same; its session lies where `spare` did, which nobody needs any more.
    #[must_use]
    pub fn with_spare(
        opening: &Opening,
        settings: Arc<Settings>,
        tap: Option<Box<dyn Tap>>,
        spare: Option<Box<Session>>,
    ) -> Box<Self> {
        let session = match spare {
            Some(mut session) => {
                session.renew(opening);
                session
            }
            None => Session::begin(opening),
        };
        // Made where it stays: it is large to move.
        Box::write(
            Box::new_uninit(),
            Self {
                settings,
                session,
                state: State::default(),
                medium: opening.medium,
                mode: Mode::Command,
                client: Lines::default(),
                server: Lines::default(),
                server_tls: false,
                parked: Parking::default(),
                parked_bytes: 0,
                owed: owed::Queue::default(),
                nonsense: None,
                lost: None,
                strict: 0,
                odd_bytes: 0,
                reply: None,
                has_replied: false,
                answered_to: 0,
                position: Sides::default(),
                mails: Mails::default(),
                scanner: None,
                doubt: None,
                secrets_near: false,
                former_helo: None,
                masked_secrets: Few::default(),
                masked: None,
                enhanced: false,
                closes: Closes::default(),
                clock: Clock::new(opening.at),
                tap,
                heard: 0,
            },
        )
    }

    /// The chunk that comes next is a line with a masked secret, of so many bytes if the input
    /// says.
    pub fn masked(&mut self, bytes: Option<u64>) {
        self.masked = Some(Masked { bytes });
    }

    /// Ends the dialog. `last_at` is the time of the connection's last packet or line. Also
    /// gives what the tap has made of it.
    #[must_use]
    pub fn finish(
        mut self: Box<Self>,
        ending: Ending,
        last_at: Option<Stamp>,
        transport: Option<Transport>,
    ) -> (Box<Session>, Option<Vec<u8>>) {
        if let Some(at) = last_at {
            self.clock.tick(at, self.phase());
        }
        while let Mode::Await(awaited) = self.mode {
            self.read_without_reply(awaited);
        }
        self.flush_server(ending);
        self.flush_client();
        let state = self.state;
        // QUIT went out, and the reply to it may be in the gap.
        let quits = self.owed.back().is_some_and(|o| o.request == Request::Command(Verb::Quit));
        self.closes.quit_answered |= quits && self.lost_of_server().is_some();
        if self.settings.redact.is_some()
            && self.mode == Mode::Content
            && let Some(scanner) = &self.scanner
        {
            self.hear_content_elided(self.position.client, scanner.facts());
        }
        let session = &mut self.session;
        session.last_at = last_at.or(session.last_at);
        session.ending = ending;
        let greeting = session.greeting;
        session.transport = transport.map(|one| self.clock.complete(one, greeting));
        if let Some(tls) = &mut session.tls {
            tls.reader = None;
        }
        if !self.owed.is_empty() {
            for owed in self.owed.iter() {
                if let Some(exchange) = exchange_mut(session, owed.exchange()) {
                    exchange.before = state;
                }
            }
        }
        session.end = ending::end(session, self.closes, ending);
        let given_up =
            !matches!(session.end, End::CaptureEnd | End::TranscriptEnd | End::Tls | End::NoAnswer);
        // Of chunks, the message itself has the facts.
        if let Some(scanner) = self.scanner.take()
            && let Some(message) = mail::message_mut(session, self.mails.current())
        {
            if message.transfer == Some(Transfer::Data) {
                let ended = message.ended;
                self.content_ended(scanner.facts(), scanner.odd, ended);
            } else if let Some(odd) = &mut message.odd {
                odd.finish(false, self.settings.show_secrets);
            }
        }
        let session = &mut self.session;
        for message in &mut session.messages {
            mail::settle(message, given_up);
            message.cut |= !given_up && message.transfer.is_some() && !message.ended;
        }
        if let Some(auth) = &mut session.auth
            && auth.outcome == AuthOutcome::Unknown
            && given_up
        {
            auth.settle(AuthOutcome::Aborted);
        }
        self.clock.finish(session);
        let end = session.end;
        let made = self.tap.as_mut().map(|tap| {
            tap.end(end);
            tap.take()
        });
        (self.session, made)
    }

    /// Takes a step of the handshake.
    #[inline(never)]
    fn opened(&mut self, step: Open, chunk: &Chunk<'_>) {
        let at = chunk.at;
        if let Some(from) = at.and_then(|at| self.clock.tick(at, self.phase())) {
            self.paused(from, Mark { at, place: chunk.place });
        }
        self.open(step, at);
    }

    fn open(&mut self, step: Open, at: Option<Stamp>) {
        if matches!(step, Open::Midstream | Open::Late) {
            let is_late = step == Open::Late;
            if !is_late {
                self.mode = Mode::Unknown;
            }
            self.state.inferred = true;
            if let Some(tap) = &mut self.tap {
                tap.midstream(is_late);
            }
        }
        self.closes.accepted |= step == Open::SynAck;
        self.clock.open(step, at);
    }

    /// Notes missing bytes of `side`.
    fn note_gap(&mut self, side: Side, gap: Gap, mark: Mark) {
        self.state.inferred = true;
        if let Some(tls) = &mut self.session.tls {
            tls.framing.of_mut(side).lose();
            if let Some(reader) = &mut tls.reader {
                reader.gap(side, &mut tls.facts);
            }
        }
        if self.session.gaps.len() < self.settings.limits.unsolicited {
            self.session.gaps.push(GapAt { side, gap, mark });
        } else {
            self.session.elided.gaps += 1;
        }
        if let Some(tap) = &mut self.tap {
            tap.gap(side, gap);
        }
    }

    fn resync(&mut self, side: Side, why: ResyncWhy, mark: Mark) {
        self.state.inferred = true;
        if self.session.resyncs.len() < self.settings.limits.unsolicited {
            self.session.resyncs.push(Resync { side, why, mark });
        } else {
            self.session.elided.resyncs += 1;
        }
    }

    /// Reads TLS records of `side`: `bytes`, which came with `mark`, and before them those of
    /// which it was not clear yet that they are TLS.
    #[inline(never)]
    fn read_tls(&mut self, side: Side, before: Option<&Begun>, bytes: &[u8], mark: Mark) {
        let head = before.map_or(&[][..], |begun| &begun.text);
        let begun = before.map_or(mark, |begun| begun.start.mark);
        let is_first = self.session.tls.is_none();
        self.tls(side, (head.len() + bytes.len()) as u64, begun);
        let Some(tls) = &mut self.session.tls else { return };
        if is_first {
            tls.reader = Some(Box::new(Reader::new(&self.settings.limits)));
        }
        for piece in [head, bytes] {
            tls.framing.of_mut(side).read(piece);
        }
        if let Some(reader) = &mut tls.reader {
            for piece in [head, bytes] {
                reader.read(side, mark.place, piece, &mut tls.facts);
            }
            if reader.is_done() {
                tls.reader = None;
            }
        }
    }

    /// Notes `bytes` of TLS records of `side`.
    fn tls(&mut self, side: Side, bytes: u64, mark: Mark) {
        let implicit = !self.state.tls;
        let tls = self.session.tls.get_or_insert_with(|| Box::new(Tls::new(implicit, mark)));
        let total = tls.bytes.of_mut(side);
        *total = total.saturating_add(bytes);
        if let Some(tap) = &mut self.tap {
            tap.tls(side, bytes);
        }
    }

    /// What is missing, to change it.
    fn lost_mut(&mut self) -> &mut Lost {
        self.lost.get_or_insert_default()
    }

    /// [`Lost::server_gap`].
    fn lost_of_server(&self) -> Option<(u64, u64)> {
        self.lost.as_ref()?.server_gap
    }

    /// Whether nothing at all is kept in the session's text any more: replies to what was kept
    /// have had as much room again.
    fn is_full(&self) -> bool {
        self.session.text.len() >= self.most_text()
    }

    /// So many bytes of text fill a session.
    fn most_text(&self) -> usize {
        self.settings.limits.session_text.saturating_mul(2)
    }

    /// Whether the session's text has room for one more command and its reply.
    fn has_room(&self) -> bool {
        let text = &self.session.text;
        let open = self.reply.as_ref().map_or(0, |partial| partial.text.len_in(text));
        text.len() - open < self.settings.limits.session_text
    }

    /// How many messages and recipients of one are kept: none where there is no room for their
    /// text.
    fn most_mails(&self) -> (usize, usize) {
        let limits = &self.settings.limits;
        if self.has_room() { (limits.messages, limits.recipients) } else { (0, 0) }
    }

    /// Keeps `text` in the session.
    #[inline]
    fn keep(&mut self, text: &[u8]) -> Span {
        if self.reply.is_some() {
            self.set_reply_apart();
        }
        if self.is_full() { Span::default() } else { self.session.text.keep(text) }
    }

    /// The lines so far of a reply are no more the last of the session's text.
    fn set_reply_apart(&mut self) {
        if let Some(partial) = &mut self.reply {
            partial.text.set_apart(&mut self.session.text);
        }
    }

    /// Who is expected to go on.
    #[inline]
    fn phase(&self) -> clock::Phase {
        use clock::Phase;
        let is_greeted = self.state.greeted || self.state.inferred;
        if matches!(self.mode, Mode::Tls) || self.server_tls {
            Phase::Opaque
        } else if !self.owed.is_empty() | !is_greeted {
            Phase::Server
        } else if self.state.mail | matches!(self.mode, Mode::Content | Mode::Sasl) {
            Phase::Client
        } else {
            Phase::Idle
        }
    }

    fn is_script(&self) -> bool {
        self.medium == Medium::Script
    }

    /// Bytes of memory that it holds, roughly: what grows with what peers send.
    #[must_use]
    pub fn held(&self) -> usize {
        let lines = self.client.held() + self.server.held();
        let pieces = self.parked.len();
        let tail = self.scanner.as_ref().and_then(|scanner| scanner.candidate.as_ref());
        let (tail, more) = tail.map_or((0, 0), |it| (it.tail_bytes, it.tail.len()));
        let aside = self.parked_bytes + tail + (pieces + more) * size_of::<client::Parked>();
        // A second reading holds the session twice.
        let times = if self.doubt.is_some() { 2 } else { 1 };
        size_of::<Self>()
            + lines
            + self.owed.held()
            + aside
            + times * (size_of::<Session>() + self.session.held() + self.odd_bytes)
    }

    /// What the sender of `chunk` had seen of the `other` stream: a line of a transcript has seen
    /// all above it, unless it says otherwise.
    #[inline]
    fn seen(&self, chunk: &Chunk<'_>, other: u64) -> Option<u64> {
        match chunk.seen {
            None if self.medium == Medium::Transcript => Some(other),
            seen => seen,
        }
    }

    /// Time has come to `chunk`. Gives its time and place.
    #[inline]
    fn come_to(&mut self, chunk: &Chunk<'_>) -> Mark {
        let mark = Mark { at: chunk.at, place: chunk.place };
        if let Some(at) = chunk.at
            && let Some(from) = self.clock.tick(at, self.phase())
        {
            self.paused(from, mark);
        }
        mark
    }

    /// Takes what no bytes of the stream came with.
    #[inline(never)]
    fn event(&mut self, chunk: &Chunk<'_>) {
        let &Chunk { what, side, at, place, .. } = chunk;
        let mark = Mark { at, place };
        // A reset is told when nothing more can come.
        let is_late = |at| matches!(what, What::Close(_)) && self.clock.is_past(at);
        if let Some(at) = at.filter(|&at| !is_late(at))
            && let Some(from) = self.clock.tick(at, self.phase())
        {
            self.paused(from, mark);
        }
        let offset = *self.position.of(side);
        let seen = self.seen(chunk, *self.position.of(side.other()));
        let start = Start { mark, seen, offset };
        // A transcript may claim any number; offsets must not run out.
        let held = |gap: Gap| Gap { bytes: gap.bytes.min(FARTHEST.saturating_sub(offset)), ..gap };
        match (what, side) {
            (What::Close(close), side) => self.closed(side, close, &start),
            (What::Gap(gap), side) => {
                let gap = held(gap);
                *self.position.of_mut(side) += gap.bytes;
                match side {
                    Side::Client => {
                        self.lost_mut().client_gap = Some(offset);
                        self.client_gap(start, gap);
                    }
                    Side::Server => self.server_gap(start, gap),
                }
            }
            (What::Tls(bytes), side) => {
                match side {
                    Side::Client => self.mode = Mode::Tls,
                    Side::Server => self.server_tls = true,
                }
                self.tls(side, bytes, start.mark);
            }
            (What::Elided(bytes), _) => self.elided(bytes, start),
            (What::Data(_) | What::Open(_), _) => {}
        }
    }
}

impl Consume for Dialog {
    fn touch(&self) -> u64 {
        let session = &self.session;
        let exchange = session.exchanges.last();
        // The parts that nearly every chunk reads or writes, and what lies behind pointers.
        self.position.client
            ^ self.answered_to
            ^ u64::from(self.lost.is_some())
            ^ u64::from(self.masked.is_some())
            ^ self.owed.front().map_or(0, |owed| owed.end)
            ^ session.elided_exchanges
            ^ exchange.map_or(0, |last| last.octets ^ u64::from(last.reply.is_some()))
            ^ session.messages.last().map_or(0, |last| u64::from(last.recipients.is_empty()))
            ^ u64::from(session.text.as_slice().last().copied().unwrap_or_default())
    }

    #[inline]
    fn push(&mut self, chunk: &Chunk<'_>) {
        match (chunk.what, chunk.side) {
            (What::Data(bytes), Side::Client) => self.client_chunk(chunk, bytes),
            (What::Data(bytes), Side::Server) => self.server_chunk(chunk, bytes),
            (What::Open(step), _) => self.opened(step, chunk),
            _ => self.event(chunk),
        }
    }
}

/// The exchange at `index`.
#[inline]
fn exchange_at(session: &Session, index: Option<u32>) -> Option<&Exchange> {
    session.exchanges.get(index? as usize)
}

/// The exchange at `index`, to change it.
#[inline]
fn exchange_mut(session: &mut Session, index: Option<u32>) -> Option<&mut Exchange> {
    session.exchanges.get_mut(index? as usize)
}
