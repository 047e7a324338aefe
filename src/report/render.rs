//! Sessions → their texts in one format, and counts of all of them.
//!
//! In: sessions with what was found in them, before their numbers are known. Out: for each its
//! text, which begins after the number, and a [`Note`]. One for each thread: what they have
//! counted is put together at the end.

use super::model;
use super::row::{COLUMNS, Rank, row};
use super::summary::{ErrorKind, Summary};
use super::{Entry, Format, Options};
use crate::place::Slot;
use crate::transcript::header_end;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;

/// Makes text of sessions and counts them.
#[derive(Debug)]
pub struct Renderer {
    format: Format,
    options: Arc<Options>,
    summary: Summary,
    /// The sessions that a table would show of those seen here.
    shown: BTreeSet<(Rank, Slot)>,
}

/// What a writer needs to know of a session besides its text.
#[derive(Debug, Default)]
pub struct Note {
    /// Its row, if a table may show it.
    pub(super) row: Option<(Rank, [String; COLUMNS.len()])>,
    /// Errors of which it may hold the first.
    pub(super) examples: Vec<ErrorKind>,
}

/// What JSON says of a session before its number.
pub(super) const HEAD: &str = r#"{"type":"session","id":"#;

impl Renderer {
    /// A renderer of no sessions yet.
    #[must_use]
    pub fn new(format: Format, options: &Arc<Options>) -> Self {
        Self {
            format,
            summary: Summary::new(&options.limits),
            options: Arc::clone(options),
            shown: BTreeSet::new(),
        }
    }

    /// Appends the text of a session, as it stands after its number, and counts it.
    pub fn session(&mut self, entry: &Entry<'_>, text: &mut Vec<u8>) -> Note {
        let examples = self.summary.add(entry);
        let mut note = Note { row: None, examples };
        match self.format {
            Format::Table => note.row = self.row(entry),
            Format::Json | Format::Ndjson => self.json(entry, text),
            Format::Transcript => {
                text.extend_from_slice(header_end(entry.session.opening.peers).as_bytes());
                text.extend_from_slice(entry.transcript.unwrap_or_default());
            }
        }
        note
    }

    /// What was counted.
    #[must_use]
    pub fn finish(self) -> Summary {
        self.summary
    }

    fn json(&self, entry: &Entry<'_>, text: &mut Vec<u8>) {
        let model = model::Session::new(entry, &self.options.inputs);
        // Nothing of a model can fail to be written to memory.
        let whole = serde_json::to_vec(&model).unwrap_or_default();
        let rest = whole.get(HEAD.len() + 1..).unwrap_or_default();
        let _ = text.write_all(rest);
    }

    /// The session's row, if no more than a table's rows go before it so far.
    fn row(&mut self, entry: &Entry<'_>) -> Option<(Rank, [String; COLUMNS.len()])> {
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
        Some((rank, row(entry.session, self.options.limits.excerpt_chars)))
    }
}
