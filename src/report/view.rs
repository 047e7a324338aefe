//! A session, seen for what reports say of it in more than one form.
//!
//! In: a session. Out: its places, offers, replies, as bytes of the wire: who shows them makes
//! them printable.

use super::Entry;
use super::model::Elided;
use crate::chunk::Medium;
use crate::dialog::session::{Mark, Reply, Session};
use crate::escape::printable;
use crate::place::{Origin, Place, Places};
use crate::rules::Finding;
use crate::smtp::extension::{self, Extension};
use crate::smtp::reply::{self, Offer, ReplyLine, Separator};

/// A session and what it takes to say where things stand.
pub(super) struct View<'a> {
    pub(super) session: &'a Session,
    /// Path of the input in which it begins.
    pub(super) input: &'a str,
    began: u32,
    /// Frames before the input in which it begins, if what comes after them is in no other; else
    /// [`Self::NEVER`].
    before: u64,
    inputs: &'a [String],
    places: &'a Places,
}

/// Where something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Where<'a> {
    /// Path of the input, if the session did not begin in it.
    pub(super) input: Option<&'a str>,
    /// Frame, in a capture.
    pub(super) frame: Option<u64>,
    /// Line, in a transcript.
    pub(super) line_no: Option<u64>,
}

impl<'a> View<'a> {
    /// More frames than there are.
    const NEVER: u64 = u64::MAX / 2;

    /// The session of `entry`; `inputs` are the inputs' paths by number.
    pub(super) fn new(entry: &Entry<'a>, inputs: &'a [String]) -> Self {
        let Entry { session, places, .. } = *entry;
        let began = places.input(session.opening.place);
        let is_here =
            |last: &(u64, u32)| last.1 == began && session.opening.medium == Medium::Packets;
        let before = places.last().filter(is_here).map_or(Self::NEVER, |(before, _)| before);
        Self { session, input: path(inputs, began), began, before, inputs, places }
    }

    /// The number of the frame that `place` is, if it is easily told, in the input in which the
    /// session begins, and of at most eight digits.
    #[inline]
    pub(super) fn frame(&self, place: Place) -> Option<u32> {
        let later = place.number().wrapping_sub(self.before).wrapping_sub(1);
        if later < 99_999_999 { u32::try_from(later + 1).ok() } else { None }
    }

    /// Where `mark` stands.
    pub(super) fn place(&self, mark: Mark) -> Where<'a> {
        let Origin { input, number, .. } = self.places.origin(mark.place);
        let (frame, line_no) = place(self.session.opening.medium, number);
        let is_elsewhere = mark.place.number() > 0 && input != self.began;
        let input = is_elsewhere.then(|| path(self.inputs, input));
        Where { input, frame, line_no }
    }

    /// Whether the line that `finding` is about is the one at its place: of a reply whose lines
    /// are apart, only the first surely is.
    pub(super) fn is_exact(&self, finding: &Finding) -> bool {
        let session = self.session;
        let is_here = |reply: &Reply| {
            let numbered = (0_u64..).zip(session.reply_lines(reply));
            let lines = numbered.take(if reply.in_a_row { usize::MAX } else { 1 });
            lines.into_iter().any(|(number, line)| {
                reply.begun.place.after(number) == finding.mark.place
                    && line == finding.evidence.as_slice()
            })
        };
        if !finding.is_reply {
            return true;
        }
        let exchange = finding.exchange.and_then(|index| session.exchanges.get(index as usize));
        if let Some(exchange) = exchange {
            return exchange.reply.as_ref().is_some_and(is_here);
        }
        let others = session.unsolicited.iter().map(|one| &one.reply);
        session.greeting.iter().chain(others).any(is_here)
    }

    /// The texts of a reply's lines.
    pub(super) fn lines(&self, reply: &Reply) -> impl Iterator<Item = &'a [u8]> {
        self.session.reply_lines(reply).map(reply_text)
    }

    /// The enhanced status code of a reply's first line.
    pub(super) fn enhanced(&self, reply: &Reply) -> Option<&'a [u8]> {
        enhanced(reply_text(self.session.bytes(reply.text)))
    }

    /// What was not kept; `None` if all was.
    pub(super) fn elided(&self) -> Option<Elided> {
        let session = self.session;
        let replies = session.exchanges.iter().filter_map(|exchange| exchange.reply.as_ref());
        let replies = replies.chain(session.unsolicited.iter().map(|one| &one.reply));
        let elided = Elided {
            exchanges: session.elided_exchanges,
            messages: session.elided_messages,
            recipients: session.messages.iter().map(|one| u64::from(one.elided_recipients)).sum(),
            reply_lines: replies
                .chain(session.greeting.as_ref())
                // Of a reply, one line at least is kept.
                .filter(|reply| reply.lines > 1)
                .map(|reply| {
                    let ends = memchr::memchr_iter(b'\n', session.bytes(reply.text)).count();
                    u64::from(reply.lines).saturating_sub(ends as u64 + 1)
                })
                .sum(),
            unsolicited_replies: session.elided.unsolicited,
            gaps: session.elided.gaps,
            resyncs: session.elided.resyncs,
            unread_lines: session.elided.lines,
        };
        let messages = elided.exchanges + elided.messages + elided.recipients + elided.reply_lines;
        let places = elided.unsolicited_replies + elided.gaps + elided.resyncs;
        (messages + places + elided.unread_lines > 0).then_some(elided)
    }
}

/// What the last answered EHLO or LHLO offers.
pub(super) fn offers(session: &Session) -> impl Iterator<Item = Offer<'_>> {
    let texts = session.hellos.last().into_iter().flat_map(|hello| session.offers(hello));
    texts.filter_map(reply::offer)
}

/// The extensions that the client used, in order of the table.
pub(super) fn used(session: &Session) -> impl Iterator<Item = &'static Extension> {
    session.used.indices().filter_map(extension::by_index)
}

/// The text of a reply's first line.
pub(super) fn first_line<'a>(session: &'a Session, reply: &Reply) -> &'a [u8] {
    session.reply_lines(reply).next().map(reply_text).unwrap_or_default()
}

/// The text of a reply's line: without code and separator if it has them. It may be followed by
/// other lines.
#[inline]
pub(super) fn reply_text(line: &[u8]) -> &[u8] {
    let parsed = ReplyLine::parse(line);
    match (parsed.code, parsed.separator) {
        (Some(_), Separator::Space | Separator::Hyphen | Separator::End) => parsed.text,
        (Some(_), Separator::Other(b'\n')) => line.get(3..).unwrap_or_default(),
        _ => line,
    }
}

/// The enhanced status code that a reply's text begins with.
#[inline]
pub(super) fn enhanced(text: &[u8]) -> Option<&[u8]> {
    match text {
        // Nearly all have three digits, or none.
        [b'2' | b'4' | b'5', b'.', b'0'..=b'9', b'.', b'0'..=b'9', b' ', ..] => text.get(..5),
        [b'2' | b'4' | b'5', b'.', ..] => {
            // `2.999.999` and more: the line may be long.
            let start = text.get(..16).unwrap_or(text);
            reply::enhanced(start.split(|&byte| byte == b'\n').next().unwrap_or_default())
        }
        _ => None,
    }
}

/// Frame and line number of a place: a capture has the one, a transcript the other.
pub(super) fn place(medium: Medium, number: u64) -> (Option<u64>, Option<u64>) {
    match (number, medium) {
        (0, _) => (None, None),
        (_, Medium::Packets) => (Some(number), None),
        (_, Medium::Transcript | Medium::Script) => (None, Some(number)),
    }
}

/// Where the byte `at` (from 0) of `evidence` stands when it is printed, in characters from 1.
pub(super) fn shown_column(evidence: &[u8], at: usize) -> u64 {
    let before = at.min(evidence.len());
    let (before, _) = evidence.split_at(before);
    printable(before).chars().count() as u64 + 1
}

fn path(inputs: &[String], index: u32) -> &str {
    inputs.get(index as usize).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_reply_lines_are_shown_whole() {
        for (line, text) in [
            ("250 ok", "ok"),
            ("250-ok", "ok"),
            ("250", ""),
            ("250ok", "250ok"),
            ("250\nok", "\nok"),
            ("250 ok\nok", "ok\nok"),
            ("hello", "hello"),
            ("", ""),
        ] {
            assert_eq!(reply_text(line.as_bytes()), text.as_bytes(), "{line}");
        }
    }

    #[test]
    fn a_column_points_into_the_printed_evidence() {
        assert_eq!(shown_column(b"MAIL FROM: <a>", 10), 11);
        assert_eq!(shown_column(b"\x1bab", 1), 5);
        assert_eq!(shown_column("\u{e4}b".as_bytes(), 2), 2);
        assert_eq!((shown_column(b"ab", 0), shown_column(b"ab", 99)), (1, 3));
    }
}
