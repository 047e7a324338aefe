//! What several sessions of a recording show together: what no session shows alone.
//!
//! Gathered by each thread and put together at the end; bounded, and the same whatever the
//! threads.

use super::case::Case;
use super::digest::{Digest, bit};
use super::lenient;
use crate::dialog::session::Outcome;
use crate::dialog::session::Session;
use crate::recording::{Sketch, Times};
use crate::smtp::extension::STARTTLS;
use std::net::{IpAddr, SocketAddr};

/// What several sessions of a recording show together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Across {
    /// What each server was seen to offer.
    pub servers: Sketch<SocketAddr, Server>,
    /// Of the last server at each place what is not in `servers` yet: there are few, with many
    /// sessions each.
    recent: Vec<Option<(SocketAddr, Server)>>,
    /// By client address: sessions with a login that failed.
    pub failures: Sketch<IpAddr, Failures>,
    /// By the hash of their Message-ID: messages with a sequence that only lenient servers take
    /// for the end of the data.
    pub odd_ends: Sketch<u64, Passages>,
}

/// Places of servers that were met of late.
const RECENT: usize = 64;

/// The ways that a message was seen to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passages(Vec<Passage>);

/// A message with odd ends on its way from one host to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passage {
    /// Number of the frame with which the session begins.
    pub number: u64,
    /// Who sent it.
    pub client: IpAddr,
    /// To whom.
    pub server: IpAddr,
    /// The kinds of ends, a bit for each of [`DataEnd::ALL`](crate::dialog::odd::DataEnd::ALL).
    pub kinds: u16,
    /// The server took the message.
    pub is_accepted: bool,
}

impl Passages {
    /// Those that are kept of a message.
    const MOST: usize = 4;

    /// Takes those of `other`: the first few are kept, whoever met them.
    fn merge(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
        self.0.sort_unstable();
        self.0.dedup();
        self.0.truncate(Self::MOST);
    }

    /// A passage to a host that accepted the message, and one on from there with the same kind of
    /// end in it; and those kinds.
    #[must_use]
    pub fn relayed(&self) -> Option<(&Passage, &Passage, u16)> {
        let pairs = self.0.iter().flat_map(|to| self.0.iter().map(move |from| (to, from)));
        let mut relays = pairs.filter_map(|(to, from)| {
            let kinds = to.kinds & from.kinds;
            let is_on = to.is_accepted && to.server == from.client && to.client != from.server;
            (is_on && kinds != 0).then_some((to, from, kinds))
        });
        relays.next()
    }
}

/// Sessions of a server, by what it offered in clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Those in which it offered STARTTLS.
    pub starttls: Times,
    /// Those in which it accepted EHLO in clear and did not.
    pub plain: Times,
}

impl Server {
    /// Adds what was seen elsewhere.
    fn merge(&mut self, other: Self) {
        self.starttls.merge(other.starttls);
        self.plain.merge(other.plain);
    }
}

/// Logins that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Sessions that have one.
    pub sessions: Times,
    /// AUTH commands in them.
    pub attempts: u64,
}

impl Across {
    /// Takes what `session`, which begins with the frame or line of this number, shows.
    pub fn see(&mut self, session: &Session, number: u64) {
        let Some(peers) = session.opening.peers else { return };
        // Relays and proxies have another server behind them each time.
        if session.opening.via.is_none()
            && let Some(offers) = clear_offer(session)
            && let Some(server) = self.recent(peers.server)
        {
            let times = if offers { &mut server.starttls } else { &mut server.plain };
            times.add(number);
        }
        if let Some(auth) = session.auth.as_deref().filter(|auth| auth.failed > 0)
            && let Some(failures) = self.failures.entry(peers.client.ip())
        {
            failures.sessions.add(number);
            failures.attempts += u64::from(auth.failed);
        }
        let odd = session.messages.iter().filter(|one| one.odd.is_some());
        for message in odd.filter(|message| message.content.message_id != 0) {
            let ends = lenient::smuggled(Case { session }, message);
            let kinds = ends.iter().fold(0, |kinds, end| kinds | 1_u16 << end.kind as u16);
            if kinds == 0 {
                continue;
            }
            if let Some(passages) = self.odd_ends.entry(message.content.message_id) {
                passages.merge(&Passages(vec![Passage {
                    number,
                    client: peers.client.ip(),
                    server: peers.server.ip(),
                    kinds,
                    is_accepted: message.outcome == Outcome::Accepted,
                }]));
            }
        }
    }

    /// What was seen of `server` of late, to add to it.
    #[inline]
    fn recent(&mut self, server: SocketAddr) -> Option<&mut Server> {
        if self.recent.is_empty() {
            self.recent = vec![None; RECENT];
        }
        let slot = self.recent.get_mut(place_of(server))?;
        if slot.is_none_or(|(known, _)| known != server)
            && let Some((before, times)) = slot.replace((server, Server::default()))
            && let Some(own) = self.servers.entry(before)
        {
            own.merge(times);
        }
        slot.as_mut().map(|(_, times)| times)
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: Self) {
        for (server, times) in self.recent.drain(..).chain(other.recent).flatten() {
            if let Some(own) = self.servers.entry(server) {
                own.merge(times);
            }
        }
        self.servers.merge(other.servers, Server::merge);
        self.failures.merge(other.failures, |own, other| {
            own.sessions.merge(other.sessions);
            own.attempts += other.attempts;
        });
        self.odd_ends.merge(other.odd_ends, |own, other| own.merge(&other));
    }
}

/// Where `server` may stand among those that were met of late.
#[inline]
fn place_of(server: SocketAddr) -> usize {
    let number = match server.ip() {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => {
            ip.segments().iter().fold(0_u64, |all, &one| all.rotate_left(7) ^ u64::from(one))
        }
    };
    let number = (number ^ u64::from(server.port()) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(number >> 58).unwrap_or_default()
}

/// Whether the first EHLO reply of `session` offers STARTTLS, if it came in clear and is whole.
fn clear_offer(session: &Session) -> Option<bool> {
    let hello = session.hellos.iter().next()?;
    let exchange = session.exchanges.get(hello.exchange as usize)?;
    let is_whole = exchange.reply.is_some_and(|reply| !reply.cut);
    if exchange.before.tls || !is_whole || session.tls.as_ref().is_some_and(|tls| tls.implicit) {
        return None;
    }
    Some(Digest::offered(session, hello) & bit(STARTTLS) != 0)
}
