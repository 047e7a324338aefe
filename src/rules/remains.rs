//! What is left of content that the server does not read as such: lines that are no commands, right
//! behind DATA that was refused, behind an end of data, behind a chunk.
//!
//! In: the step that they stand behind. Out: the lines, and which rule speaks of them. Rules about
//! single lines are silent there.

use super::case::Step;
use super::stray::is_header;
use crate::dialog::command::is_surely_command;
use crate::dialog::session::{Exchange, Request};
use crate::smtp::command::{self, Chunk, Verb};
use crate::smtp::line::LineEnd;

/// Lines that are left of content.
#[derive(Clone, Debug)]
pub(super) struct Remains<'s> {
    /// The first.
    pub(super) first: Step<'s>,
    /// How many.
    pub(super) lines: u64,
    /// Octets of all of them, with line ends.
    pub(super) octets: u64,
    /// One has text in it.
    has_text: bool,
    /// One is a field of a header section, or the end of data.
    is_mail: bool,
    /// One was sent without waiting for the reply to the one before it.
    is_blind: bool,
    /// The command that follows.
    pub(super) next: Option<Step<'s>>,
}

/// Which rule speaks of lines that are left of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// data-sent-after-rejection.
    Rejected,
    /// data-reply-not-354.
    NotAsked,
    /// data-after-dot-residue.
    EndOfData,
    /// bdat-chunk-length-wrong.
    Chunk,
    /// bdat-needless-final-dot.
    FinalDot,
    /// The rule about what is wrong in the line of BDAT.
    BadChunk,
}

/// Whether `step` may be one of such lines: no command, or a line of text that begins with a verb's
/// word, which the server did not obey.
pub(super) fn is_left(step: &Step<'_>) -> bool {
    match step.exchange.request {
        Request::Command(Verb::Other) => true,
        Request::Command(_) => {
            let is_wrong = || step.parsed().is_some_and(|parsed| !parsed.flaws.is_empty());
            !step.is_accepted() && is_wrong() && !is_surely_command(step.line())
        }
        Request::EndOfData | Request::AuthLine => false,
    }
}

/// The lines right behind `step` that are no commands, if there are any.
pub(super) fn remains<'s>(step: &Step<'s>) -> Option<Remains<'s>> {
    let is_stray = |one: &Exchange| {
        let is_whole = !one.cut && one.masked.is_none() && one.line_end != LineEnd::None;
        one.request == Request::Command(Verb::Other) && is_whole && !one.before.inferred
    };
    let first = step.next().filter(|first| is_stray(first.exchange))?;
    let mut all = Remains {
        first: first.clone(),
        lines: 0,
        octets: 0,
        has_text: false,
        is_mail: false,
        is_blind: false,
        next: None,
    };
    let mut next = Some(first);
    while let Some(line) = next.take_if(|line| is_left(line)) {
        let text = line.line();
        all.is_blind |= all.lines > 0 && line.exchange.pipelined;
        all.lines += 1;
        all.octets = all.octets.saturating_add(line.exchange.octets);
        all.has_text |= !text.trim_ascii().is_empty();
        all.is_mail |= text == b"." || is_header(text);
        next = line.next();
    }
    all.next = next;
    Some(all)
}

/// The chunk that `step` announces, if it is a BDAT that can be read.
pub(super) fn chunk(step: &Step<'_>) -> Option<Chunk> {
    let is_whole = step.verb() == Some(Verb::Bdat) && !step.exchange.cut;
    command::bdat(step.command().argument).filter(|_| is_whole)
}

/// Which rule speaks of the lines right behind `step` that are no commands, if one does.
pub(super) fn owner(step: &Step<'_>) -> Option<Owner> {
    let one = step.exchange;
    let is_of_content =
        matches!(one.request, Request::Command(Verb::Data | Verb::Bdat) | Request::EndOfData);
    // Nearly no step is followed by a line that is no command.
    let next = is_of_content.then(|| step.next())??;
    if next.exchange.request != Request::Command(Verb::Other) {
        return None;
    }
    let left = remains(step)?;
    let is_early = left.first.exchange.pipelined;
    let is_obeyed = left.first.is_accepted();
    match one.request {
        Request::EndOfData => {
            // What follows an end that only a lenient server sees may be the client's own end.
            let is_residue = is_early && left.has_text && one.line_end == LineEnd::CrLf;
            (is_residue && !is_obeyed).then_some(Owner::EndOfData)
        }
        Request::Command(Verb::Data) => match step.code()? {
            354 => None,
            // Lines that wait for their replies may be commands that somebody tries.
            400.. => (left.is_mail || left.is_blind).then_some(Owner::Rejected),
            _ => Some(Owner::NotAsked),
        },
        _ => match chunk(step) {
            None => Some(Owner::BadChunk),
            Some(chunk) if left.lines == 1 && left.first.line() == b"." => {
                chunk.last.then_some(Owner::FinalDot)
            }
            Some(_) => (is_early && !is_obeyed).then_some(Owner::Chunk),
        },
    }
}

/// Whether `step` is one of the lines of which a rule about content speaks.
pub(super) fn is_owned(step: &Step<'_>) -> bool {
    let before = (0..step.index).rev().take(RUN).filter_map(|index| step.case.step(index));
    let begun = before.into_iter().find(|one| !is_left(one));
    begun.is_some_and(|begun| owner(&begun).is_some())
}

/// So many lines of content are looked at for what they stand behind.
const RUN: usize = 1000;
