//! A report to paste into an issue.
//!
//! In: sessions in any order. Out: Markdown as GitHub and GitLab read it: a verdict, tables, and
//! the findings of each session, folded. What a peer said stands in code, so that it is neither
//! a link nor a mention. A bounded number of sessions is shown.

use super::human::{count, number, size};
use super::lines::numbered;
use super::lint::{found, not_judged};
use super::paint::Paint;
use super::render::Note;
use super::row::{COLUMNS, Rank};
use super::sheet::Text;
use super::snippet::Snippets;
use super::summary::{RuleCount, Severities, Summary};
use super::view::View;
use super::{Entry, InputReport, Options, Writer};
use crate::escape::printable;
use crate::limits::Limits;
use crate::place::Slot;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Columns of the findings' text: what a page shows without scrolling.
const WIDTH: u16 = 100;

/// Findings of a session that are shown.
const SHOWN: usize = 20;

/// Appends the findings of a session.
pub(super) fn session(out: &mut String, entry: &Entry<'_>, options: &Options) {
    if entry.findings.is_empty() {
        return;
    }
    let view = View::new(entry, &options.inputs);
    let snippets = Snippets::new(&view, Some(WIDTH), Paint::default());
    let mut blocks = String::new();
    let mut severities = Severities::default();
    for (shown, finding) in entry.findings.iter().enumerate() {
        severities.add(finding.rule.severity);
        if shown < SHOWN {
            snippets.push(&mut blocks, finding);
            blocks.push('\n');
        }
    }
    if let Some(hidden) = entry.findings.len().checked_sub(SHOWN).filter(|&hidden| hidden > 0) {
        put!(blocks, "{} not shown\n", count(hidden as u64, "more finding"));
    }
    let peers = entry.session.opening.peers;
    let peers =
        peers.map_or_else(String::new, |peers| format!(", {} > {}", peers.client, peers.server));
    // No markup is read between these tags.
    put!(
        out,
        "<details><summary>Session {} in <code>{}</code>: {}</summary>\n\n",
        super::lines::NUMBER,
        html(&format!("{}{peers}", view.input)),
        found(severities)
    );
    let fence = "`".repeat(longest_run(&blocks).max(2) + 1);
    put!(out, "{fence}text\n{}\n{fence}\n\n</details>\n\n", blocks.trim_end());
}

/// Writes all when it is there.
pub(super) struct Page {
    out: Box<dyn Write>,
    limits: Limits,
    check: bool,
    /// The sessions to show in a table: those with trouble first, then the lowest numbers.
    rows: BTreeMap<(Rank, u64), [String; COLUMNS.len()]>,
    /// The findings of the first sessions that have some.
    details: BTreeMap<u64, Vec<u8>>,
}

impl Page {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        Self {
            out,
            limits: options.limits,
            check: options.lint.check,
            rows: BTreeMap::new(),
            details: BTreeMap::new(),
        }
    }
}

impl Writer for Page {
    fn session(&mut self, id: u64, _: Slot, text: Text, note: Note) -> io::Result<()> {
        if let Some((rank, mut row)) = note.row.map(|row| *row) {
            if let Some(number) = row.first_mut() {
                *number = id.to_string();
            }
            self.rows.insert((rank, id), row);
            if self.rows.len() > self.limits.table_rows {
                self.rows.pop_last();
            }
        }
        let is_full = self.details.len() >= self.limits.table_rows;
        let is_late = is_full && self.details.last_key_value().is_none_or(|(last, _)| *last < id);
        if !text.bytes().is_empty() && !is_late {
            self.details.insert(id, numbered(text.bytes(), id));
            if is_full {
                self.details.pop_last();
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: Summary, inputs: &[InputReport]) -> io::Result<()> {
        let mut text = verdict(&summary, inputs);
        text.push_str(&self.inputs(inputs));
        if !self.check {
            text.push_str(&self.sessions(&summary));
        }
        text.push_str(&findings(&summary));
        self.out.write_all(text.as_bytes())?;
        for details in self.details.values() {
            self.out.write_all(details)?;
        }
        let hidden = summary.found_in.saturating_sub(self.details.len() as u64);
        if hidden > 0 {
            let hidden = count(hidden, "more session");
            writeln!(self.out, "{hidden} with findings not shown: `--format sarif` lists all.\n")?;
        }
        self.out.flush()
    }
}

impl Page {
    fn inputs(&self, inputs: &[InputReport]) -> String {
        let mut table = Table::new(&["input", "kind", "packets:", "size:", "sessions:"]);
        for input in inputs.iter().take(self.limits.table_rows) {
            table.row(&[
                code(&input.path),
                input.kind.unwrap_or("-").to_owned(),
                number(input.packets),
                size(input.bytes),
                number(input.sessions),
            ]);
        }
        let mut out = table.0 + "\n";
        for input in inputs.iter().take(self.limits.table_rows) {
            for problem in &input.problems {
                let problem = printable(problem.as_bytes());
                put!(out, "- {}: {}\n", code(&input.path), code(&problem));
            }
            for finding in &input.findings {
                let (severity, rule) = (finding.rule.severity.name(), finding.rule.id);
                let message = printable(finding.message.as_bytes());
                put!(out, "- {}: {severity} `{rule}`: {}\n", code(&input.path), code(&message));
            }
        }
        let hidden = inputs.len().saturating_sub(self.limits.table_rows);
        if hidden > 0 {
            put!(out, "\n{} not shown.\n", count(hidden as u64, "more input"));
        }
        out + "\n"
    }

    fn sessions(&self, summary: &Summary) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut rows: Vec<_> = self.rows.iter().map(|((_, id), row)| (*id, row)).collect();
        rows.sort_by_key(|(id, _)| *id);
        let heads = COLUMNS.map(|head| if head == "#" { "#:" } else { head });
        let mut table = Table::new(&heads);
        for (_, row) in rows {
            // Names of server and client may be what a peer says.
            let is_peers = |n: usize| n == 1 || n == 2;
            let cells = row.iter().enumerate();
            let cells = cells.map(|(n, cell)| if is_peers(n) { code(cell) } else { plain(cell) });
            let cells: Vec<String> = cells.collect();
            table.row(&cells);
        }
        let mut out = format!("### Sessions\n\n{}\n", table.0);
        let hidden = summary.sessions.saturating_sub(self.rows.len() as u64);
        if hidden > 0 {
            let hidden = count(hidden, "more session");
            put!(out, "{hidden} not shown: `--format ndjson` lists all.\n\n");
        }
        out
    }
}

fn verdict(summary: &Summary, inputs: &[InputReport]) -> String {
    let mut out = String::from("## SMTP audit\n\n");
    if summary.partial {
        out.push_str("The run was interrupted: this is not all. ");
    }
    let files = count(inputs.len() as u64, "input");
    let sessions = match summary.others {
        0 => count(summary.sessions, "session"),
        _ => format!(
            "{} (of {})",
            count(summary.sessions, "session"),
            number(summary.all_sessions())
        ),
    };
    if summary.found_in == 0 {
        put!(out, "Nothing found in {sessions}, {files}.\n");
    } else {
        put!(
            out,
            "Found **{}** in {} of {sessions}, {files}.\n",
            found(summary.severities),
            number(summary.found_in)
        );
    }
    if summary.not_judged > 0 {
        let rules = not_judged(summary).replace("--format json", "`--format json`");
        put!(out, "Not judged: {rules}.\n");
    }
    out + "\n"
}

fn findings(summary: &Summary) -> String {
    if summary.rules.is_empty() {
        return String::new();
    }
    let heads = ["severity", "rule", "times:", "fault", "what it says", "RFC"];
    let mut table = Table::new(&heads);
    let mut rules: Vec<&RuleCount> = summary.rules.values().collect();
    rules.sort_by_key(|count| (count.rule.severity, Reverse(count.times), count.rule.id));
    for count in rules {
        let rule = count.rule;
        table.row(&[
            rule.severity.name().to_owned(),
            code(rule.id),
            number(count.times),
            rule.party.name().to_owned(),
            plain(rule.title),
            rule.rfc.unwrap_or("-").to_owned(),
        ]);
    }
    format!("### Findings\n\n{}\n", table.0)
}

/// Rows below a head; a head that ends in a colon is of a column of numbers.
struct Table(String);

impl Table {
    fn new(heads: &[&str]) -> Self {
        let names: Vec<&str> = heads.iter().map(|head| head.trim_end_matches(':')).collect();
        let lines: Vec<&str> =
            heads.iter().map(|head| if head.ends_with(':') { "---:" } else { "---" }).collect();
        Self(format!("| {} |\n| {} |\n", names.join(" | "), lines.join(" | ")))
    }

    fn row(&mut self, cells: &[String]) {
        put!(self.0, "| {} |\n", cells.join(" | "));
    }
}

/// Printable text as code, also in a table.
fn code(text: &str) -> String {
    if text.is_empty() || text == "-" {
        return text.to_owned();
    }
    let ticks = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{ticks}{pad}{}{pad}{ticks}", text.replace('|', "\\|"))
}

/// Our own words, none of them markup.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\`*_<>[]|#&~".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// Printable text between tags.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Backticks in the longest run of them.
fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stays_code() {
        for (text, expected) in [
            ("a", "`a`"),
            ("a`b``c", "```a`b``c```"),
            ("`a", "`` `a ``"),
            ("a|b", "`a\\|b`"),
            ("", ""),
        ] {
            assert_eq!(code(text), expected);
        }
        assert_eq!(plain("<a> | b_c"), "\\<a\\> \\| b\\_c");
    }
}
