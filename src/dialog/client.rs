//! The client's stream: which bytes are a command, content, an AUTH line or TLS.

use super::command::is_surely_command;
use super::content::{Candidate, Scanner};
use super::lines::Begun;
use super::session::{Mark, Request, ResyncWhy};
use super::{Awaited, Dialog, Masked, Mode, Start, exchange_mut, mail, secrets};
use crate::chunk::{Gap, Side};
use crate::limits::Limits;
use crate::smtp::command::Verb;
use crate::smtp::line::{LineEnd, strip_end};
use crate::smtp::scan::find;
use std::collections::VecDeque;

/// A piece of the client's stream that is set aside.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) start: Start,
    pub(super) what: ParkedWhat,
    /// The input has masked a secret in it.
    pub(super) masked: Option<Masked>,
}

/// What a parked piece holds.
#[derive(Debug)]
pub(super) enum ParkedWhat {
    /// Bytes, and how many of them are read already.
    Data(Vec<u8>, usize),
    Gap(Gap),
}

/// What of the client's stream is set aside, in order: nothing, mostly.
#[derive(Debug, Default)]
// Clippy would have the queue itself: that is 32 bytes of each open session.
#[allow(clippy::box_collection)]
pub(super) struct Parking(Option<Box<VecDeque<Parked>>>);

impl Parking {
    /// The pieces.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Parked> {
        self.0.iter().flat_map(|pieces| pieces.iter())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|pieces| pieces.is_empty())
    }

    /// How many pieces.
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |pieces| pieces.len())
    }

    fn push_back(&mut self, piece: Parked) {
        self.0.get_or_insert_default().push_back(piece);
    }

    fn push_front(&mut self, piece: Parked) {
        self.0.get_or_insert_default().push_front(piece);
    }

    fn pop_front(&mut self) -> Option<Parked> {
        self.0.as_mut()?.pop_front()
    }

    fn back_mut(&mut self) -> Option<&mut Parked> {
        self.0.as_mut()?.back_mut()
    }
}

/// A client line with where it stands.
pub(super) struct Line<'a> {
    /// Without its line end.
    pub(super) text: &'a [u8],
    /// Of the bytes kept, with the line end.
    pub(super) raw: &'a [u8],
    pub(super) octets: u64,
    pub(super) end: LineEnd,
    pub(super) start: Start,
    /// The chunk that completed it.
    pub(super) asked: Mark,
    /// Offset after it.
    pub(super) until: u64,
    pub(super) cut: bool,
    /// The input has masked a secret in it.
    pub(super) masked: Option<Masked>,
}

impl Dialog {
    /// Takes the next bytes of the client.
    pub(super) fn client_data(&mut self, start: Start, bytes: &[u8]) {
        if self.doubt.is_some() {
            self.doubt_client(start, bytes);
        }
        let used = self.read_client(start, bytes);
        let rest = bytes.get(used..).unwrap_or_default();
        if !rest.is_empty() {
            let start = Start { offset: start.offset + used as u64, ..start };
            self.park(start, rest, used == 0);
        }
    }

    /// Sets bytes of the client aside; `is_all` if none of its piece was read.
    #[inline(never)]
    fn park(&mut self, start: Start, rest: &[u8], is_all: bool) {
        self.parked_bytes += rest.len();
        let masked = if is_all { self.masked.take() } else { None };
        let what = ParkedWhat::Data(rest.to_vec(), 0);
        self.parked.push_back(Parked { start, what, masked });
        while let Mode::Await(awaited) = self.mode
            && self.parked_bytes > self.settings.limits.parked_bytes
        {
            self.resync(Side::Client, ResyncWhy::Parked, start.mark);
            self.read_without_reply(awaited);
        }
    }

    /// Reads bytes of the client until a reply must say how to go on; returns how many.
    fn read_client(&mut self, start: Start, bytes: &[u8]) -> usize {
        let mut start = start;
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let used = match self.mode {
                Mode::Await(_) => return at,
                Mode::Content => self.content(start, rest),
                Mode::Chunk { .. } => self.chunk(start, rest),
                Mode::Tls => {
                    self.read_tls(Side::Client, None, rest, start.mark);
                    rest.len()
                }
                Mode::Command | Mode::Unknown | Mode::Sasl => self.line_part(start, rest),
            };
            at += used;
            start.offset += used as u64;
        }
        at
    }

    /// Takes missing bytes of the client.
    pub(super) fn client_gap(&mut self, start: Start, gap: Gap) {
        // With a command missing, a reply too many proves nothing.
        self.doubt = None;
        if matches!(self.mode, Mode::Await(_)) {
            self.park_gap(start, gap);
            return;
        }
        let inside = match &mut self.mode {
            Mode::Chunk { left, .. } => {
                let inside = gap.bytes.min(*left);
                *left -= inside;
                inside
            }
            _ => gap.bytes,
        };
        match self.mode {
            Mode::Content => {
                self.note_gap(Side::Client, gap, start.mark);
                self.content_gap(start, gap);
                return;
            }
            Mode::Chunk { left, message, .. } => {
                self.note_gap(Side::Client, Gap { bytes: inside, ..gap }, start.mark);
                if let Some(message) = mail::message_mut(&mut self.session, message) {
                    message.content.missing += inside;
                    self.scanner.get_or_insert_default().gap(inside);
                }
                if left == 0 {
                    self.chunk_ends(start.mark);
                }
                let rest = Gap { bytes: gap.bytes - inside, ..gap };
                if rest.bytes > 0 {
                    let start = Start { offset: start.offset + inside, ..start };
                    self.client_gap(start, rest);
                }
                return;
            }
            _ => {}
        }
        // What was begun is all there is of its line.
        if let Some(begun) = self.client.open() {
            begun.cut = true;
            self.flush_client();
            // The rest of that line comes after the gap, and both after the reply to it.
            if matches!(self.mode, Mode::Await(_)) {
                self.park_gap(start, gap);
                return;
            }
        }
        self.note_gap(Side::Client, gap, start.mark);
        if !self.owed.is_empty() {
            let from = self.position.server + 1;
            self.lost_mut().unsure.get_or_insert(from);
        }
        if matches!(self.mode, Mode::Command | Mode::Sasl) {
            self.mode = Mode::Unknown;
            self.resync(Side::Client, ResyncWhy::Gap, start.mark);
        }
    }

    /// Sets missing bytes aside; gaps one after the other are one.
    fn park_gap(&mut self, start: Start, gap: Gap) {
        if let Some(Parked { what: ParkedWhat::Gap(before), .. }) = self.parked.back_mut() {
            before.bytes = before.bytes.saturating_add(gap.bytes);
            before.acked &= gap.acked;
            return;
        }
        self.parked.push_back(Parked { start, what: ParkedWhat::Gap(gap), masked: None });
    }

    /// Reads what was set aside as if no reply were to come: content after DATA unless it looks
    /// like commands.
    pub(super) fn read_without_reply(&mut self, awaited: Awaited) {
        let is_command = self.first_parked_line().is_none_or(|line| is_surely_command(&line));
        self.mode = match awaited {
            Awaited::Data if is_command => Mode::Command,
            Awaited::Data => {
                let mark =
                    self.parked.iter().next().map_or(Mark::default(), |piece| piece.start.mark);
                if !self.is_script() {
                    self.resync(Side::Server, ResyncWhy::ReplyMissing, mark);
                }
                self.begin_content(mark);
                Mode::Content
            }
            Awaited::Auth if !is_command => Mode::Sasl,
            Awaited::Starttls | Awaited::Auth => Mode::Command,
        };
        self.unpark();
    }

    /// The first line that was set aside, without its line end; `None` if a gap comes first.
    fn first_parked_line(&self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        for parked in self.parked.iter() {
            let ParkedWhat::Data(data, from) = &parked.what else { break };
            let rest = data.get(*from..).unwrap_or_default();
            let end = find(b'\n', rest);
            line.extend_from_slice(rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest));
            if end.is_some() || line.len() > self.settings.limits.line_bytes {
                break;
            }
        }
        (!line.is_empty()).then(|| strip_cr(&line).to_vec())
    }

    /// Reads what was set aside, now that it is known how.
    pub(super) fn unpark(&mut self) {
        while !matches!(self.mode, Mode::Await(_)) {
            let Some(parked) = self.parked.pop_front() else { return };
            self.masked = parked.masked.or(self.masked);
            match parked.what {
                ParkedWhat::Data(data, from) => {
                    let rest = data.get(from..).unwrap_or_default();
                    let used = self.read_client(parked.start, rest);
                    self.parked_bytes -= used;
                    if used < rest.len() {
                        let start =
                            Start { offset: parked.start.offset + used as u64, ..parked.start };
                        let what = ParkedWhat::Data(data, from + used);
                        self.parked.push_front(Parked { start, what, masked: None });
                    }
                }
                ParkedWhat::Gap(gap) => self.client_gap(parked.start, gap),
            }
        }
    }

    /// Reads a line or part of one; returns how many bytes.
    #[inline]
    fn line_part(&mut self, start: Start, bytes: &[u8]) -> usize {
        // The usual case: a whole line that begins here, and not with a TLS record.
        if !self.client.is_open()
            && bytes.first() != Some(&0x16)
            && let Some(piece) = find(b'\n', bytes).and_then(|lf| bytes.get(..=lf))
            && piece.len() <= self.settings.limits.line_bytes
        {
            let (text, end) = strip_end(piece);
            let masked = self.masked.take();
            let octets = piece.len() as u64;
            self.whole_line(&Line {
                text,
                raw: piece,
                octets,
                end,
                start,
                asked: start.mark,
                until: start.offset + octets,
                cut: false,
                masked,
            });
            return piece.len();
        }
        self.unusual_line_part(start, bytes)
    }

    /// Reads part of a line, or what may be TLS; returns how many bytes.
    #[inline(never)]
    fn unusual_line_part(&mut self, start: Start, bytes: &[u8]) -> usize {
        if let Some(used) = self.tls_hello(start, bytes) {
            return used;
        }
        let most = self.settings.limits.line_bytes;
        let Some(lf) = find(b'\n', bytes) else {
            self.client.add(start, bytes, most);
            return bytes.len();
        };
        let used = lf + 1;
        let until = start.offset + used as u64;
        let piece = bytes.get(..used).unwrap_or(bytes);
        self.client.add(start, piece, most);
        if let Some(begun) = self.client.take() {
            self.line(begun.start, start.mark, &begun.text, begun.octets, until, begun.cut);
        }
        used
    }

    /// Takes a whole line as it stands on the wire.
    #[inline(never)]
    fn line(&mut self, start: Start, asked: Mark, raw: &[u8], octets: u64, until: u64, cut: bool) {
        let (text, end) = strip_end(raw);
        let masked = self.masked.take();
        self.whole_line(&Line { text, raw, octets, end, start, asked, until, cut, masked });
    }

    /// Takes a whole line.
    #[inline]
    fn whole_line(&mut self, line: &Line<'_>) {
        match self.mode {
            Mode::Sasl => self.auth_line(line),
            Mode::Unknown => self.unknown_line(line),
            _ => self.command(line),
        }
    }

    /// The stream ends inside a line, or bytes are missing there.
    pub(super) fn flush_client(&mut self) {
        let Some(Begun { text, octets, start, cut }) = self.client.take() else { return };
        self.line(start, start.mark, &text, octets, start.offset + octets, cut);
    }

    /// Whether the client's next bytes are TLS; returns how many are used up by that.
    fn tls_hello(&mut self, start: Start, bytes: &[u8]) -> Option<usize> {
        let mut head = [0; 3];
        let head = self.client.head(bytes, &mut head);
        if self.client.octets() >= 3 || head.first() != Some(&0x16) {
            return None;
        }
        let whole = [0x16, 3];
        if head.len() < 3 && whole.starts_with(head.get(..head.len().min(2)).unwrap_or_default()) {
            self.client.add(start, bytes, 3);
            return Some(bytes.len());
        }
        if !head.starts_with(&whole) || head.get(2).is_none_or(|&minor| minor > 4) {
            return None;
        }
        let begun = self.client.take();
        let (octets, since) =
            begun.as_ref().map_or((0, start), |begun| (begun.octets, begun.start));
        if !self.state.tls && self.state.greeted {
            // TLS to a server that greeted in clear and was not asked: a line that is no command.
            let line = Line {
                text: head,
                raw: head,
                octets: octets + bytes.len() as u64,
                end: LineEnd::None,
                start: since,
                asked: start.mark,
                until: start.offset + bytes.len() as u64,
                cut: false,
                masked: None,
            };
            self.push_exchange(Request::Command(Verb::Other), &line, None, None);
        }
        self.mode = Mode::Tls;
        self.read_tls(Side::Client, begun.as_ref(), bytes, start.mark);
        Some(bytes.len())
    }

    /// Reads octets of a chunk; returns how many.
    fn chunk(&mut self, start: Start, bytes: &[u8]) -> usize {
        let Mode::Chunk { left, message, .. } = &mut self.mode else { return bytes.len() };
        let used = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        let octets = bytes.get(..used).unwrap_or(bytes);
        *left -= used as u64;
        let (done, message) = (*left == 0, *message);
        if let Some(message) = mail::message_mut(&mut self.session, message) {
            let scanner = self.scanner.get_or_insert_default();
            let was_header = !scanner.is_behind_header();
            scanner.read_chunk(&mut message.content, octets);
            if was_header && scanner.is_behind_header() {
                message.header_end = Some(Box::new(start.mark));
            }
        }
        self.hear_client(start, start.offset + used as u64, octets);
        if done {
            self.chunk_ends(start.mark);
        }
        used
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
        self.scanner = Some(Scanner::default());
    }

    /// Reads mail data; returns how many bytes.
    #[inline(never)]
    fn content(&mut self, start: Start, bytes: &[u8]) -> usize {
        let scanner = self.scanner.get_or_insert_default();
        let was_header = !scanner.is_behind_header();
        let read = scanner.read(bytes);
        if was_header
            && scanner.is_behind_header()
            && let Some(message) = mail::message_mut(&mut self.session, self.mails.current())
        {
            message.header_end = Some(Box::new(start.mark));
        }
        let used = bytes.get(..read.used).unwrap_or(bytes);
        let at = read.loose_end.map_or(0, |(at, _)| at);
        let behind = Start { offset: start.offset + at as u64, ..start };
        if let Some((_, facts)) = read.loose_end {
            scanner.candidate = Some(Box::new(Candidate {
                facts,
                offset: behind.offset,
                mark: start.mark,
                is_gap: false,
                tail: Vec::new(),
                tail_bytes: 0,
            }));
        }
        if !read.ended {
            scanner.follow(behind, used.get(at..).unwrap_or_default(), &self.settings.limits);
        }
        // Behind a loose end the content may turn out to be commands: nothing secret of them is
        // heard before that is known.
        let is_doubtful = scanner.candidate.is_some();
        let hides = is_doubtful && self.tap.is_some() && !self.settings.show_secrets;
        let masked = if hides { secrets::in_content(used) } else { None };
        self.hear_client(start, start.offset + read.used as u64, masked.as_deref().unwrap_or(used));
        if read.ended {
            self.doubt(behind, used.get(at..).unwrap_or_default());
            let until = start.offset + read.used as u64;
            self.end_of_data(start, until, LineEnd::CrLf);
        }
        read.used
    }

    fn content_gap(&mut self, start: Start, gap: Gap) {
        let scanner = self.scanner.get_or_insert_default();
        scanner.gap(gap.bytes);
        scanner.candidate = Some(Box::new(Candidate {
            facts: scanner.facts,
            offset: start.offset + gap.bytes,
            mark: start.mark,
            is_gap: true,
            tail: Vec::new(),
            tail_bytes: 0,
        }));
    }

    /// Mail data ended; the line that ended it was completed by `start`.
    pub(super) fn end_of_data(&mut self, start: Start, until: u64, end: LineEnd) {
        let facts = self.scanner.take().map(|scanner| scanner.facts).unwrap_or_default();
        let index = self.mails.current();
        if let Some(message) = mail::message_mut(&mut self.session, index) {
            message.content = facts;
            message.ended = true;
            // What was read behind a loose end was no content.
            let place = start.mark.place;
            message.header_end.take_if(|mark| mark.place > place);
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

impl Scanner {
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

/// Whether what follows a gap is commands, as far as it goes: nothing, or a first line that is
/// surely one. The tail of a line, up to its end, says nothing.
pub(super) fn is_command_start(tail: &[Parked]) -> bool {
    let mut text = Vec::new();
    for piece in tail {
        if let ParkedWhat::Data(data, _) = &piece.what {
            text.extend_from_slice(data.get(..data.len().min(1024)).unwrap_or(data));
        }
        if text.len() > 1024 {
            break;
        }
    }
    let mut lines = text.split(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let second = lines.next().unwrap_or_default();
    let is_command = |line: &[u8]| line.is_empty() || is_surely_command(strip_cr(line));
    is_command(first) || strip_cr(first) == b"." && is_command(second)
}

fn strip_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
