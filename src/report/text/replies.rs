//! Replies of one line that come again and again → their JSON, which is kept.

use super::room::try_fill;
use super::{odd_line, open_reply};
use crate::dialog::session::Reply;
use crate::report::view::reply_text;

/// How many are kept.
const KEPT: usize = 64;

/// Bytes of a line that is kept; most that are the same in each session are shorter.
const LINE: usize = 48;

/// Bytes of its JSON.
const JSON: usize = 128;

/// The last replies, each at a place that its bytes tell.
#[derive(Debug)]
pub(super) struct Replies(Box<[Said; KEPT]>);

/// A reply, and what is written of it from its code to its lines.
#[derive(Clone, Copy, Debug)]
struct Said {
    code: Option<u16>,
    len: usize,
    line: [u8; LINE],
    json_len: usize,
    json: [u8; JSON],
}

impl Default for Replies {
    fn default() -> Self {
        let none = Said { code: None, len: 0, line: [0; LINE], json_len: 0, json: [0; JSON] };
        Self(Box::new([none; KEPT]))
    }
}

impl Replies {
    /// Where the JSON of `reply` is kept, whose only line is `line`; `None` if it is too long.
    #[inline]
    pub(super) fn find(&mut self, reply: &Reply, line: &[u8]) -> Option<usize> {
        if reply.lines != 1 || line.len() > LINE {
            return None;
        }
        let (&[_, _, _, _, first, ..], Some(&last)) = (line, line.last()) else { return None };
        let place = ((line.len() * 8) ^ (usize::from(first) * 4) ^ usize::from(last)) % KEPT;
        let said = self.0.get_mut(place)?;
        if said.code == reply.code && said.line.get(..said.len) == Some(line) {
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

impl Said {
    /// Keeps `reply`. Returns whether there is room for it.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, reply: &Reply, line: &[u8]) -> bool {
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
