//! What `tshark -z follow,tcp,ascii` prints: blocks of bytes, each behind its length.
//!
//! ```text
//! ===================================================================
//! Follow: tcp,ascii
//! Filter: tcp.stream eq 0
//! Node 0: 192.0.2.1:41234
//! Node 1: 198.51.100.25:25
//! <tab>26
//! 220 mx.example.net ESMTP
//!
//! 25
//! EHLO client.example.org
//! ```
//!
//! A tab in front of the length is node 1. Octets that cannot be printed are dots.

use super::pieces::{Dots, tells};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side, Sides};
use crate::ports::SMTP_PORTS;
use std::borrow::Cow;
use std::net::SocketAddr;

pub(super) static FOLLOW: Foreign = Foreign {
    name: "tshark-follow",
    title: "tshark -z follow,tcp,ascii",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    // Other protocols are followed, too: see `score`.
    likeness: |_| Likeness::No,
    reader: || Box::<Follow>::default(),
};

/// What of a block is still to come.
#[derive(Default)]
struct Follow {
    is_followed: bool,
    first: Option<SocketAddr>,
    is_second: bool,
    left: u64,
    /// Lines of either node that have not ended.
    parts: [Vec<u8>; 2],
    dots: Dots,
    /// A block was read, and behind it so many empty lines.
    is_in: bool,
    blanks: usize,
}

/// What a line is.
enum Piece {
    /// A connection begins.
    Begin(Option<Sides<SocketAddr>>),
    /// A line, or its beginning, of either node.
    Text {
        is_second: bool,
        is_whole: bool,
    },
    Aside,
    None,
}

/// Empty lines that may belong to a block.
const BLANKS: usize = 256;

/// Bytes of a line that are put together.
const LINE: usize = 1 << 16;

impl Follow {
    fn piece(&mut self, line: &[u8]) -> Piece {
        if self.left > 0 {
            let (len, left, is_second) = (line.len() as u64, self.left, self.is_second);
            // What the lines end with is CRLF; it is not seen here.
            self.left = left.saturating_sub(len + 2);
            (self.is_in, self.blanks) = (true, 0);
            return Piece::Text { is_second, is_whole: left > len };
        }
        if line.starts_with(b"Follow: tcp,ascii") {
            self.is_followed = true;
            return Piece::Aside;
        }
        if let Some(end) = line.strip_prefix(b"Node 0: ") {
            self.first = address(end);
            return Piece::Aside;
        }
        if let Some(end) = line.strip_prefix(b"Node 1: ") {
            let peers = self.first.take().zip(address(end)).map(|(first, second)| {
                let is_turned =
                    SMTP_PORTS.contains(&first.port()) && !SMTP_PORTS.contains(&second.port());
                let (client, server) = if is_turned { (second, first) } else { (first, second) };
                Sides { client, server }
            });
            self.is_in = false;
            return Piece::Begin(peers);
        }
        let is_edge = line.len() > 20 && line.iter().all(|&byte| byte == b'=');
        if is_edge || line.starts_with(b"Filter: tcp.stream ") {
            self.is_in = false;
            return Piece::Aside;
        }
        let number = line.trim_ascii();
        if self.is_followed && !number.is_empty() && number.iter().all(u8::is_ascii_digit) {
            self.is_second = line.first().is_some_and(u8::is_ascii_whitespace);
            self.left = str::from_utf8(number).ok().and_then(|n| n.parse().ok()).unwrap_or(0);
            return Piece::Aside;
        }
        if number.is_empty() {
            self.blanks = (self.blanks + 1).min(BLANKS);
        } else if self.is_in {
            // Its lines end with LF alone, so that there are more of them.
            return Piece::Text { is_second: self.is_second, is_whole: true };
        }
        Piece::None
    }
}

impl ReadLines for Follow {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        match self.piece(line) {
            Piece::Begin(peers) => {
                self.end(out);
                self.dots = Dots::default();
                out.begin(b"", peers);
            }
            Piece::Text { .. } if self.dots.are_all(line) => out.aside(),
            Piece::Text { is_second, is_whole } => {
                for _ in 0..std::mem::take(&mut self.blanks) {
                    out.say(b"", who(is_second), b"");
                }
                let [first, second] = &mut self.parts;
                let part = if is_second { second } else { first };
                part.extend(line.iter().take(LINE.saturating_sub(part.len())));
                if is_whole {
                    out.say(b"", who(is_second), part);
                    part.clear();
                }
                out.aside();
            }
            Piece::Aside => out.aside(),
            Piece::None => {}
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        for (part, is_second) in std::mem::take(&mut self.parts).into_iter().zip([false, true]) {
            if !part.is_empty() {
                out.say(b"", who(is_second), &part);
            }
        }
    }
}

fn who(is_second: bool) -> Who {
    if is_second { Who::In } else { Who::Out }
}

fn address(text: &[u8]) -> Option<SocketAddr> {
    let text = str::from_utf8(text).ok()?.trim();
    // An address of IPv6 may have no brackets.
    text.parse().ok().or_else(|| {
        let (address, port) = text.rsplit_once(':')?;
        Some(SocketAddr::new(address.parse().ok()?, port.parse().ok()?))
    })
}

/// How much lines look like this, once a line in them is SMTP's for sure.
pub(super) fn score<'a>(lines: impl Iterator<Item = Cow<'a, [u8]>>) -> u32 {
    let mut follow = Follow::default();
    let (mut sum, mut is_sure) = (0_u32, false);
    for line in lines {
        match follow.piece(&line) {
            Piece::None => {}
            Piece::Text { .. } => {
                is_sure |= tells(&line);
                sum += 1;
            }
            Piece::Begin(_) | Piece::Aside => sum += 1,
        }
    }
    if is_sure { sum } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_whose_lines_end_with_lf_are_read_to_their_ends() {
        let mut follow = Follow::default();
        let text = "Follow: tcp,ascii\nNode 0: a\nNode 1: b\n8\na\nb\n\nc d\n\n\t3\nx\n";
        let kinds: Vec<_> = text
            .lines()
            .map(|line| match follow.piece(line.as_bytes()) {
                Piece::Begin(_) => "begin",
                Piece::Text { is_second: false, .. } => "first",
                Piece::Text { .. } => "second",
                Piece::Aside => "aside",
                Piece::None => "none",
            })
            .collect();
        let expected = [
            "aside", "aside", "begin", "aside", "first", "first", "first", "first", "none",
            "aside", "second",
        ];
        assert_eq!(kinds, expected);
    }
}
