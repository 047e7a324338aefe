//! The grammar of SMTP, to the letter (RFC 5321 §4.1, §4.2; RFC 6531 §3.3): what a line or a reply
//! says, and everything that is wrong with it.
//!
//! In: a command's line, or the lines of a reply, without line ends. Out: a value and
//! [`crate::smtp::defect::Flaw`]s, each with its place. It never fails. A line has a flaw that
//! breaks the ABNF ([`crate::smtp::defect::Defect::breaks_abnf`]) if and only if it does not match
//! the ABNF of its command; lines of verbs that RFC 5321 does not know are judged by what defines these, and
//! those of unknown verbs not at all.
//!
//! What a dialog takes a line for, [`crate::smtp::command`] and [`crate::smtp::reply`] say: they
//! are lenient, this is not. A line is first matched with the ABNF; only one that does not match
//! is taken apart to see why.

mod class;
mod diagnose;
mod ehlo;
mod enhanced;
mod host;
mod mailbox;
mod octets;
mod plain;
mod punycode;
mod text;
mod verbs;
mod wrong_path;

/// What follows a keyword of an EHLO reply.
pub mod offers;

/// Parameters of MAIL and RCPT.
pub mod param;

/// The grammar of each parameter.
pub mod params;

/// Replies.
pub mod reply;

use super::command::{Chunk, Command, Param, Verb};
use super::defect::{Defect, Flaw};
use super::line::words;
use class::HIGH;
use param::{Seen, lengths};

pub use enhanced::Enhanced;
pub use host::Literal;
pub use mailbox::Address;
pub use plain::{PlainPath, is_plain, plain_mail, plain_rcpt};

/// Which letters are legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charset {
    /// Those of ASCII.
    Ascii,
    /// SMTPUTF8 is in force (RFC 6531): UTF-8 where that has it.
    Utf8,
}

/// A command's line, read and judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// Its verb and argument.
    pub command: Command<'a>,
    /// What the argument says.
    pub argument: Argument<'a>,
    /// What is wrong, in the order of the line.
    pub flaws: Vec<Flaw>,
}

/// What an argument says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// Nothing, or nothing that could be understood.
    None,
    /// EHLO, HELO, LHLO: a name or address literal as written.
    Name(&'a [u8]),
    /// MAIL, RCPT, SEND, SOML, SAML.
    Envelope(Envelope<'a>),
    /// BDAT.
    Chunk(Chunk),
    /// Any other verb: its text without the blanks around it.
    Text(&'a [u8]),
}

/// The argument of MAIL or RCPT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Where the parts of the path stand in the line.
    pub address: Address,
    /// What follows the path.
    rest: &'a [u8],
    /// Offset of `rest` in the line.
    rest_at: usize,
}

impl<'a> Envelope<'a> {
    /// The parameters in their order; [`param::value`] says what they say.
    pub fn params(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        let at_rest = self.rest_at;
        words(self.rest).map(move |(at, word)| {
            let range = at_rest + at..at_rest + at + word.len();
            let mut parts = word.splitn(2, |&octet| octet == b'=');
            Param { keyword: parts.next().unwrap_or_default(), value: parts.next(), range }
        })
    }
}

/// Reads and judges a command's `line`, which is without its line end.
#[must_use]
pub fn command(line: &[u8], charset: Charset) -> Parsed<'_> {
    let command = Command::parse(line);
    let mut flaws = Vec::new();
    if let Some(argument) = matched(line, &command, charset, &mut flaws) {
        if flaws.len() > 1 {
            flaws.sort_by_key(|flaw| flaw.range.start);
        }
        return Parsed { command, argument, flaws };
    }
    let (argument, flaws) = diagnose::diagnose(line, &command, charset);
    Parsed { command, argument, flaws }
}

/// What `line` says if it matches the ABNF of its verb; then `flaws` are those that do not break
/// it. Lines of verbs without an ABNF in RFC 5321 match if they need no closer look.
#[inline]
fn matched<'a>(
    line: &'a [u8],
    command: &Command<'a>,
    charset: Charset,
    flaws: &mut Vec<Flaw>,
) -> Option<Argument<'a>> {
    let Command { verb, word, argument, argument_at, .. } = *command;
    if verb == Verb::Other {
        let is_empty = line.iter().all(|&octet| matches!(octet, b' ' | b'\t'));
        return (!is_empty).then_some(Argument::Text(argument));
    }
    if line.len() == word.len() {
        return is_alone(verb).then_some(Argument::None);
    }
    // One SP, and more behind it.
    let is_separated = argument_at == word.len() + 1 && line.get(word.len()) == Some(&b' ');
    if !is_separated || argument.is_empty() {
        return None;
    }
    match verb {
        Verb::Mail | Verb::Rcpt | Verb::Send | Verb::Soml | Verb::Saml => {
            let extra = extra(line, charset);
            envelope(line, command, extra, flaws).map(Argument::Envelope)
        }
        Verb::Ehlo | Verb::Lhlo | Verb::Helo => {
            name(command, flaws).then_some(Argument::Name(argument))
        }
        Verb::Vrfy | Verb::Expn | Verb::Help | Verb::Noop => {
            let extra = extra(line, charset);
            let rest = argument.get(mailbox::string(argument, extra)..).unwrap_or_default();
            let is_string = rest.len() < argument.len();
            let may_ask = charset == Charset::Utf8 && matches!(verb, Verb::Vrfy | Verb::Expn);
            let is_end = rest.is_empty() || may_ask && rest.eq_ignore_ascii_case(b" SMTPUTF8");
            (is_string && is_end).then_some(Argument::Text(argument))
        }
        _ => verbs::matched(verb, argument),
    }
}

/// Which octets above 127 are legal in `line`.
#[inline]
fn extra(line: &[u8], charset: Charset) -> u8 {
    match charset {
        Charset::Utf8 if !line.is_ascii() && str::from_utf8(line).is_ok() => HIGH,
        _ => 0,
    }
}

/// Whether `verb` may have no argument.
pub(super) fn is_alone(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Data
            | Verb::Rset
            | Verb::Quit
            | Verb::Noop
            | Verb::Help
            | Verb::Starttls
            | Verb::Turn
            | Verb::Atrn
    )
}

/// The name that `command`, an EHLO, HELO or LHLO, gives matches its ABNF.
#[inline]
fn name(command: &Command<'_>, flaws: &mut Vec<Flaw>) -> bool {
    let (text, at) = (command.argument, command.argument_at);
    let range = at..at + text.len();
    if text.first() == Some(&b'[') {
        let Some((length, literal)) = host::literal(text) else { return false };
        if command.verb == Verb::Helo || length != text.len() {
            return false;
        }
        if literal == Literal::Untagged {
            let expected = "IPv6: before the address";
            flaws.push(Flaw { defect: Defect::Ipv6TagMissing, range, expected });
        }
        return true;
    }
    let name = host::name(text, 0);
    if name.length != text.len() {
        return false;
    }
    if text.first().is_some_and(u8::is_ascii_digit) && host::is_v4(text) {
        let expected = "brackets around the address";
        flaws.push(Flaw { defect: Defect::HeloBareIp, range, expected });
    } else if name.is_odd {
        host::note(text, at, flaws);
    }
    true
}

/// The argument of `command` if it matches the ABNF of MAIL or RCPT (RFC 5321 §4.1.1.2,
/// §4.1.1.3).
#[inline]
fn envelope<'a>(
    line: &'a [u8],
    command: &Command<'a>,
    extra: u8,
    flaws: &mut Vec<Flaw>,
) -> Option<Envelope<'a>> {
    let text = behind_label(command)?;
    let (address, is_odd) = address(text, line.len() - text.len(), command.verb, extra)?;
    let rest_at = address.whole.end;
    let rest = line.get(rest_at..)?;
    let mut seen = Seen::default();
    let mut behind = rest;
    while let [b' ', param @ ..] = behind {
        let (keyword, whole) = lengths(param, extra);
        let (word, after) = param.split_at_checked(whole)?;
        let at = line.len() - param.len();
        if word.is_empty() {
            return None;
        }
        let before = rest.get(..at - rest_at).unwrap_or_default();
        seen.judge(command.verb, (keyword, word), at, before, flaws);
        behind = after;
    }
    if !behind.is_empty() {
        return None;
    }
    if is_odd {
        wrong_path::note(line, &address, flaws);
    }
    Some(Envelope { address, rest, rest_at })
}

/// What follows `FROM:` or `TO:`.
#[inline]
fn behind_label<'a>(command: &Command<'a>) -> Option<&'a [u8]> {
    /// The bit in which `a` and `A` differ; without it, only letters are capital letters.
    const UPPER: u8 = !0x20;
    match (command.verb, command.argument) {
        (Verb::Rcpt, [t, o, b':', text @ ..]) => {
            (t & UPPER == b'T' && o & UPPER == b'O').then_some(text)
        }
        (Verb::Rcpt, _) => None,
        (_, [f, r, o, m, b':', text @ ..]) => {
            ([f, r, o, m].map(|letter| letter & UPPER) == *b"FROM").then_some(text)
        }
        _ => None,
    }
}

/// What stands before the path.
fn label(verb: Verb) -> &'static [u8] {
    if verb == Verb::Rcpt { b"TO:" } else { b"FROM:" }
}

/// The Reverse-path or Forward-path at the start of `text`, which stands at `at`, and whether there
/// may be something to note of it.
#[inline]
fn address(text: &[u8], at: usize, verb: Verb, extra: u8) -> Option<(Address, bool)> {
    if let Some(found) = mailbox::path(text, at, extra) {
        return Some(found);
    }
    let inner = if verb == Verb::Rcpt {
        // Without a domain, and in any case (RFC 5321 §4.1.1.3).
        let (start, _) = text.split_at_checked(POSTMASTER.len())?;
        start.eq_ignore_ascii_case(POSTMASTER).then_some(POSTMASTER.len() - 2)?
    } else {
        text.starts_with(b"<>").then_some(0)?
    };
    let end = at + 1 + inner;
    let (whole, route) = (at..end + 1, at + 1..at + 1);
    Some((Address { whole, route, local: at + 1..end, domain: end..end }, false))
}

/// The one path that needs no domain.
const POSTMASTER: &[u8] = b"<Postmaster>";

#[cfg(test)]
mod tests;
