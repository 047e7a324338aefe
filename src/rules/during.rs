//! Where in the dialog a moment lies, so that what TCP did can be tied to what it hurt.

use super::case::Case;
use crate::dialog::session::{Exchange, Mark, Request};
use crate::smtp::command::Verb;
use std::fmt;

/// The part of a session in which a moment lies.
#[derive(Clone, Copy, Debug)]
pub struct During<'s> {
    /// What was going on.
    pub phase: Phase,
    /// The exchange at hand, by its index, if there is one.
    pub exchange: Option<u32>,
    case: Case<'s>,
}

/// What was going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The server had not greeted.
    Greeting,
    /// The server owed a reply to the exchange.
    Owed,
    /// The client was sending the content that the exchange announced, or that it is.
    Content,
    /// Neither: the exchange, if there is one, was answered.
    Between,
    /// QUIT was answered, or a side had closed the connection.
    Closing,
    /// TLS.
    Tls,
}

impl<'s> Case<'s> {
    /// What was going on at `mark`.
    #[must_use]
    pub fn during(self, mark: Mark) -> During<'s> {
        let session = self.session;
        let here = mark.place;
        let told = |phase, exchange| During { phase, exchange, case: self };
        if session.tls.as_ref().is_some_and(|tls| tls.begun.place <= here) {
            return told(Phase::Tls, None);
        }
        let closed = session.closing.as_ref().and_then(|one| *one.sides.of(one.first));
        if closed.is_some_and(|closed| closed.mark.place < here) {
            return told(Phase::Closing, None);
        }
        let is_asked = |one: &Exchange| one.asked.place <= here;
        let is_open = |one: &Exchange| one.reply.is_none_or(|reply| reply.begun.place > here);
        let index = |index: usize| u32::try_from(index).ok();
        let all = &session.exchanges;
        if let Some(owed) = all.iter().position(|one| is_asked(one) && is_open(one)) {
            return told(Phase::Owed, index(owed));
        }
        let last = all.iter().rposition(is_asked);
        let Some((last, one)) = last.and_then(|last| Some((last, all.get(last)?))) else {
            let is_greeted = session.greeting.is_some_and(|reply| reply.begun.place <= here);
            let is_known = is_greeted || self.is_damaged();
            return told(if is_known { Phase::Between } else { Phase::Greeting }, None);
        };
        let is = |one: &Exchange, verb| one.request == Request::Command(verb);
        let code = one.reply.and_then(|reply| reply.code);
        if is(one, Verb::Data) && code.is_some_and(|code| (300..400).contains(&code)) {
            return told(Phase::Content, index(last));
        }
        // What BDAT announces counts as sent with its last octet.
        if all.get(last + 1).is_some_and(|next| is(next, Verb::Bdat)) {
            return told(Phase::Content, index(last + 1));
        }
        let is_over = is(one, Verb::Quit) || code == Some(421);
        told(if is_over { Phase::Closing } else { Phase::Between }, index(last))
    }
}

impl fmt::Display for During<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exchange =
            self.exchange.and_then(|index| self.case.session.exchanges.get(index as usize));
        let name = match exchange.map(|one| one.request) {
            Some(Request::EndOfData) => "the end of the message",
            Some(Request::AuthLine) => "a line of AUTH",
            Some(Request::Command(Verb::Other)) => "an unknown command",
            Some(Request::Command(verb)) => verb.name(),
            None => "",
        };
        match self.phase {
            Phase::Greeting => f.write_str("before the greeting"),
            Phase::Owed => write!(f, "while the server owed the reply to {name}"),
            Phase::Content => f.write_str("while the message was sent"),
            Phase::Between if name.is_empty() => f.write_str("before the first command"),
            Phase::Between => write!(f, "after the reply to {name}"),
            Phase::Closing => f.write_str("while the connection was closed"),
            Phase::Tls => f.write_str("inside TLS"),
        }
    }
}
