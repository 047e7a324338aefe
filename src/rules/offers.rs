//! What rules ask about a server's offers: whether something was used that is surely not offered,
//! and which limits are in force.

use super::case::{Case, Offered, Step, shown};
use super::finding::Hit;
use crate::dialog::session::{Hello, Request};
use crate::smtp::command::{Param, Verb};
use crate::smtp::reply::ReplyLine;

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
/// early (PIPE_CONNECT), or together with EHLO.
pub(super) fn is_known(step: &Step<'_>) -> bool {
    match step.offered() {
        Offered::By(case, hello) => case.step(hello.exchange).is_some_and(|hello| {
            let reply = hello.exchange.reply.as_ref();
            reply.is_some_and(|reply| reply.begun.place < step.exchange.asked.place)
        }),
        Offered::Nothing | Offered::Unknown => false,
    }
}

/// What there is to say of `param`, if no EHLO reply in force where `step` was sent offers the
/// extension with this keyword.
pub(super) fn unoffered_param(step: &Step<'_>, keyword: &str, param: &Param<'_>) -> Option<Hit> {
    let why = unoffered(step, keyword)?;
    let what = shown(param.keyword);
    let hit = Hit::new(format!("{what} was sent, but {why}; the server may refuse it with 555"));
    Some(hit.at(param.range.clone()))
}

/// What there is to say of the command of `step`, if no EHLO reply in force there offers the
/// extension of this name, which it is of.
pub(super) fn unoffered_verb(step: &Step<'_>, keyword: &str) -> Option<Hit> {
    let why = unoffered(step, keyword)?;
    let hit = Hit::new(format!("{keyword} was sent, but {why}; the server may answer 500 or 502"));
    let command = step.command();
    Some(hit.at(command.word_at..command.word_at + command.word.len()))
}

/// Why the extension with this keyword is surely not offered where `step` was sent, if that is so
/// and no closer rule says it.
fn unoffered(step: &Step<'_>, keyword: &str) -> Option<String> {
    let (case, before) = (step.case, step.exchange.before);
    let offered = step.offered();
    if before.inferred || !offered.lacks(keyword) {
        return None;
    }
    let earlier = || case.steps().take(step.index as usize);
    let is_hello = |step: &Step<'_>| {
        matches!(step.exchange.request, Request::Command(Verb::Ehlo | Verb::Lhlo))
    };
    // The reply that is not there may have offered it.
    if earlier().any(|step| is_hello(&step) && step.exchange.reply.is_none()) {
        return None;
    }
    match offered {
        Offered::By(_, hello) => {
            let is_whole = is_whole(case, hello, keyword);
            is_whole.then(|| format!("the EHLO reply in force does not offer {keyword}"))
        }
        // What was offered before TLS, stale-extension-used is about.
        _ if before.tls && was_offered(case, step, keyword) => None,
        _ => Some(format!("no EHLO reply is in force that could offer {keyword}")),
    }
}

/// Whether an EHLO reply before `step` offers the extension with this keyword.
fn was_offered(case: Case<'_>, step: &Step<'_>, keyword: &str) -> bool {
    let hellos = case.session.hellos.iter();
    let mut earlier = hellos.filter(|hello| hello.exchange < step.index);
    earlier.any(|hello| Offered::By(case, hello).offer(keyword).is_some())
}

/// Whether the reply to `hello` is there as it was sent: some transcripts give its last line
/// alone, or all of its lines as one.
fn is_whole(case: Case<'_>, hello: &Hello, keyword: &str) -> bool {
    let Some(step) = case.step(hello.exchange) else { return false };
    let Some(answer) = step.answer() else { return false };
    let is_flat = || {
        let text = ReplyLine::parse(answer.first()).text;
        let mut words = text.split(|&octet| octet == b' ');
        words.any(|word| word.eq_ignore_ascii_case(keyword.as_bytes()))
    };
    !answer.reply.cut
        && answer.lines().count() == answer.reply.lines as usize
        && (case.is_packets() || answer.reply.lines > 1)
        && !is_flat()
}
