//! Why a line does not match the ABNF of its command.
//!
//! In: a command's line that does not match. Out: what can be understood of it, and what is wrong,
//! each fault once. What is right does not come here, so this may take its time.

use super::class::HIGH;
use super::octets::Clean;
use super::param::{Seen, lengths};
use super::{Argument, Charset, Envelope, host, is_alone, label, mailbox, verbs, wrong_path};
use crate::smtp::command::{Command, Verb};
use crate::smtp::defect::{Defect, Flaw};
use std::ops::Range;

/// What is judged: a line whose octets are clean, up to its trailing blanks.
pub(super) struct Draft<'a, 't> {
    /// The line as it was.
    pub(super) line: &'a [u8],
    /// The line with clean octets.
    pub(super) text: &'t [u8],
    /// The octets above 127 that are legal.
    pub(super) extra: u8,
    pub(super) verb: Verb,
    pub(super) flaws: Vec<Flaw>,
}

/// What `line` says and what is wrong with it.
#[cold]
pub(super) fn diagnose<'a>(
    line: &'a [u8],
    command: &Command<'a>,
    charset: Charset,
) -> (Argument<'a>, Vec<Flaw>) {
    if command.word.is_empty() {
        let (defect, expected) = (Defect::EmptyLine, "a command");
        return (Argument::None, vec![Flaw { defect, range: 0..line.len(), expected }]);
    }
    let verb = command.verb;
    // Names are ASCII even then (RFC 6531 §3.7.1).
    let is_utf8 = charset == Charset::Utf8 && !matches!(verb, Verb::Ehlo | Verb::Helo | Verb::Lhlo);
    let clean = Clean::new(line, if is_utf8 { Charset::Utf8 } else { Charset::Ascii });
    let end = clean.text.iter().rposition(|&octet| octet != b' ').map_or(0, |last| last + 1);
    let text = clean.text.get(..end).unwrap_or_default();
    let extra = if is_utf8 { HIGH } else { 0 };
    let mut draft = Draft { line, text, extra, verb, flaws: Vec::new() };
    let (argument, address) = draft.run(command);
    let mut flaws = draft.flaws;
    clean.flaws(&address, &mut flaws);
    flaws.sort_by_key(|flaw| flaw.range.start);
    (argument, flaws)
}

impl<'a, 't> Draft<'a, 't> {
    pub(super) fn flaw(&mut self, defect: Defect, range: Range<usize>, expected: &'static str) {
        self.flaws.push(Flaw { defect, range, expected });
    }

    /// The clean octets of `range`.
    pub(super) fn of(&self, range: Range<usize>) -> &'t [u8] {
        self.text.get(range).unwrap_or_default()
    }

    pub(super) fn end(&self) -> usize {
        self.text.len()
    }

    /// Judges the line; gives its argument, and where an address is.
    fn run(&mut self, command: &Command<'a>) -> (Argument<'a>, Range<usize>) {
        if command.word_at > 0 {
            self.flaw(Defect::LeadingSpace, 0..command.word_at, "no blank before the command");
        }
        let word_end = command.word_at + command.word.len();
        let at = command.argument_at.min(self.end());
        let is_empty = at >= self.end();
        let takes_none = is_alone(self.verb) && !takes_some(self.verb);
        if self.end() < self.line.len() && (!is_empty || is_alone(self.verb)) {
            self.flaw(Defect::TrailingSpace, self.end()..self.line.len(), "the end of the line");
        }
        if is_empty {
            if !is_alone(self.verb) {
                let end = self.line.len();
                let (defect, expected) = match self.verb {
                    Verb::Ehlo | Verb::Helo | Verb::Lhlo => (Defect::HeloNameMissing, "a name"),
                    Verb::Bdat => (Defect::BdatSizeMissing, "a size"),
                    _ => (Defect::MissingArgument, "an argument"),
                };
                self.flaw(defect, end..end, expected);
            }
            return (Argument::None, 0..0);
        }
        if takes_none {
            let expected = "no argument";
            self.flaw(Defect::UnexpectedArgument, at..self.end(), expected);
            return (Argument::None, 0..0);
        }
        self.blank(word_end..at);
        let argument = self.line.get(at..self.end()).unwrap_or_default();
        match self.verb {
            Verb::Ehlo | Verb::Helo | Verb::Lhlo => {
                self.name(at);
                (Argument::Name(argument), 0..0)
            }
            Verb::Mail | Verb::Rcpt | Verb::Send | Verb::Soml | Verb::Saml => self.envelope(at),
            Verb::Vrfy | Verb::Expn | Verb::Help | Verb::Noop => {
                self.string(at);
                (Argument::Text(argument), 0..0)
            }
            _ => {
                verbs::judge(self, at);
                let known = verbs::matched(self.verb, argument);
                (known.unwrap_or(Argument::Text(argument)), 0..0)
            }
        }
    }

    /// Judges `range`, which should be one SP.
    pub(super) fn blank(&mut self, range: Range<usize>) {
        if self.line.get(range.clone()) != Some(b" ") {
            self.flaw(Defect::TabSeparator, range, "one SP");
        }
    }

    /// The name of EHLO, HELO or LHLO at `at`.
    fn name(&mut self, at: usize) {
        let text = self.of(at..self.end());
        let is_bracketed = text.first() == Some(&b'[');
        let close = text.iter().position(|&octet| octet == b']').filter(|_| is_bracketed);
        let length = match close {
            Some(close) => close + 1,
            None => text.iter().position(|&octet| octet == b' ').unwrap_or(text.len()),
        };
        let (name, behind) = text.split_at(length);
        let range = at..at + length;
        if is_bracketed && self.verb == Verb::Helo {
            self.flaw(Defect::HeloLiteral, range, "a domain");
        } else if is_bracketed {
            if !self.literal(name, &range, Defect::HeloNameInvalid) {
                return;
            }
        } else if host::is_v6(name) {
            let expected = "[IPv6: and ] around the address";
            self.flaw(Defect::HeloBareIpv6, range, expected);
        } else if !host::is_domain(name, 0) {
            let (fault, expected) = host::fault(name, 0);
            self.flaw(Defect::HeloNameInvalid, at + fault.start..at + fault.end, expected);
            return;
        } else if host::is_v4(name) {
            self.flaw(Defect::HeloBareIp, range, "brackets around the address");
        } else {
            host::note(name, at, &mut self.flaws);
        }
        if !behind.is_empty() {
            let from = at + length;
            self.flaw(Defect::HeloNameInvalid, from..self.end(), "the end of the line");
        }
    }

    /// Judges `literal` at `range`, which has brackets: whether it is one. If not, `defect` is
    /// what it has.
    pub(super) fn literal(&mut self, text: &[u8], range: &Range<usize>, defect: Defect) -> bool {
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
        match host::literal(text) {
            Some((length, literal)) if length == text.len() => {
                if literal == host::Literal::Untagged {
                    let expected = "IPv6: before the address";
                    self.flaw(Defect::Ipv6TagMissing, range.clone(), expected);
                }
                return true;
            }
            _ if text.last() == Some(&b']') && host::is_v6(inner) => {
                let expected = "IPv6: before the address";
                self.flaw(Defect::Ipv6TagEmpty, range.clone(), expected);
            }
            _ => self.flaw(defect, range.clone(), "an address literal"),
        }
        false
    }

    /// The String of VRFY, EXPN, HELP or NOOP at `at`.
    fn string(&mut self, at: usize) {
        let mut text = self.of(at..self.end());
        if self.extra != 0 && matches!(self.verb, Verb::Vrfy | Verb::Expn) {
            text = self.without_request(text, at);
        }
        let length = mailbox::string(text, self.extra);
        self.tabs(at..at + length, text);
        if length == text.len() {
            return;
        }
        let range = at..at + text.len();
        let bracketed = mailbox::path(text, at, self.extra).map(|(path, _)| path.whole);
        let bare = mailbox::path(&[b"<", text, b">"].concat(), at, self.extra);
        let is_mailbox = bracketed == Some(range.clone())
            || bare.is_some_and(|(path, _)| path.whole.len() == text.len() + 2);
        if is_mailbox && matches!(self.verb, Verb::Vrfy | Verb::Expn) {
            self.flaw(Defect::StringIsMailbox, range, "an atom or a quoted string");
        } else if length == 0 && text.first() == Some(&b'"') {
            self.flaw(Defect::Unbalanced, at..at + 1, "a quote that closes this one");
        } else {
            let from = at + length;
            self.flaw(Defect::StringInvalid, from..from + 1, "an atom or a quoted string");
        }
    }

    /// `text` without the word SMTPUTF8 at its end (RFC 6531 §3.7.4.2).
    fn without_request<'s>(&mut self, text: &'s [u8], at: usize) -> &'s [u8] {
        let Some(last) = text.iter().rposition(|&octet| octet == b' ') else { return text };
        let (before, word) = text.split_at(last + 1);
        let length = before.iter().rposition(|&octet| octet != b' ').map_or(0, |last| last + 1);
        if !word.eq_ignore_ascii_case(b"SMTPUTF8") {
            return text;
        }
        self.blank(at + length..at + before.len());
        before.get(..length).unwrap_or_default()
    }

    /// HTAB in a quoted string at `range`: it separates nothing there.
    pub(super) fn tabs(&mut self, range: Range<usize>, text: &[u8]) {
        if text.first() != Some(&b'"') {
            return;
        }
        let line = self.line.get(range.clone()).unwrap_or_default();
        let tabs: Vec<usize> = (range.start..)
            .zip(line)
            .filter(|(_, octet)| **octet == b'\t')
            .map(|(at, _)| at)
            .collect();
        for at in tabs {
            self.flaw(Defect::Control, at..at + 1, "printable ASCII");
        }
    }

    /// The argument of MAIL or RCPT at `at`.
    fn envelope(&mut self, at: usize) -> (Argument<'a>, Range<usize>) {
        let (label, has_label, has_colon) = self.label(at);
        let path_at = label + self.of(label..self.end()).iter().take_while(|&&o| o == b' ').count();
        let rest = self.of(path_at..self.end());
        if !has_label && rest.first() != Some(&b'<') {
            return (Argument::None, at..self.end());
        }
        if rest.is_empty() || is_param(rest) {
            let end = if rest.is_empty() { self.line.len() } else { path_at };
            if rest.is_empty() {
                // What is missing is said, not the blank before it.
                self.flaws.retain(|flaw| flaw.defect != Defect::TrailingSpace);
            }
            self.flaw(Defect::MissingArgument, end..end, "a path");
            self.params(path_at, path_at);
            return (Argument::None, 0..0);
        }
        if path_at > label && has_colon {
            let expected = "the path right behind the colon";
            self.flaw(Defect::SpaceAfterColon, label..path_at, expected);
        }
        let (address, rest_at) = wrong_path::judge(self, path_at);
        wrong_path::note(self.text, &address, &mut self.flaws);
        self.params(rest_at, rest_at);
        let rest = self.line.get(rest_at..self.end()).unwrap_or_default();
        let whole = address.whole.clone();
        (Argument::Envelope(Envelope { address, rest, rest_at }), whole)
    }

    /// Judges `FROM:` or `TO:` at `at`: where it ends, whether it is there, whether its colon is.
    fn label(&mut self, at: usize) -> (usize, bool, bool) {
        let text = self.of(at..self.end());
        let wanted = label(self.verb);
        let is_from = wanted.len() == 5;
        let expected = if is_from { "FROM:" } else { "TO:" };
        for name in [&b"FROM"[..], b"TO"] {
            let Some((word, behind)) = text.split_at_checked(name.len()) else { continue };
            let is_end = behind.first().is_none_or(|octet| matches!(octet, b' ' | b':' | b'<'));
            if !word.eq_ignore_ascii_case(name) || !is_end {
                continue;
            }
            let word_end = at + name.len();
            let blanks = behind.iter().take_while(|&&octet| octet == b' ').count();
            let has_colon = behind.get(blanks) == Some(&b':');
            let is_right = (name.len() == 4) == is_from;
            let colon_end = word_end + blanks + usize::from(has_colon);
            if !is_right {
                self.flaw(Defect::LabelMissing, at..word_end, expected);
            } else if !has_colon {
                // Of a line that ends here, what is missing is more than the colon.
                if word_end + blanks < self.end() {
                    self.flaw(Defect::LabelMissing, word_end..word_end, "a colon");
                }
            } else if blanks > 0 {
                let range = word_end..word_end + blanks;
                self.flaw(Defect::SpaceBeforeColon, range, "the colon right behind the word");
            }
            return (colon_end, is_right && (has_colon || colon_end >= self.end()), has_colon);
        }
        self.flaw(Defect::LabelMissing, at..at, expected);
        let has_colon = text.first() == Some(&b':');
        (at + usize::from(has_colon), false, has_colon)
    }

    /// Judges the parameters from `at` on; the first of them follows what ends at `first`.
    fn params(&mut self, first: usize, at: usize) {
        let mut seen = Seen::default();
        let mut at = at;
        while at < self.end() {
            let rest = self.of(at..self.end());
            let blanks = rest.iter().take_while(|&&octet| octet == b' ').count();
            // Without a path, the first has its blank before the place of that.
            if at > first || blanks > 0 {
                self.blank(at..at + blanks);
            }
            at += blanks;
            let rest = self.of(at..self.end());
            let length = rest.iter().position(|&octet| octet == b' ').unwrap_or(rest.len());
            let word = self.of(at..at + length);
            let (keyword, whole) = lengths(word, self.extra);
            if keyword > 0 && whole == length {
                let before = self.of(first..at);
                seen.judge(self.verb, (keyword, word), at, before, &mut self.flaws);
            } else {
                let fault = whole.min(length);
                let (range, expected) = match word.get(fault) {
                    None => (at + fault..at + fault, "a value"),
                    Some(b'=') if fault == keyword && fault + 1 == length && keyword > 0 => {
                        (at + length..at + length, "a value")
                    }
                    Some(_) if keyword == 0 => (at..at + 1, "a keyword"),
                    Some(_) => (at + fault..at + fault + 1, "a keyword, =, a value"),
                };
                self.flaw(Defect::ParamMalformed, range, expected);
            }
            at += length;
        }
    }
}

/// Whether `verb`, which may stand alone, may have an argument.
fn takes_some(verb: Verb) -> bool {
    matches!(verb, Verb::Noop | Verb::Help | Verb::Atrn)
}

/// Whether `text` begins with a parameter where a path should be.
fn is_param(text: &[u8]) -> bool {
    let word = text.split(|&octet| octet == b' ').next().unwrap_or_default();
    let (keyword, whole) = lengths(word, HIGH);
    keyword > 0 && whole == word.len() && whole > keyword && !word.contains(&b'@')
}
