//! What a rule is asked about: a session, a step of it, a reply, and what was known there.

use super::finding::On;
use crate::chunk::{Medium, Side};
use crate::dialog::session::{
    Exchange, Hello, Mark, Message, Protocol, Recipient, Reply, Request, Session,
};
use crate::escape::push_escaped;
use crate::smtp::code::{self, Class};
use crate::smtp::command::{Command, Param, Verb, envelope};
use crate::smtp::defect::Flaw;
use crate::smtp::extension::SMTPUTF8;
use crate::smtp::grammar::{self, Argument, Charset, Envelope, Parsed};
use crate::smtp::line::LineEnd;
use crate::smtp::reply::{self, Offer, ReplyLine};
use crate::smtp::scan::find;
use std::cell::OnceCell;

/// A session that is judged.
#[derive(Clone, Copy, Debug)]
pub struct Case<'s> {
    /// The session.
    pub session: &'s Session,
}

/// One command and its reply, in its session.
#[derive(Clone, Debug)]
pub struct Step<'s> {
    /// The session.
    pub case: Case<'s>,
    /// Index of the exchange.
    pub index: u32,
    /// The exchange.
    pub exchange: &'s Exchange,
    parsed: OnceCell<Option<Parsed<'s>>>,
}

/// Whose reply it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The server's greeting.
    Greeting,
    /// The reply to the exchange with this index.
    Exchange(u32),
    /// The reply of LMTP for a recipient: index of the message, index of the recipient.
    Delivery(u32, u32),
    /// The reply with this index among those that answer no command.
    Unsolicited(u32),
}

/// A reply, in its session.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'s> {
    /// The session.
    pub case: Case<'s>,
    /// Whose it is.
    pub of: Of,
    /// The reply.
    pub reply: &'s Reply,
}

/// What the server offers where a command was sent.
#[derive(Clone, Copy, Debug)]
pub enum Offered<'s> {
    /// The reply to the last EHLO or LHLO that was accepted before.
    By(Case<'s>, &'s Hello),
    /// Nothing: there was no such reply, or HELO or STARTTLS came after it.
    Nothing,
    /// What came before is not all in the input.
    Unknown,
}

/// A flaw that the grammar found.
#[derive(Clone, Copy, Debug)]
pub struct Flawed<'s, 'f> {
    /// The session.
    pub case: Case<'s>,
    /// The command or the line of a reply that has it.
    pub on: On,
    /// That line.
    pub line: &'s [u8],
    /// What is wrong, and where in it.
    pub flaw: &'f Flaw,
}

impl<'s> Case<'s> {
    /// The exchanges, in the order in which the client sent them.
    #[must_use]
    pub fn steps(self) -> impl DoubleEndedIterator<Item = Step<'s>> {
        let count = u32::try_from(self.session.exchanges.len()).unwrap_or(u32::MAX);
        (0..count).filter_map(move |index| self.step(index))
    }

    /// The exchange with this index.
    #[must_use]
    pub fn step(self, index: u32) -> Option<Step<'s>> {
        let exchange = self.session.exchanges.get(index as usize)?;
        Some(Step { case: self, index, exchange, parsed: OnceCell::new() })
    }

    /// The server's greeting.
    #[must_use]
    pub fn greeting(self) -> Option<Answer<'s>> {
        let reply = self.session.greeting.as_ref()?;
        Some(Answer { case: self, of: Of::Greeting, reply })
    }

    /// The reply of `of`.
    #[must_use]
    pub fn answer(self, of: Of) -> Option<Answer<'s>> {
        let session = self.session;
        let reply = match of {
            Of::Greeting => session.greeting.as_ref(),
            Of::Exchange(index) => session.exchanges.get(index as usize)?.reply.as_ref(),
            Of::Delivery(message, recipient) => {
                let message = session.messages.get(message as usize)?;
                message.recipients.get(recipient as usize)?.delivery.as_deref()
            }
            Of::Unsolicited(index) => {
                session.unsolicited.get(index as usize).map(|unsolicited| &unsolicited.reply)
            }
        }?;
        Some(Answer { case: self, of, reply })
    }

    /// All replies: the greeting, those to commands, those for recipients of LMTP, and those that
    /// answer no command.
    pub fn answers(self) -> impl Iterator<Item = Answer<'s>> {
        let exchanges = (0..).zip(&self.session.exchanges);
        let replies =
            exchanges.filter_map(|(index, one)| Some((Of::Exchange(index), one.reply.as_ref()?)));
        let messages = (0..).zip(&self.session.messages);
        let deliveries = messages.flat_map(|(message, one)| {
            (0..).zip(&one.recipients).filter_map(move |(number, one): (u32, &Recipient)| {
                Some((Of::Delivery(message, number), one.delivery.as_deref()?))
            })
        });
        let others = (0..).zip(&self.session.unsolicited);
        let others = others.map(|(index, one)| (Of::Unsolicited(index), &one.reply));
        let greeting = self.session.greeting.as_ref().map(|reply| (Of::Greeting, reply));
        let all = greeting.into_iter().chain(replies).chain(deliveries).chain(others);
        all.map(move |(of, reply)| Answer { case: self, of, reply })
    }

    /// Whether bytes are missing, from the beginning or between.
    #[must_use]
    pub fn is_damaged(self) -> bool {
        let session = self.session;
        session.transport.as_ref().is_some_and(|transport| transport.midstream)
            || !session.gaps.is_empty()
            || session.elided.gaps > 0
    }

    /// Whether the session was recorded as packets.
    #[must_use]
    pub fn is_packets(self) -> bool {
        self.session.opening.medium == Medium::Packets
    }

    /// Whether bytes of `side` are missing.
    #[must_use]
    pub fn has_gap(self, side: Side) -> bool {
        self.session.elided.gaps > 0 || self.session.gaps.iter().any(|gap| gap.side == side)
    }

    /// The step of a message's MAIL.
    #[must_use]
    pub fn mail(self, message: &Message) -> Option<Step<'s>> {
        self.step(message.mail?)
    }

    /// Whether SMTPUTF8 is in force at `exchange` (RFC 6531 §3.4): on VRFY and EXPN as their last
    /// word, else by the MAIL of its transaction.
    fn charset(self, index: u32, exchange: &Exchange) -> Charset {
        let session = self.session;
        if !session.used.has(SMTPUTF8) {
            return Charset::Ascii;
        }
        let asks = |exchange: &Exchange| {
            let line = session.bytes(exchange.line);
            // Nearly no line has the word.
            let mut words = line.split(|&octet| octet == b' ').skip(1);
            words.any(|word| word.eq_ignore_ascii_case(b"SMTPUTF8"))
        };
        let is_asked = match exchange.request {
            Request::Command(Verb::Mail | Verb::Vrfy | Verb::Expn) => asks(exchange),
            Request::Command(Verb::Rcpt | Verb::Data | Verb::Bdat) | Request::EndOfData => {
                let before = session.exchanges.get(..index as usize).unwrap_or_default();
                let is_mail = |one: &&Exchange| one.request == Request::Command(Verb::Mail);
                match exchange.message.and_then(|one| session.messages.get(one as usize)) {
                    Some(message) => message
                        .mail
                        .and_then(|mail| session.exchanges.get(mail as usize))
                        .is_some_and(asks),
                    None => before.iter().rev().find(is_mail).is_some_and(asks),
                }
            }
            _ => false,
        };
        if is_asked { Charset::Utf8 } else { Charset::Ascii }
    }
}

impl<'s> Step<'s> {
    /// The verb, if the line is a command's; `Verb::Other` if it is no known command.
    #[must_use]
    pub fn verb(&self) -> Option<Verb> {
        match self.exchange.request {
            Request::Command(verb) => Some(verb),
            Request::EndOfData | Request::AuthLine => None,
        }
    }

    /// The line without its line end. A secret in it is replaced.
    #[must_use]
    pub fn line(&self) -> &'s [u8] {
        self.case.session.bytes(self.exchange.line)
    }

    /// The line for a message: clipped and escaped.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(self.line())
    }

    /// The line, leniently read: its verb as written and its argument.
    #[must_use]
    pub fn command(&self) -> Command<'s> {
        Command::parse(self.line())
    }

    /// The line, read by the grammar. `None` if it is no command, is not whole, or hides a secret.
    #[must_use]
    pub fn parsed(&self) -> Option<&Parsed<'s>> {
        let read = || {
            let one = self.exchange;
            // A line without its end is not all there: the stream ended, or it was too long to keep.
            let is_all = !one.cut && one.line_end != LineEnd::None;
            let is_whole = is_all && one.masked.is_none() && self.verb().is_some();
            is_whole.then(|| grammar::command(self.line(), self.case.charset(self.index, one)))
        };
        self.parsed.get_or_init(read).as_ref()
    }

    /// Which letters are legal in it: those of UTF-8 with SMTPUTF8 (RFC 6531).
    #[must_use]
    pub fn charset(&self) -> Charset {
        self.case.charset(self.index, self.exchange)
    }

    /// Path and parameters of MAIL or RCPT.
    #[must_use]
    pub fn envelope(&self) -> Option<&Envelope<'s>> {
        match &self.parsed()?.argument {
            Argument::Envelope(envelope) => Some(envelope),
            _ => None,
        }
    }

    /// The mailbox of MAIL or RCPT as written, without brackets and source route; empty for `<>`.
    #[must_use]
    pub fn mailbox(&self) -> Option<&'s [u8]> {
        Some(envelope(&self.command())?.path.address)
    }

    /// The parameter of MAIL or RCPT with this keyword, in any case.
    #[must_use]
    pub fn param(&self, keyword: &[u8]) -> Option<Param<'s>> {
        self.envelope()?.params().find(|param| param.keyword.eq_ignore_ascii_case(keyword))
    }

    /// The reply, if one was seen.
    #[must_use]
    pub fn answer(&self) -> Option<Answer<'s>> {
        let reply = self.exchange.reply.as_ref()?;
        Some(Answer { case: self.case, of: Of::Exchange(self.index), reply })
    }

    /// The code of the reply.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.exchange.reply.as_ref()?.code
    }

    /// What the first digit of the reply's code says.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        code::class(self.code()?)
    }

    /// Whether the reply is 2yz.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.class() == Some(Class::Completion)
    }

    /// Whether the reply is 4yz or 5yz.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.class(), Some(Class::Transient | Class::Permanent))
    }

    /// The step before it.
    #[must_use]
    pub fn previous(&self) -> Option<Self> {
        self.case.step(self.index.checked_sub(1)?)
    }

    /// The step after it.
    #[must_use]
    pub fn next(&self) -> Option<Self> {
        self.case.step(self.index + 1)
    }

    /// What the server offers here, as the replies before it say.
    #[must_use]
    pub fn offered(&self) -> Offered<'s> {
        let before = self.exchange.before;
        let session = self.case.session;
        let hello = session.hellos.iter().rev().find(|hello| hello.exchange < self.index);
        let is_extended = matches!(before.hello, Protocol::Esmtp | Protocol::Lmtp);
        match hello {
            // HELO or STARTTLS made it void.
            Some(_) if !is_extended => Offered::Nothing,
            Some(hello) => Offered::By(self.case, hello),
            None if before.inferred || is_extended => Offered::Unknown,
            None => Offered::Nothing,
        }
    }
}

impl<'s> Offered<'s> {
    /// Whether the extension with this EHLO keyword is offered; `None` if that cannot be known.
    #[must_use]
    pub fn has(self, keyword: &str) -> Option<bool> {
        match self {
            Self::By(..) => Some(self.offer(keyword).is_some()),
            Self::Nothing => Some(false),
            Self::Unknown => None,
        }
    }

    /// Whether it is surely not offered.
    #[must_use]
    pub fn lacks(self, keyword: &str) -> bool {
        self.has(keyword) == Some(false)
    }

    /// The offer of the extension with this EHLO keyword, in any case.
    #[must_use]
    pub fn offer(self, keyword: &str) -> Option<Offer<'s>> {
        let mut offers = self.offers_like(keyword);
        offers.find(|offer| offer.keyword.eq_ignore_ascii_case(keyword.as_bytes()))
    }

    /// All offers.
    pub fn offers(self) -> impl Iterator<Item = Offer<'s>> {
        self.texts().filter_map(reply::offer)
    }

    /// Those that may begin with `keyword`, in any case: few begin with its letter.
    pub fn offers_like(self, keyword: &str) -> impl Iterator<Item = Offer<'s>> {
        let letter = keyword.bytes().next().unwrap_or_default().to_ascii_lowercase();
        // What begins with a blank is read.
        let may_be = move |text: &&[u8]| {
            text.first().is_none_or(|first| {
                first.to_ascii_lowercase() == letter || !first.is_ascii_graphic()
            })
        };
        self.texts().filter(may_be).filter_map(reply::offer)
    }

    /// The texts of the lines that offer something.
    fn texts(self) -> impl Iterator<Item = &'s [u8]> {
        let by = match self {
            Self::By(case, hello) => Some((case, hello)),
            Self::Nothing | Self::Unknown => None,
        };
        by.into_iter().flat_map(|(case, hello)| case.session.offers(hello))
    }
}

impl<'s> Answer<'s> {
    /// The code.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.reply.code
    }

    /// What the first digit of the code says.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        code::class(self.code()?)
    }

    /// The lines as sent, without line ends.
    pub fn lines(&self) -> impl Iterator<Item = &'s [u8]> + use<'s> {
        let mut rest = Some(self.case.session.bytes(self.reply.text));
        std::iter::from_fn(move || {
            let text = rest?;
            let end = find(b'\n', text);
            rest = end.and_then(|end| text.get(end + 1..));
            end.map_or(Some(text), |end| text.get(..end))
        })
    }

    /// The lines' texts, without code and separator; what is no reply line is whole.
    pub fn texts(&self) -> impl Iterator<Item = &'s [u8]> + use<'s> {
        self.lines().map(|line| ReplyLine::parse(line).text)
    }

    /// The first line, as sent.
    #[must_use]
    pub fn first(&self) -> &'s [u8] {
        self.lines().next().unwrap_or_default()
    }

    /// The first line for a message: clipped and escaped.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(self.first())
    }

    /// The enhanced status code of the first line, as sent (RFC 3463).
    #[must_use]
    pub fn enhanced(&self) -> Option<&'s [u8]> {
        reply::enhanced(self.texts().next()?)
    }

    /// The step that it answers.
    #[must_use]
    pub fn step(&self) -> Option<Step<'s>> {
        match self.of {
            Of::Exchange(index) => self.case.step(index),
            _ => None,
        }
    }

    /// What the client sent that it answers.
    #[must_use]
    pub fn request(&self) -> Option<Request> {
        match self.of {
            Of::Exchange(index) => {
                let exchange = self.case.session.exchanges.get(index as usize);
                exchange.map(|exchange| exchange.request)
            }
            _ => None,
        }
    }

    /// Which grammar it has.
    #[must_use]
    pub fn kind(&self) -> grammar::reply::Kind {
        match (self.of, self.request()) {
            (Of::Greeting, _) => grammar::reply::Kind::Greeting,
            (_, Some(Request::Command(Verb::Ehlo | Verb::Lhlo))) => grammar::reply::Kind::Ehlo,
            _ => grammar::reply::Kind::Any,
        }
    }

    /// Where it begins.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.reply.begun
    }

    /// The exchange at which it came: the one that it answers, or the one before it.
    pub(super) fn exchange(&self) -> Option<u32> {
        match self.of {
            Of::Greeting | Of::Unsolicited(_) => None,
            Of::Exchange(index) => Some(index),
            Of::Delivery(message, _) => {
                let is_end = |one: &&Exchange| {
                    one.message == Some(message)
                        && matches!(one.request, Request::EndOfData | Request::Command(Verb::Bdat))
                };
                let last = self.case.session.exchanges.iter().rposition(|one| is_end(&one));
                last.and_then(|index| u32::try_from(index).ok())
            }
        }
    }
}

impl<'s> Flawed<'s, '_> {
    /// The bytes that are wrong, for a message: clipped and escaped.
    #[must_use]
    pub fn seen(&self) -> String {
        shown(self.line.get(self.flaw.range.clone()).unwrap_or_default())
    }

    /// The command that has it, if it is one.
    #[must_use]
    pub fn step(&self) -> Option<Step<'s>> {
        match self.on {
            On::Command(index) => self.case.step(index),
            _ => None,
        }
    }

    /// The reply that has it, if it is one.
    #[must_use]
    pub fn answer(&self) -> Option<Answer<'s>> {
        match self.on {
            On::Reply(of, _) => self.case.answer(of),
            _ => None,
        }
    }
}

/// Octets of a line that a message shows.
const MOST: usize = 60;

/// `bytes` for a message: in quotes, clipped, and printable.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().min(MOST) + 8);
    push_shown(&mut text, bytes);
    text
}

/// Appends `bytes` as [`shown`] gives them.
pub(super) fn push_shown(text: &mut String, bytes: &[u8]) {
    text.push('"');
    push_escaped(text, bytes.get(..MOST).unwrap_or(bytes));
    text.push_str(if bytes.len() > MOST { "…\"" } else { "\"" });
}
