//! The lines of a session's dialog, and which of them to show around a finding.
//!
//! In: a session, a finding. Out: lines with who sent them and where they stand, as bytes of the
//! wire.

use super::human::count;
use crate::chunk::{Medium, Side};
use crate::dialog::session::{Mark, Message, Reply, Request, Session};
use crate::rules::Finding;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Lines shown before and after the one that a finding is about.
const AROUND: usize = 2;

/// The lines of a dialog, in order of place.
pub(super) struct Scene<'a> {
    lines: Vec<Line<'a>>,
    /// By exchange, the lines of its command and of the beginning of its reply.
    heads: Vec<[Option<usize>; 2]>,
}

/// One line of a dialog.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub(super) who: Who,
    /// Where it stands: a reply as a whole has one place.
    pub(super) mark: Mark,
    /// It stands exactly there: of a reply, only the first line surely does.
    pub(super) is_exact: bool,
    /// Index of the exchange.
    exchange: Option<u32>,
    pub(super) text: Cow<'a, [u8]>,
}

/// Who sent a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// One of the ends.
    Side(Side),
    /// Nobody: it says what is not shown.
    Nobody,
}

impl Line<'_> {
    /// Index of its exchange.
    pub(super) fn exchange(&self) -> Option<u32> {
        self.exchange
    }
}

impl<'a> Scene<'a> {
    /// All lines of `session`.
    pub(super) fn of(session: &'a Session) -> Self {
        let exchanges = session.exchanges.len();
        let lines = Vec::with_capacity(exchanges * 3 + 4);
        let mut scene = Self { lines, heads: vec![[None; 2]; exchanges] };
        if let Some(greeting) = &session.greeting {
            scene.reply(session, greeting, None);
        }
        let mut told = BTreeSet::new();
        for (index, exchange) in (0..).zip(&session.exchanges) {
            let message = exchange.message.and_then(|one| session.messages.get(one as usize));
            if exchange.request == Request::EndOfData
                && let Some(message) = message
            {
                scene.note(exchange.asked, content(message));
            }
            scene.lines.push(Line {
                who: Who::Side(Side::Client),
                mark: exchange.asked,
                is_exact: true,
                exchange: Some(index),
                text: Cow::Borrowed(session.bytes(exchange.line)),
            });
            if let Some(reply) = &exchange.reply {
                told.insert(reply.text.at);
                scene.reply(session, reply, Some(index));
            }
        }
        for message in &session.messages {
            // One of the replies for single recipients is that of the exchange, too.
            let deliveries = message.recipients.iter().filter_map(|one| one.delivery.as_deref());
            for reply in deliveries {
                if told.insert(reply.text.at) {
                    scene.reply(session, reply, None);
                }
            }
        }
        for one in &session.unsolicited {
            scene.reply(session, &one.reply, None);
        }
        for gap in &session.gaps {
            let bytes = match gap.gap.bytes {
                0 => String::from("bytes"),
                bytes => count(bytes, "byte"),
            };
            scene.note(gap.mark, format!("{bytes} of the {} missing", gap.side.name()));
        }
        // What came at one place stays in the order of the dialog.
        scene.lines.sort_by_key(|line| line.mark.place);
        for (at, line) in scene.lines.iter().enumerate().filter(|(_, line)| line.is_exact) {
            let index = line.exchange.map(|index| index as usize);
            if let Some([asked, answered]) = index.and_then(|index| scene.heads.get_mut(index)) {
                let is_command = line.who == Who::Side(Side::Client);
                (if is_command { asked } else { answered }).get_or_insert(at);
            }
        }
        scene
    }

    /// The lines.
    pub(super) fn lines(&self) -> &[Line<'a>] {
        &self.lines
    }

    /// The line that `finding` is about.
    pub(super) fn find(&self, finding: &Finding) -> Option<usize> {
        if finding.evidence.is_empty() && finding.exchange.is_none() {
            return None;
        }
        let side = if finding.is_reply { Side::Server } else { Side::Client };
        let start = self.lines.partition_point(|line| line.mark.place < finding.mark.place);
        let here = self.lines.iter().enumerate().skip(start);
        let here = here.take_while(|(_, line)| line.mark.place == finding.mark.place);
        let same = here.filter(|(_, line)| {
            line.who == Who::Side(side) && *line.text == *finding.evidence.as_slice()
        });
        let same: Vec<(usize, &Line<'_>)> = same.collect();
        let exact = same.iter().find(|(_, line)| line.exchange == finding.exchange);
        exact.or(same.first()).map(|&(index, _)| index)
    }

    /// The lines to show for `finding`, in order, each with its index; `at` is its own, if it has
    /// one.
    pub(super) fn around(&self, finding: &Finding, at: Option<usize>) -> Vec<(usize, &Line<'a>)> {
        let mut shown = BTreeSet::new();
        let (from, to) = if let Some(at) = at {
            let exchange = self.lines.get(at).and_then(|line| line.exchange);
            let heads = exchange.and_then(|index| self.heads.get(index as usize));
            // The command and the beginning of its reply, wherever they are.
            shown.extend(heads.into_iter().flatten().flatten());
            (at.saturating_sub(AROUND), at + AROUND + 1)
        } else {
            let here = self.lines.partition_point(|line| line.mark.place <= finding.mark.place);
            (here.saturating_sub(AROUND), here + AROUND)
        };
        shown.extend(from..to.min(self.lines.len()));
        shown.into_iter().filter_map(|index| Some((index, self.lines.get(index)?))).collect()
    }

    fn reply(&mut self, session: &'a Session, reply: &Reply, exchange: Option<u32>) {
        // In a transcript each line has its own.
        let is_apart = reply.in_a_row && session.opening.medium != Medium::Packets;
        for (number, line) in (0..).zip(session.reply_lines(reply)) {
            let place = reply.begun.place.after(if is_apart { number } else { 0 });
            self.lines.push(Line {
                who: Who::Side(Side::Server),
                mark: Mark { place, ..reply.begun },
                is_exact: number == 0 || is_apart,
                exchange,
                text: Cow::Borrowed(line),
            });
        }
    }

    fn note(&mut self, mark: Mark, text: String) {
        let text = Cow::Owned(text.into_bytes());
        self.lines.push(Line { who: Who::Nobody, mark, is_exact: false, exchange: None, text });
    }
}

/// What stands for a message's content.
fn content(message: &Message) -> String {
    format!("{} of content", count(message.content.octets, "octet"))
}
