//! Many connections at once, in order of time.

use crate::conn::Conn;
use crate::flow::{Flow, Next, Plan};
use crate::noise::{self, Dns, Https};
use crate::options::Options;
use crate::pool::Pools;
use crate::random::Random;
use crate::smtp::Smtp;
use crate::truth::Truth;
use crate::wire::Wire;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

/// What all connections use.
pub(crate) struct Shared<'a> {
    pub(crate) wire: &'a mut Wire,
    pub(crate) options: &'a Options,
    pub(crate) pools: &'a Pools,
    pub(crate) random: &'a mut Random,
    pub(crate) truth: &'a mut Truth,
}

/// Whatever sends packets.
enum Actor {
    Flow(Box<Flow>),
    Dns(Dns),
    Flood { left: u64 },
}

impl Actor {
    fn is_smtp(&self) -> bool {
        matches!(self, Self::Flow(flow) if matches!(flow.plan, Plan::Smtp(_)))
    }
}

/// Connections begun so far.
#[derive(Default)]
struct Begun {
    smtp: u64,
    noise: u64,
}

const MS: u64 = 1_000_000;

/// Nanoseconds over which the first connections begin.
const FIRST: u64 = 2000 * MS;

/// Nanoseconds in which nothing happens while all sessions are open.
const IDLE: u64 = 30_000 * MS;

/// Generates the capture.
pub(crate) fn run(shared: &mut Shared<'_>) -> io::Result<()> {
    let options = shared.options;
    let mut begun = Begun::default();
    let mut actors = Vec::new();
    let mut queue = BinaryHeap::new();
    if options.flood > 0 {
        queue.push(Reverse((shared.random.below(FIRST), 0)));
        actors.push(Actor::Flood { left: options.flood });
    }
    for _ in 0..options.concurrency {
        if let Some(actor) = spawn(shared, &mut begun) {
            queue.push(Reverse((shared.random.below(FIRST), actors.len())));
            actors.push(actor);
        }
    }
    let mut paused = Vec::new();
    loop {
        while let Some(mut top) = queue.peek_mut() {
            let Reverse((at, index)) = *top;
            shared.wire.now = at;
            let actor = &mut actors[index];
            let next = match step(actor, shared)? {
                Next::Done => match spawn(shared, &mut begun) {
                    Some(next) => {
                        *actor = next;
                        Next::After(shared.random.around(5 * MS))
                    }
                    None => Next::Done,
                },
                Next::After(_) if is_full(shared) && is_noise(actor) => Next::Done,
                next => next,
            };
            match next {
                Next::After(wait) => *top = Reverse((at + wait.max(1), index)),
                Next::Pause => {
                    paused.push(index);
                    std::collections::binary_heap::PeekMut::pop(top);
                }
                Next::Done => {
                    std::collections::binary_heap::PeekMut::pop(top);
                }
            }
        }
        if paused.is_empty() {
            return shared.wire.flush();
        }
        let start = shared.wire.now + IDLE;
        for index in paused.drain(..) {
            queue.push(Reverse((start + shared.random.below(FIRST), index)));
        }
    }
}

fn is_noise(actor: &Actor) -> bool {
    !actor.is_smtp() && !matches!(actor, Actor::Flood { .. })
}

/// Whether nothing more is to begin.
fn is_full(shared: &Shared<'_>) -> bool {
    let Options { bytes, sessions, .. } = *shared.options;
    bytes.is_some_and(|most| shared.wire.bytes() >= most)
        || sessions.is_some_and(|most| shared.truth.sessions >= most)
}

fn step(actor: &mut Actor, shared: &mut Shared<'_>) -> io::Result<Next> {
    let before = shared.wire.bytes();
    let next = match actor {
        Actor::Flow(flow) => flow.step(shared),
        Actor::Dns(dns) => {
            let is_last = dns.step(shared.wire)?;
            Ok(if is_last { Next::Done } else { Next::After(3 * MS) })
        }
        Actor::Flood { left } => {
            *left -= 1;
            shared.truth.ends_no_answer += 1;
            noise::flood(shared.wire, *left, shared.random)?;
            Ok(if *left == 0 { Next::Done } else { Next::After(20_000) })
        }
    }?;
    if actor.is_smtp() {
        shared.truth.smtp_bytes += shared.wire.bytes() - before;
    }
    Ok(next)
}

/// The next connection, of the kind of which there are too few bytes.
fn spawn(shared: &mut Shared<'_>, begun: &mut Begun) -> Option<Actor> {
    if is_full(shared) {
        return None;
    }
    let Shared { wire, options, random, truth, .. } = shared;
    let share = options.smtp_share;
    let is_smtp = share >= 100.0 || {
        // At first there is nothing to compare with.
        let bytes = wire.bytes();
        if bytes < 1_000_000 {
            random.percent(share)
        } else {
            (truth.smtp_bytes as f64) * 100.0 < share * bytes as f64
        }
    };
    let is_v6 = random.percent(options.ipv6);
    let round_trip = MS / 5 + random.around(20 * MS);
    if is_smtp {
        let number = begun.smtp;
        begun.smtp += 1;
        let with_auth = random.percent(options.auth);
        let client = ends(0x0a00_0000, number);
        let port = if with_auth { 587 } else { 25 };
        let server = (0xc633_6401 + (number % 8) as u32, port);
        let conn = Conn::new(client, server, is_v6, random);
        let smtp = Smtp::new(number, conn.client_host(), with_auth, options, random, truth);
        return Some(Actor::Flow(Box::new(Flow::new(
            conn,
            Plan::Smtp(Box::new(smtp)),
            round_trip,
        ))));
    }
    let number = begun.noise;
    begun.noise += 1;
    truth.noise_flows += 1;
    let client = ends(0x0a80_0000, number);
    if random.percent(30.0) {
        return Some(Actor::Dns(Dns { client, is_asked: false }));
    }
    let conn = Conn::new(client, (0xcb00_7100 + (number % 250) as u32, 443), is_v6, random);
    Some(Actor::Flow(Box::new(Flow::new(conn, Plan::Https(Https::new(random)), round_trip))))
}

/// Address and port of the client of connection `number`: never the same twice.
fn ends(network: u32, number: u64) -> (u32, u16) {
    (network + (number % 65_536) as u32, 32_768 + (number / 65_536 % 28_000) as u16)
}
