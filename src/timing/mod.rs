//! A session → who took how long, and for what: the times of each exchange, of each phase, the
//! round trip, the stalls.
//!
//! In: a [`Session`]. Out: [`Timings`], or the same step by step, without memory ([`Walk`]). All
//! times are those of the capture point. What lies between it and a side is taken off by the round
//! trip that the handshake shows: from SYN to SYN and ACK the way to the server and back, from there
//! to the ACK that to the client and back. **What cannot be known is `None`, never guessed.**

mod stall;
#[cfg(test)]
mod tests;

use crate::chunk::{Medium, ViaKind};
use crate::dialog::session::{Exchange, Message, Protocol, Reply, Request, Session};
use crate::smtp::command::Verb;
use crate::time::{Brief, Lapse, Stamp};

pub use stall::{Stall, Who, duration, push_duration};

/// Where the time of a session went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Of each exchange, by index.
    pub exchanges: Vec<ExchangeTimes>,
    /// Of each phase.
    pub phases: Phases,
    /// From the capture point to each side and back.
    pub round_trip: RoundTrip,
    /// Where one side waited for the other, in order of time.
    pub stalls: Vec<Stall>,
}

/// The times of an exchange. Of a command for which its client waited, the three together last from
/// the end of the reply before it to the beginning of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeTimes {
    /// The server's: from when it had the command, and had answered those before it, to its reply.
    pub server: Option<Lapse>,
    /// The client's: from when it had the whole reply before, to the command; for `.` and BDAT with
    /// the content's transfer. `None` where it did not wait for that reply.
    pub client: Option<Lapse>,
    /// On the way between the two.
    pub network: Option<Lapse>,
}

/// From the capture point to each side and back, measured by the handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTrip {
    /// To the client: from SYN and ACK to its ACK.
    pub client: Option<Lapse>,
    /// To the server: from SYN to SYN and ACK.
    pub server: Option<Lapse>,
}

/// What a session is about at a time. Each moment belongs to one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The handshake of TCP.
    Connect,
    /// Until the greeting is there.
    Greeting,
    /// EHLO, HELO, LHLO.
    Ehlo,
    /// STARTTLS, and all that comes inside TLS if that is not read.
    Tls,
    /// AUTH.
    Auth,
    /// MAIL, RCPT, DATA.
    Envelope,
    /// The transfer of content.
    Data,
    /// Until the end of the content is answered.
    Final,
    /// QUIT, and the end of the connection after it.
    Quit,
    /// All else: other commands, idleness, a connection that is closed without QUIT.
    Other,
}

impl Phase {
    /// All of them, each at its own index.
    pub const ALL: [Self; 10] = [
        Self::Connect,
        Self::Greeting,
        Self::Ehlo,
        Self::Tls,
        Self::Auth,
        Self::Envelope,
        Self::Data,
        Self::Final,
        Self::Quit,
        Self::Other,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Envelope => "envelope",
            Self::Data => "data",
            Self::Final => "final",
            Self::Quit => "quit",
            Self::Other => "other",
        }
    }

    /// The phase that a request belongs to; content before `.` is told apart elsewhere.
    #[inline]
    #[must_use]
    pub fn of(request: Request) -> Self {
        OF_REQUEST.get(request.kind()).copied().unwrap_or(Self::Other)
    }

    const fn told(request: Request) -> Self {
        match request {
            Request::EndOfData | Request::Command(Verb::Bdat) => Self::Final,
            Request::AuthLine | Request::Command(Verb::Auth) => Self::Auth,
            Request::Command(verb) => match verb {
                Verb::Ehlo | Verb::Helo | Verb::Lhlo => Self::Ehlo,
                Verb::Starttls => Self::Tls,
                Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml | Verb::Rcpt | Verb::Data => {
                    Self::Envelope
                }
                Verb::Quit => Self::Quit,
                _ => Self::Other,
            },
        }
    }
}

/// The phases of all requests, each at its [`Request::kind`].
// What is indexed is so when it is compiled.
#[allow(clippy::indexing_slicing)]
static OF_REQUEST: [Phase; Request::KINDS] = {
    let mut all = [Phase::Other; Request::KINDS];
    let mut at = 0;
    while at < Verb::ALL.len() {
        all[at] = Phase::told(Request::Command(Verb::ALL[at]));
        at += 1;
    }
    all[Request::EndOfData.kind()] = Phase::told(Request::EndOfData);
    all[Request::AuthLine.kind()] = Phase::told(Request::AuthLine);
    all
};

/// How long a session was in each phase; `None` where it never was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Nanoseconds.
    sums: [i64; Phase::ALL.len()],
    /// Those that it was in, a bit for each index.
    met: u16,
}

impl Phases {
    /// How long the session was in `phase`.
    #[must_use]
    pub fn of(&self, phase: Phase) -> Option<Lapse> {
        let sum = self.sums.get(phase as usize).filter(|_| self.met >> phase as u16 & 1 == 1);
        sum.map(|&sum| Lapse::from_nanos(sum))
    }

    /// Those that the session was in.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, Lapse)> {
        let all = Phase::ALL.into_iter().zip(self.sums);
        let met = all.filter(|&(phase, _)| self.met >> phase as u16 & 1 == 1);
        met.map(|(phase, sum)| (phase, Lapse::from_nanos(sum)))
    }

    /// Adds some nanoseconds.
    #[inline]
    fn add(&mut self, phase: Phase, nanos: i64) {
        self.met |= 1 << phase as u16;
        if let Some(sum) = self.sums.get_mut(phase as usize) {
            *sum = sum.saturating_add(nanos);
        }
    }
}

/// What is longer is a clock that was set, not a wait: no connection lasts so long in silence.
pub const DAY: Lapse = Lapse::from_nanos(86_400_000_000_000);

/// Packets that overtake others are not so late.
const JUMP: Lapse = Lapse::from_nanos(1_000_000_000);

/// A round trip of a second is more likely a SYN that was lost: RFC 6298 §2 sends it again then.
const LOST: Lapse = Lapse::from_nanos(1_000_000_000);

impl RoundTrip {
    /// That of `session`; unknown where its handshake is not in the input.
    #[inline]
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let timing = &session.timing;
        // The handshake with a relay says nothing of the way behind it.
        let accept = timing.accept.filter(|_| !is_relayed(session));
        let is_sane = |lapse: &Lapse| *lapse >= Lapse::default() && *lapse < LOST;
        let client = timing.connect.zip(timing.accept);
        let client =
            client.map(|(all, part)| Lapse::from_nanos(all.nanos().saturating_sub(part.nanos())));
        Self { client: client.filter(is_sane), server: accept.filter(is_sane) }
    }

    /// How it was measured, if it was.
    #[must_use]
    pub fn measured(&self) -> Option<&'static str> {
        self.client.or(self.server).map(|_| "handshake")
    }
}

/// Whether the connection was to a relay, which made another to the server: the time until the
/// greeting is both's, and its handshake is none of the server's.
#[must_use]
pub fn is_relayed(session: &Session) -> bool {
    let via = session.opening.via.map(|via| via.kind);
    matches!(via, Some(ViaKind::Socks5 | ViaKind::HttpConnect))
}

/// Whether the times of the session go on as those of a clock do that nobody sets: neither side's
/// go back by more than a second, and no reply came before its command.
#[must_use]
pub fn is_steady(session: &Session) -> bool {
    !has_jump(session) || is_each_steady(session)
}

/// Whether a time lies more than a second before any that was earlier: nearly never, and seen
/// sooner than which it is.
fn has_jump(session: &Session) -> bool {
    let mut latest = Stamp::from_nanos(i64::MIN);
    let mut is_jump = false;
    let mut look = |at: Option<Stamp>| {
        let Some(at) = at else { return };
        if at >= latest {
            latest = at;
        } else {
            is_jump |= latest.nanos_after(at) > Some(JUMP.nanos());
        }
    };
    look(session.opening.at);
    look(session.greeting.as_ref().and_then(|reply| reply.begun.at));
    for one in &session.exchanges {
        look(one.asked.at);
        look(one.reply.as_ref().and_then(|reply| reply.begun.at));
    }
    look(session.last_at);
    is_jump
}

/// The same as [`is_steady`], time by time.
#[cold]
fn is_each_steady(session: &Session) -> bool {
    let is_back = |last: Option<Stamp>, at: Option<Stamp>| {
        last.zip(at).is_some_and(|(last, at)| last.since(at) > JUMP)
    };
    let greeted = session.greeting.as_ref().and_then(|reply| reply.begun.at);
    let (mut asked, mut replied) = (session.opening.at, greeted.or(session.opening.at));
    for one in &session.exchanges {
        let reply = one.reply.as_ref().and_then(|reply| reply.begun.at);
        if is_back(asked, one.asked.at) || is_back(replied, reply) || is_back(one.asked.at, reply) {
            return false;
        }
        (asked, replied) = (one.asked.at.or(asked), reply.or(replied));
    }
    !is_back(asked, session.last_at) && !is_back(replied, session.last_at)
}

/// Whether the server speaks first: on port 465 TLS comes before all else (RFC 8314 §3.3).
#[must_use]
pub fn greets_first(session: &Session) -> bool {
    session.opening.peers.is_none_or(|peers| peers.server.port() != 465)
}

/// Where the time of `session` went.
#[must_use]
pub fn of(session: &Session) -> Timings {
    let mut timings = Timings::default();
    timings.measure(session, true);
    timings
}

impl Timings {
    /// Becomes those of `session`, in the memory that is there; without stalls if nobody asks for
    /// them.
    pub fn measure(&mut self, session: &Session, with_stalls: bool) {
        self.exchanges.clear();
        self.stalls.clear();
        let mut walk = Walk::new(session);
        if with_stalls {
            self.stalls.extend(stall::opening(session));
        }
        self.exchanges.reserve(session.exchanges.len());
        for (index, exchange) in (0..).zip(&session.exchanges) {
            let before = walk.replied;
            let times = walk.step(exchange);
            if with_stalls && stall::may_be(exchange, before) {
                stall::of(&mut self.stalls, session, index, exchange, before, &times);
            }
            self.exchanges.push(times);
        }
        (self.round_trip, self.phases) = (walk.round_trip, walk.finish());
    }
}

/// Goes through the exchanges of a session in their order.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'s> {
    session: &'s Session,
    /// From the capture point to each side and back.
    pub round_trip: RoundTrip,
    phases: Phases,
    /// Up to here, time belongs to a phase; `None` without times.
    until: Option<Stamp>,
    /// When the last reply was whole.
    replied: Option<Stamp>,
    /// What comes next, if there is no exchange.
    next: Phase,
    /// The last exchange, and what its reply ends.
    last: Option<(&'s Exchange, Phase)>,
    is_packets: bool,
    /// A time lay before that of something earlier.
    is_back: bool,
    /// Some did so by more than those of packets that overtake others.
    is_far: bool,
}

impl<'s> Walk<'s> {
    /// Before the first exchange.
    #[must_use]
    pub fn new(session: &'s Session) -> Self {
        let round_trip = RoundTrip::of(session);
        let is_packets = session.opening.medium == Medium::Packets;
        let (until, phases) = (session.opening.at, Phases::default());
        let next = if session.tls.is_some() { Phase::Tls } else { Phase::Greeting };
        let (replied, last) = (None, None);
        let (is_back, is_far) = (false, false);
        let mut walk = Self {
            session,
            round_trip,
            phases,
            until,
            replied,
            next,
            last,
            is_packets,
            is_back,
            is_far,
        };
        if let (Some(begun), Some(connect)) = (until, session.timing.connect) {
            walk.advance(Phase::Connect, begun.after(connect));
        }
        if let Some(greeting) = &session.greeting {
            walk.replied = greeting.ended();
            walk.next = Phase::Other;
            if let Some(at) = walk.replied {
                walk.advance(Phase::Greeting, at);
            }
        }
        walk
    }

    /// The times of the next exchange.
    // Of each session all are asked for, in a loop.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub fn step(&mut self, exchange: &'s Exchange) -> ExchangeTimes {
        let reply = exchange.reply.as_ref();
        let times = if self.is_packets { self.times(exchange, reply) } else { <_>::default() };
        let phase = Phase::of(exchange.request);
        // As it nearly always is: a reply in one packet, one phase, and time goes on.
        if phase != Phase::Final
            && let Some(reply) = reply
            && reply.took == Brief::default()
            && let (Some(until), Some(asked), Some(ended)) =
                (self.until, exchange.asked.at, reply.begun.at)
            && until <= asked
            && asked <= ended
        {
            self.phases.add(phase, ended.nanos_after(until).unwrap_or(0));
            (self.until, self.replied) = (Some(ended), Some(ended));
            self.last = Some((exchange, phase));
            return times;
        }
        let (sends, waits) = if phase == Phase::Final {
            (Phase::Data, if self.is_last(exchange) { phase } else { Phase::Data })
        } else {
            (phase, phase)
        };
        if let Some(asked) = exchange.asked.at {
            self.advance(sends, asked);
        }
        let ended = match reply {
            // Most come in one packet.
            Some(reply) if reply.took == Brief::default() && phase != Phase::Final => {
                reply.begun.at
            }
            Some(reply) => self.ended(exchange, reply),
            None => None,
        };
        if let Some(ended) = ended {
            self.advance(waits, ended);
            self.replied = Some(ended);
        }
        self.last = Some((exchange, waits));
        times
    }

    /// What is left belongs to what would have come next.
    #[inline]
    #[must_use]
    pub fn finish(mut self) -> Phases {
        let Some(last) = self.session.last_at else { return self.phases };
        let next = self.last.map_or(self.next, |(exchange, waits)| {
            match (exchange.reply.as_ref(), exchange.request) {
                (None, _) | (_, Request::Command(Verb::Quit | Verb::Starttls)) => waits,
                (Some(reply), Request::Command(Verb::Data)) if reply.code == Some(354) => {
                    Phase::Data
                }
                _ => Phase::Other,
            }
        });
        let is_unread = self.session.tls.is_some() && next == Phase::Other;
        let next = if is_unread { Phase::Tls } else { next };
        if self.until.is_some_and(|until| last > until) {
            self.advance(next, last);
        }
        self.look(Some(last));
        debug_assert!(self.is_far || !self.is_back || is_steady(self.session), "it was not seen");
        // Nobody knows how long it was between two times of a clock that was set.
        if self.is_back && self.is_far && !is_steady(self.session) {
            return Phases::default();
        }
        self.phases
    }

    /// Time until `at` belongs to `phase`.
    #[inline]
    fn advance(&mut self, phase: Phase, at: Stamp) {
        if let Some(until) = self.until {
            let nanos = at.nanos_after(until);
            self.phases.add(phase, nanos.unwrap_or(0));
            if nanos.is_some() {
                self.until = Some(at);
            } else {
                self.is_back = true;
                self.look(Some(at));
            }
        }
    }

    /// Notes whether `at` lies far before what was earlier.
    #[inline]
    fn look(&mut self, at: Option<Stamp>) {
        if let (Some(until), Some(at)) = (self.until, at) {
            self.is_far |= until.nanos_after(at) > Some(JUMP.nanos());
        }
    }

    /// When `reply`, which took its time or ends a message, was whole.
    #[inline(never)]
    fn ended(&mut self, exchange: &Exchange, reply: &Reply) -> Option<Stamp> {
        self.look(reply.begun.at);
        match Phase::of(exchange.request) {
            Phase::Final => self.delivered(exchange),
            _ => reply.ended(),
        }
    }

    #[inline]
    fn times(&self, exchange: &Exchange, reply: Option<&Reply>) -> ExchangeTimes {
        let mut times = ExchangeTimes::default();
        let Some(asked) = exchange.asked.at else { return times };
        // What is waited for is not negative. The first reply that a client waits for is the
        // greeting.
        let is_early = exchange.pipelined || self.last.is_none() && self.session.early;
        // What the network took of the client's time.
        let mut before = exchange.pipelined.then_some(0);
        if let Some(replied) = self.replied
            && !is_early
            && let Some(thought) = asked.nanos_after(replied)
            && let Some(way) = self.round_trip.client
        {
            let client = (thought - way.nanos()).max(0);
            times.client = Some(Lapse::from_nanos(client));
            before = Some(thought - client);
        }
        if let Some(begun) = reply.and_then(|reply| reply.begun.at)
            && let Some(waited) = begun.nanos_after(asked)
            && let Some(way) = self.round_trip.server
        {
            // It works on one command after the other.
            let free = self.replied.filter(|&free| free > asked);
            let since = free.and_then(|free| begun.nanos_after(free)).unwrap_or(waited);
            let server = (waited - way.nanos()).max(0).min(since);
            times.server = Some(Lapse::from_nanos(server));
            times.network = before.map(|before| Lapse::from_nanos(before + (since - server)));
        }
        times
    }

    /// Whether a BDAT is the last of its message; `.` always is.
    fn is_last(&self, exchange: &Exchange) -> bool {
        let is_last_chunk = || {
            let line = self.session.bytes(exchange.line).trim_ascii_end();
            line.last_chunk::<4>().is_some_and(|tail| tail.eq_ignore_ascii_case(b"LAST"))
        };
        exchange.request == Request::EndOfData || is_last_chunk()
    }

    /// When the end of a message was answered for all recipients: of LMTP there are more replies
    /// than the exchange has (RFC 2033 §4.2).
    fn delivered(&self, exchange: &Exchange) -> Option<Stamp> {
        let ended = exchange.reply.as_ref().and_then(Reply::ended);
        if self.session.protocol != Protocol::Lmtp {
            return ended;
        }
        let message = self.session.messages.get(exchange.message? as usize);
        let recipients = message.map(|message| message.recipients.iter());
        let deliveries = recipients.into_iter().flatten().filter_map(|one| one.delivery.as_deref());
        deliveries.filter_map(Reply::ended).chain(ended).max()
    }
}

/// How long the transfer of the content of `message`, the one with this `index` in `session`, took:
/// from when the client might begin (354, the first BDAT) to its last octet.
#[must_use]
pub fn transfer(session: &Session, index: u32, message: &Message) -> Option<Lapse> {
    let begun = message.data_begun.filter(|_| message.ended && !message.cut)?;
    let is_its = |one: &&Exchange| {
        let is_end = matches!(one.request, Request::EndOfData | Request::Command(Verb::Bdat));
        is_end && one.message == Some(index)
    };
    // From its MAIL on, so that a session of many messages is not looked through for each.
    let from = message.mail? as usize;
    let later = session.exchanges.get(from..).unwrap_or_default();
    let next = later.iter().skip(1).position(|one| one.message > Some(index));
    let own = later.get(..next.map_or(later.len(), |next| next + 1)).unwrap_or_default();
    let ended = own.iter().rev().find(is_its)?.asked.at?;
    Some(ended.since(begun)).filter(|lapse| *lapse >= Lapse::default())
}

/// Octets of the content of `message` in a second, if its transfer took so long; `None` where no
/// time passed.
#[must_use]
pub fn throughput(message: &Message, transfer: Lapse) -> Option<u64> {
    let nanos = u128::try_from(transfer.nanos()).ok().filter(|&nanos| nanos > 0)?;
    // Of octets that are missing nobody knows when they were sent.
    let size = message.known_size().filter(|_| message.is_complete())?;
    u64::try_from(u128::from(size) * 1_000_000_000 / nanos).ok()
}
