//! Mail transactions: how MAIL, RCPT, DATA, BDAT and their replies make messages.

use super::session::{Content, Mark, Message, Outcome, Recipient, Reply, Session, Span, Transfer};
use crate::limits::Limits;
use crate::smtp::command::Envelope;

/// The messages of a session as they come to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mails {
    /// The message that RCPT, DATA and BDAT go to.
    current: Option<u32>,
    /// The last MAIL began a message that was too many to keep.
    is_elided: bool,
    /// The open message before a nested MAIL whose reply has not come yet.
    before: Option<u32>,
}

/// Where the recipients of a refused message went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    /// The message.
    pub(super) to: Option<u32>,
    /// How many it had before.
    pub(super) shift: u32,
}

impl Mails {
    /// The message that commands now go to.
    pub(super) fn current(&self) -> Option<u32> {
        self.current
    }

    /// MAIL was sent.
    pub(super) fn mail(
        &mut self,
        session: &mut Session,
        limits: &Limits,
        exchange: Option<u32>,
        from: Option<Span>,
        envelope: Option<&Envelope<'_>>,
    ) -> Option<u32> {
        self.before = self.current.take();
        self.is_elided = false;
        if session.messages.len() >= limits.messages {
            session.elided_messages += 1;
            self.is_elided = true;
            return None;
        }
        let declared = envelope.and_then(|envelope| {
            let size = envelope.params.iter().find(|p| p.keyword.eq_ignore_ascii_case(b"SIZE"))?;
            std::str::from_utf8(size.value?).ok()?.parse().ok()
        });
        let index = u32::try_from(session.messages.len()).ok();
        session.messages.push(Message {
            mail: exchange,
            from,
            recipients: Vec::new(),
            elided_recipients: 0,
            declared_size: declared,
            transfer: None,
            content: Content::default(),
            outcome: Outcome::Unknown,
            code: None,
            ended: false,
            cut: false,
            data_begun: None,
        });
        self.current = index;
        index
    }

    /// MAIL was answered. `open` if a transaction was open when the server met it: then a
    /// refusal leaves that one open, and what was sent for the new one went to it.
    pub(super) fn mail_answered(
        &mut self,
        session: &mut Session,
        limits: &Limits,
        message: Option<u32>,
        code: u16,
        open: bool,
    ) -> Option<Moved> {
        let before = self.before.take();
        let is_last = message.is_some_and(|index| index as usize + 1 == session.messages.len());
        if code / 100 == 2 {
            if let Some(given_up) = message_mut(session, before).filter(|_| open) {
                settle(given_up, true);
            }
            return None;
        }
        if open && is_last && message == self.current {
            // Refused inside an open transaction, which goes on: no transaction of its own.
            let nested = session.messages.pop();
            self.current = before;
            let (Some(nested), Some(open)) = (nested, self.message(session)) else {
                return Some(Moved { to: None, shift: 0 });
            };
            let shift = u32::try_from(open.recipients.len()).ok()?;
            let room = limits.recipients.saturating_sub(open.recipients.len());
            open.elided_recipients += nested.recipients.len().saturating_sub(room) as u64;
            open.recipients.extend(nested.recipients.into_iter().take(room));
            return Some(Moved { to: before, shift });
        } else if let Some(message) = message_mut(session, message) {
            message.outcome = Outcome::Rejected;
            message.code = Some(code);
            // What was sent for it belongs to no transaction.
            message.recipients.clear();
            if is_last {
                self.current = None;
            }
            return Some(Moved { to: None, shift: 0 });
        }
        None
    }

    /// RCPT was sent; returns the place of its recipient.
    pub(super) fn rcpt(
        &mut self,
        session: &mut Session,
        limits: &Limits,
        exchange: Option<u32>,
        address: Span,
    ) -> Option<u32> {
        let message = self.message(session)?;
        if message.recipients.len() >= limits.recipients {
            message.elided_recipients += 1;
            return None;
        }
        message.recipients.push(Recipient { address, exchange, code: None, delivery: None });
        u32::try_from(message.recipients.len() - 1).ok()
    }

    /// DATA was allowed, or content is there without it.
    pub(super) fn content_begins(&mut self, session: &mut Session, transfer: Transfer, mark: Mark) {
        if let Some(message) = self.message(session) {
            message.transfer = Some(transfer);
            message.data_begun.get_or_insert(mark);
            message.outcome = Outcome::Unknown;
            message.code = None;
        }
    }

    /// A message whose MAIL is missing from the input.
    pub(super) fn without_mail(&mut self, session: &mut Session, limits: &Limits) -> Option<u32> {
        if self.is_elided {
            return None;
        }
        self.mail(session, limits, None, None, None)
    }

    /// The transaction is over for the client: what comes belongs to the next.
    pub(super) fn over(&mut self) {
        self.is_elided = false;
        self.current = None;
    }

    fn message<'a>(&self, session: &'a mut Session) -> Option<&'a mut Message> {
        message_mut(session, self.current)
    }
}

/// The message at `index`.
pub(super) fn message_mut(session: &mut Session, index: Option<u32>) -> Option<&mut Message> {
    session.messages.get_mut(index? as usize)
}

/// The end of data (or the last chunk) was answered.
pub(super) fn content_answered(message: &mut Message, code: u16) {
    message.outcome = if code / 100 == 2 { Outcome::Accepted } else { Outcome::Rejected };
    message.code = Some(code);
}

/// LMTP: the end of data was answered for the next recipient that was accepted
/// (RFC 2033 §4.2). Returns whether more such replies are to come.
pub(super) fn delivery_answered(message: &mut Message, reply: Reply) -> bool {
    let accepted = |r: &&mut Recipient| r.code.is_some_and(|code| code / 100 == 2);
    let mut waiting =
        message.recipients.iter_mut().filter(accepted).filter(|r| r.delivery.is_none());
    if let Some(recipient) = waiting.next() {
        recipient.delivery = Some(reply);
    }
    let more = waiting.next().is_some();
    let code = reply.code.unwrap_or(0);
    if message.outcome != Outcome::Accepted {
        content_answered(message, code);
    }
    more
}

/// Decides what no reply has decided. `given_up`: the client is known to have gone on to
/// something else or to have left; otherwise the input may just not show the rest.
pub(super) fn settle(message: &mut Message, given_up: bool) {
    if message.outcome != Outcome::Unknown {
        return;
    }
    let refused = |r: &Recipient| r.code.is_some_and(|code| code >= 400);
    if message.transfer.is_none()
        && message.recipients.iter().all(refused)
        && let Some(last) = message.recipients.last()
    {
        message.outcome = Outcome::Rejected;
        message.code = last.code;
        return;
    }
    // Once its end was sent, the server may have taken it.
    if given_up && !message.ended {
        message.outcome = Outcome::Aborted;
    }
}
