//! A line from the client (RFC 5321 §4.1.1): its verb, its argument, and what is in it.
//!
//! In: a line without its line end. Out: views of it. Any line gives a `Command`; whether one
//! was expected (it may be mail data or a SASL answer) only the session knows.

use super::defect::Defect;
use super::line::{is_blank, split_word, trim, trim_start, words};
use super::path::Path;
use super::sasl;
use super::scan::{find, find_three};
use std::ops::Range;

/// The verbs that mean something to the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// RFC 5321 §4.1.1.1.
    Helo,
    /// RFC 5321 §4.1.1.1.
    Ehlo,
    /// LMTP's EHLO, RFC 2033 §4.1.
    Lhlo,
    /// RFC 5321 §4.1.1.2.
    Mail,
    /// RFC 5321 §4.1.1.3.
    Rcpt,
    /// RFC 5321 §4.1.1.4.
    Data,
    /// RFC 3030 §2.
    Bdat,
    /// RFC 5321 §4.1.1.5.
    Rset,
    /// RFC 5321 §4.1.1.9.
    Noop,
    /// RFC 5321 §4.1.1.10.
    Quit,
    /// RFC 5321 §4.1.1.6.
    Vrfy,
    /// RFC 5321 §4.1.1.7.
    Expn,
    /// RFC 5321 §4.1.1.8.
    Help,
    /// RFC 3207 §4.
    Starttls,
    /// RFC 4954 §4.
    Auth,
    /// RFC 1985.
    Etrn,
    /// RFC 2645.
    Atrn,
    /// RFC 821 §3.8.
    Turn,
    /// RFC 4468.
    Burl,
    /// Postfix: the client speaks for another.
    Xclient,
    /// Postfix: what a proxy knows of the client.
    Xforward,
    /// RFC 821 §3.4.
    Send,
    /// RFC 821 §3.4.
    Soml,
    /// RFC 821 §3.4.
    Saml,
    /// Anything else.
    Other,
}

/// A line taken as a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// Which command it is.
    pub verb: Verb,
    /// The line up to the first blank, as written. With [`Verb::Other`] it may be anything.
    pub word: &'a [u8],
    /// Offset of `word` in the line, in bytes: more than 0 after leading blanks.
    pub word_at: usize,
    /// What follows the blanks after the verb; blanks at its end are kept.
    pub argument: &'a [u8],
    /// Offset of `argument` in the line, in bytes.
    pub argument_at: usize,
}

/// The argument of MAIL or RCPT: a path and parameters (RFC 5321 §4.1.1.2, §4.1.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The reverse-path or forward-path.
    pub path: Path<'a>,
    /// What follows the path: the parameters.
    rest: &'a [u8],
    /// Offset of `rest` in the line, in bytes.
    rest_at: usize,
    /// What is wrong, with its place in the line, in bytes.
    pub defect: Option<(Defect, Range<usize>)>,
}

/// Parameters of MAIL as [`Envelope::plain_params`] finds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlainParams {
    /// SIZE (RFC 1870).
    pub size: Option<u64>,
    /// Whether there is BODY (RFC 6152), as 7BIT or 8BITMIME.
    pub has_body: bool,
}

/// A path as [`usual_path`] finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsualPath<'a> {
    /// [`Path::address`].
    pub address: &'a [u8],
    /// [`Path::address_at`].
    pub address_at: usize,
    /// What follows the path: the parameters.
    pub rest: &'a [u8],
}

/// One parameter of MAIL or RCPT (RFC 5321 §4.1.2 esmtp-param).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// What stands before `=`.
    pub keyword: &'a [u8],
    /// What stands after `=`, if there is one.
    pub value: Option<&'a [u8]>,
    /// Where the whole parameter stands in the line, in bytes.
    pub range: Range<usize>,
}

/// The argument of BDAT (RFC 3030 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Octets of mail data that follow the line.
    pub octets: u128,
    /// Whether the message ends with them.
    pub last: bool,
}

/// The argument of AUTH (RFC 4954 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auth<'a> {
    /// The SASL mechanism as written; empty if there is none.
    pub mechanism: &'a [u8],
    /// The initial response, still in base64; `=` stands for an empty one.
    pub initial: Option<&'a [u8]>,
    /// Where it stands in the argument.
    pub initial_at: usize,
}

impl Verb {
    /// All but [`Verb::Other`].
    pub const ALL: [Self; 24] = [
        Self::Helo,
        Self::Ehlo,
        Self::Lhlo,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Bdat,
        Self::Rset,
        Self::Noop,
        Self::Quit,
        Self::Vrfy,
        Self::Expn,
        Self::Help,
        Self::Starttls,
        Self::Auth,
        Self::Etrn,
        Self::Atrn,
        Self::Turn,
        Self::Burl,
        Self::Xclient,
        Self::Xforward,
        Self::Send,
        Self::Soml,
        Self::Saml,
    ];

    /// The verb in upper case; empty for [`Verb::Other`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Helo => "HELO",
            Self::Ehlo => "EHLO",
            Self::Lhlo => "LHLO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Bdat => "BDAT",
            Self::Rset => "RSET",
            Self::Noop => "NOOP",
            Self::Quit => "QUIT",
            Self::Vrfy => "VRFY",
            Self::Expn => "EXPN",
            Self::Help => "HELP",
            Self::Starttls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Etrn => "ETRN",
            Self::Atrn => "ATRN",
            Self::Turn => "TURN",
            Self::Burl => "BURL",
            Self::Xclient => "XCLIENT",
            Self::Xforward => "XFORWARD",
            Self::Send => "SEND",
            Self::Soml => "SOML",
            Self::Saml => "SAML",
            Self::Other => "",
        }
    }

    /// The verb that `word` spells, in any case (RFC 5321 §2.4).
    #[must_use]
    pub fn of(word: &[u8]) -> Self {
        if let Ok(&letters) = word.try_into()
            && let Some(verb) = Self::usual(letters)
        {
            return verb;
        }
        let Some(wanted) = key(word) else { return Self::Other };
        let at = KEYS.iter().position(|&key| key == wanted);
        at.and_then(|at| Self::ALL.get(at)).copied().unwrap_or(Self::Other)
    }

    /// The verb that these letters spell, in any case, if it is one of those that nearly all
    /// commands have.
    #[inline]
    fn usual(letters: [u8; 4]) -> Option<Self> {
        const fn number(letters: [u8; 4]) -> u32 {
            u32::from_le_bytes(letters)
        }
        const EHLO: u32 = number(*b"EHLO");
        const MAIL: u32 = number(*b"MAIL");
        const RCPT: u32 = number(*b"RCPT");
        const DATA: u32 = number(*b"DATA");
        const QUIT: u32 = number(*b"QUIT");
        const RSET: u32 = number(*b"RSET");
        // Without their case bit, only letters are capital letters.
        match number(letters) & !CASE {
            MAIL => Some(Self::Mail),
            RCPT => Some(Self::Rcpt),
            DATA => Some(Self::Data),
            EHLO => Some(Self::Ehlo),
            QUIT => Some(Self::Quit),
            RSET => Some(Self::Rset),
            _ => None,
        }
    }
}

/// The bit in which `a` and `A` differ, in four letters at once.
const CASE: u32 = 0x2020_2020;

/// The keys of [`Verb::ALL`]: each command is looked up, and numbers are compared faster.
const KEYS: [u64; Verb::ALL.len()] = {
    let mut keys = [0; Verb::ALL.len()];
    let mut to: &mut [u64] = &mut keys;
    let mut from = Verb::ALL.as_slice();
    while let ([to_first, to_rest @ ..], [verb, from_rest @ ..]) = (to, from) {
        if let Some(key) = key(verb.name().as_bytes()) {
            *to_first = key;
        }
        (to, from) = (to_rest, from_rest);
    }
    keys
};

/// A number for a word of 1 to 8 bytes, the same for any case; `None` if it cannot be a verb.
const fn key(word: &[u8]) -> Option<u64> {
    if word.is_empty() || word.len() > 8 {
        return None;
    }
    let mut key = 0;
    let mut rest = word;
    while let [byte, after @ ..] = rest {
        if !byte.is_ascii_alphabetic() {
            return None;
        }
        // A widening cast: `From` is not for constants.
        key = key << 8 | byte.to_ascii_uppercase() as u64;
        rest = after;
    }
    Some(key)
}

impl<'a> Envelope<'a> {
    /// The parameters in their order.
    pub fn params(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        let at_rest = self.rest_at;
        words(self.rest).map(move |(at, word)| param(word, at_rest + at))
    }

    /// Its parameters where they are SIZE, BODY or both, plainly written: what most clients give.
    #[inline]
    #[must_use]
    pub fn plain_params(&self) -> Option<PlainParams> {
        plain_params(self.rest)
    }

    /// The value of SIZE (RFC 1870), if it is a number.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        if !self.may_have_params() {
            return None;
        }
        let size = self.params().find(|param| param.keyword.eq_ignore_ascii_case(b"SIZE"))?;
        std::str::from_utf8(size.value?).ok()?.parse().ok()
    }

    /// Whether anything follows the path: blanks alone make no parameter.
    #[must_use]
    pub fn may_have_params(&self) -> bool {
        !self.rest.is_empty()
    }
}

impl<'a> Command<'a> {
    /// Takes `line`, which is without its line end, as a command.
    #[inline]
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Self {
        if let Some((&letters, [] | [b' ', ..])) = line.split_first_chunk()
            && let Some(verb) = Verb::usual(letters)
        {
            let (word, rest) = line.split_at(letters.len());
            let argument = trim_start(rest);
            return Self {
                verb,
                word,
                word_at: 0,
                argument,
                argument_at: line.len() - argument.len(),
            };
        }
        Self::parse_any(line)
    }

    /// Takes any `line` as a command.
    #[inline(never)]
    fn parse_any(line: &'a [u8]) -> Self {
        let text = trim_start(line);
        let (word, rest) = split_word(text);
        let argument = trim_start(rest);
        Self {
            verb: Verb::of(word),
            word,
            word_at: line.len() - text.len(),
            argument,
            argument_at: line.len() - argument.len(),
        }
    }
}

/// The path and parameters of a MAIL, RCPT, SEND, SOML or SAML command; `None` for others.
///
/// Takes what servers take: `FROM:` or `TO:` in any case or missing, blanks around the colon, a
/// path with or without brackets.
#[inline]
#[must_use]
pub fn envelope<'a>(command: &Command<'a>) -> Option<Envelope<'a>> {
    let has_path =
        matches!(command.verb, Verb::Mail | Verb::Rcpt | Verb::Send | Verb::Soml | Verb::Saml);
    has_path.then(|| read_envelope(command))
}

/// The path of a MAIL or RCPT command as nearly all are written: right behind its label, in brackets,
/// and of what is quoted, of blanks at its ends and of routes there is nothing in it. `None` for
/// others; [`envelope`] takes any, and gives the same for these.
// A part of the straight path of a command.
#[allow(clippy::inline_always)]
#[inline(always)]
#[must_use]
pub fn usual_path<'a>(command: &Command<'a>) -> Option<UsualPath<'a>> {
    let path = strip_usual_label(command.argument)?;
    let close = find_three(*b">\"\\", path)?;
    let (Some(b'>'), Some(address)) = (path.get(close), path.get(1..close)) else { return None };
    if matches!(address, [b' ' | b'\t' | b'@', ..] | [.., b' ' | b'\t']) {
        return None;
    }
    let end = command.argument_at + command.argument.len();
    Some(UsualPath { address, address_at: end - path.len() + 1, rest: path.get(close + 1..)? })
}

fn read_envelope<'a>(command: &Command<'a>) -> Envelope<'a> {
    let end = command.argument_at + command.argument.len();
    let mut defect = None;
    let mut text = command.argument;
    if let Some(after) = strip_usual_label(text) {
        text = after;
    } else {
        text = trim_start(strip_label(text));
        if let Some(after) = text.strip_prefix(b":") {
            text = trim_start(after);
            if text.len() < after.len() && !text.is_empty() {
                defect = Some((Defect::SpaceAfterColon, end - after.len()..end - text.len()));
            }
        }
    }
    let (path, rest) = Path::split(text, end - text.len());
    let rest_at = end - rest.len();
    Envelope { path, rest, rest_at, defect }
}

/// [`Envelope::plain_params`] of what follows a path.
#[inline]
#[must_use]
pub fn plain_params(text: &[u8]) -> Option<PlainParams> {
    let mut params = PlainParams::default();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(given) = rest.strip_prefix(b" SIZE=") {
            let (mut size, mut after) = (0_u64, given);
            while let [digit @ b'0'..=b'9', behind @ ..] = after {
                size = size.wrapping_mul(10).wrapping_add((digit - b'0').into());
                after = behind;
            }
            if !(1..=18).contains(&(given.len() - after.len())) || params.size.is_some() {
                return None;
            }
            params.size = Some(size);
            rest = after;
        } else {
            let value = rest.strip_prefix(b" BODY=")?;
            let after = value.strip_prefix(b"8BITMIME").or(value.strip_prefix(b"7BIT"))?;
            params.has_body = true;
            rest = after;
        }
    }
    Some(params)
}

/// What follows `FROM:` or `TO:` where that is a bracket: the only legal form.
#[inline]
fn strip_usual_label(argument: &[u8]) -> Option<&[u8]> {
    const TO: u32 = u32::from_le_bytes(*b"TO\x1a\x1c");
    const FROM: u32 = u32::from_le_bytes(*b"FROM");
    let label = u32::from_le_bytes(*argument.first_chunk()?) & !CASE;
    let at = match label {
        FROM if argument.get(4) == Some(&b':') => 5,
        // A colon and a bracket have the case bit, too.
        TO if argument.get(2) == Some(&b':') => 3,
        _ => return None,
    };
    argument.get(at..).filter(|path| path.first() == Some(&b'<'))
}

/// Reads the argument of BDAT: `chunk-size [SP "LAST"]`, 1 to 20 digits as RFC 1870 §3 gives a
/// size. `None` if it is malformed: then no octets follow that one could count.
#[must_use]
pub fn bdat(argument: &[u8]) -> Option<Chunk> {
    let (size, rest) = split_word(trim_start(argument));
    if !(1..=20).contains(&size.len()) || !size.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let octets = size.iter().fold(0, |sum, digit| sum * 10 + u128::from(digit - b'0'));
    match trim(rest) {
        b"" => Some(Chunk { octets, last: false }),
        word if word.eq_ignore_ascii_case(b"LAST") => Some(Chunk { octets, last: true }),
        _ => None,
    }
}

/// Reads the argument of AUTH. Some clients write `=` between mechanism and initial response, and
/// some leave the mechanism out: what cannot be one is a response.
#[must_use]
pub fn auth(argument: &[u8]) -> Auth<'_> {
    let text = trim_start(argument);
    let is_end = |&byte: &u8| is_blank(byte) || byte == b'=';
    let end = text.iter().position(is_end).unwrap_or(text.len());
    let (mechanism, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    // Padding of base64, right at the end.
    let is_padded = rest.starts_with(b"=") && rest.iter().all(|&byte| byte == b'=');
    // Names are in upper case, or known; what else looks like one may be a secret.
    let is_name = !mechanism.iter().any(u8::is_ascii_lowercase) || sasl::is_known(mechanism);
    let (mechanism, mut behind) = if is_mechanism(mechanism) && is_name && !is_padded {
        (mechanism, trim_start(rest))
    } else {
        (&b""[..], text)
    };
    // A lone one is an empty response (RFC 4954 §4).
    if let Some(response) = behind.strip_prefix(b"=")
        && !trim(response).is_empty()
    {
        behind = response;
    }
    let initial = trim(behind);
    Auth {
        mechanism,
        initial: (!initial.is_empty()).then_some(initial),
        initial_at: argument.len() - behind.len(),
    }
}

/// Whether `name` can be that of a SASL mechanism, in any case: 1 to 20 letters, digits, hyphens
/// and underscores (RFC 4422 §3.1).
pub(crate) fn is_mechanism(name: &[u8]) -> bool {
    let is_letter = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=20).contains(&name.len()) && name.iter().all(is_letter)
}

/// `argument` without its leading `FROM` or `TO`, if it has one. Either is taken: a client that
/// mixes them up has still said which address it means.
fn strip_label(argument: &[u8]) -> &[u8] {
    for label in [&b"FROM"[..], b"TO"] {
        if let Some((word, rest)) = argument.split_at_checked(label.len())
            && word.eq_ignore_ascii_case(label)
            && rest.first().is_none_or(|&byte| is_blank(byte) || byte == b':' || byte == b'<')
        {
            return rest;
        }
    }
    argument
}

/// The parameter `word`, which stands at `at` in its line.
fn param(word: &[u8], at: usize) -> Param<'_> {
    let range = at..at + word.len();
    let (keyword, rest) = word.split_at(find(b'=', word).unwrap_or(word.len()));
    Param { keyword, value: rest.strip_prefix(b"="), range }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn envelope_of(line: &str) -> Envelope<'_> {
        envelope(&Command::parse(line.as_bytes())).unwrap()
    }

    #[test]
    fn verbs_are_different_and_found_by_their_names() {
        for verb in Verb::ALL {
            assert_eq!(Verb::of(verb.name().as_bytes()), verb);
            assert_eq!(Verb::of(verb.name().to_lowercase().as_bytes()), verb);
        }
        assert_eq!(Verb::of(b""), Verb::Other);
    }

    #[test]
    fn verb_word_and_argument() {
        let cases: [(&str, Verb, &str, usize, &str, usize); 13] = [
            ("QUIT", Verb::Quit, "QUIT", 0, "", 4),
            ("ehlo a.example ", Verb::Ehlo, "ehlo", 0, "a.example ", 5),
            ("  NooP\t x", Verb::Noop, "NooP", 2, "x", 8),
            ("MAIL FROM:<a@b>", Verb::Mail, "MAIL", 0, "FROM:<a@b>", 5),
            ("MAIL", Verb::Mail, "MAIL", 0, "", 4),
            ("QUIT  ", Verb::Quit, "QUIT", 0, "", 6),
            ("MAILFROM:<a@b>", Verb::Other, "MAILFROM:<a@b>", 0, "", 14),
            ("Subject: hi", Verb::Other, "Subject:", 0, "hi", 9),
            ("GET / HTTP/1.1", Verb::Other, "GET", 0, "/ HTTP/1.1", 4),
            ("DATA\0", Verb::Other, "DATA\0", 0, "", 5),
            ("x-exps GSSAPI", Verb::Other, "x-exps", 0, "GSSAPI", 7),
            ("STARTTLS", Verb::Starttls, "STARTTLS", 0, "", 8),
            ("", Verb::Other, "", 0, "", 0),
        ];
        for (line, verb, word, word_at, argument, argument_at) in cases {
            let (word, argument) = (word.as_bytes(), argument.as_bytes());
            let expected = Command { verb, word, word_at, argument, argument_at };
            assert_eq!(Command::parse(line.as_bytes()), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_usual_path_is_that_of_the_envelope(
            verb in "MAIL FROM:|RCPT TO:|MAIL TO:|mail from:|MAIL FROM: |MAIL  FROM:",
            path in "<?[<@:,\"\\\\ a.\t]{0,9}>?( SIZE=[0-9]{0,3}|[> a]{0,3})",
        ) {
            let line = format!("{verb}{path}");
            let command = Command::parse(line.as_bytes());
            if let Some(usual) = usual_path(&command) {
                let any = envelope(&command).unwrap();
                let same = UsualPath {
                    address: any.path.address,
                    address_at: any.path.address_at,
                    rest: any.rest,
                };
                prop_assert_eq!(usual, same);
                prop_assert!(any.defect.is_none() && !any.path.whole.is_empty());
            }
        }
    }

    #[test]
    fn most_paths_are_usual() {
        let is_usual = |line: &str| usual_path(&Command::parse(line.as_bytes())).is_some();
        assert!(is_usual("MAIL FROM:<>") && is_usual("RCPT TO:<a@b> NOTIFY=NEVER"));
        assert!(!is_usual("MAIL FROM:<@a:b@c>") && !is_usual("RCPT TO:<\"a>\"@b>"));
    }

    #[test]
    fn the_path_is_found_however_it_is_introduced() {
        let cases = [
            ("MAIL FROM:<a@b>", "<a@b>"),
            ("mail from:<a@b> SIZE=1", "<a@b>"),
            ("MAIL From: <a@b>", "<a@b>"),
            ("MAIL FROM :<a@b>", "<a@b>"),
            ("MAIL FROM <a@b>", "<a@b>"),
            ("MAIL FROM<a@b>", "<a@b>"),
            ("MAIL <a@b>", "<a@b>"),
            ("MAIL :<a@b>", "<a@b>"),
            ("MAIL FROM:a@b SIZE=1", "a@b"),
            ("RCPT TO:<a@b>", "<a@b>"),
            ("RCPT TO:to@b", "to@b"),
            ("RCPT to@b", "to@b"),
            ("RCPT FROM:<a@b>", "<a@b>"),
            ("SAML FROM:<a@b>", "<a@b>"),
            ("MAIL FROM:<>", "<>"),
            ("MAIL FROM:", ""),
            ("MAIL FROM: ", ""),
            ("MAIL", ""),
            ("RCPT", ""),
        ];
        for (line, whole) in cases {
            let path = envelope_of(line).path;
            assert_eq!(path.whole, whole.as_bytes(), "{line}");
            assert_eq!(&line.as_bytes()[path.range], whole.as_bytes(), "{line}");
        }
        assert_eq!(envelope(&Command::parse(b"VRFY <a@b>")), None);
    }

    #[test]
    fn blanks_between_colon_and_path_are_a_defect() {
        let cases = [
            ("MAIL FROM: <a@b>", Some(10..11)),
            ("RCPT TO :  \t<a@b>", Some(9..12)),
            ("RCPT TO: a@b", Some(8..9)),
            ("MAIL FROM:<a@b>", None),
            ("MAIL FROM :<a@b>", None),
            ("MAIL FROM <a@b>", None),
            ("MAIL FROM:<> X=: <a@b>", None),
            ("MAIL FROM:  ", None),
        ];
        for (line, range) in cases {
            let expected = range.map(|range| (Defect::SpaceAfterColon, range));
            assert_eq!(envelope_of(line).defect, expected, "{line}");
        }
    }

    #[test]
    fn parameters_have_keyword_value_and_place() {
        let line = "MAIL FROM:<\"a b\"@c>  SIZE=1 SMTPUTF8 ENVID=";
        let found: Vec<_> = envelope_of(line)
            .params()
            .map(|param| (param.keyword, param.value, &line.as_bytes()[param.range]))
            .collect();
        assert_eq!(
            found,
            [
                (&b"SIZE"[..], Some(&b"1"[..]), &b"SIZE=1"[..]),
                (b"SMTPUTF8", None, b"SMTPUTF8"),
                (b"ENVID", Some(b""), b"ENVID="),
            ]
        );
    }

    #[test]
    fn bdat_takes_a_size_and_last() {
        let chunk = |octets, last| Some(Chunk { octets, last });
        assert_eq!(bdat(b"0"), chunk(0, false));
        assert_eq!(bdat(b"86 LAST"), chunk(86, true));
        assert_eq!(bdat(b" 0086 \t last "), chunk(86, true));
        assert_eq!(bdat(&[b'9'; 20]), chunk(99_999_999_999_999_999_999, false));
        for bad in ["", "LAST", "+1", "-1", "1x", "1 LASTS", "1 LAST 2", "1 2", "0x10"] {
            assert_eq!(bdat(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(bdat(&[b'1'; 21]), None);
    }

    #[test]
    fn auth_takes_a_mechanism_and_an_initial_response() {
        let of = |argument: &'static str| {
            let auth = auth(argument.as_bytes());
            (auth.mechanism, auth.initial)
        };
        assert_eq!(of("PLAIN"), (&b"PLAIN"[..], None));
        assert_eq!(of("PLAIN AGEAYg== "), (&b"PLAIN"[..], Some(&b"AGEAYg=="[..])));
        assert_eq!(of("EXTERNAL ="), (&b"EXTERNAL"[..], Some(&b"="[..])));
        assert_eq!(of(""), (&b""[..], None));
    }

    #[test]
    fn plain_parameters_are_what_all_parameters_say() {
        for (line, size, has_body) in [
            ("MAIL FROM:<a@b>", None, false),
            ("MAIL FROM:<a@b> SIZE=12", Some(12), false),
            ("MAIL FROM:<a@b> BODY=8BITMIME SIZE=0", Some(0), true),
            ("MAIL FROM:<a@b> SIZE=007 BODY=7BIT", Some(7), true),
        ] {
            let envelope = envelope_of(line);
            assert_eq!(envelope.plain_params(), Some(PlainParams { size, has_body }), "{line}");
            assert_eq!(envelope.size(), size, "{line}");
        }
        for rest in
            [" ", " SIZE=", " SIZE=1x", " size=1", " SIZE=1 SIZE=2", " BODY=7BITS", " RET=HDRS"]
        {
            let line = format!("MAIL FROM:<a@b>{rest}");
            assert_eq!(envelope_of(&line).plain_params(), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_parses_and_every_place_lies_in_it(
            line in proptest::collection::vec(any::<u8>(), 0..60),
            start in "(MAIL|RCPT|SAML|bdat|AUTH|)[ \\t]{0,2}(FROM|TO|)[ ]?:?[ ]{0,2}[<@\"a: =>\\\\]{0,12}",
        ) {
            let line = [start.as_bytes(), &line].concat();
            let command = Command::parse(&line);
            prop_assert_eq!(&line[command.word_at..][..command.word.len()], command.word);
            prop_assert_eq!(&line[command.argument_at..], command.argument);
            let _ = bdat(command.argument);
            let _ = auth(command.argument);
            if let Some(envelope) = envelope(&command) {
                prop_assert_eq!(&line[envelope.path.range.clone()], envelope.path.whole);
                if let Some((_, range)) = envelope.defect.clone() {
                    prop_assert!(line[range].iter().all(|&byte| is_blank(byte)));
                }
                let mut before = envelope.path.range.end;
                for param in envelope.params() {
                    prop_assert!(param.range.start >= before && !param.range.is_empty());
                    before = param.range.end;
                    prop_assert!(line[param.range].starts_with(param.keyword));
                }
            }
        }
    }
}
