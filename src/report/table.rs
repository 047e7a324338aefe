//! The report for a person in a hurry: a verdict, then tables.
//!
//! In: sessions in any order. Out: text that fits the width. A bounded number of rows is held,
//! chosen so that neither order nor number of the sessions changes what is shown of them; what
//! is left out is counted, with the way to see it.

use super::grid::{Grid, wrap};
use super::human::{count, micros, number, size};
use super::render::Note;
use super::row::{COLUMNS, Rank, none, verb};
use super::sheet::Text;
use super::summary::{ErrorCount, ErrorKind, Examples, RuleCount, Summary, sessions};
use super::{InputReport, Options, Writer};
use crate::escape::printable;
use crate::limits::Limits;
use crate::place::Slot;
use crate::rules::Severity;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes tables at the end.
pub(super) struct Table {
    out: Box<dyn Write>,
    width: Option<u16>,
    limits: Limits,
    examples: Examples,
    /// The counts, once all are there.
    summary: Summary,
    /// The sessions to show: those with trouble first, then the lowest numbers.
    rows: BTreeMap<(Rank, u64), [String; COLUMNS.len()]>,
}

impl Table {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        Self {
            out,
            width: options.width,
            limits: options.limits,
            examples: Examples::default(),
            summary: Summary::new(&options.limits),
            rows: BTreeMap::new(),
        }
    }
}

impl Writer for Table {
    fn session(&mut self, id: u64, slot: Slot, _: Text, note: Note) -> io::Result<()> {
        self.examples.add(id, slot, &note);
        let Some((rank, mut row)) = note.row.map(|row| *row) else { return Ok(()) };
        if let Some(number) = row.first_mut() {
            *number = id.to_string();
        }
        self.rows.insert((rank, id), row);
        if self.rows.len() > self.limits.table_rows {
            self.rows.pop_last();
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: Summary, inputs: &[InputReport]) -> io::Result<()> {
        self.summary = self.examples.number(summary);
        let sections = [
            self.verdict(inputs),
            self.inputs(inputs),
            self.sessions(),
            self.errors(),
            self.extensions(),
            self.latency(),
            self.phases(),
            self.servers(),
            self.slowest(),
            self.findings(),
        ];
        let sections: Vec<String> = sections.into_iter().filter(|text| !text.is_empty()).collect();
        self.out.write_all(sections.join("\n").as_bytes())?;
        self.out.flush()
    }
}

impl Table {
    fn verdict(&self, inputs: &[InputReport]) -> String {
        let summary = &self.summary;
        if summary.sessions == 0 {
            return self.nothing(inputs);
        }
        let partial = if summary.partial { "interrupted, so far " } else { "" };
        let mut parts = vec![format!("{partial}{}", sessions(summary))];
        let mut messages = count(summary.messages, "message");
        if summary.messages > 0 {
            let known = summary.outcomes();
            let outcomes = ["accepted", "rejected", "aborted", "unknown", "not-kept"];
            let outcomes: Vec<String> = outcomes
                .iter()
                .filter_map(|name| Some((known.get(name)?, name)))
                .map(|(&times, name)| format!("{} {name}", number(times)))
                .collect();
            messages = format!("{messages} ({})", outcomes.join(", "));
        }
        parts.push(messages);
        parts.push(match summary.errors.values().map(|error| error.times).sum() {
            0 => String::from("no error replies"),
            1 => String::from("1 error reply"),
            times => format!("{} error replies", number(times)),
        });
        let severities = summary.severities;
        let found = [
            (severities.error, "error"),
            (severities.warning, "warning"),
            (severities.note, "note"),
        ];
        let found: Vec<String> = found
            .into_iter()
            .filter(|&(times, _)| times > 0)
            .map(|(times, noun)| count(times, noun))
            .collect();
        let mut text = parts.join(", ");
        if !found.is_empty() {
            text = format!("{text}; found {}", found.join(", "));
        }
        wrap(&text, self.width)
    }

    fn nothing(&self, inputs: &[InputReport]) -> String {
        let packets: u64 = inputs.iter().map(|input| input.packets).sum();
        let inputs = count(inputs.len() as u64, "input");
        let text = match packets {
            _ if self.summary.others > 0 => {
                format!("None of {} is such a session.", count(self.summary.others, "session"))
            }
            0 => format!("No SMTP session in {inputs}."),
            packets => format!(
                "No SMTP session in {inputs} ({}). Only TCP connections to the ports of SMTP are \
                 read: --ports names others, --any-port looks at all.",
                count(packets, "packet")
            ),
        };
        wrap(&text, self.width)
    }

    fn inputs(&self, inputs: &[InputReport]) -> String {
        let mut grid = Grid::new("Inputs", &["input", "kind", "packets", "size", "sessions"]);
        grid.right(&[2, 3, 4]);
        // What is wrong comes first if not all can be shown.
        let mut shown: Vec<(usize, &InputReport)> = inputs.iter().enumerate().collect();
        shown.sort_by_key(|(n, input)| (input.problems.is_empty(), *n));
        shown.truncate(self.limits.table_rows);
        shown.sort_by_key(|(n, _)| *n);
        for (_, input) in &shown {
            grid.row([
                printable(input.path.as_bytes()),
                match (input.kind, input.dialect) {
                    (Some(kind), Some(dialect)) => match input.sureness {
                        Some("likely") => format!("{kind} ({dialect}, likely)"),
                        Some("given") => format!("{kind} ({dialect}, as asked)"),
                        _ => format!("{kind} ({dialect})"),
                    },
                    (Some(kind), None) => kind.to_owned(),
                    (None, _) => none(),
                },
                if input.packets > 0 { number(input.packets) } else { none() },
                size(input.bytes),
                number(input.sessions),
            ]);
        }
        for (_, input) in &shown {
            for problem in &input.problems {
                let problem = format!("{}: {problem}", input.path);
                grid.note(&printable(problem.as_bytes()));
            }
            // The others say of a text what their titles say, or are among the problems.
            let is_capture = input.packets > 0;
            let findings = input.findings.iter().filter(|_| is_capture);
            for finding in findings.filter(|one| one.rule.severity == Severity::Note) {
                let finding = format!("{}: {}", input.path, finding.message);
                grid.note(&printable(finding.as_bytes()));
            }
        }
        grid.left_out(inputs.len().saturating_sub(shown.len()), "input");
        grid.finish(self.width)
    }

    fn sessions(&self) -> String {
        let mut grid = Grid::new("Sessions (mail and rcpt: accepted/offered)", &COLUMNS);
        grid.right(&[0, 3, 4, 6]);
        grid.solid(&[0, 3, 4, 6]);
        grid.least(5, 10);
        grid.least(7, 8);
        grid.least(8, 10);
        grid.drop_below(72, 5);
        grid.drop_below(60, 2);
        grid.drop_below(50, 7);
        let mut rows: Vec<_> = self.rows.iter().map(|((_, id), row)| (*id, row)).collect();
        rows.sort_by_key(|(id, _)| *id);
        for (_, row) in rows {
            grid.row(row.iter().cloned());
        }
        let hidden = self.summary.sessions.saturating_sub(self.rows.len() as u64);
        let shown = self.rows.keys().filter(|(rank, _)| *rank == Rank::Troubled).count();
        let trouble = match self.summary.troubled.saturating_sub(shown as u64) {
            0 => String::from("without errors"),
            times => format!("{} of them with errors", number(times)),
        };
        if hidden > 0 {
            let hidden = count(hidden, "more session");
            grid.note(&format!("{hidden}, {trouble}, not shown: --format ndjson lists all"));
        }
        grid.finish(self.width)
    }

    fn errors(&self) -> String {
        let mut grid = Grid::new("Errors", &["code", "command", "count", "example", "text"]);
        grid.right(&[2]);
        grid.solid(&[0, 1, 2, 3]);
        let mut errors: Vec<(&ErrorKind, &ErrorCount)> = self.summary.errors.iter().collect();
        errors.sort_by_key(|(kind, count)| (Reverse(count.times), **kind));
        for (kind, count) in errors.iter().take(self.limits.table_rows) {
            let example = &count.example;
            let place = match (example.frame, example.line_no) {
                (Some(frame), _) => format!(" frame {frame}"),
                (_, Some(line)) => format!(" line {line}"),
                (None, None) => String::new(),
            };
            grid.row([
                kind.code.to_string(),
                verb(kind.command),
                number(count.times),
                format!("#{}{place}", example.session),
                example.text.clone(),
            ]);
        }
        grid.left_out(errors.len().saturating_sub(self.limits.table_rows), "kind of error");
        grid.finish(self.width)
    }

    fn extensions(&self) -> String {
        let title = "Extensions (sessions)";
        let mut grid = Grid::new(title, &["extension", "offered", "used"]);
        grid.right(&[1, 2]);
        let mut extensions: Vec<_> = self.summary.extensions().collect();
        extensions.sort_by_key(|(_, count)| Reverse((count.used, count.offered)));
        for (keyword, count) in extensions.iter().take(self.limits.table_rows) {
            grid.row([(*keyword).to_owned(), number(count.offered), number(count.used)]);
        }
        grid.left_out(extensions.len().saturating_sub(self.limits.table_rows), "extension");
        grid.finish(self.width)
    }

    fn latency(&self) -> String {
        let header = ["command", "count", "p50", "p90", "p99", "max"];
        let mut grid = Grid::new("Response times", &header);
        grid.right(&[1, 2, 3, 4, 5]);
        let greeting = Some(("greeting", &self.summary.greeting));
        let greeting = greeting.filter(|(_, times)| times.count() > 0);
        for (name, times) in greeting.into_iter().chain(self.summary.latency()) {
            let [p50, p90, p99] = times.quantiles([0.5, 0.9, 0.99]).map(micros);
            let count = number(times.count());
            grid.row([verb(name), count, p50, p90, p99, micros(times.max())]);
        }
        grid.finish(self.width)
    }

    /// Where the time of the sessions went.
    fn phases(&self) -> String {
        let header = ["phase", "sessions", "p50", "p90", "p99", "max"];
        let mut grid = Grid::new("Phases", &header);
        grid.right(&[1, 2, 3, 4, 5]);
        for (phase, times) in self.summary.pace.phases() {
            let [p50, p90, p99] = times.quantiles([0.5, 0.9, 0.99]).map(micros);
            let (name, sessions) = (phase.name().to_owned(), number(times.count()));
            grid.row([name, sessions, p50, p90, p99, micros(times.max())]);
        }
        if let Some(rate) = self.summary.pace.rate().filter(|_| self.summary.sessions > 1) {
            let mean = match rate.mean {
                ..0.001 => String::from("less than 0.001"),
                mean => mean.to_string(),
            };
            grid.note(&format!(
                "{mean} sessions a minute; {} in the busiest, from {} on",
                number(rate.peak),
                rate.peak_at.rfc3339(0)
            ));
        }
        grid.finish(self.width)
    }

    /// One server says no more than the table of commands.
    fn servers(&self) -> String {
        let header = ["server", "replies", "p50", "p90", "p99", "max"];
        let mut grid = Grid::new("Response times by server", &header);
        grid.right(&[1, 2, 3, 4, 5]);
        let servers = self.summary.servers();
        let others = servers.others.as_ref().map(|times| (String::from("(others)"), times));
        let first = servers.first.iter().map(|(server, times)| (server.to_string(), times));
        for (name, times) in first.chain(others).filter(|_| servers.first.len() > 1) {
            let [p50, p90, p99] = times.percentiles([50, 90, 99]).map(micros);
            grid.row([name, number(times.count()), p50, p90, p99, micros(times.max())]);
        }
        grid.finish(self.width)
    }

    fn slowest(&self) -> String {
        let mut grid = Grid::new("Slowest replies", &["time", "command", "session"]);
        grid.right(&[0]);
        for one in self.summary.pace.slowest() {
            let place = match (one.frame, one.line_no) {
                (Some(frame), _) => format!(" frame {frame}"),
                (_, Some(line)) => format!(" line {line}"),
                (None, None) => String::new(),
            };
            let time = micros(one.latency().micros().unsigned_abs());
            grid.row([time, verb(one.verb), format!("#{}{place}", one.session)]);
        }
        grid.finish(self.width)
    }

    fn findings(&self) -> String {
        let mut grid = Grid::new("Findings", &["severity", "rule", "count", "what it says"]);
        grid.right(&[2]);
        grid.solid(&[0, 1, 2]);
        let mut rules: Vec<&RuleCount> = self.summary.rules.values().collect();
        rules.sort_by_key(|count| (count.rule.severity, Reverse(count.times), count.rule.id));
        for count in rules.iter().take(self.limits.table_rows) {
            grid.row([
                count.rule.severity.name().to_owned(),
                count.rule.id.to_owned(),
                number(count.times),
                count.rule.title.to_owned(),
            ]);
        }
        grid.left_out(rules.len().saturating_sub(self.limits.table_rows), "rule");
        if self.summary.not_judged > 0 {
            grid.note(&format!(
                "Not every rule could be judged in {}: --format json says which, and why",
                count(self.summary.not_judged, "session")
            ));
        }
        grid.finish(self.width)
    }
}

#[cfg(test)]
#[allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests {
    use super::super::Format;
    use super::super::sample::{entry, finding, hostile, ordinary, quiet, written};
    use super::*;
    use crate::dialog::session::Session;
    use expect_test::{Expect, expect};

    fn capture(sessions: u64) -> InputReport {
        InputReport {
            path: String::from("mail.pcap"),
            kind: Some("pcap"),
            dialect: None,
            sureness: None,
            bytes: 12_345,
            packets: 1234,
            sessions,
            problems: vec![String::from("3 segment(s) with payload cut by the snapshot length")],
            findings: Vec::new(),
            failed: false,
        }
    }

    fn table(
        width: Option<u16>,
        sessions: impl IntoIterator<Item = Session>,
        found: bool,
    ) -> String {
        let findings = [finding(b"MAIL FROM: <a@b>")];
        let findings = if found { &findings[..] } else { &[] };
        let sessions: Vec<Session> = sessions.into_iter().collect();
        let entries = (1..).zip(&sessions).map(|(id, one)| (id, entry(id, one, findings)));
        written(Format::Table, width, entries, &[capture(sessions.len() as u64)])
    }

    fn check(text: &str, expected: &Expect) {
        expected.assert_eq(text);
    }

    #[test]
    fn fits_a_terminal() {
        check(
            &table(Some(100), [ordinary(), quiet(), hostile()], true),
            &expect![[r#"
                3 sessions, 2 messages (1 accepted, 1 rejected), 4 error replies; found 3 errors

                Inputs
                input      kind  packets   size  sessions
                ─────────────────────────────────────────
                mail.pcap  pcap    1,234  12 kB         3
                mail.pcap: 3 segment(s) with payload cut by the snapshot length

                Sessions (mail and rcpt: accepted/offered)
                #  server        client           mail  rcpt  extensions used  duration  slowest       end
                ────────────────────────────────────────────────────────────────────────────────────────────────────
                1  192.0.2.2:25  client.example    1/1   1/2  SIZE              21.0 ms  EHLO 1.00 ms  quit
                2  192.0.2.2:25  client.example    0/0   0/0                    8.00 ms  EHLO 1.00 ms  quit
                3  192.0.2.2:25  \x1b]0;x\x07\xe   0/1   0/1                    12.0 ms  EHLO 1.00 ms  server closed
                                 2\x80\xaeevil\x
                                 ff\x00"\\xc2\x9
                                 b<b>

                Errors
                code  command       count  example      text
                ────────────────────────────────────────────────────────────────────────────────────────────────────
                550   RCPT              2  #1 frame 14  5.1.1 No such user
                500   (no command)      1  #3 frame 9   500\x1b]0;x\x07\xe2\x80\xaeevil\xff\x00"\\xc2\x9b<b>\x0d\x09
                554   greeting          1  #3 frame 4   \x1b]0;x\x07\xe2\x80\xaeevil\xff\x00"\\xc2\x9b<b>\x0d\x09

                Extensions (sessions)
                extension                                              offered  used
                ────────────────────────────────────────────────────────────────────
                SIZE                                                         2     1
                X-ODD                                                        1     0
                \x1b]0;X\x07\xe2\x80\xaeEVIL\xff\x00"\\xc2\x9b<B>\x0d        1     0

                Response times
                command       count      p50      p90      p99      max
                ───────────────────────────────────────────────────────
                greeting          3  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                (no command)      1  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                .                 1  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                DATA              1  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                EHLO              3  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                MAIL              2  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                QUIT              2  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                RCPT              3  1.00 ms  1.00 ms  1.00 ms  1.00 ms

                Phases
                phase     sessions      p50      p90      p99      max
                ──────────────────────────────────────────────────────
                connect          3  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                greeting         3  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                ehlo             3  3.00 ms  4.00 ms  4.00 ms  4.00 ms
                envelope         2  4.00 ms  9.00 ms  9.00 ms  9.00 ms
                data             1  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                final            1  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                quit             2  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                other            1  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                3 sessions a minute; 3 in the busiest, from 2023-11-14T22:13:00Z on

                Slowest replies
                   time  command  session
                ─────────────────────────────
                1.00 ms  EHLO     #1 frame 5
                1.00 ms  MAIL     #1 frame 9
                1.00 ms  RCPT     #1 frame 11
                1.00 ms  RCPT     #1 frame 13
                1.00 ms  DATA     #1 frame 16
                1.00 ms  .        #1 frame 19
                1.00 ms  QUIT     #1 frame 21
                1.00 ms  EHLO     #2 frame 5
                1.00 ms  QUIT     #2 frame 8
                1.00 ms  EHLO     #3 frame 5

                Findings
                severity  rule                    count  what it says
                ───────────────────────────────────────────────────────────────────────────────
                error     path-space-after-colon      3  a blank between the colon and the path
            "#]],
        );
    }

    #[test]
    fn is_plain_without_a_terminal() {
        check(
            &table(None, [ordinary(), quiet()], false),
            &expect![[r#"
                2 sessions, 1 message (1 accepted), 1 error reply

                Inputs
                input      kind  packets   size  sessions
                mail.pcap  pcap    1,234  12 kB         2
                mail.pcap: 3 segment(s) with payload cut by the snapshot length

                Sessions (mail and rcpt: accepted/offered)
                #  server        client          mail  rcpt  extensions used  duration  slowest       end
                1  192.0.2.2:25  client.example   1/1   1/2  SIZE              21.0 ms  EHLO 1.00 ms  quit
                2  192.0.2.2:25  client.example   0/0   0/0                    8.00 ms  EHLO 1.00 ms  quit

                Errors
                code  command  count  example      text
                550   RCPT         1  #1 frame 14  5.1.1 No such user

                Extensions (sessions)
                extension  offered  used
                SIZE             2     1
                X-ODD            1     0

                Response times
                command   count      p50      p90      p99      max
                greeting      2  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                .             1  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                DATA          1  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                EHLO          2  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                MAIL          1  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                QUIT          2  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                RCPT          2  1.00 ms  1.00 ms  1.00 ms  1.00 ms

                Phases
                phase     sessions      p50      p90      p99      max
                connect          2  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                greeting         2  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                ehlo             2  3.00 ms  4.00 ms  4.00 ms  4.00 ms
                envelope         1  9.00 ms  9.00 ms  9.00 ms  9.00 ms
                data             1  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                final            1  1.00 ms  1.00 ms  1.00 ms  1.00 ms
                quit             2  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                2 sessions a minute; 2 in the busiest, from 2023-11-14T22:13:00Z on

                Slowest replies
                   time  command  session
                1.00 ms  EHLO     #1 frame 5
                1.00 ms  MAIL     #1 frame 9
                1.00 ms  RCPT     #1 frame 11
                1.00 ms  RCPT     #1 frame 13
                1.00 ms  DATA     #1 frame 16
                1.00 ms  .        #1 frame 19
                1.00 ms  QUIT     #1 frame 21
                1.00 ms  EHLO     #2 frame 5
                1.00 ms  QUIT     #2 frame 8
            "#]],
        );
    }

    #[test]
    fn says_that_there_was_nothing() {
        check(
            &table(Some(80), [], false),
            &expect![[r#"
                No SMTP session in 1 input (1,234 packets). Only TCP connections to the ports of
                SMTP are read: --ports names others, --any-port looks at all.

                Inputs
                input     kind packets  size sessions
                ─────────────────────────────────────
                mail.pcap pcap   1,234 12 kB        0
                mail.pcap: 3 segment(s) with payload cut by the snapshot length
            "#]],
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 40..200 {
            for line in table(Some(width), [ordinary(), hostile()], true).lines() {
                assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
            }
        }
        for line in table(None, [ordinary(), hostile()], true).lines() {
            assert!(line.chars().count() <= 120 && !line.contains('─'), "{line}");
        }
    }

    #[test]
    fn two_hundred_thousand_sessions_stay_readable_in_any_order() {
        let (calm, odd) = (quiet(), ordinary());
        let sessions = (1..=200_000).rev().map(|id| {
            let session = if id % 10_000 == 0 { &odd } else { &calm };
            (id, entry(id, session, &[]))
        });
        let text = written(Format::Table, None, sessions, &[capture(200_000)]);
        assert!(text.lines().count() < 100, "{text}");
        assert!(text.starts_with("200,000 sessions, 20 messages (20 accepted), 20 error replies"));
        assert!(text.contains(
            "199,960 more sessions, without errors, not shown: --format ndjson lists all"
        ));
        // All sessions with trouble, and the first of the others.
        let ids: Vec<u64> = text
            .lines()
            .filter(|line| line.contains("192.0.2.2:25"))
            .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
            .collect();
        let expected: Vec<u64> = (1..=20).chain((1..=20).map(|n| n * 10_000)).collect();
        assert_eq!(ids, expected);
    }
}
