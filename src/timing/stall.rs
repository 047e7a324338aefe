//! Where one side waited for the other: one sentence each, with numbers.

use super::{DAY, ExchangeTimes, Phase, greets_first};
use crate::chunk::{End, Side};
use crate::dialog::session::{Exchange, Request, Session};
use crate::escape::push_escaped;
use crate::time::{Lapse, Stamp};

/// A wait that a person would notice.
const LONG: Lapse = Lapse::from_nanos(1_000_000_000);

/// Octets of a line that a sentence shows.
const MOST: usize = 60;

/// What a stall is due to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// A side that was waited for.
    Side(Side),
    /// The way between the two.
    Network,
}

/// A wait of a second or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// When it began.
    pub from: Stamp,
    /// When it ended.
    pub until: Stamp,
    /// How long it was, without what the network took of it.
    pub length: Lapse,
    /// Who was waited for.
    pub who: Who,
    /// What the session was about.
    pub phase: Phase,
    /// The exchange whose command or reply was waited for.
    pub exchange: Option<u32>,
    /// What was waited for never came.
    pub in_vain: bool,
}

/// The stalls before the first exchange.
pub(super) fn opening(session: &Session) -> impl Iterator<Item = Stall> + use<> {
    let begun = session.opening.at;
    let timing = &session.timing;
    let ready = begun.zip(timing.connect).map(|(begun, connect)| begun.after(connect));
    let connect = begun.zip(ready).map(|(from, until)| Stall {
        from,
        until,
        length: until.since(from),
        who: Who::Network,
        phase: Phase::Connect,
        exchange: None,
        in_vain: false,
    });
    let greeted = session.greeting.as_ref().and_then(|reply| reply.begun.at);
    let is_over = session.greeting.is_none() && session.exchanges.is_empty() && is_closed(session);
    let is_over = is_over && session.tls.is_none() && greets_first(session);
    let until = if is_over { left(session) } else { greeted };
    let greeting = ready.zip(until).map(|(from, until)| Stall {
        from,
        until,
        length: until.since(from),
        who: Who::Side(Side::Server),
        phase: Phase::Greeting,
        exchange: None,
        in_vain: greeted.is_none(),
    });
    connect.into_iter().chain(greeting).filter(|stall| is_long(stall.length))
}

/// Adds the stalls of an exchange; the reply before it was whole at `replied`.
pub(super) fn of(
    stalls: &mut Vec<Stall>,
    session: &Session,
    index: u32,
    exchange: &Exchange,
    replied: Option<Stamp>,
    times: &ExchangeTimes,
) {
    let Some(asked) = exchange.asked.at else { return };
    let phase = Phase::of(exchange.request);
    // How long content takes says nothing about who is slow.
    if let Some(from) = replied.filter(|_| phase != Phase::Final && !exchange.pipelined) {
        let length = times.client.unwrap_or_else(|| asked.since(from));
        if is_long(length) {
            let (who, exchange) = (Who::Side(Side::Client), Some(index));
            stalls.push(Stall { from, until: asked, length, who, phase, exchange, in_vain: false });
        }
    }
    let begun = exchange.reply.as_ref().and_then(|reply| reply.begun.at);
    let is_last = session.exchanges.len() == index as usize + 1;
    let is_over = exchange.reply.is_none() && is_last && is_closed(session);
    let Some(until) = begun.or_else(|| left(session).filter(|_| is_over)) else { return };
    let from = asked.max(replied.unwrap_or(asked));
    let length = times.server.unwrap_or_else(|| until.since(from));
    if is_long(length) {
        let (who, exchange) = (Who::Side(Side::Server), Some(index));
        stalls.push(Stall { from, until, length, who, phase, exchange, in_vain: is_over });
    }
}

/// Whether one of the two waits of an exchange may be a stall; the reply before it was whole at
/// `replied`.
#[inline]
pub(super) fn may_be(exchange: &Exchange, replied: Option<Stamp>) -> bool {
    let is_short = |from: Stamp, until: Stamp| {
        until.nanos_after(from).is_none_or(|nanos| nanos < LONG.nanos())
    };
    let begun = exchange.reply.as_ref().and_then(|reply| reply.begun.at);
    let (Some(asked), Some(begun)) = (exchange.asked.at, begun) else { return true };
    // Neither side took more than the time that passed.
    !is_short(asked, begun) || replied.is_some_and(|replied| !is_short(replied, asked))
}

/// Whether a wait is long enough for a stall, and not a clock that was set.
fn is_long(length: Lapse) -> bool {
    length >= LONG && length < DAY
}

/// Whether the connection was closed, so that nothing more could come, and nothing of the server is
/// missing that may have come.
fn is_closed(session: &Session) -> bool {
    let is_missing = session.elided.gaps > 0
        || !session.resyncs.is_empty()
        || session.gaps.iter().any(|gap| gap.side == Side::Server);
    let is_closed =
        matches!(session.end, End::Quit | End::ServerClosed | End::ClientClosed | End::Reset);
    is_closed && !is_missing
}

/// Until when the client waited for what never came: it may have left before the server did.
fn left(session: &Session) -> Option<Stamp> {
    let parting = session.closing.as_deref().and_then(|closing| closing.sides.client);
    let left = parting.and_then(|parting| parting.mark.at);
    left.into_iter().chain(session.last_at).min()
}

impl Stall {
    /// Who waited for whom, how long and for what.
    #[must_use]
    pub fn sentence(&self, session: &Session) -> String {
        let length = duration(self.length);
        let own = self.exchange.and_then(|index| session.exchanges.get(index as usize));
        let name = own.map_or_else(String::new, |own| name(session, own));
        let vain = if self.in_vain { ", which never came" } else { "" };
        match (self.who, own) {
            (Who::Network, _) => format!("the handshake of TCP took {length}"),
            (Who::Side(Side::Server), None) => {
                format!("the client waited {length} for the server's greeting{vain}")
            }
            (Who::Side(Side::Server), Some(_)) => {
                format!("the client waited {length} for the server's reply to {name}{vain}")
            }
            (Who::Side(Side::Client), _) => {
                format!("the server waited {length} for the client's next command, {name}")
            }
        }
    }
}

/// What the client sent, for a sentence.
fn name(session: &Session, exchange: &Exchange) -> String {
    match exchange.request {
        Request::EndOfData => "the end of the data".to_owned(),
        Request::AuthLine => "a line of AUTH".to_owned(),
        Request::Command(_) => {
            let line = session.bytes(exchange.line);
            let mut text = String::from("\"");
            push_escaped(&mut text, line.get(..MOST).unwrap_or(line));
            text + if line.len() > MOST { "…\"" } else { "\"" }
        }
    }
}

/// A duration for a person: `12 ms`, `3.4 s`, `5 min 3 s`, `2 h 5 min`.
#[must_use]
pub fn duration(lapse: Lapse) -> String {
    let mut out = String::with_capacity(16);
    push_duration(&mut out, lapse);
    out
}

/// Appends what [`duration`] gives.
pub fn push_duration(out: &mut String, lapse: Lapse) {
    let millis = lapse.nanos() / 1_000_000;
    let seconds = millis / 1000;
    // Findings have many: no formatter.
    let mut put = |number: i64, unit: &str| {
        out.push_str(itoa::Buffer::new().format(number));
        out.push_str(unit);
    };
    match millis {
        ..1000 => put(millis, " ms"),
        1000..60_000 => {
            put(seconds, ".");
            put(millis % 1000 / 100, " s");
        }
        60_000..3_600_000 if seconds % 60 == 0 => put(seconds / 60, " min"),
        60_000..3_600_000 => {
            put(seconds / 60, " min ");
            put(seconds % 60, " s");
        }
        _ => {
            put(seconds / 3600, " h ");
            put(seconds / 60 % 60, " min");
        }
    }
}
