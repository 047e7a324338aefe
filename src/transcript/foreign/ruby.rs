//! What Ruby's net/smtp writes with `set_debug_output`: an arrow and a string as Ruby dumps it.
//!
//! ```text
//! Connection opened: mx.example.net:25
//! -> "220 mx.example.net ESMTP\r\n"
//! <- "EHLO client.example.org\r\n"
//! -> "250 mx.example.net\r\n"
//! ```
//!
//! `->` is what it reads. Content is left out: `wrote 134 bytes`, its dot with them.

use super::payload::{is_only_smtp, is_smtp};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side};
use std::borrow::Cow;

pub(super) static RUBY: Foreign = Foreign {
    name: "ruby",
    title: "Ruby's net/smtp",
    shows: Shows::ALL.without(Shows::CONTENT),
    content: Content::Hidden,
    out: Side::Client,
    likeness,
    reader: || Box::new(Ruby),
};

/// Each line stands for itself.
struct Ruby;

impl ReadLines for Ruby {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some((who, text)) = marked(line) {
            let text = text.strip_suffix(b"\n").unwrap_or(&text);
            for line in text.split(|&byte| byte == b'\n') {
                out.say(b"", who, line.strip_suffix(b"\r").unwrap_or(line));
            }
        } else if let Some(bytes) = written(line) {
            // The dot and its line end.
            out.elided(b"", bytes.checked_sub(3));
        } else if line.starts_with(b"opening connection to ") {
            out.begin(b"", None);
        } else if is_aside(line) {
            out.aside();
        }
    }
}

/// Who says a line, and what.
fn marked(line: &[u8]) -> Option<(Who, Cow<'_, [u8]>)> {
    let (arrow, rest) = line.split_first_chunk::<3>()?;
    let who = match arrow {
        b"-> " => Who::Server,
        b"<- " => Who::Client,
        _ => return None,
    };
    let inside = rest.trim_ascii_end().strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some((who, undumped(inside)))
}

/// The bytes of a string that Ruby dumped (`String#dump`).
fn undumped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escape, after)) = rest.split_first() else {
            out.push(byte);
            break;
        };
        rest = after;
        match escape {
            b'r' => out.push(b'\r'),
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'v' => out.push(11),
            b'f' => out.push(12),
            b'e' => out.push(27),
            b'x' => rest = hex(rest, 2, &mut out),
            b'u' => rest = unicode(rest, &mut out),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// Pushes the byte of `digits` hex digits; what follows them.
fn hex<'a>(text: &'a [u8], digits: usize, out: &mut Vec<u8>) -> &'a [u8] {
    let Some((number, rest)) = text.split_at_checked(digits) else { return text };
    let number = str::from_utf8(number).ok().and_then(|it| u8::from_str_radix(it, 16).ok());
    let Some(byte) = number else { return text };
    out.push(byte);
    rest
}

/// Pushes the character of `20AC` or `{1F600}`; what follows it.
fn unicode<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let found = match text.strip_prefix(b"{") {
        Some(inside) => {
            let end = inside.iter().take(8).position(|byte| *byte == b'}');
            end.and_then(|end| Some((inside.get(..end)?, inside.get(end + 1..)?)))
        }
        None => text.split_at_checked(4),
    };
    let Some((digits, rest)) = found else { return text };
    let number = str::from_utf8(digits).ok().and_then(|it| u32::from_str_radix(it, 16).ok());
    let Some(letter) = number.and_then(char::from_u32) else { return text };
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    rest
}

/// The number of `wrote 134 bytes`.
fn written(line: &[u8]) -> Option<u64> {
    let number = line.strip_prefix(b"wrote ")?.strip_suffix(b" bytes")?;
    str::from_utf8(number).ok()?.parse().ok()
}

fn is_aside(line: &[u8]) -> bool {
    const STARTS: [&[u8]; 7] = [
        b"Connection opened: ",
        b"opened",
        b"starting TLS for ",
        b"SSL established",
        b"TLS connection started",
        b"SMTP session opened",
        b"writing message from ",
    ];
    STARTS.iter().any(|start| line.starts_with(start))
}

fn likeness(line: &[u8]) -> Likeness {
    let Some((_, text)) = marked(line) else { return Likeness::No };
    let text = text.trim_ascii_end();
    // net/http, net/pop and others write the same.
    if is_only_smtp(text) {
        Likeness::Sure
    } else if is_smtp(text) {
        Likeness::Marked
    } else {
        Likeness::Weak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumped_strings_are_read() {
        for (dumped, bytes) in [
            (r"a\r\n", &b"a\r\n"[..]),
            (r#"\"\\\#{\e"#, b"\"\\#{\x1b"),
            (r"\xFF\x0", b"\xff0"),
            (r"\u00E9\u{1F600}", "é😀".as_bytes()),
            (r"\u{zz}\uD800\", b"{zz}D800\\"),
        ] {
            assert_eq!(undumped(dumped.as_bytes()), bytes, "{dumped}");
        }
    }
}
