//! What rules ask about a server's offers: whether something was used that is surely not offered,
//! and which limits are in force.

use super::case::{Offered, Step, shown};
use super::finding::Hit;
use super::standing::{Standing, had_seen, standing};
use crate::dialog::session::Protocol;
use crate::smtp::command::{Param, Verb};

/// The limits of a LIMITS offer (RFC 9422); those that it does not give or that cannot be read are
/// `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// RCPT commands in a transaction.
    pub(super) rcptmax: Option<u32>,
    /// MAIL commands in a session.
    pub(super) mailmax: Option<u32>,
    /// Domains of recipients in a session.
    pub(super) rcptdomainmax: Option<u32>,
}

impl Limits {
    /// Those in force at `step`, if the client can have known them.
    pub(super) fn known(step: &Step<'_>) -> Option<Self> {
        if step.exchange.before.inferred || !is_known(step) {
            return None;
        }
        let mut limits = Self::default();
        for word in step.offered().offer("LIMITS")?.params() {
            let mut parts = word.splitn(2, |&octet| octet == b'=');
            let (name, value) = (parts.next()?, parts.next());
            let is_letter = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_".contains(octet);
            if name.is_empty() || !name.iter().all(is_letter) {
                // Clients are to proceed as if there were no offer (RFC 9422 §3).
                return None;
            }
            let limit = match name.to_ascii_uppercase().as_slice() {
                b"RCPTMAX" => &mut limits.rcptmax,
                b"MAILMAX" => &mut limits.mailmax,
                b"RCPTDOMAINMAX" => &mut limits.rcptdomainmax,
                _ => continue,
            };
            // Of a limit given twice, the milder counts.
            *limit = value.and_then(number).max(*limit);
        }
        Some(limits)
    }
}

/// 1 to 6 digits, the first not 0.
fn number(value: &[u8]) -> Option<u32> {
    let is_number = (1..=6).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let number = str::from_utf8(value).ok().filter(|_| is_number)?;
    number.parse().ok().filter(|_| !number.starts_with('0'))
}

/// Whether the reply that offers something had come when the client sent `step`: it may send that
/// early (`PIPE_CONNECT`), or together with EHLO.
pub(super) fn is_known(step: &Step<'_>) -> bool {
    match step.offered() {
        Offered::By(_, hello) => had_seen(step, hello),
        Offered::Nothing | Offered::Unknown => false,
    }
}

/// What there is to say of `param`, if no EHLO reply in force where `step` was sent offers the
/// extension with this keyword, and no closer rule says it.
pub(super) fn unoffered_param(step: &Step<'_>, keyword: &str, param: &Param<'_>) -> Option<Hit> {
    // After HELO, param-in-helo-session does.
    if step.exchange.before.hello == Protocol::Smtp {
        return None;
    }
    let Standing::Lacking(why) = standing(step, keyword) else { return None };
    let given = shown(step.line().get(param.range.clone())?);
    let is_path = matches!(step.verb(), Some(Verb::Mail | Verb::Rcpt));
    let code = if is_path { 555 } else { 504 };
    let hit = Hit::new(format!("{given} needs {keyword}, but {why}; the server may answer {code}"));
    Some(hit.at(param.range.clone()).once())
}

/// What there is to say of the command of `step`, if no EHLO reply in force there offers the
/// extension of this name, which it is of.
pub(super) fn unoffered_verb(step: &Step<'_>, keyword: &str) -> Option<Hit> {
    let Standing::Lacking(why) = standing(step, keyword) else { return None };
    let hit = Hit::new(format!("{keyword} was sent, but {why}; the server may answer 500 or 502"));
    let command = step.command();
    Some(hit.at(command.word_at..command.word_at + command.word.len()))
}
