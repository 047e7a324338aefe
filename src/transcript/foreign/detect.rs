//! Which dialect a file is in: each scores its first lines.
//!
//! A text that has dialogs in it, as an RFC does, is read for their sake, if one begins among the
//! first [`LINES`]: what is around them is skipped and counted.
//!
//! Where no line tells by itself, a dialect is judged by the lines together; the one that has no
//! marks at all is taken only where none with marks is found.

use super::{ALL, Foreign, Likeness, Peel, curl, follow, tcpdump, unmarked};

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(in crate::transcript) struct Found {
    /// The dialect, by its place in [`ALL`].
    pub(in crate::transcript) place: usize,
    /// How its lines are wrapped.
    pub(in crate::transcript) peel: Peel,
    /// No other dialect comes near.
    pub(in crate::transcript) is_sure: bool,
}

/// Lines that are looked at.
const LINES: usize = 400;

/// What lines of each likeness count for.
fn weight(likeness: Likeness) -> u32 {
    match likeness {
        Likeness::Against | Likeness::No => 0,
        Likeness::Weak => 1,
        Likeness::Marked => 2,
        Likeness::Sure => 8,
    }
}

/// The dialect of a file that starts with `start`, if it is in any.
pub(in crate::transcript) fn detect(start: &[u8]) -> Option<Found> {
    best_of(start, |dialect| !is_unmarked(dialect)).or_else(|| best_of(start, is_unmarked))
}

/// The best of some dialects.
fn best_of(start: &[u8], is_asked: fn(&Foreign) -> bool) -> Option<Found> {
    let mut best: Option<(u32, usize, Peel)> = None;
    let mut second = 0;
    for (place, dialect) in ALL.iter().enumerate().filter(|(_, dialect)| is_asked(dialect)) {
        let scores = Peel::ALL.map(|peel| (score(dialect, peel, start), peel));
        // The plain form wins where all are alike.
        let Some((score, peel)) = scores.into_iter().rev().max_by_key(|&(score, _)| score) else {
            continue;
        };
        match best {
            Some((most, ..)) if score <= most => second = second.max(score),
            _ if score == 0 => {}
            _ => {
                second = best.map_or(0, |(most, ..)| most);
                best = Some((score, place, peel));
            }
        }
    }
    let (score, place, peel) = best?;
    Some(Found { place, peel, is_sure: score >= 2 * second.max(1) })
}

/// How the lines of a file that starts with `start` are wrapped, read as `dialect`.
pub(in crate::transcript) fn peel_for(dialect: &Foreign, start: &[u8]) -> Peel {
    let scores = Peel::ALL.map(|peel| (score(dialect, peel, start), peel));
    scores.into_iter().rev().max_by_key(|&(score, _)| score).map_or(Peel::default(), |best| best.1)
}

/// How much the lines look like `dialect`; 0 unless one of them surely does.
fn score(dialect: &Foreign, peel: Peel, start: &[u8]) -> u32 {
    let is = |other: &Foreign| dialect.name == other.name;
    let lines = start.split(|&byte| byte == b'\n').take(LINES);
    let peeled = lines.filter_map(|line| peel.line(line));
    if is(&unmarked::UNMARKED) {
        return unmarked::score(peeled);
    } else if is(&follow::FOLLOW) {
        return follow::score(peeled);
    } else if is(&tcpdump::TCPDUMP) {
        return tcpdump::score(peeled);
    }
    let mut sum = 0;
    let mut most = Likeness::No;
    // Its mark of commands alone is that of a quotation.
    let mut is_answered = !is(&curl::CURL);
    for line in peeled {
        is_answered = is_answered || curl::is_answer(&line);
        let likeness = (dialect.likeness)(&line);
        if likeness == Likeness::Against {
            return 0;
        }
        most = most.max(likeness);
        sum += weight(likeness);
    }
    if most == Likeness::Sure && is_answered { sum } else { 0 }
}

fn is_unmarked(dialect: &Foreign) -> bool {
    dialect.name == unmarked::UNMARKED.name
}
