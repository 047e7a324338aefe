//! How a session ended.

use super::session::{Closing, Parting, Session};
use super::{Dialog, Mode, Start};
use crate::chunk::{Close, End, Ending, Medium, Side, Sides};

/// Who ended the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Closes {
    pub(super) first: Option<Side>,
    pub(super) reset: bool,
    pub(super) refused: bool,
    pub(super) accepted: bool,
    pub(super) quit_answered: bool,
    /// The server answered in clear what the client sent in TLS.
    pub(super) clear_reply: bool,
}

impl Closes {
    /// `side` ended its stream.
    pub(super) fn close(&mut self, side: Side, close: Close) {
        match close {
            Close::Fin => {
                self.first.get_or_insert(side);
            }
            Close::Reset => self.reset = true,
            Close::Refused => self.refused = true,
        }
    }
}

impl Dialog {
    /// Whether the client's bytes so far end inside a line.
    fn is_inside_line(&self) -> bool {
        let is_content = matches!(self.mode, Mode::Content);
        let scanner = self.scanner.as_ref().filter(|_| is_content);
        scanner.is_some_and(super::content::Scanner::is_inside) || self.client.octets() > 0
    }

    /// `side` ended its stream, at `start`.
    pub(super) fn closed(&mut self, side: Side, close: Close, start: &Start) {
        self.closes.close(side, close);
        if close == Close::Refused {
            return;
        }
        let open = match side {
            Side::Client => {
                !self.owed.is_empty() || start.seen.is_some_and(|seen| seen < self.answered_to)
            }
            Side::Server => {
                let front = self.owed.front();
                front.is_some_and(|front| start.seen.is_none_or(|seen| seen >= front.end))
            }
        };
        let inside = match side {
            Side::Client => self.is_inside_line(),
            Side::Server => self.server.is_open(),
        };
        let begin = || Box::new(Closing { first: side, sides: Sides::default() });
        let closing = self.session.closing.get_or_insert_with(begin);
        let reset = close == Close::Reset;
        let parting = Parting { mark: start.mark, reset, aborted: false, open, inside };
        closing.sides.of_mut(side).get_or_insert(parting).aborted |= reset;
    }
}

/// How a session ended.
pub(super) fn end(session: &Session, closes: Closes, ending: Ending) -> End {
    if let Ending::Noted(end) = ending {
        return end;
    }
    let is_text = session.opening.medium != Medium::Packets;
    let silent = session.exchanges.is_empty() && session.greeting.is_none();
    if closes.refused {
        End::Refused
    } else if !is_text
        && silent
        && !closes.accepted
        && closes.first.is_none()
        && !closes.reset
        && session.unsolicited.is_empty()
        && session.tls.is_none()
        && session.gaps.is_empty()
    {
        End::NoAnswer
    } else if session.tls.as_ref().is_some_and(|tls| tls.bytes.server > 0 || !closes.clear_reply) {
        End::Tls
    } else if closes.quit_answered {
        End::Quit
    } else {
        // A reset that follows an orderly close only tidies up.
        match closes.first {
            Some(Side::Client) => End::ClientClosed,
            Some(Side::Server) => End::ServerClosed,
            None if closes.reset => End::Reset,
            None if is_text => End::TranscriptEnd,
            None => End::CaptureEnd,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Settings;
    use super::*;
    use crate::chunk::{Chunk, Consume, Opening, What};
    use crate::place::Place;
    use std::sync::Arc;

    /// The session of these chunks: who, what it had seen, what.
    pub(in super::super) fn session(chunks: &[(Side, u64, What<'_>)]) -> Box<Session> {
        let place = Place::default();
        let (peers, via, at, digits) = (None, None, None, 0);
        let medium = Medium::Packets;
        let shows = crate::chunk::Shows::ALL;
        let by_content = false;
        let opening = Opening { peers, via, at, digits, place, medium, by_content, shows };
        let mut dialog = Dialog::new(&opening, Arc::new(Settings::default()), None);
        for &(side, seen, what) in chunks {
            dialog.push(&Chunk { side, at, place, seen: Some(seen), what });
        }
        dialog.finish(Ending::Closed, None, None).0
    }

    #[test]
    fn who_closed_first_and_what_it_knew() {
        use Close::{Fin, Reset};
        use Side::{Client, Server};
        use What::Data;
        let greeting = (Server, 0, Data(b"220 mx\r\n"));
        let quit = (Client, 8, Data(b"QUIT\r\n"));
        let bye = (Server, 6, Data(b"221 bye\r\n"));
        let close = |side, seen, close| (side, seen, What::Close(close));
        let of = |chunks: &[_]| *session(chunks).closing.unwrap();
        let waits = of(&[greeting, quit, bye, close(Client, 17, Fin)]);
        assert!(waits.first == Client && !waits.sides.client.unwrap().open);
        // The reply is captured before, but was not seen.
        let blind = of(&[greeting, quit, bye, close(Client, 8, Fin), close(Client, 8, Reset)]);
        let left = blind.sides.client.unwrap();
        assert!(left.open && left.aborted && !left.reset && blind.sides.server.is_none());
        let deaf = of(&[greeting, quit, close(Server, 6, Fin), close(Client, 8, Fin)]);
        assert!(deaf.first == Server && deaf.sides.server.unwrap().open);
        // The server had not received the command when it closed.
        let crossed = of(&[greeting, quit, close(Server, 0, Fin)]);
        assert!(!crossed.sides.server.unwrap().open);
        assert!(session(&[greeting, quit, bye]).closing.is_none());
    }

    #[test]
    fn early_is_before_the_last_line_of_the_greeting_was_seen() {
        let first = (Side::Server, 0, What::Data(b"220-mx\r\n"));
        let last = (Side::Server, 0, What::Data(b"220 mx\r\n"));
        let hello = |seen| (Side::Client, seen, What::Data(b"EHLO a\r\n"));
        assert!(session(&[hello(0), first, last]).early);
        assert!(session(&[first, hello(8), last]).early);
        assert!(session(&[first, last, hello(8)]).early);
        assert!(!session(&[first, last, hello(16)]).early);
    }
}
