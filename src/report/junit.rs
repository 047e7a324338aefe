//! JUnit XML, for test runners: a suite for each input, a case for each session.
//!
//! In: sessions in any order, each as its case. Out: the suites, in order of input and session. A
//! session fails if a finding in it reaches the threshold; other findings are its output.

use super::human::count;
use super::lines::{Lines, NUMBER, numbered};
use super::paint::Paint;
use super::render::Note;
use super::sheet::Text;
use super::snippet::{self, Snippets};
use super::spool::Spool;
use super::status::Threshold;
use super::summary::Summary;
use super::view::View;
use super::{Entry, InputReport, Options, Writer};
use crate::escape::printable;
use crate::place::Slot;
use crate::rules::Finding;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Columns of the findings' text.
const WIDTH: u16 = 100;

/// Appends the case of a session. Returns whether it fails.
pub(super) fn session(out: &mut String, entry: &Entry<'_>, options: &Options) -> bool {
    let view = View::new(entry, &options.inputs);
    let session = entry.session;
    let peers = session.opening.peers;
    let peers =
        peers.map_or_else(String::new, |peers| format!(" {} > {}", peers.client, peers.server));
    out.push_str("<testcase name=\"session ");
    out.push(NUMBER);
    push(out, &peers);
    out.push_str("\" classname=\"");
    push(out, view.input);
    if let Some(lapse) = session.duration() {
        let micros = lapse.micros();
        put!(out, "\" time=\"{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    }
    out.push('"');
    let reaches = |one: &&Finding| options.lint.fail_on.is_reached(one.rule.severity);
    let (failures, others): (Vec<&Finding>, Vec<&Finding>) =
        entry.findings.iter().partition(reaches);
    if entry.findings.is_empty() {
        out.push_str("/>\n");
        return false;
    }
    out.push_str(">\n");
    let snippets = Snippets::new(&view, Some(WIDTH), Paint::default());
    let blocks = |findings: &[&Finding]| {
        let mut text = String::new();
        for finding in findings {
            snippets.push(&mut text, finding);
            text.push('\n');
        }
        text
    };
    if let Some(worst) = failures.iter().map(|one| one.rule.severity).min() {
        let mut rules: Vec<&str> = failures.iter().map(|one| one.rule.id).collect();
        rules.sort_unstable();
        rules.dedup();
        let found = count(failures.len() as u64, "finding");
        out.push_str("<failure message=\"");
        push(out, &format!("{found}: {}", rules.join(", ")));
        put!(out, "\" type=\"{}\">", worst.name());
        push(out, &blocks(&failures));
        out.push_str("</failure>\n");
    }
    if !others.is_empty() {
        out.push_str("<system-out>");
        push(out, &blocks(&others));
        out.push_str("</system-out>\n");
    }
    out.push_str("</testcase>\n");
    !failures.is_empty()
}

/// Appends `text`, which is printable, as it stands between tags or in quotes.
fn push(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 §2.2 has no such letters, in no form.
            '\u{fffe}' | '\u{ffff}' => out.push_str(&letter.escape_unicode().to_string()),
            letter => out.push(letter),
        }
    }
}

/// Writes suites when all cases are there.
pub(super) struct Suites {
    out: Box<dyn Write>,
    spool: Spool<u64>,
    /// Cases and failures by index of the input.
    counts: BTreeMap<u32, (u64, u64)>,
    fail_on: Threshold,
}

impl Suites {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        let spool = Spool::new(options.limits.spool_bytes);
        Self { out, spool, counts: BTreeMap::new(), fail_on: options.lint.fail_on }
    }
}

impl Writer for Suites {
    fn session(&mut self, id: u64, slot: Slot, text: Text, note: Note) -> io::Result<()> {
        let (cases, failures) = self.counts.entry(slot.input).or_default();
        *cases += 1;
        *failures += u64::from(note.is_failure);
        // Sessions in order of number are in order of input.
        let input = format!("{NUMBER}{}\n", slot.input);
        self.spool.push(id, &[input.as_bytes(), &numbered(text.bytes(), id)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: Summary, inputs: &[InputReport]) -> io::Result<()> {
        let (out, counts) = (&mut self.out, &self.counts);
        let errors = inputs.iter().filter(|input| input.failed).count() as u64;
        let fail_on = self.fail_on;
        let wholes = inputs.iter().map(|input| whole(input, fail_on));
        let wholes: Vec<(u64, u64)> = wholes.collect();
        let sum = |part: fn(&(u64, u64)) -> u64| -> u64 {
            counts.values().chain(&wholes).map(part).sum()
        };
        let (cases, failures) = (sum(|(cases, _)| *cases), sum(|(_, failures)| *failures));
        writeln!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" \
             failures=\"{failures}\" errors=\"{errors}\">",
            env!("CARGO_PKG_NAME"),
            cases + errors,
        )?;
        let mut suites = inputs.iter().zip(0..);
        let mut open: Option<(&InputReport, u32)> = None;
        let mut lines = Lines::new(|line: &[u8]| {
            let Some(number) = line.strip_prefix(&[NUMBER as u8]) else {
                out.write_all(line)?;
                return out.write_all(b"\n");
            };
            let number = str::from_utf8(number).ok().and_then(|number| number.parse().ok());
            while open.is_none_or(|(_, index)| Some(index) < number) {
                let Some(next) = suites.next() else { break };
                if let Some((input, _)) = open.replace(next) {
                    close(out, input, fail_on)?;
                }
                begin(out, next, counts, fail_on)?;
            }
            Ok(())
        });
        self.spool.write(&mut lines, |_, _| b"")?;
        drop(lines);
        for next in suites {
            if let Some((input, _)) = open.replace(next) {
                close(&mut self.out, input, fail_on)?;
            }
            begin(&mut self.out, next, counts, fail_on)?;
        }
        if let Some((input, _)) = open {
            close(&mut self.out, input, fail_on)?;
        }
        self.out.write_all(b"</testsuites>\n")?;
        self.out.flush()
    }
}

/// Cases and failures of an input as a whole: one, if something is found of it.
fn whole(input: &InputReport, fail_on: Threshold) -> (u64, u64) {
    let reaches = |one: &Finding| fail_on.is_reached(one.rule.severity);
    (u64::from(!input.findings.is_empty()), u64::from(input.findings.iter().any(reaches)))
}

/// Begins the suite of an input.
fn begin(
    out: &mut Box<dyn Write>,
    (input, index): (&InputReport, u32),
    counts: &BTreeMap<u32, (u64, u64)>,
    fail_on: Threshold,
) -> io::Result<()> {
    let (cases, failures) = counts.get(&index).copied().unwrap_or_default();
    let (case, failure) = whole(input, fail_on);
    let (cases, failures) = (cases + case, failures + failure);
    let errors = u64::from(input.failed);
    let mut text = String::from("<testsuite name=\"");
    push(&mut text, &printable(input.path.as_bytes()));
    put!(
        text,
        "\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\">\n",
        cases + errors
    );
    out.write_all(text.as_bytes())
}

/// Ends the suite of an input, with what is wrong with it.
fn close(out: &mut Box<dyn Write>, input: &InputReport, fail_on: Threshold) -> io::Result<()> {
    let problems: Vec<String> =
        input.problems.iter().map(|problem| printable(problem.as_bytes())).collect();
    let mut text = String::new();
    if !input.findings.is_empty() {
        text.push_str("<testcase name=\"the input as a whole\" classname=\"");
        push(&mut text, &printable(input.path.as_bytes()));
        text.push_str("\">\n");
        let mut blocks = String::new();
        for finding in &input.findings {
            snippet::of_input(&mut blocks, input, finding, Paint::default());
            blocks.push('\n');
        }
        let (_, failures) = whole(input, fail_on);
        let tag = if failures > 0 { "failure" } else { "system-out" };
        put!(text, "<{tag}>");
        push(&mut text, &blocks);
        put!(text, "</{tag}>\n</testcase>\n");
    }
    if input.failed {
        text.push_str("<testcase name=\"all of the input can be read\" classname=\"");
        push(&mut text, &printable(input.path.as_bytes()));
        text.push_str("\"><error message=\"");
        push(&mut text, &problems.join("; "));
        text.push_str("\"/></testcase>\n");
    } else if !problems.is_empty() {
        text.push_str("<system-err>");
        push(&mut text, &problems.join("\n"));
        text.push_str("</system-err>\n");
    }
    text.push_str("</testsuite>\n");
    out.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        let mut out = String::new();
        push(&mut out, "a]]></failure>\"'&\u{ffff}");
        assert_eq!(out, "a]]&gt;&lt;/failure&gt;&quot;'&amp;\\u{ffff}");
    }
}
