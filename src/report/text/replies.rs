//! Replies of one line that come again and again → their JSON, which is kept.

use super::replied::{odd_line, open_reply};
use super::room::try_fill;
use crate::dialog::session::Reply;
use crate::report::view::reply_text;
use std::mem::replace;

/// How many are kept.
const KEPT: usize = 64;

/// Bytes of a line that is kept; most that are the same in each session are shorter.
const LINE: usize = 64;

/// Bytes of its JSON.
const JSON: usize = 128;

/// The last replies, each at a place that its bytes tell.
#[derive(Debug)]
pub(super) struct Replies(Box<[Said; KEPT]>);

/// A reply, and what is written of it from its code to its lines.
#[derive(Clone, Copy, Debug)]
struct Said {
    /// Another reply would have had its place since it was used last.
    is_idle: bool,
    code: Option<u16>,
    len: usize,
    line: [u8; LINE],
    json_len: usize,
    json: [u8; JSON],
}

impl Default for Replies {
    fn default() -> Self {
        let none = Said {
            is_idle: true,
            code: None,
            len: 0,
            line: [0; LINE],
            json_len: 0,
            json: [0; JSON],
        };
        Self(Box::new([none; KEPT]))
    }
}

impl Replies {
    /// Where the JSON of `reply` is kept, whose only line is `line`; `None` if it is not.
    #[inline]
    pub(super) fn find(&mut self, reply: &Reply, line: &[u8]) -> Option<usize> {
        if reply.lines != 1 || line.len() > LINE {
            return None;
        }
        let place = place(line);
        let said = self.0.get_mut(place)?;
        if said.code == reply.code && said.line.get(..said.len) == Some(line) {
            said.is_idle = false;
            return Some(place);
        }
        said.keep(reply, line).then_some(place)
    }

    /// The JSON at a place, and how much of it that is.
    #[inline]
    pub(super) fn json(&self, place: usize) -> (&[u8; JSON], usize) {
        // There is one for each.
        #[allow(clippy::indexing_slicing)]
        let said = &self.0[place % KEPT];
        (&said.json, said.json_len)
    }
}

/// Where a reply with this line is kept: many differ in a few bytes.
#[inline]
fn place(line: &[u8]) -> usize {
    let middle =
        line.get(8..).and_then(<[u8]>::first_chunk).map_or(0, |it| u64::from_le_bytes(*it));
    let last = match (line.last_chunk::<8>(), line.last_chunk::<4>()) {
        (Some(last), _) => u64::from_le_bytes(*last),
        (None, Some(last)) => u64::from(u32::from_le_bytes(*last)),
        _ => 0,
    };
    let mixed = (middle.rotate_left(29) ^ last).wrapping_add(line.len() as u64);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize % KEPT
}

impl Said {
    /// Keeps `reply`, if no other is used here. Returns whether it does: what names a message or a
    /// recipient does not come again, and is not to take the place of what does.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, reply: &Reply, line: &[u8]) -> bool {
        if !replace(&mut self.is_idle, true) {
            return false;
        }
        let text = reply_text(line);
        let json_len = try_fill(&mut self.json, 0, |out| {
            odd_line(open_reply(out, reply, text), (line, text)).raw("]")
        });
        self.len = 0;
        if let (Some(json_len), Some(to)) = (json_len, self.line.get_mut(..line.len())) {
            to.copy_from_slice(line);
            (self.code, self.len, self.json_len) = (reply.code, line.len(), json_len);
        }
        self.len > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::session::{Mark, Span};
    use crate::time::Brief;

    #[test]
    fn what_is_kept_is_what_would_be_written() {
        let mut replies = Replies::default();
        let lines =
            ["250 OK", "250 2.1.0 Ok", "250 2.1.5 Ok", "250", "", "354 with \".\"", "x\x01"];
        let own: Vec<String> =
            (0..400).map(|number| format!("250 2.1.5 <{number}@a> ok")).collect();
        let mut found = 0;
        for (number, own) in own.iter().enumerate() {
            for line in lines.into_iter().chain([own.as_str()]) {
                let code = [Some(250), None, Some(7)][number / 4 % 3];
                let (text, begun) = (Span { at: 0, len: 0 }, Mark::default());
                let (lines, cut, in_a_row, bare_lf) = (1, false, false, false);
                let took = Brief::default();
                let reply = Reply { code, text, lines, begun, took, cut, in_a_row, bare_lf };
                let Some(place) = replies.find(&reply, line.as_bytes()) else { continue };
                found += 1;
                let mut memory = [0; 8192];
                let line = line.as_bytes();
                let text = reply_text(line);
                let len = try_fill(&mut memory, 0, |out| {
                    odd_line(open_reply(out, &reply, text), (line, text)).raw("]")
                });
                let (json, json_len) = replies.json(place);
                assert_eq!(json[..json_len], memory[..len.unwrap()]);
            }
        }
        assert!(found > 1600, "{found}");
    }
}
