//! The content of a message as it streams by: where that of DATA ends, and facts about it.
//!
//! The reading is strict: only CRLF "." CRLF ends mail data (RFC 5321 §4.1.1.4, §2.3.8). Other
//! places where a server might have seen the end are remembered as candidates, for the replies
//! to decide.

use super::header::Header;
use super::session::{Content, Mark};
use crate::smtp::scan::find;
use std::mem;

/// Reads mail data until its end, or the chunks of a message. No byte is kept but those after a
/// candidate.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    /// What was found so far; nothing of chunks, whose message has it.
    pub(super) facts: Content,
    /// Where a line stands at the end of the bytes read so far.
    place: Place,
    /// How far the header section was read.
    header: Header,
    /// Bytes of the line being read.
    line: u64,
    /// A place where the data may have ended, with what was read after it.
    pub(super) candidate: Option<Box<Candidate>>,
}

/// The state of the end-of-data recogniser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// After CRLF, or at the very start.
    #[default]
    Start,
    /// After a line that ended with LF alone, or after a gap.
    LooseStart,
    /// Inside a line.
    Inside,
    /// Inside a line, after CR.
    Cr,
    /// After the dot that begins a line; `strict` if the line began after CRLF.
    Dot { strict: bool },
    /// After such a dot and CR.
    DotCr { strict: bool },
}

/// A place where a lenient server may have seen the end of the data.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Facts about the content up to there.
    pub(super) facts: Content,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Bytes of it that belong to the mail data, the end-of-data line included.
    pub(super) used: usize,
    /// The data ended.
    pub(super) ended: bool,
    /// Offset in the piece after the last loose end (LF "." LF and its like), if any.
    pub(super) loose_end: Option<(usize, Content)>,
}

impl Scanner {
    /// Reads the next `bytes`.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Read {
        let mut at = 0;
        let mut loose_end = None;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let first = rest.first().copied().unwrap_or_default();
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
                    loose_end = Some((at + 1, self.facts));
                    self.keep_dot(strict);
                    at += self.read_lines::<true>(rest);
                }
                Place::Dot { strict } => {
                    self.keep_dot(strict);
                    self.place = Place::Inside;
                }
                Place::DotCr { strict: true } if first == b'\n' => {
                    return Read { used: at + 1, ended: true, loose_end };
                }
                Place::DotCr { strict } => {
                    if first == b'\n' {
                        loose_end = Some((at + 1, self.facts));
                    }
                    self.keep_dot(strict);
                    self.add(b"\r");
                    self.place = Place::Cr;
                }
                Place::Start | Place::LooseStart | Place::Inside | Place::Cr => {
                    at += self.read_lines::<true>(rest);
                }
            }
        }
        Read { used: at, ended: false, loose_end }
    }

    /// Reads the next `bytes` of a message's chunks (RFC 3030 §2) and counts them in `facts`.
    pub(super) fn read_chunk(&mut self, facts: &mut Content, bytes: &[u8]) {
        if !bytes.is_empty() {
            mem::swap(&mut self.facts, facts);
            self.read_lines::<false>(bytes);
            mem::swap(&mut self.facts, facts);
        }
    }

    /// Counts the lines of `rest`, with `STUFFED` up to one that begins with a dot; returns how
    /// many bytes.
    fn read_lines<const STUFFED: bool>(&mut self, rest: &[u8]) -> usize {
        let mut line = self.line;
        let (mut used, mut longest, mut ends, mut bare) = (0, 0, 0, 0);
        let mut is_strict = self.place == Place::Cr;
        let mut is_at_dot = false;
        while let Some(left) = rest.get(used..)
            && let Some(lf) = find(b'\n', left)
        {
            // The byte before it is in another piece, perhaps.
            if let Some(last) = (used + lf).checked_sub(1) {
                is_strict = rest.get(last) == Some(&b'\r');
            }
            longest = longest.max(line + (lf + 1) as u64);
            line = 0;
            used += lf + 1;
            ends += 1;
            bare += usize::from(!is_strict);
            if STUFFED && rest.get(used) == Some(&b'.') {
                is_at_dot = true;
                break;
            }
        }
        if ends > 0 {
            self.place = if is_strict { Place::Start } else { Place::LooseStart };
        }
        if used < rest.len() && !is_at_dot {
            line += (rest.len() - used) as u64;
            used = rest.len();
            self.place = if rest.ends_with(b"\r") { Place::Cr } else { Place::Inside };
        }
        self.line = line;
        self.facts.long_line(longest.max(line));
        let read = rest.get(..used).unwrap_or(rest);
        self.facts.tally(read);
        self.header.read(&mut self.facts, read);
        self.facts.line_ends(ends - bare, bare);
        used
    }

    /// A dot that begins a line and does not end the data was stuffed (RFC 5321 §4.5.2), and is
    /// no content; one that begins a line only for lenient readers is.
    fn keep_dot(&mut self, strict: bool) {
        if !strict {
            self.add(b".");
        }
    }

    /// Counts bytes that hold no LF.
    fn add(&mut self, text: &[u8]) {
        self.facts.tally(text);
        self.header.read(&mut self.facts, text);
        self.line += text.len() as u64;
        self.facts.long_line(self.line);
    }

    /// Whether the empty line behind the header section was read.
    #[inline]
    pub(super) fn is_behind_header(&self) -> bool {
        self.header.is_over()
    }

    /// Notes missing bytes.
    pub(super) fn gap(&mut self, bytes: u64) {
        self.facts.missing += bytes;
        self.line = 0;
        // A line may begin right after the gap.
        self.place = Place::LooseStart;
        // The end of the header section may be missing, too.
        self.header = Header::END;
    }
}

impl Content {
    /// Counts the octets of `text` and those that are special, each CR as a bare one.
    fn tally(&mut self, text: &[u8]) {
        self.octets += text.len() as u64;
        let (blocks, rest) = text.as_chunks();
        for blocks in blocks.chunks(TOGETHER) {
            self.tally_blocks(blocks);
        }
        if !rest.is_empty() {
            // Blanks are nothing special.
            let mut block = [b' '; BLOCK];
            if let Some(start) = block.get_mut(..rest.len()) {
                start.copy_from_slice(rest);
            }
            self.tally_blocks(&[block]);
        }
    }

    /// Counts what is special in at most [`TOGETHER`] blocks: the compiler makes vectors of it.
    fn tally_blocks(&mut self, blocks: &[[u8; BLOCK]]) {
        let bytes = blocks.as_flattened().iter();
        let (cr, all, least) = bytes.fold((0_u8, 0, u8::MAX), |(cr, all, least), &byte| {
            (cr.wrapping_add(u8::from(byte == b'\r')), all | byte, least.min(byte))
        });
        self.bare_cr = more(self.bare_cr, cr.into());
        // Most mail data has neither.
        if all >= 0x80 {
            self.eight_bit = more(self.eight_bit, count(blocks, |byte| byte >= 0x80));
        }
        if least == 0 {
            self.nul = more(self.nul, count(blocks, |byte| byte == 0));
        }
    }

    /// Counts line ends: `crlf`, whose CRs were counted as bare ones, and `lf` without CR.
    fn line_ends(&mut self, crlf: usize, lf: usize) {
        self.lines = more(self.lines, crlf);
        self.bare_cr = self.bare_cr.saturating_sub(more(0, crlf));
        self.bare_lf = more(self.bare_lf, lf);
    }

    /// A line has so many octets.
    fn long_line(&mut self, octets: u64) {
        self.longest_line = self.longest_line.max(u32::try_from(octets).unwrap_or(u32::MAX));
    }
}

/// Bytes of two vectors: what the compiler reads at once.
const BLOCK: usize = 32;

/// So many blocks that a byte can count all of theirs.
const TOGETHER: usize = 7;

/// How many bytes of at most [`TOGETHER`] blocks are such.
#[inline]
fn count(blocks: &[[u8; BLOCK]], is: impl Fn(u8) -> bool) -> usize {
    let bytes = blocks.as_flattened().iter();
    bytes.fold(0_u8, |sum, &byte| sum.wrapping_add(u8::from(is(byte)))).into()
}

/// `count` and `by` more, as many as it can say.
pub(super) fn more(count: u32, by: usize) -> u32 {
    count.saturating_add(u32::try_from(by).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let read = scanner.read(piece);
            used += read.used;
            if read.ended {
                return (scanner.facts, used, true);
            }
        }
        (scanner.facts, used, false)
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
                scanner.read_chunk(&mut facts, piece);
            }
            assert_eq!(scanner.facts, Content::default());
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
        scanner.read(b"Received: a\r\nSub");
        scanner.gap(10);
        scanner.read(b"Received: \xe9\r\n.\r\n");
        assert_eq!((scanner.facts.received, scanner.facts.header_eight_bit), (1, 0));
    }

    #[test]
    fn loose_ends_are_noticed_with_the_content_before_them() {
        let mut scanner = Scanner::default();
        let read = scanner.read(b"hello\n.\n");
        let (at, facts) = read.loose_end.unwrap();
        assert_eq!((at, facts.octets, read.ended), (8, 6, false));
        let mut scanner = Scanner::default();
        scanner.read(b"hello\r\n");
        scanner.gap(10);
        assert!(scanner.read(b".\r\n").loose_end.is_some());
    }
}
