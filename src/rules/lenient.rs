//! Ends of mail data that only lenient servers see: what such a server would have read.
//!
//! In: a message and what is odd in it. Out: whether it is the client's own end (a sloppy one) or
//! stands in a message that goes on, and what stands behind it, read as commands.

use super::case::{Case, Step, shown};
use super::finding::{Hit, On};
use super::recording::count;
use crate::dialog::is_surely_command;
use crate::dialog::odd::{DataEnd, OddEnd};
use crate::dialog::session::{Message, Request, Transfer};
use crate::smtp::command::{Command, Verb, envelope};
use crate::smtp::line::LineEnd;
use std::ptr;

/// Commands that are read behind an end.
const COMMANDS: usize = 100;

/// Recipients that a message names.
const RECIPIENTS: usize = 3;

/// What a lenient server reads behind an end.
pub(super) struct Reading<'m> {
    /// The commands, up to the first line that is surely none, or to DATA.
    pub(super) commands: Vec<Command<'m>>,
    /// The lines of the commands.
    lines: Vec<&'m [u8]>,
    /// What follows DATA.
    text: Option<&'m [u8]>,
}

/// The step of the end of `message`'s data, which was sent with DATA.
pub(super) fn end_of_data<'s>(case: Case<'s>, message: &Message) -> Option<Step<'s>> {
    let index = case.session.messages.iter().position(|one| ptr::eq(one, message))?;
    let index = u32::try_from(index).ok()?;
    case.steps().find(|step| {
        step.exchange.request == Request::EndOfData && step.exchange.message == Some(index)
    })
}

/// The odd end that the server took for the end of `message`, as its replies prove.
pub(super) fn taken(case: Case<'_>, message: &Message) -> Option<DataEnd> {
    let kind = message.odd.as_deref()?.taken?;
    let is_accepted = end_of_data(case, message)?.is_accepted();
    is_accepted.then_some(kind)
}

/// The odd ends in `message` that are not the client's own end, sloppily written: those in a
/// message that goes on, or commands follow them in one breath.
pub(super) fn smuggled<'m>(case: Case<'_>, message: &'m Message) -> Vec<&'m OddEnd> {
    let Some(odd) = message.odd.as_deref() else { return Vec::new() };
    let ends = odd.ends.iter();
    ends.filter(|end| !is_own(case, message, end)).collect()
}

/// Whether the client itself ended `message` with `end`.
fn is_own(case: Case<'_>, message: &Message, end: &OddEnd) -> bool {
    // Who ends every line so, commands too, hides nothing.
    if end.kind == DataEnd::LfLf && is_all_lf(case) {
        return true;
    }
    if message.transfer == Some(Transfer::Data)
        && taken(case, message) == Some(end.kind)
        && let Some(step) = end_of_data(case, message)
    {
        // It waited for the reply, and went on then.
        return step.next().is_none_or(|next| !next.exchange.pipelined);
    }
    let is_last = !end.more && (end.behind.trim_ascii().is_empty() || is_given_up(message, end));
    is_last && end.count == 1
}

/// Whether the client took leave behind `end`, as it got no reply to it.
fn is_given_up(message: &Message, end: &OddEnd) -> bool {
    let is_leave = |verb: Verb| matches!(verb, Verb::Quit | Verb::Rset);
    let mut lines = end.behind.split(|octet| matches!(octet, b'\r' | b'\n'));
    let is_over = |line: &[u8]| line.is_empty() || is_leave(Command::parse(line).verb);
    !message.ended && lines.all(is_over)
}

/// Whether each line of commands ends with LF alone.
fn is_all_lf(case: Case<'_>) -> bool {
    let is_line = |step: &Step<'_>| step.exchange.request != Request::EndOfData;
    let mut lines = case.steps().filter(is_line).peekable();
    lines.peek().is_some() && lines.all(|step| step.exchange.line_end == LineEnd::Lf)
}

impl<'m> Reading<'m> {
    /// What stands behind `end`.
    pub(super) fn of(end: &'m OddEnd) -> Self {
        let mut reading = Self { commands: Vec::new(), lines: Vec::new(), text: None };
        let mut rest = &end.behind[..];
        while reading.commands.len() < COMMANDS && !rest.is_empty() {
            let at = rest.iter().position(|octet| matches!(octet, b'\r' | b'\n'));
            let (line, behind) = rest.split_at(at.unwrap_or(rest.len()));
            let ends = behind.iter().position(|octet| !matches!(octet, b'\r' | b'\n'));
            rest = behind.get(ends.unwrap_or(behind.len())..).unwrap_or_default();
            if line.is_empty() {
                continue;
            }
            if !is_surely_command(line) {
                break;
            }
            let command = Command::parse(line);
            let is_data = command.verb == Verb::Data;
            reading.commands.push(command);
            reading.lines.push(line);
            if is_data {
                reading.text = Some(rest);
                break;
            }
        }
        reading
    }

    /// Whether there is a command of a mail transaction.
    pub(super) fn is_attack(&self) -> bool {
        let is_mail = |command: &Command<'_>| {
            matches!(command.verb, Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Bdat)
        };
        self.commands.iter().any(is_mail)
    }

    /// The commands, for a message.
    pub(super) fn shown_commands(&self) -> String {
        let mut text: Vec<String> = self.lines.iter().take(5).map(|line| shown(line)).collect();
        if self.lines.len() > 5 {
            text.push("…".to_owned());
        }
        text.join(", ")
    }

    /// The message that they send, for a message.
    pub(super) fn shown_mail(&self) -> Option<String> {
        let mailboxes = |verb: Verb| {
            let of = self.commands.iter().filter(move |command| command.verb == verb);
            of.filter_map(|command| Some(envelope(command)?.path.address))
        };
        let from = mailboxes(Verb::Mail).next()?;
        let to: Vec<String> = mailboxes(Verb::Rcpt).take(RECIPIENTS).map(bracketed).collect();
        let mut text = format!("a message from {}", bracketed(from));
        if !to.is_empty() {
            text = format!("{text} to {}", to.join(", "));
        }
        if let Some(begun) = self.text.filter(|begun| !begun.is_empty()) {
            let line = begun.split(|octet| matches!(octet, b'\r' | b'\n')).next();
            text = format!("{text} that begins with {}", shown(line.unwrap_or_default()));
        }
        Some(text)
    }
}

fn bracketed(mailbox: &[u8]) -> String {
    let text = shown(mailbox);
    format!("<{}>", text.trim_matches('"'))
}

/// Where `end` stands, for a message.
pub(super) fn place(end: &OddEnd) -> String {
    let mut text = format!("{} in line {} of the message", end.kind.name(), end.first.line);
    if end.count > 1 {
        text = format!("{text} (and {})", count(u64::from(end.count - 1), "time") + " more");
    }
    text
}

/// What the rules of the single ends say: that `kind` stands in a message which goes on.
pub(super) fn found(case: Case<'_>, message: &Message, kind: DataEnd) -> Option<Hit> {
    let odd = message.odd.as_deref()?;
    let end = odd.ends.iter().find(|end| end.kind == kind)?;
    if message.transfer != Some(Transfer::Data) || is_own(case, message, end) {
        return None;
    }
    let reading = Reading::of(end);
    let then = if !reading.lines.is_empty() {
        format!("reads these commands then: {}", reading.shown_commands())
    } else if end.behind.is_empty() {
        "reads the rest as commands".to_owned()
    } else {
        format!("reads the rest as commands, from {} on", shown(&end.behind))
    };
    let text = format!(
        "{} is no end of mail data, only CRLF \".\" CRLF is; a server that takes it for one {then}",
        place(end)
    );
    Some(Hit::new(text).on(On::Moment(end.first.mark)))
}
