//! Replies (RFC 5321 §4.2 Greeting, Reply-line; §4.1.1.1 ehlo-ok-rsp).
//!
//! In: the lines of one reply, without line ends. Out: what is wrong with them, each with its line
//! and place. Whether the code was a fitting one is not known here.

use super::{Charset, Enhanced, ehlo, enhanced, mailbox};
use crate::smtp::defect::{Defect, Flaw};

/// Which grammar a reply has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The first reply of a connection: `Greeting` if its code is 220.
    Greeting,
    /// The reply to EHLO: `ehlo-ok-rsp` if its code is 250.
    Ehlo,
    /// Any other: `Reply-line`.
    Any,
}

/// A reply, read and judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The code of its first line that has one.
    pub code: Option<u16>,
    /// The first enhanced status code in it; not looked for in greetings and replies to EHLO.
    pub enhanced: Option<Enhanced>,
    /// What is wrong, by line and place.
    pub flaws: Vec<ReplyFlaw>,
}

/// What is wrong with one line of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyFlaw {
    /// Which line, from 0.
    pub line: usize,
    /// What is wrong with it, and where in it.
    pub flaw: Flaw,
}

/// Reads and judges the `lines` of one reply. With [`Charset::Utf8`], replies that are neither a
/// greeting nor the answer to EHLO may have UTF-8 in their text (RFC 6531 §3.7.4).
#[must_use]
pub fn reply(lines: &[&[u8]], kind: Kind, charset: Charset) -> Judged {
    let mut judged = Judged::default();
    let fixed = match (kind, lines.first().and_then(|line| code(line))) {
        (Kind::Greeting, Some(220)) => Some(Kind::Greeting),
        (Kind::Ehlo, Some(250)) => Some(Kind::Ehlo),
        _ => None,
    };
    let mut flaws = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let place =
            Place { is_first: index == 0, is_last: index + 1 == lines.len(), fixed, kind, charset };
        place.line(line, &mut judged, &mut flaws);
        // Nearly all lines have none.
        if !flaws.is_empty() {
            flaws.sort_by_key(|flaw: &Flaw| flaw.range.start);
            judged.flaws.extend(flaws.drain(..).map(|flaw| ReplyFlaw { line: index, flaw }));
        }
    }
    judged
}

/// The enhanced status code of a reply of one `line`, neither a greeting nor the answer to EHLO, if
/// it has one; `None` if [`reply`] may find a flaw in it.
#[must_use]
#[inline]
pub fn plain(line: &[u8]) -> Option<Option<Enhanced>> {
    let [first @ b'2'..=b'5', b'0'..=b'5', b'0'..=b'9', b' ', text @ ..] = line else {
        return None;
    };
    if text.is_empty() || !is_printable(text) {
        return None;
    }
    let usual = enhanced::usual(*first, text);
    if usual.is_some() {
        return Some(usual);
    }
    // Replies without one, as those to DATA and QUIT often are.
    if !matches!(text, [b'1'..=b'5', b'.', ..]) {
        return Some(None);
    }
    let mut flaws = Vec::new();
    let enhanced = enhanced::judge(code(line)?, text, 4, &mut flaws);
    flaws.is_empty().then_some(enhanced)
}

/// Judges the first `line` of a reply to EHLO, which begins with `250-`.
#[must_use]
pub fn hello(line: &[u8]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    ehlo::first(line.get(4..).unwrap_or_default(), 4, &mut flaws);
    flaws.sort_by_key(|flaw: &Flaw| flaw.range.start);
    flaws
}

/// The three digits at the start of `line`.
fn code(line: &[u8]) -> Option<u16> {
    let digits: &[u8; 3] = line.first_chunk()?;
    let value = |sum: u16, digit: &u8| sum * 10 + u16::from(digit - b'0');
    digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, value))
}

/// Where a line stands in its reply.
struct Place {
    is_first: bool,
    is_last: bool,
    /// The grammar whose code is fixed, if the reply has one.
    fixed: Option<Kind>,
    kind: Kind,
    charset: Charset,
}

impl Place {
    fn line(&self, line: &[u8], judged: &mut Judged, flaws: &mut Vec<Flaw>) {
        let mut flaw = |defect, range, expected| flaws.push(Flaw { defect, range, expected });
        if line.is_empty() {
            flaw(Defect::ReplyEmptyLine, 0..0, "a code");
            return;
        }
        let Some(code) = code(line) else {
            flaw(Defect::ReplyMalformed, 0..line.len().min(3), "three digits");
            return;
        };
        if !matches!(line, [b'2'..=b'5', b'0'..=b'5', ..]) {
            flaw(Defect::ReplyCodeOutOfRange, 0..3, "a code of 2 to 5, 0 to 5 and 0 to 9");
        } else if judged.code.is_some_and(|first| first != code) {
            let is_fixed = self.fixed.is_some();
            let defect = if is_fixed { Defect::ReplyCodeStray } else { Defect::ReplyCodeMismatch };
            flaw(defect, 0..3, "the code of the first line");
        }
        judged.code = judged.code.or(Some(code));
        let rest = line.get(3..).unwrap_or_default();
        let is_blank = match (rest.first(), self.is_last) {
            (None, true) => true,
            (Some(b' '), true) | (Some(b'-'), false) => rest.first() == Some(&b' '),
            (None, false) => {
                flaw(Defect::ReplySeparatorInvalid, 3..3, "a hyphen");
                return;
            }
            (Some(b'-'), true) => {
                flaw(Defect::ReplyUnterminated, 3..4, "a blank in the last line");
                false
            }
            (Some(b' '), false) => {
                flaw(Defect::ReplySeparatorInvalid, 3..4, "a hyphen");
                false
            }
            (Some(_), _) => {
                flaw(Defect::ReplySeparatorInvalid, 3..4, "a blank or a hyphen");
                false
            }
        };
        let text = line.get(4..).unwrap_or_default();
        let at = line.len().min(4);
        match (self.fixed, self.is_first) {
            (Some(Kind::Greeting), true) => greeting(text, at, flaws),
            (Some(Kind::Ehlo), true) => ehlo::first(text, at, flaws),
            (Some(Kind::Ehlo), false) => ehlo::line(text, at, flaws),
            _ => {
                if is_blank && text.is_empty() {
                    let is_alone = rest.is_empty();
                    let (defect, range) = if is_alone {
                        (Defect::ReplyTextMissing, 3..3)
                    } else {
                        (Defect::ReplyTextEmpty, 3..4)
                    };
                    flaws.push(Flaw { defect, range, expected: "text" });
                }
                self.text(code, text, judged, flaws);
            }
        }
    }

    /// Judges the `text` of a line that has no more grammar than a textstring.
    fn text(&self, code: u16, text: &[u8], judged: &mut Judged, flaws: &mut Vec<Flaw>) {
        let may_have = self.kind == Kind::Any && self.charset == Charset::Utf8;
        let octets = if may_have { Octets::Utf8 } else { Octets::Text };
        octets.judge(text, 4, flaws);
        if self.kind != Kind::Any {
            return;
        }
        let Some(found) = enhanced::judge(code, text, 4, flaws) else { return };
        let first = *judged.enhanced.get_or_insert(found);
        if first != found {
            let end = text.iter().position(|octet| matches!(octet, b' ' | b'\t'));
            let range = 4..4 + end.unwrap_or(text.len());
            let expected = "the enhanced code of the lines before";
            flaws.push(Flaw { defect: Defect::EnhancedInconsistent, range, expected });
        }
    }
}

/// Judges `text`, at `at`, of a greeting: `(Domain / address-literal) [ SP textstring ]`.
fn greeting(text: &[u8], at: usize, flaws: &mut Vec<Flaw>) {
    let length = mailbox::host(text, 0);
    let is_clean = Octets::Text.judge(text, at, flaws);
    match text.get(length..).unwrap_or_default() {
        _ if length == 0 => {
            let end = text.iter().position(|&octet| octet == b' ').unwrap_or(text.len());
            let name = text.get(..end).unwrap_or_default();
            if is_clean || name.iter().all(|octet| matches!(octet, b' '..=b'~')) {
                // What some firewalls make of it.
                let is_masked = name.len() > 3 && name.iter().all(|&octet| octet == b'*');
                let defect =
                    if is_masked { Defect::GreetingMasked } else { Defect::GreetingDomainMissing };
                let range = at..at + end;
                flaws.push(Flaw { defect, range, expected: "a domain or address literal" });
            }
        }
        [b' '] => {
            let (defect, range) = (Defect::ReplyTextEmpty, at + length..at + length + 1);
            flaws.push(Flaw { defect, range, expected: "text behind the blank" });
        }
        [b'\t' | b'!'..=b'~', ..] => {
            let (defect, range) = (Defect::GreetingDomainMissing, at + length..at + length + 1);
            flaws.push(Flaw { defect, range, expected: "a blank or the end of the line" });
        }
        // The end or text; or an octet that is wrong by itself.
        _ => {}
    }
}

/// Whether `text` is octets of 32 to 126 alone: eight at a time, as nearly all texts are.
pub(super) fn is_printable(text: &[u8]) -> bool {
    const EACH: u64 = u64::MAX / 255;
    let odd = |octets: &[u8; 8]| {
        let word = u64::from_ne_bytes(*octets);
        let low = word.wrapping_sub(EACH * 0x20) & !word;
        let high = word | word.wrapping_add(EACH);
        (low | high) & (EACH * 0x80)
    };
    let (words, rest) = text.as_chunks::<8>();
    let all = words.iter().fold(0, |all, word| all | odd(word));
    // The last eight have the rest in them.
    let is_rest = match text.last_chunk() {
        Some(last) => odd(last) == 0,
        None => rest.iter().all(|octet| matches!(octet, b' '..=b'~')),
    };
    all == 0 && is_rest
}

/// Which octets a text may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Octets {
    /// Those of textstring.
    Text,
    /// Those of textstring and well-formed UTF-8.
    Utf8,
    /// Those of ehlo-greet: all of ASCII but CR and LF.
    Greet,
}

impl Octets {
    /// Judges the octets of `text`, which stands at `at`; whether all are fit.
    pub(super) fn judge(self, text: &[u8], at: usize, flaws: &mut Vec<Flaw>) -> bool {
        if is_printable(text) || text.iter().all(|octet| matches!(octet, b'\t' | b' '..=b'~')) {
            return true;
        }
        let before = flaws.len();
        self.find(text, at, flaws);
        flaws.len() == before
    }

    #[cold]
    fn find(self, text: &[u8], at: usize, flaws: &mut Vec<Flaw>) {
        let mut from = at;
        for chunk in text.utf8_chunks() {
            let valid = chunk.valid().chars().map(|letter| (letter.len_utf8(), self.of(letter)));
            let invalid = chunk.invalid().iter().map(|_| (1, Some(Defect::ReplyEightBit)));
            for (length, defect) in valid.chain(invalid) {
                let range = from..from + length;
                from = range.end;
                let Some(defect) = defect else { continue };
                match flaws.last_mut() {
                    // Neighbours of one kind are one fault.
                    Some(last) if last.defect == defect && last.range.end == range.start => {
                        last.range.end = range.end;
                    }
                    _ => flaws.push(Flaw { defect, range, expected: "printable text" }),
                }
            }
        }
    }

    /// What is wrong with `letter`.
    fn of(self, letter: char) -> Option<Defect> {
        match letter {
            '\t' | ' '..='~' => None,
            '\r' => Some(Defect::ReplyBareCr),
            '\n' => Some(Defect::ReplyControl),
            letter if !letter.is_ascii() && self == Self::Utf8 => None,
            letter if !letter.is_ascii() => Some(Defect::ReplyEightBit),
            _ if self == Self::Greet => Some(Defect::EhloGreetControl),
            _ => Some(Defect::ReplyControl),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_plain_is_judged_alike(
            line in "[1-6][0-6][0-9][ -]?([1-6][.][0-9]{1,4}[.][0-9]{1,4}[ :x]?)?[ -~\\t\\x7fé]{0,20}"
        ) {
            if let Some(enhanced) = plain(line.as_bytes()) {
                for charset in [Charset::Ascii, Charset::Utf8] {
                    let judged = reply(&[line.as_bytes()], Kind::Any, charset);
                    prop_assert_eq!((judged.enhanced, judged.flaws), (enhanced, Vec::new()));
                }
            }
        }

        #[test]
        fn what_is_printable(text in "([ -~]{0,20}[\\x00-\\xff]?[ -~]{0,20})") {
            let is_all = text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
            prop_assert_eq!(is_printable(text.as_bytes()), is_all);
        }

        #[test]
        fn octets_that_are_printable(text: Vec<u8>) {
            let is_all = text.iter().all(|octet| matches!(octet, b' '..=b'~'));
            prop_assert_eq!(is_printable(&text), is_all);
        }

        #[test]
        fn the_first_line_to_ehlo_is_judged_alike(text in "[a.0 -]{0,8}( [ -~\\t\\x7f]{0,20})?") {
            let line = format!("250-{text}");
            let judged = reply(&[line.as_bytes(), b"250 HELP"], Kind::Ehlo, Charset::Ascii);
            let flaws: Vec<Flaw> = judged.flaws.into_iter().map(|one| one.flaw).collect();
            prop_assert_eq!(hello(line.as_bytes()), flaws);
        }
    }
}
