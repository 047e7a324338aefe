//! Commands written as nearly all clients write them.
//!
//! In: a line. Out: whether it has one of the few forms in which nothing can be wrong. That is a
//! part of the ABNF that is soon told; a line that is not plain may be just as right.

use super::class::{DIGIT, LDH, run};
use crate::smtp::command::PlainParams;
use crate::smtp::scan::find;

/// Octets of a label and of a path in which no part can be too long (RFC 5321 §4.5.3.1).
const SHORT: usize = 64;

/// Digits of a number that is surely not too large.
const DIGITS: usize = 18;

/// Whether `line` is a command in which [`super::command`] finds no flaw, in any charset: in
/// capital letters, its names and mailboxes of letters, digits, `-`, `.`, `_`, `+` and `=` alone,
/// and its parameters no others than SIZE and BODY.
#[must_use]
pub fn is_plain(line: &[u8]) -> bool {
    match line {
        b"DATA" | b"QUIT" | b"RSET" => true,
        // What begins with a digit may be an address without its brackets.
        [b'E', b'H', b'L', b'O', b' ', name @ ..] | [b'H', b'E', b'L', b'O', b' ', name @ ..] => {
            name.first().is_some_and(u8::is_ascii_alphabetic)
                && (is_usual(*b"__a@", name, 0) || domain(name) == name.len())
        }
        [b'R', ..] => plain_rcpt(line).is_some(),
        [b'M', ..] => plain_mail(line).is_some(),
        [b'B', b'D', b'A', b'T', b' ', rest @ ..] => {
            behind_number(rest).is_some_and(|rest| matches!(rest, b"" | b" LAST"))
        }
        _ => false,
    }
}

/// The path of a MAIL or RCPT that is [plain](is_plain), and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainPath<'a> {
    /// The mailbox, or nothing.
    pub address: &'a [u8],
    /// Where that stands in the line, in bytes.
    pub address_at: usize,
    /// The parameters.
    pub params: PlainParams,
}

/// The path of a RCPT that is [plain](is_plain).
#[must_use]
#[inline]
pub fn plain_rcpt(line: &[u8]) -> Option<PlainPath<'_>> {
    const COMMAND: &[u8; 9] = b"RCPT TO:<";
    let path = line.strip_prefix(COMMAND)?;
    if !behind_mailbox(path)?.is_empty() {
        return None;
    }
    let address = path.get(..path.len().checked_sub(1)?)?;
    Some(PlainPath { address, address_at: COMMAND.len(), params: PlainParams::default() })
}

/// The path of a MAIL that is [plain](is_plain), and its parameters.
#[must_use]
#[inline]
pub fn plain_mail(line: &[u8]) -> Option<PlainPath<'_>> {
    const COMMAND: &[u8; 11] = b"MAIL FROM:<";
    let path = line.strip_prefix(COMMAND)?;
    let behind = match path {
        [b'>', behind @ ..] => behind,
        _ => behind_mailbox(path)?,
    };
    let address = path.get(..path.len().checked_sub(behind.len() + 1)?)?;
    Some(PlainPath { address, address_at: COMMAND.len(), params: params(behind)? })
}

/// What follows the mailbox and `>` at the start of `text`.
#[inline]
fn behind_mailbox(text: &[u8]) -> Option<&[u8]> {
    let close = match text {
        [mailbox @ .., b'>'] => mailbox.len(),
        _ => find(b'>', text)?,
    };
    if is_usual(*b"___-", text.get(..close)?, 1) {
        return text.get(close + 1..);
    }
    behind_any_mailbox(text)
}

/// Octets of a mailbox or name that is looked at all at once, with the dot behind it.
const TOGETHER: usize = 32;

/// Whether `text`, which stands behind `before` and has as many `@` as wanted, is one of the plain
/// mailboxes or names: of letters, digits, dots and hyphens alone, and not too long.
// Where nothing is passed over, the compiler looks at many octets at once.
#[inline(never)]
fn is_usual(before: [u8; 4], text: &[u8], wanted: u8) -> bool {
    let mut octets = [b'a'; TOGETHER + 4];
    if let Some((first, from)) = octets.split_first_chunk_mut::<4>()
        && let Some((room, [end, ..])) = from.split_at_mut_checked(text.len())
    {
        *first = before;
        room.copy_from_slice(text);
        // It ends the last label.
        *end = b'.';
    } else {
        return false;
    }
    let is_let_dig =
        |octet: u8| ((octet | 0x20).wrapping_sub(b'a') < 26) | (octet.wrapping_sub(b'0') < 10);
    let is_dot = |octet: u8| (octet == b'.') | (octet == b'@');
    let [_, third @ ..] = &octets;
    let [_, _, _, last @ ..] = &octets;
    let [_, _, _, _, own @ ..] = &octets;
    let (mut is_odd, mut ats) = (false, 0_u8);
    for ((&octet, &last), &third) in own.iter().zip(last).zip(third) {
        let is_hyphen = octet == b'-';
        is_odd |= !(is_let_dig(octet) | is_hyphen | is_dot(octet))
            | (is_dot(octet) & (is_dot(last) | (last == b'-')))
            | (is_hyphen & (is_dot(last) | is_dot(third)));
        ats = ats.wrapping_add(u8::from(octet == b'@'));
    }
    !is_odd && ats == wanted
}

/// The same as [`behind_mailbox`], for any that is plain.
#[inline(never)]
fn behind_any_mailbox(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    loop {
        let letters = run(rest, LDH);
        match rest.get(letters..)? {
            [b'_' | b'+' | b'=', after @ ..] => rest = after,
            // Neither may follow a dot, nor come first.
            [b'.', after @ ..] if letters > 0 => rest = after,
            [b'@', after @ ..] if letters > 0 => {
                let [b'>', behind @ ..] = after.get(domain(after)..)? else { return None };
                let is_name = after.first() != Some(&b'>');
                return (is_name && text.len() - behind.len() < SHORT).then_some(behind);
            }
            _ => return None,
        }
    }
}

/// How long the name at the start of `text` is; 0 if there is none, or if it is not plain.
#[inline]
fn domain(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        let (label, behind) = rest.split_at_checked(run(rest, LDH)).unwrap_or_default();
        // With hyphens in the third place begin names that stand for others (RFC 5891 §4.2.3.1).
        let is_odd = matches!(label, [] | [b'-', ..] | [_, _, b'-', ..] | [.., b'-']);
        if is_odd || label.len() >= SHORT {
            return 0;
        }
        match behind {
            [b'.', after @ ..] => rest = after,
            _ => return text.len() - behind.len(),
        }
    }
}

/// What follows the number at the start of `text`.
#[inline]
fn behind_number(text: &[u8]) -> Option<&[u8]> {
    let digits = run(text, DIGIT);
    if (1..=DIGITS).contains(&digits) { text.get(digits..) } else { None }
}

/// What `text`, behind a path, says, if that is SIZE and BODY, or one of them, or nothing.
#[inline]
fn params(text: &[u8]) -> Option<PlainParams> {
    let (mut size, mut body) = (None, text);
    if let Some(given) = text.strip_prefix(b" SIZE=") {
        let mut number = 0_u64;
        body = given;
        while let [digit @ b'0'..=b'9', after @ ..] = body {
            number = number.wrapping_mul(10).wrapping_add((digit - b'0').into());
            body = after;
        }
        if !(1..=DIGITS).contains(&(given.len() - body.len())) {
            return None;
        }
        size = Some(number);
    }
    let has_body = !body.is_empty();
    (!has_body || matches!(body, b" BODY=8BITMIME" | b" BODY=7BIT"))
        .then_some(PlainParams { size, has_body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::command::{self, Command};
    use crate::smtp::grammar::{Charset, command as judged};
    use proptest::prelude::*;

    fn is_mailbox(text: &str) -> bool {
        is_usual(*b"___-", text.as_bytes(), 1)
    }

    #[test]
    fn most_mailboxes_are_usual() {
        for usual in ["a@b", "a.b@mail-1.example.org", "no-reply@a.b", "-a@b"] {
            assert!(is_mailbox(usual), "{usual}");
        }
        let long = ["a".repeat(TOGETHER), "@b".to_owned()].concat();
        for other in ["", "a", "@", "a@", "@b", "a@b@c", "a@b.", "a@-b", "a@b-", "a@xn--b", &long] {
            assert!(!is_mailbox(other), "{other}");
        }
    }

    #[test]
    fn what_nearly_all_write_is_plain() {
        for plain in [
            "EHLO mail-1.example.org",
            "HELO localhost",
            "MAIL FROM:<>",
            "MAIL FROM:<a.b_c+d=e-f@mail.example.org> SIZE=1234 BODY=8BITMIME",
            "RCPT TO:<a@b>",
            "BDAT 0 LAST",
            "DATA",
        ] {
            assert!(is_plain(plain.as_bytes()), "{plain}");
        }
        for other in [
            "EHLO",
            "EHLO 192.0.2.1",
            "EHLO xn--a.example",
            "EHLO a..b",
            "RCPT TO:<>",
            "RCPT TO:<a@>",
            "RCPT TO:<a.@b>",
            "RCPT TO:<a%b@c>",
            "RCPT TO:<a@b> SIZE=1",
            "MAIL FROM:<a@b> SIZE=",
            "MAIL FROM:<a@b>SIZE=1",
            "BDAT",
            "DATA ",
        ] {
            assert!(!is_plain(other.as_bytes()), "{other}");
        }
    }

    proptest! {
        #[test]
        fn usual_mailboxes_are_plain(
            text in "[a0.-]{0,4}[a0._@-]{0,4}@?[a0.-]{0,4}[a0.-]{0,4}",
            long in 0..60_usize,
        ) {
            for text in [text.clone(), ["a".repeat(long), text].concat()] {
                let path = [&text, ">b"].concat();
                let behind = behind_any_mailbox(path.as_bytes());
                if is_mailbox(&text) {
                    prop_assert_eq!(behind, Some(&b"b"[..]));
                }
                prop_assert_eq!(behind_mailbox(path.as_bytes()), behind);
                if is_usual(*b"__a@", text.as_bytes(), 0) {
                    prop_assert_eq!(domain(text.as_bytes()), text.len());
                }
            }
        }

        #[test]
        fn what_is_plain_has_no_flaw(
            line in prop_oneof![
                "(EHLO|HELO) [a-c0-9.-]{0,12}",
                "(EHLO|HELO) ([a-z0-9-]{60,65}[.]?){0,2}",
                "RCPT TO:<[a0._+=@-]{0,6}[a0._+=@<>%!\"-]{0,6}@?[a0.-]{0,6}>?",
                "RCPT TO:<[a.]{0,40}@[a.]{0,40}>",
                "MAIL FROM:<([a0._+=-]{0,4}@[a0.-]{0,4})?> ?(SIZE=[0-9]{0,21})?( BODY=[78BITME]{4,8})?",
                "MAIL FROM:<([a0]@[a0])?>( SIZE=[0-9]{0,21}){0,2}( BODY=(7BIT|8BITMIME|BINARYMIME)){0,2}",
                "BDAT [0-9]{0,40}( LAST)?",
                "(DATA|QUIT|RSET|NOOP|data) ?",
            ]
        ) {
            let read = Command::parse(line.as_bytes());
            let envelope = command::envelope(&read);
            for path in [plain_rcpt(line.as_bytes()), plain_mail(line.as_bytes())] {
                let (Some(path), Some(given)) = (path, &envelope) else { continue };
                prop_assert_eq!(path.address, given.path.address);
                prop_assert_eq!(path.address_at, given.path.address_at);
                prop_assert_eq!(Some(path.params), given.plain_params());
            }
            if is_plain(line.as_bytes()) {
                for charset in [Charset::Ascii, Charset::Utf8] {
                    prop_assert_eq!(judged(line.as_bytes(), charset).flaws, []);
                }
                let is_odd = |letter| matches!(letter, '%' | '!' | '"' | '\r');
                prop_assert!(!line.contains(is_odd));
            }
        }
    }
}
