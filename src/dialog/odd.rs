//! What is rare in the content of a message, and where it was met first: ends of data that no RFC
//! knows, and line ends, octets and dots that some servers read otherwise.
//!
//! Only CRLF "." CRLF ends mail data (RFC 5321 §4.1.1.4, §2.3.8). What a lenient server may take
//! for it is told by the octets around the dot.

use super::secrets;
use super::session::{Content, Mark};

/// Octets of content behind an end that are kept, so that a reader may see what a lenient server
/// would have read.
pub(super) const BEHIND: usize = 1024;

/// Kinds of ends of a message behind which content is kept.
const KEPT: usize = 4;

/// Octets in a line of content, with CRLF (RFC 5321 §4.5.3.1.6).
pub const LINE: u32 = 1000;

macro_rules! ends {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal,)*) => {
        /// A sequence that only a lenient server takes for the end of mail data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum DataEnd {
            $($(#[doc = $doc])* $variant,)*
        }

        impl DataEnd {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its octets, for a reader.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

ends! {
    /// LF "." LF.
    LfLf "LF \".\" LF",
    /// LF "." CRLF.
    LfCrlf "LF \".\" CRLF",
    /// CRLF "." LF.
    CrlfLf "CRLF \".\" LF",
    /// CRLF "." CR.
    CrlfCr "CRLF \".\" CR",
    /// CR "." CR.
    CrCr "CR \".\" CR",
    /// CR "." LF.
    CrLf "CR \".\" LF",
    /// CR "." CRLF.
    CrCrlf "CR \".\" CRLF",
    /// LF "." CR.
    LfCr "LF \".\" CR",
    /// CRLF "." CR CRLF.
    CrlfCrcrlf "CRLF \".\" CR CR LF",
    /// CR CRLF "." CR CRLF.
    CrcrlfCrcrlf "CR CR LF \".\" CR CR LF",
    /// CRLF NUL "." CRLF.
    NulBefore "CRLF NUL \".\" CRLF",
    /// CRLF "." NUL CRLF.
    NulAfter "CRLF \".\" NUL CRLF",
    /// CRLF "." and a blank, CRLF.
    Blank "CRLF \".\" blank CRLF",
}

/// What is rare in the content of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Odd {
    /// The first LF without CR.
    pub bare_lf: Option<First>,
    /// The first CR without LF that is none of CR CR LF.
    pub bare_cr: Option<First>,
    /// The first NUL.
    pub nul: Option<First>,
    /// The first line of more than [`LINE`] octets.
    pub long_line: Option<First>,
    /// The first CR CR LF.
    pub cr_cr_lf: Option<First>,
    /// How many CR CR LF there are.
    pub cr_cr_lfs: u32,
    /// The first line that begins with a dot, and not with two ([`Content::dotted`]).
    pub dotted: Option<First>,
    /// What a lenient server may have taken for the end, in the order in which each was met first.
    pub ends: Vec<OddEnd>,
    /// The server took this for the end, as its replies prove: the content ends there.
    pub taken: Option<DataEnd>,
}

/// Where something was met first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    /// The packet or line.
    pub mark: Mark,
    /// The line of the content, from 1: lines end with LF.
    pub line: u64,
}

/// A sequence that only a lenient server takes for the end of mail data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddEnd {
    /// Which.
    pub kind: DataEnd,
    /// How often.
    pub count: u32,
    /// Where first.
    pub first: First,
    /// Octets of content before the dot of the first.
    pub octets: u64,
    /// What follows the first up to the end of the content, clipped; secrets in it are masked.
    pub behind: Vec<u8>,
    /// More follows than is kept.
    pub more: bool,
}

impl Odd {
    /// Bytes of memory that it takes.
    pub(super) fn held(&self) -> usize {
        let behind: usize = self.ends.iter().map(|end| end.behind.capacity()).sum();
        size_of::<Self>() + self.ends.capacity() * size_of::<OddEnd>() + behind
    }

    /// Another `kind` is met, behind `content`. Returns whether it is the first, and what follows
    /// it is to be kept.
    pub(super) fn meet(&mut self, kind: DataEnd, content: &Content, mark: Mark) -> bool {
        if let Some(end) = self.ends.iter_mut().find(|end| end.kind == kind) {
            end.count = end.count.saturating_add(1);
            return false;
        }
        let first = First { mark, line: line_of(content) };
        let octets = content.octets;
        self.ends.push(OddEnd { kind, count: 1, first, octets, behind: Vec::new(), more: false });
        self.ends.len() <= KEPT
    }

    /// What follows the ends that were met before.
    pub(super) fn follow(&mut self, bytes: &[u8]) {
        for end in self.ends.iter_mut().take(KEPT) {
            end.follow(bytes);
        }
    }

    /// What follows the end that was met last.
    pub(super) fn follow_last(&mut self, bytes: &[u8]) {
        if let Some(end) = self.ends.last_mut() {
            end.follow(bytes);
        }
    }

    /// Forgets what stands behind `content`, which a server took for all, as it saw `kind` there.
    pub(super) fn until(&mut self, content: &Content, kind: Option<DataEnd>) {
        let line = line_of(content);
        for first in [
            &mut self.bare_lf,
            &mut self.bare_cr,
            &mut self.nul,
            &mut self.long_line,
            &mut self.cr_cr_lf,
            &mut self.dotted,
        ] {
            *first = first.filter(|first| first.line <= line);
        }
        self.ends.retain(|end| end.octets <= content.octets);
        self.taken = kind;
    }

    /// The content is over: with its end, if `ended`.
    pub(super) fn finish(&mut self, ended: bool, shows_secrets: bool) {
        for end in self.ends.iter_mut().take(KEPT) {
            if ended && !end.more {
                let text = end.behind.strip_suffix(b".\r\n").map_or(end.behind.len(), <[u8]>::len);
                end.behind.truncate(text);
            }
            end.more |= end.behind.len() > BEHIND;
            end.behind.truncate(BEHIND);
            if !shows_secrets {
                mask(&mut end.behind);
            }
            end.behind.shrink_to_fit();
        }
        for end in self.ends.iter_mut().skip(KEPT) {
            end.more = true;
        }
    }
}

impl OddEnd {
    /// More of what follows; the end of the data, which is no part of it, may be the last.
    pub(super) fn follow(&mut self, bytes: &[u8]) {
        let room = (BEHIND + 3).saturating_sub(self.behind.len());
        self.behind.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.more |= bytes.len() > room;
    }
}

/// The line of which `content` is read up to its beginning, or into it.
pub(super) fn line_of(content: &Content) -> u64 {
    u64::from(content.lines) + u64::from(content.bare_lf) + 1
}

/// Replaces secrets in `text`, whichever octet a server takes for a line end.
fn mask(text: &mut [u8]) {
    let lines: Vec<u8> =
        text.iter().map(|&octet| if octet == b'\r' { b'\n' } else { octet }).collect();
    for read in [&lines, &text.to_vec()] {
        let Some(masked) = secrets::in_content(read) else { continue };
        for ((octet, masked), read) in text.iter_mut().zip(&masked).zip(read) {
            if masked != read {
                *octet = *masked;
            }
        }
    }
}

/// What stands before a dot that may be the end of mail data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    CrCrLf,
    CrLf,
    Lf,
    Cr,
    CrLfNul,
    /// Missing octets: a line may begin there.
    Gap,
}

/// What the octets around a dot are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// More octets must be seen.
    More,
    /// The end of mail data, or none at all.
    No,
    /// An end for a lenient server, and how many octets behind the dot belong to it; `None` where
    /// missing octets make it one.
    End(Option<DataEnd>, usize),
}

/// The last octets that were read: before the first, a line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    octets: [u8; 8],
    /// So many of them, the last ones, are known.
    known: u8,
}

impl Default for Tail {
    fn default() -> Self {
        Self { octets: *b"------\r\n", known: 8 }
    }
}

impl Tail {
    /// Of missing octets.
    pub(super) const UNKNOWN: Self = Self { octets: *b"--------", known: 0 };

    /// Whether the next piece must be looked at closely, whatever is in it.
    pub(super) fn is_odd(self) -> bool {
        matches!(self.octets, [.., 0] | [.., b'\r', b'\r'])
    }

    /// Takes the next octets.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            *self = Self { octets: *last, known: 8 };
        } else {
            for &octet in bytes {
                self.octets.rotate_left(1);
                self.octets[7] = octet;
                self.known = (self.known + 1).min(8);
            }
        }
    }

    /// What stands before the dot at `at` of `bytes`, which come next, or `behind` octets before.
    pub(super) fn what(self, bytes: &[u8], at: usize, behind: usize) -> Option<Before> {
        let octets = [3, 2, 1].map(|back| self.before(bytes, at, behind + back));
        // The CR of such a line end may be missing.
        let is_part = octets[2] == b'\n' && behind + 2 > at + usize::from(self.known);
        if is_part { Some(Before::Gap) } else { Before::of(octets) }
    }

    /// The octet `back` octets before the one at `at` of `bytes`, which come next.
    pub(super) fn before(self, bytes: &[u8], at: usize, back: usize) -> u8 {
        let octet = match at.checked_sub(back) {
            Some(at) => bytes.get(at),
            None => (self.octets.len() + at).checked_sub(back).and_then(|at| self.octets.get(at)),
        };
        octet.copied().unwrap_or(b'-')
    }
}

impl Before {
    /// What the three octets before a dot are.
    pub(super) fn of(octets: [u8; 3]) -> Option<Self> {
        match octets {
            [b'\r', b'\r', b'\n'] => Some(Self::CrCrLf),
            [_, b'\r', b'\n'] => Some(Self::CrLf),
            [_, _, b'\n'] => Some(Self::Lf),
            [_, _, b'\r'] => Some(Self::Cr),
            [b'\r', b'\n', 0] => Some(Self::CrLfNul),
            _ => None,
        }
    }

    /// What a dot behind it and in front of `next` is: the longest that it may be.
    pub(super) fn then(self, next: &[u8]) -> Verdict {
        use DataEnd as End;
        use Verdict::{More, No};
        let is_line = matches!(self, Self::CrLf | Self::CrCrLf);
        let end = |kind: DataEnd, octets: usize| Verdict::End(Some(kind), octets);
        match (self, next) {
            (_, [] | [b'\r']) => More,
            (_, [0 | b' ' | b'\t'] | [0 | b' ' | b'\t' | b'\r', b'\r']) if is_line => More,
            (Self::Gap, [b'\n', ..]) => Verdict::End(None, 1),
            (Self::Gap, [b'\r', b'\n', ..]) => Verdict::End(None, 2),
            (Self::CrLf | Self::CrCrLf, [b'\n', ..]) => end(End::CrlfLf, 1),
            (Self::Lf, [b'\n', ..]) => end(End::LfLf, 1),
            (Self::Cr, [b'\n', ..]) => end(End::CrLf, 1),
            (Self::Lf, [b'\r', b'\n', ..]) => end(End::LfCrlf, 2),
            (Self::Cr, [b'\r', b'\n', ..]) => end(End::CrCrlf, 2),
            (Self::CrLfNul, [b'\r', b'\n', ..]) => end(End::NulBefore, 2),
            (Self::Lf, [b'\r', ..]) => end(End::LfCr, 1),
            (Self::Cr, [b'\r', ..]) => end(End::CrCr, 1),
            // The end of the data.
            (_, [b'\r', b'\n', ..]) => No,
            (Self::CrLf, [b'\r', b'\r', b'\n', ..]) => end(End::CrlfCrcrlf, 3),
            (Self::CrCrLf, [b'\r', b'\r', b'\n', ..]) => end(End::CrcrlfCrcrlf, 3),
            (_, [b'\r', ..]) if is_line => end(End::CrlfCr, 1),
            (_, [0, b'\r', b'\n', ..]) if is_line => end(End::NulAfter, 3),
            (_, [b' ' | b'\t', b'\r', b'\n', ..]) if is_line => end(End::Blank, 3),
            _ => No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_clipped_and_hides_secrets() {
        let content = Content::default();
        let mut odd = Odd::default();
        assert!(odd.meet(DataEnd::CrCr, &content, Mark::default()));
        assert!(!odd.meet(DataEnd::CrCr, &content, Mark::default()));
        odd.follow(b"EHLO a\rAUTH PLAIN AGEAYg==\rMAIL FROM:<a@b>\r\nAUTH LOGIN\r\nAGEAYg==\r\n");
        odd.finish(true, false);
        let behind = "EHLO a\rAUTH PLAIN ********\rMAIL FROM:<a@b>\r\nAUTH LOGIN\r\n********\r\n";
        assert_eq!(odd.ends[0].behind, behind.as_bytes());
        assert_eq!((odd.ends[0].count, odd.ends[0].more), (2, false));

        for kind in DataEnd::ALL {
            odd.meet(*kind, &content, Mark::default());
        }
        odd.follow(&[b'x'; 5000]);
        odd.finish(true, false);
        assert!(odd.ends.iter().all(|end| end.more && end.behind.len() <= BEHIND));
        assert!(odd.held() < 16 * 1024);
    }
}
