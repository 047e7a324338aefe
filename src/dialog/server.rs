//! The server's stream: lines make replies, and each reply finds its command.

use super::command::note_used;
use super::session::{AuthOutcome, Hello, Mark, Outcome, Protocol, Reply, Request, ResyncWhy};
use super::{Awaited, Dialog, Lines, Mode, Owed, Start, exchange_mut, keep, mail, secrets};
use crate::chunk::{Gap, Side};
use crate::smtp::command::Verb;
use crate::smtp::line::strip_end;
use crate::smtp::reply::{ReplyLine, enhanced, offer};
use memchr::memchr;

/// The lines so far of a reply.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    /// Its lines without line ends, joined by LF.
    pub(super) text: Vec<u8>,
    pub(super) lines: u32,
    pub(super) code: Option<u16>,
    pub(super) begun: Start,
    /// What the sender of its last line had seen.
    pub(super) seen: Option<u64>,
    pub(super) ended: Mark,
    /// Offset in the server's stream after it.
    pub(super) until: u64,
    pub(super) cut: bool,
}

impl Dialog {
    /// Takes the next bytes of the server.
    pub(super) fn server_data(&mut self, start: Start, bytes: &[u8]) {
        let mut start = start;
        let mut rest = bytes;
        let most = self.settings.limits.line_bytes;
        while !rest.is_empty() {
            if !self.server_tls && self.may_be_server_hello(rest) {
                self.server.add(start, rest, 3);
                return;
            }
            if self.server_tls || self.is_server_hello(rest) {
                self.server_tls = true;
                let Lines { octets, begun, .. } = self.server.take();
                let mark = begun.map_or(start.mark, |begun| begun.mark);
                self.tls(Side::Server, octets + rest.len() as u64, mark);
                return;
            }
            let Some(lf) = memchr(b'\n', rest) else {
                self.server.add(start, rest, most);
                return;
            };
            let used = lf + 1;
            let piece = rest.get(..used).unwrap_or(rest);
            let until = start.offset + used as u64;
            if self.server.begun.is_none() && piece.len() <= most {
                self.reply_line(start, start, piece, until, false);
            } else {
                self.server.add(start, piece, most);
                let Lines { text, begun, cut, .. } = self.server.take();
                self.reply_line(begun.unwrap_or(start), start, &text, until, cut);
            }
            rest = rest.get(used..).unwrap_or_default();
            start.offset = until;
        }
    }

    /// Takes missing bytes of the server.
    pub(super) fn server_gap(&mut self, start: Start, gap: Gap) {
        // What was begun is all there is of its line.
        let Lines { text, begun, octets, .. } = self.server.take();
        if let Some(begun) = begun {
            let end = begun.offset + octets;
            self.reply_line(begun, begun, &text, end, true);
        }
        self.note_gap(Side::Server, gap, start.mark);
        let until = start.offset + gap.bytes;
        let from = self.server_gap.map_or(start.offset, |(from, _)| from);
        self.server_gap = Some((from, until));
        if let Some(reply) = &mut self.reply {
            reply.cut = true;
        }
    }

    /// The stream ends, perhaps inside a line or a reply.
    pub(super) fn flush_server(&mut self) {
        let Lines { text, begun, octets, cut } = self.server.take();
        if let Some(begun) = begun {
            self.reply_line(begun, begun, &text, begun.offset + octets, cut);
        }
        if let Some(mut partial) = self.reply.take() {
            partial.cut = true;
            self.replied(&partial);
        }
    }

    /// The first bytes of the server's open line, with those that come next.
    fn server_head(&self, bytes: &[u8]) -> Vec<u8> {
        self.server.text.iter().chain(bytes).take(3).copied().collect()
    }

    /// Whether the server's line begins as a TLS record does, and is too short to tell.
    fn may_be_server_hello(&self, bytes: &[u8]) -> bool {
        self.server.octets < 3
            && matches!(*self.server_head(bytes), [0x14..=0x17] | [0x14..=0x17, 3])
    }

    /// Whether the server's next bytes are a TLS record: an answer to the client's TLS, or TLS
    /// from the first byte.
    fn is_server_hello(&self, bytes: &[u8]) -> bool {
        self.server.octets < 3 && matches!(*self.server_head(bytes), [0x14..=0x17, 3, 0..=4])
    }

    /// Takes a line of a reply: `begun` where it begins, `ended` the chunk that completed it.
    fn reply_line(&mut self, begun: Start, ended: Start, raw: &[u8], until: u64, cut: bool) {
        self.go_on_without_reply(begun);
        let cleaned = secrets::repeated(&self.masked_secrets, raw);
        if let (Some((_, hidden)), Some(tap)) = (&cleaned, &mut self.tap) {
            tap.masked(Side::Server, Some(*hidden));
        }
        let raw = cleaned.as_ref().map_or(raw, |(text, _)| text);
        self.hear(Side::Server, begun.mark.at, begun.seen, raw);
        let (text, _) = strip_end(raw);
        let line = ReplyLine::parse(text);
        // The tail of a line whose beginning is missing says nothing.
        let after_gap = self.server_gap.is_some_and(|(_, end)| end == begun.offset);
        if after_gap && line.code.is_none() {
            self.resync(Side::Server, ResyncWhy::Gap, begun.mark);
            return;
        }
        // After a gap, a line sent in the knowledge of more than the reply's lines so far is
        // another reply.
        if let Some(partial) = &self.reply
            && partial.cut
            && begun.seen > partial.seen
            && let Some(partial) = self.reply.take()
        {
            self.replied(&partial);
        }
        let limits = &self.settings.limits;
        let partial = self.reply.get_or_insert_with(|| {
            Box::new(Partial {
                text: Vec::new(),
                lines: 0,
                code: None,
                begun,
                seen: None,
                ended: ended.mark,
                until,
                cut: false,
            })
        });
        let has_room = partial.text.len() + text.len() <= limits.session_text / 4;
        if (partial.lines as usize) < limits.reply_lines && has_room {
            if partial.lines > 0 {
                partial.text.push(b'\n');
            }
            partial.text.extend_from_slice(text);
        }
        partial.lines = partial.lines.saturating_add(1);
        partial.code = line.code.or(partial.code);
        partial.seen = ended.seen;
        partial.ended = ended.mark;
        partial.until = until;
        partial.cut |= cut;
        // A line that is no reply line inside a reply does not end it.
        let is_last = line.is_last() && (line.code.is_some() || partial.lines == 1);
        if is_last && let Some(partial) = self.reply.take() {
            self.replied(&partial);
        }
    }

    /// A whole reply has come.
    pub(super) fn replied(&mut self, partial: &Partial) {
        if self.doubt.is_some() {
            let fits = self.owed.front().is_some_and(|front| {
                let is_data = front.request == Request::Command(Verb::Data);
                partial.code != Some(354) || is_data
            });
            if self.doubt_reply(partial, fits) {
                return;
            }
        }
        let text = self.keep(&partial.text);
        self.closes.clear_reply |= self.mode == Mode::Tls;
        let reply = Reply {
            code: partial.code,
            text,
            lines: partial.lines,
            begun: partial.begun.mark,
            ended: partial.ended,
            cut: partial.cut,
        };
        if self.is_greeting(partial) {
            self.session.greeting = Some(reply);
            self.state.greeted = true;
            self.state.closing |= partial.code == Some(421);
        } else if self.forgotten > 0 && partial.code.is_some() {
            self.forgotten -= 1;
        } else if let Some(owed) =
            self.owed_after_nonsense(partial).or_else(|| self.owed_for(partial))
        {
            self.answer(owed, partial, reply);
        } else {
            self.unsolicited(partial, reply);
        }
        self.answered_to = partial.until;
        self.has_replied |= partial.code.is_some();
        if self.server_gap.is_some_and(|(_, until)| until <= partial.begun.offset) {
            self.server_gap = None;
        }
        self.unpark();
    }

    /// `reply` answers `owed`.
    fn answer(&mut self, owed: Owed, partial: &Partial, reply: Reply) {
        let before = self.state;
        if let Some(exchange) = exchange_mut(&mut self.session, owed.exchange) {
            exchange.before = before;
            exchange.reply.get_or_insert(reply);
        }
        self.note_enhanced(owed.request, partial);
        let Some(code) = partial.code else {
            // It decides nothing, but the client need not be waited for any more.
            if let Mode::Await(_) = self.mode {
                self.mode = Mode::Command;
            }
            return;
        };
        match owed.request {
            Request::Command(verb) => {
                self.state = before.after(verb, code, owed.last);
                self.command_answered(verb, &owed, code, reply, partial);
            }
            Request::EndOfData => {
                if self.delivered(&owed, reply, code) {
                    self.state = before.after_data(code);
                }
            }
            Request::AuthLine => {
                self.state = before.after(Verb::Auth, code, false);
                self.auth_answered(code);
            }
        }
    }

    fn command_answered(
        &mut self,
        verb: Verb,
        owed: &Owed,
        code: u16,
        reply: Reply,
        partial: &Partial,
    ) {
        let positive = code / 100 == 2;
        let open = exchange_mut(&mut self.session, owed.exchange).is_some_and(|e| e.before.mail);
        match verb {
            Verb::Ehlo | Verb::Lhlo | Verb::Helo if positive => {
                self.introduced(verb, owed, partial);
            }
            Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml => {
                let (limits, message) = (self.settings.limits, owed.message);
                let moved =
                    self.mails.mail_answered(&mut self.session, &limits, message, code, open);
                if let Some(moved) = moved {
                    self.renumber(owed, moved);
                }
            }
            Verb::Rcpt => {
                let recipient = owed.recipient;
                if let Some(message) = mail::message_mut(&mut self.session, owed.message)
                    && let Some(index) = recipient
                    && let Some(recipient) = message.recipients.get_mut(index as usize)
                {
                    recipient.code = Some(code);
                }
            }
            Verb::Data => self.data_answered(owed, code, reply),
            Verb::Bdat if owed.last => {
                // While more replies of LMTP are to come, the transaction is still open.
                self.state.mail |= !self.delivered(owed, reply, code);
            }
            Verb::Bdat if !positive => {
                if let Some(message) = mail::message_mut(&mut self.session, owed.message) {
                    mail::content_answered(message, code);
                }
            }
            Verb::Rset if positive => self.transaction_given_up(),
            Verb::Quit => self.closes.quit_answered = true,
            Verb::Auth => self.auth_answered(code),
            Verb::Starttls if self.mode == Mode::Await(Awaited::Starttls) => {
                self.mode = Mode::Command;
                if positive {
                    self.transaction_given_up();
                    self.enhanced = false;
                }
            }
            _ => {}
        }
    }

    fn data_answered(&mut self, owed: &Owed, code: u16, reply: Reply) {
        let waits = self.mode == Mode::Await(Awaited::Data);
        if code == 354 {
            if waits {
                self.begin_content(reply.begun);
                self.mode = Mode::Content;
            }
            return;
        }
        if waits {
            self.mode = Mode::Command;
        }
        if let Some(message) = mail::message_mut(&mut self.session, owed.message)
            && code >= 400
        {
            message.outcome = Outcome::Rejected;
            message.code = Some(code);
        }
    }

    /// EHLO, HELO or LHLO was accepted: a new beginning (RFC 5321 §4.1.4).
    fn introduced(&mut self, verb: Verb, owed: &Owed, partial: &Partial) {
        self.transaction_given_up();
        self.session.protocol = Protocol::of(verb);
        if verb == Verb::Helo || !self.has_room() {
            return;
        }
        // Of too many, the last counts.
        if self.session.hellos.len() >= self.settings.limits.reply_lines {
            self.session.hellos.pop();
        }
        let lines = partial.text.split(|&byte| byte == b'\n').skip(1);
        let mut offers = Vec::new();
        self.enhanced = false;
        for line in lines {
            let Some(offered) = offer(ReplyLine::parse(line).text) else { continue };
            self.enhanced |= offered.keyword.eq_ignore_ascii_case(b"ENHANCEDSTATUSCODES");
            offers.push(keep(&mut self.session.text, ReplyLine::parse(line).text));
        }
        let exchange = owed.exchange.unwrap_or(u32::MAX);
        self.session.hellos.push(Hello { exchange, offers });
    }

    /// The final reply to a message. Returns whether it was the last one (LMTP has one for
    /// each recipient).
    fn delivered(&mut self, owed: &Owed, reply: Reply, code: u16) -> bool {
        let lmtp = self.session.protocol == Protocol::Lmtp;
        let Some(message) = mail::message_mut(&mut self.session, owed.message) else { return true };
        if lmtp {
            if mail::delivery_answered(message, reply) {
                self.owed.push_front(*owed);
                return false;
            }
        } else {
            mail::content_answered(message, code);
        }
        self.clock.content_answered(message, reply.begun);
        true
    }

    fn auth_answered(&mut self, code: u16) {
        if self.mode == Mode::Await(Awaited::Auth) {
            self.mode = if code == 334 { Mode::Sasl } else { Mode::Command };
        }
        let Some(auth) = &mut self.session.auth else { return };
        match code / 100 {
            2 => auth.outcome = AuthOutcome::Accepted,
            4 | 5 if auth.outcome != AuthOutcome::Aborted => auth.outcome = AuthOutcome::Rejected,
            _ => {}
        }
    }

    /// The client gave up the open transaction.
    fn transaction_given_up(&mut self) {
        let index = self.mails.current();
        // Commands behind this one may already have begun the next.
        let is_ahead = self.owed.iter().any(|owed| owed.message.is_some() && owed.message == index);
        if is_ahead {
            return;
        }
        if let Some(message) = mail::message_mut(&mut self.session, index) {
            mail::settle(message, true);
        }
        self.mails.over();
    }

    /// What was sent for the message of `mail`, which was refused, goes elsewhere.
    fn renumber(&mut self, mail: &Owed, moved: mail::Moved) {
        let from = mail.message;
        let Self { owed, session, .. } = self;
        for owed in owed.iter_mut().filter(|owed| owed.message == from) {
            owed.message = moved.to;
            owed.recipient = owed.recipient.map(|index| index + moved.shift);
        }
        // A message that is no more takes its MAIL along.
        let own = usize::from(mail::message_mut(session, from).is_some());
        let begun = mail.exchange.map_or(usize::MAX, |index| index as usize + own);
        for exchange in session.exchanges.iter_mut().skip(begun) {
            if exchange.message == from {
                exchange.message = moved.to;
            }
        }
    }

    fn note_enhanced(&mut self, request: Request, partial: &Partial) {
        let greets = matches!(request, Request::Command(Verb::Ehlo | Verb::Helo | Verb::Lhlo));
        if self.enhanced && !greets && enhanced(ReplyLine::parse(&partial.text).text).is_some() {
            note_used(&mut self.session.used, b"ENHANCEDSTATUSCODES");
        }
    }
}
