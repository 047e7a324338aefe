//! The server's stream: lines make replies, and each reply finds its command.

use super::lines::{Begun, ReplyText};
use super::session::{
    Hello, Mark, Outcome, Protocol, Reply, Request, ResyncWhy, Session, Span, Text,
};
use super::{Awaited, Dialog, Mode, Owed, Start, ending, exchange_at, exchange_mut, mail, secrets};
use crate::chunk::{Chunk, End, Ending, Gap, Side, Sides};
use crate::limits::Limits;
use crate::place::Place;
use crate::smtp::command::Verb;
use crate::smtp::extension::ENHANCEDSTATUSCODES;
use crate::smtp::line::{LineEnd, strip_end};
use crate::smtp::reply::{ReplyLine, enhanced, is_offer_of};
use crate::smtp::sasl;
use crate::smtp::scan::find;
use crate::time::{Brief, Stamp};

/// What is known of a reply besides its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) code: Option<u16>,
    pub(super) begun: Start,
    /// What the sender of its last line had seen.
    pub(super) seen: Option<u64>,
    /// Offset in the server's stream after it.
    pub(super) until: u64,
    pub(super) lines: u32,
    /// Where its last line begins.
    last: Place,
    /// When its last line was whole.
    ended: Option<Stamp>,
    pub(super) cut: bool,
    /// A line after the first that is kept names ENHANCEDSTATUSCODES.
    pub(super) offers_enhanced: bool,
    /// A line ended with LF alone.
    pub(super) bare_lf: bool,
}

/// The lines so far of a reply.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    /// They without line ends, joined by LF.
    pub(super) text: ReplyText,
    pub(super) said: Said,
}

impl Said {
    /// Of a reply without lines yet.
    #[inline]
    pub(super) fn begin(begun: &Start) -> Self {
        Self {
            code: None,
            begun: *begun,
            seen: begun.seen,
            until: begun.offset,
            lines: 0,
            last: begun.mark.place,
            ended: begun.mark.at,
            cut: false,
            offers_enhanced: false,
            bare_lf: false,
        }
    }
}

impl Partial {
    /// A reply without lines yet.
    fn begin(begun: &Start, text: &Text) -> Self {
        Self { text: ReplyText::begin(text), said: Said::begin(begun) }
    }

    /// Adds a line, which reads `text`. Returns whether it is the last.
    fn add(&mut self, line: &ReplyLine<'_>, text: &[u8], kept: &mut Text, limits: &Limits) -> bool {
        let said = &mut self.said;
        let has_room = self.text.len(kept) + text.len() <= limits.session_text / 4;
        if (said.lines as usize) < limits.reply_lines && has_room {
            self.text.add(said.lines == 0, text, kept);
            // Only a line of EHLO's reply is asked this.
            said.offers_enhanced |= said.lines > 0 && is_offer_of(line.text, ENHANCED);
        }
        said.lines = said.lines.saturating_add(1);
        said.code = line.code.or(said.code);
        // A line that is no reply line inside a reply does not end it.
        line.is_last() && (line.code.is_some() || said.lines == 1)
    }
}

/// The keyword that [`Said::offers_enhanced`] asks for.
pub(super) const ENHANCED: &[u8] = b"ENHANCEDSTATUSCODES";

impl Dialog {
    /// Takes a chunk with the next bytes of the server.
    #[inline(never)]
    pub(super) fn server_chunk(&mut self, chunk: &Chunk<'_>, bytes: &[u8]) {
        let mark = self.come_to(chunk);
        let Sides { client, server: offset } = self.position;
        let seen = self.seen(chunk, client);
        self.position.server += bytes.len() as u64;
        if self.tap.is_some() {
            self.hear_masked();
        }
        self.masked = None;
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let offset = offset + at as u64;
            at += match self.whole_lines(mark, seen, offset, rest) {
                Some(used) => used,
                None => self.unusual_lines(Start { mark, seen, offset }, rest),
            };
        }
    }

    /// Reads a line or part of one, or TLS; returns how many bytes.
    #[inline(never)]
    fn unusual_lines(&mut self, start: Start, bytes: &[u8]) -> usize {
        if self.server_tls || self.may_be_tls(bytes) {
            if !self.server_tls && self.may_be_server_hello(bytes) {
                self.server.add(start, bytes, 3);
                return bytes.len();
            }
            if self.server_tls || self.is_server_hello(bytes) {
                self.server_tls = true;
                let begun = self.server.take();
                self.read_tls(Side::Server, begun.as_ref(), bytes, start.mark);
                return bytes.len();
            }
        }
        let most = self.settings.limits.line_bytes;
        let Some(lf) = find(b'\n', bytes) else {
            self.server.add(start, bytes, most);
            return bytes.len();
        };
        let used = lf + 1;
        let piece = bytes.get(..used).unwrap_or(bytes);
        let until = start.offset + used as u64;
        if !self.server.is_open() && piece.len() <= most {
            self.reply_line(&start, &start, piece, until, false);
        } else {
            self.server.add(start, piece, most);
            if let Some(begun) = self.server.take() {
                self.reply_line(&begun.start, &start, &begun.text, until, begun.cut);
            }
        }
        used
    }

    /// Reads the lines of a reply from its first on, as far as they are in `bytes`: the usual
    /// case, in which nothing is missing and nobody listens. Returns how many bytes they take.
    // Whatever it calls is given values: references would have them lie in memory.
    #[inline]
    fn whole_lines(
        &mut self,
        mark: Mark,
        seen: Option<u64>,
        offset: u64,
        bytes: &[u8],
    ) -> Option<usize> {
        let is_usual = self.reply.is_none()
            && self.lost.is_none()
            && self.doubt.is_none()
            && self.tap.is_none()
            && self.settings.redact.is_none()
            && !self.server.is_open()
            && !self.server_tls;
        if !is_usual || !bytes.first().is_some_and(u8::is_ascii_graphic) {
            return None;
        }
        let limits = &self.settings.limits;
        let lf = find(b'\n', bytes).filter(|&lf| lf < limits.line_bytes)?;
        let used = lf + 1;
        let (text, bare_lf) = match bytes.get(..lf)? {
            [text @ .., b'\r'] => (text, false),
            text => (text, true),
        };
        let line = ReplyLine::parse(text);
        if !self.masked_secrets.is_empty()
            && (!line.is_last() || secrets::may_repeat(&self.masked_secrets, bytes.get(..=lf)?))
        {
            return None;
        }
        let has_room = text.len() <= limits.session_text / 4 && limits.reply_lines > 0;
        if !line.is_last() || !has_room {
            let start = Start { mark, seen, offset };
            let is_told = has_room && !bare_lf && self.told_again(start, bytes, text);
            return if is_told { Some(bytes.len()) } else { self.some_lines(start, bytes) };
        }
        let until = offset + used as u64;
        // As `replied_surely` asks once it is kept.
        let is_kept = self.session.text.len() + text.len() < self.most_text();
        let text = if is_kept { self.session.text.keep(text) } else { Span::default() };
        if self.is_in_turn(line.code, seen)
            && let Some(&owed) = self.owed.front()
        {
            self.owed.remove_front();
            self.answered_in_turn(owed, mark, until, line.code, text, bare_lf);
        } else {
            let start = Start { mark, seen, offset };
            self.answered_line(start, until, line.code, text, bare_lf);
        }
        Some(used)
    }

    /// A reply of one line has come that answers `owed`, and its text is kept.
    // A part of the straight path of such a reply: the rest of `answered` comes to this for it.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn answered_in_turn(
        &mut self,
        owed: Owed,
        begun: Mark,
        until: u64,
        code: Option<u16>,
        text: Span,
        bare_lf: bool,
    ) {
        self.closes.clear_reply |= matches!(self.mode, Mode::Tls);
        let (took, cut, in_a_row) = (Brief::default(), false, true);
        let reply = Reply { code, text, lines: 1, begun, took, cut, in_a_row, bare_lf };
        self.answer(owed, false, reply);
        self.answered_to = until;
        self.has_replied |= code.is_some();
        if !self.parked.is_empty() {
            self.unpark();
        }
    }

    /// Any reply of one line has come, and its text is kept.
    #[inline(never)]
    fn answered_line(
        &mut self,
        start: Start,
        until: u64,
        code: Option<u16>,
        text: Span,
        bare_lf: bool,
    ) {
        let said = Said { code, until, lines: 1, bare_lf, ..Said::begin(&start) };
        self.answered(&said, text);
    }

    /// Takes missing bytes of the server.
    pub(super) fn server_gap(&mut self, start: Start, gap: Gap) {
        // What was begun is all there is of its line.
        if let Some(Begun { text, octets, start, .. }) = self.server.take() {
            self.reply_line(&start, &start, &text, start.offset + octets, true);
        }
        self.note_gap(Side::Server, gap, start.mark);
        let until = start.offset + gap.bytes;
        let from = self.lost_of_server().map_or(start.offset, |(from, _)| from);
        self.lost_mut().server_gap = Some((from, until));
        if let Some(partial) = &mut self.reply {
            partial.said.cut = true;
        }
    }

    /// The stream ends, perhaps inside a line or a reply.
    pub(super) fn flush_server(&mut self, ending: Ending) {
        if let Some(Begun { text, octets, start, cut }) = self.server.take() {
            // Where the recording ends, the rest of the line is missing. After QUIT nothing more
            // need have come.
            let end = ending::end(&self.session, self.closes, ending);
            let quits = self.owed.iter().any(|o| o.request == Request::Command(Verb::Quit));
            let is_cut = matches!(end, End::CaptureEnd | End::TranscriptEnd) && !quits;
            self.reply_line(&start, &start, &text, start.offset + octets, cut || is_cut);
        }
        if let Some(mut partial) = self.reply.take() {
            partial.said.cut = true;
            self.replied(*partial);
        }
    }

    /// Whether the server's next bytes, `rest`, are to be looked at as TLS: those of a reply are
    /// not.
    fn may_be_tls(&self, rest: &[u8]) -> bool {
        self.server.is_open() || !rest.first().is_some_and(u8::is_ascii_graphic)
    }

    /// Whether the server's line begins as a TLS record does, and is too short to tell.
    fn may_be_server_hello(&self, bytes: &[u8]) -> bool {
        self.server.octets() < 3
            && matches!(*self.server.head(bytes, &mut [0; 3]), [0x14..=0x17] | [0x14..=0x17, 3])
    }

    /// Whether the server's next bytes are a TLS record: an answer to the client's TLS, or TLS
    /// from the first byte.
    fn is_server_hello(&self, bytes: &[u8]) -> bool {
        self.server.octets() < 3
            && matches!(*self.server.head(bytes, &mut [0; 3]), [0x14..=0x17, 3, 0..=4])
    }

    /// Takes a line of a reply: `begun` where it begins, `ended` the chunk that completed it.
    fn reply_line(&mut self, begun: &Start, ended: &Start, raw: &[u8], until: u64, cut: bool) {
        if self.lost.is_some() {
            self.go_on_without_reply(begun);
        }
        let cleaned = secrets::repeated(&self.masked_secrets, raw);
        if let (Some((_, hidden)), Some(tap)) = (&cleaned, &mut self.tap) {
            tap.masked(Side::Server, Some(*hidden));
        }
        let raw = cleaned.as_ref().map_or(raw, |(text, _)| text);
        let redacted = self.redacted_reply(raw);
        let raw = redacted.as_deref().unwrap_or(raw);
        self.hear_resized(Side::Server, until.saturating_sub(begun.offset), raw.len() as u64);
        // Content is heard of when it is over, and this line may show that it is.
        let is_late = redacted.is_some() && (self.mode == Mode::Content || self.doubt.is_some());
        if !is_late {
            self.hear(Side::Server, begun.mark.at, begun.seen, raw);
        }
        let (text, end) = strip_end(raw);
        let line = ReplyLine::parse(text);
        // The tail of a line whose beginning is missing says nothing.
        let after_gap = self.lost_of_server().is_some_and(|(_, end)| end == begun.offset);
        if after_gap && line.code.is_none() {
            self.resync(Side::Server, ResyncWhy::Gap, begun.mark);
            if is_late {
                self.hear(Side::Server, begun.mark.at, begun.seen, raw);
            }
            return;
        }
        // After a gap, a line sent in the knowledge of more than the reply's lines so far is
        // another reply.
        if let Some(partial) = &self.reply
            && (partial.said.cut && begun.seen > partial.said.seen
                || self.is_of_next(partial, begun, &line))
            && let Some(partial) = self.reply.take()
        {
            self.replied(*partial);
        }
        let Self { reply, session, settings, .. } = self;
        let mut partial =
            reply.take().unwrap_or_else(|| Box::new(Partial::begin(begun, &session.text)));
        partial.said.last = begun.mark.place;
        partial.said.ended = ended.mark.at;
        partial.said.seen = ended.seen;
        partial.said.until = until;
        partial.said.cut |= cut;
        partial.said.bare_lf |= end == LineEnd::Lf;
        if partial.add(&line, text, &mut session.text, &settings.limits) {
            self.replied(*partial);
        } else {
            self.reply = Some(partial);
        }
        if is_late {
            self.hear(Side::Server, begun.mark.at, begun.seen, raw);
        }
    }

    /// A line of a reply without what names people and hosts, if that is wanted.
    fn redacted_reply(&self, raw: &[u8]) -> Option<Vec<u8>> {
        let redactor = self.settings.redact.as_ref()?;
        let (text, _) = strip_end(raw);
        let challenge = text.strip_prefix(b"334 ").and_then(sasl::decoded);
        if challenge.is_some_and(|prompt| prompt.is_empty() || sasl::is_usual_prompt(&prompt)) {
            return None;
        }
        let front = self.owed.front().map(|owed| owed.request);
        let is_hello = matches!(front, Some(Request::Command(Verb::Ehlo | Verb::Lhlo)));
        let mut line = redactor.reply(text, is_hello && self.reply.is_some());
        line.extend_from_slice(raw.get(text.len()..).unwrap_or_default());
        Some(line)
    }

    /// A whole reply has come.
    pub(super) fn replied(&mut self, mut partial: Partial) {
        if self.doubt.is_some() {
            // The session may go back to what it was before.
            partial.text.set_apart(&mut self.session.text);
            let fits = self.owed.front().is_some_and(|front| {
                let is_data = front.request == Request::Command(Verb::Data);
                partial.said.code != Some(354) || is_data
            });
            let Some(stays) = self.doubt_reply(partial, fits) else { return };
            partial = stays;
        }
        self.replied_surely(partial);
    }

    /// A whole reply has come, and nothing is in doubt.
    fn replied_surely(&mut self, partial: Partial) {
        let is_full = self.is_full();
        let Partial { text, said } = partial;
        let own = &mut self.session.text;
        let text = if is_full { text.drop_from(own) } else { text.keep(own) };
        self.answered(&said, text);
    }

    /// A whole reply has come, and its text is kept.
    #[inline(never)]
    pub(super) fn answered(&mut self, said: &Said, text: Span) {
        self.closes.clear_reply |= matches!(self.mode, Mode::Tls);
        let Said { code, lines, cut, .. } = *said;
        let begun = said.begun.mark;
        let in_a_row = begun.place.after(u64::from(lines.saturating_sub(1))) == said.last;
        let took = Brief::between(begun.at, said.ended);
        let bare_lf = said.bare_lf;
        let reply = Reply { code, text, lines, begun, took, cut, in_a_row, bare_lf };
        let owed = if self.is_in_turn(code, said.seen) {
            self.owed.pop_front()
        } else {
            self.owed_out_of_turn(said, reply)
        };
        if let Some(owed) = owed {
            self.answer(owed, said.offers_enhanced, reply);
        }
        self.answered_to = said.until;
        self.has_replied |= said.code.is_some();
        if let Some(lost) = &mut self.lost
            && lost.server_gap.is_some_and(|(_, until)| until <= said.begun.offset)
        {
            lost.server_gap = None;
        }
        if !self.parked.is_empty() {
            self.unpark();
        }
    }

    /// The command that a reply answers which does not plainly answer the first that is owed
    /// one. If it answers none, it is kept as what it is.
    #[inline(never)]
    fn owed_out_of_turn(&mut self, said: &Said, reply: Reply) -> Option<Owed> {
        if self.is_greeting(said) {
            self.session.greeting = Some(reply);
            self.state.greeted = true;
            self.state.closing |= said.code == Some(421);
            self.forget_proxy(said);
            return None;
        }
        if self.is_for_forgotten(said) {
            self.lost_mut().forgotten -= 1;
            return None;
        }
        let owed = self.owed_after_nonsense(said).or_else(|| self.owed_for(said));
        if owed.is_none() {
            self.unsolicited(said, reply);
            // The server has ended the exchange of its own accord.
            if self.mode == Mode::Sasl
                && let Some(code) = said.code.filter(|code| (400..600).contains(code))
            {
                self.mode = Mode::Command;
                self.auth_answered(code);
            }
        }
        owed
    }

    /// `reply` answers `owed`; it `offers` ENHANCEDSTATUSCODES if that is EHLO.
    // A part of the straight path of a reply.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn answer(&mut self, owed: Owed, offers: bool, reply: Reply) {
        if let Some(exchange) = exchange_mut(&mut self.session, owed.exchange()) {
            exchange.before = self.state;
            if exchange.reply.is_none() {
                exchange.reply = Some(reply);
            }
        }
        if self.enhanced && !self.session.used.has(ENHANCEDSTATUSCODES) {
            self.note_enhanced(owed.request, reply.text);
        }
        let Some(code) = reply.code else {
            // It decides nothing, but the client need not be waited for any more.
            if let Mode::Await(_) = self.mode {
                self.mode = Mode::Command;
            }
            return;
        };
        match owed.request {
            Request::Command(verb) => {
                self.state.answer(verb, code, owed.last);
                if matches!(verb, Verb::Ehlo | Verb::Lhlo | Verb::Helo) {
                    self.hello_answered(code);
                    if code / 100 == 2 {
                        self.introduced(verb, owed.exchange(), offers, reply.text);
                    }
                } else {
                    self.command_answered(verb, owed, code, reply);
                }
            }
            Request::EndOfData => {
                if self.delivered(owed, reply, code) {
                    self.state.answer_data(code);
                }
            }
            Request::AuthLine => {
                self.state.answer(Verb::Auth, code, false);
                self.auth_answered(code);
            }
        }
    }

    // A part of the straight path of a reply.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn command_answered(&mut self, verb: Verb, owed: Owed, code: u16, reply: Reply) {
        let positive = code / 100 == 2;
        match verb {
            Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml => {
                let open =
                    exchange_at(&self.session, owed.exchange()).is_some_and(|e| e.before.mail);
                let (most, message) = (self.settings.limits.recipients, owed.message());
                let session = &mut self.session;
                let moved = self.mails.mail_answered(session, most, message, code, open);
                if let Some(moved) = moved {
                    self.renumber(owed, moved);
                }
            }
            Verb::Rcpt => {
                let recipient = owed.recipient();
                if let Some(message) = mail::message_mut(&mut self.session, owed.message())
                    && let Some(index) = recipient
                    && let Some(recipient) = message.recipients.get_mut(index as usize)
                {
                    recipient.code = Some(code);
                }
            }
            Verb::Data => self.data_answered(owed.message(), code, reply.begun),
            Verb::Bdat if owed.last => {
                // While more replies of LMTP are to come, the transaction is still open.
                self.state.mail |= !self.delivered(owed, reply, code);
            }
            Verb::Bdat if !positive => {
                if let Some(message) = mail::message_mut(&mut self.session, owed.message()) {
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

    #[inline(never)]
    fn data_answered(&mut self, message: Option<u32>, code: u16, begun: Mark) {
        let waits = self.mode == Mode::Await(Awaited::Data);
        if code == 354 {
            if waits {
                self.begin_content(begun);
                self.mode = Mode::Content;
            }
            return;
        }
        if waits {
            self.mode = Mode::Command;
        }
        if let Some(message) = mail::message_mut(&mut self.session, message)
            && code >= 400
        {
            message.outcome = Outcome::Rejected;
            message.code = Some(code);
        }
    }

    /// EHLO, HELO or LHLO was accepted: a new beginning (RFC 5321 §4.1.4).
    #[inline(never)]
    fn introduced(&mut self, verb: Verb, exchange: Option<u32>, offers: bool, reply: Span) {
        self.transaction_given_up();
        self.session.protocol = Protocol::of(verb);
        if verb == Verb::Helo || !self.has_room() {
            return;
        }
        // Of too many, the last counts.
        if self.session.hellos.len() >= self.settings.limits.reply_lines {
            self.session.hellos.pop();
        }
        self.enhanced = offers;
        let exchange = exchange.unwrap_or(u32::MAX);
        let tail = <_>::default();
        self.session.hellos.push(Hello { exchange, reply, tail });
    }

    /// The final reply to a message. Returns whether it was the last one (LMTP has one for
    /// each recipient).
    fn delivered(&mut self, owed: Owed, reply: Reply, code: u16) -> bool {
        let lmtp = self.session.protocol == Protocol::Lmtp;
        let Session { messages, timing, .. } = &mut *self.session;
        let message = owed.message().and_then(|index| messages.get_mut(index as usize));
        let Some(message) = message else { return true };
        if lmtp {
            if mail::delivery_answered(message, reply) {
                self.owed.push_front(owed);
                return false;
            }
        } else {
            mail::content_answered(message, code);
        }
        timing.content_answered(message, reply.begun);
        true
    }

    /// The client gave up the open transaction.
    fn transaction_given_up(&mut self) {
        let index = self.mails.current();
        // Commands behind this one may already have begun the next.
        let is_ahead =
            self.owed.iter().any(|owed| owed.message().is_some() && owed.message() == index);
        if is_ahead {
            return;
        }
        if let Some(message) = mail::message_mut(&mut self.session, index) {
            mail::settle(message, true);
        }
        self.mails.over();
    }

    /// What was sent for the message of `mail`, which was refused, goes elsewhere.
    fn renumber(&mut self, mail: Owed, moved: mail::Moved) {
        let from = mail.message();
        let Self { owed, session, .. } = self;
        for owed in owed.iter_mut().filter(|owed| owed.message() == from) {
            owed.set_message(moved.to);
            owed.set_recipient(owed.recipient().map(|index| index + moved.shift));
        }
        // A message that is no more takes its MAIL along.
        let own = usize::from(mail::message_mut(session, from).is_some());
        let begun = mail.exchange().map_or(usize::MAX, |index| index as usize + own);
        for exchange in session.exchanges.iter_mut().skip(begun) {
            if exchange.message == from {
                exchange.message = moved.to;
            }
        }
    }

    fn note_enhanced(&mut self, request: Request, reply: Span) {
        let greets = matches!(request, Request::Command(Verb::Ehlo | Verb::Helo | Verb::Lhlo));
        let text = ReplyLine::parse(self.session.bytes(reply)).text;
        if !greets && enhanced(text).is_some() {
            self.session.used.add(ENHANCEDSTATUSCODES);
        }
    }
}
