//! The report as JSON: one object, or one object a line.
//!
//! In: sessions in any order. Out: contract.md's `json` (sessions by number) and `ndjson`
//! (sessions as they come). No more than one session is held, whatever their number.

use super::model::{self, Closing, Head};
use super::spool::Spool;
use super::summary::Summary;
use super::{Entry, InputReport, Options, Writer};
use serde::Serialize;
use std::io::{self, Write};

/// One object; sessions are kept as text until all are there.
pub(super) struct Json {
    out: Box<dyn Write>,
    spool: Spool<u64>,
    summary: Summary,
    inputs: Vec<String>,
}

/// One object a line, each session as it comes.
pub(super) struct Ndjson {
    out: Box<dyn Write>,
    summary: Summary,
    inputs: Vec<String>,
}

impl Json {
    pub(super) fn new(out: Box<dyn Write>, options: Options) -> Self {
        let spool = Spool::new(options.limits.spool_bytes);
        let summary = Summary::new(&options.limits);
        Self { out, spool, summary, inputs: options.inputs }
    }
}

impl Ndjson {
    pub(super) fn new(out: Box<dyn Write>, options: Options) -> Self {
        let summary = Summary::new(&options.limits);
        Self { out, summary, inputs: options.inputs }
    }
}

impl Writer for Json {
    fn session(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.summary.add(entry.session, entry.findings, entry.not_judged);
        let model = model::Session::new(entry, &self.inputs);
        self.spool.push(entry.session.id, &text(&model)?)
    }

    /// Puts the object together from its parts, as the sessions are text already.
    fn finish(mut self: Box<Self>, inputs: &[InputReport]) -> io::Result<()> {
        let head = text(&Head::new(inputs))?;
        self.out.write_all(head.strip_suffix(b"}").unwrap_or(&head))?;
        self.out.write_all(b",\n\"sessions\":[\n")?;
        self.spool.write(&mut self.out, |_, _| b",\n")?;
        self.out.write_all(b"\n],\n\"summary\":")?;
        self.out.write_all(&text(&model::Summary::new(&self.summary, &self.inputs))?)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

impl Writer for Ndjson {
    fn session(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.summary.add(entry.session, entry.findings, entry.not_judged);
        let model = model::Session::new(entry, &self.inputs);
        line(&mut self.out, &model)
    }

    fn finish(mut self: Box<Self>, inputs: &[InputReport]) -> io::Result<()> {
        let summary = model::Summary::new(&self.summary, &self.inputs);
        line(&mut self.out, &Closing::new(Head::new(inputs), summary))?;
        self.out.flush()
    }
}

fn text(value: &impl Serialize) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(value)?)
}

/// Writes `value` as a line, at once, so that readers of a pipe never see half of one.
fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut text = text(value)?;
    text.push(b'\n');
    out.write_all(&text)
}
