//! The bytes of bodies: made once, then copied, so that no capture costs more than its copies.

use crate::random::Random;

/// Octets of each line of mail, with its end: what base64 has.
pub(crate) const LINE: u64 = 78;

/// Lines of a pool, a multiple of [`STUFFED_EVERY`].
const LINES: u64 = 3000;

/// Each line of this number begins with a dot that is doubled.
const STUFFED_EVERY: u64 = 50;

/// Which bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lines of seven-bit text.
    Seven,
    /// Lines with UTF-8.
    Eight,
    /// Anything: what TLS looks like.
    Opaque,
}

/// The pools.
pub(crate) struct Pools {
    seven: Vec<u8>,
    eight: Vec<u8>,
    opaque: Vec<u8>,
}

impl Pools {
    pub(crate) fn new(random: &mut Random) -> Self {
        let size = (LINES * LINE) as usize;
        let opaque = std::iter::repeat_with(|| random.next() as u8).take(size).collect();
        let lines = (0..LINES).collect::<Vec<_>>();
        let seven = lines.iter().flat_map(|&n| line(n, false, random)).collect();
        let eight = lines.iter().flat_map(|&n| line(n, true, random)).collect();
        Self { seven, eight, opaque }
    }

    fn of(&self, kind: Kind) -> &[u8] {
        match kind {
            Kind::Seven => &self.seven,
            Kind::Eight => &self.eight,
            Kind::Opaque => &self.opaque,
        }
    }

    /// Appends `len` bytes of the endless repetition of a pool, from `at` on.
    pub(crate) fn copy(&self, kind: Kind, at: u64, mut len: usize, out: &mut Vec<u8>) {
        let pool = self.of(kind);
        let mut at = (at % pool.len() as u64) as usize;
        while len > 0 {
            let part = len.min(pool.len() - at);
            out.extend_from_slice(&pool[at..at + part]);
            len -= part;
            at = 0;
        }
    }
}

/// Lines with a doubled dot among `count` lines from line `first` on.
pub(crate) fn stuffed(first: u64, count: u64) -> u64 {
    (first + count) / STUFFED_EVERY - first / STUFFED_EVERY
}

fn line(number: u64, is_eight: bool, random: &mut Random) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut line = Vec::with_capacity(LINE as usize);
    if number % STUFFED_EVERY == STUFFED_EVERY - 1 {
        line.extend_from_slice(b"..");
    }
    if is_eight {
        line.extend_from_slice("Grüße aus Zürich, façade, naïve: ".as_bytes());
    }
    while line.len() < LINE as usize - 2 {
        line.push(random.pick(LETTERS));
    }
    line.extend_from_slice(b"\r\n");
    line
}
