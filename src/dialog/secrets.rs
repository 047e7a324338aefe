//! Credentials in command lines: which bytes of a line are secret.

use super::session::Few;
use crate::smtp::command::{self, Command, Verb};
use memchr::{memchr_iter, memmem};
use std::ops::Range;

/// Secrets of a session that replies are searched for.
const REMEMBERED: usize = 8;

/// What stands in place of a secret.
pub(super) const MASK: &[u8] = b"****";

/// Whether a line that is no command may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    /// AUTH came just before: it is one, whatever it looks like.
    Auth,
    /// What came before is not known: it is one if it looks so.
    Perhaps,
    /// Nothing says so.
    No,
}

/// Where the secret of a command line stands, if it has one: the initial response of AUTH
/// (RFC 4954 §4), the argument of POP3's PASS that a confused client sends, the whole of a line
/// that is no command where one may be `near`.
pub(super) fn in_command(command: &Command<'_>, line: &[u8], near: Near) -> Option<Range<usize>> {
    match command.verb {
        _ if begins_auth(command) => {
            let auth = command::auth(command.argument);
            // `=` is an empty initial response: nothing to hide.
            let is_secret = auth.initial.is_some_and(|initial| initial != b"=");
            is_secret.then_some(command.argument_at + auth.initial_at..line.len())
        }
        // Also mistyped forms: AUTHPLAIN, XAUTH, AUTH=PLAIN.
        Verb::Other if is_like_auth(command.word) => {
            (!command.argument.is_empty()).then_some(command.argument_at..line.len())
        }
        Verb::Other if near == Near::Auth && !line.is_empty() => Some(0..line.len()),
        Verb::Other if near == Near::Perhaps && looks_like_base64(line) => Some(0..line.len()),
        _ => None,
    }
}

/// Whether `command` begins an exchange of secrets: AUTH, or what Exchange has of its own.
pub(super) fn begins_auth(command: &Command<'_>) -> bool {
    command.verb == Verb::Auth || command.word.eq_ignore_ascii_case(b"X-EXPS")
}

/// Where a secret may stand in a line whose beginning may be missing: its last word, if that is
/// long and looks like base64 and little stands before it.
pub(super) fn in_fragment(line: &[u8]) -> Option<Range<usize>> {
    let known = in_command(&Command::parse(line), line, Near::Perhaps);
    known.or_else(|| {
        let at = line.iter().rposition(|&b| b == b' ').map_or(0, |blank| blank + 1);
        let word = line.get(at..)?;
        let few = memchr_iter(b' ', line.get(..at)?).count() <= 3;
        (few && word.len() >= 8 && looks_like_base64(word)).then_some(at..line.len())
    })
}

/// Whether a line of an AUTH exchange holds a secret: not the cancelling `*`, nor nothing.
pub(super) fn in_auth_line(line: &[u8]) -> bool {
    !matches!(line, b"*" | b"" | b"=")
}

/// Whether a word that is no verb introduces credentials.
fn is_like_auth(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"PASS")
        || word.windows(4).any(|part| part.eq_ignore_ascii_case(b"AUTH"))
}

/// `content` with the secrets of lines in it that may be read as AUTH replaced, each by as many
/// stars, so that its size stays; `None` if there are none.
pub(super) fn in_content(content: &[u8]) -> Option<Vec<u8>> {
    let mut text = content.to_vec();
    let mut near = Near::No;
    let mut any = false;
    for line in text.split_mut(|&byte| byte == b'\n') {
        let end = line.strip_suffix(b"\r").map_or(line.len(), <[u8]>::len);
        let Some(line) = line.get_mut(..end) else { continue };
        let command = Command::parse(line);
        let is_auth = command.verb == Verb::Auth;
        if let Some(secret) = in_command(&command, line, near)
            && let Some(secret) = line.get_mut(secret)
        {
            secret.fill(b'*');
            any = true;
        }
        if is_auth {
            near = Near::Perhaps;
        }
    }
    any.then_some(text)
}

/// Keeps `secret` among the last few that replies are searched for. What is too short to be a
/// credential, or is in no reply for its length, is not kept.
pub(super) fn remember(known: &mut Few<Vec<u8>>, secret: &[u8]) {
    if !(4..=1024).contains(&secret.len()) || known.iter().any(|old| old == secret) {
        return;
    }
    if known.len() >= REMEMBERED {
        known.remove_first();
    }
    known.push(secret.to_vec());
}

/// `line` with each of the `known` secrets in it replaced, and how many bytes that were; `None`
/// if there is none.
pub(super) fn repeated(known: &[Vec<u8>], line: &[u8]) -> Option<(Vec<u8>, u64)> {
    let mut hidden = 0;
    let mut text: Option<Vec<u8>> = None;
    for secret in known {
        let now = text.as_deref().unwrap_or(line);
        if memmem::find(now, secret).is_none() {
            continue;
        }
        let mut out = Vec::with_capacity(now.len());
        let mut rest = now;
        while let Some(at) = memmem::find(rest, secret) {
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            out.extend_from_slice(MASK);
            rest = rest.get(at + secret.len()..).unwrap_or_default();
            hidden += secret.len() as u64;
        }
        out.extend_from_slice(rest);
        text = Some(out);
    }
    text.map(|text| (text, hidden))
}

/// Whether `line` is one run of base64.
fn looks_like_base64(line: &[u8]) -> bool {
    let digits = line.iter().rposition(|&b| b != b'=').map_or(0, |last| last + 1);
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    line.len() >= 4
        && line.len() - digits <= 2
        && line.get(..digits).is_some_and(|digits| digits.iter().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(line: &str, near: Near) -> Option<&str> {
        let range = in_command(&Command::parse(line.as_bytes()), line.as_bytes(), near)?;
        line.get(range)
    }

    #[test]
    fn secrets_that_come_back_are_found_wherever_they_stand() {
        let mut known = Few::default();
        for number in 0..20 {
            remember(&mut known, format!("secret{number:02}").as_bytes());
        }
        remember(&mut known, b"abc");
        assert_eq!(known.len(), REMEMBERED);
        let (text, hidden) = repeated(&known, b"500 secret19 secret18secret19?").unwrap();
        assert_eq!((text.as_slice(), hidden), (&b"500 **** ********?"[..], 24));
        assert_eq!(repeated(&known, b"500 secret01"), None);
    }

    #[test]
    fn finds_what_must_not_be_shown() {
        assert_eq!(secret("AUTH PLAIN AGEAYg==", Near::No), Some("AGEAYg=="));
        assert_eq!(secret("auth login  dXNlcg== x", Near::No), Some("dXNlcg== x"));
        assert_eq!(secret("AUTH LOGIN", Near::No), None);
        // Nor is it shown as the mechanism.
        assert_eq!(command::auth(b"PLAIN=AGEAYg==").mechanism, b"PLAIN");
        assert_eq!(command::auth(b"AGEAYg==").mechanism, b"");
        // No mechanism has such a name.
        assert_eq!(secret("AUTH AGFkbWluAHNlY3JldA==", Near::No), Some("AGFkbWluAHNlY3JldA=="));
        assert_eq!(secret("AUTH a/b+", Near::No), Some("a/b+"));
        assert_eq!(secret("AUTH EXTERNAL =", Near::No), None);
        assert_eq!(secret("X-EXPS LOGIN dXNlcg==", Near::No), Some("dXNlcg=="));
        assert_eq!(secret("pass hunter2", Near::No), Some("hunter2"));
        assert_eq!(secret("AUTHPLAIN AGEAYg==", Near::No), Some("AGEAYg=="));
        assert_eq!(secret("XAUTH PLAIN AGEAYg==", Near::No), Some("PLAIN AGEAYg=="));
        assert_eq!(secret("AGEAYg==", Near::Perhaps), Some("AGEAYg=="));
        assert_eq!(secret("AGEAYg==", Near::No), None);
        assert_eq!(secret("QUIT", Near::Perhaps), None);
        assert_eq!(secret("AUTH PLAIN=AGEAYg==", Near::No), Some("AGEAYg=="));
        assert_eq!(secret("my password", Near::Auth), Some("my password"));
        assert_eq!(in_fragment(b"IN AGEAYgBjZA=="), Some(3..15));
        let content = b"hi\nAUTH LOGIN\r\ndXNlcg==\r\nbye\r\n";
        let masked = b"hi\nAUTH LOGIN\r\n********\r\nbye\r\n";
        assert_eq!(in_content(content).as_deref(), Some(&masked[..]));
        assert_eq!(in_content(b"just text\r\n"), None);
        assert_eq!(in_fragment(b"this is just text"), None);
        assert!(in_auth_line(b"cGFzcw==") && !in_auth_line(b"*"));
    }
}
