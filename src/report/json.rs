//! The report as JSON: one object, or one object a line.
//!
//! In: the texts of sessions in any order. Out: contract.md's `json` (sessions by number) and
//! `ndjson` (sessions as they come). No more than one session is held, whatever their number.

use super::model::{self, Closing, Head};
use super::render::Note;
use super::sheet::Text;
use super::spool::Spool;
use super::summary::{Examples, Summary};
use super::text::HEAD;
use super::{InputReport, Options, Writer};
use crate::place::Slot;
use serde::Serialize;
use std::io::{self, ErrorKind, IoSlice, Write};

/// One object; sessions are kept as text until all are there.
pub(super) struct Json {
    out: Box<dyn Write>,
    spool: Spool<u64>,
    examples: Examples,
}

/// One object a line, each session as it comes.
pub(super) struct Ndjson {
    out: Box<dyn Write>,
    examples: Examples,
    /// Sessions that are not written yet, and their bytes.
    queue: Vec<(u64, Text)>,
    queued: usize,
}

/// Sessions, and bytes of them, that are written at once: large enough that nothing gathers them
/// in yet another buffer.
const AT_ONCE: (usize, usize) = (128, 1 << 18);

impl Json {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        let spool = Spool::new(options.limits.spool_bytes);
        Self { out, spool, examples: Examples::default() }
    }
}

impl Ndjson {
    pub(super) fn new(out: Box<dyn Write>) -> Self {
        Self { out, examples: Examples::default(), queue: Vec::new(), queued: 0 }
    }

    /// Writes what is queued: whole lines, and without a copy that joins them, so that readers of
    /// a pipe seldom see half of one.
    fn write(&mut self) -> io::Result<()> {
        let mut heads = Vec::with_capacity(self.queue.len() * 48);
        let mut ends = Vec::with_capacity(self.queue.len());
        for (id, _) in &self.queue {
            heads.extend_from_slice(HEAD.as_bytes());
            heads.extend_from_slice(itoa::Buffer::new().format(*id).as_bytes());
            ends.push(heads.len());
        }
        let mut parts = Vec::with_capacity(3 * self.queue.len());
        let mut start = 0;
        for ((_, text), &end) in self.queue.iter().zip(&ends) {
            let head = heads.get(start..end).unwrap_or_default();
            parts.extend([head, text.bytes(), b"\n"].map(IoSlice::new));
            start = end;
        }
        let written = write_at_once(&mut self.out, &mut parts);
        self.queue.clear();
        self.queued = 0;
        written
    }
}

impl Writer for Json {
    fn session(&mut self, id: u64, slot: Slot, text: Text, note: Note) -> io::Result<()> {
        self.examples.add(id, slot, &note);
        let mut number = itoa::Buffer::new();
        self.spool.push(id, &[HEAD.as_bytes(), number.format(id).as_bytes(), text.bytes()])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Puts the object together from its parts, as the sessions are text already.
    fn finish(mut self: Box<Self>, summary: Summary, inputs: &[InputReport]) -> io::Result<()> {
        let head = text(&Head::new(inputs, summary.partial))?;
        self.out.write_all(head.strip_suffix(b"}").unwrap_or(&head))?;
        self.out.write_all(b",\n\"sessions\":[\n")?;
        self.spool.write(&mut self.out, |_, _| b",\n")?;
        self.out.write_all(b"\n],\n\"summary\":")?;
        let summary = self.examples.number(summary);
        self.out.write_all(&text(&model::Summary::new(&summary, inputs))?)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

impl Writer for Ndjson {
    fn session(&mut self, id: u64, slot: Slot, text: Text, note: Note) -> io::Result<()> {
        self.examples.add(id, slot, &note);
        self.queued += text.bytes().len();
        self.queue.push((id, text));
        let (texts, bytes) = AT_ONCE;
        if self.queue.len() < texts && self.queued < bytes { Ok(()) } else { self.write() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.out.flush()
    }

    fn finish(mut self: Box<Self>, summary: Summary, inputs: &[InputReport]) -> io::Result<()> {
        self.write()?;
        let head = Head::new(inputs, summary.partial);
        let summary = self.examples.number(summary);
        let mut line = text(&Closing::new(head, model::Summary::new(&summary, inputs)))?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }
}

/// Writes all of `parts` as if they were one, without a copy that joins them.
fn write_at_once(out: &mut dyn Write, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
    let mut left = parts;
    while !left.is_empty() {
        match out.write_vectored(left) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn text(value: &impl Serialize) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(value)?)
}
