//! The transcript form of all sessions, in order of their numbers.
//!
//! In: the text of each session, whole or in pieces that come before it ends. Out: the texts,
//! each after its `# session` line, an empty line between two of them.

use super::render::Note;
use super::sheet::Text;
use super::spool::Spool;
use super::summary::Summary;
use super::{InputReport, Options, Overflow, Writer};
use crate::place::Slot;
use crate::transcript::HEADER;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Writes the transcripts of sessions that come in any order.
pub(super) struct Transcripts {
    out: Box<dyn Write>,
    kept: Arc<Mutex<Kept>>,
}

/// What is kept until all is there.
struct Kept {
    /// By slot, in this order: the header is known last.
    spool: Spool<(Slot, Part)>,
    /// What went wrong with a piece: its giver cannot be told.
    error: Option<io::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Header,
    Text,
}

impl Transcripts {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        let spool = Spool::new(options.limits.spool_bytes);
        Self { out, kept: Arc::new(Mutex::new(Kept { spool, error: None })) }
    }
}

impl Writer for Transcripts {
    /// `text` is the rest of the session's header, and the lines that were not handed to the
    /// overflow.
    fn session(&mut self, id: u64, slot: Slot, text: Text, _: Note) -> io::Result<()> {
        let mut kept = lock(&self.kept);
        if let Some(error) = kept.error.take() {
            return Err(error);
        }
        let text = text.bytes();
        let end = memchr::memchr(b'\n', text).map_or(text.len(), |lf| lf + 1);
        let (header, text) = text.split_at_checked(end).unwrap_or((text, b""));
        let number = format!("{HEADER}{id}");
        kept.spool.push((slot, Part::Header), &[number.as_bytes(), header])?;
        kept.spool.push((slot, Part::Text), &[text])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn overflow(&self) -> Option<Overflow> {
        let kept = Arc::clone(&self.kept);
        Some(Arc::new(Mutex::new(move |slot, text: &[u8]| {
            let mut kept = lock(&kept);
            if let Err(error) = kept.spool.push((slot, Part::Text), &[text]) {
                kept.error.get_or_insert(error);
            }
        })))
    }

    fn finish(mut self: Box<Self>, _: Summary, _: &[InputReport]) -> io::Result<()> {
        let mut kept = lock(&self.kept);
        if let Some(error) = kept.error.take() {
            return Err(error);
        }
        let mut spool = std::mem::replace(&mut kept.spool, Spool::new(0));
        drop(kept);
        // Pieces came of sessions, too, that nobody asked for.
        let mut reported = None;
        spool.retain(|(slot, part)| {
            if part == Part::Header {
                reported = Some(slot);
            }
            reported == Some(slot)
        });
        spool.write(
            &mut self.out,
            |(before, _), (slot, _)| {
                if before == slot { b"" } else { b"\n" }
            },
        )?;
        self.out.flush()
    }
}

/// A panic elsewhere is no reason to lose the report.
fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::sample::Shared;
    use super::*;
    use crate::limits::Limits;

    fn slot_of(number: u64) -> Slot {
        Slot { input: 0, number, since: 0 }
    }

    #[test]
    fn sessions_and_their_pieces_come_in_order() {
        for spool_bytes in [0, 20, 1 << 20] {
            let limits = Limits { spool_bytes, ..Limits::default() };
            let out = Shared::default();
            let options = Options::new(None, limits, &[]);
            let mut writer = Box::new(Transcripts::new(Box::new(out.clone()), &options));
            let overflow = writer.overflow().unwrap();
            let piece = |slot, text: &[u8]| (overflow.lock().unwrap())(slot_of(slot), text);
            piece(7, b"s< 220 b\n");
            piece(4, b"s< 220 a\n");
            piece(7, b"c> QUIT\n");
            for (slot, id, text) in [(7, 2, " a > b\ns< 221 b\n"), (4, 1, "\n")] {
                writer
                    .session(
                        id,
                        slot_of(slot),
                        Text::from(text.as_bytes().to_vec()),
                        Note::default(),
                    )
                    .unwrap();
            }
            writer.finish(Summary::new(&limits), &[]).unwrap();
            assert_eq!(
                out.text(),
                "# session 1\ns< 220 a\n\n# session 2 a > b\ns< 220 b\nc> QUIT\ns< 221 b\n"
            );
        }
    }
}
