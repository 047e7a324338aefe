//! The pieces of a session → the text of a transcript.
//!
//! In: bytes of both sides, gaps and an end, in the order in which they were understood. Out:
//! text that [`Reader`](super::Reader) takes back as the same lines and that is fit for a
//! terminal. Does not know what the lines mean.

use super::note::Note;
use super::{Eol, Farewell, Secret, Sent};
use crate::chunk::{End, Gap, Shows, Side, Sides};
use crate::escape::{is_printable, push_escaped};
use crate::limits::Limits;
use crate::time::Stamp;
use std::net::SocketAddr;

/// Writes the text of one session.
///
/// Lines are cut at LF, wherever the pieces are cut; a line of a side stands where it ends.
#[derive(Debug)]
pub struct Writer {
    /// Digits of the second's fraction in the time column, if there is one.
    digits: Option<u8>,
    line_bytes: usize,
    unseen_lines: usize,
    out: String,
    partial: Sides<Partial>,
    /// Lines begun so far, which orders those that never end.
    begun: u64,
    tls: Sides<u64>,
    eol: Sides<Eol>,
    sent: Sides<Sent>,
    farewell: Farewell,
    /// When the session began, until it is known whether its first line says so.
    start: Option<Stamp>,
}

/// A line of which the end has not come yet.
#[derive(Debug, Default)]
struct Partial {
    bytes: Vec<u8>,
    number: u64,
    at: Option<Stamp>,
    seen: Option<u64>,
    masked: Option<Secret>,
    /// How many octets more than these it had in the stream.
    more: i64,
}

/// The line that begins a session in a transcript, with its line end.
#[must_use]
pub fn header(id: u64, peers: Option<Sides<SocketAddr>>) -> String {
    format!("{HEADER}{id}{}", header_end(peers))
}

/// What a session's header begins with; its number follows.
pub const HEADER: &str = "# session ";

/// What follows the number in a session's header, with the line's end.
#[must_use]
pub fn header_end(peers: Option<Sides<SocketAddr>>) -> String {
    peers.map_or_else(|| String::from("\n"), |p| format!(" {} > {}\n", p.client, p.server))
}

impl Writer {
    /// A writer without a time column, or with `timestamps` of so many digits of the second.
    #[must_use]
    pub fn new(timestamps: Option<u8>, limits: &Limits) -> Self {
        Self {
            digits: timestamps,
            line_bytes: limits.line_bytes.max(1),
            unseen_lines: limits.unseen_lines,
            out: String::new(),
            partial: Sides::default(),
            begun: 0,
            tls: Sides::default(),
            eol: Sides::default(),
            sent: Sides::default(),
            farewell: Farewell::default(),
            start: None,
        }
    }

    /// What the input shows of the session, which began `start`. To be said before anything else.
    pub fn opened(&mut self, shows: Shows, start: Option<Stamp>) {
        let is_timed = self.digits.is_some() && start.is_some();
        let mut lacks = shows;
        if !is_timed {
            // Of times that are not there nothing can be missing.
            lacks = lacks.with(Shows::DATES).with(Shows::ZONE);
        }
        if lacks.with(Shows::NAMES) != Shows::ALL {
            self.push_note(Note::Lacks(lacks));
        }
        if !shows.has(Shows::NAMES) {
            self.push_note(Note::Redacted);
        }
        self.start = start.filter(|_| is_timed);
    }

    /// The recording starts inside the session; `late` if with a whole line. To be said before
    /// what is heard.
    pub fn midstream(&mut self, late: bool) {
        self.push_note(if late { Note::Late } else { Note::Midstream });
    }

    /// The next bytes of the stream of `side`, cut anywhere. `at` and `seen` are those of the
    /// chunk they came in.
    ///
    /// A line has the time at which it was there: the client's that of its last byte, as a
    /// command can be read then, the server's that of its first, as the reply has come then. It
    /// has the `seen` of its first byte.
    pub fn data(&mut self, side: Side, at: Option<Stamp>, seen: Option<u64>, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.write_tls();
        let mut rest = bytes;
        while !rest.is_empty() {
            let partial = self.partial.of_mut(side);
            if partial.bytes.is_empty() {
                partial.number = self.begun;
                partial.seen = seen;
                self.begun += 1;
            }
            if partial.bytes.is_empty() || side == Side::Client {
                partial.at = at;
            }
            let room = self.line_bytes - partial.bytes.len();
            let window = rest.get(..room).unwrap_or(rest);
            let taken = memchr::memchr(b'\n', window).map_or(window.len(), |at| at + 1);
            let (head, tail) = rest.split_at_checked(taken).unwrap_or((rest, b""));
            partial.bytes.extend_from_slice(head);
            rest = tail;
            if head.ends_with(b"\n") || partial.bytes.len() >= self.line_bytes {
                self.write_line(side);
            }
        }
    }

    /// The data of `side` that comes next begins a line of its own, whatever was before it.
    pub fn cut(&mut self, side: Side) {
        self.write_line(side);
    }

    /// The data of `side` that comes next stands for a secret of so many bytes.
    pub fn masked(&mut self, side: Side, bytes: Option<u64>) {
        let masked = &mut self.partial.of_mut(side).masked;
        let bytes = match masked {
            Some(Secret { bytes: before }) => {
                before.zip(bytes).map(|(before, more)| before.saturating_add(more))
            }
            None => bytes,
        };
        *masked = Some(Secret { bytes });
    }

    /// The data of `side` that comes next is `is` bytes and stands for `was`.
    pub fn resized(&mut self, side: Side, was: u64, is: u64) {
        let more = i64::try_from(i128::from(was) - i128::from(is)).unwrap_or_default();
        let all = &mut self.partial.of_mut(side).more;
        *all = all.saturating_add(more);
    }

    /// Bytes of the stream of `side` are missing here.
    pub fn gap(&mut self, side: Side, gap: Gap) {
        self.write_line(side);
        self.write_tls();
        self.note(Note::Gap(side, gap));
        let sent = self.sent.of_mut(side);
        sent.begin(self.unseen_lines);
        sent.grow(gap.bytes);
    }

    /// Mail data is left out here.
    pub fn elided(&mut self, bytes: Option<u64>) {
        self.write_line(Side::Client);
        self.write_tls();
        self.note(Note::Elided(bytes));
    }

    /// `side` sent so many bytes of TLS records.
    pub fn tls(&mut self, side: Side, bytes: u64) {
        self.write_line(side);
        let tls = self.tls.of_mut(side);
        *tls = tls.saturating_add(bytes);
    }

    /// The session ended. Nothing may follow.
    pub fn end(&mut self, end: End) {
        let mut sides = [Side::Client, Side::Server];
        sides.sort_by_key(|side| self.partial.of(*side).number);
        for side in sides {
            self.write_line(side);
        }
        self.write_tls();
        self.note(Note::End(end));
    }

    /// Bytes of text written so far and not taken yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether there is no text to take.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The text written so far and not taken yet.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out).into_bytes()
    }

    /// Writes what there is of the line of `side`, with the notes it needs.
    fn write_line(&mut self, side: Side) {
        let partial = self.partial.of_mut(side);
        if partial.bytes.is_empty() {
            return;
        }
        let Partial { bytes: mut line, at, seen, masked, more, .. } = std::mem::take(partial);
        self.start.take_if(|start| Some(*start) == at);
        self.write_start();
        let (text, eol) = Eol::split(&line);
        if eol == Eol::None {
            self.note(Note::Eol(side, eol));
        } else if eol != *self.eol.of(side) {
            self.note(Note::Eol(side, eol));
            *self.eol.of_mut(side) = eol;
        }
        if let Some(Secret { bytes }) = masked {
            self.note(Note::Masked(bytes));
        }
        if let Some(lines @ 1..) = seen.map(|seen| self.sent.of(side.other()).unseen(seen)) {
            self.note(Note::Unseen(lines));
        }
        // A stray 220 would be read as the greeting of another session.
        let escaped = !is_printable(text) || self.farewell.begins_anew(side, text);
        if escaped {
            self.note(Note::Escaped);
        }
        if let (Some(digits), Some(at)) = (self.digits, at) {
            self.out.push_str(&at.rfc3339(digits));
            self.out.push(' ');
        }
        self.out.push_str(match side {
            Side::Client => "c>",
            Side::Server => "s<",
        });
        if !text.is_empty() {
            self.out.push(' ');
        }
        match str::from_utf8(text) {
            Ok(text) if !escaped => self.out.push_str(text),
            _ => push_escaped(&mut self.out, text),
        }
        self.out.push('\n');
        self.farewell.note(side, text);
        let sent = self.sent.of_mut(side);
        sent.begin(self.unseen_lines);
        sent.grow((line.len() as u64).saturating_add_signed(more));
        // The next line can use the memory of this one.
        line.clear();
        self.partial.of_mut(side).bytes = line;
    }

    /// Writes what TLS records were counted.
    fn write_tls(&mut self) {
        let tls = std::mem::take(&mut self.tls);
        if tls != Sides::default() {
            self.note(Note::Tls(tls));
        }
    }

    /// A note among the lines.
    fn note(&mut self, note: Note) {
        self.write_start();
        self.push_note(note);
    }

    /// Writes when the session began, if that is not known to be the time of its first line.
    fn write_start(&mut self) {
        if let (Some(start), Some(digits)) = (self.start.take(), self.digits) {
            self.push_note(Note::Start(start, digits));
        }
    }

    fn push_note(&mut self, note: Note) {
        self.out.push_str(&note.to_string());
        self.out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::tests::{dump, show};
    use super::*;
    use crate::chunk::What;
    use proptest::prelude::*;

    /// What the dialog may call.
    #[derive(Clone, Debug)]
    enum Call {
        Data(Side, Option<u64>, Vec<u8>),
        Gap(Side, Gap),
        Tls(Side, u64),
        Masked(Side, Option<u64>),
    }

    fn text_of(calls: &[Call], end: End, limits: &Limits) -> String {
        let mut writer = Writer::new(None, limits);
        let mut text = header(1, None).into_bytes();
        for call in calls {
            match call {
                Call::Data(side, seen, bytes) => writer.data(*side, None, *seen, bytes),
                Call::Gap(side, gap) => writer.gap(*side, *gap),
                Call::Tls(side, bytes) => writer.tls(*side, *bytes),
                Call::Masked(side, bytes) => writer.masked(*side, *bytes),
            }
            text.extend(writer.take());
        }
        writer.end(end);
        text.extend(writer.take());
        String::from_utf8(text).unwrap()
    }

    /// What [`dump`] must show of `calls`, by the plainest means.
    #[derive(Default)]
    struct Model {
        events: Vec<String>,
        partial: [Option<(Vec<u8>, Option<u64>)>; 2],
        masked: [Option<Secret>; 2],
        /// Where lines and gaps end.
        ends: [Vec<u64>; 2],
        tls: [u64; 2],
    }

    const SIDES: [Side; 2] = [Side::Client, Side::Server];

    impl Model {
        fn of(calls: &[Call], end: End) -> Vec<String> {
            let mut model = Self::default();
            let mut order = Vec::new();
            for call in calls {
                match call {
                    Call::Data(side, seen, bytes) => {
                        for &byte in bytes {
                            model.settle_tls();
                            let i = usize::from(*side == Side::Server);
                            if model.partial[i].is_none() {
                                order.retain(|&other| other != i);
                                order.push(i);
                            }
                            model.partial[i].get_or_insert((vec![], *seen)).0.push(byte);
                            if byte == b'\n' {
                                model.settle_line(i);
                            }
                        }
                    }
                    Call::Gap(side, gap) => {
                        let i = usize::from(*side == Side::Server);
                        model.settle_line(i);
                        model.settle_tls();
                        model.events.push(format!("{} {:?}", side.name(), What::Gap(*gap)));
                        model.advance(i, gap.bytes);
                    }
                    Call::Tls(side, bytes) => {
                        let i = usize::from(*side == Side::Server);
                        model.settle_line(i);
                        model.tls[i] += bytes;
                    }
                    Call::Masked(side, bytes) => {
                        let masked = &mut model.masked[usize::from(*side == Side::Server)];
                        let bytes = match *masked {
                            None => *bytes,
                            Some(before) => before.bytes.and_then(|n| Some(n + (*bytes)?)),
                        };
                        *masked = Some(Secret { bytes });
                    }
                }
            }
            for i in order {
                model.settle_line(i);
            }
            model.settle_tls();
            model.events.push(format!("end Noted({end:?})"));
            model.events
        }

        fn settle_line(&mut self, i: usize) {
            let Some((bytes, seen)) = self.partial[i].take() else {
                return;
            };
            if let Some(Secret { bytes }) = self.masked[i].take() {
                self.events.push(format!("masked {bytes:?}"));
            }
            let ends = &self.ends[1 - i];
            let seen = seen.filter(|seen| ends.last().is_some_and(|end| end > seen));
            let seen =
                seen.map(|seen| ends.iter().copied().filter(|&e| e <= seen).max().unwrap_or(0));
            self.events.push(show(SIDES[i], &bytes, seen));
            self.advance(i, bytes.len() as u64);
        }

        fn settle_tls(&mut self) {
            for (i, bytes) in std::mem::take(&mut self.tls).into_iter().enumerate() {
                if bytes > 0 {
                    self.events.push(format!("{} {:?}", SIDES[i].name(), What::Tls(bytes)));
                }
            }
        }

        fn advance(&mut self, i: usize, bytes: u64) {
            let end = self.ends[i].last().copied().unwrap_or(0) + bytes;
            self.ends[i].push(end);
        }
    }

    fn calls() -> impl Strategy<Value = Vec<Call>> {
        let side = || prop_oneof![Just(Side::Client), Just(Side::Server)];
        let bytes = || {
            let part = prop_oneof![
                Just(b"\r\n".to_vec()),
                Just(b"\n".to_vec()),
                Just(b"\r".to_vec()),
                Just(b"QUIT\r\n".to_vec()),
                Just(b"221 bye\r\n".to_vec()),
                Just(b"220 mx\r\n".to_vec()),
                Just(b"\\x41".to_vec()),
                Just(b"# end quit".to_vec()),
                Just(b"\t \\".to_vec()),
                Just("\u{202e}\u{e9}".into()),
                Just(b"\x1b[2J".to_vec()),
                Just(b" c> ".to_vec()),
                proptest::collection::vec(any::<u8>(), 1..6),
            ];
            proptest::collection::vec(part, 1..5).prop_map(|parts| parts.concat())
        };
        let call = prop_oneof![
            8 => (side(), proptest::option::of(0_u64..80), bytes())
                .prop_map(|(side, seen, bytes)| Call::Data(side, seen, bytes)),
            1 => (side(), 0_u64..9, any::<bool>())
                .prop_map(|(side, bytes, acked)| Call::Gap(side, Gap { bytes, acked })),
            1 => (side(), 0_u64..9).prop_map(|(side, bytes)| Call::Tls(side, bytes)),
            1 => (side(), proptest::option::of(0_u64..99))
                .prop_map(|(side, bytes)| Call::Masked(side, bytes)),
        ];
        proptest::collection::vec(call, 0..30)
    }

    /// The stream of `side`, and places in it where bytes are missing.
    fn stream(events: &[String], side: Side) -> String {
        let own = events.iter().filter_map(|event| event.strip_prefix(side.name()));
        own.map(|event| match event.rsplit_once('"') {
            Some((line, _)) => line.replacen(" \"", "", 1),
            None => event.to_owned(),
        })
        .collect()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(calls in calls(), end in 0..End::ALL.len()) {
            let end = End::ALL[end];
            let text = text_of(&calls, end, &Limits::default());
            let events = dump(text.as_bytes());
            prop_assert!(events[0].starts_with("begin"));
            prop_assert_eq!(&events[1..], Model::of(&calls, end), "{}", text);
            prop_assert!(text.lines().all(|line| is_printable(line.as_bytes())), "{}", text);
        }

        #[test]
        fn long_lines_are_cut_and_nothing_is_lost(calls in calls(), line_bytes in 1_usize..9) {
            let limits = Limits { line_bytes, ..Limits::default() };
            let events = dump(text_of(&calls, End::Quit, &limits).as_bytes());
            let whole = Model::of(&calls, End::Quit);
            for side in SIDES {
                prop_assert_eq!(stream(&events, side), stream(&whole, side));
            }
        }

        #[test]
        fn few_remembered_lines_do_not_change_the_count(calls in calls()) {
            let limits = Limits { unseen_lines: 2, ..Limits::default() };
            let text = text_of(&calls, End::Quit, &limits);
            prop_assert!(!text.contains("# unseen 3"));
        }
    }

    #[test]
    fn a_session_reads_like_the_seed() {
        let at = Stamp::from_nanos(1_700_000_000_123_456_789);
        let later = Stamp::from_nanos(1_700_000_001_000_000_000);
        let peers = Sides {
            client: "[2001:db8::1]:4242".parse().unwrap(),
            server: "192.0.2.2:25".parse().unwrap(),
        };
        let mut writer = Writer::new(Some(3), &Limits::default());
        writer.midstream(false);
        writer.data(Side::Server, Some(at), Some(0), b"220 mx\r");
        writer.data(Side::Server, Some(later), Some(0), b"\n");
        writer.data(Side::Client, Some(at), Some(7), b"EHLO");
        writer.data(Side::Client, Some(later), Some(8), b" \\x\r\n\r\nAUTH PLAIN ");
        writer.masked(Side::Client, Some(20));
        writer.data(Side::Client, None, Some(8), b"********\r\n");
        writer.gap(Side::Server, Gap { bytes: 10, acked: true });
        writer.data(Side::Client, None, None, b"a\tb\\\n");
        writer.tls(Side::Client, 3);
        writer.tls(Side::Client, 4);
        writer.end(End::Tls);
        let text = header(3, Some(peers)) + &String::from_utf8(writer.take()).unwrap();
        assert_eq!(
            text,
            "# session 3 [2001:db8::1]:4242 > 192.0.2.2:25\n\
             # midstream\n\
             2023-11-14T22:13:20.123Z s< 220 mx\n\
             # unseen 1\n\
             2023-11-14T22:13:21.000Z c> EHLO \\x\n\
             2023-11-14T22:13:21.000Z c>\n\
             # masked 20\n\
             c> AUTH PLAIN ********\n\
             # gap server 10 acked\n\
             # eol client lf\n\
             # escaped\n\
             c> a\\x09b\\\\\n\
             # tls client 7 server 0\n\
             # end tls\n"
        );
    }

    #[test]
    fn a_plain_dialog_needs_no_notes() {
        let mut writer = Writer::new(None, &Limits::default());
        for (side, line) in [
            (Side::Server, "220 mx\r\n"),
            (Side::Client, "QUIT\r\n"),
            (Side::Server, "221 bye\r\n"),
        ] {
            writer.data(side, None, Some(99), line.as_bytes());
        }
        assert_eq!(writer.take(), b"s< 220 mx\nc> QUIT\ns< 221 bye\n");
    }
}
