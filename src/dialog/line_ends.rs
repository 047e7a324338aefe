//! Where lines end in a piece of content.
//!
//! Most content is encoded: its lines are alike, and nothing in it is special. So each line is
//! first taken to be as long as the one before, and what is special is only counted: if that is no
//! more than the line ends that were found, there are no others. Else each LF is searched for.

use crate::smtp::scan::find;

/// The state of the end-of-data recogniser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
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

/// The lines at the start of a piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lines {
    /// Octets in front of which all is found.
    pub(super) used: usize,
    /// Octets of the line that is open there.
    pub(super) line: u64,
    /// Where a line stands there.
    pub(super) place: Place,
    /// The next line begins with a dot.
    pub(super) is_at_dot: bool,
    /// No end is to be guessed.
    pub(super) is_sure: bool,
    /// Lines are taken to be as long as the one before: there may be ends between.
    pub(super) is_guess: bool,
    /// Octets of the last line, if it ended with CRLF: the next may have as many.
    pub(super) usual: u32,
    /// Octets of the longest line that ended.
    pub(super) longest: u64,
    /// Lines that ended.
    pub(super) ends: usize,
    /// Those of them whose LF has no CR before it in this piece.
    pub(super) loose: usize,
}

/// Lines that are all there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Whole {
    pub(super) count: usize,
    /// Those of them that end with LF alone.
    pub(super) loose: usize,
    /// Octets of all of them, of the last one if it ends with CRLF, and of the longest.
    pub(super) octets: usize,
    pub(super) last: usize,
    pub(super) longest: usize,
}

impl Lines {
    /// Finds the lines of `rest` up to one that begins with a dot.
    pub(super) fn find(&mut self, rest: &[u8]) {
        while !self.is_at_dot && self.guess(rest) && self.find_one(rest) {}
        if self.used < rest.len() && !self.is_at_dot {
            self.line += (rest.len() - self.used) as u64;
            self.used = rest.len();
            self.place = if rest.ends_with(b"\r") { Place::Cr } else { Place::Inside };
        }
    }

    /// Takes lines that may be as long as the one before for such: those of encoded content are.
    /// Returns whether another is to be looked for in what is left.
    #[inline]
    fn guess(&mut self, rest: &[u8]) -> bool {
        let octets = self.usual as usize;
        if self.is_sure || octets < 2 {
            return true;
        }
        let mut left = rest.get(self.used..).unwrap_or_default();
        let mut ends = 0;
        if let Some(open) = usize::try_from(self.line).ok().filter(|&open| open > 0) {
            let Some(wanted) = octets.checked_sub(open) else { return true };
            let Some((line, after)) = left.split_at_checked(wanted) else { return true };
            if !line.ends_with(b"\r\n") {
                return true;
            }
            left = after;
            ends = 1;
        }
        let is_one = |line: &&[u8]| line.ends_with(b"\r\n") && !line.starts_with(b".");
        let more = left.chunks_exact(octets).take_while(is_one).count();
        left = left.get(more * octets..).unwrap_or_default();
        ends += more;
        if ends == 0 {
            return true;
        }
        self.is_guess = true;
        self.ends += ends;
        self.line = 0;
        self.place = Place::Start;
        self.used = rest.len() - left.len();
        self.is_at_dot = left.first() == Some(&b'.');
        // The end of a message has a shorter line.
        !self.is_at_dot && (left.len() >= octets || rest.ends_with(b"\n"))
    }

    /// Finds the next line.
    #[inline]
    fn find_one(&mut self, rest: &[u8]) -> bool {
        let left = rest.get(self.used..).unwrap_or_default();
        let Some(lf) = find(b'\n', left) else { return false };
        self.take(left, lf);
        true
    }

    /// Takes the next line, which ends with the LF at `lf` of what is `left`.
    #[inline]
    pub(super) fn take(&mut self, left: &[u8], lf: usize) {
        let is_strict = match lf.checked_sub(1) {
            Some(before) => left.get(before) == Some(&b'\r'),
            None => false,
        };
        // The byte before it is in another piece, perhaps.
        let is_half = lf == 0 && self.place == Place::Cr && self.ends == 0;
        self.place = if is_strict || is_half { Place::Start } else { Place::LooseStart };
        let octets = self.line + (lf + 1) as u64;
        self.longest = self.longest.max(octets);
        self.usual = u32::try_from(octets).ok().filter(|_| is_strict).unwrap_or(0);
        self.line = 0;
        self.used += lf + 1;
        self.ends += 1;
        self.loose += usize::from(!is_strict);
        self.is_at_dot = left.get(lf + 1) == Some(&b'.');
    }

    /// Takes the next lines, at the start of what is `left`; none is open.
    #[inline]
    pub(super) fn take_all(&mut self, left: &[u8], lines: &Whole) {
        let &Whole { count, loose, octets, last, longest } = lines;
        if count > 0 {
            self.place = if last > 0 { Place::Start } else { Place::LooseStart };
            self.usual = u32::try_from(last).unwrap_or(0);
            self.longest = self.longest.max(longest as u64);
            self.used += octets;
            self.ends += count;
            self.loose += loose;
            self.is_at_dot = left.get(octets) == Some(&b'.');
        }
    }

    /// How many octets of `rest` that were read are above 127, if nothing else is special in them
    /// but the line ends that were found.
    #[inline]
    pub(super) fn high_if_plain(&self, rest: &[u8]) -> Option<usize> {
        let read = rest.get(..self.used).unwrap_or(rest);
        let ends = 2 * self.ends - self.loose;
        let special = count(read, is_special);
        if special == ends {
            return Some(0);
        }
        let high = count(read, |octet| octet >= 0x80);
        (special == ends + high).then_some(high)
    }
}

/// Whether an octet is NUL, CR, LF or above 127, or another that is rare.
#[inline]
fn is_special(octet: u8) -> bool {
    // Of the octets below 16, this puts TAB last, and NUL, LF and CR before 13.
    (octet ^ 6).cast_signed() < 13
}

/// So many octets that a byte can count all of theirs.
const TOGETHER: usize = 128;

/// The places of as many.
// It is indexed where it is made, with what is in it.
#[allow(clippy::indexing_slicing)]
static PLACES: [u8; TOGETHER] = {
    let mut places = [0; TOGETHER];
    let mut at = 0;
    while at < TOGETHER {
        places[at] = at.to_le_bytes()[0];
        at += 1;
    }
    places
};

/// How many octets of `text` are such.
#[inline]
pub(super) fn count(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    // The compiler makes vectors of it.
    let some = |part: &[u8]| {
        let sum = part.iter().fold(0_u8, |sum, &octet| sum.wrapping_add(u8::from(is(octet))));
        usize::from(sum)
    };
    let (parts, rest) = text.as_chunks::<TOGETHER>();
    let mut sum = parts.iter().map(|part| some(part)).sum::<usize>();
    // The rest together with what is before it: how long it is nothing can guess.
    if let Some(last) = text.last_chunk::<TOGETHER>() {
        // Both are less than a byte can count.
        #[allow(clippy::cast_possible_truncation)]
        let known = (TOGETHER - rest.len()) as u8;
        let each = last
            .iter()
            .zip(&PLACES)
            .fold(0_u8, |sum, (&octet, &at)| sum.wrapping_add(u8::from(is(octet) & (at >= known))));
        sum += usize::from(each);
    } else {
        sum += some(rest);
    }
    sum
}
