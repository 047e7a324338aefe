//! One TCP connection that goes on packet by packet: handshake, turns, end.

use crate::conn::{ACK, Conn, End, FIN, RST, SYN};
use crate::main_loop::Shared;
use crate::noise::Https;
use crate::smtp::{Ending, Smtp};
use crate::turn::Turn;
use std::collections::VecDeque;
use std::io;

/// What comes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another step, after so many nanoseconds.
    After(u64),
    /// Nothing until the capture comes to its end.
    Pause,
    /// The end.
    Done,
}

/// What is said.
#[derive(Debug)]
pub(crate) enum Plan {
    Smtp(Box<Smtp>),
    Https(Https),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Syn,
    SynAck,
    Established,
    Talk,
    /// Steps of the closing handshake that are done.
    Close(u8),
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Flow {
    conn: Conn,
    pub(crate) plan: Plan,
    phase: Phase,
    turns: VecDeque<Turn>,
    /// The first turn's time to think is over.
    is_talking: bool,
    /// Segments of the first turn that are not acknowledged.
    unacked: u32,
    in_flight: u32,
    /// The round trip, in nanoseconds: the capture is made at the server.
    round_trip: u64,
}

/// Nanoseconds between segments sent at once, and until a host acknowledges.
const BACK_TO_BACK: u64 = 12_000;

/// Segments sent before the sender waits for a round trip.
const WINDOW: u32 = 32;

impl Flow {
    pub(crate) fn new(conn: Conn, plan: Plan, round_trip: u64) -> Self {
        let (turns, phase) = (VecDeque::new(), Phase::Syn);
        Self { conn, plan, phase, turns, is_talking: false, unacked: 0, in_flight: 0, round_trip }
    }

    /// Sends the next packet.
    pub(crate) fn step(&mut self, shared: &mut Shared<'_>) -> io::Result<Next> {
        let (phase, who, flags, wait) = match self.phase {
            Phase::Syn => (Phase::SynAck, End::Client, SYN, BACK_TO_BACK),
            Phase::SynAck => (Phase::Established, End::Server, SYN | ACK, self.round_trip),
            Phase::Established => (Phase::Talk, End::Client, ACK, BACK_TO_BACK),
            Phase::Talk => return self.talk(shared),
            Phase::Close(done) => return self.close(done, shared),
        };
        self.phase = phase;
        self.conn.bare(shared.wire, who, flags)?;
        Ok(Next::After(wait))
    }

    fn talk(&mut self, shared: &mut Shared<'_>) -> io::Result<Next> {
        if self.turns.is_empty() {
            let turns = &mut self.turns;
            match &mut self.plan {
                Plan::Smtp(smtp) => {
                    smtp.refill(turns, shared.options, shared.random, shared.truth);
                }
                Plan::Https(https) => https.refill(turns, shared.random),
            }
            if self.turns.is_empty() {
                self.phase = Phase::Close(0);
                return self.close(0, shared);
            }
        }
        let Some(turn) = self.turns.front_mut() else { return Ok(Next::Done) };
        if turn.is_pause {
            self.turns.pop_front();
            return Ok(Next::Pause);
        }
        let who = turn.who;
        if !self.is_talking {
            self.is_talking = true;
            let way = if who == End::Client { self.round_trip } else { 0 };
            return Ok(Next::After(turn.think + way));
        }
        if self.unacked >= 2 || (self.unacked > 0 && self.conn.is_missing_data()) {
            self.unacked = 0;
            self.conn.bare(shared.wire, who.other(), ACK)?;
            return Ok(Next::After(self.pace()));
        }
        if turn.left() > 0 {
            let most = self.conn.mss();
            let faults = (&mut shared.truth.faults, &mut *shared.random);
            let pools = shared.pools;
            self.conn.data(shared.wire, who, faults, |out| turn.send(pools, most, out))?;
            self.unacked += 1;
            self.in_flight += 1;
            return Ok(Next::After(BACK_TO_BACK));
        }
        self.conn.release(shared.wire)?;
        // What is not acknowledged now, the next data of the other side does; hosts that take
        // their time acknowledge before.
        let think = self.turns.get(1).map_or(0, |turn| turn.think);
        if self.unacked > 0 && think > 40_000_000 {
            self.conn.bare(shared.wire, who.other(), ACK)?;
        }
        self.turns.pop_front();
        (self.unacked, self.in_flight, self.is_talking) = (0, 0, false);
        Ok(Next::After(BACK_TO_BACK))
    }

    /// A sender that has filled its window waits.
    fn pace(&mut self) -> u64 {
        if self.in_flight < WINDOW {
            return BACK_TO_BACK;
        }
        self.in_flight = 0;
        self.round_trip
    }

    fn close(&mut self, done: u8, shared: &mut Shared<'_>) -> io::Result<Next> {
        let ending = match &self.plan {
            Plan::Smtp(smtp) => smtp.ending,
            Plan::Https(_) => Ending::Leave,
        };
        let first = if ending == Ending::Quit { End::Server } else { End::Client };
        let (who, flags, is_last) = match (ending, done) {
            (Ending::Reset, _) => (End::Client, RST | ACK, true),
            (_, 0) => (first, FIN | ACK, false),
            (_, 1) => (first.other(), FIN | ACK, false),
            _ => (first, ACK, true),
        };
        self.phase = Phase::Close(done + 1);
        self.conn.bare(shared.wire, who, flags)?;
        let wait = if who == End::Server { self.round_trip } else { BACK_TO_BACK };
        Ok(if is_last { Next::Done } else { Next::After(wait) })
    }
}
