//! Which facts a session has: each rule is asked only where it may find something, and nearly all
//! sessions have few of them.

use super::digest::{Digest, bit};
use super::{Answer, Fact};
use crate::chunk::{End, Side, Transport};
use crate::dialog::session::{Exchange, Message, Protocol, Request, Session};
use crate::smtp::command::Verb;
use crate::smtp::extension::{
    self, AUTH, CHUNKING, EIGHTBITMIME, ENHANCEDSTATUSCODES, LIMITS, PIPELINING, SIZE, SMTPUTF8,
    STARTTLS,
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

/// No handshake takes so long.
const CONNECT: Lapse = Lapse::from_nanos(900_000_000);

/// Fields named Received that few messages have.
const RECEIVED: u32 = 30;

/// Messages, or recipients of one, that are many.
const MANY: usize = 3;

/// The extensions that many sessions use.
const COMMON: [u8; 7] =
    [PIPELINING, SIZE, EIGHTBITMIME, CHUNKING, STARTTLS, AUTH, ENHANCEDSTATUSCODES];

/// The same, a bit for each.
static COMMON_BITS: LazyLock<u64> =
    LazyLock::new(|| COMMON.iter().fold(0, |set, &index| set | bit(index)));

/// The extensions of vendors, a bit for each.
static VENDORS: LazyLock<u64> = LazyLock::new(|| {
    let vendors =
        (0..64).filter(|&index| extension::by_index(index).is_some_and(|one| !one.registered));
    vendors.fold(0, |set, index| set | bit(index))
});

/// A set of facts, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts(u64);

/// What a session shows on the way.
#[derive(Default)]
struct Seen {
    tls: bool,
    helo: bool,
    refused: bool,
    bdat: bool,
    stray: bool,
    /// The least limit that a SIZE offer states.
    limit: Option<u64>,
    /// 8BITMIME may not be offered somewhere.
    may_lack_8bit: bool,
}

impl Facts {
    /// Those of `session`.
    pub(super) fn of(session: &Session) -> Self {
        let mut facts = Self(0);
        facts.add(Fact::Any, true);
        let mut seen = facts.of_exchanges(session);
        facts.of_offers(session, &mut seen);
        facts.of_frame(session);
        facts.of_messages(session, &seen);
        facts
    }

    /// Adds `fact` if it is so.
    #[inline]
    fn add(&mut self, fact: Fact, is_so: bool) {
        self.0 |= u64::from(is_so) << fact as u64;
    }

    /// Whether `fact` is among them.
    #[inline]
    pub(super) fn has(self, fact: Fact) -> bool {
        self.0 >> fact as u64 & 1 == 1
    }

    /// Those that commands and their replies show.
    fn of_exchanges(&mut self, session: &Session) -> Seen {
        let mut seen = Seen::default();
        let mut before: Option<&Exchange> = None;
        let count = session.exchanges.len();
        let (mut is_bare, mut is_long, mut is_unanswered, mut is_disorder) =
            (false, false, false, false);
        let greeting = session.greeting.as_ref();
        self.add(Fact::BareLf, greeting.is_some_and(|reply| reply.bare_lf));
        let greeting = greeting.and_then(|reply| reply.code);
        seen.refused = greeting.is_some_and(is_bad);
        self.add(Fact::Unusual, greeting.is_some_and(|code| code != 220));
        for (left, one) in (0..count).rev().zip(&session.exchanges) {
            let Exchange { request, reply, before: state, .. } = one;
            if let Some(reply) = reply {
                is_bare |= reply.bare_lf;
                if let Some(code) = reply.code
                    && USUAL.get(request.kind()) != Some(&code)
                {
                    seen.refused |= is_bad(code);
                    self.add(Fact::Unusual, !is_usual(*request, code));
                }
            } else {
                is_unanswered = true;
            }
            is_bare |= one.line_end == LineEnd::Lf;
            is_long |= one.octets > 512;
            if one.pipelined {
                self.add(Fact::Pipelined, true);
                self.add(Fact::Barrier, before.is_some_and(is_barrier));
            }
            seen.tls |= state.tls;
            seen.helo |= state.hello == Protocol::Smtp;
            let is_stray = match request {
                Request::Command(Verb::Mail) => state.mail || state.hello == Protocol::Unknown,
                Request::Command(Verb::Rcpt) => !state.mail,
                Request::Command(Verb::Data) => !state.mail || state.rcpt_sent == 0,
                Request::Command(Verb::Bdat) => {
                    let size = session.bytes(one.line).get(5);
                    let is_odd = seen.bdat || !matches!(size, Some(b'1'..=b'9'));
                    self.add(Fact::OddChunks, is_odd);
                    seen.bdat = true;
                    !state.mail || state.rcpt_sent == 0 || state.rcpt_accepted == 0 && !state.bdat
                }
                Request::Command(Verb::Quit) => left > 0,
                Request::Command(Verb::Ehlo | Verb::Helo | Verb::Lhlo) => {
                    self.of_name(session, one);
                    false
                }
                Request::Command(Verb::Other) => {
                    seen.stray = true;
                    true
                }
                Request::Command(Verb::Send | Verb::Soml | Verb::Saml) => true,
                Request::Command(_) | Request::EndOfData | Request::AuthLine => false,
            };
            is_disorder |= is_stray || one.hasty;
            before = Some(one);
        }
        self.add(Fact::BareLf, is_bare);
        self.add(Fact::LongLine, is_long);
        self.add(Fact::Unanswered, is_unanswered);
        self.add(Fact::Disorder, is_disorder);
        self.add(Fact::Refused, seen.refused);
        self.add(Fact::Stray, seen.stray);
        self.add(Fact::OddChunks, seen.bdat && seen.stray);
        self.add(Fact::Long, count > 10);
        self.add(Fact::Burst, self.has(Fact::Pipelined) && count > 8);
        let is_left = session.closing.as_ref().is_none_or(|closing| closing.first != Side::Server);
        self.add(Fact::OddEnd, is_left || self.has(Fact::Disorder));
        seen
    }

    /// Those of the name that the client gives in `one`, an EHLO, HELO or LHLO.
    fn of_name(&mut self, session: &Session, one: &Exchange) {
        let name = match session.bytes(one.line) {
            [_, _, _, _, b' ', name @ ..] if is_word(name) => name,
            // Written as nearly nobody writes it.
            _ => b"",
        };
        let is_full = match name {
            [b'[', ..] | [.., b'.', _, _] => true,
            [.., b'.', first, _, _] => !first.eq_ignore_ascii_case(&b'l'),
            _ => false,
        };
        self.add(Fact::OddName, !is_full);
        let texts = [one.reply.as_ref(), session.greeting.as_ref()];
        let is_same = texts.into_iter().flatten().any(|reply| {
            let text = session.bytes(reply.text);
            match text {
                [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', text @ ..]
                    if text.first().is_some_and(u8::is_ascii_graphic) =>
                {
                    let start = text.get(..name.len());
                    start.is_some_and(|start| start.eq_ignore_ascii_case(name))
                }
                _ => true,
            }
        });
        self.add(Fact::Loop, is_same);
    }

    /// Those of what was offered, and what of it was used.
    fn of_offers(&mut self, session: &Session, seen: &mut Seen) {
        let (mut odd, mut everywhere, mut somewhere) = (false, u64::MAX, 0);
        for digest in Digest::of_all(session) {
            odd |= digest.is_odd;
            everywhere &= digest.offered;
            somewhere |= digest.offered;
            seen.limit = seen.limit.into_iter().chain(digest.limit).min();
        }
        self.add(Fact::OddOffers, odd);
        self.add(Fact::HelloAgain, session.hellos.len() > 1);
        let is_simple = matches!(&*session.hellos, [hello] if hello.exchange == 0)
            && session.protocol == Protocol::Esmtp
            && !seen.tls;
        let mut used = session.used.bits();
        self.add(Fact::Extended, used != 0);
        self.add(Fact::Helo, seen.helo && used != 0);
        self.add(Fact::Uncommon, used & !*COMMON_BITS != 0);
        let is_early = session.exchanges.get(1).is_some_and(|one| one.pipelined);
        self.add(Fact::Vendor, used != 0 && (is_early || used & *VENDORS != 0));
        if seen.bdat {
            used |= bit(CHUNKING);
        }
        self.add(Fact::Unoffered, used != 0 && (!is_simple || used & !everywhere != 0));
        self.add(Fact::Utf8, session.used.has(SMTPUTF8));
        let offers = |index| somewhere & bit(index) != 0;
        let several = || {
            session.messages.len() > 1
                || session.messages.iter().any(|one| one.recipients.len() > 1)
        };
        self.add(Fact::Limits, offers(LIMITS) && (seen.refused || several()));
        self.add(Fact::AuthOffered, offers(AUTH));
        self.add(Fact::TlsUnused, offers(STARTTLS) && !session.used.has(STARTTLS));
        self.add(Fact::EnhancedOffered, offers(ENHANCEDSTATUSCODES));
        seen.may_lack_8bit = !is_simple || everywhere & bit(EIGHTBITMIME) == 0;
    }

    /// Those of the connection.
    fn of_frame(&mut self, session: &Session) {
        let (opening, timing) = (&session.opening, &session.timing);
        if let Some(Transport { odd, stalls, midstream, .. }) = session.transport.as_deref() {
            let is_odd = odd.client.is_some() || odd.server.is_some() || !stalls.is_empty();
            self.add(Fact::Odd, is_odd);
            self.add(Fact::Midstream, *midstream);
        }
        self.add(Fact::Gaps, !session.gaps.is_empty());
        self.add(Fact::Unsolicited, !session.unsolicited.is_empty());
        self.add(Fact::NoQuit, session.end != End::Quit);
        self.add(Fact::Tls, session.tls.is_some());
        self.add(Fact::Auth, session.auth.is_some());
        let port = opening.peers.map_or(0, |peers| peers.server.port());
        self.add(Fact::Submission, matches!(port, 465 | 587));
        let is_usual = session.greeting.is_some() && !session.early;
        let is_common = opening.via.is_none() && !opening.by_content;
        let is_quick = timing.connect.is_none_or(|connect| connect < CONNECT);
        self.add(Fact::OddStart, !is_usual || !is_common || !is_quick);
        self.add(Fact::Waits, timing.server.is_some_and(|server| server >= WAITS));
        if timing.longest.is_some_and(|longest| longest >= SLOW) {
            self.add(Fact::Slow, true);
            let is_slow = |one: &Exchange| {
                let took = one.reply.map(|reply| reply.begun.at.zip(one.asked.at));
                took.is_none_or(|took| took.is_some_and(|(begun, at)| begun.since(at) >= SLOW))
            };
            let is_greeting = timing.greeting.is_some_and(|greeting| greeting >= SLOW);
            self.add(Fact::SlowReply, is_greeting || session.exchanges.iter().any(is_slow));
        }
    }

    /// Those of its messages.
    fn of_messages(&mut self, session: &Session, seen: &Seen) {
        let messages = &session.messages;
        self.add(Fact::Transaction, !messages.is_empty());
        self.add(Fact::Unfinished, messages.is_empty());
        let used = |index| session.used.has(index);
        let (has_8bit, has_pipelining) = (used(EIGHTBITMIME), used(PIPELINING));
        let mut are_many = messages.len() >= MANY;
        for message in messages {
            let Message { transfer, content, chunks, recipients, .. } = message;
            let is_over = message.declared_size.is_some_and(|size| size < content.octets);
            self.add(Fact::OverDeclared, is_over);
            let size = message.declared_size.unwrap_or_default().max(message.size());
            self.add(Fact::OverSize, seen.limit.is_some_and(|limit| size > limit));
            self.add(Fact::Content, transfer.is_some());
            self.add(Fact::Unfinished, transfer.is_none() || !message.ended);
            self.add(Fact::EightBit, content.eight_bit > 0);
            let is_in_body = content.eight_bit > content.header_eight_bit;
            self.add(Fact::EightBitUnoffered, is_in_body && seen.may_lack_8bit);
            self.add(Fact::SevenBit, content.eight_bit == 0 && has_8bit);
            let is_none = transfer.is_some() && message.size() == 0;
            self.add(Fact::LackingContent, is_none || content.missing > 0);
            self.add(Fact::OddContent, message.odd.is_some());
            self.add(Fact::Loop, content.received >= RECEIVED);
            if let Some(chunks) = chunks {
                self.add(Fact::Chunks, true);
                self.add(Fact::OddChunks, chunks.left > 0 || chunks.tail.ends_with(b"\r\n.\r\n"));
            }
            self.add(Fact::OddChunks, content.nul > 0);
            self.add(Fact::Several, recipients.len() > 1);
            are_many |= recipients.len() >= MANY;
            self.add(Fact::Unusual, recipients.iter().any(|one| one.delivery.is_some()));
        }
        let is_pause = session.pauses.iter().any(|pause| pause.content);
        self.add(Fact::Paused, is_pause && self.has(Fact::Content));
        self.add(Fact::Unpipelined, are_many && !has_pipelining);
    }

    /// What a whole reply shows: `answer`, which has so many `lines`, its `first` one and its
    /// enhanced code. Its text says it all.
    pub(super) fn shown(
        answer: &Answer<'_>,
        lines: usize,
        first: &[u8],
        kind: Kind,
        found: Option<Enhanced>,
    ) -> Self {
        let mut facts = Self(0);
        let Some(code) = answer.reply.code else { return facts };
        facts.add(Fact::OddCode, !code::is_registered(code));
        let octets = answer.reply.text.len as usize;
        facts.add(Fact::LongReply, octets > LINE || lines > LINES);
        if kind != Kind::Any {
            facts.add(Fact::EnhancedGreeting, first.get(4..6) == Some(b"2."));
        } else if let Some(Enhanced { subject, detail, .. }) = found {
            facts.add(Fact::EnhancedOdd, !status::is_registered(subject, detail));
            facts.add(Fact::EnhancedUnasked, true);
            facts.add(Fact::Unenhanced, lines > 1);
        } else {
            facts.add(Fact::Unenhanced, !(300..400).contains(&code));
        }
        facts
    }

    /// What a reply may show that is no fact where `session`, which has these, uses enhanced codes or
    /// nobody offers them.
    pub(super) fn moot(self, session: &Session) -> Self {
        let mut moot = Self(0);
        moot.add(Fact::EnhancedUnasked, session.used.has(ENHANCEDSTATUSCODES));
        moot.add(Fact::Unenhanced, !self.has(Fact::EnhancedOffered));
        moot
    }

    /// Adds what a reply has `shown`, without what is `moot`. Returns whether some are new.
    #[inline]
    pub(super) fn learn(&mut self, shown: Self, moot: Self) -> bool {
        // Nearly no reply shows more than those before it.
        let is_new = !self.has_all(shown, moot);
        self.0 |= shown.0 & !moot.0;
        is_new
    }

    /// Adds that a command is not plain. Returns whether that is new.
    pub(super) fn learn_unplain(&mut self) -> bool {
        let is_new = !self.has(Fact::Unplain);
        self.add(Fact::Unplain, true);
        is_new
    }

    /// Whether all that are `shown` are among them, but for what is `moot`.
    #[inline]
    pub(super) fn has_all(self, shown: Self, moot: Self) -> bool {
        shown.0 & !(self.0 | moot.0) == 0
    }

    /// The places of their bits.
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            // The lowest bit.
            left &= left.wrapping_sub(1);
            (place < 64).then_some(place)
        })
    }

    /// A number of them in which sets that differ in a bit or two differ everywhere.
    pub(super) fn number(self) -> usize {
        usize::try_from(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48).unwrap_or_default()
    }
}

/// Whether a reply with `code` is a refusal.
fn is_bad(code: u16) -> bool {
    code >= 400
}

/// Stands where there is no code.
const NONE: u16 = u16::MAX;

/// The code that nearly all servers answer to each request, by its [`Request::kind`], or [`NONE`].
// What is indexed is so when it is compiled.
#[allow(clippy::indexing_slicing)]
static USUAL: [u16; Request::KINDS] = {
    let mut all = [NONE; Request::KINDS];
    let mut at = 0;
    while at < Verb::ALL.len() {
        all[at] = usual(Request::Command(Verb::ALL[at]));
        at += 1;
    }
    all[Request::EndOfData.kind()] = usual(Request::EndOfData);
    all[Request::AuthLine.kind()] = usual(Request::AuthLine);
    all
};

/// The code that nearly all servers answer to `request`, or [`NONE`].
const fn usual(request: Request) -> u16 {
    match request {
        Request::Command(verb) => match verb {
            Verb::Ehlo
            | Verb::Helo
            | Verb::Lhlo
            | Verb::Mail
            | Verb::Rcpt
            | Verb::Bdat
            | Verb::Rset
            | Verb::Noop => 250,
            Verb::Data => 354,
            Verb::Quit => 221,
            Verb::Starttls => 220,
            Verb::Auth => 334,
            _ => NONE,
        },
        Request::EndOfData => 250,
        Request::AuthLine => 334,
    }
}

/// Whether `code` is what nearly all servers answer to `request`, or a refusal of it. Such a reply is
/// listed for it by an RFC, and does not stand where that to another command belongs.
#[cold]
fn is_usual(request: Request, code: u16) -> bool {
    let usual = usual(request);
    let is_auth = matches!(request, Request::Command(Verb::Auth) | Request::AuthLine);
    let may_be_bad = usual != NONE && request != Request::Command(Verb::Quit);
    code == usual || is_auth && code == 235 || may_be_bad && is_bad(code)
}

/// Whether nothing may be sent in one group behind `before`, as far as its verb says; behind DATA,
/// if that was refused.
fn is_barrier(before: &Exchange) -> bool {
    match before.request {
        Request::Command(Verb::Mail | Verb::Rcpt | Verb::Rset | Verb::Bdat)
        | Request::EndOfData => false,
        Request::Command(Verb::Data) => {
            before.reply.is_some_and(|reply| reply.code.is_some_and(is_bad))
        }
        Request::Command(_) | Request::AuthLine => true,
    }
}

/// Whether `text` begins and ends with no blank.
fn is_word(text: &[u8]) -> bool {
    let is_graphic = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_graphic);
    is_graphic(text.first()) && is_graphic(text.last())
}
