//! AUTH (RFC 4954): what each attempt was and became. What must be known of a secret is found
//! out when it is read, as it is masked afterwards.

use super::client::Line;
use super::session::{Request, Span};
use super::{Awaited, Dialog, Mode, secrets};
use crate::chunk::Medium;
use crate::smtp::command::{self, Command};
use crate::smtp::line::LineEnd;
use crate::smtp::sasl::{self, Fault};

/// Attempts that are kept of a session, and faults in them.
const KEPT: usize = 32;

/// How an AUTH command ended (RFC 4954 §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AuthOutcome {
    /// 235.
    Accepted,
    /// 4yz or 5yz.
    Rejected,
    /// The client sent `*`.
    Aborted,
    /// The input does not show it.
    #[default]
    Unknown,
}

/// An authentication: the last, and what is known of all.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    /// The SASL mechanism as the client wrote it.
    pub mechanism: Span,
    /// The identity, only where secrets are to be shown.
    pub identity: Option<Span>,
    /// How it ended.
    pub outcome: AuthOutcome,
    /// How many AUTH commands the session has.
    pub attempts: u32,
    /// How many of them were answered with 535 without the client giving them up.
    pub failed: u32,
    /// Secrets are to be shown.
    pub shown: bool,
    /// The AUTH commands, the first of them.
    pub list: Vec<Attempt>,
    /// What is wrong in them, the first of them.
    pub faults: Vec<AuthFault>,
}

/// An AUTH command and what followed it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Index of its exchange; `None` if that was not kept.
    pub exchange: Option<u32>,
    /// The SASL mechanism as the client wrote it.
    pub mechanism: Span,
    /// What came with the command.
    pub initial: Initial,
    /// The identity, only where secrets are to be shown.
    pub identity: Option<Span>,
    /// How it ended.
    pub outcome: AuthOutcome,
    /// The code that decided it.
    pub code: Option<u16>,
}

/// The initial response of an AUTH command (RFC 4954 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initial {
    /// There is none.
    Absent,
    /// `=`: it is there, and empty.
    Empty,
    /// It is there.
    Given,
}

/// Something wrong in a line of the client's that may be masked, judged when it was read.
#[derive(Clone, Copy, Debug)]
pub struct AuthFault {
    /// Index of the exchange.
    pub exchange: u32,
    /// Where in the line it begins; it reaches to the line's end.
    pub at: u32,
    /// What is wrong.
    pub what: AuthWrong,
}

/// What is wrong in a line of AUTH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthWrong {
    /// What stands for the mechanism cannot be the name of one (RFC 4422 §3.1).
    Mechanism,
    /// An empty response is not written as it must be there.
    Empty,
    /// A response of so many octets is not base64.
    Base64(u32, Fault),
}

impl Auth {
    /// Bytes of memory that it takes.
    pub(super) fn held(&self) -> usize {
        let (list, faults) = (self.list.capacity(), self.faults.capacity());
        size_of::<Self>() + list * size_of::<Attempt>() + faults * size_of::<AuthFault>()
    }

    /// The last attempt ends so.
    pub(super) fn settle(&mut self, outcome: AuthOutcome) {
        self.outcome = outcome;
        if let Some(last) = self.last_mut() {
            last.outcome = outcome;
        }
    }

    /// The last attempt, if it is kept.
    fn last_mut(&mut self) -> Option<&mut Attempt> {
        let is_kept = self.list.len() == self.attempts as usize;
        self.list.last_mut().filter(|_| is_kept)
    }
}

impl Dialog {
    /// `command`, which is AUTH, and stands in `line`.
    pub(super) fn auth_begins(
        &mut self,
        command: &Command<'_>,
        exchange: Option<u32>,
        line: &Line<'_>,
    ) {
        let auth = command::auth(command.argument);
        let mechanism = self.keep(auth.mechanism);
        let initial = match auth.initial {
            None => Initial::Absent,
            Some(b"=") => Initial::Empty,
            Some(_) => Initial::Given,
        };
        let (identity, outcome, shown) = (None, AuthOutcome::Unknown, self.settings.show_secrets);
        let now = self.session.auth.get_or_insert_default();
        now.shown = shown;
        now.attempts = now.attempts.saturating_add(1);
        (now.mechanism, now.identity, now.outcome) = (mechanism, identity, outcome);
        if now.list.len() < KEPT {
            let code = None;
            now.list.push(Attempt { exchange, mechanism, initial, identity, outcome, code });
        }
        if let Some(initial) = auth.initial {
            self.note_identity(initial, line);
        }
        self.note_faults(command, exchange, line);
    }

    /// Notes what is wrong in an AUTH command.
    fn note_faults(&mut self, command: &Command<'_>, exchange: Option<u32>, line: &Line<'_>) {
        let text = command.argument.trim_ascii();
        let blanks = command.argument.len() - command.argument.trim_ascii_start().len();
        let end = text.iter().position(|&byte| byte == b' ').unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end).unwrap_or((text, b""));
        let at = command.argument_at + blanks;
        if !name.is_empty() && !command::is_mechanism(name) {
            return self.note_wrong(exchange, line, text, at, Some(AuthWrong::Mechanism));
        }
        let response = rest.trim_ascii_start();
        let at = at + text.len() - response.len();
        let is_odd = matches!(response, b"\"\"" | b"''")
            || response.len() > 1 && response.iter().all(|&byte| byte == b'=');
        let wrong = match response {
            b"" | b"=" => None,
            _ if is_odd => Some(AuthWrong::Empty),
            _ => base64_wrong(response),
        };
        self.note_wrong(exchange, line, response, at, wrong);
    }

    /// Notes what is wrong with `text`, which stands at `at` in `line`, unless it may be what
    /// somebody has put in place of a secret.
    fn note_wrong(
        &mut self,
        exchange: Option<u32>,
        line: &Line<'_>,
        text: &[u8],
        at: usize,
        wrong: Option<AuthWrong>,
    ) {
        let (Some(what), Some(exchange)) = (wrong, exchange) else { return };
        let is_whole = !line.cut && line.end != LineEnd::None && line.masked.is_none();
        let is_veiled = self.medium != Medium::Packets && is_veiled(text);
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        if let Some(auth) = self.session.auth.as_mut()
            && is_whole
            && !is_veiled
            && auth.faults.len() < KEPT
        {
            auth.faults.push(AuthFault { exchange, at, what });
        }
    }

    /// Notes who authenticates, where that is to be shown.
    fn note_identity(&mut self, response: &[u8], line: &Line<'_>) {
        if !self.settings.show_secrets || line.masked.is_some() {
            return;
        }
        let Some(auth) = self.session.auth.as_ref().filter(|auth| auth.identity.is_none()) else {
            return;
        };
        let mechanism = self.session.text.bytes(auth.mechanism);
        let Some(name) = sasl::identity(mechanism, response) else { return };
        let identity = Some(self.keep(&name));
        if let Some(auth) = &mut self.session.auth {
            auth.identity = identity;
            if let Some(last) = auth.last_mut() {
                last.identity = identity;
            }
        }
    }

    /// A line of an AUTH exchange.
    pub(super) fn auth_line(&mut self, line: &Line<'_>) {
        // However the dialog got here, what follows may be a secret, too.
        self.secrets_near = true;
        let secret = secrets::in_auth_line(line.text)
            .then_some(0..line.text.len())
            .filter(|secret| self.is_to_hide(line.text, secret));
        self.hear_line(line, secret.clone());
        if line.text == b"*"
            && let Some(auth) = &mut self.session.auth
        {
            auth.settle(AuthOutcome::Aborted);
        }
        self.note_identity(line.text, line);
        let exchange = self.push_exchange(Request::AuthLine, line, secret.as_ref(), None);
        let wrong = match line.text {
            b"" | b"*" => None,
            b"=" | b"\"\"" => Some(AuthWrong::Empty),
            text => base64_wrong(text),
        };
        self.note_wrong(exchange, line, line.text, 0, wrong);
        self.mode = if self.is_script() { Mode::Unknown } else { Mode::Await(Awaited::Auth) };
    }

    /// AUTH or a line after it was answered with `code`.
    pub(super) fn auth_answered(&mut self, code: u16) {
        if self.mode == Mode::Await(Awaited::Auth) {
            self.mode = if code == 334 { Mode::Sasl } else { Mode::Command };
        }
        let Some(auth) = &mut self.session.auth else { return };
        let is_given_up = auth.outcome == AuthOutcome::Aborted;
        match code / 100 {
            2 => auth.settle(AuthOutcome::Accepted),
            4 | 5 if !is_given_up => {
                auth.settle(AuthOutcome::Rejected);
                auth.failed = auth.failed.saturating_add(u32::from(code == 535));
            }
            _ => {}
        }
        if code != 334
            && let Some(last) = auth.last_mut()
        {
            last.code = Some(code);
        }
    }
}

/// What is wrong with a response that is not empty.
fn base64_wrong(response: &[u8]) -> Option<AuthWrong> {
    let fault = sasl::base64_fault(response)?;
    Some(AuthWrong::Base64(u32::try_from(response.len()).unwrap_or(u32::MAX), fault))
}

/// Whether `text` in a transcript may be what somebody wrote in place of a secret: stars, dots,
/// brackets, a word for it.
fn is_veiled(text: &[u8]) -> bool {
    const WORDS: [&str; 10] = [
        "hidden",
        "redact",
        "remov",
        "mask",
        "secret",
        "passw",
        "base64",
        "user",
        "credential",
        "xxx",
    ];
    let is_sign = |byte: &u8| b"*.<>[](){}_#$%?".contains(byte) || !byte.is_ascii();
    let lower = text.to_ascii_lowercase();
    text.iter().any(is_sign)
        || WORDS.iter().any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
}
