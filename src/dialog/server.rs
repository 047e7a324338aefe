//! The server's stream: lines make replies, and each reply finds its command.

use super::client::note_used;
use super::content::Candidate;
use super::session::{
    AuthOutcome, Hello, Mark, Outcome, Protocol, Reply, Request, ResyncWhy, Unsolicited,
};
use super::{Awaited, Dialog, Lines, Mode, Owed, Start, client, exchange_mut, keep, mail, secrets};
use crate::chunk::{Gap, Side};
use crate::smtp::command::Verb;
use crate::smtp::line::{LineEnd, strip_end};
use crate::smtp::reply::{ReplyLine, enhanced, offer};
use memchr::memchr;

/// The lines so far of a reply.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    /// Its lines without line ends, joined by LF.
    text: Vec<u8>,
    lines: u32,
    pub(super) code: Option<u16>,
    begun: Start,
    /// What the sender of its last line had seen.
    seen: Option<u64>,
    ended: Mark,
    /// Offset in the server's stream after it.
    until: u64,
    cut: bool,
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

    /// Whether a reply is the server's greeting (RFC 5321 §3.1).
    fn is_greeting(&self, partial: &Partial) -> bool {
        // The greeting is the first reply, or it is missing.
        if self.state.greeted || self.session.greeting.is_some() || self.has_replied {
            return false;
        }
        let opens = matches!(partial.code, Some(220 | 421 | 521 | 554));
        match self.owed.front() {
            None if self.mode == Mode::Unknown || self.state.inferred => {
                partial.code == Some(220) && partial.seen.unwrap_or(0) == 0
            }
            None => partial.code.is_some(),
            Some(front) if self.state.inferred => {
                opens && partial.seen.is_some_and(|seen| seen < front.end)
            }
            Some(front) => {
                let is_starttls = front.request == Request::Command(Verb::Starttls);
                opens && !is_starttls || partial.seen.is_some_and(|seen| seen < front.end)
            }
        }
    }

    /// The command that a reply answers, taken from those that are owed one.
    fn owed_for(&mut self, partial: &Partial) -> Option<Owed> {
        let Some(code) = partial.code else { return self.owed_for_nonsense(partial) };
        self.end_content_by_reply(partial, code);
        self.skip_lost_replies(partial, code);
        if self.is_behind_both_gaps(partial) || self.is_unsure(partial, code) {
            return None;
        }
        let front = self.owed.front()?;
        // What the server had not received it cannot answer.
        let received = partial.seen.is_none_or(|seen| seen >= front.end);
        if received { self.owed.pop_front() } else { None }
    }

    /// Whether bytes of both sides are missing since the last reply, and this one was sent in the
    /// knowledge of the client's: then it answers what is missing, and the reply to the command
    /// before is missing, too.
    fn is_behind_both_gaps(&mut self, partial: &Partial) -> bool {
        let (Some(_), Some(lost)) = (self.server_gap, self.client_gap) else { return false };
        let Some(front) = self.owed.front() else { return false };
        if lost < front.end || partial.seen.is_none_or(|seen| seen <= lost) {
            return false;
        }
        self.owed.clear();
        self.resync(Side::Server, ResyncWhy::ReplyMissing, partial.begun.mark);
        if let Mode::Await(awaited) = self.mode {
            self.read_without_reply(awaited);
        }
        true
    }

    /// Whether replies (or commands) that are missing make it a guess which command `partial`
    /// answers: no pairing is better than a wrong one. A 354 can only answer DATA; what the
    /// client sends in the knowledge of what came since ends the doubt.
    fn is_unsure(&mut self, partial: &Partial, code: u16) -> bool {
        let is_gap = self.server_gap.is_some_and(|(_, until)| until <= partial.begun.offset);
        if is_gap && self.owed.len() > 1 {
            self.unsure.get_or_insert(partial.until);
        }
        if self.unsure.is_none() {
            return false;
        }
        let is_data =
            self.owed.front().is_some_and(|front| front.request == Request::Command(Verb::Data));
        if self.owed.is_empty() || code == 354 && is_data {
            self.unsure = None;
        }
        self.unsure.is_some()
    }

    /// The command that a line without a code answers: where only one is owed, a client that
    /// waits will take it for the reply.
    fn owed_for_nonsense(&mut self, partial: &Partial) -> Option<Owed> {
        let front = self.owed.front().filter(|_| self.owed.len() == 1)?;
        let received = partial.seen.is_none_or(|seen| seen >= front.end);
        self.nonsense = if received { self.owed.pop_front() } else { None };
        self.nonsense
    }

    /// A reply with a code comes after a line that had none, and no command since: it is the
    /// answer, and the line was nothing.
    fn owed_after_nonsense(&mut self, partial: &Partial) -> Option<Owed> {
        let owed = self.nonsense.take().filter(|_| self.owed.is_empty())?;
        partial.code?;
        let taken = exchange_mut(&mut self.session, owed.exchange)?.reply.take();
        if let Some(reply) = taken {
            self.keep_apart(reply);
        }
        Some(owed)
    }

    /// After a gap in the server's stream: drops the commands whose replies must have been in
    /// it.
    fn skip_lost_replies(&mut self, partial: &Partial, code: u16) {
        let (from, has_gap) = match self.server_gap {
            Some((from, _)) => (from, true),
            None if self.unsure.is_some() && code == 354 => (u64::MAX, false),
            // Only DATA is answered with 354: replies before it were lost, or never sent.
            None if code == 354 => (u64::MAX, false),
            None => return,
        };
        loop {
            let mut owed = self.owed.iter();
            let (Some(front), next) = (owed.next(), owed.next()) else { return };
            // The next command was sent in the knowledge of something in the gap.
            let known = next.and_then(|next| next.seen).is_some_and(|seen| {
                seen > from && seen <= partial.begun.offset && front.seen != Some(seen)
            });
            let is_data = |owed: &Owed| owed.request == Request::Command(Verb::Data);
            let other = code == 354 && !is_data(front) && self.owed.iter().any(is_data);
            // So was what is set aside until this very reply: all that is owed was lost then.
            let went_on = match self.mode {
                Mode::Await(awaited) if has_gap && !self.parked.is_empty() => {
                    let asked = self.owed.back().and_then(|awaited| awaited.seen);
                    let heard =
                        self.parked.iter().filter_map(|parked| parked.start.seen).any(|seen| {
                            seen > from && seen <= partial.begun.offset && asked != Some(seen)
                        });
                    let content = self.owed.len() == 1
                        && awaited == Awaited::Data
                        && code != 354
                        && partial.seen.is_none_or(|seen| seen > front.end);
                    (heard || content).then_some(awaited)
                }
                _ => None,
            };
            if !known && !other && went_on.is_none() {
                return;
            }
            let mark = partial.begun.mark;
            let lost = self.owed.pop_front();
            if let Some(exchange) = exchange_mut(&mut self.session, lost.and_then(|l| l.exchange)) {
                exchange.before = self.state;
            }
            self.resync(Side::Server, ResyncWhy::ReplyMissing, mark);
            if let Some(awaited) = went_on
                && self.owed.is_empty()
            {
                self.read_without_reply(awaited);
                self.end_content_by_reply(partial, code);
            }
        }
    }

    /// A reply in the middle of mail data, to nothing else: the server saw the data end where a
    /// strict reader did not, or its end is missing from the input.
    fn end_content_by_reply(&mut self, partial: &Partial, code: u16) {
        if self.mode != Mode::Content || !self.owed.is_empty() || code == 421 {
            return;
        }
        let Some(candidate) = self.scanner.as_mut().and_then(|scanner| scanner.candidate.take())
        else {
            return;
        };
        // Behind a gap the end is there only if what follows is no more content.
        let goes_on = candidate.is_gap && !client::is_command_start(&candidate.tail);
        if goes_on || partial.seen.is_some_and(|seen| seen < candidate.offset) {
            return;
        }
        self.end_at_candidate(*candidate);
    }

    /// Ends mail data at a place where only a lenient server saw its end.
    pub(super) fn end_at_candidate(&mut self, candidate: Candidate) {
        let scanner = self.scanner.get_or_insert_default();
        scanner.facts = candidate.facts;
        let start = Start { mark: candidate.mark, seen: None, offset: candidate.offset };
        if candidate.is_gap {
            self.resync(Side::Client, ResyncWhy::EndOfDataMissing, candidate.mark);
        }
        let end = if candidate.is_gap { LineEnd::None } else { LineEnd::Lf };
        self.end_of_data(start, candidate.offset, end);
        if candidate.is_gap {
            self.mode = Mode::Unknown;
        }
        self.reread(candidate.tail);
    }

    /// Reads again, as commands, what had been taken for content.
    fn reread(&mut self, tail: Vec<client::Parked>) {
        for piece in tail {
            if let client::ParkedWhat::Data(data, _) = piece.what {
                self.client_data(piece.start, &data);
            }
        }
    }

    /// Keeps a reply that answers nothing.
    fn keep_apart(&mut self, reply: Reply) {
        let after = u32::try_from(self.session.exchanges.len()).unwrap_or(u32::MAX);
        if self.session.unsolicited.len() < self.settings.limits.unsolicited {
            self.session.unsolicited.push(Unsolicited { reply, after });
        } else {
            self.session.elided.unsolicited += 1;
        }
    }

    fn unsolicited(&mut self, partial: &Partial, reply: Reply) {
        self.keep_apart(reply);
        let mark = partial.begun.mark;
        match partial.code {
            Some(421) => self.state.closing = true,
            // The command is missing from the input; what the client sends now is known.
            Some(354)
                if matches!(self.mode, Mode::Command | Mode::Unknown) && self.state.inferred =>
            {
                let Lines { text, begun, .. } = self.client.take();
                self.resync(Side::Client, ResyncWhy::Gap, mark);
                self.begin_content(mark);
                self.mode = Mode::Content;
                // A line that was begun is the content's first.
                if let Some(begun) = begun {
                    self.client_data(begun, &text);
                }
            }
            Some(334) if matches!(self.mode, Mode::Command | Mode::Unknown) => {
                self.mode = Mode::Sasl;
            }
            // A refusal in mid-content decides if the content never ends.
            Some(code @ 400..) if self.mode == Mode::Content => {
                let index = self.mails.current();
                if let Some(message) = mail::message_mut(&mut self.session, index) {
                    message.outcome = Outcome::Rejected;
                    message.code = Some(code);
                }
            }
            _ => {}
        }
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
