//! What `tcpflow -c` prints: both ends in front of the first line of what a packet holds.
//!
//! ```text
//! 198.051.100.025.00025-192.000.002.001.41234: 220 mx.example.net ESMTP
//!
//! 192.000.002.001.41234-198.051.100.025.00025: EHLO client.example.org
//!
//! ```
//!
//! A line end is put behind each packet, so that an empty line follows where the packet ends with
//! its last line; else the line goes on in the next packet.

use super::payload::is_smtp;
use super::pieces::{Flows, Way, end, tells};
use super::{Content, Foreign, Likeness, Out, ReadLines};
use crate::chunk::{Shows, Side};

pub(super) static TCPFLOW: Foreign = Foreign {
    name: "tcpflow",
    title: "tcpflow -c",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Tcpflow>::default(),
};

/// The last line of what a packet holds is kept back, to see whether it has an end.
#[derive(Default)]
struct Tcpflow {
    flows: Flows,
    way: Option<Way>,
    last: Vec<u8>,
    /// Empty lines stand behind packets: not so where somebody has taken them out.
    is_spaced: bool,
}

impl ReadLines for Tcpflow {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some((way, text)) = marked(line) {
            self.release(out);
            self.way = Some(way);
            self.last = text.to_vec();
            out.aside();
        } else if let Some(way) = &self.way {
            self.last.push(b'\n');
            self.flows.push(way, &self.last, out);
            self.last = line.to_vec();
            out.aside();
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.release(out);
        self.flows.end(out);
    }
}

impl Tcpflow {
    /// Another packet begins.
    fn release(&mut self, out: &mut Out<'_>) {
        let Some(way) = self.way.take() else { return };
        let mut last = std::mem::take(&mut self.last);
        self.is_spaced |= last.is_empty();
        if !last.is_empty() {
            if !self.is_spaced {
                last.push(b'\n');
            }
            self.flows.push(&way, &last, out);
        }
    }
}

/// Which way a packet goes, and its first line.
fn marked(line: &[u8]) -> Option<(Way, &[u8])> {
    // Two addresses of IPv6 with ports are no longer.
    let head = line.get(..110).unwrap_or(line);
    let mark = head.windows(2).position(|mark| mark == b": ");
    let (ends, text) = match mark {
        Some(mark) => (line.get(..mark)?, line.get(mark + 2..)?),
        None => (line.strip_suffix(b":")?, &b""[..]),
    };
    let dash = memchr::memchr(b'-', ends)?;
    let (from, to) = (ends.get(..dash)?, ends.get(dash + 1..)?);
    end(from)?;
    end(to)?;
    Some((Way::new(from, to), text))
}

fn likeness(line: &[u8]) -> Likeness {
    match marked(line) {
        Some((way, text)) if tells(text) || way.who.is_some() && is_smtp(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None => Likeness::No,
    }
}
