//! Two runs compared: what is offered, answered, found and taken, and how long it took.
//!
//! In: the sessions of each, in any order. Out: where they differ, for a person or as JSON. Runs
//! that differ only in times are alike.

use super::grid::{Grid, wrap};
use super::human::{count, micros, number};
use super::latency::Latency;
use super::names;
use super::offered::Known;
use super::row::verb;
use super::summary::{Severities, Summary, replies};
use super::{Entry, InputReport};
use crate::chunk::Medium;
use crate::escape::printable;
use crate::limits::Limits;
use crate::place::Origin;
use crate::rules::{Finding, Rule};
use crate::timing;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The version of the names in JSON.
pub const SCHEMA: &str = "smtp-audit-diff/1";

/// What is counted of a run.
#[derive(Debug)]
pub struct Tally {
    summary: Summary,
    offers: Known,
    /// Replies by command and code; without a code, none was seen or it has none.
    replies: BTreeMap<(&'static str, Option<u16>), u64>,
    rules: BTreeMap<&'static str, Found>,
}

/// How often a rule found something, and where first.
#[derive(Clone, Copy, Debug)]
struct Found {
    rule: &'static Rule,
    times: u64,
    first: Origin,
    medium: Medium,
}

impl Tally {
    /// Nothing yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            summary: Summary::new(limits),
            offers: Known::new(limits.excerpt_chars),
            replies: BTreeMap::new(),
            rules: BTreeMap::new(),
        }
    }

    /// Counts a session.
    pub fn add(&mut self, entry: &Entry<'_>) {
        let (offered, _) = self.offers.of(entry.session);
        self.summary.add(entry, offered, &timing::of(entry.session).phases);
        for (command, reply) in replies(entry.session) {
            *self.replies.entry((command, reply.code)).or_default() += 1;
        }
        for exchange in entry.session.exchanges.iter().filter(|one| one.reply.is_none()) {
            *self.replies.entry((exchange.request.name(), None)).or_default() += 1;
        }
        for finding in entry.findings {
            let first = entry.places.origin(finding.mark.place);
            self.find(finding, Origin { offset: 0, ..first }, entry.session.opening.medium);
        }
    }

    /// Counts what was found of an input as a whole; its number among the inputs is `index`.
    pub fn add_input(&mut self, index: u32, input: &InputReport) {
        self.summary.add_findings(&input.findings);
        for finding in &input.findings {
            let (frame, line) = input.place(finding);
            let medium = if line.is_some() { Medium::Transcript } else { Medium::Packets };
            let number = frame.or(line).unwrap_or_default();
            self.find(finding, Origin { input: index, number, offset: 0 }, medium);
        }
    }

    fn find(&mut self, finding: &Finding, first: Origin, medium: Medium) {
        let rule = finding.rule;
        self.merge_found(Found { rule, times: 1, first, medium });
    }

    fn merge_found(&mut self, found: Found) {
        let known = self.rules.entry(found.rule.id).or_insert(Found { times: 0, ..found });
        let times = known.times + found.times;
        // Nowhere is no example.
        let is_first =
            (found.first.number == 0, found.first) < (known.first.number == 0, known.first);
        *known = Found { times, ..if is_first { found } else { *known } };
    }

    /// Adds what another part of the run counted.
    pub fn merge(&mut self, other: Self) {
        self.summary.merge(other.summary);
        for (key, times) in other.replies {
            *self.replies.entry(key).or_default() += times;
        }
        for found in other.rules.values() {
            self.merge_found(*found);
        }
    }
}

/// A number before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Pair {
    before: u64,
    after: u64,
}

/// Where two runs differ.
#[derive(Debug, Serialize)]
pub struct Difference {
    schema: &'static str,
    /// They differ in more than times.
    differs: bool,
    before: Run,
    after: Run,
    sessions: Pair,
    messages: Pair,
    recipients: Recipients,
    /// Those that are offered or used in another number of sessions.
    extensions: Vec<ExtensionChange>,
    /// Those whose number differs.
    replies: Vec<ReplyChange>,
    /// Those whose number differs.
    outcomes: Vec<NamedChange>,
    /// Those whose number differs.
    ends: Vec<NamedChange>,
    /// Those whose number differs.
    findings: Vec<FindingChange>,
    /// Of all commands.
    latency_us: Vec<LatencyChange>,
}

/// One of the two.
#[derive(Debug, Serialize)]
struct Run {
    inputs: Vec<String>,
    findings: Counts,
}

#[derive(Debug, Serialize)]
struct Counts {
    error: u64,
    warning: u64,
    note: u64,
}

#[derive(Debug, Serialize)]
struct Recipients {
    offered: Pair,
    accepted: Pair,
}

#[derive(Debug, Serialize)]
struct ExtensionChange {
    keyword: String,
    offered: Pair,
    used: Pair,
}

#[derive(Debug, Serialize)]
struct ReplyChange {
    command: &'static str,
    code: Option<u16>,
    #[serde(flatten)]
    times: Pair,
}

#[derive(Debug, Serialize)]
struct NamedChange {
    name: &'static str,
    #[serde(flatten)]
    times: Pair,
}

#[derive(Debug, Serialize)]
struct FindingChange {
    rule: &'static str,
    severity: &'static str,
    #[serde(skip)]
    title: &'static str,
    change: &'static str,
    #[serde(flatten)]
    times: Pair,
    /// In the run that has more of them.
    example: Example,
}

#[derive(Debug, Serialize)]
struct Example {
    of: &'static str,
    input: String,
    frame: Option<u64>,
    line_no: Option<u64>,
}

#[derive(Debug, Serialize)]
struct LatencyChange {
    command: &'static str,
    before: Option<Times>,
    after: Option<Times>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Times {
    count: u64,
    p50: u64,
    p90: u64,
    max: u64,
}

impl From<&Latency> for Times {
    fn from(times: &Latency) -> Self {
        let [p50, p90] = times.quantiles([0.5, 0.9]);
        Self { count: times.count(), p50, p90, max: times.max() }
    }
}

impl Difference {
    /// Between two runs, each with the paths of its inputs.
    #[must_use]
    pub fn between(before: (&Tally, &[String]), after: (&Tally, &[String])) -> Self {
        let ((one, one_inputs), (two, two_inputs)) = (before, after);
        let (first, second) = (&one.summary, &two.summary);
        let pair = |of: fn(&Summary) -> u64| Pair { before: of(first), after: of(second) };
        let mut difference = Self {
            schema: SCHEMA,
            differs: false,
            before: run(one_inputs, first.severities),
            after: run(two_inputs, second.severities),
            sessions: pair(|summary| summary.sessions),
            messages: pair(|summary| summary.messages),
            recipients: Recipients {
                offered: pair(|summary| summary.recipients_offered),
                accepted: pair(|summary| summary.recipients_accepted),
            },
            extensions: extensions(first, second),
            replies: changed(&one.replies, &two.replies)
                .map(|((command, code), times)| ReplyChange { command, code, times })
                .collect(),
            outcomes: named(&first.outcomes(), &second.outcomes()),
            ends: named(&first.ends(), &second.ends()),
            findings: findings((one, one_inputs), (two, two_inputs)),
            latency_us: latency(first, second),
        };
        let recipients = &difference.recipients;
        let pairs =
            [difference.sessions, difference.messages, recipients.offered, recipients.accepted];
        difference.differs = pairs.iter().any(|pair| pair.before != pair.after)
            || !difference.extensions.is_empty()
            || !difference.replies.is_empty()
            || !difference.outcomes.is_empty()
            || !difference.ends.is_empty()
            || !difference.findings.is_empty();
        difference
    }

    /// Whether they differ in more than times.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.differs
    }

    /// The difference as one JSON object.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// The difference as tables of this width.
    #[must_use]
    pub fn table(&self, width: Option<u16>) -> String {
        let sections = [
            self.verdict(width),
            self.runs(width),
            self.offers(width),
            self.codes(width),
            names_table("Outcomes of messages", "outcome", &self.outcomes, width),
            names_table("Ends of sessions", "end", &self.ends, width),
            self.found(width),
            self.times(width),
        ];
        let sections: Vec<String> = sections.into_iter().filter(|text| !text.is_empty()).collect();
        sections.join("\n")
    }

    fn verdict(&self, width: Option<u16>) -> String {
        let of = |change: &str| {
            let rules = self.findings.iter().filter(|one| one.change == change).count();
            (rules > 0).then(|| format!("{} {change}", count(rules as u64, "rule")))
        };
        let mut parts: Vec<String> = Vec::new();
        if !self.extensions.is_empty() {
            parts.push(count(self.extensions.len() as u64, "extension"));
        }
        if !self.replies.is_empty() {
            parts.push(count(self.replies.len() as u64, "kind") + " of reply");
        }
        if !self.outcomes.is_empty() {
            parts.push(String::from("what became of messages"));
        }
        let rules = ["new", "gone", "more", "fewer"].into_iter().filter_map(of);
        let rules: Vec<String> = rules.collect();
        if !rules.is_empty() {
            parts.push(format!("findings ({})", rules.join(", ")));
        }
        let text = match (self.differs, parts.is_empty()) {
            (false, _) => String::from("Nothing differs but times."),
            (true, true) => String::from("They differ in number."),
            (true, false) => format!("They differ: {}.", parts.join(", ")),
        };
        wrap(&text, width)
    }

    fn runs(&self, width: Option<u16>) -> String {
        let heads =
            ["", "input", "sessions", "messages", "recipients", "errors", "warnings", "notes"];
        let mut grid = Grid::new("Compared", &heads);
        grid.right(&[2, 3, 4, 5, 6, 7]);
        let runs = [("before", &self.before), ("after", &self.after)];
        for (name, run) in runs {
            let of = |pair: Pair| if name == "before" { pair.before } else { pair.after };
            grid.row([
                name.to_owned(),
                run.inputs.join(" "),
                number(of(self.sessions)),
                number(of(self.messages)),
                format!(
                    "{}/{}",
                    number(of(self.recipients.accepted)),
                    number(of(self.recipients.offered))
                ),
                number(run.findings.error),
                number(run.findings.warning),
                number(run.findings.note),
            ]);
        }
        grid.finish(width)
    }

    fn offers(&self, width: Option<u16>) -> String {
        let heads = ["extension", "offered before", "after", "used before", "after"];
        let mut grid = Grid::new("Extensions (sessions)", &heads);
        grid.right(&[1, 2, 3, 4]);
        for one in &self.extensions {
            let ExtensionChange { keyword, offered, used } = one;
            let numbers = [offered.before, offered.after, used.before, used.after];
            grid.row([vec![keyword.clone()], numbers.map(number).to_vec()].concat());
        }
        grid.finish(width)
    }

    fn codes(&self, width: Option<u16>) -> String {
        let mut grid = Grid::new("Replies", &["command", "code", "before", "after"]);
        grid.right(&[2, 3]);
        for one in &self.replies {
            let code = one.code.map_or_else(|| String::from("none"), |code| code.to_string());
            grid.row([verb(one.command), code, number(one.times.before), number(one.times.after)]);
        }
        grid.finish(width)
    }

    fn found(&self, width: Option<u16>) -> String {
        let heads = ["", "severity", "rule", "before", "after", "example", "what it says"];
        let mut grid = Grid::new("Findings", &heads);
        grid.right(&[3, 4]);
        grid.solid(&[0, 1, 2, 3, 4]);
        for one in &self.findings {
            let Example { of, frame, line_no, .. } = &one.example;
            let place = match (frame, line_no) {
                (Some(frame), _) => format!("{of} frame {frame}"),
                (_, Some(line)) => format!("{of} line {line}"),
                (None, None) => (*of).to_owned(),
            };
            grid.row([
                one.change.to_owned(),
                one.severity.to_owned(),
                one.rule.to_owned(),
                number(one.times.before),
                number(one.times.after),
                place,
                one.title.to_owned(),
            ]);
        }
        grid.finish(width)
    }

    fn times(&self, width: Option<u16>) -> String {
        let heads = ["command", "", "count", "p50", "p90", "max"];
        let mut grid = Grid::new("Response times", &heads);
        grid.right(&[2, 3, 4, 5]);
        for one in &self.latency_us {
            for (name, times) in [("before", one.before), ("after", one.after)] {
                let Some(times) = times else { continue };
                let Times { count, p50, p90, max } = times;
                let [p50, p90, max] = [p50, p90, max].map(micros);
                grid.row([verb(one.command), name.to_owned(), number(count), p50, p90, max]);
            }
        }
        grid.finish(width)
    }
}

fn run(inputs: &[String], found: Severities) -> Run {
    let inputs = inputs.iter().map(|path| printable(path.as_bytes())).collect();
    let Severities { error, warning, note } = found;
    Run { inputs, findings: Counts { error, warning, note } }
}

/// The keys of both with their numbers, where these differ.
fn changed<K: Copy + Ord>(
    before: &BTreeMap<K, u64>,
    after: &BTreeMap<K, u64>,
) -> impl Iterator<Item = (K, Pair)> {
    let keys: BTreeSet<K> = before.keys().chain(after.keys()).copied().collect();
    let pairs: Vec<(K, Pair)> = keys
        .into_iter()
        .map(|key| {
            let times = |of: &BTreeMap<K, u64>| of.get(&key).copied().unwrap_or_default();
            (key, Pair { before: times(before), after: times(after) })
        })
        .collect();
    pairs.into_iter().filter(|(_, pair)| pair.before != pair.after)
}

fn named(
    before: &BTreeMap<&'static str, u64>,
    after: &BTreeMap<&'static str, u64>,
) -> Vec<NamedChange> {
    changed(before, after).map(|(name, times)| NamedChange { name, times }).collect()
}

fn names_table(
    title: &'static str,
    head: &'static str,
    changes: &[NamedChange],
    width: Option<u16>,
) -> String {
    let mut grid = Grid::new(title, &[head, "before", "after"]);
    grid.right(&[1, 2]);
    for one in changes {
        grid.row([one.name.to_owned(), number(one.times.before), number(one.times.after)]);
    }
    grid.finish(width)
}

fn extensions(before: &Summary, after: &Summary) -> Vec<ExtensionChange> {
    let before: BTreeMap<&str, _> = before.extensions().collect();
    let after: BTreeMap<&str, _> = after.extensions().collect();
    let keywords: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let changes = keywords.into_iter().map(|keyword| {
        let of = |run: &BTreeMap<&str, super::summary::ExtensionCount>| {
            run.get(keyword).copied().unwrap_or_default()
        };
        let (before, after) = (of(&before), of(&after));
        let offered = Pair { before: before.offered, after: after.offered };
        let used = Pair { before: before.used, after: after.used };
        ExtensionChange { keyword: keyword.to_owned(), offered, used }
    });
    let is_changed = |pair: Pair| pair.before != pair.after;
    changes.filter(|one| is_changed(one.offered) || is_changed(one.used)).collect()
}

fn findings(before: (&Tally, &[String]), after: (&Tally, &[String])) -> Vec<FindingChange> {
    let ((one, one_inputs), (two, two_inputs)) = (before, after);
    let times = |tally: &Tally| -> BTreeMap<&'static str, u64> {
        tally.rules.iter().map(|(&id, found)| (id, found.times)).collect()
    };
    let mut all: Vec<FindingChange> = changed(&times(one), &times(two))
        .filter_map(|(id, times)| {
            let is_more = times.after > times.before;
            let (tally, inputs) = if is_more { (two, two_inputs) } else { (one, one_inputs) };
            let found = tally.rules.get(id)?;
            let change = match times {
                Pair { before: 0, .. } => "new",
                Pair { after: 0, .. } => "gone",
                _ if is_more => "more",
                _ => "fewer",
            };
            let number = Some(found.first.number).filter(|&number| number > 0);
            let is_frame = found.medium == Medium::Packets;
            let path = inputs.get(found.first.input as usize).map_or("", String::as_str);
            Some(FindingChange {
                rule: id,
                severity: found.rule.severity.name(),
                title: found.rule.title,
                change,
                times,
                example: Example {
                    of: if is_more { "after" } else { "before" },
                    input: printable(path.as_bytes()),
                    frame: number.filter(|_| is_frame),
                    line_no: number.filter(|_| !is_frame),
                },
            })
        })
        .collect();
    let order = |one: &FindingChange| {
        let change = ["new", "more", "fewer", "gone"].iter().position(|name| *name == one.change);
        let severity = names::SEVERITIES.iter().position(|name| *name == one.severity);
        (change, severity, one.rule)
    };
    all.sort_by_key(order);
    all
}

fn latency(before: &Summary, after: &Summary) -> Vec<LatencyChange> {
    let of = |summary: &Summary| -> BTreeMap<&'static str, Times> {
        let mut all: BTreeMap<_, _> =
            summary.latency().into_iter().map(|(verb, times)| (verb, times.into())).collect();
        if summary.greeting.count() > 0 {
            all.insert("greeting", (&summary.greeting).into());
        }
        all
    };
    let (before, after) = (of(before), of(after));
    let commands: BTreeSet<&'static str> = before.keys().chain(after.keys()).copied().collect();
    let change = |command| LatencyChange {
        command,
        before: before.get(command).copied(),
        after: after.get(command).copied(),
    };
    commands.into_iter().map(change).collect()
}
