//! Rows for a spreadsheet: findings, or commands with their replies (RFC 4180).
//!
//! In: sessions in any order. Out: a header and rows, in order of session. No cell is taken for
//! a formula.

use super::lines::{NUMBER, numbered};
use super::names;
use super::render::Note;
use super::sheet::Text;
use super::snippet::Place;
use super::spool::Spool;
use super::summary::Summary;
use super::view::{View, shown_column};
use super::{Entry, InputReport, Options, Writer, about_inputs};
use crate::dialog::session::{Exchange, Mark, Reply};
use crate::escape::printable;
use crate::place::Slot;
use crate::rules::Finding;
use crate::time::Lapse;
use crate::timing::Walk;
use std::io::{self, Write};

/// With `--check`: a row for each finding.
const FINDINGS: &str = "session,input,client,server,frame,line_no,time,rule,severity,confidence,\
    category,party,violates_abnf,message,rfc,help,exchange,evidence,column,end_column\r\n";

/// Without: a row for the greeting, each command with its reply, and each reply to none.
const EXCHANGES: &str = "session,input,client,server,protocol,helo,exchange,verb,command,frame,\
    line_no,time,code,enhanced,reply,reply_frame,reply_line_no,reply_time,latency_us,pipelined,\
    end,findings,server_us,client_us,network_us\r\n";

/// What stands for the command that an unsolicited reply does not have.
const UNSOLICITED: &str = "unsolicited";

/// Appends the rows of a session.
pub(super) fn session(out: &mut String, entry: &Entry<'_>, options: &Options) {
    let view = View::new(entry, &options.inputs);
    if options.lint.check { findings(out, entry, &view) } else { exchanges(out, entry, &view) }
}

fn findings(out: &mut String, entry: &Entry<'_>, view: &View<'_>) {
    for finding in entry.findings {
        let place = Place::of(view, finding);
        let rule = finding.rule;
        let column = |at: usize| shown_column(&finding.evidence, at).to_string();
        let mut row = Row::new(out, view, place.path);
        row.cell(&some(place.frame));
        row.cell(&some(place.line_no));
        row.cell(&time(view, finding.mark));
        row.cell(rule.id);
        row.cell(rule.severity.name());
        row.cell(finding.confidence.name());
        row.cell(rule.category.name());
        row.cell(finding.party.name());
        row.cell(if finding.violates_abnf { "true" } else { "false" });
        row.cell(&printable(finding.message.as_bytes()));
        row.cell(rule.rfc.unwrap_or_default());
        row.cell(rule.help);
        row.cell(&some(finding.exchange));
        row.cell(&printable(&finding.evidence));
        row.cell(&finding.range.as_ref().map_or_else(String::new, |range| column(range.start)));
        row.cell(&finding.range.as_ref().map_or_else(String::new, |range| column(range.end)));
        row.end();
    }
}

fn exchanges(out: &mut String, entry: &Entry<'_>, view: &View<'_>) {
    let session = entry.session;
    let helo = session.helo.map_or_else(String::new, |name| printable(session.bytes(name)));
    let mut walk = Walk::new(session);
    let mut row = |exchange: Option<u32>, verb: &str, reply: Option<&Reply>| {
        let one = exchange.and_then(|index| session.exchanges.get(index as usize));
        let asked = one.map(|one| one.asked);
        let place = asked.or(reply.map(|reply| reply.begun)).unwrap_or_default();
        let path = view.place(place).input.unwrap_or(view.input);
        let mut row = Row::new(out, view, path);
        row.cell(names::protocol(session.protocol));
        row.cell(&helo);
        row.cell(&some(exchange));
        row.cell(verb);
        row.cell(&one.map_or_else(String::new, |one| printable(session.bytes(one.line))));
        row.mark(asked);
        row.cell(&some(reply.and_then(|reply| reply.code)));
        row.cell(&printable(reply.and_then(|reply| view.enhanced(reply)).unwrap_or_default()));
        row.cell(&reply.map_or_else(String::new, |reply| {
            let lines: Vec<String> = view.lines(reply).map(printable).collect();
            lines.join(" / ")
        }));
        row.mark(reply.map(|reply| reply.begun));
        row.cell(&some(one.and_then(Exchange::latency).map(Lapse::micros)));
        row.cell(one.map_or("", |one| if one.pipelined { "true" } else { "false" }));
        row.cell(session.end.name());
        let is_own = |one: &&Finding| one.exchange == exchange && verb != UNSOLICITED;
        let found = entry.findings.iter().filter(is_own);
        let found: Vec<&str> = found.map(|found| found.rule.id).collect();
        row.cell(&found.join(" "));
        let times = one.map(|one| walk.step(one)).unwrap_or_default();
        for lapse in [times.server, times.client, times.network] {
            row.cell(&some(lapse.map(Lapse::micros)));
        }
        row.end();
    };
    // Every session has a row, and what is found of it as a whole stands in its first.
    let greeting = session.greeting.as_ref();
    row(None, if greeting.is_some() { "greeting" } else { "" }, greeting);
    for (index, exchange) in (0..).zip(&session.exchanges) {
        row(Some(index), exchange.request.name(), exchange.reply.as_ref());
    }
    for one in &session.unsolicited {
        row(None, UNSOLICITED, Some(&one.reply));
    }
}

/// A row that is written.
struct Row<'a> {
    out: &'a mut String,
    view: &'a View<'a>,
}

impl<'a> Row<'a> {
    /// The cells that all rows begin with.
    fn new(out: &'a mut String, view: &'a View<'a>, path: &str) -> Self {
        out.push(NUMBER);
        let peers = view.session.opening.peers;
        let mut row = Self { out, view };
        row.cell(path);
        row.cell(&some(peers.map(|peers| peers.client)));
        row.cell(&some(peers.map(|peers| peers.server)));
        row
    }

    fn mark(&mut self, mark: Option<Mark>) {
        let place = mark.map(|mark| self.view.place(mark)).unwrap_or_default();
        self.cell(&some(place.frame));
        self.cell(&some(place.line_no));
        self.cell(&mark.map_or_else(String::new, |mark| time(self.view, mark)));
    }

    fn cell(&mut self, text: &str) {
        self.out.push(',');
        cell(self.out, text);
    }

    fn end(self) {
        self.out.push_str("\r\n");
    }
}

/// Appends the row of a finding about an input as a whole: it has no session, and no line.
fn of_input(out: &mut String, input: &InputReport, finding: &Finding) {
    let rule = finding.rule;
    let (frame, line_no) = input.place(finding);
    let cells = [
        printable(input.path.as_bytes()),
        String::new(),
        String::new(),
        some(frame),
        some(line_no),
        String::new(),
        rule.id.to_owned(),
        rule.severity.name().to_owned(),
        finding.confidence.name().to_owned(),
        rule.category.name().to_owned(),
        finding.party.name().to_owned(),
        finding.violates_abnf.to_string(),
        printable(finding.message.as_bytes()),
        rule.rfc.unwrap_or_default().to_owned(),
        rule.help.to_owned(),
    ];
    // The first, and the four last: session, exchange, evidence and its columns.
    for text in cells {
        out.push(',');
        cell(out, &text);
    }
    out.push_str(",,,,\r\n");
}

/// Appends a cell, which is printable text: no control character is in it.
fn cell(out: &mut String, text: &str) {
    // What a spreadsheet would calculate; an apostrophe makes it text.
    let is_formula = text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    let is_quoted =
        is_formula || text.contains(['"', ',', ';', '\r', '\n']) || text.starts_with(' ');
    if !is_quoted {
        out.push_str(text);
        return;
    }
    out.push('"');
    if is_formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

/// A value, or an empty cell.
fn some(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn time(view: &View<'_>, mark: Mark) -> String {
    let opening = &view.session.opening;
    opening.dated(mark.at).map_or_else(String::new, |at| at.rfc3339(opening.digits))
}

/// Writes rows when all are there.
pub(super) struct Rows {
    out: Box<dyn Write>,
    spool: Spool<u64>,
    header: &'static str,
    is_check: bool,
}

impl Rows {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        let header = if options.lint.check { FINDINGS } else { EXCHANGES };
        let is_check = options.lint.check;
        Self { out, spool: Spool::new(options.limits.spool_bytes), header, is_check }
    }
}

impl Writer for Rows {
    fn session(&mut self, id: u64, _: Slot, text: Text, _: Note) -> io::Result<()> {
        if text.bytes().is_empty() {
            return Ok(());
        }
        self.spool.push(id, &[&numbered(text.bytes(), id)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: Summary, inputs: &[InputReport]) -> io::Result<()> {
        self.out.write_all(self.header.as_bytes())?;
        let mut text = String::new();
        for (input, finding) in about_inputs(inputs).filter(|_| self.is_check) {
            of_input(&mut text, input, finding);
        }
        self.out.write_all(text.as_bytes())?;
        self.spool.write(&mut self.out, |_, _| b"")?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_breaks_out() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(1)", "\"'@SUM(1)\""),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("250 = fine", "250 = fine"),
        ] {
            let mut out = String::new();
            cell(&mut out, text);
            assert_eq!(out, expected);
        }
    }
}
