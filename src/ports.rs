//! Which ports are watched.

/// The set of ports whose TCP connections are looked at.
#[derive(Clone, Debug)]
pub struct Ports {
    /// A bit for each port: a server port of SMTP, or a proxy port.
    watched: Box<[u64; 1024]>,
    /// Server ports taken as SMTP.
    smtp: Vec<u16>,
    /// Whether connections of all ports are looked at, by content.
    any: bool,
}

/// Server ports of SMTP unless told otherwise (contract: `--ports`).
pub const SMTP_PORTS: [u16; 4] = [25, 465, 587, 2525];

/// Ports where SOCKS5 and HTTP CONNECT are looked for, to find SMTP inside.
pub const PROXY_PORTS: [u16; 4] = [1080, 3128, 8080, 8118];

impl Ports {
    /// Watches the server ports `smtp` and the proxy ports; with `any`, all ports.
    #[must_use]
    pub fn new(smtp: &[u16], any: bool) -> Self {
        let mut watched = Box::new([0; 1024]);
        for &port in smtp.iter().chain(&PROXY_PORTS) {
            if let Some(word) = watched.get_mut(usize::from(port >> 6)) {
                *word |= 1 << (port & 63);
            }
        }
        Self { watched, smtp: smtp.to_vec(), any }
    }

    /// Whether a segment between these ports (in either direction) is looked at.
    #[inline]
    #[must_use]
    pub fn watches(&self, a: u16, b: u16) -> bool {
        let bit = |port: u16| {
            self.watched
                .get(usize::from(port >> 6))
                .is_some_and(|word| word >> (port & 63) & 1 == 1)
        };
        // Of the two sides either may send: asked one after the other, half of that is guessed wrong.
        self.any | bit(a) | bit(b)
    }

    /// Whether `port` is a server port taken as SMTP.
    #[must_use]
    pub fn is_smtp(&self, port: u16) -> bool {
        self.smtp.contains(&port)
    }

    /// Whether connections on all ports are looked at.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.any
    }
}

impl Default for Ports {
    fn default() -> Self {
        Self::new(&SMTP_PORTS, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watches_what_it_was_told_and_proxies() {
        let ports = Ports::new(&[25, 65535], false);
        assert!(ports.watches(25, 40000) && ports.watches(40000, 65535) && ports.watches(1080, 9));
        assert!(!ports.watches(26, 80) && !ports.is_smtp(1080));
        assert!(Ports::new(&[], true).watches(1, 2));
    }
}
