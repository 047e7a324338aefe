//! The client's lines: what a command begins, owes and leaves behind.

use super::client::Line;
use super::secrets::Near;
use super::session::{Exchange, Mark, Protocol, Request, Span};
use super::{Awaited, Dialog, Masked, Mode, Owed, Start, exchange_mut, mail, secrets};
use crate::chunk::Side;
use crate::smtp::command::{self, Command, Envelope, PlainParams, Verb};
use crate::smtp::extension::{self, EIGHTBITMIME, PIPELINING, SIZE};
use crate::smtp::grammar::{PlainPath, plain_mail, plain_rcpt};
use smallvec::SmallVec;
use std::ops::Range;

/// An exchange that was just added.
#[derive(Clone, Copy)]
struct Added {
    /// Its index, if it is kept.
    index: Option<u32>,
    /// Its line, if that is kept.
    line: Span,
}

impl Dialog {
    /// A line of which nobody knows whether it is a command.
    pub(super) fn unknown_line(&mut self, line: &Line<'_>) {
        if is_surely_command(line.text) {
            self.mode = Mode::Command;
            self.understand(line);
            return;
        }
        self.session.elided.lines += 1;
        let secret =
            secrets::in_fragment(line.text).filter(|secret| self.is_to_hide(line.text, secret));
        self.hear_line(line, secret);
    }

    /// Whether `secret` in `line` is one, and not what an input has put in its place: a note that
    /// it was masked is not believed.
    pub(super) fn is_to_hide(&self, line: &[u8], secret: &Range<usize>) -> bool {
        !self.settings.show_secrets && line.get(secret.clone()) != Some(secrets::MASK)
    }

    pub(super) fn hear_line(&mut self, line: &Line<'_>, secret: Option<Range<usize>>) {
        if let Some(secret) = secret.as_ref().and_then(|range| line.text.get(range.clone())) {
            secrets::remember(&mut self.masked_secrets, secret);
        }
        if self.tap.is_none() || line.until <= self.heard {
            return;
        }
        let Line { asked, start, raw, .. } = *line;
        let hidden = secret.as_ref().map(|range| Masked { bytes: Some(range.len() as u64) });
        let hidden = hidden.or(line.masked);
        let text = secret.map(|secret| masked(raw, &secret));
        if let (Some(hidden), Some(tap)) = (hidden, &mut self.tap) {
            tap.masked(Side::Client, hidden.bytes);
        }
        let start = Start { mark: asked, ..start };
        self.hear_client(start, line.until, text.as_deref().unwrap_or(raw));
    }

    /// Takes a whole line as a command.
    // As it is one straight path, it is to be compiled as one; so is what it calls.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn command(&mut self, line: &Line<'_>) {
        let command = Command::parse(line.text);
        let verb = command.verb;
        let message = match verb {
            Verb::Rcpt | Verb::Data => self.mails.current(),
            Verb::Ehlo
            | Verb::Helo
            | Verb::Lhlo
            | Verb::Mail
            | Verb::Rset
            | Verb::Noop
            | Verb::Quit => None,
            // With a line of its own: this one need not lie in memory.
            _ => return self.unusual_command(&{ *line }),
        };
        // None of these holds a secret.
        if self.tap.is_some() {
            self.hear_line(&{ *line }, None);
        }
        self.secrets_near = false;
        let plain = match verb {
            Verb::Mail => plain_mail(line.text),
            Verb::Rcpt => plain_rcpt(line.text),
            _ => None,
        };
        let is_plain = plain.is_some() || matches!(line.text, b"DATA" | b"QUIT" | b"RSET");
        let added = self.add_exchange(Request::Command(verb), line, None, message, is_plain);
        match verb {
            Verb::Mail => self.mail(command, plain, added, line.cut),
            Verb::Rcpt => self.rcpt(command, plain, added),
            Verb::Ehlo | Verb::Helo | Verb::Lhlo => {
                let name = command.argument.trim_ascii_end();
                let name = self.keep_part(name, command.argument_at, added);
                let former = self.session.helo.replace(name);
                self.former_helo = self.former_helo.or(former);
                if self.session.protocol == Protocol::Unknown {
                    self.session.protocol = Protocol::of(verb);
                }
            }
            Verb::Data => self.wait_for(Awaited::Data, line.asked),
            _ => {}
        }
    }

    /// EHLO, HELO or LHLO was answered: who is refused keeps its name (RFC 5321 §4.1.4).
    pub(super) fn hello_answered(&mut self, code: u16) {
        let former = self.former_helo.take();
        if code >= 400 {
            self.session.helo = former.or(self.session.helo);
        }
    }

    /// A command of the transaction's beginning was added.
    // A part of the straight path of a command.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn mail(
        &mut self,
        command: Command<'_>,
        plain: Option<PlainPath<'_>>,
        added: Added,
        is_cut: bool,
    ) {
        let (path, size) = match plain {
            Some(PlainPath { address, address_at, params }) => {
                self.note_plain(params);
                (Some((address, address_at)), params.size)
            }
            None => self.unusual_mail(command),
        };
        let path = path.filter(|_| !is_cut);
        let from = path.map(|(address, at)| self.keep_part(address, at, added));
        let (most, _) = self.most_mails();
        let message = self.mails.mail(&mut self.session, most, added.index, from, size);
        self.owe(|owed| owed.set_message(message));
    }

    /// The path of any command of the transaction's beginning, with its place, and SIZE.
    #[inline(never)]
    fn unusual_mail<'a>(
        &mut self,
        command: Command<'a>,
    ) -> (Option<(&'a [u8], usize)>, Option<u64>) {
        let usual = command::usual_path(&command).filter(|_| command.verb == Verb::Mail);
        if let Some(path) = usual
            && let Some(params) = command::plain_params(path.rest)
        {
            self.note_plain(params);
            return (Some((path.address, path.address_at)), params.size);
        }
        let envelope = command::envelope(&command);
        let plain = envelope.as_ref().and_then(Envelope::plain_params);
        match plain {
            Some(plain) if command.verb == Verb::Mail => self.note_plain(plain),
            _ => self.note_used(&command, envelope.as_ref()),
        }
        let size = match plain {
            Some(plain) => plain.size,
            None => envelope.as_ref().and_then(Envelope::size),
        };
        let given = envelope.filter(|given| !given.path.whole.is_empty());
        (given.map(|given| (given.path.address, given.path.address_at)), size)
    }

    fn note_plain(&mut self, params: PlainParams) {
        if params.size.is_some() {
            self.session.used.add(SIZE);
        }
        if params.has_body {
            self.session.used.add(EIGHTBITMIME);
        }
    }

    // A part of the straight path of a command.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn rcpt(&mut self, command: Command<'_>, plain: Option<PlainPath<'_>>, added: Added) {
        let path = match plain {
            Some(path) => Some((path.address, path.address_at)),
            None => self.unusual_rcpt(command),
        };
        let address =
            path.map_or(Span::default(), |(address, at)| self.keep_part(address, at, added));
        let (_, most) = self.most_mails();
        let recipient = self.mails.rcpt(&mut self.session, most, added.index, address);
        if let Some(owed) = self.owed.back_mut() {
            owed.set_recipient(recipient);
        }
    }

    /// The path of any RCPT, with its place.
    #[inline(never)]
    fn unusual_rcpt<'a>(&mut self, command: Command<'a>) -> Option<(&'a [u8], usize)> {
        if let Some(path) = command::usual_path(&command).filter(|path| path.rest.is_empty()) {
            return Some((path.address, path.address_at));
        }
        let envelope = command::envelope(&command);
        self.note_used(&command, envelope.as_ref());
        envelope.map(|given| (given.path.address, given.path.address_at))
    }

    /// A command that few sessions have.
    #[inline(never)]
    fn unusual_command(&mut self, line: &Line<'_>) {
        let command = &Command::parse(line.text);
        let verb = command.verb;
        // No other holds a secret.
        let secret = match verb {
            Verb::Auth | Verb::Other => self.secret_in(command, line.text),
            _ => None,
        };
        if self.tap.is_some() || secret.is_some() {
            self.hear_line(line, secret.clone());
        }
        if verb != Verb::Other {
            self.secrets_near = verb == Verb::Auth;
        } else if secrets::begins_auth(command) {
            self.secrets_near = true;
        }
        let request = Request::Command(verb);
        if matches!(verb, Verb::Send | Verb::Soml | Verb::Saml) {
            let added = self.add_exchange(request, line, None, None, false);
            self.mail(*command, None, added, line.cut);
            return;
        }
        self.session.used.0 |= extension::used_by(command, None);
        let message = if verb == Verb::Bdat { self.mails.current() } else { None };
        if verb == Verb::Other {
            self.note_stray();
        }
        let index = self.push_exchange(request, line, secret.as_ref(), message);
        match verb {
            // Of a size that is cut nobody knows how it goes on.
            Verb::Bdat if !line.cut => self.bdat(command, index, line.asked),
            Verb::Bdat => {
                if let Some(message) = mail::message_mut(&mut self.session, message) {
                    message.cut = true;
                }
            }
            Verb::Auth => self.auth_begins(command, index, line),
            _ => {}
        }
        if let Some(awaited) = awaited(verb) {
            self.wait_for(awaited, line.asked);
        }
    }

    /// A line that is no command comes: if right behind a chunk, the end of that is worth keeping.
    fn note_stray(&mut self) {
        let session = &mut *self.session;
        let before = session.exchanges.last();
        let chunk = before.filter(|before| before.request == Request::Command(Verb::Bdat));
        let message = chunk.and_then(|chunk| chunk.message);
        if let Some(chunks) =
            mail::message_mut(session, message).and_then(|message| message.chunks.as_mut())
        {
            chunks.stray = true;
        }
    }

    /// The reply to `line` decides how the client's next bytes are read.
    fn wait_for(&mut self, awaited: Awaited, asked: Mark) {
        self.mode = Mode::Await(awaited);
        if self.is_script() {
            // No reply will come, but the next line must be there to judge by.
            self.mode = match awaited {
                Awaited::Data => {
                    self.begin_content(asked);
                    Mode::Content
                }
                Awaited::Starttls => Mode::Command,
                Awaited::Auth => Mode::Unknown,
            };
        }
    }

    /// Where a secret stands in a line that is taken as `command`.
    #[inline(never)]
    pub(super) fn secret_in(&self, command: &Command<'_>, line: &[u8]) -> Option<Range<usize>> {
        let near = match (self.secrets_near, self.state.inferred) {
            (true, _) => Near::Auth,
            (_, true) => Near::Perhaps,
            _ => Near::No,
        };
        secrets::in_command(command, line, near).filter(|secret| self.is_to_hide(line, secret))
    }

    /// Keeps `part`, which stands at `at` in the line of the exchange that was just added: as
    /// part of that line, if it was kept. Such lines hold no secret.
    #[inline]
    fn keep_part(&mut self, part: &[u8], at: usize, added: Added) -> Span {
        match added.index {
            Some(_) => added.line.part(at, part.len()),
            None => self.keep(part),
        }
    }

    /// Changes the command that was just added to those that are owed a reply.
    #[inline]
    pub(super) fn owe(&mut self, change: impl FnOnce(&mut Owed)) {
        if let Some(owed) = self.owed.back_mut() {
            change(owed);
            let (exchange, message) = (owed.exchange(), owed.message());
            if let Some(exchange) = exchange_mut(&mut self.session, exchange) {
                exchange.message = message;
            }
        }
    }

    /// Adds an exchange and owes it a reply; returns its index if it is kept.
    #[inline(never)]
    pub(super) fn push_exchange(
        &mut self,
        request: Request,
        line: &Line<'_>,
        secret: Option<&Range<usize>>,
        message: Option<u32>,
    ) -> Option<u32> {
        self.add_exchange(request, line, secret, message, false).index
    }

    /// Adds an exchange and owes it a reply.
    // A part of the straight path of a command.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn add_exchange(
        &mut self,
        request: Request,
        line: &Line<'_>,
        secret: Option<&Range<usize>>,
        message: Option<u32>,
        is_plain: bool,
    ) -> Added {
        let seen = line.start.seen;
        if self.nonsense.is_some() {
            self.nonsense = None;
        }
        if self.lost.is_some() {
            self.end_unsureness(seen);
        }
        let kept = self.session.exchanges.len();
        let is_first = kept == 0;
        let unseen = seen.is_some_and(|seen| seen < self.answered_to) && !is_first;
        if is_first && self.session.elided_exchanges == 0 {
            self.note_early(seen);
        }
        // Of a script nobody knows when its lines are sent.
        // Where the last reply is missing, what the client had seen tells.
        let knew = self
            .lost_of_server()
            .is_some_and(|(from, _)| seen.is_some_and(|seen| seen > from.max(self.answered_to)));
        let waits = !knew && !self.owed.is_empty();
        let pipelined = (waits || unseen) && !self.is_script();
        // Lines that are no commands use no extension.
        if pipelined && request != Request::Command(Verb::Other) {
            self.session.used.add(PIPELINING);
        }
        let added = if kept < self.settings.limits.exchanges && self.has_room() {
            let (span, masked) = if secret.is_some() || line.masked.is_some() {
                self.keep_masked(&{ *line }, secret)
            } else if self.reply.is_some() {
                (self.keep(line.text), None)
            } else {
                // What has room for a command is not full.
                (self.session.text.keep(line.text), None)
            };
            make_room(&mut self.session.exchanges);
            self.session.exchanges.push(Exchange {
                request,
                line: span,
                octets: line.octets,
                line_end: line.end,
                asked: line.asked,
                pipelined,
                hasty: false,
                masked,
                cut: line.cut,
                // Of a text that is full, nothing is kept.
                plain: is_plain && span.len as usize == line.text.len(),
                before: self.state,
                reply: None,
                message,
            });
            Added { index: u32::try_from(kept).ok(), line: span }
        } else {
            self.session.elided_exchanges += 1;
            Added { index: None, line: Span::default() }
        };
        self.owed.push_back(Owed::new(request, line.until, seen, added.index, message));
        // A client that never waits cannot make the queue grow for ever.
        if self.owed.len() > self.settings.limits.exchanges {
            self.owed.pop_front();
            self.lost_mut().forgotten += 1;
        }
        added
    }

    /// The client's first command was sent with `seen` of the server's stream seen.
    fn note_early(&mut self, seen: Option<u64>) {
        let is_known = !self.state.inferred && !self.is_script();
        let is_early =
            seen.is_some_and(|seen| !self.state.greeted || seen < self.answered_to) && is_known;
        self.session.early = is_early;
    }

    /// Keeps a line without the secret in it, and gives how many bytes of one it had.
    #[inline(never)]
    fn keep_masked(
        &mut self,
        line: &Line<'_>,
        secret: Option<&Range<usize>>,
    ) -> (Span, Option<u32>) {
        let hidden = secret.map(|range| range.len() as u64);
        let hidden = hidden.or(line.masked.map(|masked| masked.bytes.unwrap_or_default()));
        let span = match secret {
            Some(range) => self.keep(&masked(line.text, range)),
            None => self.keep(line.text),
        };
        (span, hidden.map(|hidden| u32::try_from(hidden).unwrap_or(u32::MAX)))
    }

    /// The client goes on with `seen` of the server's stream seen: if that ends the doubt about
    /// which command was answered how, those before stay without a reply.
    pub(super) fn end_unsureness(&mut self, seen: Option<u64>) {
        let Some(lost) = self.lost.as_mut().filter(|lost| lost.unsure.is_some()) else { return };
        let known = lost.unsure.zip(seen).is_some_and(|(from, seen)| seen >= from);
        if known || self.owed.is_empty() {
            lost.unsure = None;
            lost.server_gap = None;
            self.owed.clear();
        }
    }

    fn note_used(&mut self, command: &Command<'_>, envelope: Option<&Envelope<'_>>) {
        // Most commands are of no extension: not worth a look at the table.
        let may_have = matches!(command.verb, Verb::Mail | Verb::Rcpt);
        if may_have && envelope.is_some_and(|given| !given.may_have_params()) {
            return;
        }
        self.session.used.0 |= extension::used_by(command, envelope);
    }

    pub(super) fn bdat(&mut self, command: &Command<'_>, exchange: Option<u32>, asked: Mark) {
        let Some(chunk) = command::bdat(command.argument) else { return };
        if self.mails.chunks_begin(&mut self.session, asked) {
            self.new_scanner();
        }
        self.owe(|owed| owed.last = chunk.last);
        // No stream is longer than a u64 can say.
        let left = u64::try_from(chunk.octets).unwrap_or(u64::MAX);
        let message = self.mails.current();
        if let Some(message) = mail::message_mut(&mut self.session, message) {
            message.chunks.get_or_insert_default().begin(exchange, left, chunk.last);
        }
        self.mode = Mode::Chunk { left, last: chunk.last, exchange, message };
        if chunk.octets == 0 {
            self.chunk_ends(asked);
        }
    }
}

/// `line` with `secret` replaced.
fn masked(line: &[u8], secret: &Range<usize>) -> Vec<u8> {
    let before = line.get(..secret.start).unwrap_or(line);
    let after = line.get(secret.end..).unwrap_or_default();
    [before, secrets::MASK, after].concat()
}

/// Whether `line` can hardly be anything but a command: a line of text that merely begins with
/// a verb's word is none.
pub(crate) fn is_surely_command(line: &[u8]) -> bool {
    let command = Command::parse(line);
    let argument = command.argument.trim_ascii();
    let one_word = !argument.is_empty() && !argument.iter().any(u8::is_ascii_whitespace);
    let label = |label: &[u8]| {
        argument.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label))
    };
    command.word_at == 0
        && match command.verb {
            Verb::Data | Verb::Rset | Verb::Quit | Verb::Starttls | Verb::Turn => {
                argument.is_empty()
            }
            Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml => label(b"FROM:"),
            Verb::Rcpt => label(b"TO:"),
            Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Etrn | Verb::Vrfy | Verb::Expn => one_word,
            Verb::Bdat => command::bdat(argument).is_some(),
            Verb::Auth => argument.iter().all(|&b| b.is_ascii_graphic() || b == b' '),
            Verb::Noop => argument.is_empty() || one_word,
            Verb::Xclient | Verb::Xforward => argument.contains(&b'='),
            Verb::Help | Verb::Atrn | Verb::Burl | Verb::Other => false,
        }
}

/// Whether the reply to `verb` decides how the client's next bytes are read.
fn awaited(verb: Verb) -> Option<Awaited> {
    match verb {
        Verb::Data => Some(Awaited::Data),
        Verb::Starttls => Some(Awaited::Starttls),
        Verb::Auth => Some(Awaited::Auth),
        _ => None,
    }
}

/// Makes room for one more: doubling would cost an open session more than it holds.
#[inline]
fn make_room<A: smallvec::Array>(list: &mut SmallVec<A>) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 2 + 1);
    }
}
