//! SARIF 2.1.0, for tools that show findings beside what they are about.
//!
//! In: the findings of sessions in any order. Out: one run: what was found, in order of session,
//! the rules that found it, and the inputs. A result is held as a line of rule, fingerprint and
//! the rest of it: its rule's index and how many equal ones stand before it are known at the end.

mod model;

use super::lines::{Lines, NUMBER, numbered};
use super::render::Note;
use super::sheet;
use super::snippet::Place;
use super::spool::Spool;
use super::status::Lint;
use super::summary::Summary;
use super::view::View;
use super::{Entry, InputReport, Options, Writer, about_inputs};
use crate::chunk::Medium;
use crate::escape::printable;
use crate::place::Slot;
use crate::rules::{self, Finding, Fingerprint};
use model::{
    Artifact, ArtifactProperties, Configuration, Driver, Invocation, Location, LogicalLocation,
    Notification, PhysicalLocation, Region, ResultProperties, RuleProperties, RunProperties, Text,
    Tool, Uri,
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

/// Octets of a line that a result shows.
const EVIDENCE: usize = 1000;

/// Fingerprints whose equals are counted over the whole run.
const COUNTED: usize = 1 << 20;

/// Appends the findings of a session, a line each.
pub(super) fn session(out: &mut String, entry: &Entry<'_>, options: &Options) {
    let view = View::new(entry, &options.inputs);
    for finding in entry.findings {
        // All that is serialised is text and numbers.
        let Ok(rest) = serde_json::to_string(&result(&view, finding)) else { continue };
        let mark = Fingerprint::of(Some(view.session), finding);
        put!(out, "{}\t{mark}\t", finding.rule.id);
        // The number is one in JSON, too.
        out.push_str(&rest.replace(&format!("\"{NUMBER}\""), &NUMBER.to_string()));
        out.push('\n');
    }
}

/// The result of `finding`, as far as it is known.
fn result(view: &View<'_>, finding: &Finding) -> model::Result {
    let place = Place::of(view, finding);
    let session = view.session;
    let peers = session.opening.peers;
    let message = printable(finding.message.as_bytes());
    let mut logical = vec![LogicalLocation {
        name: format!("session {NUMBER}"),
        fully_qualified_name: format!("session {NUMBER}"),
        kind: "session",
    }];
    let mut message = plain(&message);
    if session.opening.medium == Medium::Packets {
        put!(message, " (session {NUMBER}");
        if let Some(frame) = place.frame {
            put!(message, ", frame {frame}");
            let name = format!("frame {frame}");
            let fully_qualified_name = format!("session {NUMBER}/{name}");
            logical = vec![LogicalLocation { name, fully_qualified_name, kind: "frame" }];
        }
        message.push(')');
    }
    let (region, context_region) = regions(finding, &place);
    model::Result {
        level: finding.rule.severity.name(),
        message: message.into(),
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: Uri { uri: uri(place.path) },
                region,
                context_region,
            },
            logical_locations: logical,
        }],
        properties: ResultProperties {
            session: Some(NUMBER.to_string()),
            frame: place.frame,
            time: session
                .opening
                .dated(finding.mark.at)
                .map(|at| at.rfc3339(session.opening.digits)),
            client: peers.map(|peers| peers.client.to_string()),
            server: peers.map(|peers| peers.server.to_string()),
            exchange: finding.exchange,
            confidence: finding.confidence.name(),
            category: finding.rule.category.name(),
            party: finding.party.name(),
            violates_abnf: finding.violates_abnf,
            evidence: Some(evidence(&finding.evidence)),
        },
    }
}

/// The result of a finding about an input as a whole.
fn of_input(input: &InputReport, finding: &Finding) -> model::Result {
    let (frame, line_no) = input.place(finding);
    let mut message = plain(&printable(finding.message.as_bytes()));
    if let Some(frame) = frame {
        put!(message, " (frame {frame})");
    }
    let region = line_no.map(|start_line| Region {
        start_line,
        start_column: None,
        end_column: None,
        snippet: None,
    });
    model::Result {
        level: finding.rule.severity.name(),
        message: message.into(),
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: Uri { uri: uri(&input.path) },
                region,
                context_region: None,
            },
            logical_locations: Vec::new(),
        }],
        properties: ResultProperties {
            session: None,
            frame,
            time: None,
            client: None,
            server: None,
            exchange: None,
            confidence: finding.confidence.name(),
            category: finding.rule.category.name(),
            party: finding.party.name(),
            violates_abnf: finding.violates_abnf,
            evidence: None,
        },
    }
}

/// The bytes in question, and the line that they are in.
fn regions(finding: &Finding, place: &Place<'_>) -> (Option<Region>, Option<Region>) {
    let Some(start_line) = place.line_no else { return (None, None) };
    let line = evidence(&finding.evidence);
    let whole =
        Region { start_line, start_column: None, end_column: None, snippet: Some(line.into()) };
    let range = finding.range.clone().filter(|_| place.column.is_some());
    let Some(bytes) = range.and_then(|range| finding.evidence.get(range)) else {
        return (Some(whole), None);
    };
    let (start_column, end_column) = (place.column, place.end_column);
    let part =
        Region { start_line, start_column, end_column, snippet: Some(evidence(bytes).into()) };
    (Some(part), Some(whole))
}

/// A line of the wire: printable, and not too long.
fn evidence(bytes: &[u8]) -> String {
    let mut text = printable(bytes.get(..EVIDENCE).unwrap_or(bytes));
    if bytes.len() > EVIDENCE {
        text.push('…');
    }
    text
}

/// `text` as a message: a peer can put neither links nor places for arguments into it (§3.11.5,
/// §3.11.6).
fn plain(text: &str) -> String {
    let is_place =
        text.split('{').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let text = if is_place { text.replace('{', "{{").replace('}', "}}") } else { text.to_owned() };
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text }
}

/// A path as a URI: relative as it was given, or of a file.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            put!(out, "%{byte:02X}");
        }
    }
    out
}

/// Writes the run when all is there.
pub(super) struct Log {
    out: Box<dyn Write>,
    spool: Spool<u64>,
    lint: Lint,
}

impl Log {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        Self { out, spool: Spool::new(options.limits.spool_bytes), lint: options.lint }
    }
}

impl Writer for Log {
    fn session(&mut self, id: u64, _: Slot, text: sheet::Text, _: Note) -> io::Result<()> {
        if text.bytes().is_empty() {
            return Ok(());
        }
        self.spool.push(id, &[&numbered(text.bytes(), id)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: Summary, inputs: &[InputReport]) -> io::Result<()> {
        let out = &mut self.out;
        out.write_all(
            b"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\
              \"runs\":[{\n\"tool\":",
        )?;
        write(out, &tool(&summary))?;
        out.write_all(b",\n\"columnKind\":\"unicodeCodePoints\",\n\"invocations\":[")?;
        write(out, &invocation(self.lint, &summary, inputs))?;
        out.write_all(b"],\n\"artifacts\":")?;
        write(out, &artifacts(inputs))?;
        out.write_all(b",\n\"properties\":")?;
        write(
            out,
            &RunProperties {
                sessions: summary.sessions,
                partial: summary.partial,
                sessions_not_judged: summary.not_judged,
                rules_not_judged: {
                    let mut rules: Vec<&str> = summary.unjudged.iter().copied().collect();
                    rules.sort_unstable();
                    rules
                },
            },
        )?;
        out.write_all(b",\n\"results\":[")?;
        let indices: HashMap<&str, usize> = summary.rules.keys().copied().zip(0..).collect();
        let mut seen: HashMap<String, u64> = HashMap::new();
        let mut is_first = true;
        // What is found of inputs stands in front, in the form of what sessions have.
        let mut about = String::new();
        for (input, finding) in about_inputs(inputs) {
            let Ok(rest) = serde_json::to_string(&of_input(input, finding)) else { continue };
            let mark = Fingerprint::of(None, finding);
            put!(about, "{}\t{mark}\t{rest}\n", finding.rule.id);
        }
        let mut lines = Lines::new(|line: &[u8]| {
            let mut parts = line.splitn(3, |&byte| byte == b'\t');
            let mut part = || str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
            let (rule, mark, rest) = (part(), part(), part());
            let times = seen.get(mark).map_or(1, |times| times + 1);
            if times > 1 || seen.len() < COUNTED {
                seen.insert(mark.to_owned(), times);
            }
            let index = indices.get(rule).copied().unwrap_or_default();
            out.write_all(if is_first { b"\n" } else { b",\n" })?;
            is_first = false;
            write!(
                out,
                "{{\"ruleId\":\"{rule}\",\"ruleIndex\":{index},\
                 \"partialFingerprints\":{{\"smtpAudit/v1\":\"{mark}:{times}\"}},{}",
                rest.strip_prefix('{').unwrap_or(rest)
            )
        });
        lines.write_all(about.as_bytes())?;
        self.spool.write(&mut lines, |_, _| b"")?;
        drop(lines);
        self.out.write_all(b"\n]}]}\n")?;
        self.out.flush()
    }
}

/// The program, with the rules that found something, in order of their ids.
fn tool(summary: &Summary) -> Tool {
    let rules = summary.rules.values().map(|count| rule(count.rule)).collect();
    let (name, semantic_version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    Tool { driver: Driver { name, semantic_version, rules } }
}

fn rule(rule: &rules::Rule) -> model::Rule {
    let level = rule.severity.name();
    let mut help = rule.help.to_owned();
    if let Some(rfc) = rule.rfc {
        help = format!("{help} ({rfc})");
    }
    let markdown = format!(
        "{}\n\n{}\n\nWrong:\n\n```text\n{}```\n\nRight:\n\n```text\n{}```\n",
        plain_markdown(&help),
        plain_markdown(rule.explanation),
        rule.bad,
        rule.good
    );
    let markdown = Some(markdown);
    model::Rule {
        id: rule.id,
        short_description: rule.title.to_owned().into(),
        full_description: rule.explanation.to_owned().into(),
        help: Text { text: help, markdown },
        default_configuration: Configuration { level },
        properties: RuleProperties {
            tags: vec!["smtp", rule.category.name(), rule.party.name()],
            category: rule.category.name(),
            party: rule.party.name(),
            rfc: rule.rfc,
            severity: if level == "note" { "recommendation" } else { level },
        },
    }
}

/// Text that Markdown shows as it is: paths in brackets are no HTML.
fn plain_markdown(text: &str) -> String {
    text.replace('<', "\\<").replace('*', "\\*")
}

fn invocation(lint: Lint, summary: &Summary, inputs: &[InputReport]) -> Invocation {
    let failed = inputs.iter().any(|input| input.failed);
    let problems = inputs.iter().flat_map(|input| {
        input.problems.iter().map(|problem| Notification {
            level: if input.failed { "error" } else { "warning" },
            message: plain(&printable(problem.as_bytes())).into(),
            locations: [Location {
                physical_location: PhysicalLocation {
                    artifact_location: Uri { uri: uri(&input.path) },
                    region: None,
                    context_region: None,
                },
                logical_locations: Vec::new(),
            }],
        })
    });
    Invocation {
        execution_successful: !failed && !summary.partial,
        exit_code: lint.status(summary.severities, failed, summary.partial),
        tool_execution_notifications: problems.collect(),
    }
}

fn artifacts(inputs: &[InputReport]) -> Vec<Artifact<'_>> {
    let mut artifacts = Vec::with_capacity(inputs.len());
    let mut known = HashSet::new();
    for input in inputs {
        let path = uri(&input.path);
        // What was read twice is one artifact: they must be unique.
        if !known.insert(path.clone()) {
            continue;
        }
        artifacts.push(Artifact {
            location: Uri { uri: path },
            roles: ["analysisTarget"],
            properties: ArtifactProperties {
                kind: input.kind,
                dialect: input.dialect,
                packets: input.packets,
                sessions: input.sessions,
            },
        });
    }
    artifacts
}

fn write(out: &mut Box<dyn Write>, value: &impl Serialize) -> io::Result<()> {
    out.write_all(&serde_json::to_vec(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        for (path, expected) in [
            ("a/b.pcap", "a/b.pcap"),
            ("../a b#1?.txt", "../a%20b%231%3F.txt"),
            ("/var/x%", "file:///var/x%25"),
            ("c:x", "c%3Ax"),
            ("grün", "gr%C3%BCn"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }

    #[test]
    fn a_message_has_no_links_and_no_places_for_arguments() {
        assert_eq!(plain("[a](http://x) {0}"), "\\[a\\](http://x) {{0}}");
        assert_eq!(plain("[192.0.2.1] {a}"), "[192.0.2.1] {a}");
    }
}
