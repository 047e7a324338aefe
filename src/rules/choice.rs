//! Which rules are asked, and which of their findings are kept.

use super::finding::{Confidence, Finding};
use super::fingerprint::Fingerprint;
use super::pattern::glob;
use super::set::Set;
use super::{Rule, all};
use crate::dialog::session::Session;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Which rules are asked, and which of their findings are kept.
///
/// Clones count together.
#[derive(Clone, Debug)]
pub struct Choice {
    rules: Set,
    /// The least sure findings that are kept.
    confidence: Confidence,
    waivers: Arc<[Waiver]>,
    baseline: Option<Arc<Baseline>>,
}

/// Findings that are not to be reported.
#[derive(Debug)]
pub struct Waiver {
    /// Of which rules.
    pub rules: Set,
    /// Of sessions with which server, if not all.
    pub server: Option<Host>,
    /// Of sessions with which client, if not all.
    pub client: Option<Host>,
    /// How many were there.
    pub used: AtomicU64,
}

/// A host, as users name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Its address is in this network, of which so many bits count.
    Net(IpAddr, u8),
    /// It gives a name that matches this glob, in lower case: a server in its greeting, a client
    /// in EHLO or HELO.
    Name(String),
}

/// Findings that are known and accepted, or that become so.
#[derive(Debug, Default)]
pub struct Baseline {
    /// Those that are.
    known: BTreeMap<Fingerprint, &'static str>,
    /// How often they were met.
    met: AtomicU64,
    /// Those that become so, with their rule; `None` if none are to.
    found: Option<Mutex<BTreeMap<Fingerprint, &'static Rule>>>,
}

/// Findings that a new baseline takes: a bound for hostile input.
const MOST: usize = 1_000_000;

impl Default for Choice {
    /// All rules; findings that are at least likely.
    fn default() -> Self {
        Self {
            rules: Set::all(),
            confidence: Confidence::Likely,
            waivers: Arc::new([]),
            baseline: None,
        }
    }
}

impl Choice {
    /// Only these rules.
    #[must_use]
    pub fn only(self, rules: Set) -> Self {
        Self { rules, ..self }
    }

    /// Keeps only findings that are at least so sure.
    #[must_use]
    pub fn sure(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }

    /// Without these findings.
    #[must_use]
    pub fn without(self, waivers: Vec<Waiver>) -> Self {
        Self { waivers: waivers.into(), ..self }
    }

    /// Without what is known; or noting what is found.
    #[must_use]
    pub fn since(self, baseline: Baseline) -> Self {
        Self { baseline: Some(Arc::new(baseline)), ..self }
    }

    /// The rules that are asked.
    #[must_use]
    pub fn rules(&self) -> &Set {
        &self.rules
    }

    /// What is not to be reported.
    #[must_use]
    pub fn waivers(&self) -> &[Waiver] {
        &self.waivers
    }

    /// What is known.
    #[must_use]
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_deref()
    }

    /// Whether a finding is kept; `session` is where it was found, if it was in one.
    #[must_use]
    pub fn takes(&self, session: Option<&Session>, finding: &Finding) -> bool {
        if finding.confidence < self.confidence {
            return false;
        }
        if self.waivers.is_empty() && self.baseline.is_none() {
            return true;
        }
        let place = all().iter().position(|rule| rule.id == finding.rule.id).unwrap_or(usize::MAX);
        if let Some(waiver) = self.waivers.iter().find(|waiver| waiver.covers(place, session)) {
            waiver.used.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        !self.baseline.as_ref().is_some_and(|baseline| baseline.has(session, finding))
    }
}

impl Waiver {
    /// Of `rules` everywhere.
    #[must_use]
    pub fn of(rules: Set) -> Self {
        Self { rules, server: None, client: None, used: AtomicU64::new(0) }
    }

    fn covers(&self, place: usize, session: Option<&Session>) -> bool {
        let is = |host: &Option<Host>, is_it: fn(&Host, &Session) -> bool| match host {
            None => true,
            Some(host) => session.is_some_and(|session| is_it(host, session)),
        };
        self.rules.has(place)
            && is(&self.server, Host::is_server_of)
            && is(&self.client, Host::is_client_of)
    }
}

impl Host {
    /// Reads an address, a network such as `192.0.2.0/24`, or a glob of names; `None` if it is
    /// none of them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        if let Ok(address) = address.parse::<IpAddr>() {
            let all = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(all), |bits| bits.parse().ok())?;
            return (bits <= all).then_some(Self::Net(address, bits));
        }
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-._*?".contains(letter);
        (!text.is_empty() && bits.is_none() && text.chars().all(is_name))
            .then(|| Self::Name(text.to_ascii_lowercase()))
    }

    /// Whether it is the server of `session`.
    #[must_use]
    pub fn is_server_of(&self, session: &Session) -> bool {
        let greeting = session.greeting.as_ref().map(|reply| session.bytes(reply.text));
        // Behind the code, the name; behind that, anything.
        let name = greeting.and_then(|text| text.get(4..)?.split(u8::is_ascii_whitespace).next());
        self.is(session.opening.peers.map(|peers| peers.server.ip()), name)
    }

    /// Whether it is the client of `session`.
    #[must_use]
    pub fn is_client_of(&self, session: &Session) -> bool {
        let name = session.helo.map(|name| session.bytes(name));
        self.is(session.opening.peers.map(|peers| peers.client.ip()), name)
    }

    fn is(&self, address: Option<IpAddr>, name: Option<&[u8]>) -> bool {
        match (self, address, name) {
            (Self::Net(net, bits), Some(address), _) => is_in(address, *net, *bits),
            (Self::Name(pattern), _, Some(name)) => {
                glob(pattern.as_bytes(), &name.to_ascii_lowercase())
            }
            _ => false,
        }
    }
}

/// Whether `address` is in the network `net` of which `bits` count.
fn is_in(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    match (address, net) {
        (IpAddr::V4(one), IpAddr::V4(net)) => {
            let differs = u32::from(one) ^ u32::from(net);
            differs.checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0
        }
        (IpAddr::V6(one), IpAddr::V6(net)) => {
            let differs = u128::from(one) ^ u128::from(net);
            differs.checked_shr(128 - u32::from(bits)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

impl Baseline {
    /// One that notes what is found.
    #[must_use]
    pub fn to_write() -> Self {
        Self { found: Some(Mutex::default()), ..Self::default() }
    }

    /// One in which these are known, with their rules' ids.
    #[must_use]
    pub fn of(known: BTreeMap<Fingerprint, &'static str>) -> Self {
        Self { known, ..Self::default() }
    }

    /// How many findings were known.
    #[must_use]
    pub fn met(&self) -> u64 {
        self.met.load(Ordering::Relaxed)
    }

    /// What was found, in order; `None` if it was not noted.
    #[must_use]
    pub fn found(&self) -> Option<BTreeMap<Fingerprint, &'static Rule>> {
        let found = self.found.as_ref()?;
        Some(found.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn has(&self, session: Option<&Session>, finding: &Finding) -> bool {
        let fingerprint = Fingerprint::of(session, finding);
        if let Some(found) = &self.found {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            if found.len() < MOST {
                found.insert(fingerprint, finding.rule);
            }
        }
        let is_known = self.known.contains_key(&fingerprint);
        if is_known {
            self.met.fetch_add(1, Ordering::Relaxed);
        }
        is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_addresses_networks_or_names() {
        let net = |text: &str| Host::parse(text).unwrap();
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        assert!(net("192.0.2.0/24").is(ip("192.0.2.77"), None));
        assert!(!net("192.0.2.0/24").is(ip("192.0.3.77"), None));
        assert!(net("192.0.2.1").is(ip("192.0.2.1"), None));
        assert!(net("0.0.0.0/0").is(ip("203.0.113.1"), None));
        assert!(!net("0.0.0.0/0").is(ip("2001:db8::1"), None));
        assert!(net("2001:db8::/32").is(ip("2001:db8::1"), None));
        assert!(net("*.Example.org").is(None, Some(b"mx.example.ORG")));
        assert!(!net("*.example.org").is(ip("192.0.2.1"), None));
        for wrong in ["", "192.0.2.0/33", "mx example", "2001:db8::/129", "a/b"] {
            assert_eq!(Host::parse(wrong), None, "{wrong}");
        }
    }
}
