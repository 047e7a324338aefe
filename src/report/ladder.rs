//! One session as a person reads it: what happened, in a sentence; then the dialog as a ladder,
//! with times, frames or lines, who spoke, how long each waited, what is missing, and what was
//! found, each in its place.
//!
//! In: a session with what was found in it. Out: lines of printable text that fit the width, with
//! [`NUMBER`] for the session's number. A session of any length gives a bounded number of them.

use super::grid::wrap;
use super::human::{count, lapse, number};
use super::lines::NUMBER;
use super::paint::{Ink, Paint};
use super::scene::{Scene, Who};
use super::snippet::{PLAIN_WIDTH, clip, columns, width};
use super::view::{View, Where};
use super::{Entry, Options, names, story};
use crate::chunk::{End, Medium, Side};
use crate::dialog::session::{Mark, Session};
use crate::escape::printable;
use crate::place::Place;
use crate::rules::{Confidence, Finding};
use crate::time::{Lapse, Stamp};
use crate::timing::{self, Stall};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of the dialog that are shown at its beginning and at its end, if it has more.
const ENDS: usize = 200;

/// Findings that are shown, and lines between the ends that are because of them.
const FINDINGS: usize = 100;

/// Columns of a text at least.
const LEAST: usize = 32;

/// Appends the ladder of a session.
pub(super) fn session(out: &mut String, entry: &Entry<'_>, options: &Options) {
    let view = View::new(entry, &options.inputs);
    let width = options.width.unwrap_or(PLAIN_WIDTH).max(40);
    let paint = Paint(options.lint.color);
    head(out, &view, paint, width);
    let mut ladder = Ladder::new(&view, entry.findings, paint, width.into());
    ladder.rungs(out);
    foot(out, entry, width);
}

/// Who, when, and what happened.
fn head(out: &mut String, view: &View<'_>, paint: Paint, width: u16) {
    let session = view.session;
    let mut line = format!("Session {NUMBER}");
    if let Some(peers) = session.opening.peers {
        put!(line, ": {} > {}", peers.client, peers.server);
    }
    paint.put(out, Ink::Bold, &line);
    put!(out, ", {}", names::protocol(session.protocol));
    if let Some(duration) = session.duration() {
        put!(out, ", {}", lapse(duration));
    }
    put!(out, "\n{}", view.input);
    if let Some(at) = session.opening.at {
        put!(out, ", from {}", at.rfc3339(session.opening.digits));
    }
    out.push_str("\n\n");
    let mut text = String::new();
    story::tell(&mut text, session, &timing::of(session).stalls);
    out.push_str(&wrap(&text, Some(width)));
    out.push('\n');
}

/// What could not be judged, and where to see all.
fn foot(out: &mut String, entry: &Entry<'_>, width: u16) {
    let hidden = entry.findings.len().saturating_sub(FINDINGS) as u64;
    if hidden > 0 {
        let text = format!("{} not shown: --check shows all", count(hidden, "more finding"));
        out.push('\n');
        out.push_str(&wrap(&text, Some(width)));
    }
    if !entry.not_judged.is_empty() {
        let rules = count(entry.not_judged.len() as u64, "rule");
        let text = format!("{rules} could not be judged: --format json says which, and why");
        out.push('\n');
        out.push_str(&wrap(&text, Some(width)));
    }
}

/// A line of the ladder, before it is written.
struct Rung {
    mark: Mark,
    /// It stands exactly there.
    is_exact: bool,
    what: What,
}

enum What {
    /// A line of the scene, by index.
    Line(usize),
    /// What no side said.
    Note(String),
}

/// What it takes to write rungs.
struct Ladder<'a> {
    view: &'a View<'a>,
    scene: Scene<'a>,
    rungs: Vec<Rung>,
    /// By index of the rung, what was found there.
    findings: BTreeMap<usize, Vec<&'a Finding>>,
    /// Long waits that are not told yet, by exchange, and whether the server was waited for.
    stalls: BTreeMap<(Option<u32>, bool), Stall>,
    paint: Paint,
    width: usize,
    /// Digits of the second's fraction, if there are times.
    digits: Option<usize>,
    /// The last time that was shown, and the last place.
    last: (Option<Stamp>, Place),
    /// The input of the last place, if it is another than the first.
    elsewhere: Option<&'a str>,
}

impl<'a> Ladder<'a> {
    fn new(view: &'a View<'a>, findings: &'a [Finding], paint: Paint, width: usize) -> Self {
        let session = view.session;
        let scene = Scene::of(session);
        let lines = scene.lines().iter().enumerate().map(|(index, line)| Rung {
            mark: line.mark,
            is_exact: line.is_exact || line.who == Who::Nobody,
            what: What::Line(index),
        });
        let mut rungs: Vec<Rung> = beginning(session).into_iter().chain(lines).collect();
        rungs.extend(between(session));
        // What came at one place stays in the order of the dialog.
        rungs.sort_by_key(|rung| rung.mark.place);
        rungs.extend(ending(session));
        let digits = session.opening.at.map(|_| session.opening.digits.into());
        let last = (None, Place::default());
        let mut ladder = Self {
            view,
            scene,
            rungs,
            findings: BTreeMap::new(),
            stalls: stalls(session),
            paint,
            width,
            digits,
            last,
            elsewhere: None,
        };
        ladder.place(findings);
        ladder
    }

    /// Finds the rungs of the first findings.
    fn place(&mut self, findings: &'a [Finding]) {
        let mut by_line = BTreeMap::new();
        for (index, rung) in self.rungs.iter().enumerate() {
            if let What::Line(line) = rung.what {
                by_line.insert(line, index);
            }
        }
        for finding in findings.iter().take(FINDINGS) {
            let line = self.scene.find(finding);
            let rung = line.and_then(|line| by_line.get(&line).copied()).unwrap_or_else(|| {
                let place = finding.mark.place;
                let is_after = |rung: &Rung| rung.mark.place > place && place > Place::default();
                let after = self.rungs.iter().position(is_after);
                after.unwrap_or(self.rungs.len()).saturating_sub(1)
            });
            self.findings.entry(rung).or_default().push(finding);
        }
    }

    /// The rungs that are shown.
    fn shown(&self) -> BTreeSet<usize> {
        let all = self.rungs.len();
        if all <= 2 * ENDS {
            return (0..all).collect();
        }
        // What was found is shown with the rung before it.
        let found = self.findings.keys().flat_map(|&rung| [rung.saturating_sub(1), rung]);
        (0..ENDS).chain(all - ENDS..all).chain(found).collect()
    }

    fn rungs(&mut self, out: &mut String) {
        let shown = self.shown();
        self.columns(out);
        let rungs = std::mem::take(&mut self.rungs);
        let findings = std::mem::take(&mut self.findings);
        let is_line = |rung: &Rung| matches!(rung.what, What::Line(_));
        let lines_end = rungs.iter().rposition(is_line).map_or(0, |last| last + 1);
        let mut next = 0;
        for index in shown {
            if index > next {
                let hidden = count((index - next) as u64, "line");
                put!(out, "... {hidden} not shown: --format transcript shows all\n");
                // A wait over what is not shown is none.
                self.last.0 = None;
            }
            next = index + 1;
            let Some(rung) = rungs.get(index) else { continue };
            let here = findings.get(&index).map(Vec::as_slice).unwrap_or_default();
            self.rung(out, rung, here);
            let is_last_line = index + 1 == lines_end;
            if is_last_line {
                self.in_vain(out);
            }
        }
    }

    /// Waits for what never came.
    fn in_vain(&mut self, out: &mut String) {
        for stall in std::mem::take(&mut self.stalls).into_values() {
            if stall.in_vain {
                self.stall(out, &stall);
            }
        }
    }

    /// The heads of the columns.
    fn columns(&self, out: &mut String) {
        let mut line = String::new();
        if let Some(width) = self.time_width() {
            put!(line, "{:<width$} {:>11} ", "time", "delta");
        }
        let is_capture = self.view.session.opening.medium == Medium::Packets;
        put!(line, "{:>7}  client", if is_capture { "frame" } else { "line" });
        self.paint.put(out, Ink::Frame, &format!("{line} -->    <-- server"));
        out.push('\n');
    }

    fn time_width(&self) -> Option<usize> {
        self.digits.map(|digits| if digits == 0 { 8 } else { 9 + digits })
    }

    /// Columns before a text.
    fn margin(&self) -> usize {
        self.time_width().map_or(0, |width| width + 13) + 9
    }

    fn rung(&mut self, out: &mut String, rung: &Rung, findings: &[&Finding]) {
        self.input(out, rung);
        self.wait(out, rung);
        self.gutter(out, rung);
        match &rung.what {
            What::Note(text) => self.note(out, text),
            What::Line(index) => {
                let Some(line) = self.scene.lines().get(*index) else { return };
                let Who::Side(side) = line.who else {
                    return self.note(out, &format!("({})", printable(&line.text)));
                };
                let text = line.text.to_vec();
                self.said(out, side, &text, findings);
            }
        }
        for finding in findings {
            self.finding(out, finding);
        }
    }

    /// Says where the rung is, if that is another input than before.
    fn input(&mut self, out: &mut String, rung: &Rung) {
        if !rung.is_exact {
            return;
        }
        let Where { input, frame, line_no } = self.view.place(rung.mark);
        if frame.or(line_no).is_some() && input != self.elsewhere {
            self.elsewhere = input;
            put!(out, "in {}\n", input.unwrap_or(self.view.input));
        }
    }

    /// A long wait that ended with a rung, as a rung of its own.
    fn wait(&mut self, out: &mut String, rung: &Rung) {
        let What::Line(index) = rung.what else { return };
        let Some(line) = self.scene.lines().get(index) else { return };
        let Who::Side(side) = line.who else { return };
        let Some(stall) = self.stalls.remove(&(line.exchange(), side == Side::Server)) else {
            return;
        };
        self.stall(out, &stall);
    }

    fn stall(&self, out: &mut String, stall: &Stall) {
        let text = format!("~~~ {}", stall.sentence(self.view.session));
        for (n, line) in folded(&text, self.room(4)).into_iter().enumerate() {
            out.extend(std::iter::repeat_n(' ', self.margin() + if n == 0 { 0 } else { 4 }));
            self.paint.put(out, Ink::Bold, &line);
            out.push('\n');
        }
    }

    /// Columns for a text that stands so far behind the margin.
    fn room(&self, indent: usize) -> usize {
        self.width.saturating_sub(self.margin() + indent).max(LEAST)
    }

    fn delta(&self, rung: &Rung) -> Option<Lapse> {
        let is_new = rung.mark.place != self.last.1;
        rung.mark.at.zip(self.last.0).map(|(at, last)| at.since(last)).filter(|_| is_new)
    }

    /// Time, delta and place, where they are new.
    fn gutter(&mut self, out: &mut String, rung: &Rung) {
        let is_new = rung.is_exact && rung.mark.place != self.last.1;
        if let (Some(width), Some(digits)) = (self.time_width(), self.digits) {
            let digits = u8::try_from(digits).unwrap_or(9);
            let time = rung.mark.at.filter(|_| is_new).map(|at| at.rfc3339(digits));
            let time = time.as_deref().and_then(|time| Some(time.split_once('T')?.1));
            let time = time.map_or("", |time| time.trim_end_matches('Z'));
            let delta = self.delta(rung).filter(|_| is_new);
            let text = delta.map_or_else(String::new, |delta| {
                let sign = if delta < Lapse::default() { "" } else { "+" };
                format!("{sign}{}", lapse(delta))
            });
            put!(out, "{time:<width$} {text:>11} ");
        }
        let Where { frame, line_no, .. } = self.view.place(rung.mark);
        let number = frame.or(line_no).filter(|_| is_new);
        let number = number.map_or_else(String::new, |number| number.to_string());
        self.paint.put(out, Ink::Frame, &format!("{number:>7}"));
        out.push_str("  ");
        if is_new {
            self.last = (rung.mark.at.or(self.last.0), rung.mark.place);
        }
    }

    /// What no side said.
    fn note(&self, out: &mut String, text: &str) {
        let shown = clip(text, 0..0, self.room(0)).text;
        self.paint.put(out, Ink::Frame, &shown);
        out.push('\n');
    }

    /// What a side said, with the bytes underlined about which something was found.
    fn said(&self, out: &mut String, side: Side, text: &[u8], findings: &[&Finding]) {
        let lead = lead(side);
        let marked = findings.iter().find_map(|one| Some((*one, one.range.clone()?)));
        let range = marked.as_ref().map_or(0..0, |(_, range)| columns(text, range));
        let shown = clip(&printable(text), range, self.room(lead.len()));
        out.push_str(format!("{lead}{}", shown.text).trim_end());
        out.push('\n');
        if let Some((finding, _)) = marked {
            let indent = self.margin() + lead.len() + shown.range.start;
            out.extend(std::iter::repeat_n(' ', indent));
            let mut underline = "^".repeat(shown.range.len().max(1));
            if !finding.expected.is_empty() {
                put!(underline, " expected {}", finding.expected);
            }
            self.paint.put(out, Ink::Severity(finding.rule.severity), &underline);
            out.push('\n');
        }
    }

    /// What was found there.
    fn finding(&self, out: &mut String, finding: &Finding) {
        let rule = finding.rule;
        let sure = match finding.confidence {
            Confidence::Certain => String::new(),
            less => format!(" ({})", less.name()),
        };
        let head = format!("{}[{}]", rule.severity.name(), rule.id);
        let indent = self.margin() + 2;
        let message = printable(finding.message.as_bytes());
        let fault = format!("{sure} fault: {}", finding.party.name());
        out.extend(std::iter::repeat_n(' ', indent));
        self.paint.put(out, Ink::Severity(rule.severity), &head);
        out.push_str(&fault);
        out.push('\n');
        for line in folded(&message, self.room(2)) {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(&line);
            out.push('\n');
        }
    }
}

/// What stands before what a side said.
fn lead(side: Side) -> &'static str {
    match side {
        Side::Client => "--> ",
        Side::Server => "    <-- ",
    }
}

/// `text` in lines of at most `room` columns, broken at blanks where it can be.
fn folded(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let width = |text: &str| text.chars().map(width).sum::<usize>();
    for word in text.split(' ') {
        let mut word = word.to_owned();
        let Some(line) = lines.last_mut() else { break };
        let used = width(line);
        if used > 0 && used + 1 + width(&word) <= room {
            line.push(' ');
            line.push_str(&word);
            continue;
        }
        if used > 0 {
            lines.push(String::new());
        }
        // A word that is longer than a line is broken where that ends.
        while width(&word) > room {
            let mut part = String::new();
            for letter in word.chars() {
                if width(&part) >= room.saturating_sub(1) {
                    break;
                }
                part.push(letter);
            }
            word.drain(..part.len());
            if let Some(line) = lines.last_mut() {
                *line = part;
            }
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            *line = word;
        }
    }
    lines
}

fn note(mark: Mark, text: impl Into<String>) -> Rung {
    Rung { mark, is_exact: true, what: What::Note(text.into()) }
}

/// The long waits of `session`.
fn stalls(session: &Session) -> BTreeMap<(Option<u32>, bool), Stall> {
    let stalls = timing::of(session).stalls.into_iter();
    let sides = stalls.filter_map(|stall| match stall.who {
        timing::Who::Side(side) => Some(((stall.exchange, side == Side::Server), stall)),
        timing::Who::Network => None,
    });
    sides.collect()
}

/// How the connection came to be.
fn beginning(session: &Session) -> Option<Rung> {
    let opening = &session.opening;
    if opening.medium != Medium::Packets {
        return None;
    }
    let mark = Mark { at: opening.at, place: opening.place };
    let midstream = session.transport.as_ref().is_some_and(|transport| transport.midstream);
    let text = match session.timing.connect {
        _ if midstream => String::from("[the recording begins inside the connection]"),
        Some(connect) => format!("[the client connects: it takes {}]", lapse(connect)),
        None => String::from("[the client connects]"),
    };
    Some(note(mark, text))
}

/// What happened between the lines.
fn between(session: &Session) -> Vec<Rung> {
    let mut rungs = Vec::new();
    if let Some(tls) = &session.tls {
        let mut text = String::from("[TLS");
        if let Some(version) = tls.facts.version_name() {
            put!(text, ", {version}");
        }
        let (client, server) = (tls.bytes.client, tls.bytes.server);
        put!(
            text,
            ": {} of the client and {} of the server cannot be read]",
            count(client, "byte"),
            count(server, "byte")
        );
        rungs.push(note(tls.begun, text));
        for alert in &tls.facts.alerts {
            let mark = Mark { at: None, place: alert.place };
            let (level, what) = (names::alert_level(alert), names::alert(alert));
            let text = format!("[TLS alert of the {}: {level} {what}]", alert.side.name());
            rungs.push(note(mark, text));
        }
    }
    for resync in &session.resyncs {
        let why = names::why(resync.why).replace('-', " ");
        let text = format!("[the {} is lost here and found again: {why}]", resync.side.name());
        rungs.push(note(resync.mark, text));
    }
    if let Some(closing) = &session.closing {
        for side in [closing.first, closing.first.other()] {
            let Some(parting) = closing.sides.of(side) else { continue };
            let how = if parting.reset { "resets the connection" } else { "closes its side" };
            rungs.push(note(parting.mark, format!("[the {} {how}]", side.name())));
        }
    }
    rungs
}

/// What was not kept, and how it ended where no packet shows that.
fn ending(session: &Session) -> Vec<Rung> {
    let mut rungs = Vec::new();
    let nowhere = Mark { at: None, place: Place::default() };
    if session.elided_exchanges > 0 {
        let text = format!("[{} more commands were not kept]", number(session.elided_exchanges));
        rungs.push(note(nowhere, text));
    }
    let text = match session.end {
        _ if session.closing.is_some() => return rungs,
        End::CaptureEnd => "[the recording ends here]",
        End::TranscriptEnd => "[the transcript ends here]",
        End::ServerClosed => "[the server closes the connection]",
        End::ClientClosed => "[the client closes the connection]",
        End::Reset => "[the connection is reset]",
        End::Refused => "[the connection is refused]",
        End::NoAnswer => "[no answer came]",
        End::Quit | End::Tls => return rungs,
    };
    rungs.push(note(nowhere, text));
    rungs
}
