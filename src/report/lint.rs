//! Findings as a compiler shows them, and a verdict: what `--check` prints.
//!
//! In: the findings of sessions in any order. Out: a block for each, in order of session, and
//! what it all comes to.

use super::human::{count, number};
use super::lines::numbered;
use super::paint::{Ink, Paint};
use super::render::Note;
use super::sheet::Text;
use super::snippet::{self, Snippets};
use super::spool::Spool;
use super::status::{INTERRUPTED, Lint, TROUBLE};
use super::summary::{Severities, Summary};
use super::view::View;
use super::{Entry, InputReport, Options, Writer, about_inputs};
use crate::place::Slot;
use crate::rules::Severity;
use std::io::{self, Write};

/// Appends the findings of a session.
pub(super) fn session(out: &mut String, entry: &Entry<'_>, options: &Options) {
    let view = View::new(entry, &options.inputs);
    let snippets = Snippets::new(&view, options.width, Paint(options.lint.color));
    for finding in entry.findings {
        snippets.push(out, finding);
        out.push('\n');
    }
}

/// Writes findings when all are there.
pub(super) struct Blocks {
    out: Box<dyn Write>,
    spool: Spool<u64>,
    lint: Lint,
}

impl Blocks {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        Self { out, spool: Spool::new(options.limits.spool_bytes), lint: options.lint }
    }
}

impl Writer for Blocks {
    fn session(&mut self, id: u64, _: Slot, text: Text, _: Note) -> io::Result<()> {
        if text.bytes().is_empty() {
            return Ok(());
        }
        self.spool.push(id, &[&numbered(text.bytes(), id)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: Summary, inputs: &[InputReport]) -> io::Result<()> {
        self.spool.write(&mut self.out, |_, _| b"")?;
        let mut text = String::new();
        for (input, finding) in about_inputs(inputs) {
            snippet::of_input(&mut text, input, finding, Paint(self.lint.color));
            text.push('\n');
        }
        self.out.write_all(text.as_bytes())?;
        let status = self.lint.status(
            summary.severities,
            inputs.iter().any(|input| input.failed),
            summary.partial,
        );
        self.out.write_all(verdict(self.lint, &summary, inputs, status).as_bytes())?;
        self.out.flush()
    }
}

/// What it all comes to.
fn verdict(lint: Lint, summary: &Summary, inputs: &[InputReport], status: u8) -> String {
    let mut out = String::new();
    let found = found(summary.severities);
    let of_all = match summary.others {
        0 => String::new(),
        _ => format!(" (of {})", number(summary.all_sessions())),
    };
    let sessions = match summary.found_in {
        0 => format!("{}{of_all}", count(summary.sessions, "session")),
        some => format!("{} of {}{of_all}", number(some), count(summary.sessions, "session")),
    };
    let inputs = count(inputs.len() as u64, "input");
    let paint = Paint(lint.color);
    match worst(summary.severities) {
        Some(severity) => paint.put(&mut out, Ink::Severity(severity), &found),
        None => paint.put(&mut out, Ink::Bold, "nothing found"),
    }
    put!(out, " in {sessions}, {inputs}\n");
    if summary.not_judged > 0 {
        put!(out, "not judged: {}\n", not_judged(summary));
    }
    let threshold = lint.fail_on.name();
    let why = match status {
        0 if lint.fail_on == super::Threshold::Never => String::from("--fail-on never"),
        0 => format!("nothing reaches --fail-on {threshold}"),
        TROUBLE => String::from("not all of the inputs could be read"),
        INTERRUPTED => String::from("interrupted, so this is not all"),
        _ => format!("findings reach --fail-on {threshold}"),
    };
    put!(out, "exit status {status}: {why}\n");
    out
}

/// Findings by severity, those that there are.
pub(super) fn found(found: Severities) -> String {
    let counts = [(found.error, "error"), (found.warning, "warning"), (found.note, "note")];
    let counts = counts.into_iter().filter(|&(times, _)| times > 0);
    let counts: Vec<String> = counts.map(|(times, noun)| count(times, noun)).collect();
    counts.join(", ")
}

/// How many rules could not be judged, and in how many sessions.
pub(super) fn not_judged(summary: &Summary) -> String {
    format!(
        "{}, in {} of {} (--format json says which, and why)",
        count(summary.unjudged.len() as u64, "rule"),
        number(summary.not_judged),
        count(summary.sessions, "session"),
    )
}

/// The worst of what was found.
fn worst(found: Severities) -> Option<Severity> {
    let counts = [
        (found.error, Severity::Error),
        (found.warning, Severity::Warning),
        (found.note, Severity::Note),
    ];
    counts.into_iter().find(|&(times, _)| times > 0).map(|(_, severity)| severity)
}
