//! What a session has, as far as it says which rules need not be asked.

use super::digest::{Digest, bit};
use super::set::Set;
use super::{Answer, Check, all};
use crate::chunk::{End, Transport};
use crate::dialog::session::{Exchange, Protocol, Request, Session, Used};
use crate::smtp::command::Verb;
use crate::smtp::extension::{
    AUTH, CHUNKING, EIGHTBITMIME, ENHANCEDSTATUSCODES, LIMITS, PIPELINING, SIZE, SMTPUTF8, STARTTLS,
};
use crate::smtp::grammar::Enhanced;
use crate::smtp::grammar::reply::Kind;
use crate::smtp::line::LineEnd;
use crate::smtp::{code, status};
use crate::time::Lapse;
use std::sync::LazyLock;

/// Octets of a reply with a line that may be too long (RFC 5321 §4.5.3.1.5), without its CRLF.
const LINE: usize = 510;

/// Lines that ordinary replies do not have.
pub(super) const LINES: usize = 64;

/// In less time nobody has waited for anybody.
const SLOW: Lapse = Lapse::from_nanos(5_000_000_000);

/// For so long the server of a tarpit owes replies, in all.
const WAITS: Lapse = Lapse::from_nanos(2_500_000_000);

/// Something that sessions have or have not. A rule names the rarest one without which it finds
/// nothing; sessions without it then cost it nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It is a session.
    Any,
    /// No handshake was seen.
    Midstream,
    /// Something was odd about its segments, or it stood still by TCP's doing.
    Odd,
    /// Bytes are missing.
    Gaps,
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
    /// An extension was used that not every EHLO reply offers, or there may be more to it.
    Unoffered,
    /// A message is larger, or is said to be, than an EHLO reply permits.
    OverSize,
    /// SMTPUTF8 was used.
    Utf8,
    /// An EHLO reply offers what may not go together.
    OddOffers,
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
    /// Content in chunks.
    Chunks,
    /// Content that is empty, or of which octets are missing.
    LackingContent,
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
    /// AUTH was sent.
    Auth,
    /// AUTH is offered.
    AuthOffered,
    /// STARTTLS was offered and never sent.
    TlsUnused,
    /// To a port of submission (RFC 8314).
    Submission,
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
    /// A line of a command or a reply ended with LF alone.
    BareLf,
    /// Content in which something is rare: [`Message::odd`](crate::dialog::session::Message::odd).
    OddContent,
    /// For five seconds or more nothing new came.
    Slow,
    /// The server owed replies for some seconds, in all.
    Waits,
}

/// Who asks for what.
struct Asked {
    /// The rules of steps, by the kind of request.
    steps: [Set; Request::KINDS],
    /// Those of replies.
    replies: Set,
    /// Those of messages and of the session.
    others: Set,
    /// Those that are found by what is wrong, and those that ask for each fact.
    always: Set,
    facts: [Set; 64],
}

/// Who asks for what.
static ASKED: LazyLock<Asked> = LazyLock::new(|| {
    let mut asked = Asked {
        steps: [Set::default(); Request::KINDS],
        replies: Set::default(),
        others: Set::default(),
        always: Set::default(),
        facts: [Set::default(); 64],
    };
    for (place, rule) in all().iter().enumerate() {
        let fact = match rule.check {
            Check::Grammar(_) => {
                asked.always.add(place);
                continue;
            }
            // They are not asked about sessions.
            Check::Input(_) => continue,
            Check::Step(requests, fact, _) => {
                for request in requests {
                    if let Some(rules) = asked.steps.get_mut(request.kind()) {
                        rules.add(place);
                    }
                }
                fact
            }
            Check::Reply(fact, _) => {
                asked.replies.add(place);
                fact
            }
            Check::Mail(fact, _) | Check::Session(fact, _) => {
                asked.others.add(place);
                fact
            }
        };
        if let Some(rules) = asked.facts.get_mut(fact as usize) {
            rules.add(place);
        }
    }
    asked
});

/// A set of facts, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
        let mut tls = false;
        let mut bare_lf = greeting.is_some_and(|reply| reply.bare_lf);
        for Exchange { request, octets, reply, pipelined: is_early, before, line_end, .. } in
            &session.exchanges
        {
            bare_lf |= *line_end == LineEnd::Lf || reply.is_some_and(|reply| reply.bare_lf);
            tls |= before.tls;
            long_line |= *octets > 512;
            stray |= *request == Request::Command(Verb::Other);
            unanswered |= reply.is_none();
            refused |= reply.is_some_and(|reply| is_bad(reply.code));
            pipelined |= is_early;
        }
        add(Fact::BareLf, bare_lf);
        add(Fact::Refused, refused);
        add(Fact::Unanswered, unanswered);
        add(Fact::Pipelined, pipelined);
        let is_odd = |one: &Transport| {
            one.odd.client.is_some() || one.odd.server.is_some() || !one.stalls.is_empty()
        };
        add(Fact::Odd, session.transport.as_deref().is_some_and(is_odd));
        add(Fact::Gaps, !session.gaps.is_empty());
        add(Fact::Midstream, session.transport.as_ref().is_some_and(|one| one.midstream));
        add(Fact::Unsolicited, !session.unsolicited.is_empty());
        add(Fact::Extended, session.used != Used::default());
        add(Fact::Uncommon, session.used.indices().any(|index| !COMMON.contains(&index)));
        let (mut odd, mut everywhere, mut somewhere, mut limit) = (false, u64::MAX, 0, u64::MAX);
        for digest in Digest::of_all(session) {
            odd |= digest.is_odd;
            everywhere &= digest.offered;
            somewhere |= digest.offered;
            limit = limit.min(digest.limit.unwrap_or(u64::MAX));
        }
        add(Fact::OddOffers, odd);
        let is_simple = session.hellos.len() == 1
            && session.hellos.iter().all(|hello| hello.exchange == 0)
            && session.protocol == Protocol::Esmtp
            && !tls;
        let used = session.used.indices().fold(0, |set, index| set | bit(index));
        add(Fact::Unoffered, used != 0 && (!is_simple || used & !everywhere != 0));
        add(Fact::Utf8, session.used.has(SMTPUTF8));
        let has_limits = somewhere & bit(LIMITS) != 0;
        add(Fact::Limits, (refused || has_several(session)) && has_limits);
        add(Fact::NoQuit, session.end != End::Quit);
        add(Fact::HelloAgain, session.hellos.len() > 1);
        add(Fact::Long, session.exchanges.len() > 10);
        add(Fact::Slow, session.timing.longest.is_some_and(|longest| longest >= SLOW));
        add(Fact::Waits, session.timing.server.is_some_and(|server| server >= WAITS));
        add(Fact::Tls, session.tls.is_some());
        add(Fact::Auth, session.auth.is_some());
        add(Fact::AuthOffered, somewhere & bit(AUTH) != 0);
        add(Fact::TlsUnused, somewhere & bit(STARTTLS) != 0 && !session.used.has(STARTTLS));
        let port = session.opening.peers.map_or(0, |peers| peers.server.port());
        add(Fact::Submission, matches!(port, 465 | 587));
        add(Fact::Stray, stray);
        add(Fact::LongLine, long_line);
        for message in &session.messages {
            add(Fact::Transaction, true);
            add(Fact::SizeDeclared, message.declared_size.is_some());
            add(Fact::Content, message.transfer.is_some());
            let declared = message.declared_size.unwrap_or_default();
            add(Fact::OverSize, declared.max(message.size()) > limit);
            add(Fact::EightBit, message.content.eight_bit > 0);
            add(Fact::Chunks, message.chunks.is_some());
            let is_none = message.transfer.is_some() && message.size() == 0;
            add(Fact::LackingContent, is_none || message.content.missing > 0);
            add(Fact::OddContent, message.odd.is_some());
        }
        Self(facts)
    }

    /// What a whole reply shows: `answer`, its `lines` and its enhanced code. Its text says it all.
    pub(super) fn shown(answer: &Answer<'_>, lines: &[&[u8]], found: Option<Enhanced>) -> Self {
        let mut facts = 0;
        let mut add = |fact: Fact, is_so: bool| facts |= if is_so { fact.bit() } else { 0 };
        let Some(code) = answer.reply.code else { return Self(0) };
        add(Fact::OddCode, !code::is_registered(code));
        let octets = answer.reply.text.len as usize;
        add(Fact::LongReply, octets > LINE || lines.len() > LINES);
        if answer.kind() != Kind::Any {
            let second = lines.first().and_then(|line| line.get(4..6));
            add(Fact::EnhancedGreeting, second == Some(b"2."));
        } else if let Some(Enhanced { subject, detail, .. }) = found {
            add(Fact::EnhancedOdd, !status::is_registered(subject, detail));
            add(Fact::EnhancedUnasked, true);
            add(Fact::Unenhanced, lines.len() > 1);
        } else {
            add(Fact::Unenhanced, !(300..400).contains(&code));
        }
        Self(facts)
    }

    /// Without what is no fact where the server offers what `session` uses.
    pub(super) fn in_session(self, session: &Session) -> Self {
        let is_asked = session.used.has(ENHANCEDSTATUSCODES);
        Self(if is_asked { self.0 & !Fact::EnhancedUnasked.bit() } else { self.0 })
    }

    /// The rules that may find something where they hold.
    pub(super) fn rules(self) -> Set {
        let asked = &*ASKED;
        let mut rules = asked.always;
        let mut left = self.0;
        while left != 0 {
            if let Some(of_fact) = asked.facts.get(left.trailing_zeros() as usize) {
                rules.add_all(of_fact);
            }
            // The lowest bit.
            left &= left.wrapping_sub(1);
        }
        rules
    }

    /// Adds those of `other`. Returns whether some are new.
    pub(super) fn add(&mut self, other: Self) -> bool {
        let before = self.0;
        self.0 |= other.0;
        self.0 != before
    }
}

/// The extensions that many sessions use.
const COMMON: [u8; 6] = [PIPELINING, SIZE, EIGHTBITMIME, CHUNKING, STARTTLS, AUTH];

/// Whether there is more than one transaction, or recipient of one.
fn has_several(session: &Session) -> bool {
    session.messages.len() > 1 || session.messages.iter().any(|one| one.recipients.len() > 1)
}

/// The rules of steps with this kind of request.
pub(super) fn of_steps(kind: usize) -> &'static Set {
    ASKED.steps.get(kind).unwrap_or(&ASKED.replies)
}

/// The rules of replies.
pub(super) fn of_replies() -> &'static Set {
    &ASKED.replies
}

/// The rules of messages and sessions.
pub(super) fn of_sessions() -> &'static Set {
    &ASKED.others
}
