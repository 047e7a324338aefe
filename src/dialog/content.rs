//! The content of a message as it streams by: where that of DATA ends, and facts about it.
//!
//! The reading is strict: only CRLF "." CRLF ends mail data (RFC 5321 §4.1.1.4, §2.3.8). Other
//! places where a server might have seen the end are remembered as candidates, for the replies
//! to decide.

use super::header::Header;
use super::line_ends::{Lines, Place, count};
use super::odd::{self, Before, DataEnd, First, Odd, Tail, Verdict, line_of};
use super::session::{Content, Hidden, Mark};
use crate::smtp::scan::find;
use std::mem;

/// Reads mail data until its end, or the chunks of a message. No byte is kept but those after a
/// candidate, and some behind what is odd.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    reader: Reader,
    /// The last octets that were read.
    tail: Tail,
    /// What is rare in the content; nothing of chunks, whose message has it.
    pub(super) odd: Option<Box<Odd>>,
    /// A dot that may be an end for lenient servers; the octets to come will tell.
    pending: Option<Box<Pending>>,
    /// A place where the data may have ended, with what was read after it.
    pub(super) candidate: Option<Box<Candidate>>,
    /// What follows an odd end is not kept: much of this session is.
    pub(super) is_brief: bool,
}

/// What reads content.
#[derive(Clone, Copy, Debug, Default)]
struct Reader {
    /// What was found so far; nothing of chunks, whose message has it.
    facts: Content,
    /// Bytes of the line being read.
    line: u64,
    /// [`Lines::usual`].
    usual: u32,
    /// How far the header section was read.
    header: Header,
    /// Where a line stands at the end of the bytes read so far.
    place: Place,
    /// A line that begins with a dot was met that is neither text nor the end.
    is_odd: bool,
    /// The octets before the next are missing.
    is_behind_gap: bool,
}

/// A dot in front of which a line may have ended.
#[derive(Debug)]
struct Pending {
    before: Before,
    /// Facts about the content before it.
    facts: Content,
    /// What followed so far.
    next: Vec<u8>,
}

/// A place where a lenient server may have seen the end of the data.
#[derive(Debug)]
pub(super) struct Candidate {
    /// What looks like the end; `None` for a gap, or what stands behind one.
    pub(super) kind: Option<DataEnd>,
    /// Facts about the content up to there.
    pub(super) facts: Content,
    /// What is rare in the content, in which there may be more than up to there.
    pub(super) odd: Option<Box<Odd>>,
    /// Offset in the client's stream after it.
    pub(super) offset: u64,
    /// What showed it.
    pub(super) mark: Mark,
    /// It is a gap that may have swallowed the end.
    pub(super) is_gap: bool,
    /// What came after it, piece by piece.
    pub(super) tail: Vec<super::client::Parked>,
    /// Bytes in `tail`.
    pub(super) tail_bytes: usize,
}

/// What a piece of mail data holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Bytes of it that belong to the mail data, the end-of-data line included.
    pub(super) used: usize,
    /// The data ended.
    pub(super) ended: bool,
    /// Loose ends (LF "." LF and its like), in order.
    pub(super) loose: Vec<Loose>,
}

/// What a lenient server may take for the end of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loose {
    /// Which; `None` where a gap makes it one.
    pub(super) kind: Option<DataEnd>,
    /// Offset in the piece after it.
    pub(super) at: usize,
    /// It ended an octet before the piece, and that is a CR.
    pub(super) is_before: bool,
    /// Facts about the content before its dot.
    pub(super) facts: Content,
}

impl Scanner {
    /// Whether nothing was read yet.
    pub(super) fn is_new(&self) -> bool {
        let Reader { place, facts, .. } = &self.reader;
        *place == Place::Start && facts.octets == 0 && facts.missing == 0
    }

    /// So many octets of mail data, if it is known how many, are left out by the input.
    pub(super) fn hide(&mut self, octets: Option<u64>) {
        self.reader.facts.hide(octets);
    }

    /// Whether the bytes read so far end inside a line.
    pub(super) fn is_inside(&self) -> bool {
        let place = self.reader.place;
        matches!(place, Place::Inside | Place::Cr | Place::Dot { .. } | Place::DotCr { .. })
    }

    /// Reads the next `bytes` of mail data, which came with `mark`.
    pub(super) fn read(&mut self, bytes: &[u8], mark: Mark) -> Read {
        self.read_any::<true>(bytes, mark)
    }

    /// Reads the next `bytes` of a message's chunks (RFC 3030 §2), counts them in `facts` and notes
    /// in `odd` what is rare in them.
    pub(super) fn read_chunk(
        &mut self,
        facts: &mut Content,
        odd: &mut Option<Box<Odd>>,
        bytes: &[u8],
        mark: Mark,
    ) {
        if !bytes.is_empty() {
            mem::swap(&mut self.reader.facts, facts);
            mem::swap(&mut self.odd, odd);
            self.read_any::<false>(bytes, mark);
            mem::swap(&mut self.reader.facts, facts);
            mem::swap(&mut self.odd, odd);
        }
    }

    #[inline]
    fn read_any<const DATA: bool>(&mut self, bytes: &[u8], mark: Mark) -> Read {
        let before = self.reader;
        let is_watched = self.pending.is_some() || self.tail.is_odd();
        self.reader.is_odd = false;
        let (used, ended) = self.reader.read::<DATA>(bytes);
        let (new, old) = (&self.reader, &before);
        let is_read_again = is_watched
            || new.is_odd
            || new.facts.nul != old.facts.nul
            || new.bare_crs() != old.bare_crs();
        let is_first = new.facts.bare_lf > 0 && old.facts.bare_lf == 0
            || new.facts.dotted > 0 && old.facts.dotted == 0
            || new.facts.longest_line > odd::LINE && old.facts.longest_line <= odd::LINE;
        let mut loose = Vec::new();
        if is_read_again || is_first || self.odd.is_some() {
            let read = bytes.get(..used).unwrap_or(bytes);
            loose = self.look_closer::<DATA>(before, read, mark, is_read_again, is_first);
        }
        self.tail.push(bytes.get(..used).unwrap_or(bytes));
        Read { used, ended, loose }
    }

    /// Looks again at a piece in which something is rare, or before which something was.
    #[cold]
    #[inline(never)]
    fn look_closer<const DATA: bool>(
        &mut self,
        before: Reader,
        bytes: &[u8],
        mark: Mark,
        again: bool,
        first: bool,
    ) -> Vec<Loose> {
        let mut odd = self.odd.take();
        if let Some(odd) = &mut odd
            && !self.is_brief
        {
            odd.follow(bytes);
        }
        let mut loose = Vec::new();
        if again {
            self.reader = before;
            loose = self.read_again::<DATA>(bytes);
        }
        for end in &loose {
            let Some(kind) = end.kind else { continue };
            let odd = odd.get_or_insert_default();
            if odd.meet(kind, &end.facts, mark) && !self.is_brief {
                odd.follow_last(if end.is_before { b"\r" } else { b"" });
                odd.follow_last(bytes.get(end.at..).unwrap_or_default());
            }
        }
        if again || first {
            self.note_firsts::<DATA>(&mut odd, &before, bytes, mark);
        }
        self.odd = odd;
        loose
    }

    /// Reads `bytes` and finds each dot that a lenient server may take for the end.
    fn read_again<const DATA: bool>(&mut self, bytes: &[u8]) -> Vec<Loose> {
        let mut loose = Vec::new();
        let pending = self.pending.take().or_else(|| self.dot_before().map(Box::new));
        if let Some(mut pending) = pending {
            let known = pending.next.len();
            pending.next.extend(bytes.iter().take(NEXT.saturating_sub(known)));
            match pending.before.then(&pending.next) {
                Verdict::More => self.pending = Some(pending),
                Verdict::No => {}
                Verdict::End(kind, octets) => loose.push(Loose {
                    kind,
                    at: octets.saturating_sub(known),
                    is_before: octets < known,
                    facts: pending.facts,
                }),
            }
        }
        let (mut read, mut from) = (0, 0);
        while let Some(found) = find(b'.', bytes.get(from..).unwrap_or_default()) {
            let dot = from + found;
            from = dot + 1;
            let is_behind_gap = dot == 0
                && self.reader.place == Place::LooseStart
                && self.tail.before(bytes, 0, 1) != b'\n';
            let before = self.tail.what(bytes, dot, 0);
            let before = if is_behind_gap { Some(Before::Gap) } else { before };
            let Some(before) = before else { continue };
            self.reader.read::<DATA>(bytes.get(read..dot).unwrap_or_default());
            read = dot;
            let facts = self.reader.facts;
            let next = bytes.get(from..).unwrap_or_default();
            let next = next.get(..NEXT).unwrap_or(next);
            match before.then(next) {
                Verdict::More => {
                    let next = next.to_vec();
                    self.pending = Some(Box::new(Pending { before, facts, next }));
                }
                Verdict::No => {}
                Verdict::End(kind, octets) => {
                    loose.push(Loose { kind, at: from + octets, is_before: false, facts });
                }
            }
        }
        self.reader.read::<DATA>(bytes.get(read..).unwrap_or_default());
        loose
    }

    /// The dot that began a line at the end of the last piece, in which nothing was rare.
    fn dot_before(&self) -> Option<Pending> {
        let next: &[u8] = match self.reader.place {
            Place::Dot { .. } => b"",
            Place::DotCr { .. } => b"\r",
            _ => return None,
        };
        let behind = next.len() + 1;
        let before = self.tail.what(&[], 0, behind).unwrap_or(Before::Gap);
        Some(Pending { before, facts: self.reader.facts, next: next.to_vec() })
    }

    /// Notes where in `bytes`, read since `old`, something rare was met first.
    fn note_firsts<const DATA: bool>(
        &self,
        odd: &mut Option<Box<Odd>>,
        old: &Reader,
        bytes: &[u8],
        mark: Mark,
    ) {
        let new = &self.reader.facts;
        let line_at = |at: usize| {
            let ends = bytes.iter().take(at).filter(|&&octet| octet == b'\n').count();
            First { mark, line: line_of(&old.facts) + ends as u64 }
        };
        let back = |at: usize, octets: usize| self.tail.before(bytes, at, octets);
        let places = |octet: u8| (0..bytes.len()).filter(move |&at| bytes.get(at) == Some(&octet));
        let has = |get: fn(&Odd) -> Option<First>| odd.as_deref().and_then(get).is_some();
        let is_known = |at: usize| at > 0 || !old.is_behind_gap;
        let bare_lf = || places(b'\n').find(|&at| back(at, 1) != b'\r' && is_known(at));
        let bare_lf = (new.bare_lf > 0 && !has(|odd| odd.bare_lf)).then(bare_lf).flatten();
        let bare_cr = || {
            // That of CR CR LF counts for itself; the octets to come may make it one.
            let is_bare = |at: &usize| {
                let next = bytes.get(*at..).unwrap_or_default();
                !matches!(next, [] | [b'\n', ..] | [b'\r'] | [b'\r', b'\n', ..])
            };
            let is_last = back(0, 1) == b'\r' && is_bare(&0);
            // CR CR was cut off, and no LF follows: the first of them is bare.
            let is_before_last = [back(0, 2), back(0, 1)] == *b"\r\r"
                && bytes.first().is_some_and(|&next| next != b'\n');
            let is_bare = |at: &usize| is_bare(&(at + 1));
            (is_last || is_before_last).then_some(0).or_else(|| places(b'\r').find(is_bare))
        };
        let bare_cr =
            (self.reader.bare_crs() > 0 && !has(|odd| odd.bare_cr)).then(bare_cr).flatten();
        let nul = || places(0).next();
        let nul = (new.nul > 0 && !has(|odd| odd.nul)).then(nul).flatten();
        let is_long = new.longest_line > odd::LINE && old.facts.longest_line <= odd::LINE;
        let long_line = || {
            let mut octets = usize::try_from(old.line).unwrap_or(usize::MAX);
            let mut at = 0;
            for line in bytes.split_inclusive(|&octet| octet == b'\n') {
                octets = octets.saturating_add(line.len());
                if octets > odd::LINE as usize {
                    return Some(at);
                }
                (octets, at) = (0, at + line.len());
            }
            Some(0)
        };
        let long_line = is_long.then(long_line).flatten();
        let dotted = || {
            let next = bytes.first();
            let is_last = match old.place {
                Place::Dot { strict } => {
                    next.is_some_and(|&next| is_text::<DATA>(next)) && (strict || !DATA)
                }
                Place::DotCr { .. } => !DATA,
                _ => false,
            };
            let is_first = |&at: &usize| {
                back(at, 1) == b'\n'
                    && (!DATA || back(at, 2) == b'\r')
                    && bytes.get(at + 1).is_some_and(|&next| is_text::<DATA>(next))
            };
            is_last.then_some(0).or_else(|| places(b'.').find(is_first)).or(Some(0))
        };
        let is_dotted = new.dotted > 0 && old.facts.dotted == 0;
        let dotted = is_dotted.then(dotted).flatten();
        let mut cr_cr_lfs =
            places(b'\n').filter(|&at| back(at, 1) == b'\r' && back(at, 2) == b'\r').peekable();
        let cr_cr_lf = cr_cr_lfs.peek().copied();
        let times = cr_cr_lfs.count();
        if [bare_lf, bare_cr, nul, long_line, dotted, cr_cr_lf].iter().all(Option::is_none) {
            return;
        }
        let odd = odd.get_or_insert_default();
        odd.cr_cr_lfs = more(odd.cr_cr_lfs, times);
        for (first, at) in [
            (&mut odd.bare_lf, bare_lf),
            (&mut odd.bare_cr, bare_cr),
            (&mut odd.nul, nul),
            (&mut odd.long_line, long_line),
            (&mut odd.dotted, dotted),
            (&mut odd.cr_cr_lf, cr_cr_lf),
        ] {
            *first = first.or(at.map(line_at));
        }
    }

    /// What has read content with these facts.
    pub(super) fn ended(facts: Content, odd: Option<Box<Odd>>) -> Self {
        let reader = Reader { facts, ..Reader::default() };
        Self { reader, odd, ..Self::default() }
    }

    /// Whether the empty line behind the header section was read.
    #[inline]
    pub(super) fn is_behind_header(&self) -> bool {
        self.reader.header.is_over()
    }

    /// Facts about what was read so far.
    pub(super) fn facts(&self) -> Content {
        self.reader.facts
    }

    /// Notes missing bytes.
    pub(super) fn gap(&mut self, bytes: u64) {
        let reader = &mut self.reader;
        reader.facts.missing += bytes;
        // The other half of a line end may be missing.
        reader.facts.bare_cr = reader.bare_crs();
        reader.is_behind_gap = true;
        reader.line = 0;
        // A line may begin right after the gap.
        reader.place = Place::LooseStart;
        // The end of the header section may be missing, too.
        reader.header = Header::END;
        self.pending = None;
        self.tail = Tail::UNKNOWN;
    }
}

/// Octets behind a dot that tell what it is.
const NEXT: usize = 3;

/// Whether `next`, behind the only dot at the start of a line, makes it a line of text: in chunks
/// a dot alone is text, too.
fn is_text<const DATA: bool>(next: u8) -> bool {
    next != b'.' && !(DATA && matches!(next, b'\r' | b'\n'))
}

impl Reader {
    /// CRs without LF of which what follows is known.
    fn bare_crs(&self) -> u32 {
        self.facts.bare_cr.saturating_sub(u32::from(self.place == Place::Cr))
    }

    /// Reads the next `bytes`, mail data or chunks; returns how many were used, and whether the
    /// data ended.
    #[inline]
    fn read<const DATA: bool>(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = if self.is_behind_gap { self.read_behind_gap(bytes) } else { 0 };
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let first = rest.first().copied().unwrap_or_default();
            // As nearly all are: within a line, and the end all at once.
            if first != b'.' && matches!(self.place, Place::Start | Place::Inside) {
                at += self.read_lines(rest);
                continue;
            }
            if DATA && self.place == Place::Start && rest.starts_with(b".\r\n") {
                self.place = Place::DotCr { strict: true };
                return (at + 3, true);
            }
            match self.place {
                Place::Start | Place::LooseStart if first == b'.' => {
                    self.place = Place::Dot { strict: self.place == Place::Start };
                    at += 1;
                }
                Place::Dot { strict } if first == b'\r' => {
                    self.place = Place::DotCr { strict };
                    at += 1;
                }
                Place::Dot { strict } if first == b'\n' => {
                    self.is_odd = true;
                    self.facts.dotted = more(self.facts.dotted, usize::from(!DATA));
                    self.keep_dot::<DATA>(strict);
                    at += self.read_lines(rest);
                }
                Place::Dot { strict } => {
                    self.count_dots::<DATA>(first, strict);
                    self.keep_dot::<DATA>(strict);
                    self.place = Place::Inside;
                }
                Place::DotCr { strict: true } if DATA && first == b'\n' => {
                    return (at + 1, true);
                }
                Place::DotCr { strict } => {
                    self.is_odd |= !strict || first != b'\n';
                    self.facts.dotted = more(self.facts.dotted, usize::from(!DATA));
                    self.keep_dot::<DATA>(strict);
                    self.add(b"\r");
                    self.place = Place::Cr;
                }
                Place::Start | Place::LooseStart | Place::Inside | Place::Cr => {
                    at += self.read_lines(rest);
                }
            }
        }
        (at, false)
    }

    /// Reads an LF behind missing octets, of which a CR may be one; returns how many bytes.
    #[cold]
    fn read_behind_gap(&mut self, bytes: &[u8]) -> usize {
        let is_end = bytes.first() == Some(&b'\n');
        self.is_behind_gap = bytes.is_empty();
        if is_end {
            self.add(b"\n");
            self.line = 0;
        }
        usize::from(is_end)
    }

    /// Counts a line that begins with a dot, and what follows it.
    fn count_dots<const DATA: bool>(&mut self, next: u8, strict: bool) {
        self.is_odd |= matches!(next, 0 | b' ' | b'\t');
        if next == b'.' {
            self.facts.double_dotted = more(self.facts.double_dotted, 1);
        } else if strict || !DATA {
            self.facts.dotted = more(self.facts.dotted, 1);
        }
    }

    /// Counts the lines of `rest` up to one that begins with a dot; returns how many bytes.
    fn read_lines(&mut self, rest: &[u8]) -> usize {
        let (line, place, usual) = (self.line, self.place, self.usual);
        let mut found = Lines { line, place, usual, ..Lines::default() };
        if !self.header.is_done() {
            found = self.read_header(found, rest);
        }
        let behind_header = found;
        found.find(rest);
        let mut high = found.high_if_plain(rest);
        if high.is_none() && found.is_guess {
            found = Lines { is_sure: true, ..behind_header };
            found.find(rest);
            high = found.high_if_plain(rest);
        }
        let read = rest.get(..found.used).unwrap_or(rest);
        if !self.header.is_done() {
            // No line ends in what is left.
            let left = read.get(behind_header.used..).unwrap_or_default();
            self.header.read_line(&mut self.facts, left);
        }
        let crs = found.ends - found.loose;
        if let Some(high) = high {
            self.facts.octets += read.len() as u64;
            self.facts.bare_cr = more(self.facts.bare_cr, crs);
            self.facts.eight_bit = more(self.facts.eight_bit, high);
        } else {
            self.facts.tally(read);
        }
        // The first may be the other half of a line end.
        let is_half = self.place == Place::Cr && read.starts_with(b"\n");
        let bare = found.loose - usize::from(is_half);
        self.facts.line_ends(found.ends - bare, bare);
        self.facts.long_line(found.longest.max(found.line));
        (self.line, self.place, self.usual) = (found.line, found.place, found.usual);
        found.used
    }

    /// Finds the lines of `rest` that belong to the header section, and reads them.
    #[inline(never)]
    fn read_header(&mut self, found: Lines, rest: &[u8]) -> Lines {
        let mut found = found;
        let mut left = rest;
        while !(found.is_at_dot || self.header.is_done()) {
            if found.line == 0 {
                let lines = self.header.read_usual(&mut self.facts, left);
                found.take_all(left, &lines);
                left = left.get(lines.octets..).unwrap_or_default();
                if found.is_at_dot {
                    break;
                }
            }
            let Some(end) = find(b'\n', left) else { break };
            let Some((line, after)) = left.split_at_checked(end + 1) else { break };
            found.take(left, end);
            self.header.read_line(&mut self.facts, line);
            left = after;
        }
        found
    }

    /// A dot that begins a line and does not end the data was stuffed (RFC 5321 §4.5.2), and is
    /// no content; one that begins a line only for lenient readers is, as are all of chunks.
    fn keep_dot<const DATA: bool>(&mut self, strict: bool) {
        if !(DATA && strict) {
            self.add(b".");
        }
    }

    /// Counts bytes that hold no LF.
    fn add(&mut self, text: &[u8]) {
        self.facts.tally(text);
        self.header.read_line(&mut self.facts, text);
        self.line += text.len() as u64;
        self.facts.long_line(self.line);
    }
}

impl Content {
    /// Counts the octets of `text` and those that are special, each CR as a bare one.
    #[inline(never)]
    fn tally(&mut self, text: &[u8]) {
        self.octets += text.len() as u64;
        self.bare_cr = more(self.bare_cr, count(text, |octet| octet == b'\r'));
        self.eight_bit = more(self.eight_bit, count(text, |octet| octet >= 0x80));
        self.nul = more(self.nul, count(text, |octet| octet == 0));
    }

    /// Counts line ends: `crlf`, whose CRs were counted as bare ones, and `lf` without CR.
    fn line_ends(&mut self, crlf: usize, lf: usize) {
        self.lines = more(self.lines, crlf);
        self.bare_cr = self.bare_cr.saturating_sub(more(0, crlf));
        self.bare_lf = more(self.bare_lf, lf);
    }

    /// So many octets, if it is known how many, are left out by the input.
    pub(super) fn hide(&mut self, octets: Option<u64>) {
        self.hidden = match (self.hidden, octets) {
            (Hidden::Nothing | Hidden::Octets, Some(octets)) => {
                self.octets = self.octets.saturating_add(octets);
                Hidden::Octets
            }
            _ => Hidden::Unknown,
        };
    }

    /// A line has so many octets.
    fn long_line(&mut self, octets: u64) {
        self.longest_line = self.longest_line.max(u32::try_from(octets).unwrap_or(u32::MAX));
    }
}

/// `count` and `by` more, as many as it can say.
pub(super) fn more(count: u32, by: usize) -> u32 {
    count.saturating_add(u32::try_from(by).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads `data` cut at every place, and byte by byte; all must agree.
    fn read(data: &[u8]) -> (Content, usize, bool) {
        let whole = read_pieces(&[data]);
        for cut in 0..=data.len() {
            assert_eq!(read_pieces(&[&data[..cut], &data[cut..]]), whole, "cut at {cut}");
        }
        assert_eq!(read_pieces(&data.chunks(1).collect::<Vec<_>>()), whole);
        whole
    }

    fn read_pieces(pieces: &[&[u8]]) -> (Content, usize, bool) {
        let mut scanner = Scanner::default();
        let mut used = 0;
        for piece in pieces {
            let read = scanner.read(piece, Mark::default());
            used += read.used;
            if read.ended {
                return (scanner.facts(), used, true);
            }
        }
        (scanner.facts(), used, false)
    }

    #[test]
    fn the_end_is_found_across_any_cut_and_dots_are_unstuffed() {
        let (facts, used, ended) = read(b"a\r\n..b\r\n.c\r\n.\r\nQUIT\r\n");
        assert_eq!((used, ended), (15, true));
        assert_eq!((facts.octets, facts.lines, facts.longest_line), (10, 3, 4));
        let (facts, used, ended) = read(b".\r\n");
        assert_eq!((facts.octets, used, ended), (0, 3, true));
    }

    #[test]
    fn only_crlf_dot_crlf_ends_the_data() {
        for wrong in [&b"a\n.\nb"[..], b"a\n.\r\nb", b"a\r\n.\nb", b"a\r\n.\r\r\nb", b"a\r.\r\nb"] {
            let (_, used, ended) = read(wrong);
            assert!(!ended && used == wrong.len(), "{wrong:?}");
        }
    }

    #[test]
    fn bare_line_ends_and_high_octets_are_counted() {
        let (facts, ..) = read(b"a\nb\rc\r\nd\xe9\0\r\r\n.\r\n");
        assert_eq!((facts.bare_lf, facts.bare_cr, facts.lines), (1, 2, 2));
        assert_eq!((facts.eight_bit, facts.nul, facts.octets), (1, 1, 13));
    }

    #[test]
    fn chunks_are_counted_across_any_cut() {
        let data = b"Received: a\r\nb: \xe9\r\n\r\n.\r\nx\0\n\xe9\r.\r\nend\r";
        let read = |pieces: &[&[u8]]| {
            let (mut scanner, mut facts) = (Scanner::default(), Content::default());
            for piece in pieces {
                scanner.read_chunk(&mut facts, &mut None, piece, Mark::default());
            }
            assert_eq!(scanner.facts(), Content::default());
            facts
        };
        let whole = read(&[data]);
        for cut in 0..=data.len() {
            assert_eq!(read(&[&data[..cut], &data[cut..]]), whole, "cut at {cut}");
        }
        assert_eq!(read(&data.chunks(1).collect::<Vec<_>>()), whole);
        assert_eq!((whole.lines, whole.bare_lf, whole.bare_cr), (5, 1, 2));
        assert_eq!((whole.eight_bit, whole.header_eight_bit, whole.nul), (2, 1, 1));
        assert_eq!((whole.octets, whole.received), (data.len() as u64, 1));
    }

    #[test]
    fn the_header_is_read_without_stuffed_dots_and_not_behind_a_gap() {
        let (facts, ..) = read(b"a: b\r\n..\r\nReceived: x\r\n\r\n.\r\n");
        assert_eq!(facts.received, 0, "a line with a dot alone is no field");
        let (facts, ..) = read(b"a: b\r\n .\r\nReceived: \xe9\r\n\r\n\xe9\r\n.\r\n");
        assert_eq!((facts.received, facts.header_eight_bit, facts.eight_bit), (1, 1, 2));
        let mut scanner = Scanner::default();
        scanner.read(b"Received: a\r\nSub", Mark::default());
        scanner.gap(10);
        scanner.read(b"Received: \xe9\r\n.\r\n", Mark::default());
        assert_eq!((scanner.facts().received, scanner.facts().header_eight_bit), (1, 0));
    }

    #[test]
    fn loose_ends_are_noticed_with_the_content_before_them() {
        let mut scanner = Scanner::default();
        let read = scanner.read(b"hello\n.\n", Mark::default());
        let [loose] = read.loose[..] else { panic!("{read:?}") };
        assert_eq!((loose.at, loose.facts.octets, read.ended), (8, 6, false));
        let mut scanner = Scanner::default();
        scanner.read(b"hello\r\n", Mark::default());
        scanner.gap(10);
        let read = scanner.read(b".\r\n", Mark::default());
        let [loose] = read.loose[..] else { panic!("{read:?}") };
        assert_eq!((loose.kind, loose.at), (None, 3));
    }

    /// An end, where in the stream it is over, and what is before it.
    type Place = (Option<DataEnd>, usize, Content);

    /// What a piece of content shows, cut in pieces of these lengths: facts, what is odd, and
    /// where in the stream each loose end is.
    fn scan<const DATA: bool>(
        data: &[u8],
        cuts: &[usize],
    ) -> (Content, Option<Box<Odd>>, Vec<Place>, usize) {
        let mut scanner = Scanner::default();
        let (mut at, mut ends) = (0_usize, Vec::new());
        for cut in cuts.iter().copied().chain(std::iter::repeat(usize::MAX)) {
            let piece = &data[at..at.saturating_add(cut).min(data.len())];
            if cut == 0 {
                continue;
            }
            let read = scanner.read_any::<DATA>(piece, Mark::default());
            ends.extend(read.loose.iter().map(|loose| {
                (loose.kind, at + loose.at - usize::from(loose.is_before), loose.facts)
            }));
            at += read.used;
            if read.ended || at == data.len() {
                let mut odd = scanner.odd.clone();
                if let Some(odd) = &mut odd {
                    odd.finish(read.ended, false);
                }
                return (scanner.facts(), odd, ends, at);
            }
        }
        unreachable!()
    }

    /// Each end for lenient servers: what stands before the dot, and behind it.
    const ENDS: [(DataEnd, &[u8], &[u8]); 14] = [
        (DataEnd::LfLf, b"\n", b"\n"),
        (DataEnd::LfCrlf, b"\n", b"\r\n"),
        (DataEnd::CrlfLf, b"\r\n", b"\n"),
        (DataEnd::CrlfCr, b"\r\n", b"\r"),
        (DataEnd::CrCr, b"\r", b"\r"),
        (DataEnd::CrLf, b"\r", b"\n"),
        (DataEnd::CrCrlf, b"\r", b"\r\n"),
        (DataEnd::LfCr, b"\n", b"\r"),
        (DataEnd::CrlfCrcrlf, b"\r\n", b"\r\r\n"),
        (DataEnd::CrcrlfCrcrlf, b"\r\r\n", b"\r\r\n"),
        (DataEnd::NulBefore, b"\r\n\0", b"\r\n"),
        (DataEnd::NulAfter, b"\r\n", b"\0\r\n"),
        (DataEnd::Blank, b"\r\n", b" \r\n"),
        (DataEnd::Blank, b"\r\n", b"\t\r\n"),
    ];

    /// The ends in `data`, which begins a line, with where they end; all in it is decided.
    fn naive(data: &[u8]) -> Vec<(Option<DataEnd>, usize)> {
        let whole = [b"\r\n", data].concat();
        let dots = (2..whole.len()).filter(|&dot| whole[dot] == b'.');
        let ends = dots.filter_map(|dot| {
            let (before, behind) = (&whole[..dot], &whole[dot + 1..]);
            let fits = ENDS
                .iter()
                .filter(|(_, left, right)| before.ends_with(left) && behind.starts_with(right));
            let longest = fits.max_by_key(|(_, left, right)| left.len() + right.len());
            let is_end = before.ends_with(b"\r\n") && behind.starts_with(b"\r\n");
            let (kind, _, right) = longest.filter(|_| !is_end)?;
            Some((Some(*kind), dot + 1 + right.len() - 2))
        });
        ends.collect()
    }

    fn check(data: &[u8], cuts: &[usize]) {
        let whole = scan::<true>(data, &[]);
        assert_eq!(scan::<true>(data, cuts), whole, "{:?}", data.escape_ascii().to_string());
        let (facts, odd, ends, used) = whole;
        let found: Vec<_> = ends.iter().map(|(kind, at, _)| (*kind, *at)).collect();
        assert_eq!(found, naive(&data[..used]), "{:?}", data.escape_ascii().to_string());
        let counted = odd.iter().flat_map(|odd| &odd.ends).map(|end| end.count as usize);
        assert_eq!(counted.sum::<usize>(), ends.len());
        for end in odd.iter().flat_map(|odd| &odd.ends) {
            let (_, at, content) = ends.iter().find(|one| one.0 == Some(end.kind)).unwrap();
            assert_eq!(end.octets, content.octets);
            let behind = &data[*at..used];
            let behind = behind.strip_suffix(b".\r\n").unwrap_or(behind);
            assert_eq!(end.behind, behind);
        }
        let has = |get: fn(&Odd) -> bool| odd.as_deref().is_some_and(get);
        assert_eq!(facts.bare_lf > 0, has(|odd| odd.bare_lf.is_some()));
        assert_eq!(facts.nul > 0, has(|odd| odd.nul.is_some()));
        assert_eq!(facts.dotted > 0, has(|odd| odd.dotted.is_some()));
        let read = &data[..used];
        let doubled = read.windows(3).filter(|three| *three == b"\r\r\n").count();
        assert_eq!(facts.bare_cr as usize > doubled, has(|odd| odd.bare_cr.is_some()));
        assert_eq!(doubled, odd.map_or(0, |odd| odd.cr_cr_lfs as usize));
        // The same octets in chunks have the same ends, and no end.
        let chunks = scan::<false>(data, &[]);
        assert_eq!(scan::<false>(data, cuts), chunks);
        let found: Vec<_> = chunks.2.iter().map(|(kind, at, _)| (*kind, *at)).collect();
        assert_eq!(found, naive(data));
        assert_eq!(chunks.0.octets, data.len() as u64);
    }

    #[test]
    fn each_odd_end_is_found_across_any_cut() {
        for (kind, before, behind) in ENDS {
            let data = [b"Subject: a\r\n\r\nb", before, b".", behind, b"RSET\r\n.\r\n"].concat();
            for cut in 1..data.len() {
                check(&data, &[cut]);
                for more in 1..4 {
                    check(&data, &[cut, more]);
                }
            }
            check(&data, &vec![1; data.len()]);
            let odd = scan::<true>(&data, &[]).1.unwrap();
            let [end] = &odd.ends[..] else { panic!("{odd:?}") };
            assert_eq!((end.kind, &end.behind[..]), (kind, &b"RSET\r\n"[..]));
        }
    }

    proptest! {
        #[test]
        fn odd_ends_are_those_of_a_plain_search(
            data in "[\r\n.\r\n.\0 a]{0,24}",
            cuts in proptest::collection::vec(1_usize..6, 0..20),
        ) {
            check(format!("{data}x\r\n.\r\n").as_bytes(), &cuts);
        }
    }

    proptest! {
        #[test]
        fn facts_are_those_of_a_plain_count(
            lines in proptest::collection::vec("(ab|a|[ab\t.\0\x01é]{0,3})(\r\n|\r\n|\r\n|[\r\n]{0,2})", 0..30),
            cuts in proptest::collection::vec(1_usize..40, 0..9),
        ) {
            // What a dot at the end is, the next octet would tell.
            let data = (lines.concat() + "x").into_bytes();
            let (facts, ..) = scan::<false>(&data, &cuts);
            let count = |is: fn(u8) -> bool| data.iter().filter(|&&octet| is(octet)).count();
            let pairs = data.windows(2).filter(|two| two == b"\r\n").count();
            let longest = data.split_inclusive(|&octet| octet == b'\n').map(<[u8]>::len).max();
            let counted = [facts.lines, facts.bare_lf, facts.bare_cr, facts.eight_bit, facts.nul];
            let plain = [
                pairs,
                count(|octet| octet == b'\n') - pairs,
                count(|octet| octet == b'\r') - pairs,
                count(|octet| octet >= 0x80),
                count(|octet| octet == 0),
            ];
            assert_eq!(counted.map(|count| count as usize), plain);
            assert_eq!(facts.longest_line as usize, longest.unwrap_or(0));
            assert_eq!(facts.octets, data.len() as u64);
        }
    }

    #[test]
    fn the_first_of_what_is_rare_has_its_line() {
        let long = [b'x'; 1001];
        let data = [b"a\r\nb\r\r\nc\rd\ne\0\r\n.f\r\n", &long[..], b"\r\n"].concat();
        for cut in 1..data.len() {
            let odd = scan::<true>(&data, &[cut]).1.unwrap();
            let lines =
                [odd.bare_cr, odd.cr_cr_lf, odd.bare_lf, odd.nul, odd.dotted, odd.long_line];
            assert_eq!(lines.map(|first| first.unwrap().line), [3, 2, 3, 4, 5, 6]);
        }
    }

    #[test]
    fn half_a_line_end_beside_a_gap_is_not_odd() {
        let mark = Mark::default();
        for (before, behind) in [("a\r", "b\r\n"), ("a", "\nb\r\n"), ("a", "\n.b\r\n")] {
            for most in [1, 2, 9] {
                let mut scanner = Scanner::default();
                scanner.read(before.as_bytes(), mark);
                scanner.gap(1);
                for piece in behind.as_bytes().chunks(most) {
                    scanner.read(piece, mark);
                }
                let facts = scanner.facts();
                assert_eq!((facts.bare_cr, facts.bare_lf), (0, 0), "{before:?} {behind:?}");
                let odd = scanner.odd.as_deref();
                assert!(odd.is_none_or(|odd| odd.ends.is_empty() && odd.bare_lf.is_none()));
            }
        }
        let mut scanner = Scanner::default();
        scanner.gap(1);
        let read = |scanner: &mut Scanner, bytes: &[u8]| scanner.read(bytes, mark).loose;
        assert_eq!(read(&mut scanner, b"\n"), []);
        let loose = read(&mut scanner, b".\r\nRSET\r\n");
        assert!(matches!(loose[..], [Loose { kind: None, at: 3, .. }]), "{loose:?}");
    }

    #[test]
    fn a_message_id_is_hashed_whatever_its_blanks_and_cuts() {
        let id = |data: &[u8]| read(data).0.message_id;
        let plain = id(b"Subject: a\r\nMessage-ID: <a@b.example>\r\n\r\n");
        assert_ne!(plain, 0);
        assert_eq!(plain, id(b"MESSAGE-Id:\r\n <a@b.example>\r\nMessage-ID: <c@d>\r\n\r\n"));
        assert_ne!(plain, id(b"Message-ID: <b@a.example>\r\n\r\n"));
        assert_eq!(0, id(b"To: a\r\n\r\nMessage-ID: <a@b.example>\r\n"));
        assert_eq!(0, id(b"Message-IDs: <a@b.example>\r\n"));
    }
}
