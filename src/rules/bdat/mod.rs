//! Rules about chunks (RFC 3030).

mod bdat_after_last;
mod bdat_answered_354;
mod bdat_before_rcpt;
mod bdat_chunk_length_wrong;
mod bdat_chunk_not_discarded;
mod bdat_chunk_short;
mod bdat_command_between_chunks;
mod bdat_content_dot_stuffed;
mod bdat_continued_after_failure;
mod bdat_last_missing;
mod bdat_line_endings;
mod bdat_line_too_long;
mod bdat_needless_final_dot;
mod bdat_not_advertised;
mod bdat_pipelined_not_offered;
mod bdat_reply_missing;
mod bdat_size_missing;
mod bdat_size_overflow;
mod bdat_syntax_invalid;
mod bdat_total_over_size_limit;
mod bdat_trailing_text;
mod bdat_unmatched_end;
mod bdat_zero_not_last;
mod data_after_bdat;
mod data_after_bdat_accepted;

use super::Rule;
use super::case::{Case, Step};
use super::remains::{Owner, Remains, chunk, owner, remains};
use super::standing::{Standing, standing};
use crate::dialog::chunks::Chunks;
use crate::dialog::command::is_surely_command;
use crate::dialog::session::{Message, Request};
use crate::smtp::code::Class;
use crate::smtp::command::{Command, Verb};

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &bdat_after_last::RULE,
    &bdat_answered_354::RULE,
    &bdat_before_rcpt::RULE,
    &bdat_chunk_length_wrong::RULE,
    &bdat_chunk_not_discarded::RULE,
    &bdat_chunk_short::RULE,
    &bdat_command_between_chunks::RULE,
    &bdat_content_dot_stuffed::RULE,
    &bdat_continued_after_failure::RULE,
    &bdat_last_missing::RULE,
    &bdat_line_endings::RULE,
    &bdat_line_too_long::RULE,
    &bdat_needless_final_dot::RULE,
    &bdat_not_advertised::RULE,
    &bdat_pipelined_not_offered::RULE,
    &bdat_reply_missing::RULE,
    &bdat_size_missing::RULE,
    &bdat_size_overflow::RULE,
    &bdat_syntax_invalid::RULE,
    &bdat_total_over_size_limit::RULE,
    &bdat_trailing_text::RULE,
    &bdat_unmatched_end::RULE,
    &bdat_zero_not_last::RULE,
    &data_after_bdat::RULE,
    &data_after_bdat_accepted::RULE,
];

/// The command on which a chunk is not where its size says.
#[derive(Clone, Debug)]
enum Misfit<'s> {
    /// So many octets too few were announced: they follow the chunk as lines.
    Small(Box<Remains<'s>>),
    /// So many too many: the chunk holds the beginning of this command, or all of it.
    Large(u64, Vec<u8>),
}

/// What the message of `step` shows of its chunks.
fn ledger<'s>(step: &Step<'s>) -> Option<&'s Chunks> {
    message_of(step)?.chunks.as_deref()
}

/// The message that `step` belongs to.
fn message_of<'s>(step: &Step<'s>) -> Option<&'s Message> {
    step.case.session.messages.get(step.exchange.message? as usize)
}

/// The BDATs of the message `own`, in order.
fn chunks_of(case: Case<'_>, own: u32) -> impl DoubleEndedIterator<Item = Step<'_>> {
    let is_its = move |step: &Step<'_>| {
        step.exchange.message == Some(own) && step.verb() == Some(Verb::Bdat)
    };
    case.steps().filter(is_its)
}

/// How the size of the chunk of `step` is wrong, as what follows shows.
fn misfit<'s>(step: &Step<'s>) -> Option<Misfit<'s>> {
    let announced = chunk(step)?;
    if step.exchange.before.inferred || announced.octets > u64::MAX.into() {
        return None;
    }
    let ledger = ledger(step).filter(|ledger| ledger.exchange == Some(step.index));
    let tail = ledger.map(|ledger| ledger.tail.as_slice()).unwrap_or_default();
    if owner(step) == Some(Owner::Chunk) {
        let left = remains(step)?;
        // Of a command that the chunk has taken in, the rest is such a line.
        let lf = tail.iter().rposition(|&octet| octet == b'\n');
        let head = lf.and_then(|lf| tail.get(lf + 1..)).filter(|head| !head.is_empty());
        let whole = head.map(|head| [head, left.first.line()].concat());
        return match whole.filter(|whole| is_surely_command(whole)) {
            Some(whole) => Some(Misfit::Large(head.map_or(0, <[u8]>::len) as u64, whole)),
            None => Some(Misfit::Small(Box::new(left))),
        };
    }
    // A command that is all in the chunk, and nothing comes behind it.
    let ledger = ledger.filter(|_| step.next().is_none())?;
    let line = tail.strip_suffix(b"\r\n")?;
    let lf = line.iter().rposition(|&octet| octet == b'\n')?;
    let line = line.get(lf + 1..)?;
    let command = Command::parse(line).verb;
    let is_usual = matches!(command, Verb::Quit | Verb::Bdat | Verb::Mail | Verb::Rset);
    let octets = line.len() as u64 + 2;
    let is_it = is_usual && is_surely_command(line) && ledger.left > 0;
    is_it.then(|| Misfit::Large(octets + ledger.left, line.to_vec()))
}

/// The BDAT before `step` in its transaction, if no other transaction was begun since.
fn chunk_before<'s>(step: &Step<'s>) -> Option<Step<'s>> {
    let before = (0..step.index).rev().take(1000).filter_map(|index| step.case.step(index));
    let mut before = before.skip_while(|one| match one.exchange.request {
        Request::Command(Verb::Bdat | Verb::Rset | Verb::Starttls | Verb::Xclient)
        | Request::EndOfData => false,
        Request::Command(Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Mail) => one.is_refused(),
        Request::Command(_) | Request::AuthLine => true,
    });
    before.next().filter(|one| one.verb() == Some(Verb::Bdat))
}

/// Whether the server knows BDAT, as far as the input says: it offers CHUNKING.
fn is_offered(step: &Step<'_>) -> bool {
    matches!(standing(step, "CHUNKING"), Standing::Offered(_))
}

/// Whether the server did not know BDAT.
fn is_unknown(step: &Step<'_>) -> bool {
    matches!(step.code(), Some(500 | 502))
}

/// Whether `step` was not refused, as far as the input says.
fn is_open(step: &Step<'_>) -> bool {
    matches!(step.class(), None | Some(Class::Completion))
}

/// `1 octet`, `2 octets`.
fn octets(count: u64) -> String {
    if count == 1 { "1 octet".to_owned() } else { format!("{count} octets") }
}

/// Whether `mail` declares binary content (RFC 3030 §3), or cannot be read.
pub(super) fn is_binary(mail: &Step<'_>) -> bool {
    mail.envelope().is_none_or(|envelope| {
        envelope.params().any(|param| {
            param.keyword.eq_ignore_ascii_case(b"BODY")
                && param.value.is_some_and(|value| value.eq_ignore_ascii_case(b"BINARYMIME"))
        })
    })
}
