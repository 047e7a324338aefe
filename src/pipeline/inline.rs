//! A run on one thread.

use super::merge::{Done, Merger};
use super::shard::closing_rounds;
use super::source::Source;
use super::walk::{Step, Walk};
use super::{Options, Outcome, Work, settle_facts};
use std::sync::atomic::Ordering;

/// Reads all `sources`, one after the other.
pub(super) fn run<W: Work>(
    options: &Options,
    sources: Vec<Source>,
    work: W,
    mut deliver: impl FnMut(Done<W::Made>),
) -> Outcome<W> {
    let mut merger = Merger::new();
    let mut walk = Walk::new(options, (0, 1), work);
    let mut facts = walk.all(sources, &mut |Step { events, until, .. }| {
        merger.round(events, until, &mut deliver);
        !options.stop.load(Ordering::Relaxed)
    });
    let end = walk.end();
    let Walk { mut crew, mut decoder, .. } = walk;
    for (from, until) in closing_rounds(crew.open(), end) {
        crew.close(from, until, end);
        merger.round(crew.events(), end, &mut deliver);
    }
    merger.finish(&mut deliver);
    let (work, noted) = crew.finish();
    settle_facts(&mut facts, &mut decoder, noted, &merger);
    Outcome { facts, workers: vec![work] }
}
