//! What mails, issues and terminals put around the lines of a log.

use std::borrow::Cow;

/// How the lines of a file are wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::transcript) struct Peel {
    /// Each line is quoted: `> `, `| `.
    pub(super) quote: Option<u8>,
    /// Once: what looks like a quote in it is the log's own mark, as curl's.
    is_once: bool,
}

impl Peel {
    /// The ways in which files are wrapped, the plain one first.
    pub(super) const ALL: [Self; 4] = [
        Self { quote: None, is_once: false },
        Self { quote: Some(b'>'), is_once: false },
        Self { quote: Some(b'|'), is_once: false },
        Self { quote: Some(b'>'), is_once: true },
    ];

    /// What is inside; `None` if the line belongs to the wrapping alone: the fence of a code block.
    pub(in crate::transcript) fn line(self, line: &[u8]) -> Option<Cow<'_, [u8]>> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let plain = if line.contains(&ESCAPE) {
            Cow::Owned(without_colours(line))
        } else {
            Cow::Borrowed(line)
        };
        let Some(quote) = self.quote else { return Some(plain).filter(|line| !is_fence(line)) };
        let mut start = 0;
        while let Some(rest) = plain.get(start..)
            && rest.first() == Some(&quote)
        {
            start += 1 + usize::from(rest.get(1) == Some(&b' '));
            // A quote in a quote; an arrow of a log has no blank between.
            if self.is_once
                || rest.get(1) != Some(&b' ')
                || rest.get(2) != Some(&quote)
                || rest.get(3) == Some(&quote)
            {
                break;
            }
        }
        let inside = match plain {
            Cow::Borrowed(line) => Cow::Borrowed(line.get(start..).unwrap_or_default()),
            Cow::Owned(line) => Cow::Owned(line.get(start..).unwrap_or_default().to_vec()),
        };
        Some(inside).filter(|line| !is_fence(line))
    }
}

const ESCAPE: u8 = 0x1b;

/// Whether a line fences a code block of Markdown.
fn is_fence(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_marked = line.starts_with(b"```") || line.starts_with(b"~~~");
    is_marked && line.iter().skip(3).all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// `line` without the sequences that colour a terminal (ECMA-48 §8.3.117).
fn without_colours(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != ESCAPE {
            out.push(byte);
        } else if let Some(sequence) = after.strip_prefix(b"[") {
            let end = sequence.iter().position(|byte| (0x40..=0x7e).contains(byte));
            rest = end.and_then(|end| sequence.get(end + 1..)).unwrap_or_default();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peeled(peel: Peel, line: &str) -> Option<String> {
        peel.line(line.as_bytes()).map(|line| String::from_utf8_lossy(&line).into_owned())
    }

    #[test]
    fn what_is_around_a_line_is_taken_off() {
        let [plain, quoted, barred, once] = Peel::ALL;
        assert_eq!(peeled(plain, "\x1b[1;32m<-  220 mx\x1b[0m\r").unwrap(), "<-  220 mx");
        assert_eq!(peeled(plain, "```text"), None);
        assert_eq!(peeled(plain, "> 250 ok").unwrap(), "> 250 ok");
        assert_eq!(peeled(quoted, "> <-  220 mx").unwrap(), "<-  220 mx");
        assert_eq!(peeled(quoted, "> > 220 mx").unwrap(), "220 mx");
        assert_eq!(peeled(once, "> > EHLO a").unwrap(), "> EHLO a");
        assert_eq!(peeled(quoted, "> >>> EHLO a").unwrap(), ">>> EHLO a");
        assert_eq!(peeled(quoted, ">").unwrap(), "");
        assert_eq!(peeled(barred, "| S: 220").unwrap(), "S: 220");
    }
}
