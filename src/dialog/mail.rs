//! Mail transactions: how MAIL, RCPT, DATA, BDAT and their replies make messages.

use super::exchange_at;
use super::list::List;
use super::session::{Content, Mark, Message, Outcome, Recipient, Reply, Session, Span, Transfer};

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

    /// MAIL was sent, with this SIZE parameter; `most` messages are kept.
    pub(super) fn mail(
        &mut self,
        session: &mut Session,
        most: usize,
        exchange: Option<u32>,
        from: Option<Span>,
        declared_size: Option<u64>,
    ) -> Option<u32> {
        self.before = self.current.take();
        self.is_elided = false;
        if session.messages.len() >= most {
            session.elided_messages += 1;
            self.is_elided = true;
            return None;
        }
        let index = u32::try_from(session.messages.len()).ok();
        session.messages.push(Message {
            mail: exchange,
            from,
            recipients: List::default(),
            elided_recipients: 0,
            declared_size,
            transfer: None,
            content: Content::default(),
            odd: None,
            outcome: Outcome::Unknown,
            code: None,
            ended: false,
            cut: false,
            data_begun: None,
            chunks: None,
            header_end: None,
        });
        self.current = index;
        index
    }

    /// MAIL was answered. `open` if a transaction was open when the server met it: then a
    /// refusal leaves that one open, and what was sent for the new one went to it. `most`
    /// recipients of a message are kept.
    pub(super) fn mail_answered(
        &mut self,
        session: &mut Session,
        most: usize,
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
            let room = most.saturating_sub(open.recipients.len());
            let elided = nested.recipients.len().saturating_sub(room);
            let elided = u32::try_from(elided).unwrap_or(u32::MAX);
            open.elided_recipients = open.elided_recipients.saturating_add(elided);
            nested.recipients.into_iter().take(room).for_each(|one| open.recipients.push(one));
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

    /// RCPT was sent; returns the place of its recipient. `most` recipients are kept.
    pub(super) fn rcpt(
        &mut self,
        session: &mut Session,
        most: usize,
        exchange: Option<u32>,
        address: Span,
    ) -> Option<u32> {
        let message = self.message(session)?;
        if message.recipients.len() >= most {
            message.elided_recipients = message.elided_recipients.saturating_add(1);
            return None;
        }
        message.recipients.push(Recipient { address, exchange, code: None, delivery: None });
        u32::try_from(message.recipients.len() - 1).ok()
    }

    /// DATA was allowed, or content is there without it.
    pub(super) fn content_begins(&mut self, session: &mut Session, mark: Mark) {
        let Some(message) = self.message(session) else { return };
        if message.transfer.is_none() {
            message.data_begun = mark.at;
        }
        message.transfer = Some(Transfer::Data);
        message.outcome = Outcome::Unknown;
        message.code = None;
        self.note_begin(session, mark);
    }

    /// A chunk of the current message begins. Returns whether it is its first.
    pub(super) fn chunks_begin(&mut self, session: &mut Session, mark: Mark) -> bool {
        let message = self.message(session).filter(|message| message.transfer.is_none());
        let Some(message) = message else { return false };
        message.data_begun = mark.at;
        message.transfer = Some(Transfer::Bdat);
        self.note_begin(session, mark);
        true
    }

    /// The time of the current message's envelope ends.
    fn note_begin(&mut self, session: &mut Session, mark: Mark) {
        let mail = self.message(session).and_then(|message| message.mail);
        let asked = exchange_at(session, mail).and_then(|mail| mail.asked.at);
        session.timing.content_begins(asked, mark);
    }

    /// A message whose MAIL is missing from the input.
    pub(super) fn without_mail(&mut self, session: &mut Session, most: usize) -> Option<u32> {
        if self.is_elided {
            return None;
        }
        self.mail(session, most, None, None, None)
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
#[inline]
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
        recipient.delivery = Some(Box::new(reply));
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
