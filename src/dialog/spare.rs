//! Buffers of sessions that are over, for those that begin: most are short and alike.

use super::lines::STEP;
use super::session::{Exchange, Hello, Message, Session, Text};

/// Buffers of a few sessions. No unusually large ones: each may end in a session that is open
/// for long and says little.
#[derive(Debug, Default)]
pub struct Spare(Vec<Buffers>);

/// What a session can use again: all of it empty.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) text: Text,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) messages: Vec<Message>,
    pub(super) hellos: Vec<Hello>,
}

/// Sessions whose buffers are kept.
const SESSIONS: usize = 16;

/// Room for so many bytes of text is kept.
const TEXT: usize = 8 * STEP;

/// Room for so many exchanges is kept, and for as many messages.
const EXCHANGES: usize = 16;

impl Spare {
    /// Takes the buffers of a session that is over.
    pub fn give(&mut self, session: Session) {
        let Session { mut text, mut exchanges, mut messages, mut hellos, .. } = session;
        let is_usual = text.0.capacity() <= TEXT
            && exchanges.capacity() <= EXCHANGES
            && messages.capacity() <= EXCHANGES
            && hellos.capacity() <= EXCHANGES;
        if is_usual && self.0.len() < SESSIONS {
            text.0.clear();
            exchanges.clear();
            messages.clear();
            hellos.clear();
            self.0.push(Buffers { text, exchanges, messages, hellos });
        }
    }

    pub(super) fn take(&mut self) -> Buffers {
        self.0.pop().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dialog, Settings};
    use super::*;
    use crate::chunk::{Chunk, Consume, Ending, Medium, Opening, Side, What};
    use crate::place::Place;
    use std::sync::Arc;

    /// What comes of a session in which the client says `line`, with buffers of `spare`.
    fn session(spare: &mut Spare, line: &[u8]) -> Session {
        let place = Place::new(1);
        let medium = Medium::Packets;
        let opening = Opening { peers: None, via: None, at: None, digits: 0, place, medium };
        let mut dialog = Dialog::reusing(spare, &opening, Arc::new(Settings::default()), None);
        for (side, bytes) in [(Side::Server, &b"220 mx\r\n"[..]), (Side::Client, line)] {
            dialog.push(&Chunk { side, at: None, place, seen: None, what: What::Data(bytes) });
        }
        dialog.finish(Ending::Closed, None, None).0
    }

    #[test]
    fn nothing_of_a_session_is_left_in_the_next() {
        let mut spare = Spare::default();
        let fresh = format!("{:?}", session(&mut Spare::default(), b"NOOP\r\n"));
        let usual = session(&mut spare, b"MAIL FROM:<a@b.example>\r\n");
        spare.give(usual);
        assert_eq!(spare.0.len(), 1);
        assert_eq!(format!("{:?}", session(&mut spare, b"NOOP\r\n")), fresh);
        assert!(spare.0.is_empty());
        let large = session(&mut spare, &b"NOOP\r\n".repeat(EXCHANGES * 2));
        spare.give(large);
        assert!(spare.0.is_empty(), "large buffers are not kept");
    }
}
