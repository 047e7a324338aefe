//! A line from the server (RFC 5321 §4.2): its code, its separator, its text, and what an EHLO
//! reply's line offers.
//!
//! In: a line without its line end. Out: views of it. Which lines make one reply, and whether
//! the code was a fitting one, is not known here.

use super::line::{is_blank, split_word, trim_start, words};

/// One line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyLine<'a> {
    /// The three digits at the start of the line, if they are there: 0 to 999.
    pub code: Option<u16>,
    /// What follows the code.
    pub separator: Separator,
    /// What follows the separator; the whole line if there is no code.
    pub text: &'a [u8],
}

/// The octet after the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Separator {
    /// SP: the last line of a reply.
    Space,
    /// `-`: more lines follow.
    Hyphen,
    /// The line ends after the code (or has no code): a last line.
    End,
    /// Anything else; taken as a last line.
    Other(u8),
}

/// What one line of an EHLO reply offers (RFC 5321 §4.1.1.1 ehlo-line).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// The extension's keyword as written.
    pub keyword: &'a [u8],
    /// What follows it.
    rest: &'a [u8],
}

impl<'a> Offer<'a> {
    /// Its parameters as written.
    pub fn params(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        words(self.rest).map(|(_, word)| word)
    }
}

impl<'a> ReplyLine<'a> {
    /// Takes `line`, which is without its line end, as a line of a reply.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Self {
        let [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = line else {
            return Self { code: None, separator: Separator::End, text: line };
        };
        let [a, b, c] = [a, b, c].map(|digit| u16::from(digit - b'0'));
        let code = a * 100 + b * 10 + c;
        let (separator, text) = match rest.split_first() {
            None => (Separator::End, rest),
            Some((b' ', text)) => (Separator::Space, text),
            Some((b'-', text)) => (Separator::Hyphen, text),
            Some((&other, text)) => (Separator::Other(other), text),
        };
        Self { code: Some(code), separator, text }
    }

    /// Whether the reply ends with this line (RFC 5321 §4.2.1).
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.separator != Separator::Hyphen
    }
}

/// The enhanced status code at the start of a reply's text, `class.subject.detail`
/// (RFC 2034 §4, RFC 3463 §2).
#[must_use]
pub fn enhanced(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'2' | b'4' | b'5', b'.', b'0'..=b'9', b'.', b'0'..=b'9', b' ', ..] => text.get(..5),
        [b'2' | b'4' | b'5', b'.', ..] => long_enhanced(text),
        // Most texts begin otherwise.
        _ => None,
    }
}

/// The same for one of which a number is of several digits, or none.
fn long_enhanced(text: &[u8]) -> Option<&[u8]> {
    let (word, _) = split_word(text);
    let mut parts = word.split(|&byte| byte == b'.');
    let (_, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |part: &[u8]| (1..=3).contains(&part.len()) && is_digits(part);
    let is_code = number(subject) && number(detail) && parts.next().is_none();
    is_code.then_some(word)
}

/// What `text`, the text of an EHLO reply's line after the first, offers; `None` if it is blank.
///
/// The form `AUTH=LOGIN PLAIN`, older than RFC 2554, is taken as `AUTH LOGIN PLAIN`.
#[must_use]
#[inline]
pub fn offer(text: &[u8]) -> Option<Offer<'_>> {
    if let [b'A' | b'a', ..] = text
        && let Some((keyword, [b'=', rest @ ..])) = text.split_at_checked(4)
        && keyword.eq_ignore_ascii_case(b"AUTH")
    {
        return Some(Offer { keyword, rest });
    }
    let (keyword, rest) = split_word(trim_start(text));
    (!keyword.is_empty()).then_some(Offer { keyword, rest })
}

/// Whether [`offer`] finds something in `text`.
#[must_use]
pub fn is_offer(text: &[u8]) -> bool {
    !text.iter().all(|&byte| is_blank(byte))
}

/// Whether [`offer`] finds `keyword` in `text`, in any case.
#[must_use]
#[inline]
pub fn is_offer_of(text: &[u8], keyword: &[u8]) -> bool {
    if text == keyword {
        return true;
    }
    // Few lines begin so.
    let may_be = text.len() >= keyword.len()
        && text.first().is_some_and(|&first| {
            is_blank(first) || keyword.first().is_some_and(|k| k.eq_ignore_ascii_case(&first))
        });
    may_be && is_offer_of_such(text, keyword)
}

fn is_offer_of_such(text: &[u8], keyword: &[u8]) -> bool {
    let word = text.trim_ascii_start().get(..keyword.len());
    word.is_some_and(|word| word.eq_ignore_ascii_case(keyword))
        && offer(text).is_some_and(|offer| offer.keyword.eq_ignore_ascii_case(keyword))
}

/// Whether `text` is a first line of a reply as RFC 5321 §4.2 Reply-line writes it: a code
/// `%x32-35 %x30-35 %x30-39`, then a blank, a hyphen or the end.
pub(super) fn is_well_formed(line: &[u8]) -> bool {
    let reply = ReplyLine::parse(line);
    let separated = !matches!(reply.separator, Separator::Other(byte) if !is_blank(byte));
    reply.code.is_some_and(|code| (200..560).contains(&code) && code / 10 % 10 <= 5) && separated
}

/// Whether all of `text` is digits.
fn is_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn code_separator_and_text() {
        let cases: [(&str, Option<u16>, Separator, &str); 12] = [
            ("250 ok", Some(250), Separator::Space, "ok"),
            ("250-more", Some(250), Separator::Hyphen, "more"),
            ("250", Some(250), Separator::End, ""),
            ("250 ", Some(250), Separator::Space, ""),
            ("250-", Some(250), Separator::Hyphen, ""),
            ("250\tok", Some(250), Separator::Other(b'\t'), "ok"),
            ("2500 ok", Some(250), Separator::Other(b'0'), " ok"),
            ("000 ok", Some(0), Separator::Space, "ok"),
            ("999 ok", Some(999), Separator::Space, "ok"),
            ("25 ok", None, Separator::End, "25 ok"),
            (" 250 ok", None, Separator::End, " 250 ok"),
            ("", None, Separator::End, ""),
        ];
        for (line, code, separator, text) in cases {
            let reply = ReplyLine::parse(line.as_bytes());
            assert_eq!(reply, ReplyLine { code, separator, text: text.as_bytes() }, "{line}");
            assert_eq!(reply.is_last(), !line.contains('-'), "{line}");
        }
    }

    #[test]
    fn well_formed_is_as_the_abnf_says() {
        for good in ["220 a", "354-", "559", "250\tx"] {
            assert!(is_well_formed(good.as_bytes()), "{good}");
        }
        for bad in ["120 a", "260 a", "600 a", "2500", "220:a", "22", "ok", ""] {
            assert!(!is_well_formed(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn enhanced_codes() {
        for (text, code) in [("2.1.0 Ok", "2.1.0"), ("5.7.511", "5.7.511"), ("4.0.0\tx", "4.0.0")] {
            assert_eq!(enhanced(text.as_bytes()), Some(code.as_bytes()), "{text}");
        }
        for text in
            ["", "Ok", "3.1.0 x", "2.1 x", "2.1.0.0 x", "2.1.1000 x", "2..0", " 2.1.0", "2.1.0:"]
        {
            assert_eq!(enhanced(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn offers_have_a_keyword_and_parameters() {
        let of =
            |text: &'static str| offer(text.as_bytes()).map(|o| (o.keyword, o.params().collect()));
        assert_eq!(of("PIPELINING"), Some((&b"PIPELINING"[..], vec![])));
        assert_eq!(of("SIZE 1000"), Some((&b"SIZE"[..], vec![&b"1000"[..]])));
        assert_eq!(of(" auth  A  B "), Some((&b"auth"[..], vec![&b"A"[..], b"B"])));
        assert_eq!(of("AUTH=LOGIN PLAIN"), Some((&b"AUTH"[..], vec![&b"LOGIN"[..], b"PLAIN"])));
        assert_eq!(of("auth="), Some((&b"auth"[..], vec![])));
        assert_eq!(of("SIZE=1"), Some((&b"SIZE=1"[..], vec![])));
        assert_eq!(of(" \t"), None);
        assert_eq!(of(""), None);
    }

    proptest! {
        #[test]
        fn any_line_parses(line in proptest::collection::vec(any::<u8>(), 0..40), start in "[0-9. =AUTHauth-]{0,8}") {
            let line = [start.as_bytes(), &line].concat();
            let reply = ReplyLine::parse(&line);
            prop_assert!(line.ends_with(reply.text));
            let _ = (enhanced(&line), is_well_formed(&line));
            let is_blank_line = line.iter().all(|&byte| is_blank(byte));
            prop_assert_eq!(offer(&line).is_none(), is_blank_line);
            prop_assert_eq!(is_offer(&line), !is_blank_line);
        }
    }
}
