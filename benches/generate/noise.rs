//! Everything else on the wire: flows like HTTPS, DNS, a flood.

use crate::conn::{self, Conn, End, SYN};
use crate::pool::Kind;
use crate::random::Random;
use crate::turn::Turn;
use crate::wire::Wire;
use std::collections::VecDeque;
use std::io;

const MS: u64 = 1_000_000;

/// A flow that looks like HTTPS.
#[derive(Debug)]
pub(crate) struct Https {
    /// Requests to come, the TLS handshake one of them.
    left: u64,
    is_open: bool,
}

impl Https {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self { left: 1 + random.around(6), is_open: false }
    }

    pub(crate) fn refill(&mut self, turns: &mut VecDeque<Turn>, random: &mut Random) {
        if self.left == 0 {
            return;
        }
        let (head, asks, answers) = if self.is_open {
            (&[0x17, 3, 3][..], 80 + random.around(600), 200 + random.around(60_000))
        } else {
            (&[0x16, 3, 1][..], 500 + random.below(200), 3000 + random.below(3000))
        };
        self.left -= u64::from(self.is_open);
        self.is_open = true;
        let mut say = |who, think, len| {
            let body = (Kind::Opaque, random.below(100_000), len);
            turns.push_back(Turn::long(who, think, head.to_vec(), body, b""));
        };
        say(End::Client, 2 * MS, asks);
        say(End::Server, 8 * MS, answers);
    }
}

/// A question and an answer.
#[derive(Debug)]
pub(crate) struct Dns {
    pub(crate) client: (u32, u16),
    pub(crate) is_asked: bool,
}

const RESOLVER: (u32, u16) = (0xc633_6435, 53);

impl Dns {
    /// Sends the next datagram; true if it was the last.
    pub(crate) fn step(&mut self, wire: &mut Wire) -> io::Result<bool> {
        const QUESTION: &[u8] = b"\x03www\x07example\x03com\x00\x00\x01\x00\x01";
        let [high, low] = self.client.1.to_be_bytes();
        let (flags, answers) = if self.is_asked { (0x81, 1) } else { (0x01, 0) };
        let mut data = vec![high, low, flags, 0, 0, 1, 0, answers, 0, 0, 0, 0];
        data.extend_from_slice(QUESTION);
        if self.is_asked {
            data.extend_from_slice(
                b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xcb\x00\x71\x07",
            );
            conn::datagram(wire, RESOLVER, self.client, &data)?;
            return Ok(true);
        }
        self.is_asked = true;
        conn::datagram(wire, self.client, RESOLVER, &data)?;
        Ok(false)
    }
}

/// A SYN of a flood, each from other ends than the last.
pub(crate) fn flood(wire: &mut Wire, number: u64, random: &mut Random) -> io::Result<()> {
    // Odd multipliers make every number another address.
    let host = 0xac10_0000 | ((number.wrapping_mul(0x9e37_79b1) as u32) & 0x000f_ffff);
    let port = 1024 + (number >> 20) as u16 % 64_000 + (number & 0xff) as u16;
    let server = (0xc633_6401 + (number % 8) as u32, 25);
    Conn::new((host, port), server, false, random).bare(wire, End::Client, SYN)
}
