//! Where the time of a session goes: each moment belongs to one side, or to nobody.

use super::session::{Mark, Message, Pause, Reply, Session, Timing};
use super::{Dialog, Mode};
use crate::chunk::{Odd, Open, Side, Sides, Transport};
use crate::time::{Lapse, Stamp};

/// Who is expected to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The server owes a reply or the greeting.
    Server,
    /// The client is inside a transaction, content or AUTH.
    Client,
    /// Neither owes anything.
    Idle,
    /// Inside TLS: cannot be known.
    Opaque,
}

/// Nanoseconds without anything new that are noted.
const PAUSE: i64 = 30_000_000_000;

/// Packets that others overtake are not so late.
const LATE: Lapse = Lapse::from_nanos(1_000_000_000);

/// Pauses that are kept of a session.
const PAUSES: usize = 32;

/// Adds up times for a session's [`Timing`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    last: Option<Stamp>,
    /// Nanoseconds in each phase but the last, which cannot be known.
    sums: [i64; 3],
    /// The longest time without anything new, in nanoseconds.
    longest: i64,
    /// When each step of the handshake was.
    steps: [Option<Stamp>; 3],
}

impl Clock {
    pub(super) fn new(at: Option<Stamp>) -> Self {
        Self { last: at, ..Self::default() }
    }

    /// Whether `at` is over.
    #[inline]
    pub(super) fn is_past(&self, at: Stamp) -> bool {
        self.last.is_some_and(|last| at < last)
    }

    /// Time has come to `at`; until now it was `phase`. A clock that goes back adds nothing. Gives
    /// the time before it, if that is long ago.
    #[inline]
    pub(super) fn tick(&mut self, at: Stamp, phase: Phase) -> Option<Stamp> {
        let Some(last) = self.last else {
            self.last = Some(at);
            return None;
        };
        let Some(nanos) = at.nanos_after(last) else {
            self.go_back(last, at);
            return None;
        };
        self.last = Some(at);
        if self.is_connecting() && phase == Phase::Server {
            return None;
        }
        // By index, as which phase it is nothing can guess.
        let sum = self.sums.get_mut(phase as usize)?;
        *sum = sum.saturating_add(nanos);
        self.longest = self.longest.max(nanos);
        (nanos >= PAUSE).then_some(last)
    }

    /// Time goes back from `last` to `at`, unless that only came late: it was in the same time.
    #[cold]
    fn go_back(&mut self, last: Stamp, at: Stamp) {
        if last.since(at) >= LATE {
            self.last = Some(at);
        }
    }

    pub(super) fn open(&mut self, step: Open, at: Option<Stamp>) {
        if let Some(place) = self.steps.get_mut(step as usize) {
            *place = at;
        }
    }

    /// When a step of the handshake was.
    fn at(&self, step: Open) -> Option<Stamp> {
        self.steps.get(step as usize).copied().flatten()
    }

    /// Whether the handshake is still going on.
    #[inline]
    fn is_connecting(&self) -> bool {
        let ([syn, _, established], [server, client, _]) = (self.steps, self.sums);
        established.is_none() && syn.is_some() && server == 0 && client == 0
    }

    /// When the handshake was complete. If the server spoke before, its last packet is missing, and
    /// it was that of a later one.
    fn shaken(&self, greeted: Option<Stamp>) -> Option<Stamp> {
        self.at(Open::Established).filter(|&at| greeted.is_none_or(|greeted| at <= greeted))
    }

    /// `transport` with what the handshake tells: from the capture point to each side and back. A
    /// SYN that was sent again tells nothing of that.
    pub(super) fn complete(&self, transport: Transport, greeting: Option<Reply>) -> Box<Transport> {
        let shaken = self.shaken(greeting.and_then(|reply| reply.begun.at));
        let has_again =
            |side| transport.odd.of(side).as_deref().is_some_and(|odd: &Odd| odd.syns.any());
        let round_trip = Sides {
            server: lapse(self.at(Open::Syn), self.at(Open::SynAck))
                .filter(|_| !has_again(Side::Client)),
            client: lapse(self.at(Open::SynAck), shaken).filter(|_| !has_again(Side::Server)),
        };
        Box::new(Transport { round_trip, ..transport })
    }

    /// Puts what was added up into `session`.
    pub(super) fn finish(&self, session: &mut Session) {
        if session.opening.at.is_none() {
            session.timing = Timing::default();
            return;
        }
        let greeted = session.greeting.and_then(|reply| reply.begun.at);
        let timing = &mut session.timing;
        let shaken = self.shaken(greeted);
        timing.connect = lapse(self.at(Open::Syn), shaken);
        timing.accept = lapse(self.at(Open::Syn), self.at(Open::SynAck));
        // The server could have greeted from there on.
        timing.greeting = lapse(shaken.or(self.at(Open::SynAck)), greeted);
        timing.longest = Some(Lapse::from_nanos(self.longest));
        let [server, client, idle] = self.sums.map(|sum| Some(Lapse::from_nanos(sum)));
        (timing.server, timing.client, timing.idle) = (server, client, idle);
    }
}

/// The time between the two; `None` for a clock that went back.
fn lapse(from: Option<Stamp>, to: Option<Stamp>) -> Option<Lapse> {
    let lapse = to?.since(from?);
    (lapse >= Lapse::default()).then_some(lapse)
}

impl Dialog {
    /// Nothing new came from `from` until `mark`.
    #[cold]
    pub(super) fn paused(&mut self, from: Stamp, until: Mark) {
        let content = matches!(self.mode, Mode::Content | Mode::Chunk { .. });
        let session = &mut self.session;
        let after = u32::try_from(session.exchanges.len()).unwrap_or(u32::MAX);
        if session.pauses.len() < PAUSES {
            session.pauses.push(Pause { from, until, after, content });
        }
    }
}

impl Timing {
    /// The content of a message may be sent from `mark` on; its MAIL was asked at `mail`.
    pub(super) fn content_begins(&mut self, mail: Option<Stamp>, mark: Mark) {
        if let (Some(mail), Some(at)) = (mail, mark.at) {
            add(&mut self.envelope, at.since(mail));
        }
    }

    /// The content of `message` was answered at `mark`.
    pub(super) fn content_answered(&mut self, message: &Message, mark: Mark) {
        if let (Some(begun), Some(at)) = (message.data_begun, mark.at) {
            add(&mut self.data, at.since(begun));
        }
    }
}

/// Adds `lapse` to `sum`, unless it is negative; a clock that jumps can claim more centuries than
/// there are numbers.
fn add(sum: &mut Option<Lapse>, lapse: Lapse) {
    let before = sum.unwrap_or_default().nanos();
    *sum = Some(Lapse::from_nanos(before.saturating_add(lapse.nanos().max(0))));
}
