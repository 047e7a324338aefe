//! Rules about limits that a server must not set too low, or should not exceed (RFC 5321
//! §4.5.3.1).

mod command_limit_too_low;
mod message_limit_too_low;
mod recipient_limit_too_low;
mod reply_flood;

use super::{Answer, Rule};
use crate::dialog::session::Request;
use crate::smtp::command::Verb;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &command_limit_too_low::RULE,
    &message_limit_too_low::RULE,
    &recipient_limit_too_low::RULE,
    &reply_flood::RULE,
];

/// Whether the text of a reply has one of these phrases, which are in small letters.
fn says(answer: &Answer<'_>, phrases: &[&str]) -> bool {
    let mut text = Vec::new();
    for line in answer.texts() {
        text.extend(line.iter().map(u8::to_ascii_lowercase));
        text.push(b' ');
    }
    let text = String::from_utf8_lossy(&text);
    phrases.iter().any(|phrase| text.contains(phrase))
}

/// Whether one reply is longer than any that is meant to be read, and was not asked to be.
pub(super) fn is_flood(answer: &Answer<'_>) -> bool {
    const MOST: u32 = 8 << 10;
    answer.reply.text.len > MOST
        && answer.code() != Some(334)
        && !matches!(answer.request(), Some(Request::Command(Verb::Expn | Verb::Help)))
}
