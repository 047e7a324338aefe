//! What a session has, as far as it says which rules need not be asked.

use super::{Answer, Check, Rule, all};
use crate::chunk::End;
use crate::dialog::session::{Exchange, Request, Session, Used};
use crate::smtp::command::Verb;
use crate::smtp::extension::{
    AUTH, CHUNKING, EIGHTBITMIME, ENHANCEDSTATUSCODES, PIPELINING, SIZE, STARTTLS,
};
use crate::smtp::grammar::Enhanced;
use crate::smtp::grammar::reply::Kind;
use crate::smtp::reply::is_offer_of;
use crate::smtp::{code, status};
use std::sync::LazyLock;

/// Octets of a reply with a line that may be too long (RFC 5321 §4.5.3.1.5), without its CRLF.
const LINE: usize = 510;

/// Lines that ordinary replies do not have.
pub(super) const LINES: usize = 64;

/// Something that sessions have or have not. A rule names the rarest one without which it finds
/// nothing; sessions without it then cost it nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It is a session.
    Any,
    /// No handshake was seen.
    Midstream,
    /// The client declared the size of a message.
    SizeDeclared,
    /// A reply of 4yz or 5yz to a command or as the greeting.
    Refused,
    /// A command without a reply.
    Unanswered,
    /// A reply that answers no command.
    Unsolicited,
    /// An extension was used.
    Extended,
    /// An extension was used that few sessions use.
    Uncommon,
    /// LIMITS was offered, and the client came near a limit or was refused something.
    Limits,
    /// It did not end with QUIT.
    NoQuit,
    /// A mail transaction was begun.
    Transaction,
    /// A message's content was sent.
    Content,
    /// Content with octets above 127.
    EightBit,
    /// More than one EHLO was accepted.
    HelloAgain,
    /// More than ten exchanges.
    Long,
    /// A command was sent before the reply to the one before it.
    Pipelined,
    /// TLS.
    Tls,
    /// A line that is no known command.
    Stray,
    /// A line of more than 512 octets.
    LongLine,
    /// A reply with a code that is in no RFC.
    OddCode,
    /// A reply whose text is longer than a line may be, or has many lines.
    LongReply,
    /// An enhanced status code, or what looks so, in the greeting or a reply to EHLO.
    EnhancedGreeting,
    /// An enhanced status code, although none was used where they were offered.
    EnhancedUnasked,
    /// An enhanced status code that the registry lacks.
    EnhancedOdd,
    /// A reply that might have an enhanced status code, of which some line has none.
    Unenhanced,
}

/// Who asks for what. Rules are named by their place in [`all`].
struct Asked {
    /// Those of steps, by the kind of request.
    steps: [Vec<usize>; Request::KINDS],
    /// Those of replies.
    replies: Vec<usize>,
    /// Those of messages and of the session.
    others: Vec<usize>,
}

/// Who asks for what.
static ASKED: LazyLock<Asked> = LazyLock::new(|| {
    let mut asked = Asked {
        steps: [const { Vec::new() }; Request::KINDS],
        replies: Vec::new(),
        others: Vec::new(),
    };
    for (place, rule) in all().iter().enumerate() {
        match rule.check {
            // These are found by what is wrong, or are not asked about sessions.
            Check::Grammar(_) | Check::Input(_) => {}
            Check::Step(requests, ..) => {
                for request in requests {
                    if let Some(rules) = asked.steps.get_mut(request.kind()) {
                        rules.push(place);
                    }
                }
            }
            Check::Reply(..) => asked.replies.push(place),
            Check::Mail(..) | Check::Session(..) => asked.others.push(place),
        }
    }
    asked
});

/// A set of facts, a bit for each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts(u64);

impl Fact {
    /// Its bit.
    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

impl Facts {
    /// Those of `session`.
    pub(super) fn of(session: &Session) -> Self {
        let mut facts = Fact::Any.bit();
        let mut add = |fact: Fact, is_so: bool| facts |= if is_so { fact.bit() } else { 0 };
        let is_bad = |code: Option<u16>| code.is_some_and(|code| code >= 400);
        let greeting = session.greeting.as_ref();
        let mut refused = greeting.is_some_and(|reply| is_bad(reply.code));
        let (mut unanswered, mut pipelined) = (false, false);
        let (mut stray, mut long_line) = (false, false);
        for Exchange { request, octets, reply, pipelined: is_early, .. } in &session.exchanges {
            long_line |= *octets > 512;
            stray |= *request == Request::Command(Verb::Other);
            unanswered |= reply.is_none();
            refused |= reply.is_some_and(|reply| is_bad(reply.code));
            pipelined |= is_early;
        }
        add(Fact::Refused, refused);
        add(Fact::Unanswered, unanswered);
        add(Fact::Pipelined, pipelined);
        add(Fact::Midstream, session.transport.as_ref().is_some_and(|one| one.midstream));
        add(Fact::Unsolicited, !session.unsolicited.is_empty());
        add(Fact::Extended, session.used != Used::default());
        add(Fact::Uncommon, session.used.indices().any(|index| !COMMON.contains(&index)));
        add(Fact::Limits, (refused || has_several(session)) && has_limits(session));
        add(Fact::NoQuit, session.end != End::Quit);
        add(Fact::HelloAgain, session.hellos.len() > 1);
        add(Fact::Long, session.exchanges.len() > 10);
        add(Fact::Tls, session.tls.is_some());
        add(Fact::Stray, stray);
        add(Fact::LongLine, long_line);
        for message in &session.messages {
            add(Fact::Transaction, true);
            add(Fact::SizeDeclared, message.declared_size.is_some());
            add(Fact::Content, message.transfer.is_some());
            add(Fact::EightBit, message.content.eight_bit > 0);
        }
        Self(facts)
    }

    /// Adds what a whole reply of `session` shows: `answer`, its `lines` and its enhanced code.
    pub(super) fn learn(&mut self, answer: &Answer<'_>, lines: &[&[u8]], found: Option<Enhanced>) {
        let mut add = |fact: Fact, is_so: bool| self.0 |= if is_so { fact.bit() } else { 0 };
        let Some(code) = answer.reply.code else { return };
        add(Fact::OddCode, !code::is_registered(code));
        let octets = answer.reply.text.len as usize;
        add(Fact::LongReply, octets > LINE || lines.len() > LINES);
        if answer.kind() != Kind::Any {
            let second = lines.first().and_then(|line| line.get(4..6));
            add(Fact::EnhancedGreeting, second == Some(b"2."));
        } else if let Some(Enhanced { subject, detail, .. }) = found {
            let session = answer.case.session;
            add(Fact::EnhancedOdd, !status::is_registered(subject, detail));
            add(Fact::EnhancedUnasked, !session.used.has(ENHANCEDSTATUSCODES));
            add(Fact::Unenhanced, lines.len() > 1);
        } else {
            add(Fact::Unenhanced, !(300..400).contains(&code));
        }
    }

    /// Whether `fact` is among them.
    pub(super) fn has(self, fact: Fact) -> bool {
        self.0 & fact.bit() != 0
    }
}

/// The extensions that many sessions use.
const COMMON: [u8; 6] = [PIPELINING, SIZE, EIGHTBITMIME, CHUNKING, STARTTLS, AUTH];

/// Whether there is more than one transaction, or recipient of one.
fn has_several(session: &Session) -> bool {
    session.messages.len() > 1 || session.messages.iter().any(|one| one.recipients.len() > 1)
}

/// Whether LIMITS was offered.
fn has_limits(session: &Session) -> bool {
    session
        .hellos
        .iter()
        .any(|hello| session.offers(hello).any(|text| is_offer_of(text, b"LIMITS")))
}

/// The rules of steps with this kind of request.
pub(super) fn of_steps(kind: usize) -> &'static [usize] {
    ASKED.steps.get(kind).map(Vec::as_slice).unwrap_or_default()
}

/// The rules of replies.
pub(super) fn of_replies() -> &'static [usize] {
    &ASKED.replies
}

/// The rules of messages and sessions.
pub(super) fn of_sessions() -> &'static [usize] {
    &ASKED.others
}

/// Whether `rule` may find something in a session with `facts`.
pub(super) fn is_possible(rule: &Rule, facts: Facts) -> bool {
    match rule.check {
        Check::Grammar(_) => true,
        Check::Input(_) => false,
        Check::Step(_, fact, _)
        | Check::Reply(fact, _)
        | Check::Mail(fact, _)
        | Check::Session(fact, _) => facts.has(fact),
    }
}
