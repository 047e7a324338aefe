//! One finding as a compiler shows it: what, where, the dialog around it with the bytes in
//! question underlined, and how to mend it.
//!
//! In: a session, a finding. Out: lines of printable text, with [`NUMBER`] for the session's
//! number.

use super::InputReport;
use super::lines::NUMBER;
use super::paint::{Ink, Paint};
use super::scene::{Line, Scene, Who};
use super::view::View;
use crate::chunk::{Medium, Side};
use crate::escape::{is_printable, printable};
use crate::rules::{Confidence, Finding};
use std::ops::Range;
use unicode_width::UnicodeWidthChar as _;

/// Columns where no terminal says how many it has.
pub(super) const PLAIN_WIDTH: u16 = 120;

/// Columns of a line of the dialog that are shown at least.
const LEAST: usize = 24;

/// Columns shown before the bytes in question, where a line is too long to show from its start.
const LEAD: usize = 16;

/// How findings of a session are shown.
pub(super) struct Snippets<'a> {
    view: &'a View<'a>,
    scene: Scene<'a>,
    width: usize,
    paint: Paint,
}

impl<'a> Snippets<'a> {
    /// For the session of `view`, in so many columns.
    pub(super) fn new(view: &'a View<'a>, width: Option<u16>, paint: Paint) -> Self {
        let scene = Scene::of(view.session);
        Self { view, scene, width: width.unwrap_or(PLAIN_WIDTH).into(), paint }
    }

    /// Appends the block of `finding`.
    pub(super) fn push(&self, out: &mut String, finding: &Finding) {
        let at = self.scene.find(finding);
        let lines = self.scene.around(finding, at);
        let numbers: Vec<String> = lines.iter().map(|(_, line)| self.number(line)).collect();
        let gutter = numbers.iter().map(String::len).max().unwrap_or(0).max(1);
        head(out, self.paint, finding);
        self.places(out, finding, gutter);
        if !lines.is_empty() {
            self.bar(out, gutter, "");
        }
        let mut before = None;
        for ((index, line), number) in lines.iter().zip(&numbers) {
            if before.is_some_and(|before| before + 1 < *index) {
                self.paint.put(out, Ink::Frame, "...");
                out.push('\n');
            }
            before = Some(*index);
            let marked = (at == Some(*index)).then_some(finding);
            self.line(out, line, number, gutter, marked);
        }
        if !lines.is_empty() {
            self.bar(out, gutter, "");
        }
        remarks(out, self.paint, finding, gutter);
    }

    /// Where the finding stands, and between whom.
    fn places(&self, out: &mut String, finding: &Finding, gutter: usize) {
        out.extend(std::iter::repeat_n(' ', gutter));
        self.paint.put(out, Ink::Frame, "--> ");
        let place = Place::of(self.view, finding);
        out.push_str(place.path);
        if self.view.session.opening.medium == Medium::Packets {
            out.push_str(", session ");
            out.push(NUMBER);
            if let Some(frame) = place.frame {
                put!(out, ", frame {frame}");
            }
            if let Some(at) = self.view.session.opening.dated(finding.mark.at) {
                out.push_str(", ");
                out.push_str(&at.rfc3339(self.view.session.opening.digits));
            }
        } else {
            for number in [place.line_no, place.column].into_iter().flatten() {
                put!(out, ":{number}");
            }
        }
        out.push('\n');
        if let Some(peers) = self.view.session.opening.peers {
            out.extend(std::iter::repeat_n(' ', gutter));
            self.paint.put(out, Ink::Frame, "::: ");
            put!(out, "{} > {}\n", peers.client, peers.server);
        }
    }

    /// The frame or line of a line of the dialog.
    fn number(&self, line: &Line<'_>) -> String {
        let place = if line.is_exact { self.view.place(line.mark) } else { return String::new() };
        place.frame.or(place.line_no).map_or_else(String::new, |number| number.to_string())
    }

    /// A line of the dialog, with what is `marked` in it underlined.
    fn line(
        &self,
        out: &mut String,
        line: &Line<'_>,
        number: &str,
        gutter: usize,
        marked: Option<&Finding>,
    ) {
        let who = match line.who {
            Who::Side(Side::Client) => "c> ",
            Who::Side(Side::Server) => "s< ",
            Who::Nobody => "   ",
        };
        let range = marked.map(|finding| {
            // Without a range, all of the line is meant.
            let range = finding.range.clone().unwrap_or(0..line.text.len());
            columns(&line.text, &range)
        });
        let room = self.width.saturating_sub(gutter + 3 + who.len()).max(LEAST);
        let text = printable(&line.text);
        let shown = match line.who {
            Who::Nobody => Clip { text: format!("({text})"), range: 0..0 },
            Who::Side(_) => clip(&text, range.clone().unwrap_or(0..0), room),
        };
        self.bar(out, gutter, number);
        out.pop();
        out.push_str(format!(" {who}{}", shown.text).trim_end());
        out.push('\n');
        if let (Some(finding), Some(_)) = (marked, range) {
            self.bar(out, gutter, "");
            out.pop();
            out.extend(std::iter::repeat_n(' ', 1 + who.len() + shown.range.start));
            let mut underline = "^".repeat(shown.range.len().max(1));
            if !finding.expected.is_empty() {
                underline.push_str(" expected ");
                underline.push_str(finding.expected);
            }
            self.paint.put(out, Ink::Severity(finding.rule.severity), &underline);
            out.push('\n');
        }
    }

    /// The left margin, as a line of its own.
    fn bar(&self, out: &mut String, gutter: usize, number: &str) {
        self.paint.put(out, Ink::Frame, &format!("{number:>gutter$} |"));
        out.push('\n');
    }
}

/// Appends the block of `finding`, which is about an input as a whole.
pub(super) fn of_input(out: &mut String, input: &InputReport, finding: &Finding, paint: Paint) {
    head(out, paint, finding);
    out.push(' ');
    paint.put(out, Ink::Frame, "--> ");
    out.push_str(&printable(input.path.as_bytes()));
    match input.place(finding) {
        (Some(frame), _) => put!(out, ", frame {frame}"),
        (None, Some(line)) => put!(out, ":{line}"),
        (None, None) => {}
    }
    out.push('\n');
    remarks(out, paint, finding, 1);
}

/// Appends what a finding says.
fn head(out: &mut String, paint: Paint, finding: &Finding) {
    let severity = finding.rule.severity;
    let head = format!("{}[{}]", severity.name(), finding.rule.id);
    paint.put(out, Ink::Severity(severity), &head);
    paint.put(out, Ink::Bold, &format!(": {}", printable(finding.message.as_bytes())));
    out.push('\n');
}

/// Appends what else there is to say of a finding.
fn remarks(out: &mut String, paint: Paint, finding: &Finding, gutter: usize) {
    let rule = finding.rule;
    let confidence = match finding.confidence {
        Confidence::Certain => "",
        less => less.name(),
    };
    for (name, text) in [
        ("rfc", rule.rfc.unwrap_or_default()),
        ("fault", finding.party.name()),
        ("help", rule.help),
        ("confidence", confidence),
        ("note", if finding.violates_abnf { "the line breaks the ABNF" } else { "" }),
    ] {
        if !text.is_empty() {
            out.extend(std::iter::repeat_n(' ', gutter + 1));
            paint.put(out, Ink::Frame, "= ");
            paint.put(out, Ink::Bold, name);
            out.push_str(": ");
            out.push_str(text);
            out.push('\n');
        }
    }
}

/// Where a finding stands, for a person or a tool that goes there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// Path of the input, printable.
    pub(super) path: &'a str,
    /// Frame, in a capture.
    pub(super) frame: Option<u64>,
    /// Line, in a transcript.
    pub(super) line_no: Option<u64>,
    /// Character of that line, from 1, where it can be told.
    pub(super) column: Option<u64>,
    /// Character behind the last.
    pub(super) end_column: Option<u64>,
}

impl<'a> Place<'a> {
    /// That of `finding`.
    pub(super) fn of(view: &View<'a>, finding: &Finding) -> Self {
        let place = view.place(finding.mark);
        let opening = &view.session.opening;
        let prefix = match opening.medium {
            Medium::Script => Some(0),
            // `c> `; how wide a column of times is cannot be told any more.
            Medium::Transcript if opening.at.is_none() => Some(3),
            Medium::Transcript | Medium::Packets => None,
        };
        // What is not plain stands there in another form, and of a reply the first line only.
        let evidence = &finding.evidence;
        let is_plain = is_printable(evidence) && !evidence.contains(&b'\\');
        let column = |at: fn(&Range<usize>) -> usize| {
            let range = finding.range.as_ref().filter(|_| is_plain && view.is_exact(finding))?;
            Some(prefix? + super::view::shown_column(evidence, at(range)))
        };
        Self {
            path: place.input.unwrap_or(view.input),
            frame: place.frame,
            line_no: place.line_no,
            column: column(|range| range.start).filter(|_| place.line_no.is_some()),
            end_column: column(|range| range.end).filter(|_| place.line_no.is_some()),
        }
    }
}

/// A line that fits, and where its marked part is then.
pub(super) struct Clip {
    pub(super) text: String,
    pub(super) range: Range<usize>,
}

/// The columns that `range` of `bytes` takes when they are printed.
pub(super) fn columns(bytes: &[u8], range: &Range<usize>) -> Range<usize> {
    let width = |end: usize| {
        let (before, _) = bytes.split_at(end.min(bytes.len()));
        printable(before).chars().map(width).sum()
    };
    width(range.start)..width(range.end).max(width(range.start))
}

/// `text` in `room` columns, so that the beginning of `range` (in columns) is seen.
pub(super) fn clip(text: &str, range: Range<usize>, room: usize) -> Clip {
    let all: usize = text.chars().map(width).sum();
    if all <= room {
        return Clip { text: text.to_owned(), range };
    }
    // Where all that is marked is near the start, the start is shown.
    let from = if range.end < room { 0 } else { range.start.saturating_sub(LEAD) };
    let mut out = String::with_capacity(room + 8);
    let (mut at, mut used, mut first) = (0, 0, None);
    if from > 0 {
        out.push('…');
        used = 1;
    }
    for letter in text.chars() {
        let wide = width(letter);
        if at >= from {
            first.get_or_insert(at);
            // One column is for the mark that there is more.
            if used + wide + usize::from(at + wide < all) > room {
                out.push('…');
                break;
            }
            out.push(letter);
            used += wide;
        }
        at += wide;
    }
    let shift = |column: usize| {
        let column = (column + usize::from(from > 0)).saturating_sub(first.unwrap_or(0));
        column.min(room)
    };
    Clip { text: out, range: shift(range.start)..shift(range.end) }
}

/// Columns of a letter.
pub(super) fn width(letter: char) -> usize {
    letter.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_below_what_they_mark() {
        assert_eq!(columns(b"MAIL FROM: <a>", &(10..11)), 10..11);
        assert_eq!(columns(b"\x1bab", &(1..2)), 4..5);
        assert_eq!(columns("漢字x".as_bytes(), &(3..6)), 2..4);
        assert_eq!(columns(b"ab", &(2..9)), 2..2);
    }

    #[test]
    fn long_lines_are_shown_where_it_matters() {
        let long = "0123456789".repeat(10);
        let clipped = clip(&long, 3..5, 30);
        assert_eq!(
            (clipped.text.as_str(), clipped.range),
            ("01234567890123456789012345678…", 3..5)
        );
        let clipped = clip(&long, 50..52, 30);
        assert_eq!(clipped.text, "…4567890123456789012345678901…");
        assert_eq!(clipped.range, 17..19);
        // The mark is in the text.
        assert_eq!(clipped.text.chars().nth(17), Some('0'));
        let clipped = clip(&long, 99..100, 30);
        assert_eq!((clipped.text.as_str(), clipped.range), ("…34567890123456789", 17..18));
        let clipped = clip(&long, 0..100, 30);
        assert_eq!(clipped.range, 0..30);
        let wide = "漢".repeat(50);
        for room in 24..40 {
            for start in 0..50 {
                let clipped = clip(&wide, start * 2..start * 2 + 2, room);
                let columns: usize = clipped.text.chars().map(width).sum();
                assert!(columns <= room && clipped.range.end <= room + 1, "{start} in {room}");
            }
        }
    }
}
