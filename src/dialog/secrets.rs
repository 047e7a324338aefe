//! Credentials in command lines: which bytes of a line are secret.

use crate::smtp::command::{Command, Verb};
use std::ops::Range;

/// What stands in place of a secret.
pub(super) const MASK: &[u8] = b"****";

/// Where the secret of a command line stands, if it has one: the initial response of AUTH
/// (RFC 4954 §4), the argument of POP3's PASS that a confused client sends.
///
/// `base64` says that a line that is no command and looks like base64 may be one too: after AUTH,
/// or where the beginning of the dialog is not known.
pub(super) fn in_command(command: &Command<'_>, line: &[u8], base64: bool) -> Option<Range<usize>> {
    match command.verb {
        Verb::Auth => {
            let mechanism = command.argument.iter().position(|&b| b == b' ' || b == b'\t')?;
            let rest = command.argument.get(mechanism..)?;
            let blanks = rest.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
            let start = command.argument_at + mechanism + blanks;
            let secret = line.get(start..)?;
            // `=` is an empty initial response: nothing to hide.
            (!secret.is_empty() && secret != b"=").then_some(start..line.len())
        }
        Verb::Other if command.word.eq_ignore_ascii_case(b"PASS") => {
            (!command.argument.is_empty()).then_some(command.argument_at..line.len())
        }
        Verb::Other if base64 && looks_like_base64(line) => Some(0..line.len()),
        _ => None,
    }
}

/// Whether a line of an AUTH exchange holds a secret: not the cancelling `*`, nor nothing.
pub(super) fn in_auth_line(line: &[u8]) -> bool {
    !matches!(line, b"*" | b"" | b"=")
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

    fn secret(line: &str, base64: bool) -> Option<&str> {
        let range = in_command(&Command::parse(line.as_bytes()), line.as_bytes(), base64)?;
        line.get(range)
    }

    #[test]
    fn finds_what_must_not_be_shown() {
        assert_eq!(secret("AUTH PLAIN AGEAYg==", false), Some("AGEAYg=="));
        assert_eq!(secret("auth login  dXNlcg== x", false), Some("dXNlcg== x"));
        assert_eq!(secret("AUTH LOGIN", false), None);
        assert_eq!(secret("AUTH EXTERNAL =", false), None);
        assert_eq!(secret("pass hunter2", false), Some("hunter2"));
        assert_eq!(secret("AGEAYg==", true), Some("AGEAYg=="));
        assert_eq!(secret("AGEAYg==", false), None);
        assert_eq!(secret("QUIT", true), None);
        assert!(in_auth_line(b"cGFzcw==") && !in_auth_line(b"*"));
    }
}
