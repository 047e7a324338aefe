//! Credentials in command lines: which bytes of a line are secret.

use super::session::Few;
use crate::redact::is_usual_word;
use crate::smtp::command::{self, Command, Verb};
use crate::smtp::sasl;
use crate::smtp::scan::find;
use memchr::{memchr_iter, memmem};
use std::ops::Range;

/// Secrets of a session that replies are searched for.
const REMEMBERED: usize = 16;

/// Octets of a secret that are kept for that.
const MOST: usize = 1024;

/// Octets with which a secret begins that are not shown alone, as in an echo that was cut.
const BEGINNING: usize = 12;

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
        Verb::Other => {
            // Near AUTH, all of it may be one.
            let is_all = near == Near::Auth && !is_like_auth(command.word);
            if let Some(at) = in_other(command).filter(|_| !is_all) {
                return (at < line.len()).then_some(at..line.len());
            }
            let is_secret = match near {
                Near::Auth => !line.is_empty(),
                Near::Perhaps => looks_like_base64(line),
                Near::No => false,
            };
            is_secret.then_some(0..line.len())
        }
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

/// Where the secret begins in a line that is no command of SMTP: behind mistyped forms of AUTH
/// (AUTHPLAIN, XAUTH, AUTH=PLAIN, AUHT PLAIN), and in the logins of POP3, IMAP, FTP and HTTP.
fn in_other(command: &Command<'_>) -> Option<usize> {
    let Command { word, word_at, argument, argument_at, .. } = *command;
    if let Some(at) = word.windows(4).position(|part| part.eq_ignore_ascii_case(b"AUTH")) {
        let tail = word.get(at + 4..).unwrap_or_default();
        return Some(if is_plain_tail(tail) { argument_at } else { word_at + at + 4 });
    }
    let is_end = |&octet: &u8| matches!(octet, b':' | b'=');
    let end = word.iter().position(is_end).unwrap_or(word.len());
    let (name, value) = word.split_at_checked(end).unwrap_or((word, b""));
    if is_one_of(name, &["PASS", "PASSWORD", "PASSWD", "LOGIN", "APOP"]) {
        return Some(if value.len() > 1 { word_at + end + 1 } else { argument_at });
    }
    // What IMAP has before each command, and a mechanism behind a word that was to be AUTH.
    let end = argument.iter().position(u8::is_ascii_whitespace)?;
    let first = argument.get(..end)?;
    let is_tag = word.len() <= 8 && word.iter().any(u8::is_ascii_digit);
    let is_login = is_tag && is_one_of(first, &["LOGIN", "AUTHENTICATE", "PASS"]);
    let blanks = argument.get(end..)?.iter().take_while(|octet| octet.is_ascii_whitespace());
    (is_login || sasl::is_known(first)).then_some(argument_at + end + blanks.count())
}

/// Whether a word that is no verb introduces credentials.
fn is_like_auth(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"PASS")
        || word.windows(4).any(|part| part.eq_ignore_ascii_case(b"AUTH"))
}

/// Whether what follows AUTH in a word is no secret: nothing, a mechanism, the rest of a longer
/// word.
fn is_plain_tail(tail: &[u8]) -> bool {
    let is_sign = |octet: &u8| b":=-_/".contains(octet);
    let start = tail.iter().position(|octet| !is_sign(octet)).unwrap_or(tail.len());
    let name = tail.get(start..).unwrap_or_default();
    let name = name.strip_suffix(b":").unwrap_or(name);
    let is_word = start == 0
        && name.len() <= 10
        && (name.iter().all(u8::is_ascii_lowercase) || name.iter().all(u8::is_ascii_uppercase));
    name.is_empty() || is_word || sasl::is_known(name)
}

fn is_one_of(word: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
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

/// Keeps `secret` among the last few that replies are searched for, its words, and the password
/// in it. What is too short to be a credential is not kept.
pub(super) fn remember(known: &mut Few<Vec<u8>>, secret: &[u8]) {
    let secret = secret.trim_ascii();
    keep(known, secret);
    let words = secret.split(u8::is_ascii_whitespace).filter(|word| !is_usual_word(word));
    for word in words.take(4) {
        keep(known, word);
        if let Some(password) = password(word) {
            keep(known, &password);
        }
    }
}

fn keep(known: &mut Few<Vec<u8>>, secret: &[u8]) {
    let secret = secret.get(..MOST).unwrap_or(secret);
    if secret.len() < 4 || known.iter().any(|old| old == secret) {
        return;
    }
    if known.len() >= REMEMBERED {
        known.remove_first();
    }
    known.push(secret.to_vec());
}

/// What a response says in base64 that may be a password: the last of PLAIN's three, all of
/// LOGIN's but for an address of mail, the token of a bearer.
fn password(response: &[u8]) -> Option<Vec<u8>> {
    let text = sasl::decoded(response)?;
    let text = match memmem::find(&text, b"Bearer ") {
        Some(at) => text.get(at + 7..)?.split(|&octet| octet == 1).next()?,
        None => text.rsplit(|&octet| octet == 0).next()?,
    };
    let is_text = text.iter().all(|octet| octet.is_ascii_graphic() || *octet >= 0x80);
    let domain = text.iter().position(|&octet| octet == b'@').and_then(|at| text.get(at..));
    let is_mailbox = domain.is_some_and(|domain| domain.contains(&b'.'));
    (text.len() >= 6 && is_text && !is_mailbox && !is_usual_word(text)).then(|| text.to_vec())
}

/// `line` with each of the `known` secrets in it replaced, and how many bytes that were; `None`
/// if there is none.
pub(super) fn repeated(known: &[Vec<u8>], line: &[u8]) -> Option<(Vec<u8>, u64)> {
    if !may_repeat(known, line) {
        return None;
    }
    let mut hidden = 0;
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        let most = known.iter().map(|secret| repeats(secret, rest)).max();
        if let Some(len @ 1..) = most {
            out.extend_from_slice(MASK);
            hidden += len as u64;
            rest = rest.get(len..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = after;
        }
    }
    (hidden > 0).then_some((out, hidden))
}

/// Whether one of the `known` secrets, or its beginning, is in `line`.
pub(super) fn may_repeat(known: &[Vec<u8>], line: &[u8]) -> bool {
    known.iter().any(|secret| {
        let head = secret.get(..BEGINNING).unwrap_or(secret);
        // Of few octets in a short line: the usual search would take longer to begin.
        let Some(&first) = head.first() else { return true };
        let mut rest = line;
        while let Some(from) = find(first, rest).and_then(|at| rest.get(at..)) {
            if from.starts_with(head) {
                return true;
            }
            rest = from.get(1..).unwrap_or_default();
        }
        false
    })
}

/// How many octets at the start of `text` are `secret`, or its beginning if that is long.
fn repeats(secret: &[u8], text: &[u8]) -> usize {
    let same = secret.iter().zip(text).take_while(|(a, b)| a == b).count();
    if same == MOST {
        // Of what is longer no more is known.
        return text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    }
    if same == secret.len() || same >= BEGINNING { same } else { 0 }
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
        assert!(may_repeat(&known, b"sssecret19") && !may_repeat(&known, b"secret0"));
    }

    #[test]
    fn parts_of_secrets_that_come_back_are_found() {
        let echoes = |secret: &[u8], line: &str| {
            let mut known = Few::default();
            remember(&mut known, secret);
            let text = repeated(&known, line.as_bytes()).map(|(text, _)| text);
            text.map_or(line.to_owned(), |text| String::from_utf8(text).unwrap())
        };
        // AHVzZXIAaHVudGVyMg== is a PLAIN response: user, hunter2.
        assert_eq!(echoes(b"AHVzZXIAaHVudGVyMg== ", "no AHVzZXIAaHVudGVyMg==?"), "no ****?");
        assert_eq!(echoes(b"AHVzZXIAaHVudGVyMg==", "no AHVzZXIAaHVudG..."), "no ****...");
        assert_eq!(echoes(b"AHVzZXIAaHVudGVyMg==", "no AHVzZXI"), "no AHVzZXI");
        assert_eq!(echoes(b"AHVzZXIAaHVudGVyMg==", "user hunter2"), "user ****");
        assert_eq!(echoes(b"alice hunter2", "alice: hunter2"), "****: ****");
        assert_eq!(echoes(b"cGFzc3dvcmQ=", "wrong password"), "wrong password");
        assert_eq!(
            echoes(b"YWxpY2VAZXhhbXBsZS5vcmc=", "<alice@example.org>"),
            "<alice@example.org>"
        );
        assert_eq!(echoes(&b"ab".repeat(999), &format!("no {} x", "ab".repeat(999))), "no **** x");
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
        // Nor is a word in mixed case that is no known mechanism.
        assert_eq!(secret("AUTH c2VjcmV0MTIz", Near::No), Some("c2VjcmV0MTIz"));
        assert_eq!(secret("AUTH hunter2", Near::No), Some("hunter2"));
        assert_eq!(secret("auth digest-md5", Near::No), None);
        assert_eq!(secret("AUTH X-OWN-1", Near::No), None);
        for (line, expected) in [
            ("AUTH=AGEAYg==", "=AGEAYg=="),
            ("AUTH:PLAIN:AGEAYg==", ":PLAIN:AGEAYg=="),
            ("AUTHPLAINAGEAYg==", "PLAINAGEAYg=="),
            ("AUTH=PLAIN AGEAYg==", "AGEAYg=="),
            ("AUHT PLAIN  AGEAYg==", "AGEAYg=="),
            ("AUHT\x08\x08TH LOGIN dXNlcg==", "dXNlcg=="),
            ("LOGIN alice hunter2", "alice hunter2"),
            ("a1 LOGIN alice hunter2", "alice hunter2"),
            ("a2 AUTHENTICATE PLAIN AGEAYg==", "PLAIN AGEAYg=="),
            (
                "APOP alice c4c9334bac560ecc979e58001b3e22fb",
                "alice c4c9334bac560ecc979e58001b3e22fb",
            ),
            ("Authorization: Basic YTpi", "Basic YTpi"),
            ("PASS:hunter2", "hunter2"),
            ("password=hunter2 x", "hunter2 x"),
        ] {
            assert_eq!(secret(line, Near::No), Some(expected), "{line}");
        }
        for line in ["AUTHPLAIN", "XAUTH", "AUTH=PLAIN", "PASS", "LOGIN", "AUHT PLAIN", "a b c"] {
            assert_eq!(secret(line, Near::No), None, "{line}");
        }
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
