//! Two readings of mail data that holds a place where a lenient server would see its end.
//!
//! The strict reading goes first. If the replies contradict it (one more than there are commands
//! to answer, or a 354 that nothing asked for), the server has read the data leniently: the
//! dialog goes back and reads it so, too.

use super::client::{Parked, ParkedWhat, Parking, has_command};
use super::clock::Clock;
use super::content::Candidate;
use super::lines::Lines;
use super::mail::Mails;
use super::server::Partial;
use super::session::Session;
use super::state::State;
use super::{Closes, Dialog, Mode, Start, owed};
use crate::chunk::{Gap, Side};

/// What is needed to go back to before the strict end of some mail data.
#[derive(Debug)]
pub(super) struct Doubt {
    candidate: Box<Candidate>,
    session: Box<Session>,
    state: State,
    owed: owed::Queue,
    answered_to: u64,
    mails: Mails,
    clock: Clock,
    closes: Closes,
    /// What came since, in order.
    events: Vec<Event>,
    bytes: usize,
}

#[derive(Debug)]
enum Event {
    Client(Parked),
    Reply(Partial),
}

/// What came since is kept up to this many pieces.
const EVENTS: usize = 64;

/// So many times in doubt the server was strict, and is believed to be.
const STRICT: u32 = 16;

impl Dialog {
    /// Mail data ended strictly; `last` is the piece that ended it, which begins at `start`.
    pub(super) fn doubt(&mut self, start: Start, last: &[u8]) {
        let Some(scanner) = &mut self.scanner else { return };
        scanner.follow(start, last, &self.settings.limits);
        let candidate = scanner.candidate.take();
        let Some(mut candidate) = candidate.filter(|candidate| !candidate.is_gap) else { return };
        // Each doubt costs a copy of the session; a server that was strict so often will stay so.
        if self.strict >= STRICT {
            return;
        }
        candidate.odd.clone_from(&scanner.odd);
        self.set_reply_apart();
        self.doubt = Some(Box::new(Doubt {
            candidate,
            session: self.session.clone(),
            state: self.state,
            owed: self.owed.clone(),
            answered_to: self.answered_to,
            mails: self.mails,
            clock: self.clock,
            closes: self.closes,
            events: Vec::new(),
            bytes: 0,
        }));
    }

    /// More client bytes come while there is doubt.
    pub(super) fn doubt_client(&mut self, start: Start, bytes: &[u8]) {
        let limit = self.settings.limits.parked_bytes;
        let Some(doubt) = &mut self.doubt else { return };
        // A client that goes on in the knowledge of one reply for one end of data agrees with
        // the strict reading.
        let agrees = self.owed.is_empty() && start.seen.is_none_or(|seen| seen >= self.answered_to);
        doubt.bytes += bytes.len();
        if agrees || doubt.bytes > limit || doubt.events.len() >= EVENTS {
            self.doubt = None;
            self.strict += u32::from(agrees);
        } else {
            let what = ParkedWhat::Data(bytes.to_vec(), 0);
            doubt.events.push(Event::Client(Parked { start, what, masked: self.masked }));
        }
    }

    /// A reply comes while there is doubt; `fits` if the strict reading has a command for it.
    /// Returns the reply, unless the dialog went back and has taken it.
    pub(super) fn doubt_reply(&mut self, partial: Partial, fits: bool) -> Option<Partial> {
        let Some(doubt) = &mut self.doubt else { return Some(partial) };
        if fits {
            doubt.events.push(Event::Reply(partial.clone()));
            if doubt.events.len() >= EVENTS {
                self.doubt = None;
            }
            return Some(partial);
        }
        // A refusal of its own accord (an idle client, a shutdown) proves nothing; a command that
        // was taken, or content that was asked for, does.
        if !partial.said.code.is_some_and(|code| code / 100 == 2 || code == 354) {
            return Some(partial);
        }
        // Nor does a reply too many, where there was nothing to take.
        if !has_command(&doubt.candidate.tail) {
            return Some(partial);
        }
        let Some(doubt) = self.doubt.take() else { return Some(partial) };
        // What turns out to be commands was written as content that is left out.
        if let Some(tap) = self.tap.as_mut().filter(|_| self.settings.redact.is_some()) {
            tap.gap(Side::Client, Gap { bytes: 0, acked: true });
        }
        let Doubt {
            candidate,
            session,
            state,
            owed,
            answered_to,
            mails,
            clock,
            closes,
            events,
            ..
        } = *doubt;
        self.session = session;
        self.state = state;
        self.owed = owed;
        self.answered_to = answered_to;
        self.mails = mails;
        self.clock = clock;
        self.closes = closes;
        self.parked = Parking::default();
        self.parked_bytes = 0;
        self.client = Lines::default();
        self.mode = Mode::Content;
        self.end_at_candidate(*candidate);
        for event in events {
            match event {
                Event::Client(parked) => {
                    if let ParkedWhat::Data(data, _) = parked.what {
                        self.masked = parked.masked;
                        self.client_data(&parked.start, &data);
                    }
                }
                Event::Reply(partial) => self.replied(partial),
            }
        }
        self.replied(partial);
        None
    }
}
