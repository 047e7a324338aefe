//! The main job: inputs in, report out.
//!
//! Joins the [`pipeline`], which makes sessions, with the
//! [`report`], which makes words of them.

use crate::escape::printable;
use crate::pipeline::{self, Audited, Done, Facts, Outcome, Overflow, Source, Transcript, Work};
use crate::place::Places;
use crate::report::{self, Entry, Format, InputReport, Lint, Note, Renderer, Text};
use std::cell::RefCell;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is to be reported, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// How the inputs are to be read.
    pub run: pipeline::Options,
    /// The form of the report.
    pub format: Format,
    /// Columns of the terminal; `None` gives the plain form for files and pipes.
    pub width: Option<u16>,
    /// Transcripts have a column of times.
    pub timestamps: bool,
    /// What `--check` asks for.
    pub lint: Lint,
}

/// What a job has come to.
#[derive(Debug, Default)]
pub struct Ran {
    /// What was read of each input.
    pub facts: Vec<Facts>,
    /// The exit status.
    pub status: u8,
}

/// What a renderer has made of a session.
struct Piece {
    text: Text,
    note: Note,
}

/// Makes words of sessions.
struct Words(Renderer);

impl Work for Words {
    type Made = Piece;

    fn session(&mut self, audited: Audited, places: &Places) -> Piece {
        let entry = Entry {
            session: &audited.session,
            slot: audited.slot,
            places,
            findings: &audited.findings,
            not_judged: &audited.not_judged,
            transcript: audited.transcript.as_deref(),
        };
        let (text, note) = self.0.session(&entry);
        Piece { text, note }
    }

    fn seal<'a>(&mut self, made: impl Iterator<Item = &'a mut Piece>) {
        self.0.seal(made.map(|piece| &mut piece.text));
    }
}

/// Reads `sources` and writes the report to `out`. Calls `read` when all is read, before what is
/// written only then. An error is one of `out`.
pub fn run(
    job: Job,
    sources: Vec<Source>,
    read: &mut dyn FnMut(),
    out: Box<dyn Write>,
) -> io::Result<Ran> {
    let Job { run: mut options, format, width, timestamps, lint } = job;
    let paths: Vec<String> = sources.iter().map(|source| source.path().to_owned()).collect();
    let (limits, stop) = (options.settings.limits, Arc::clone(&options.stop));
    let form = report::Options { lint, ..report::Options::new(width, limits, &paths) };
    let form = Arc::new(form);
    let writer = RefCell::new(report::writer(format, out, &form));
    options.transcript = writer
        .borrow()
        .overflow()
        .map(|overflow| Transcript { timestamps, overflow: Overflow(overflow) });
    // What cannot be passed on is said when more is written.
    let mut pause = || drop(writer.borrow_mut().flush());
    let mut written = Ok(());
    let mut deliver = |done: Done<Piece>| {
        let Done { id, slot, made: Piece { text, note } } = done;
        written = writer.borrow_mut().session(id, slot, text, note);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let shared = Arc::clone(&form);
    let work = Arc::new(move || Words(Renderer::new(format, &shared)));
    let Outcome { facts, workers } =
        pipeline::run(&options, sources, work, &mut deliver, &mut pause);
    read();
    written?;
    let mut summary = Renderer::new(format, &form).finish();
    for worker in workers {
        summary.merge(&worker.0.finish());
    }
    let inputs: Vec<InputReport> =
        paths.iter().zip(&facts).map(|(path, facts)| input(path, facts)).collect();
    for input in &inputs {
        summary.add_findings(&input.findings);
    }
    summary.partial = stop.load(Ordering::Relaxed);
    let failed = inputs.iter().any(|input| input.failed);
    let status = lint.status(summary.severities, failed, summary.partial);
    writer.into_inner().finish(summary, &inputs)?;
    Ok(Ran { facts, status })
}

fn input(path: &str, facts: &Facts) -> InputReport {
    let mut problems = facts.troubles.lines();
    problems.extend(facts.error.iter().map(|error| error.reason()));
    InputReport {
        path: printable(path.as_bytes()),
        kind: facts.kind,
        dialect: facts.dialect,
        bytes: facts.bytes,
        packets: facts.packets,
        sessions: facts.sessions,
        problems,
        findings: facts.findings.clone(),
        failed: facts.error.is_some() || facts.troubles.hides_the_rest(),
    }
}
