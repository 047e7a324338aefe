//! Commands written as nearly all clients write them.
//!
//! In: a line. Out: whether it has one of the few forms in which nothing can be wrong. That is a
//! part of the ABNF that is soon told; a line that is not plain may be just as right.

use super::class::{DIGIT, LDH, run};

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
            name.first().is_some_and(u8::is_ascii_alphabetic) && domain(name) == name.len()
        }
        [b'R', b'C', b'P', b'T', b' ', b'T', b'O', b':', b'<', path @ ..] => {
            behind_mailbox(path) == Some(b"")
        }
        [b'M', b'A', b'I', b'L', b' ', b'F', b'R', b'O', b'M', b':', b'<', path @ ..] => {
            let null = path.strip_prefix(b">");
            null.or_else(|| behind_mailbox(path)).is_some_and(are_params)
        }
        [b'B', b'D', b'A', b'T', b' ', rest @ ..] => {
            behind_number(rest).is_some_and(|rest| matches!(rest, b"" | b" LAST"))
        }
        _ => false,
    }
}

/// What follows the mailbox and `>` at the start of `text`.
#[inline]
fn behind_mailbox(text: &[u8]) -> Option<&[u8]> {
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

/// Whether `text`, behind a path, is SIZE and BODY, or one of them, or nothing.
#[inline]
fn are_params(text: &[u8]) -> bool {
    let body = match text {
        [b' ', b'S', b'I', b'Z', b'E', b'=', rest @ ..] => behind_number(rest),
        _ => Some(text),
    };
    matches!(body, Some(b"" | b" BODY=8BITMIME" | b" BODY=7BIT"))
}

#[cfg(test)]
mod tests {
    use super::super::{Charset, command};
    use super::*;
    use proptest::prelude::*;

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
            if is_plain(line.as_bytes()) {
                for charset in [Charset::Ascii, Charset::Utf8] {
                    prop_assert_eq!(command(line.as_bytes(), charset).flaws, []);
                }
                let is_odd = |letter| matches!(letter, '%' | '!' | '"' | '\r');
                prop_assert!(!line.contains(is_odd));
            }
        }
    }
}
