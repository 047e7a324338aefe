//! What a rule needs of the input to be judged.

use crate::chunk::{End, Ending, Medium, Opening, Shows};
use crate::dialog::session::{Hidden, Message, Session};

/// What a rule needs of the input. A rule whose needs are not met is not judged, and the report
/// says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// The client's bytes.
    Client,
    /// The server's bytes.
    Server,
    /// Times.
    Times,
    /// Packets: which side closed, what a sender had seen.
    Packets,
    /// The session's beginning.
    Start,
    /// The session's end, as it was on the wire or as the transcript notes it.
    End,
    /// Every byte of both sides, and every exchange kept.
    Whole,
    /// Line ends and all other octets as they were sent.
    LineEnds,
    /// Mail data.
    Content,
    /// Each line of a reply as it was: code, separator, text.
    Replies,
    /// What EHLO replies offer, keyword by keyword.
    Offers,
    /// Command lines as they were.
    Commands,
    /// What the client had seen when it sent a command.
    Order,
    /// Names and addresses to the letter: nobody has masked them.
    Names,
}

impl Need {
    /// All of them, in order.
    pub const ALL: [Self; 14] = [
        Self::Client,
        Self::Server,
        Self::Times,
        Self::Packets,
        Self::Start,
        Self::End,
        Self::Whole,
        Self::LineEnds,
        Self::Content,
        Self::Replies,
        Self::Offers,
        Self::Commands,
        Self::Order,
        Self::Names,
    ];

    /// The letter of rules.tsv, for those that it has.
    #[must_use]
    pub fn letter(self) -> Option<char> {
        match self {
            Self::Client => Some('C'),
            Self::Server => Some('S'),
            Self::Times => Some('T'),
            Self::Packets => Some('N'),
            Self::Start
            | Self::End
            | Self::Whole
            | Self::LineEnds
            | Self::Content
            | Self::Replies
            | Self::Offers
            | Self::Commands
            | Self::Order
            | Self::Names => None,
        }
    }

    /// What is needed, for a person.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "what the client sent",
            Self::Server => "what the server sent",
            Self::Times => "times",
            Self::Packets => "packets",
            Self::Start => "the session's beginning",
            Self::End => "the session's end",
            Self::Whole => "every byte of the session",
            Self::LineEnds => "line ends",
            Self::Content => "mail data",
            Self::Replies => "replies line by line",
            Self::Offers => "the keywords that EHLO replies offer",
            Self::Commands => "command lines as they were",
            Self::Order => "what the client had seen before it went on",
            Self::Names => "names and addresses to the letter",
        }
    }

    /// The needs that `session` does not meet, a bit for each.
    pub(super) fn all_unmet(session: &Session) -> u16 {
        if Self::are_met(session) {
            return 0;
        }
        (0..)
            .zip(Self::ALL)
            .fold(0, |unmet, (bit, need)| unmet | u16::from(need.unmet(session).is_some()) << bit)
    }

    /// Whether `session` surely meets all needs, as nearly all that were recorded as packets do.
    fn are_met(session: &Session) -> bool {
        let Opening { medium, at, shows, .. } = session.opening;
        let is_open = matches!(session.end, End::Tls | End::CaptureEnd | End::TranscriptEnd);
        let is_whole = session.gaps.is_empty()
            && session.elided.gaps == 0
            && session.elided_exchanges == 0
            && session.elided_messages == 0;
        medium == Medium::Packets
            && at.is_some()
            && shows == Shows::ALL
            && session.greeting.is_some()
            && !session.exchanges.is_empty()
            && session.transport.as_ref().is_none_or(|transport| !transport.midstream)
            && !is_open
            && session.ending != Ending::Evicted
            && is_whole
            && session.messages.iter().all(|one| one.content.hidden == Hidden::Nothing)
    }

    /// Why `session` does not meet this need, if it does not.
    pub(super) fn unmet(self, session: &Session) -> Option<&'static str> {
        let is_packets = session.opening.medium == Medium::Packets;
        match self {
            Self::Client => session
                .exchanges
                .is_empty()
                .then_some("nothing that the client sent is in the input"),
            Self::Server => {
                let replies = session.greeting.is_some()
                    || !session.unsolicited.is_empty()
                    || session.exchanges.iter().any(|exchange| exchange.reply.is_some());
                let is_script = session.opening.medium == Medium::Script;
                (is_script || !replies).then_some("nothing that the server sent is in the input")
            }
            Self::Times => session.opening.at.is_none().then_some("the input has no times"),
            Self::Packets => (!is_packets).then_some("the input is a transcript, not packets"),
            Self::Start => match &session.transport {
                Some(transport) => {
                    transport.midstream.then_some("the recording begins inside the session")
                }
                None => session
                    .greeting
                    .is_none()
                    .then_some("the transcript does not show how the session began"),
            },
            Self::End => match session.end {
                End::Tls => Some("what came after the start of TLS was not read"),
                _ if session.ending == Ending::Evicted => {
                    Some("the session was given up to bound memory")
                }
                End::CaptureEnd => Some("the recording ends before the session does"),
                End::TranscriptEnd => Some("the transcript does not show how the session ended"),
                _ => None,
            },
            Self::Whole => {
                if !session.gaps.is_empty() || session.elided.gaps > 0 {
                    Some("bytes of the session are missing from the input")
                } else if session.elided_exchanges > 0 || session.elided_messages > 0 {
                    Some("the session was too long to keep all of it")
                } else {
                    None
                }
            }
            Self::LineEnds => (!is_packets).then_some("a transcript does not show line ends"),
            Self::Content => {
                let is_left_out = |one: &Message| one.content.hidden != Hidden::Nothing;
                let shows = session.opening.shows;
                let is_masked = shows.has(Shows::CONTENT) && !shows.has(Shows::NAMES);
                session.messages.iter().any(is_left_out).then_some(if is_masked {
                    "mail data is masked in the input"
                } else {
                    "the log leaves mail data out"
                })
            }
            Self::Replies => (!session.opening.shows.has(Shows::REPLIES))
                .then_some("the log does not show replies line by line"),
            Self::Offers => (!session.opening.shows.has(Shows::OFFERS))
                .then_some("the log does not show where keywords of EHLO replies end"),
            Self::Commands => (!session.opening.shows.has(Shows::COMMANDS))
                .then_some("the log does not show command lines as they were"),
            Self::Order => (!session.opening.shows.has(Shows::ORDER))
                .then_some("a server's log does not show what the client had seen"),
            Self::Names => (!session.opening.shows.has(Shows::NAMES))
                .then_some("names and addresses are masked"),
        }
    }
}
