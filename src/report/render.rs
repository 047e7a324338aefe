//! Sessions → their texts in one format, and counts of all of them.
//!
//! In: sessions with what was found in them, before their numbers are known. Out: for each its
//! text, which begins after the number, and a [`Note`]. One for each thread: what they have
//! counted is put together at the end.

use super::offered::Known;
use super::row::{COLUMNS, Rank, row};
use super::sheet::{Desk, Text};
use super::summary::{Held, Summary};
use super::{Entry, Format, Options};
use super::{csv, events, junit, ladder, lint, markdown, sarif, story, text};
use crate::place::Slot;
use crate::timing::Timings;
use crate::transcript::header_end;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Makes text of sessions and counts them.
#[derive(Debug)]
pub struct Renderer {
    format: Format,
    options: Arc<Options>,
    summary: Summary,
    /// What sessions were offered.
    offers: Known,
    pen: text::Pen,
    /// What is known of the sessions at hand.
    counted: Vec<Counted>,
    desk: Desk,
    /// The text of a session that is not written into the sheet at once.
    scratch: String,
    /// The sessions that a table would show of those seen here.
    shown: BTreeSet<(Rank, Slot)>,
}

/// What is known of a session that is counted.
#[derive(Debug, Default)]
struct Counted {
    timings: Timings,
    held: Held,
}

/// What a writer needs to know of a session besides its text.
#[derive(Debug, Default)]
pub struct Note {
    /// Its row, if a table may show it; boxed, as most sessions have none.
    pub(super) row: Option<Box<Row>>,
    /// Of what it may hold the example.
    pub(super) held: Held,
    /// A finding in it reaches the threshold.
    pub(super) is_failure: bool,
}

/// A row of a table, with how much it deserves to be seen.
pub(super) type Row = (Rank, [String; COLUMNS.len()]);

impl Renderer {
    /// A renderer of no sessions yet.
    #[must_use]
    pub fn new(format: Format, options: &Arc<Options>) -> Self {
        Self {
            format,
            summary: Summary::new(&options.limits),
            offers: Known::new(options.limits.excerpt_chars),
            options: Arc::clone(options),
            pen: text::Pen::default(),
            counted: Vec::new(),
            desk: Desk::default(),
            scratch: String::new(),
            shown: BTreeSet::new(),
        }
    }

    /// Counts a session and writes its text, as it stands after its number. It can be read when
    /// it is [sealed](Renderer::seal).
    pub fn session(&mut self, entry: &Entry<'_>) -> (Text, Note) {
        self.count(0, entry);
        self.write(0, entry)
    }

    /// The same for several, one step for all of them before the next.
    pub fn sessions<'a>(
        &mut self,
        entries: impl Iterator<Item = Entry<'a>> + Clone,
        made: &mut dyn FnMut(Text, Note),
    ) {
        for (at, entry) in entries.clone().enumerate() {
            self.count(at, &entry);
        }
        for (at, entry) in entries.enumerate() {
            let (text, note) = self.write(at, &entry);
            made(text, note);
        }
    }

    /// Counts a session, which is so many behind the first of those at hand.
    fn count(&mut self, at: usize, entry: &Entry<'_>) {
        if self.counted.len() <= at {
            self.counted.resize_with(at + 1, Counted::default);
        }
        let Some(Counted { timings, held }) = self.counted.get_mut(at) else { return };
        let (offered, _) = self.offers.of(entry.session);
        let is_json = matches!(self.format, Format::Json | Format::Ndjson);
        timings.measure(entry.session, is_json && story::needs_stalls(entry.session));
        *held = self.summary.add(entry, offered, &timings.phases);
    }

    /// Writes the text of a session that was counted there.
    fn write(&mut self, at: usize, entry: &Entry<'_>) -> (Text, Note) {
        let Some(counted) = self.counted.get_mut(at) else { return <_>::default() };
        let held = std::mem::take(&mut counted.held);
        let mut note = Note { row: None, held, is_failure: false };
        let mut text = Text::default();
        match self.format {
            Format::Table => note.row = self.row(entry),
            Format::Json | Format::Ndjson => {
                let (offered, at) = self.offers.of(entry.session);
                let (inputs, pen) = (&self.options.inputs, &mut self.pen);
                let (events, timed) = (self.options.events, (entry, &counted.timings));
                text = self
                    .desk
                    .write(|out| text::session(out, timed, inputs, pen, (offered, at), events));
            }
            Format::Transcript => {
                let header = header_end(entry.session.opening.peers);
                let rest = entry.transcript.unwrap_or_default();
                text = self.desk.write(|out| out.bytes(header.as_bytes()).bytes(rest));
            }
            Format::Lint => (text, ()) = self.words(entry, lint::session),
            Format::Csv => (text, ()) = self.words(entry, csv::session),
            Format::Ladder => (text, ()) = self.words(entry, ladder::session),
            Format::Events => (text, ()) = self.words(entry, events::session),
            Format::Sarif => (text, ()) = self.words(entry, sarif::session),
            Format::Junit => (text, note.is_failure) = self.words(entry, junit::session),
            Format::Markdown => {
                if !self.options.lint.check {
                    note.row = self.row(entry);
                }
                (text, ()) = self.words(entry, markdown::session);
            }
        }
        (text, note)
    }

    /// Lets the texts be read that were written since the last time: all of them are in `texts`.
    pub fn seal<'a>(&mut self, texts: impl Iterator<Item = &'a mut Text>) {
        self.desk.seal(texts);
    }

    /// What was counted.
    #[must_use]
    pub fn finish(mut self) -> Summary {
        self.summary.settle();
        self.summary
    }

    /// Has `write` write the session's text.
    fn words<T>(
        &mut self,
        entry: &Entry<'_>,
        write: impl FnOnce(&mut String, &Entry<'_>, &Options) -> T,
    ) -> (Text, T) {
        if self.options.lint.check || self.format != Format::Csv {
            self.summary.add_unjudged(entry.not_judged);
        }
        self.scratch.clear();
        let made = write(&mut self.scratch, entry, &self.options);
        let scratch = self.scratch.as_bytes();
        let text = if scratch.is_empty() {
            Text::default()
        } else {
            self.desk.write(|out| out.bytes(scratch))
        };
        (text, made)
    }

    /// The session's row, if no more than a table's rows go before it so far.
    fn row(&mut self, entry: &Entry<'_>) -> Option<Box<Row>> {
        let rank = Rank::of(entry.session, entry.findings);
        self.summary.troubled += u64::from(rank == Rank::Troubled);
        let key = (rank, entry.slot);
        let is_full = self.shown.len() >= self.options.limits.table_rows;
        if is_full && self.shown.last().is_none_or(|last| *last < key) {
            return None;
        }
        self.shown.insert(key);
        if is_full {
            self.shown.pop_last();
        }
        Some(Box::new((rank, row(entry.session, self.options.limits.excerpt_chars))))
    }
}
