//! How a session ended.

use super::session::{Closing, Parting, Session};
use super::{Dialog, Start};
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
        let begin = || Box::new(Closing { first: side, sides: Sides::default() });
        let closing = self.session.closing.get_or_insert_with(begin);
        let parting = Parting { mark: start.mark, reset: close == Close::Reset, open };
        closing.sides.of_mut(side).get_or_insert(parting);
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
