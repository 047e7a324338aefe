//! The client's stream where it is mail data: that of DATA, chunks of BDAT, what a log leaves out.

use super::client::{Line, Parked, ParkedWhat, is_command_start};
use super::content::{Candidate, Loose, Scanner};
use super::odd::Odd;
use super::session::{Content, Hidden, Mark, Request};
use super::{Dialog, Mode, Start, exchange_mut, mail, secrets};
use crate::chunk::{Gap, Side};
use crate::limits::Limits;
use crate::smtp::command::Verb;
use crate::smtp::line::LineEnd;

impl Dialog {
    /// Reads octets of a chunk; returns how many.
    pub(super) fn chunk(&mut self, start: Start, bytes: &[u8]) -> usize {
        let Mode::Chunk { left, message, .. } = &mut self.mode else { return bytes.len() };
        let used = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        let octets = bytes.get(..used).unwrap_or(bytes);
        *left -= used as u64;
        let (done, message) = (*left == 0, *message);
        if let Some(message) = mail::message_mut(&mut self.session, message) {
            let scanner = self.scanner.get_or_insert_default();
            let was_header = self.settings.events && !scanner.is_behind_header();
            scanner.read_chunk(&mut message.content, &mut message.odd, octets, start.mark);
            if was_header && scanner.is_behind_header() {
                message.header_end = Some(Box::new(start.mark));
            }
            if let Some(chunks) = &mut message.chunks {
                chunks.came(octets);
            }
        }
        if self.settings.redact.is_some() {
            self.hear_elided(start.offset + used as u64, octets.len() as u64);
        } else {
            self.hear_client(start, start.offset + used as u64, octets);
        }
        if done {
            self.chunk_ends(start.mark);
        }
        used
    }

    /// Mail data is left out, so many bytes if the input says.
    pub(super) fn elided(&mut self, bytes: Option<u64>, start: Start) {
        if let Some(tap) = &mut self.tap {
            tap.elided(bytes);
        }
        match &mut self.mode {
            Mode::Content => {
                self.scanner.get_or_insert_default().hide(bytes);
            }
            Mode::Chunk { left, message, .. } => {
                let hidden = bytes.unwrap_or(*left).min(*left);
                *left -= hidden;
                let (is_done, message) = (*left == 0, *message);
                if let Some(message) = mail::message_mut(&mut self.session, message) {
                    message.content.hide(Some(hidden));
                    if let Some(chunks) = &mut message.chunks {
                        chunks.missed(hidden);
                    }
                }
                if is_done {
                    self.chunk_ends(start.mark);
                }
            }
            // Nothing is expected here that could be left out.
            _ => {}
        }
    }

    /// The last octet of a chunk came with `mark`.
    pub(super) fn chunk_ends(&mut self, mark: Mark) {
        let Mode::Chunk { last, exchange, message, .. } = self.mode else { return };
        if let Some(tap) = &mut self.tap {
            tap.cut(Side::Client);
        }
        self.mode = Mode::Command;
        if let Some(exchange) = exchange_mut(&mut self.session, exchange)
            && exchange.reply.is_none()
        {
            exchange.asked = mark;
        }
        if last {
            if let Some(message) = mail::message_mut(&mut self.session, message) {
                message.ended = true;
                if let Some(odd) = &mut message.odd {
                    odd.finish(false, self.settings.show_secrets);
                    self.odd_bytes = self.odd_bytes.saturating_add(odd.held());
                }
            }
            self.mails.over();
        }
    }

    /// Content of DATA begins, with what showed it.
    pub(super) fn begin_content(&mut self, mark: Mark) {
        if self.mails.current().is_none() {
            self.mails.without_mail(&mut self.session, self.settings.limits.messages);
        }
        self.mails.content_begins(&mut self.session, mark);
        self.new_scanner();
    }

    /// Content of a message begins.
    pub(super) fn new_scanner(&mut self) {
        let is_brief = self.odd_bytes > self.settings.limits.session_text;
        let mut scanner = Scanner::default();
        scanner.is_brief = is_brief;
        self.scanner = Some(scanner);
    }

    /// Reads mail data; returns how many bytes.
    #[inline(never)]
    pub(super) fn content(&mut self, start: Start, bytes: &[u8]) -> usize {
        let scanner = self.scanner.get_or_insert_default();
        // What came last before the content is the reply that permitted it.
        if start.seen.is_some_and(|seen| seen < self.answered_to)
            && scanner.is_new()
            && let Some(data) = self.session.exchanges.last_mut()
        {
            data.hasty = data.request == Request::Command(Verb::Data);
        }
        let was_header = self.settings.events && !scanner.is_behind_header();
        let read = scanner.read(bytes, start.mark);
        if was_header
            && scanner.is_behind_header()
            && let Some(message) = mail::message_mut(&mut self.session, self.mails.current())
        {
            message.header_end = Some(Box::new(start.mark));
        }
        let used = bytes.get(..read.used).unwrap_or(bytes);
        let mut at = 0;
        for loose in &read.loose {
            let piece = used.get(at..loose.at).unwrap_or_default();
            scanner.follow(start.behind(at), piece, &self.settings.limits);
            at = loose.at;
            scanner.meet(loose, start.behind(at));
        }
        let behind = start.behind(at);
        if !read.ended {
            scanner.follow(behind, used.get(at..).unwrap_or_default(), &self.settings.limits);
        }
        // Behind a loose end the content may turn out to be commands: nothing secret of them is
        // heard before that is known.
        let is_doubtful = scanner.candidate.is_some();
        let hides = is_doubtful && self.tap.is_some() && !self.settings.show_secrets;
        let masked = if hides { secrets::in_content(used) } else { None };
        let until = start.offset + read.used as u64;
        if self.settings.redact.is_none() {
            self.hear_client(start, until, masked.as_deref().unwrap_or(used));
        }
        if read.ended {
            self.doubt(behind, used.get(at..).unwrap_or_default());
            let until = start.offset + read.used as u64;
            self.end_of_data(start, until, LineEnd::CrLf);
        }
        read.used
    }

    /// The same of content of DATA with these facts: what the input itself leaves out the tap has
    /// heard of.
    #[cold]
    pub(super) fn hear_content_elided(&mut self, until: u64, facts: Content) {
        let octets = match facts.hidden {
            Hidden::Nothing => facts.octets,
            // All but the dot.
            Hidden::Octets => until.saturating_sub(self.heard).saturating_sub(3),
            Hidden::Unknown => 0,
        };
        if octets > 0 {
            self.hear_elided(until, octets);
        }
    }

    /// The tap hears that mail data up to offset `until` is left out.
    #[cold]
    fn hear_elided(&mut self, until: u64, octets: u64) {
        if let Some(tap) = &mut self.tap
            && until > self.heard
        {
            tap.resized(Side::Client, until - self.heard, 0);
            self.heard = until;
            tap.elided(Some(octets));
        }
    }

    pub(super) fn content_gap(&mut self, start: Start, gap: Gap) {
        let scanner = self.scanner.get_or_insert_default();
        scanner.gap(gap.bytes);
        scanner.candidate = Some(Box::new(Candidate {
            kind: None,
            facts: scanner.facts(),
            odd: None,
            offset: start.offset + gap.bytes,
            mark: start.mark,
            is_gap: true,
            tail: Vec::new(),
            tail_bytes: 0,
        }));
    }

    /// Mail data ended; the line that ended it was completed by `start`.
    pub(super) fn end_of_data(&mut self, start: Start, until: u64, end: LineEnd) {
        let (facts, odd) = match self.scanner.take() {
            Some(scanner) => (scanner.facts(), scanner.odd),
            None => <_>::default(),
        };
        self.content_ended(facts, odd, true);
        if let Some(message) = mail::message_mut(&mut self.session, self.mails.current()) {
            // What was read behind a loose end was no content.
            message.header_end.take_if(|mark| mark.place > start.mark.place);
        }
        let index = self.mails.current();
        if self.settings.redact.is_some() && until > self.heard {
            self.hear_content_elided(until, facts);
            // An end that only a lenient server has seen is one for the reader, too.
            let dot: &[u8] = if end == LineEnd::Lf { b".\n" } else { b".\r\n" };
            self.hear_resized(Side::Client, 0, dot.len() as u64);
            self.hear(Side::Client, start.mark.at, start.seen, dot);
        }
        self.mode = Mode::Command;
        let line = Line {
            text: b".",
            raw: b".",
            octets: 3,
            end,
            start,
            asked: start.mark,
            until,
            cut: false,
            masked: None,
        };
        self.push_exchange(Request::EndOfData, &line, None, index);
        self.mails.over();
    }
}

impl Dialog {
    /// The content of the current message ended, or the session did.
    pub(super) fn content_ended(&mut self, facts: Content, odd: Option<Box<Odd>>, ended: bool) {
        let index = self.mails.current();
        let Some(message) = mail::message_mut(&mut self.session, index) else { return };
        message.content = facts;
        message.ended = ended;
        if let Some(mut odd) = odd {
            // What a server took for the end is not kept behind itself.
            odd.finish(ended && odd.taken.is_none(), self.settings.show_secrets);
            self.odd_bytes = self.odd_bytes.saturating_add(odd.held());
            message.odd = Some(odd);
        }
    }
}

impl Start {
    /// What begins `octets` later in the same piece.
    fn behind(self, octets: usize) -> Self {
        Self { offset: self.offset + octets as u64, ..self }
    }
}

impl Scanner {
    /// What looks like an end of data to lenient servers ends where `start` is.
    fn meet(&mut self, loose: &Loose, start: Start) {
        // The first that commands follow is the one where a lenient server reads them.
        let is_followed = |one: &Candidate| !one.is_gap && is_command_start(&one.tail);
        if self.candidate.as_deref().is_some_and(is_followed) {
            return;
        }
        let mut candidate = Candidate {
            kind: loose.kind,
            facts: loose.facts,
            odd: None,
            offset: start.offset,
            mark: start.mark,
            is_gap: false,
            tail: Vec::new(),
            tail_bytes: 0,
        };
        if loose.is_before {
            candidate.offset = candidate.offset.saturating_sub(1);
            candidate.tail_bytes = 1;
            let start = Start { offset: candidate.offset, ..start };
            let what = ParkedWhat::Data(b"\r".to_vec(), 0);
            candidate.tail.push(Parked { start, what, masked: None });
        }
        self.candidate = Some(Box::new(candidate));
    }

    /// Keeps what follows a candidate, within bounds; a candidate that is followed by too much
    /// is none.
    pub(super) fn follow(&mut self, start: Start, bytes: &[u8], limits: &Limits) {
        let Some(candidate) = &mut self.candidate else { return };
        candidate.tail_bytes += bytes.len();
        if candidate.tail_bytes > limits.parked_bytes {
            self.candidate = None;
        } else if !bytes.is_empty() {
            let what = ParkedWhat::Data(bytes.to_vec(), 0);
            candidate.tail.push(Parked { start, what, masked: None });
        }
    }
}
