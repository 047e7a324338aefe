//! A session, understood: what [`Dialog`](super::Dialog) makes of the chunks of a connection.
//!
//! Text (commands, replies) lies in one block per session and is named by [`Span`]s, as there
//! are many open sessions at once. No message body is kept.

pub use super::auth::{Attempt, Auth, AuthFault, AuthOutcome, AuthWrong, Initial};
use super::chunks::Chunks;
use super::list::List;
use super::odd::Odd;
use super::state::State;
use crate::chunk::{End, Ending, Gap, Opening, Side, Sides, Transport};
use crate::smtp::command::Verb;
use crate::smtp::line::LineEnd;
use crate::smtp::reply::{ReplyLine, is_offer};
use crate::smtp::scan::find;
use crate::time::{Brief, Lapse, Stamp};
use crate::tls::{Facts, Framing, Reader};
use smallvec::SmallVec;
use std::iter;

pub(crate) use super::hello::TailNumber;
pub use super::hello::{Hello, Used};
pub use super::list::Few;
pub use super::text::Text;

pub use crate::chunk::Mark;

/// Exchanges for which a session has room without further memory: those of one message to a
/// few recipients. What a session needs stands together, as that is where an open one is waited for.
const EXCHANGES: usize = 8;

/// One SMTP connection, from its first packet or line to its last.
// In this order, as each exchange of an open session needs the first fields and hardly the others.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Session {
    /// The extensions that were really used.
    pub used: Used,
    /// By which command the client introduced itself: the last that was accepted, else the
    /// first that it tried.
    pub protocol: Protocol,
    /// Exchanges that were not kept because there were too many.
    pub elided_exchanges: u64,
    /// Mail transactions that got as far as MAIL.
    pub messages: List<Message>,
    /// Where the time went.
    pub timing: Timing,
    /// The name that the client gave in its last EHLO, HELO or LHLO.
    pub helo: Option<Span>,
    /// The extensions of each answered EHLO or LHLO, in order.
    pub hellos: List<Hello>,
    /// Its ends and its beginning.
    pub opening: Opening,
    /// The server's greeting.
    pub greeting: Option<Reply>,
    /// Replies that answer no command.
    pub unsolicited: Few<Unsolicited>,
    /// Times of half a minute and more in which neither side said anything new; the first ones.
    pub pauses: Few<Pause>,
    /// Bytes that are not in the input.
    pub gaps: Few<GapAt>,
    /// Where the dialog was lost and found again.
    pub resyncs: Few<Resync>,
    /// TLS, if the session went into it.
    pub tls: Option<Box<Tls>>,
    /// Authentication, the last attempt.
    pub auth: Option<Box<Auth>>,
    /// Messages that were not kept because there were too many.
    pub elided_messages: u64,
    /// What else was not kept because there was too much.
    pub elided: Elided,
    /// Time of its last packet or line.
    pub last_at: Option<Stamp>,
    /// How it ended.
    pub end: End,
    /// Why nothing more was read of it.
    pub ending: Ending,
    /// The client's first command was sent before the client had seen the whole greeting.
    pub early: bool,
    /// Who closed the connection; `None` in a transcript, and while nobody has.
    pub closing: Option<Box<Closing>>,
    /// What TCP saw; `None` in a transcript. It is known only at the end: room for it would be a
    /// hundred bytes of each open session.
    pub transport: Option<Box<Transport>>,
    /// Commands and their replies, in the order in which the client sent them.
    pub exchanges: SmallVec<[Exchange; EXCHANGES]>,
    /// Commands and replies.
    pub text: Text,
}

/// How a connection was closed on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The side that closed first, in causal order.
    pub first: Side,
    /// What each side did, if it did.
    pub sides: Sides<Option<Parting>>,
}

/// The end of one side's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The packet.
    pub mark: Mark,
    /// By RST, not by FIN.
    pub reset: bool,
    /// RST came at some time: the side reads nothing more, while FIN alone may leave it reading.
    pub aborted: bool,
    /// As far as that side could know, a command was open: of the client, one to which it had
    /// not seen the reply; of the server, one that it had received and not answered.
    pub open: bool,
    /// It ended inside a line.
    pub inside: bool,
}

/// A long time in which neither side said anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When the last bytes before it came.
    pub from: Stamp,
    /// When it was over.
    pub until: Mark,
    /// How many exchanges had begun.
    pub after: u32,
    /// The client was sending mail data.
    pub content: bool,
}

/// Counts of what was not kept of a session, or not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elided {
    /// Replies that answer no command.
    pub unsolicited: u64,
    /// Gaps.
    pub gaps: u64,
    /// Resynchronisations.
    pub resyncs: u64,
    /// Client lines of which nobody can say what they are: after a gap or a late start.
    pub lines: u64,
}

/// A stretch of a session's [`Text`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Where it starts.
    pub at: u32,
    /// How many bytes.
    pub len: u32,
}

/// By which command the client introduced itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// EHLO.
    Esmtp,
    /// HELO.
    Smtp,
    /// LHLO (RFC 2033).
    Lmtp,
    /// None of them was seen.
    Unknown,
}

/// What the client sent in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// A command; `Verb::Other` is a line that is no command.
    Command(Verb),
    /// The line that ends the mail data of DATA.
    EndOfData,
    /// A line of an AUTH exchange after the first.
    AuthLine,
}

/// One command and its reply.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What the client sent.
    pub request: Request,
    /// The line without its line end; a secret in it is replaced (see `masked`).
    pub line: Span,
    /// Bytes of the line on the wire, with its line end.
    pub octets: u64,
    /// How the line ended.
    pub line_end: LineEnd,
    /// The packet or line that completed it (for BDAT: that brought the last octet of the
    /// chunk, unless the reply came before).
    pub asked: Mark,
    /// It was sent before the client had seen the whole reply to the command before it.
    pub pipelined: bool,
    /// DATA: the content began before the client had seen the whole reply that permitted it.
    pub hasty: bool,
    /// Bytes of a secret that were replaced in the line; 0 if a transcript does not say.
    pub masked: Option<u32>,
    /// Bytes of the line are missing from the input.
    pub cut: bool,
    /// The line is known to be [plain](crate::smtp::grammar::is_plain); others may be, too.
    pub plain: bool,
    /// The state in which the server met it: all earlier replies counted.
    pub before: State,
    /// The reply, if one was seen.
    pub reply: Option<Reply>,
    /// Index of the message that it belongs to.
    pub message: Option<u32>,
}

/// A reply of one or more lines (RFC 5321 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The code of its last line; `None` if that does not begin with three digits.
    pub code: Option<u16>,
    /// Its lines as sent, without line ends, joined by LF.
    pub text: Span,
    /// Number of its lines, those not kept included.
    pub lines: u32,
    /// The packet or line in which it begins.
    pub begun: Mark,
    /// From there to the packet or line that completed it.
    pub took: Brief,
    /// Bytes of it are missing from the input.
    pub cut: bool,
    /// In a transcript: each line of it stands right below the one before.
    pub in_a_row: bool,
    /// A line of it ended with LF alone.
    pub bare_lf: bool,
}

/// A reply that answers no command.
#[derive(Clone, Copy, Debug)]
pub struct Unsolicited {
    /// The reply.
    pub reply: Reply,
    /// How many exchanges had begun when it came.
    pub after: u32,
}

/// How a message's content was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transfer {
    /// With DATA (RFC 5321 §4.1.1.4).
    Data,
    /// In chunks with BDAT (RFC 3030).
    Bdat,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The server took responsibility for it.
    Accepted,
    /// The server refused it.
    Rejected,
    /// The client gave it up.
    Aborted,
    /// The input does not show it.
    Unknown,
}

/// One mail transaction that got as far as MAIL.
#[derive(Clone, Debug)]
pub struct Message {
    /// Index of its MAIL exchange; `None` if that was not kept.
    pub mail: Option<u32>,
    /// The reverse-path's mailbox; empty for `<>`. `None` if the MAIL command is missing.
    pub from: Option<Span>,
    /// The recipients, in order.
    pub recipients: List<Recipient>,
    /// Recipients that were not kept because there were too many.
    pub elided_recipients: u32,
    /// The SIZE parameter of MAIL (RFC 1870), in bytes.
    pub declared_size: Option<u64>,
    /// How its content was sent, if it was.
    pub transfer: Option<Transfer>,
    /// Facts about its content.
    pub content: Content,
    /// What is rare in its content, if something is.
    pub odd: Option<Box<Odd>>,
    /// What became of it.
    pub outcome: Outcome,
    /// The code that decided it.
    pub code: Option<u16>,
    /// The content was seen up to its end.
    pub ended: bool,
    /// The input stops, or is unreadable, inside the content.
    pub cut: bool,
    /// When its content began to be sent, if it was and the input says.
    pub data_begun: Option<Stamp>,
    /// Its chunks, if it was sent in chunks.
    pub chunks: Option<Box<Chunks>>,
    /// Where the empty line behind its header section was complete, if there was one.
    pub header_end: Option<Box<Mark>>,
}

/// One recipient of a message.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The forward-path's mailbox.
    pub address: Span,
    /// Index of its RCPT exchange; `None` if that was not kept.
    pub exchange: Option<u32>,
    /// The code of the reply to RCPT.
    pub code: Option<u16>,
    /// LMTP: the reply to the end of data for this recipient (RFC 2033 §4.2).
    pub delivery: Option<Box<Reply>>,
}

/// Facts about a message's content, gathered as it streams by. Counts of what is rare stop at
/// [`u32::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Octets after dot-unstuffing, with line ends, without the end-of-data line.
    pub octets: u64,
    /// Octets that are missing from the input (not counted in `octets` for DATA).
    pub missing: u64,
    /// Lines ended by CRLF.
    pub lines: u32,
    /// LF without CR before it.
    pub bare_lf: u32,
    /// CR without LF after it.
    pub bare_cr: u32,
    /// Octets above 127.
    pub eight_bit: u32,
    /// NUL octets.
    pub nul: u32,
    /// The longest line with its line end.
    pub longest_line: u32,
    /// Octets above 127 in its header section: up to the first empty line, or the first that is no
    /// field. Behind missing octets nothing counts as header.
    pub header_eight_bit: u32,
    /// Fields of its header section named Received, in any case.
    pub received: u32,
    /// Lines that begin with one dot and more text, though a dot is to be doubled there (RFC 5321
    /// §4.5.2). In chunks, in which it is not: lines that begin with one dot.
    pub dotted: u32,
    /// Lines that begin with two dots as sent.
    pub double_dotted: u32,
    /// A hash of what its first Message-ID field says, blanks left out; 0 if it has none.
    pub message_id: u64,
    /// What of it the input leaves out.
    pub hidden: Hidden,
}

/// What of a message's content the input leaves out, as logs do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hidden {
    /// Nothing.
    #[default]
    Nothing,
    /// Octets, which are counted.
    Octets,
    /// Nobody knows how much.
    Unknown,
}

/// TLS in a session.
#[derive(Clone, Debug)]
pub struct Tls {
    /// By STARTTLS, or from the first byte.
    pub implicit: bool,
    /// The first TLS record.
    pub begun: Mark,
    /// Bytes of TLS records.
    pub bytes: Sides<u64>,
    /// What they show in clear; nothing where the input only counts them.
    pub facts: Facts,
    /// Where their bytes stand in their records.
    pub framing: Sides<Framing>,
    /// What reads them, as long as there is more to come.
    pub reader: Option<Box<Reader>>,
}

impl Tls {
    /// TLS that begins with `begun`.
    #[must_use]
    pub fn new(implicit: bool, begun: Mark) -> Self {
        let (bytes, facts, framing, reader) = <_>::default();
        Self { implicit, begun, bytes, facts, framing, reader }
    }

    /// Bytes of memory that it takes.
    fn held(&self) -> usize {
        let reader = self.reader.as_ref().map_or(0, |reader| size_of::<Reader>() + reader.held());
        size_of::<Self>() + self.facts.held() + reader
    }
}

/// Missing bytes and where.
#[derive(Clone, Copy, Debug)]
pub struct GapAt {
    /// Whose bytes.
    pub side: Side,
    /// How many, and whether they were acknowledged.
    pub gap: Gap,
    /// The packet or line that showed it.
    pub mark: Mark,
}

/// Why a dialog was lost, or how it was found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResyncWhy {
    /// Bytes are missing; the next line is taken as a new one.
    Gap,
    /// A reply is missing; the content after DATA or a later reply shows that there was one.
    ReplyMissing,
    /// The end of data is missing; the reply shows that there was one.
    EndOfDataMissing,
    /// Too much was waiting for a reply that never came; read without it.
    Parked,
}

/// A place where the dialog was lost and found.
#[derive(Clone, Copy, Debug)]
pub struct Resync {
    /// Whose stream.
    pub side: Side,
    /// Why.
    pub why: ResyncWhy,
    /// Where it goes on.
    pub mark: Mark,
}

/// Where the time of a session went. Each moment between the first and the last packet counts
/// for exactly one of connect, server, client and idle; the others are views of the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// From the first SYN to the ACK that completed the handshake.
    pub connect: Option<Lapse>,
    /// From the first SYN to the server's SYN and ACK.
    pub accept: Option<Lapse>,
    /// From the end of the handshake to the greeting.
    pub greeting: Option<Lapse>,
    /// From MAIL to the last reply before the content, over all messages.
    pub envelope: Option<Lapse>,
    /// From the first octet of content allowed (354, BDAT) to its final reply, over all
    /// messages.
    pub data: Option<Lapse>,
    /// The longest time without anything new, outside of TLS.
    pub longest: Option<Lapse>,
    /// While the server owed a reply (the greeting included).
    pub server: Option<Lapse>,
    /// While the client was expected to go on: inside a transaction, content or AUTH.
    pub client: Option<Lapse>,
    /// While neither owed anything.
    pub idle: Option<Lapse>,
}

/// Bytes of memory that a large session holds besides its own size: most hold none.
const LARGE: usize = 64 << 10;

impl Session {
    /// Whether it takes so much memory that few should be held at once.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.held() > LARGE
    }

    /// The bytes of `span` in the session's text.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.text.bytes(span)
    }

    /// The lines of `reply` as sent, without line ends.
    pub fn reply_lines(&self, reply: &Reply) -> impl Iterator<Item = &[u8]> {
        self.bytes(reply.text).split(|&byte| byte == b'\n')
    }

    /// What the server offers in answer to `hello`: the lines of the reply after the first, without
    /// their codes: extension keywords with their parameters.
    pub fn offers(&self, hello: &Hello) -> impl Iterator<Item = &[u8]> {
        let text = self.bytes(hello.reply);
        let mut rest = Some(text);
        let lines = iter::from_fn(move || {
            let text = rest?;
            let end = find(b'\n', text);
            rest = end.and_then(|end| text.get(end + 1..));
            end.map_or(Some(text), |end| text.get(..end))
        });
        // The first line only greets.
        lines.skip(1).map(|line| ReplyLine::parse(line).text).filter(|text| is_offer(text))
    }

    /// The first line of the reply to `hello`, and the others.
    #[inline]
    pub(crate) fn reply_halves(&self, hello: &Hello) -> (&[u8], &[u8]) {
        let text = self.bytes(hello.reply);
        let first = match hello.tail.first() {
            0 => find(b'\n', text).unwrap_or(text.len()),
            first => first,
        };
        (text.get(..first).unwrap_or(text), text.get(first + 1..).unwrap_or_default())
    }

    /// Bytes of memory that it holds besides its own size, roughly.
    pub(super) fn held(&self) -> usize {
        // Each recipient has its exchange, and is smaller.
        let recipient = size_of::<Recipient>();
        let text = self.text.held();
        let exchanges = if self.exchanges.spilled() { self.exchanges.capacity() } else { 0 };
        text + exchanges * (size_of::<Exchange>() + recipient)
            + self.messages.held()
            + self.chunks_held()
            + self.tls.as_ref().map_or(0, |tls| tls.held())
            + self.auth.as_ref().map_or(0, |auth| auth.held())
            + self.unsolicited.len() * size_of::<Unsolicited>()
            + self.gaps.len() * size_of::<GapAt>()
            + self.resyncs.len() * size_of::<Resync>()
    }

    /// The same of the chunks of its messages: where the last has some, all may.
    fn chunks_held(&self) -> usize {
        let has_chunks = self.messages.last().is_some_and(|message| message.chunks.is_some());
        if has_chunks { self.messages.len() * size_of::<Chunks>() } else { 0 }
    }

    /// Time of the last packet less time of the first; `None` where the clock went back.
    #[must_use]
    pub fn duration(&self) -> Option<Lapse> {
        let lapse = self.last_at?.since(self.opening.at?);
        (lapse >= Lapse::default()).then_some(lapse)
    }
}

impl Exchange {
    /// From the packet that completed the command to that in which its reply begins; `None`
    /// without a reply, without times, or if the reply came before.
    #[must_use]
    pub fn latency(&self) -> Option<Lapse> {
        let nanos = self.reply.as_ref()?.begun.at?.nanos_after(self.asked.at?)?;
        Some(Lapse::from_nanos(nanos))
    }
}

impl Reply {
    /// When all of it had come.
    #[must_use]
    pub fn ended(&self) -> Option<Stamp> {
        // Most come in one packet.
        if self.took == Brief::default() {
            return self.begun.at;
        }
        Some(self.begun.at?.after(self.took.lapse()))
    }
}

impl Request {
    /// How many kinds of requests there are: the verbs, no command, and the other two.
    pub const KINDS: usize = Verb::ALL.len() + 3;

    /// Its kind, less than [`Self::KINDS`]: for a verb its place in [`Verb::ALL`].
    #[must_use]
    pub const fn kind(self) -> usize {
        match self {
            Self::Command(verb) => verb as usize,
            Self::EndOfData => Self::KINDS - 2,
            Self::AuthLine => Self::KINDS - 1,
        }
    }

    /// Its name in reports: the verb, `.`, `AUTH*`, or nothing for a line that is no command.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command(verb) => verb.name(),
            Self::EndOfData => ".",
            Self::AuthLine => "AUTH*",
        }
    }
}

impl Message {
    /// Octets of its content: for BDAT those of its chunks, missing ones included.
    #[must_use]
    pub fn size(&self) -> u64 {
        let missing = if self.transfer == Some(Transfer::Bdat) { self.content.missing } else { 0 };
        self.content.octets + missing
    }

    /// The same, if it is known.
    #[must_use]
    pub fn known_size(&self) -> Option<u64> {
        (self.content.hidden != Hidden::Unknown).then(|| self.size())
    }

    /// All of its content that was sent is in the input.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.content.missing == 0 && !self.cut
    }
}

impl Protocol {
    /// The protocol that the client asks for with `verb`.
    #[must_use]
    pub fn of(verb: Verb) -> Self {
        match verb {
            Verb::Ehlo => Self::Esmtp,
            Verb::Helo => Self::Smtp,
            Verb::Lhlo => Self::Lmtp,
            _ => Self::Unknown,
        }
    }
}
