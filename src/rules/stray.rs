//! Client lines that are no known command: what they are instead.
//!
//! In: a session. Out: the few of them that are worth a word. A client that sends content after
//! DATA was refused sends thousands: of such a run the first line stands for all.

use super::case::{Case, Step};
use super::remains::{is_left, owner};
use crate::dialog::session::Request;
use crate::smtp::code::Class;
use crate::smtp::command::Verb;
use crate::smtp::extension;
use crate::smtp::line::LineEnd;
use crate::smtp::scan::find;

/// What a line is that is no known command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A verb of old debugging back doors.
    Exploit,
    /// Another protocol: which.
    Protocol(&'static str),
    /// A field of a message's header section.
    Header,
    /// A dot alone, where no content is open.
    Dot,
    /// None of these.
    Unknown,
}

/// A line that is no known command.
#[derive(Clone, Debug)]
pub(super) struct Stray<'s> {
    /// The line.
    pub(super) step: Step<'s>,
    /// What it is.
    pub(super) what: What,
    /// How many lines like it follow that are not told.
    pub(super) more: u32,
    /// DATA was refused just before, with this code.
    pub(super) refused: Option<u16>,
}

/// So many lines of one run and one kind are told one by one.
const OF_RUN: usize = 3;

/// So many lines of a session are told.
const MOST: usize = 12;

/// The lines of a session that are no known commands, as far as they are worth a word.
pub(super) fn strays(case: Case<'_>) -> Vec<Stray<'_>> {
    let mut found: Vec<Stray<'_>> = Vec::new();
    // The line that stands for all of a run, lines told of it, and what came before it.
    let (mut stands, mut told) = (false, [0; 5]);
    // Rules about content speak of what is left of it.
    let mut owned = false;
    let (mut refused, mut is_near_auth, mut is_behind_loose_end) = (None, false, false);
    for step in case.steps() {
        let exchange = step.exchange;
        if exchange.request != Request::Command(Verb::Other) {
            if owned && is_left(&step) {
                continue;
            }
            owned = owner(&step).is_some();
            // A line of text that begins with a verb's word does not end the text.
            let is_text = stands && step.parsed().is_some_and(|parsed| !parsed.flaws.is_empty());
            if !is_text {
                (stands, told) = (false, [0; 5]);
            }
            // What follows an end of data that only a lenient server sees is the client's own end.
            is_behind_loose_end =
                exchange.request == Request::EndOfData && exchange.line_end != LineEnd::CrLf;
            let is_data = exchange.request == Request::Command(Verb::Data);
            refused = step.code().filter(|&code| is_data && code >= 400);
            is_near_auth =
                matches!(exchange.request, Request::AuthLine | Request::Command(Verb::Auth));
            continue;
        }
        // What follows AUTH is a secret, and what is cut may be anything.
        let is_hidden = exchange.masked.is_some() || exchange.cut || is_near_auth;
        // In clear behind the reply to STARTTLS: the server does not read it as a command.
        let is_between = exchange.before.tls && exchange.reply.is_none();
        // What a private command asks for (X-EXPS, XEXCH50) is no command.
        is_near_auth |= step.class() == Some(Class::Intermediate);
        if is_hidden || is_between || is_behind_loose_end || owned {
            continue;
        }
        if !stands && step.line().trim_ascii().is_empty() {
            continue;
        }
        // Where bytes are missing, only a server that does not understand proves that it is read
        // as a command.
        if exchange.before.inferred && !matches!(step.code(), Some(500 | 502)) {
            continue;
        }
        if !stands {
            let Some(what) = what(&step) else { continue };
            // A back door, or another protocol, is told among nonsense, too.
            let told = match what {
                What::Exploit => &mut told[0],
                What::Protocol(_) => &mut told[1],
                What::Header => &mut told[2],
                What::Unknown => &mut told[3],
                What::Dot => &mut told[4],
            };
            if *told < OF_RUN && found.len() < MOST {
                stands = matches!(what, What::Protocol(_) | What::Header) || refused.is_some();
                *told += 1;
                found.push(Stray { step, what, more: 0, refused });
                continue;
            }
        }
        if let Some(last) = found.last_mut() {
            last.more += 1;
        }
    }
    // Bytes on a mail server's port that are no dialog at all are nobody's command.
    if !found.is_empty() && !is_dialog(case) {
        found.retain(|stray| matches!(stray.what, What::Protocol(_)));
    }
    found
}

/// Whether somebody speaks SMTP: a reply with a code, or a known command.
fn is_dialog(case: Case<'_>) -> bool {
    case.answers().any(|answer| answer.code().is_some())
        || case.steps().any(|step| !matches!(step.verb(), None | Some(Verb::Other)))
}

impl Stray<'_> {
    /// How many lines follow, for a message.
    pub(super) fn and_more(&self) -> String {
        match self.more {
            0 => String::new(),
            1 => " (and another line that is no command)".to_owned(),
            more => format!(" (and {more} more lines that are no commands)"),
        }
    }
}

/// What a line is; `None` if it may well be a command, or if it never ended.
fn what(step: &Step<'_>) -> Option<What> {
    let line = step.line();
    if let Some(name) = protocol(line) {
        return Some(What::Protocol(name));
    }
    if step.exchange.line_end == LineEnd::None {
        return None;
    }
    if is_header(line) {
        return Some(What::Header);
    }
    if line == b"." {
        return Some(What::Dot);
    }
    let word = step.command().word;
    if is_agreed(step, word) {
        return None;
    }
    let is_exploit = EXPLOITS.iter().any(|verb| verb.eq_ignore_ascii_case(word));
    Some(if is_exploit { What::Exploit } else { What::Unknown })
}

/// What sendmail and its like once obeyed, and others that scanners try.
const EXPLOITS: [&[u8]; 6] = [b"DEBUG", b"KILL", b"SHELL", b"SHOWQ", b"WIZ", b"WIZARD"];

/// Whether client and server may have agreed on the verb `word`, or something between them has
/// overwritten it.
fn is_agreed(step: &Step<'_>, word: &[u8]) -> bool {
    let is_word = |name: &&str| name.as_bytes().eq_ignore_ascii_case(word);
    let is_known = || extension::all().iter().any(|row| row.other_verbs.iter().any(is_word));
    let is_offered =
        || step.offered().offers().any(|offer| offer.keyword.eq_ignore_ascii_case(word));
    // A load balancer's line in front of the session.
    let is_proxy = || step.index == 0 && word == b"PROXY";
    // RFC 5321 §4.1.5: by bilateral agreement, unless the server says that there is none.
    let is_private = || {
        word.first().is_some_and(|first| first.eq_ignore_ascii_case(&b'X'))
            && !matches!(step.code(), Some(500 | 502))
    };
    let is_masked = || is_written_over(step);
    is_masked() || is_private() || is_proxy() || is_known() || is_offered()
}

/// Whether something between the two has written X over the command's verb. Logs of IIS have it in
/// small letters; a person may type some, but gives them no argument.
pub(super) fn is_written_over(step: &Step<'_>) -> bool {
    let command = step.command();
    let word = command.word;
    let is_row = |letter: u8| word.iter().all(|&octet| octet == letter);
    word.len() >= 4 && (is_row(b'X') || is_row(b'x') && !command.argument.trim_ascii().is_empty())
}

/// Methods of protocols that are like HTTP.
const METHODS: [&[u8]; 13] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"PRI",
    b"INVITE",
    b"REGISTER",
    b"DESCRIBE",
];

/// The protocol that `line` is of, if it surely is of another one.
fn protocol(line: &[u8]) -> Option<&'static str> {
    let of_octets = match line {
        [0x14..=0x17, 3, 0..=4, ..] => Some("TLS"),
        [0x80, _, 1, 0 | 3, 0..=4, ..] => Some("SSL 2"),
        [5, count @ 1..=9, methods @ ..] if methods.len() == usize::from(*count) => Some("SOCKS 5"),
        [4, 1 | 2, rest @ ..] if rest.len() >= 7 && rest.contains(&0) => Some("SOCKS 4"),
        [3, 0, 0, _, _, 0xe0, ..] => Some("RDP"),
        [0, _, _, _, 0xfe | 0xff, b'S', b'M', b'B', ..] => Some("SMB"),
        _ if line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.") => Some("SSH"),
        _ if is_binary(line) => Some("binary data"),
        _ => None,
    };
    of_octets.or_else(|| {
        let mut words = line.split(|&octet| octet == b' ');
        let method = words.next()?;
        METHODS.contains(&method).then_some(())?;
        let target = words.next()?;
        match words.next() {
            Some(version) if version.starts_with(b"HTTP/") => Some("HTTP"),
            Some(version) if version.starts_with(b"RTSP/") => Some("RTSP"),
            Some(version) if version.starts_with(b"SIP/") => Some("SIP"),
            // HTTP 0.9.
            None if method == b"GET" && target.starts_with(b"/") => Some("HTTP"),
            _ => None,
        }
    })
}

/// Whether so much of `line` is no text that nobody has typed it.
fn is_binary(line: &[u8]) -> bool {
    // Tab, backspace, escape and delete are keys.
    let is_control = |octet: &u8| matches!(octet, 0..=7 | 0x0b | 0x0c | 0x0e..=0x1a | 0x1c..=0x1f);
    let controls = line.iter().filter(|octet| is_control(octet)).count();
    let stray: usize = line.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    controls >= 2 && (controls + stray) * 4 >= line.len()
}

/// Whether `line` is `Name: value` and the name is none of a command.
pub(super) fn is_header(line: &[u8]) -> bool {
    let Some((name, rest)) = find(b':', line).and_then(|colon| line.split_at_checked(colon)) else {
        return false;
    };
    let is_letter = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    name.len() > 1
        && name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(is_letter)
        && Verb::of(name) == Verb::Other
        && matches!(rest, [b':'] | [b':', b' ' | b'\t', ..])
        // The rest of RCPT and MAIL, whose verb was forgotten.
        && !(is_label(name) && rest.contains(&b'<') && !rest.contains(&b'"'))
}

fn is_label(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"FROM") || name.eq_ignore_ascii_case(b"TO")
}
