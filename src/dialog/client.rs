//! The client's stream: which bytes are a command, content, an AUTH line or TLS.

use super::command::is_surely_command;
use super::lines::Begun;
use super::session::{Mark, Request, ResyncWhy};
use super::{Awaited, Dialog, Masked, Mode, Start, mail, secrets};
use crate::chunk::{Chunk, Gap, Side, Sides};
use crate::smtp::command::{Command, Verb};
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
#[derive(Clone, Copy)]
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
    /// Takes a chunk with the next bytes of the client.
    #[inline(never)]
    pub(super) fn client_chunk(&mut self, chunk: &Chunk<'_>, bytes: &[u8]) {
        let mark = self.come_to(chunk);
        let Sides { client: offset, server } = self.position;
        let start = Start { mark, seen: self.seen(chunk, server), offset };
        self.position.client += bytes.len() as u64;
        if self.doubt.is_some() {
            self.doubt_client(start, bytes);
        }
        let used = self.read_pieces(&start, bytes);
        if used < bytes.len() {
            self.park_rest(start, bytes, used);
        }
    }

    /// Takes bytes of the client, which were set aside or came with the next chunk.
    #[inline(never)]
    pub(super) fn client_data(&mut self, start: &Start, bytes: &[u8]) {
        if self.doubt.is_some() {
            self.doubt_client(*start, bytes);
        }
        let used = self.read_client(start, bytes);
        if used < bytes.len() {
            self.park_rest(*start, bytes, used);
        }
    }

    /// Sets aside what of `bytes` is not `used` yet.
    #[inline(never)]
    fn park_rest(&mut self, start: Start, bytes: &[u8], used: usize) {
        let rest = bytes.get(used..).unwrap_or_default();
        let start = Start { offset: start.offset + used as u64, ..start };
        self.park(start, rest, used == 0);
    }

    /// Sets bytes of the client aside; `is_all` if none of its piece was read.
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
    #[inline(never)]
    fn read_client(&mut self, start: &Start, bytes: &[u8]) -> usize {
        self.read_pieces(start, bytes)
    }

    /// The same as a part of the straight path of a chunk.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn read_pieces(&mut self, start: &Start, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let offset = start.offset + at as u64;
            at += match self.mode {
                Mode::Command => match self.whole_command(start, offset, rest) {
                    Some(used) => used,
                    None => self.line_part(Start { offset, ..*start }, rest),
                },
                Mode::Await(_) => return at,
                Mode::Content => self.content(Start { offset, ..*start }, rest),
                Mode::Chunk { .. } => self.chunk(Start { offset, ..*start }, rest),
                Mode::Tls => {
                    self.read_tls(Side::Client, None, rest, start.mark);
                    rest.len()
                }
                Mode::Unknown | Mode::Sasl => self.line_part(Start { offset, ..*start }, rest),
            };
        }
        at
    }

    /// Reads a whole command line, where nothing was begun before and nobody wants it changed:
    /// the usual case. Returns how many bytes.
    // As it is one straight path, it is to be compiled as one.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn whole_command(&mut self, start: &Start, offset: u64, bytes: &[u8]) -> Option<usize> {
        // Nor may it begin with a TLS record.
        if self.client.is_open()
            || self.masked.is_some()
            || self.settings.redact.is_some()
            || bytes.first() == Some(&0x16)
        {
            return None;
        }
        let lf = find(b'\n', bytes).filter(|&lf| lf < self.settings.limits.line_bytes)?;
        let (text, raw) = (bytes.get(..lf)?, bytes.get(..=lf)?);
        let (text, end) = match text {
            [text @ .., b'\r'] => (text, LineEnd::CrLf),
            _ => (text, LineEnd::Lf),
        };
        let octets = lf as u64 + 1;
        self.command(&Line {
            text,
            raw,
            octets,
            end,
            start: Start { offset, ..*start },
            asked: start.mark,
            until: offset + octets,
            cut: false,
            masked: None,
        });
        Some(lf + 1)
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
                    if let Some(chunks) = &mut message.chunks {
                        chunks.missed(inside);
                    }
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
                    let used = self.read_client(&parked.start, rest);
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
    #[inline(never)]
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
    fn whole_line(&mut self, line: &Line<'_>) {
        if self.settings.redact.is_some() {
            return self.redacted_line(line);
        }
        self.understand(line);
    }

    /// Takes a whole line without what names people and hosts.
    #[cold]
    fn redacted_line(&mut self, line: &Line<'_>) {
        let Some(redactor) = &self.settings.redact else { return };
        // A line of AUTH is masked whole, and a secret where it is known to be one.
        let command = Command::parse(line.text);
        let secret = match self.mode {
            Mode::Sasl => Some(0..line.text.len()),
            Mode::Unknown => None,
            _ => self.secret_in(&command, line.text),
        };
        let text = match secret {
            // The mechanism says nothing of anybody.
            Some(_) if secrets::begins_auth(&command) => line.text.to_vec(),
            Some(secret) => {
                let (head, tail) = line.text.split_at_checked(secret.start).unwrap_or_default();
                let masked = [&redactor.name(head), tail].concat();
                let again = self.secret_in(&Command::parse(&masked), &masked);
                if again == Some(secret) { masked } else { line.text.to_vec() }
            }
            None => redactor.command(line.text),
        };
        let end = line.raw.get(line.text.len()..).unwrap_or_default();
        let raw = [&text, end].concat();
        self.understand(&Line { text: &text, raw: &raw, ..*line });
    }

    /// Takes a whole line as it is to be understood.
    #[inline(never)]
    pub(super) fn understand(&mut self, line: &Line<'_>) {
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

/// Whether a line of `tail`, whichever octet ends lines, is surely a command.
pub(super) fn has_command(tail: &[Parked]) -> bool {
    let text = tail.iter().filter_map(|piece| match &piece.what {
        ParkedWhat::Data(data, _) => Some(data.as_slice()),
        ParkedWhat::Gap(_) => None,
    });
    let text = text.collect::<Vec<_>>().concat();
    text.split(|octet| matches!(octet, b'\r' | b'\n')).any(is_surely_command)
}

fn strip_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
