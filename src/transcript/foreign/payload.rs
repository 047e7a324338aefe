//! What a line of a dialog looks like: the same questions that every dialect asks.

use super::{Out, Who};
use crate::chunk::Sides;
use crate::smtp::command::{Command, Verb, envelope};
use crate::smtp::extension;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Whether `text` is a line of a reply: a code of three digits, and a blank, a hyphen or nothing.
pub(in crate::transcript) fn is_reply(text: &[u8]) -> bool {
    match text {
        [b'2'..=b'5', second, third, rest @ ..] => {
            let is_code = second.is_ascii_digit() && third.is_ascii_digit();
            is_code && matches!(rest.first(), None | Some(b' ' | b'-'))
        }
        _ => false,
    }
}

/// Whether `text` is a line of a reply that is not its last one.
pub(in crate::transcript) fn goes_on(text: &[u8]) -> bool {
    is_reply(text) && text.get(3) == Some(&b'-')
}

/// Whether `text` can hardly be anything but a command.
pub(in crate::transcript) fn is_command(text: &[u8]) -> bool {
    let command = Command::parse(text);
    let argument = command.argument.trim_ascii();
    let words = argument.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
    command.word_at == 0
        && match command.verb {
            Verb::Data | Verb::Rset | Verb::Quit | Verb::Starttls | Verb::Turn => words == 0,
            Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml | Verb::Rcpt => {
                envelope(&command).is_some()
            }
            Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Etrn | Verb::Vrfy | Verb::Expn => {
                words == 1
            }
            Verb::Bdat => argument.first().is_some_and(u8::is_ascii_digit),
            Verb::Auth => (1..=2).contains(&words),
            Verb::Noop | Verb::Help => words <= 1,
            Verb::Xclient | Verb::Xforward => argument.contains(&b'='),
            Verb::Atrn | Verb::Burl | Verb::Other => false,
        }
}

/// Whether `text` is a command or a line of a reply.
pub(in crate::transcript) fn is_smtp(text: &[u8]) -> bool {
    is_reply(text) || is_command(text)
}

/// Whether a word stands for a secret that is not there: `****`, `XXXX`, `<redacted>`, `[hidden]`,
/// `{EDITED}`.
/// Neither is base64, or it is of one letter.
pub(in crate::transcript) fn is_veil(word: &[u8]) -> bool {
    let word = word.trim_ascii();
    let is_row = |letter: u8| word.len() > 2 && word.iter().all(|&byte| byte == letter);
    // A single star gives AUTH up (RFC 4954 §4).
    let is_bracketed =
        matches!(word, [b'<', _, .., b'>'] | [b'[', _, .., b']'] | [b'{', _, .., b'}']);
    is_bracketed || is_row(b'*') || is_row(b'X') || is_row(b'x')
}

/// Whether a client's line stands for content: `(message body)`, `(first 79 octets)`, `. . .message
/// content. . .`, or the words of crystal-email.
pub(in crate::transcript) fn is_placeholder(text: &[u8]) -> bool {
    const WORDS: [&str; 6] = ["body", "octets", "bytes", "message", "content", "data"];
    if text == b"Sending mail data" || text == b". . ." {
        return true;
    }
    let inside = match text {
        [b'(', inside @ .., b')'] | [b'<', inside @ .., b'>'] | [b'[', inside @ .., b']'] => inside,
        _ => {
            let dots = text.strip_prefix(b". . .").and_then(|text| text.strip_suffix(b". . ."));
            let Some(inside) = dots else { return false };
            inside
        }
    };
    // Addresses and tags have brackets, too.
    if inside.iter().any(|byte| b"@<>=:/".contains(byte)) || inside.len() > 64 {
        return false;
    }
    let inside = inside.to_ascii_lowercase();
    WORDS.iter().any(|word| memchr::memmem::find(&inside, word.as_bytes()).is_some())
}

/// A line that goes on in the next ones, as authors fold them: with a backslash at its end.
#[derive(Debug)]
pub(in crate::transcript) struct Lengthy {
    /// The number of its first line.
    pub(in crate::transcript) number: u64,
    pub(in crate::transcript) text: Vec<u8>,
}

impl Lengthy {
    /// Bytes that are put together.
    const MOST: usize = 4096;

    /// `text`, if it goes on.
    pub(in crate::transcript) fn new(text: &[u8], number: u64) -> Option<Self> {
        let start = text.trim_ascii_end().strip_suffix(b" \\")?;
        Some(Self { number, text: start.trim_ascii_end().to_vec() })
    }

    /// Adds the next line; whether another one follows.
    pub(in crate::transcript) fn add(&mut self, next: &[u8]) -> bool {
        let next = next.trim_ascii();
        let start = next.strip_suffix(b"\\");
        let is_room = self.text.len() + next.len() < Self::MOST;
        if is_room {
            self.text.push(b' ');
            self.text.extend_from_slice(start.unwrap_or(next).trim_ascii_end());
        }
        is_room && start.is_some()
    }
}

/// Whether `text` is a command or a line of a reply as only SMTP has them: others are FTP's, POP's
/// and HTTP's, too.
pub(in crate::transcript) fn is_only_smtp(text: &[u8]) -> bool {
    const OFFERS: [&[u8]; 8] = [
        b"8BITMIME",
        b"AUTH ",
        b"CHUNKING",
        b"DSN",
        b"ENHANCEDSTATUSCODES",
        b"PIPELINING",
        b"SIZE",
        b"STARTTLS",
    ];
    if is_command(text) {
        let verb = Command::parse(text).verb;
        return matches!(
            verb,
            Verb::Bdat | Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Mail | Verb::Rcpt
        );
    }
    if !is_reply(text) {
        return false;
    }
    let (code, rest) = text.split_at_checked(3).unwrap_or_default();
    let rest = rest.get(1..).unwrap_or_default();
    let is_enhanced = matches!(
        rest,
        [class @ (b'2' | b'4' | b'5'), b'.', subject, b'.', detail, ..]
            if code.first() == Some(class) && subject.is_ascii_digit() && detail.is_ascii_digit()
    );
    let is_named = || {
        let start = rest.get(..256).unwrap_or(rest).to_ascii_uppercase();
        memchr::memmem::find(&start, b"SMTP").is_some()
    };
    is_enhanced
        || code == b"354"
        || (code == b"220" && is_named())
        || (code == b"250" && OFFERS.iter().any(|offer| rest.starts_with(offer)))
}

/// Client and server of `192.0.2.1:40000 to 192.0.2.2:25`, each perhaps in brackets.
pub(in crate::transcript) fn peers(text: &[u8]) -> Option<Sides<SocketAddr>> {
    let (client, server) = str::from_utf8(text).ok()?.split_once(" to ")?;
    let read = |end: &str| {
        let end = end.trim();
        let inside = end.strip_prefix('[').and_then(|end| end.strip_suffix(']'));
        end.parse().or_else(|_| inside.unwrap_or(end).parse()).ok()
    };
    Some(Sides { client: read(client)?, server: read(server)? })
}

/// The lines of an EHLO reply that a log has written as one: a known keyword begins a line, which
/// is a guess. `None` if `text` is no such reply.
pub(in crate::transcript) fn unfold_offers(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let rest = text.strip_prefix(b"250")?;
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"-"))?;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for word in rest.split(|&byte| byte == b' ').filter(|word| !word.is_empty()) {
        let is_first = lines.is_empty();
        if is_first || is_keyword(word) {
            lines.push([b"250-", word].concat());
        } else if let Some(line) = lines.last_mut() {
            line.push(b' ');
            line.extend_from_slice(word);
        }
    }
    // Parameters are in upper case; other text is not.
    let is_list = lines.iter().skip(1).all(|line| !line.iter().any(u8::is_ascii_lowercase));
    if lines.len() < 2 || !is_list {
        return None;
    }
    *lines.last_mut()?.get_mut(3)? = b' ';
    Some(lines)
}

/// Whether a word of an EHLO reply begins a line of it.
fn is_keyword(word: &[u8]) -> bool {
    let is_upper =
        word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-');
    // What Exchange offers, but no mechanism of AUTH.
    let is_private = matches!(word, [b'X', _, _, ..]) && !matches!(word, b"XOAUTH" | b"XOAUTH2");
    word.starts_with(b"AUTH=")
        || (is_upper && (is_private || extension::by_keyword(word).is_some()))
}

/// Challenges of logs that leave out what answers them.
#[derive(Debug, Default)]
pub(in crate::transcript) struct Challenges(BTreeMap<Vec<u8>, Who>);

impl Challenges {
    /// Sessions whose last line is remembered.
    const MOST: usize = 1024;

    /// Says `text`; before a reply that follows a challenge, an answer that is not shown.
    pub(in crate::transcript) fn say(
        &mut self,
        key: &[u8],
        who: Who,
        text: &[u8],
        out: &mut Out<'_>,
    ) {
        // 421 may come instead of an answer.
        let is_reply = is_reply(text);
        if self.0.remove(key) == Some(who) && is_reply && !text.starts_with(b"421") {
            out.say_masked(key, other(who), b"****");
        }
        if is_reply && text.starts_with(b"334") && self.0.len() < Self::MOST {
            self.0.insert(key.to_vec(), who);
        }
        out.say(key, who, text);
    }
}

fn other(who: Who) -> Who {
    match who {
        Who::Client => Who::Server,
        Who::Server => Who::Client,
        Who::Out => Who::In,
        Who::In => Who::Out,
    }
}

/// What stands before `mark` in `line`, and what behind it.
pub(in crate::transcript) fn split_at_mark<'a>(
    line: &'a [u8],
    mark: &[u8],
) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(line, mark)?;
    Some((line.get(..at)?, line.get(at + mark.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_in_one_line_are_told_apart() {
        let unfold = |text: &str| {
            let lines = unfold_offers(text.as_bytes())?;
            Some(lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect())
        };
        let lines: Vec<String> = unfold(
            "250  mx.example.net Hello [192.0.2.1] SIZE 1000 AUTH NTLM XOAUTH2 X-EXPS GSSAPI XRDST",
        )
        .unwrap();
        assert_eq!(
            lines,
            [
                "250-mx.example.net Hello [192.0.2.1]",
                "250-SIZE 1000",
                "250-AUTH NTLM XOAUTH2",
                "250-X-EXPS GSSAPI",
                "250 XRDST",
            ]
        );
        for other in ["250 2.1.0 Sender OK", "250 ", "220 mx SIZE", "250 ok SIZE is too much"] {
            assert_eq!(unfold(other), None::<Vec<String>>, "{other}");
        }
    }
}
