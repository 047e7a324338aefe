//! The waist of the house: [`Chunk`], "these bytes, from this side, at this time, from this
//! place", or a gap, an opening, an ending.
//!
//! Everything that can produce chunks can be audited; nothing after this point knows whether
//! they came from a capture, a log or a socket.

mod transport;

use crate::place::Place;
use crate::time::Stamp;
use std::net::{IpAddr, SocketAddr};

pub use transport::{Cause, Conflict, Odd, Stall, Times, Transport};

/// One of the two ends of an SMTP connection, by its role in the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The side that sends commands.
    Client,
    /// The side that sends replies.
    Server,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// One value for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides<T> {
    /// The client's value.
    pub client: T,
    /// The server's value.
    pub server: T,
}

impl<T> Sides<T> {
    /// The value of `side`.
    pub fn of(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// The value of `side`, to change it.
    pub fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

/// A time and a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// When, if the input says.
    pub at: Option<Stamp>,
    /// In which frame or line.
    pub place: Place,
}

/// Bytes or an event from one side of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Who sent it.
    pub side: Side,
    /// When it was captured or logged, if the input says.
    pub at: Option<Stamp>,
    /// The frame or line it came in.
    pub place: Place,
    /// How many bytes of the *other* side's stream the sender had acknowledged when it sent
    /// this, counted as [`What::Data`] and [`What::Gap`] count them. `None` if it cannot be
    /// known: then the order of chunks is all there is.
    pub seen: Option<u64>,
    /// What it is.
    pub what: What<'a>,
}

/// What a [`Chunk`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// A step of the opening handshake.
    Open(Open),
    /// Bytes of the stream.
    Data(&'a [u8]),
    /// Bytes of the stream that are not in the input.
    Gap(Gap),
    /// Bytes of TLS records that the input only counts (`# tls` in a transcript).
    Tls(u64),
    /// Mail data that a log leaves out, so many bytes if it says.
    Elided(Option<u64>),
    /// The side ended its stream.
    Close(Close),
}

/// A step of TCP's opening handshake (RFC 9293 §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// SYN, from the side that connects.
    Syn,
    /// SYN and ACK, from the side that accepts.
    SynAck,
    /// The ACK that completes the handshake.
    Established,
    /// No handshake was seen: the capture starts inside the stream.
    Midstream,
    /// The log starts inside the session, with a whole line.
    Late,
}

/// Bytes that were sent but are not in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How many bytes are missing; 0 if nobody can know.
    pub bytes: u64,
    /// Whether the other side acknowledged them: then the network delivered them and the
    /// capture lost them.
    pub acked: bool,
}

/// How a side ended its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// FIN (or the end that a log notes): no more bytes from this side.
    Fin,
    /// RST on an established connection.
    Reset,
    /// RST in answer to a SYN.
    Refused,
}

/// Why no more chunks of a session come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The connection was closed or reset on the wire (or in the log).
    Closed,
    /// The input ended first.
    InputEnd,
    /// Another connection took over the same addresses and ports.
    Reused,
    /// It was given up to keep memory bounded.
    Evicted,
    /// The transcript notes how it ended (`# end reset`).
    Noted(End),
}

/// How a session ended, as reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// QUIT was answered (with any code) and the connection closed, or nothing came after.
    Quit,
    /// The server closed first, without a QUIT.
    ServerClosed,
    /// The client closed first, without a QUIT.
    ClientClosed,
    /// One side reset the connection.
    Reset,
    /// The connection attempt was answered with a reset.
    Refused,
    /// The connection attempt was never answered.
    NoAnswer,
    /// It went on inside TLS, which was not read.
    Tls,
    /// The capture ended first.
    CaptureEnd,
    /// The transcript ended first.
    TranscriptEnd,
}

impl End {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Quit,
        Self::ServerClosed,
        Self::ClientClosed,
        Self::Reset,
        Self::Refused,
        Self::NoAnswer,
        Self::Tls,
        Self::CaptureEnd,
        Self::TranscriptEnd,
    ];

    /// Its name in reports and in `# end` lines of transcripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::ServerClosed => "server-closed",
            Self::ClientClosed => "client-closed",
            Self::Reset => "reset",
            Self::Refused => "refused",
            Self::NoAnswer => "no-answer",
            Self::Tls => "tls",
            Self::CaptureEnd => "capture-end",
            Self::TranscriptEnd => "transcript-end",
        }
    }
}

/// The two ends of a session and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Client and server address, if the input says.
    pub peers: Option<Sides<SocketAddr>>,
    /// The client's address as a PROXY header, a SOCKS or a CONNECT request gave it.
    pub via: Option<Via>,
    /// Time of the first packet or line.
    pub at: Option<Stamp>,
    /// Digits of the second's fraction in the input's time stamps.
    pub digits: u8,
    /// First frame or line.
    pub place: Place,
    /// How the session's bytes were recorded.
    pub medium: Medium,
    /// It was recognised by its content: the server's port is none that was said to be SMTP's.
    pub by_content: bool,
    /// What the input shows of such a session.
    pub shows: Shows,
}

impl Opening {
    /// `at`, if the input says on which day that is.
    #[must_use]
    pub fn dated(&self, at: Option<Stamp>) -> Option<Stamp> {
        at.filter(|_| self.shows.has(Shows::DATES))
    }
}

/// What a kind of input shows of a session, besides what its [`Medium`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shows(u8);

impl Shows {
    /// Mail data.
    pub const CONTENT: Self = Self(1);
    /// Of a reply's lines, which is the last, and each as it was: code, separator, text.
    pub const REPLIES: Self = Self(2);
    /// Which service extensions an EHLO reply offers, each with its parameters.
    pub const OFFERS: Self = Self(4);
    /// Command lines as they were, blanks and all.
    pub const COMMANDS: Self = Self(8);
    /// The date of its times.
    pub const DATES: Self = Self(16);
    /// The time zone of its times.
    pub const ZONE: Self = Self(32);
    /// What a client had seen when it sent a line: a server logs lines as it comes to them, so
    /// that commands sent at once look as if each had waited.
    pub const ORDER: Self = Self(64);
    /// Names of people and hosts, addresses and mail data as they were: nobody has masked them.
    pub const NAMES: Self = Self(128);
    /// All of it.
    pub const ALL: Self = Self(255);

    /// Whether it shows all of `what`.
    #[must_use]
    pub const fn has(self, what: Self) -> bool {
        self.0 & what.0 == what.0
    }

    /// What both show.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// With `what`, too.
    #[must_use]
    pub const fn with(self, what: Self) -> Self {
        Self(self.0 | what.0)
    }

    /// Without `what`.
    #[must_use]
    pub const fn without(self, what: Self) -> Self {
        Self(self.0 & !what.0)
    }
}

impl Default for Shows {
    fn default() -> Self {
        Self::ALL
    }
}

/// How the bytes of a session were recorded, which says what can be judged of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Packets: times, line ends and both streams as they were.
    Packets,
    /// Lines of a dialog: no line ends.
    Transcript,
    /// The client's lines only, as for a script pasted into telnet.
    Script,
}

/// A relay between the recorded connection and the SMTP dialog in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via {
    /// Which kind of relay.
    pub kind: ViaKind,
    /// The address that the header or the request names: the true client of a PROXY header,
    /// the target of SOCKS or CONNECT. `None` if it names a host or nothing.
    pub addr: Option<IpAddr>,
    /// The port that goes with it.
    pub port: u16,
}

/// The relays that are recognised in front of an SMTP dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViaKind {
    /// A PROXY protocol header, version 1 (text).
    ProxyV1,
    /// A PROXY protocol header, version 2 (binary).
    ProxyV2,
    /// A SOCKS5 request (RFC 1928).
    Socks5,
    /// An HTTP CONNECT request (RFC 9110 §9.3.6).
    HttpConnect,
}

/// Takes the chunks of one session in causal order.
pub trait Consume {
    /// Takes the next chunk.
    fn push(&mut self, chunk: &Chunk<'_>);

    /// Bytes of memory that it holds, roughly.
    fn held(&self) -> usize {
        size_of_val(self)
    }

    /// Reads a little of each part that the next chunk needs, so that it is in the cache then.
    /// What it returns says nothing.
    fn touch(&self) -> u64 {
        0
    }
}

impl<C: Consume> Consume for Box<C> {
    #[inline]
    fn push(&mut self, chunk: &Chunk<'_>) {
        (**self).push(chunk);
    }

    fn held(&self) -> usize {
        (**self).held()
    }

    #[inline]
    fn touch(&self) -> u64 {
        (**self).touch()
    }
}
