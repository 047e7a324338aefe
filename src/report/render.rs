//! Sessions → their texts in one format, and counts of all of them.
//!
//! In: sessions with what was found in them, before their numbers are known. Out: for each its
//! text, which begins after the number, and a [`Note`]. One for each thread: what they have
//! counted is put together at the end.

use super::offered::Known;
use super::row::{COLUMNS, Rank, row};
use super::sheet::{Spare, Text};
use super::summary::{Held, Summary};
use super::{Entry, Format, Options};
use super::{csv, events, junit, ladder, lint, markdown, sarif, story, text};
use crate::place::Slot;
use crate::timing::Timings;
use crate::transcript::header_end;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes of a sheet, at first.
const LEAST: usize = 8 << 10;

/// Bytes of a sheet, but for a text that is longer.
const MOST: usize = 1 << 20;

/// A sheet is full when no more is left: most texts are shorter.
const MARGIN: usize = 64 << 10;

/// Makes text of sessions and counts them.
#[derive(Debug)]
pub struct Renderer {
    format: Format,
    options: Arc<Options>,
    summary: Summary,
    /// What sessions were offered.
    offers: Known,
    pen: text::Pen,
    /// Those of the session.
    timings: Timings,
    /// The texts that are not [sealed](Renderer::seal): the sheets that are full.
    full: Vec<Vec<u8>>,
    /// The sheet that is not, with what is left of longer texts.
    sheet: Vec<u8>,
    /// Where in it the next text begins.
    end: usize,
    /// Bytes of a new sheet: about as many as were needed last.
    size: usize,
    spare: Spare,
    /// The text of a session that is not written into the sheet at once.
    scratch: String,
    /// The sessions that a table would show of those seen here.
    shown: BTreeSet<(Rank, Slot)>,
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
            timings: Timings::default(),
            full: Vec::new(),
            sheet: Vec::new(),
            end: 0,
            size: LEAST,
            spare: Spare::default(),
            scratch: String::new(),
            shown: BTreeSet::new(),
        }
    }

    /// Counts a session and writes its text, as it stands after its number. It can be read when
    /// it is [sealed](Renderer::seal).
    pub fn session(&mut self, entry: &Entry<'_>) -> (Text, Note) {
        let (offered, at) = self.offers.of(entry.session);
        let is_json = matches!(self.format, Format::Json | Format::Ndjson);
        self.timings.measure(entry.session, is_json && story::needs_stalls(entry.session));
        let held = self.summary.add(entry, offered, &self.timings.phases);
        let mut note = Note { row: None, held, is_failure: false };
        if self.sheet.is_empty() {
            self.sheet = self.spare.take(self.size);
        }
        // A longer one would have to be copied again and again.
        if self.end > MOST - MARGIN {
            let sheet = std::mem::replace(&mut self.sheet, self.spare.take(MOST));
            self.full.push(sheet);
            self.end = 0;
        }
        let start = self.end;
        match self.format {
            Format::Table => note.row = self.row(entry),
            Format::Json | Format::Ndjson => {
                let (inputs, pen) = (&self.options.inputs, &mut self.pen);
                let (events, timed) = (self.options.events, (entry, &self.timings));
                self.end = text::fill(&mut self.sheet, start, |out| {
                    text::session(out, timed, inputs, pen, (offered, at), events)
                });
            }
            Format::Transcript => {
                let header = header_end(entry.session.opening.peers);
                let rest = entry.transcript.unwrap_or_default();
                self.end = text::fill(&mut self.sheet, start, |out| {
                    out.bytes(header.as_bytes()).bytes(rest)
                });
            }
            Format::Lint => self.words(entry, lint::session),
            Format::Csv => self.words(entry, csv::session),
            Format::Ladder => self.words(entry, ladder::session),
            Format::Events => self.words(entry, events::session),
            Format::Sarif => self.words(entry, sarif::session),
            Format::Junit => note.is_failure = self.words(entry, junit::session),
            Format::Markdown => {
                if !self.options.lint.check {
                    note.row = self.row(entry);
                }
                self.words(entry, markdown::session);
            }
        }
        (Text::within(self.full.len(), start..self.end), note)
    }

    /// Lets the texts be read that were written since the last time: all of them are in `texts`.
    pub fn seal<'a>(&mut self, texts: impl Iterator<Item = &'a mut Text>) {
        if self.end > 0 || !self.full.is_empty() {
            self.size = self.end.next_power_of_two().clamp(LEAST, MOST);
            self.end = 0;
            self.full.push(std::mem::take(&mut self.sheet));
            self.spare.seal(self.full.drain(..), texts);
        }
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
    ) -> T {
        if self.options.lint.check || self.format != Format::Csv {
            self.summary.add_unjudged(entry.not_judged);
        }
        self.scratch.clear();
        let made = write(&mut self.scratch, entry, &self.options);
        if !self.scratch.is_empty() {
            let text = self.scratch.as_bytes();
            self.end = text::fill(&mut self.sheet, self.end, |out| out.bytes(text));
        }
        made
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
