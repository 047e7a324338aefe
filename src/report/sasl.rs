//! The steps of an AUTH exchange: what the two sides said, and what that is to the mechanism.

use super::view::reply_text;
use crate::chunk::Side;
use crate::dialog::session::{Attempt, Auth, Exchange, Initial, Mark, Request, Session};
use crate::smtp::command::{self, Command};
use crate::smtp::sasl;

/// A challenge or a response.
pub(super) struct Step {
    /// As the mechanism names it.
    pub(super) name: &'static str,
    pub(super) side: Side,
    /// Index of its exchange.
    pub(super) exchange: u32,
    pub(super) mark: Mark,
    /// Octets in base64; `None` if that is not known.
    pub(super) octets: Option<u64>,
    /// What it says, where that is to be shown.
    pub(super) decoded: Option<Vec<u8>>,
}

/// The steps of `attempt`, in order.
pub(super) fn steps(session: &Session, auth: &Auth, attempt: &Attempt) -> Vec<Step> {
    let Some(first) = attempt.exchange else { return Vec::new() };
    let mechanism = session.bytes(attempt.mechanism);
    let mut steps = Vec::new();
    let mut responses = 0;
    for (index, one) in (0_u32..).zip(&session.exchanges).skip(first as usize) {
        let is_first = index == first;
        if !is_first && one.request != Request::AuthLine {
            break;
        }
        let line = session.bytes(one.line);
        let text = if is_first { initial(line) } else { line };
        if !is_first || attempt.initial != Initial::Absent {
            let name = if is_first || text != b"*" {
                sasl::response_name(mechanism, responses)
            } else {
                "cancel"
            };
            responses += 1;
            steps.push(response(name, index, one, text, auth.shown));
        }
        let Some(reply) = one.reply.filter(|reply| reply.code == Some(334)) else { continue };
        let text = session.reply_lines(&reply).next().map(reply_text).unwrap_or_default();
        steps.push(Step {
            name: sasl::challenge_name(mechanism, responses),
            side: Side::Server,
            exchange: index,
            mark: reply.begun,
            octets: Some(text.len() as u64),
            decoded: auth.shown.then(|| sasl::decoded(text)).flatten(),
        });
    }
    steps
}

/// The step that is a response, `text`, of `one`.
fn response(name: &'static str, index: u32, one: &Exchange, text: &[u8], shown: bool) -> Step {
    let text = if text == b"=" { b"" } else { text };
    let is_plain = one.masked.is_none() && text != b"*";
    Step {
        name,
        side: Side::Client,
        exchange: index,
        mark: one.asked,
        // A transcript need not say how long it was.
        octets: match one.masked {
            Some(octets) => (octets > 0).then_some(u64::from(octets)),
            None => Some(text.len() as u64),
        },
        decoded: (shown && is_plain).then(|| sasl::decoded(text)).flatten(),
    }
}

/// The initial response in the line of an AUTH command.
fn initial(line: &[u8]) -> &[u8] {
    command::auth(Command::parse(line).argument).initial.unwrap_or_default()
}
