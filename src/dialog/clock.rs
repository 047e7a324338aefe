//! Where the time of a session goes: each moment belongs to one side, or to nobody.

use super::session::{Mark, Message, Session, Timing};
use crate::chunk::Open;
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

/// Adds up times, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    last: Option<Stamp>,
    syn: Option<Stamp>,
    accepted: Option<Stamp>,
    established: Option<Stamp>,
    is_midstream: bool,
    server: i64,
    client: i64,
    idle: i64,
    pub(super) envelope: Option<i64>,
    pub(super) data: Option<i64>,
}

impl Clock {
    pub(super) fn new(at: Option<Stamp>) -> Self {
        Self { last: at, ..Self::default() }
    }

    /// Time has come to `at`; until now it was `phase`. A clock that goes back adds nothing.
    pub(super) fn tick(&mut self, at: Option<Stamp>, phase: Phase) {
        let Some(at) = at else { return };
        if let Some(last) = self.last.replace(at) {
            let lapse = at.since(last).nanos().max(0);
            if self.is_connecting() {
                return;
            }
            match phase {
                Phase::Server => add(&mut self.server, lapse),
                Phase::Client => add(&mut self.client, lapse),
                Phase::Idle => add(&mut self.idle, lapse),
                Phase::Opaque => {}
            }
        }
    }

    pub(super) fn open(&mut self, step: Open, at: Option<Stamp>) {
        match step {
            Open::Syn => self.syn = at,
            Open::SynAck => self.accepted = at,
            Open::Established => self.established = at,
            Open::Midstream => self.is_midstream = true,
        }
    }

    /// Whether the handshake is still going on.
    fn is_connecting(&self) -> bool {
        self.syn.is_some() && self.established.is_none() && self.server == 0 && self.client == 0
    }

    /// The handshake took this long.
    fn connect(&self) -> Option<Lapse> {
        Some(self.established?.since(self.syn?))
    }

    /// The server could have greeted from here on.
    fn ready(&self) -> Option<Stamp> {
        self.established.or(self.accepted)
    }

    /// The content of `message` may be sent from `mark` on.
    pub(super) fn content_begins(&mut self, session: &Session, message: &Message, mark: Mark) {
        let mail = message.mail.and_then(|index| session.exchanges.get(index as usize));
        if let (Some(mail), Some(at)) = (mail.and_then(|mail| mail.asked.at), mark.at) {
            add(self.envelope.get_or_insert(0), at.since(mail).nanos().max(0));
        }
    }

    /// The content of `message` was answered at `mark`.
    pub(super) fn content_answered(&mut self, message: &Message, mark: Mark) {
        let begun = message.data_begun.and_then(|begun| begun.at);
        if let (Some(begun), Some(at)) = (begun, mark.at) {
            add(self.data.get_or_insert(0), at.since(begun).nanos().max(0));
        }
    }

    /// Puts what was added up into `session`.
    pub(super) fn finish(&self, session: &mut Session) {
        if session.opening.at.is_none() {
            return;
        }
        let greeted = session.greeting.and_then(|reply| reply.begun.at);
        let lapse = |nanos| Some(Lapse::from_nanos(nanos));
        session.timing = Timing {
            connect: self.connect(),
            greeting: greeted.zip(self.ready()).map(|(at, ready)| at.since(ready)),
            envelope: self.envelope.map(Lapse::from_nanos),
            data: self.data.map(Lapse::from_nanos),
            server: lapse(self.server),
            client: lapse(self.client),
            idle: lapse(self.idle),
        };
    }
}

/// Adds `lapse` to `sum`: a clock that jumps can claim more centuries than there are numbers.
fn add(sum: &mut i64, lapse: i64) {
    *sum = sum.saturating_add(lapse);
}
