//! Strings as Python prints them: `'a\r\n'`, `b"it's\n"`, `u'\xe9'`.

/// A string, decoded.
pub(super) struct Literal {
    pub(super) text: Vec<u8>,
    /// It has its closing quote: nothing is cut off.
    pub(super) is_whole: bool,
}

/// Decodes the string that `source` starts with.
pub(super) fn literal(source: &[u8]) -> Option<Literal> {
    let plain = match source {
        [b'b' | b'B' | b'u' | b'U', rest @ ..] => rest,
        _ => source,
    };
    let (&quote, mut rest) = plain.split_first().filter(|(quote, _)| b"'\"".contains(quote))?;
    let mut text = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == quote {
            return Some(Literal { text, is_whole: true });
        }
        match (byte, after) {
            (b'\\', [mark, after @ ..]) => rest = escape(*mark, after, &mut text),
            _ => text.push(byte),
        }
    }
    Some(Literal { text, is_whole: false })
}

/// Decodes what a backslash and `mark` stand for; gives what follows.
fn escape<'a>(mark: u8, after: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
    let digits = match mark {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    };
    if digits > 0
        && let Some((number, rest)) = hex(after, digits)
    {
        match (u8::try_from(number), char::from_u32(number)) {
            // A byte, also in a string of characters: SMTP's have none but of ASCII.
            (Ok(byte), _) if mark == b'x' => text.push(byte),
            (_, Some(one)) => text.extend_from_slice(one.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => text.push(b'?'),
        }
        return rest;
    }
    match mark {
        b'n' => text.push(b'\n'),
        b'r' => text.push(b'\r'),
        b't' => text.push(b'\t'),
        b'\\' | b'\'' | b'"' => text.push(mark),
        _ => text.extend([b'\\', mark]),
    }
    after
}

/// The number that so many hexadecimal digits make, and what follows them.
pub(super) fn hex(text: &[u8], digits: usize) -> Option<(u32, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    // A sign is no digit.
    let number =
        str::from_utf8(number).ok().filter(|_| number.iter().all(u8::is_ascii_hexdigit))?;
    Some((u32::from_str_radix(number, 16).ok()?, rest))
}

/// The lines of `text`, without their ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    body.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_prints_is_decoded() {
        let read = |source: &str| {
            let Literal { text, is_whole } = literal(source.as_bytes()).unwrap();
            (text, is_whole)
        };
        assert_eq!(read(r"'ehlo a\r\n'"), (b"ehlo a\r\n".to_vec(), true));
        assert_eq!(read(r#"b"it's \"\x00\xff\\n" rest"#), (b"it's \"\0\xff\\n".to_vec(), true));
        assert_eq!(read(r"u'\u20ac\U0001f600'"), ("\u{20ac}\u{1f600}".as_bytes().to_vec(), true));
        assert_eq!(read(r"'cut\"), (b"cut\\".to_vec(), false));
        assert_eq!(read(r"'\xg1\ud800'"), (br"\xg1?".to_vec(), true));
        assert!(literal(b"retcode (250)").is_none());
        assert!(literal(b"").is_none());
        let all: Vec<&[u8]> = lines(b"a\r\n\r\n.\r\n").collect();
        assert_eq!(all, [&b"a"[..], b"", b"."]);
    }
}
