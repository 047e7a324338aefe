//! Replies of several lines that come whole: mostly a server's answer to EHLO. Behind its first line
//! a server says the same each time, so that is read once, and known again by its octets.

use super::lines::ReplyText;
use super::server::{ENHANCED, Partial, Said};
use super::session::{Span, TailNumber};
use super::{Dialog, Start};
use crate::smtp::line::{LineEnd, strip_end};
use crate::smtp::reply::{ReplyLine, is_offer_of};
use crate::smtp::scan::find;
use std::cell::RefCell;
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

/// Octets of a tail that is known again, at most.
const MOST: usize = 512;

/// How many are known: the last that were new.
const TAILS: usize = 8;

/// What follows the first line of a reply, up to the reply's end.
struct Tail {
    /// The code and hyphen before it, with which each of its lines but the last begins, too.
    head: [u8; 4],
    len: usize,
    octets: [u8; MOST],
    /// How much text is kept of it: an LF and the line, for each.
    kept_len: usize,
    kept: [u8; MOST],
    lines: u32,
    /// [`Said::offers_enhanced`].
    offers_enhanced: bool,
    /// That of the lines.
    number: u64,
}

/// Where texts of peers are kept: they cannot choose it.
static SEED: LazyLock<foldhash::fast::RandomState> =
    LazyLock::new(foldhash::fast::RandomState::default);

/// A number of 48 bits of `bytes` that no peer can foresee.
pub(crate) fn number_of(bytes: &[u8]) -> u64 {
    SEED.hash_one(bytes) >> 16
}

thread_local! {
    /// The tails that dialogs of this thread met. What a tail says does not depend on them, so nor
    /// does any report.
    static KNOWN: RefCell<Known> = const { RefCell::new(Known::NONE) };
}

/// Tails that are known, in a ring.
struct Known {
    /// The length of each; 0 is none.
    lengths: [usize; TAILS],
    tails: [Tail; TAILS],
    next: usize,
}

impl Known {
    const NONE: Self = Self { lengths: [0; TAILS], tails: [Tail::NONE; TAILS], next: 0 };

    /// The tail behind `head` that is all of `octets`.
    fn find(&self, head: [u8; 4], octets: &[u8]) -> Option<&Tail> {
        let is_it = |tail: &Tail| tail.head == head && tail.octets() == octets;
        let all = self.lengths.iter().zip(&self.tails);
        all.filter(|&(&len, _)| len == octets.len()).map(|(_, tail)| tail).find(|tail| is_it(tail))
    }

    /// Adds what follows a first line, if it is not too long, in place of the oldest.
    fn add(&mut self, head: [u8; 4], octets: &[u8], kept: &[u8], said: &Said, number: u64) {
        let (Some(len), Some(tail)) =
            (self.lengths.get_mut(self.next), self.tails.get_mut(self.next))
        else {
            return;
        };
        let (Some(own_octets), Some(own_kept)) =
            (tail.octets.get_mut(..octets.len()), tail.kept.get_mut(..kept.len()))
        else {
            return;
        };
        own_octets.copy_from_slice(octets);
        own_kept.copy_from_slice(kept);
        (tail.head, tail.len, tail.kept_len) = (head, octets.len(), kept.len());
        tail.lines = said.lines.saturating_sub(1);
        tail.offers_enhanced = said.offers_enhanced;
        tail.number = number;
        *len = octets.len();
        self.next = (self.next + 1) % TAILS;
    }
}

impl Tail {
    const NONE: Self = Self {
        head: [0; 4],
        len: 0,
        octets: [0; MOST],
        kept_len: 0,
        kept: [0; MOST],
        lines: 0,
        offers_enhanced: false,
        number: 0,
    };

    fn octets(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }

    fn kept(&self) -> &[u8] {
        self.kept.get(..self.kept_len).unwrap_or_default()
    }
}

impl Dialog {
    /// Reads a reply of several lines that are all of `bytes`, as [`Self::some_lines`] does, if what
    /// follows the first line, `text`, is known. Returns whether it is.
    #[inline(never)]
    pub(super) fn told_again(&mut self, start: Start, bytes: &[u8], text: &[u8]) -> bool {
        let Some(rest) = bytes.get(text.len() + 2..) else { return false };
        let (Some(code), Some(&head)) = (ReplyLine::parse(text).code, text.first_chunk()) else {
            return false;
        };
        let limits = &self.settings.limits;
        let most = limits.session_text / 4;
        let kept = &mut self.session.text;
        let from = kept.len();
        let mut said = Said::begin(&start);
        let mut number = 0;
        let is_told = KNOWN.with_borrow(|known| {
            let Some(tail) = known.find(head, rest) else { return false };
            let has_room = tail.len <= limits.line_bytes
                && text.len() + tail.kept_len <= most
                && (tail.lines as usize) < limits.reply_lines;
            if !has_room {
                return false;
            }
            kept.reserve(bytes.len().min(most.saturating_add(1)));
            kept.add(text);
            kept.add(tail.kept());
            said.lines = tail.lines + 1;
            said.offers_enhanced = tail.offers_enhanced;
            number = tail.number;
            true
        });
        if is_told {
            said.code = Some(code);
            said.until = start.offset + bytes.len() as u64;
            let span = self.keep_from(from);
            self.answered(&said, span);
            self.number(span, TailNumber::new(text.len(), number));
        }
        is_told
    }

    /// Reads a reply of several lines, or a part of one, or one for which there is no room. Returns
    /// how many bytes that are.
    #[inline(never)]
    pub(super) fn some_lines(&mut self, start: Start, bytes: &[u8]) -> Option<usize> {
        let kept = &mut self.session.text;
        let limits = &self.settings.limits;
        let most = limits.session_text / 4;
        let from = kept.len();
        let mut said = Said::begin(&start);
        // How the line before begins, where it was not the last.
        let mut head = None;
        // The first line is so long, and each begins as it does.
        let mut first = None;
        let mut is_even = true;
        let mut rest = bytes;
        let mut is_whole = false;
        // Each line is kept without its line end, and with one LF.
        kept.reserve(bytes.len().min(most.saturating_add(1)));
        while !is_whole
            && rest.first().is_some_and(u8::is_ascii_graphic)
            && let Some(lf) = find(b'\n', rest).filter(|&lf| lf < limits.line_bytes)
            && let Some((line, after)) = rest.split_at_checked(lf + 1)
        {
            rest = after;
            let (text, end) = strip_end(line);
            said.bare_lf |= end == LineEnd::Lf;
            let mut tail = text.get(4..).unwrap_or_default();
            if head.is_none() || text.first_chunk::<4>() != head {
                let line = ReplyLine::parse(text);
                is_even &= line.code.is_some() && (said.lines == 0 || line.code == said.code);
                head = text.first_chunk().filter(|_| line.code.is_some() && !line.is_last());
                first = first.or(head.map(|&head| (head, text.len())));
                tail = line.text;
                said.code = line.code.or(said.code);
                is_whole = line.is_last() && (line.code.is_some() || said.lines == 0);
            }
            let has_room = kept.len() - from + text.len() <= most;
            if (said.lines as usize) < limits.reply_lines && has_room {
                if said.lines > 0 {
                    kept.add(b"\n");
                    said.offers_enhanced |= is_offer_of(tail, ENHANCED);
                }
                kept.add(text);
            }
            said.lines = said.lines.saturating_add(1);
        }
        let used = bytes.len() - rest.len();
        said.until = start.offset + used as u64;
        if is_whole {
            // If all of it is kept, each line has two octets more, and all but one an LF less.
            let text = kept.as_slice().get(from..).unwrap_or_default();
            let is_all = text.len() + said.lines as usize + 1 == bytes.len() && !said.bare_lf;
            let mut number = TailNumber::default();
            if let Some((head, first)) = first
                && is_all
                && is_even
                && let (Some(octets), Some(kept)) = (bytes.get(first + 2..), text.get(first..))
            {
                let tail = number_of(kept.get(1..).unwrap_or_default());
                number = TailNumber::new(first, tail);
                KNOWN.with_borrow_mut(|known| known.add(head, octets, kept, &said, tail));
            }
            let span = self.keep_from(from);
            self.answered(&said, span);
            self.number(span, number);
        } else if used > 0 {
            let text = ReplyText::Last(from);
            self.reply = Some(Box::new(Partial { text, said }));
        }
        (used > 0).then_some(used)
    }

    /// Notes the `number` of the lines behind the first of the reply that is `text`, if it is the
    /// last to EHLO.
    fn number(&mut self, text: Span, number: TailNumber) {
        if let Some(hello) = self.session.hellos.last_mut()
            && hello.reply == text
            && text != Span::default()
        {
            hello.tail = number;
        }
    }

    /// Makes all of the session's text from here on part of it for good, if it has room.
    fn keep_from(&mut self, from: usize) -> Span {
        let text = ReplyText::Last(from);
        if self.is_full() {
            text.drop_from(&mut self.session.text)
        } else {
            text.keep(&mut self.session.text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;
    use crate::chunk::{Chunk, Consume, Ending, Medium, Opening, Shows, Side, What};
    use crate::limits::Limits;
    use crate::place::Place;
    use std::sync::Arc;

    /// The session in which a server greets and answers EHLO with `reply`, as text.
    fn told(reply: &str, limits: &Limits) -> String {
        let (peers, via, at, digits, place) = (None, None, None, 0, Place::default());
        let (medium, by_content, shows) = (Medium::Packets, false, Shows::ALL);
        let opening = Opening { peers, via, at, digits, place, medium, by_content, shows };
        let settings = Settings { limits: *limits, ..Settings::default() };
        let mut dialog = Dialog::new(&opening, Arc::new(settings), None);
        let mut seen = [0, 0];
        for (side, bytes) in [
            (Side::Server, "220 mx\r\n"),
            (Side::Client, "EHLO a\r\n"),
            (Side::Server, reply),
            (Side::Client, "MAIL FROM:<a@b>\r\n"),
            (Side::Server, "250 2.1.0 ok\r\n"),
        ] {
            let (own, other) = if side == Side::Client { (0, 1) } else { (1, 0) };
            let what = What::Data(bytes.as_bytes());
            dialog.push(&Chunk { side, at, place, seen: Some(seen[other]), what });
            seen[own] += bytes.len() as u64;
        }
        let session = dialog.finish(Ending::Closed, None, None).0;
        for hello in &session.hellos {
            let (first, tail) = session.reply_halves(hello);
            assert_eq!(
                session.bytes(hello.reply).split(|&octet| octet == b'\n').next(),
                Some(first)
            );
            assert!([0, number_of(tail)].contains(&hello.tail.number()), "{reply:?}");
        }
        format!("{session:?}")
    }

    fn forget() {
        KNOWN.set(Known::NONE);
    }

    #[test]
    fn what_is_known_reads_as_what_is_new() {
        let most = Limits::default();
        let narrow = [
            Limits { reply_lines: 2, ..most },
            Limits { session_text: 96, ..most },
            Limits { session_text: 20, ..most },
            Limits { line_bytes: 12, ..most },
        ];
        let replies = [
            "250-mx\r\n250-SIZE 1\r\n250 ENHANCEDSTATUSCODES\r\n",
            "250-mx hello you\r\n250-SIZE 1\r\n250 ENHANCEDSTATUSCODES\r\n",
            "250-mx\r\n250-SIZE 1\r\n250 enhancedstatuscode\r\n",
            "250-mx\r\n250 HELP\r\n",
            "250-mx\r\n250\r\n",
            "550-mx\r\n250 HELP\r\n",
            "250-mx\r\n550 HELP\r\n",
            "250-mx\r\nHELP\r\n250 HELP\r\n",
            "250-mx\r\n250-ab\n250 HELP\r\n",
            "250-mx\n250-SIZE 1\r\n250 HELP\r\n",
            "250-mx\r\n250-SIZE 1\r\n250 HELP\n",
            "250-mx\r\n250-SIZE 1\r\n250-",
            "250-mx\r\n250-SIZE 1\r\n250 HELP\r\n250 ok\r\n",
            "250 mx\r\n250-SIZE 1\r\n250 HELP\r\n",
        ];
        for reply in replies {
            for limits in [&most].into_iter().chain(&narrow) {
                forget();
                let new = told(reply, limits);
                assert_eq!(told(reply, limits), new, "{reply:?}");
                for first in replies {
                    told(first, &most);
                    assert_eq!(told(reply, limits), new, "{reply:?} after {first:?}");
                }
            }
        }
    }

    #[test]
    fn the_usual_reply_is_known_again() {
        forget();
        told("250-mx\r\n250-SIZE 1\r\n250 HELP\r\n", &Limits::default());
        told("250-mx2\r\n250-SIZE 1\r\n250 HELP\r\n", &Limits::default());
        assert_eq!(KNOWN.with_borrow(|known| known.next), 1);
        assert_ne!(KNOWN.with_borrow(|known| known.tails[0].number), 0);
    }
}
