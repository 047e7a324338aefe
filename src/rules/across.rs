//! What several sessions of a recording show together: what no session shows alone.
//!
//! Gathered by each thread and put together at the end; bounded, and the same whatever the
//! threads.

use crate::dialog::session::Session;
use crate::recording::{Sketch, Times};
use crate::smtp::reply;
use std::net::{IpAddr, SocketAddr};

/// What several sessions of a recording show together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Across {
    /// What each server was seen to offer.
    pub servers: Sketch<SocketAddr, Server>,
    /// By client address: sessions with a login that failed.
    pub failures: Sketch<IpAddr, Failures>,
}

/// Sessions of a server, by what it offered in clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Those in which it offered STARTTLS.
    pub starttls: Times,
    /// Those in which it accepted EHLO in clear and did not.
    pub plain: Times,
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
            && let Some(server) = self.servers.entry(peers.server)
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
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.servers.merge(other.servers, |own, other| {
            own.starttls.merge(other.starttls);
            own.plain.merge(other.plain);
        });
        self.failures.merge(other.failures, |own, other| {
            own.sessions.merge(other.sessions);
            own.attempts += other.attempts;
        });
    }
}

/// Whether the first EHLO reply of `session` offers STARTTLS, if it came in clear and is whole.
fn clear_offer(session: &Session) -> Option<bool> {
    let hello = session.hellos.iter().next()?;
    let exchange = session.exchanges.get(hello.exchange as usize)?;
    let is_whole = exchange.reply.is_some_and(|reply| !reply.cut);
    if exchange.before.tls || !is_whole || session.tls.as_ref().is_some_and(|tls| tls.implicit) {
        return None;
    }
    let mut offers = session.offers(hello).filter_map(reply::offer);
    Some(offers.any(|offer| offer.keyword.eq_ignore_ascii_case(b"STARTTLS")))
}
