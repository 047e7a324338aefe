//! The main job: inputs in, report out.
//!
//! Joins the [`pipeline`], which makes sessions, with the
//! [`report`], which makes words of them.

use crate::escape::printable;
use crate::pipeline::{self, Audited, Done, Facts, Outcome, Overflow, Source, Transcript, Work};
use crate::place::Places;
use crate::report::diff::Tally;
use crate::report::filter::Filter;
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
    /// Which sessions are reported.
    pub filter: Arc<Filter>,
    /// JSON lists the events of each session, too.
    pub events: bool,
}

/// What a job has come to.
#[derive(Debug, Default)]
pub struct Ran {
    /// What was read of each input.
    pub facts: Vec<Facts>,
    /// The exit status.
    pub status: u8,
    /// Sessions that are reported, and all of the inputs.
    pub sessions: (u64, u64),
}

/// What was made of a session.
enum Piece {
    /// What a renderer has made of it.
    Written(Text, Note),
    /// Nothing yet: only its number will tell whether it is to be reported.
    Kept(Box<(Audited, Places)>),
    /// Nobody asked for it.
    Left,
}

/// Makes words of sessions.
struct Words {
    renderer: Renderer,
    filter: Arc<Filter>,
}

impl Work for Words {
    type Made = Piece;

    fn session(&mut self, audited: Audited, places: &Places) -> Piece {
        if !self.filter.takes(&audited.session) {
            return Piece::Left;
        }
        if self.filter.numbers.is_some() {
            return Piece::Kept(Box::new((audited, places.clone())));
        }
        let (text, note) = self.renderer.session(&entry(&audited, places));
        Piece::Written(text, note)
    }

    fn sessions(
        &mut self,
        audited: &mut Vec<Audited>,
        places: &Places,
        made: &mut dyn FnMut(Piece),
    ) {
        let is_each = |one: &Audited| self.filter.takes(&one.session);
        if self.filter.numbers.is_some() || !audited.iter().all(is_each) {
            audited.drain(..).for_each(|one| made(self.session(one, places)));
            return;
        }
        let entries = audited.iter().map(|one| entry(one, places));
        self.renderer.sessions(entries, &mut |text, note| made(Piece::Written(text, note)));
    }

    fn seal<'a>(&mut self, made: impl Iterator<Item = &'a mut Piece>) {
        self.renderer.seal(made.filter_map(|piece| match piece {
            Piece::Written(text, _) => Some(text),
            Piece::Kept(_) | Piece::Left => None,
        }));
    }
}

fn entry<'a>(audited: &'a Audited, places: &'a Places) -> Entry<'a> {
    Entry {
        session: &audited.session,
        slot: audited.slot,
        places,
        findings: &audited.findings,
        not_judged: &audited.not_judged,
        transcript: audited.transcript.as_deref(),
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
    let Job { run: mut options, format, width, timestamps, lint, filter, events } = job;
    let paths: Vec<String> = sources.iter().map(|source| source.path().to_owned()).collect();
    let (limits, stop) = (options.settings.limits, Arc::clone(&options.stop));
    let form = report::Options { lint, events, ..report::Options::new(width, limits, &paths) };
    let form = Arc::new(form);
    let writer = RefCell::new(report::writer(format, out, &form));
    options.transcript = writer
        .borrow()
        .overflow()
        .map(|overflow| Transcript { timestamps, overflow: Overflow(overflow) });
    // What cannot be passed on is said when more is written.
    let mut pause = || drop(writer.borrow_mut().flush());
    let mut written = Ok(());
    let mut renderer = Renderer::new(format, &form);
    let mut others = 0;
    let mut deliver = |done: Done<Piece>| {
        let Done { id, slot, made } = done;
        let (text, note) = match made {
            Piece::Written(text, note) => (text, note),
            Piece::Kept(kept) if filter.has_number(id) => {
                let (mut text, note) = renderer.session(&entry(&kept.0, &kept.1));
                renderer.seal(std::iter::once(&mut text));
                (text, note)
            }
            Piece::Kept(_) | Piece::Left => {
                others += 1;
                return ControlFlow::Continue(());
            }
        };
        written = writer.borrow_mut().session(id, slot, text, note);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let (shared, wanted) = (Arc::clone(&form), Arc::clone(&filter));
    let work = Arc::new(move || Words {
        renderer: Renderer::new(format, &shared),
        filter: Arc::clone(&wanted),
    });
    let Outcome { facts, workers } =
        pipeline::run(&options, sources, work, &mut deliver, &mut pause);
    read();
    written?;
    let mut summary = renderer.finish();
    for worker in workers {
        summary.merge(worker.renderer.finish());
    }
    summary.others = others;
    let sessions = (summary.sessions, summary.all_sessions());
    let inputs: Vec<InputReport> =
        paths.iter().zip(&facts).map(|(path, facts)| input(path, facts)).collect();
    for input in &inputs {
        summary.add_findings(&input.findings);
    }
    summary.partial = stop.load(Ordering::Relaxed);
    let failed = inputs.iter().any(|input| input.failed);
    let status = lint.status(summary.severities, failed, summary.partial);
    writer.into_inner().finish(summary, &inputs)?;
    Ok(Ran { facts, status, sessions })
}

/// Counts sessions.
struct Counting(Tally);

impl Work for Counting {
    type Made = ();

    fn session(&mut self, audited: Audited, places: &Places) {
        self.0.add(&entry(&audited, places));
    }
}

/// Reads `sources` and counts what is compared with another run.
#[must_use]
pub fn tally(options: &pipeline::Options, sources: Vec<Source>) -> (Tally, Vec<Facts>) {
    let limits = options.settings.limits;
    let paths: Vec<String> = sources.iter().map(|source| source.path().to_owned()).collect();
    let work = Arc::new(move || Counting(Tally::new(&limits)));
    let mut deliver = |_| ControlFlow::Continue(());
    let Outcome { facts, workers } =
        pipeline::run(options, sources, work, &mut deliver, &mut || {});
    let mut all = Tally::new(&limits);
    for worker in workers {
        all.merge(worker.0);
    }
    for (index, (path, facts)) in (0..).zip(paths.iter().zip(&facts)) {
        all.add_input(index, &input(path, facts));
    }
    (all, facts)
}

fn input(path: &str, facts: &Facts) -> InputReport {
    let mut problems = facts.troubles.lines();
    problems.extend(facts.error.iter().map(|error| error.reason()));
    InputReport {
        path: printable(path.as_bytes()),
        kind: facts.kind,
        dialect: facts.dialect,
        sureness: facts.sureness,
        bytes: facts.bytes,
        packets: facts.packets,
        sessions: facts.sessions,
        problems,
        findings: facts.findings.clone(),
        failed: facts.error.is_some() || facts.troubles.hides_the_rest(),
    }
}
