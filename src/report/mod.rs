//! Sessions and findings → words: one file per format, all fed with the same two values.
//!
//! In: sessions with what was found in them, in any order, each as it ends. Out: the report.
//! Knows no capture, no thread, and asks no terminal: the width is an option.
//!
//! The work is done in two places: a [`Renderer`] makes text and counts of sessions whose numbers
//! are not known yet, any number of them side by side; the one [`Writer`] puts the numbers to the
//! texts.

use crate::dialog::session::Session;
use crate::escape::printable;
use crate::limits::Limits;
use crate::place::{Places, Slot};
use crate::rules::{Finding, NotJudged};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// Appends to a string as [`format!`] would make it.
macro_rules! put {
    ($out:expr, $($form:tt)*) => {{
        use std::fmt::Write as _;
        // A string takes all.
        let _ = write!($out, $($form)*);
    }};
}

/// Sessions and counts → the types of `model`.
mod convert;

/// The catalogue of rules.
pub mod catalogue;
/// Rows for a spreadsheet.
mod csv;

/// Two runs compared.
pub mod diff;

/// Events of a session, one a line.
mod events;

/// Which sessions are reported.
pub mod filter;

/// A section of a table report.
mod grid;

/// Numbers and durations as a person reads them.
mod human;

/// JSON and NDJSON.
mod json;

/// JUnit XML.
mod junit;

/// One session as a ladder.
mod ladder;

/// Durations in bounded memory.
pub mod latency;

/// Texts whose numbers come later.
mod lines;

/// Findings as a compiler shows them.
mod lint;

/// A page for an issue.
mod markdown;

/// The types that serialise as our own JSON.
pub mod model;

/// What reports call the values of a dialog.
mod names;

/// Sessions → their texts and counts.
mod render;

/// What servers offer.
mod offered;

/// How fast sessions were.
pub mod pace;

/// Sessions one after the other.
mod pages;

/// Colours.
mod paint;

/// A session in a row of a table.
mod row;

/// SARIF.
mod sarif;
mod sasl;

/// The lines around a finding.
mod scene;

/// One finding as a compiler shows it.
mod snippet;

/// Texts in any order → texts in order of number.
pub mod spool;

/// The exit status.
pub mod status;

/// What happened, in a sentence.
mod story;

/// Counts and histograms over all sessions.
pub mod summary;

/// Tables for a person in a hurry.
mod table;

/// Sessions → JSON.
mod text;

/// Texts of many sessions in one buffer.
mod sheet;

/// Transcripts in order of session.
mod transcript;

/// A session, seen for what more than one form of report says of it.
mod view;

#[cfg(test)]
mod sample;

#[cfg(test)]
#[path = "tests.rs"]
#[allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod forms;

pub use render::{Note, Renderer};
pub use sheet::Text;
pub use status::{Lint, Threshold};
use summary::Summary;

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Tables for a person.
    Table,
    /// One JSON object.
    Json,
    /// One JSON object a line: each session as it ends, the summary last.
    Ndjson,
    /// The dialogs as `c>` and `s<` lines.
    Transcript,
    /// Findings as a compiler shows them.
    Lint,
    /// Rows for a spreadsheet.
    Csv,
    /// A page for an issue.
    Markdown,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// One session as a person reads it: what happened, then the dialog with its times.
    Ladder,
    /// A line for each event.
    Events,
}

/// How a report is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// Columns of the terminal; `None` gives the plain form for files and pipes.
    pub width: Option<u16>,
    /// Bounds on what is held and shown.
    pub limits: Limits,
    /// The inputs' paths, printable, by [`Origin::input`](crate::place::Origin::input).
    pub inputs: Vec<String>,
    /// What `--check` asks for.
    pub lint: Lint,
    /// JSON lists the events of each session, too.
    pub events: bool,
}

/// What was read of one input.
#[derive(Clone, Debug, Default)]
pub struct InputReport {
    /// Its path.
    pub path: String,
    /// `pcap`, `pcapng` or `transcript`; `None` if it was not read.
    pub kind: Option<&'static str>,
    /// How a transcript was read.
    pub dialect: Option<&'static str>,
    /// How sure that is: `certain`, `likely`, `given`.
    pub sureness: Option<&'static str>,
    /// Bytes read of it, decompressed.
    pub bytes: u64,
    /// Packets in it; 0 in a transcript.
    pub packets: u64,
    /// Sessions that begin in it.
    pub sessions: u64,
    /// What is wrong with it, a line each.
    pub problems: Vec<String>,
    /// What the rules say of it as a whole.
    pub findings: Vec<Finding>,
    /// Not all of it could be read, so that the report lacks something.
    pub failed: bool,
}

/// What is found of `inputs` as a whole, each with its input.
fn about_inputs(inputs: &[InputReport]) -> impl Iterator<Item = (&InputReport, &Finding)> {
    inputs.iter().flat_map(|input| input.findings.iter().map(move |finding| (input, finding)))
}

impl InputReport {
    /// The frame or the line of a finding about the input as a whole, if it has one.
    fn place(&self, finding: &Finding) -> (Option<u64>, Option<u64>) {
        let number = Some(finding.mark.place.number()).filter(|&number| number > 0);
        let is_text = self.kind.is_none_or(|kind| kind == "transcript");
        if is_text { (None, number) } else { (number, None) }
    }
}

/// One session with all that is said of it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The session.
    pub session: &'a Session,
    /// Orders sessions as their numbers do, and is known before those.
    pub slot: Slot,
    /// Where places lie in the inputs.
    pub places: &'a Places,
    /// What was found.
    pub findings: &'a [Finding],
    /// What could not be judged.
    pub not_judged: &'a [NotJudged],
    /// The session's text in a transcript, without its `# session` line: what was not handed
    /// to [`Writer::overflow`] before.
    pub transcript: Option<&'a [u8]>,
}

/// Takes pieces of a session's transcript, in order, before the session ends: its slot, and
/// whole lines.
pub type Overflow = Arc<Mutex<dyn FnMut(Slot, &[u8]) + Send>>;

/// Puts a report together from what [`Renderer`]s have made of its sessions.
pub trait Writer {
    /// Takes one session, in any order: its number, its slot, what was written of it and what
    /// else is to be said.
    fn session(&mut self, id: u64, slot: Slot, text: Text, note: Note) -> io::Result<()>;

    /// Where transcripts are to go before their session ends; `None` if the format has no use
    /// for transcripts. What fails there is said at the next session or at the end.
    fn overflow(&self) -> Option<Overflow> {
        None
    }

    /// Passes on what was written so far: nothing more comes for a while.
    fn flush(&mut self) -> io::Result<()>;

    /// Ends the report, when no more sessions come.
    fn finish(self: Box<Self>, summary: Summary, inputs: &[InputReport]) -> io::Result<()>;
}

impl Options {
    /// Options for `inputs`, whose paths become printable.
    #[must_use]
    pub fn new(width: Option<u16>, limits: Limits, inputs: &[String]) -> Self {
        let inputs = inputs.iter().map(|path| printable(path.as_bytes())).collect();
        Self { width, limits, inputs, lint: Lint::default(), events: false }
    }
}

/// A writer of reports in `format` to `out`.
#[must_use]
pub fn writer(format: Format, out: Box<dyn Write>, options: &Arc<Options>) -> Box<dyn Writer> {
    match format {
        Format::Table => Box::new(table::Table::new(out, options)),
        Format::Json => Box::new(json::Json::new(out, options)),
        Format::Ndjson => Box::new(json::Ndjson::new(out)),
        Format::Transcript => Box::new(transcript::Transcripts::new(out, options)),
        Format::Lint => Box::new(lint::Blocks::new(out, options)),
        Format::Csv => Box::new(csv::Rows::new(out, options)),
        Format::Markdown => Box::new(markdown::Page::new(out, options)),
        Format::Sarif => Box::new(sarif::Log::new(out, options)),
        Format::Junit => Box::new(junit::Suites::new(out, options)),
        Format::Ladder | Format::Events => Box::new(pages::Pages::new(out, options)),
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{HOSTILE, entry, finding, hostile, ordinary, quiet, written};
    use super::*;
    use crate::escape::is_safe;
    use serde_json::Value;

    fn input(problem: &str) -> InputReport {
        InputReport {
            path: String::from("mail.pcap"),
            kind: Some("pcap"),
            dialect: None,
            sureness: None,
            bytes: 12_345,
            packets: 20,
            sessions: 2,
            problems: vec![problem.to_owned()],
            findings: Vec::new(),
            failed: false,
        }
    }

    /// The report of `sessions` in `format`, each with one finding.
    fn report(format: Format, sessions: &[(u64, Session)], problem: &str) -> String {
        let findings = [finding(HOSTILE)];
        let not_judged = [NotJudged { rule: "greeting-slow", why: "the input has no times" }];
        let sessions = sessions.iter().map(|(id, session)| {
            let transcript = Some(&b"s< 220 x\n"[..]);
            (*id, Entry { not_judged: &not_judged, transcript, ..entry(*id, session, &findings) })
        });
        written(format, Some(100), sessions, &[input(problem)])
    }

    #[test]
    fn the_schema_is_fresh_and_real_output_matches_it() {
        let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<model::Document<'_>>();
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        // It says the command that repairs it: UPDATE_EXPECT=1 cargo test --lib report::
        expect_test::expect_file!["../../docs/schema.json"].assert_eq(&text);

        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        let sessions = [(3, hostile()), (1, ordinary()), (2, quiet())];
        let json: Value = serde_json::from_str(&report(Format::Json, &sessions, "x")).unwrap();
        let ndjson = report(Format::Ndjson, &sessions, "x");
        let lines = ndjson.lines().map(|line| serde_json::from_str(line).unwrap());
        for value in std::iter::once(json.clone()).chain(lines) {
            if let Err(error) = validator.validate(&value) {
                panic!("{error} at {}", error.instance_path());
            }
        }

        // The schema is worth something only if it refuses what the contract does not say.
        for (pointer, wrong) in [
            ("/sessions/0/end", "elsewhere"),
            ("/sessions/0/exchanges/0/verb", "\u{0}null"),
            ("/schema", "smtp-audit/2"),
        ] {
            let mut broken = json.clone();
            *broken.pointer_mut(pointer).unwrap() =
                if wrong == "\u{0}null" { Value::Null } else { Value::from(wrong) };
            assert!(!validator.is_valid(&broken), "{pointer} may be anything");
        }
    }

    #[test]
    fn json_lists_sessions_in_order_and_ndjson_as_they_come() {
        let sessions = [(3, quiet()), (1, ordinary()), (2, quiet())];
        let json: Value = serde_json::from_str(&report(Format::Json, &sessions, "x")).unwrap();
        let ids = |values: &[Value]| -> Vec<u64> {
            values.iter().filter_map(|value| value["id"].as_u64()).collect()
        };
        assert_eq!(ids(json["sessions"].as_array().unwrap()), [1, 2, 3]);
        let text = report(Format::Ndjson, &sessions, "x");
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(ids(&lines), [3, 1, 2]);
        let last = lines.last().unwrap();
        assert_eq!((&last["type"], &last["summary"]), (&Value::from("summary"), &json["summary"]));
        assert_eq!((&last["inputs"], &last["schema"]), (&json["inputs"], &json["schema"]));
        assert_eq!(lines[1], json["sessions"][0]);
    }

    #[test]
    fn a_run_without_sessions_is_still_a_report() {
        let json: Value = serde_json::from_str(&report(Format::Json, &[], "x")).unwrap();
        assert_eq!(json["sessions"], Value::Array(Vec::new()));
        assert_eq!(report(Format::Ndjson, &[], "x").lines().count(), 1);
        assert_eq!(report(Format::Transcript, &[], "x"), "");
    }

    #[test]
    fn hostile_bytes_are_escaped_in_every_format() {
        let problem = "\u{1b}[31m\u{202e}";
        for format in [Format::Table, Format::Json, Format::Ndjson] {
            let text = report(format, &[(1, hostile())], problem);
            let unsafe_char = text.chars().find(|&c| c != '\n' && !is_safe(c));
            assert_eq!(unsafe_char, None, "{format:?}: {text}");
            // JSON must not hide them behind its own escapes either.
            assert!(!text.contains("\\u00"), "{format:?}: {text}");
            assert!(text.contains("evil"), "{format:?} lost the text");
        }
    }
}
