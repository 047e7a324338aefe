//! What nodemailer logs as a client, with `logger` and `debug`.
//!
//! ```text
//! [2026-11-21 10:00:00] INFO  [mqWcHogxPY] Connection established to 192.0.2.2:25
//! [2026-11-21 10:00:00] DEBUG [mqWcHogxPY] S: 220 mx.example.net ESMTP
//! [2026-11-21 10:00:00] DEBUG [mqWcHogxPY] C: EHLO client.example.org
//! ```
//!
//! The times are UTC. The word in brackets tells sessions apart. Lines of mail data have neither
//! `S:` nor `C:`, its end has: `INFO  [id] <340 bytes encoded mime message …>`. A secret is replaced
//! by `/* secret */`, inside the base64.

use super::payload::{is_command, is_reply};
use super::smtp_server::is_servers;
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};
use std::collections::BTreeSet;

pub(super) static NODEMAILER: Foreign = Foreign {
    name: "nodemailer",
    title: "nodemailer (client), logger and debug",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Nodemailer>::default(),
};

#[derive(Default)]
struct Nodemailer {
    /// The sessions in which mail data is sent.
    content: BTreeSet<Vec<u8>>,
}

/// Sessions that send mail data at once.
const SESSIONS: usize = 1024;

/// A line.
struct Row<'a> {
    time: Time,
    is_debug: bool,
    session: &'a [u8],
    text: &'a [u8],
}

impl<'a> Row<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_prefix(b"[")?;
        let (time, used) = Time::iso(line)?;
        let rest = line.get(used..)?.strip_prefix(b"] ")?;
        let (level, rest) = rest.split_first_chunk::<6>()?;
        let levels = [b"DEBUG ", b"INFO  ", b"TRACE ", b"WARN  ", b"ERROR ", b"FATAL "];
        levels.contains(&level).then_some(())?;
        let time = Time { is_zoned: true, ..time };
        let (session, text) = session(rest).unwrap_or((b"", rest));
        Some(Self { time, is_debug: level == b"DEBUG ", session, text })
    }

    /// Who says it, and what.
    fn marked(&self) -> Option<(Who, &'a [u8])> {
        if self.session.is_empty() || !self.is_debug {
            return None;
        }
        let (who, rest) = match self.text {
            [b'S', b':', rest @ ..] => (Who::Server, rest),
            [b'C', b':', rest @ ..] => (Who::Client, rest),
            _ => return None,
        };
        match rest {
            [] => Some((who, rest)),
            [b' ', text @ ..] => Some((who, text)),
            _ => None,
        }
    }
}

/// The session in brackets, and what follows; one with a `#` is of the server of the same authors.
fn session(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b']', rest.get(..64).unwrap_or(rest))?;
    let session = rest.get(1..end).filter(|_| rest.starts_with(b"["))?;
    let is_word = !session.is_empty() && session.iter().all(u8::is_ascii_alphanumeric);
    let text = rest.get(end + 1..)?;
    is_word.then_some((session, text.strip_prefix(b" ").unwrap_or(text)))
}

impl ReadLines for Nodemailer {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(row) = Row::read(line) else { return };
        let key = row.session;
        out.at(Some(row.time));
        match row.marked() {
            Some((Who::Server, text)) => {
                self.content.remove(key);
                if text.starts_with(b"354") && self.content.len() < SESSIONS {
                    self.content.insert(key.to_vec());
                }
                out.say(key, Who::Server, text);
            }
            Some((who, text)) => match without_secret(text) {
                Some(veiled) => out.say_masked(key, who, &veiled),
                None => out.say(key, who, text),
            },
            None if row.is_debug && self.content.contains(key) => {
                if row.text == b"." {
                    self.content.remove(key);
                }
                out.say(key, Who::Client, row.text);
            }
            None if row.text.starts_with(b"Connection established to ") => out.begin(key, None),
            None if row.text.starts_with(b"Closing connection to the server") => {
                out.end(key, None);
            }
            None => out.aside(),
        }
    }
}

/// `text` with stars in place of a word of base64 that holds `/* secret */`.
fn without_secret(text: &[u8]) -> Option<Vec<u8>> {
    let start = memchr::memrchr(b' ', text).map_or(0, |at| at + 1);
    let (before, word) = text.split_at_checked(start)?;
    let is_secret = memchr::memmem::find(&decoded(word)?, b"/* secret */").is_some();
    is_secret.then(|| [before, b"****"].concat())
}

/// What a word of base64 stands for, as far as it is any.
fn decoded(word: &[u8]) -> Option<Vec<u8>> {
    let digits = word.strip_suffix(b"==").or_else(|| word.strip_suffix(b"=")).unwrap_or(word);
    let mut out = Vec::with_capacity(word.len());
    let (mut bits, mut count) = (0_u32, 0);
    for &digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., byte] = (bits >> count).to_be_bytes();
            out.push(byte);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}

fn likeness(line: &[u8]) -> Likeness {
    let Some(row) = Row::read(line) else { return Likeness::No };
    // In mail data there may be anything.
    let is_other = !row.is_debug || row.text.starts_with(b"C:");
    if !row.session.is_empty() && is_other && is_servers(row.text) {
        return Likeness::Against;
    }
    match row.marked() {
        Some((Who::Client, text)) if is_command(text) => Likeness::Sure,
        Some((Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None if !row.session.is_empty() => Likeness::Weak,
        None => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_were_taken_out_are_known() {
        let of = |text: &str| {
            without_secret(text.as_bytes()).map(|text| String::from_utf8(text).unwrap())
        };
        assert_eq!(of("AUTH PLAIN AHUALyogc2VjcmV0ICov").unwrap(), "AUTH PLAIN ****");
        assert_eq!(of("Lyogc2VjcmV0ICov").unwrap(), "****");
        assert_eq!(of("AUTH PLAIN AHUAcA=="), None);
        assert_eq!(of("EHLO client.example.org"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_server_of_the_same_authors_is_another_dialect() {
        assert_eq!(likeness(b"[2026-11-21 10:00:00] DEBUG [abc] S: 220 mx"), Likeness::Sure);
        assert_eq!(likeness(b"[2026-11-21 10:00:00] DEBUG [#abc] S: 220 mx"), Likeness::No);
        assert_eq!(likeness(b"[2026-11-21 10:00:00] DEBUG something"), Likeness::No);
        for line in ["INFO  [abc] Connection from [192.0.2.1]", "DEBUG [abc] C: <79 bytes of DATA>"]
        {
            let line = format!("[2026-11-21 10:00:00] {line}");
            assert_eq!(likeness(line.as_bytes()), Likeness::Against, "{line}");
        }
    }
}
