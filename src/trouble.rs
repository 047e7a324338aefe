//! What is wrong with the *input*: counted, said, never fatal.
//!
//! Three kinds of bad news are never mixed: an error (we cannot work), a trouble (the recording
//! is damaged) and a finding (a peer broke a rule).

use crate::place::Origin;
use std::collections::BTreeMap;
use std::fmt;

/// A kind of damage or limit met while reading an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The file ends inside its last packet record or block; everything before is used.
    CutFile,
    /// A block or record whose own lengths contradict each other; skipped.
    BadBlock,
    /// A block or record larger than the limit; skipped.
    HugeBlock,
    /// A packet of an interface that was never described; skipped.
    UnknownInterface,
    /// A packet whose time stamp no calendar has; used, but without a time.
    BadTime,
    /// TLS secrets or names of addresses in a capture beyond the limit; not kept.
    DroppedNote,
    /// The framing of the file is lost; nothing after this place could be read.
    LostFraming,
    /// The compressed stream is damaged or ends early; nothing after this place could be read.
    BadCompression,
    /// The user ended the run; nothing after this place was read.
    Interrupted,
    /// The operating system failed to deliver the input; nothing after this place was read.
    ReadFailed,
    /// Packets of a link type that is not supported; the number is pcap's LINKTYPE.
    UnknownLinkType(u16),
    /// More kinds of link types than are named one by one.
    MoreLinkTypes,
    /// A frame or packet header that contradicts itself.
    BadPacket,
    /// More layers of tags or tunnels than are followed.
    TooManyLayers,
    /// A frame cut by the capture's snapshot length inside a header: its payload is unknown.
    CutHeader,
    /// A TCP segment whose payload was cut by the capture's snapshot length.
    CutSegment,
    /// Fragments of one datagram that overlap with different bytes; the first copy is used.
    FragmentConflict,
    /// A datagram of which fragments never came.
    FragmentMissing,
    /// Fragments given up because too many datagrams were open.
    FragmentOverflow,
    /// A segment whose sequence number fits no place in its connection; not used.
    StraySegment,
    /// Payload after both sides had closed; not used.
    LateSegment,
    /// Sessions given up to keep memory bounded.
    EvictedSession,
    /// Lines of a transcript that belong to no dialog.
    SkippedLine,
    /// Lines of a transcript longer than the limit; taken in pieces.
    LongLine,
    /// Lines of a log whose times lack the year or the day.
    UndatedTime,
    /// Lines of a log whose times lack the zone; taken as UTC.
    UnzonedTime,
    /// Lines of a text whose times are whole seconds.
    CoarseTime,
}

/// How often a [`Trouble`] was met, and where first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How often.
    pub times: u64,
    /// Where first.
    pub first: Origin,
}

/// All the troubles of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Troubles(BTreeMap<Trouble, Count>);

impl Trouble {
    /// Whether data after this place is hidden from the report, which makes the exit status 2.
    #[must_use]
    pub fn hides_the_rest(self) -> bool {
        matches!(
            self,
            Self::LostFraming | Self::BadCompression | Self::ReadFailed | Self::Interrupted
        )
    }

    /// What was counted, as a noun phrase.
    fn noun(self) -> &'static str {
        match self {
            Self::CutFile => "the file ends inside its last packet; all before it was read",
            Self::BadBlock => "block(s) with impossible lengths skipped",
            Self::HugeBlock => "block(s) larger than the limit skipped",
            Self::UnknownInterface => "packet(s) of an interface that is not described skipped",
            Self::BadTime => "packet(s) with impossible time stamps",
            Self::DroppedNote => "note(s) of the capture (TLS secrets, names) beyond the limit",
            Self::LostFraming => "the rest of the file is not readable",
            Self::BadCompression => "the compressed data is damaged or ends early",
            Self::Interrupted => "interrupted; the rest was not read",
            Self::ReadFailed => "reading failed",
            Self::UnknownLinkType(_) => "packet(s) of unsupported link type",
            Self::MoreLinkTypes => "packet(s) of further unsupported link types",
            Self::BadPacket => "packet(s) with impossible headers skipped",
            Self::TooManyLayers => "packet(s) with too many tags or tunnels skipped",
            Self::CutHeader => "packet(s) cut inside their headers skipped",
            Self::CutSegment => "segment(s) with payload cut by the snapshot length",
            Self::FragmentConflict => "IP fragment(s) that contradict an earlier one",
            Self::FragmentMissing => "IP datagram(s) with missing fragments",
            Self::FragmentOverflow => "IP datagram(s) given up: too many were open",
            Self::StraySegment => "segment(s) that fit no place in their connection",
            Self::LateSegment => "segment(s) with payload after the end of their session",
            Self::EvictedSession => "session(s) given up to bound memory",
            Self::SkippedLine => "line(s) that belong to no dialog skipped",
            Self::LongLine => "line(s) longer than the limit taken in pieces",
            Self::UndatedTime => "line(s) whose times do not say the year: only durations are told",
            Self::UnzonedTime => "line(s) whose times have no zone, taken as UTC",
            Self::CoarseTime => "line(s) with times in whole seconds: durations are no finer",
        }
    }

    /// Whether the count says something (a cut file is cut once).
    fn is_countable(self) -> bool {
        !self.hides_the_rest() && self != Self::CutFile
    }

    /// Whether the place is a line rather than a frame.
    fn is_in_text(self) -> bool {
        matches!(
            self,
            Self::SkippedLine
                | Self::LongLine
                | Self::UndatedTime
                | Self::UnzonedTime
                | Self::CoarseTime
        )
    }
}

impl Troubles {
    /// Counts one more `trouble`, met at `origin`.
    pub fn add(&mut self, trouble: Trouble, origin: Origin) {
        self.add_many(trouble, 1, origin);
    }

    /// Counts `times` more of `trouble`, the first of them at `origin`.
    pub fn add_many(&mut self, trouble: Trouble, times: u64, origin: Origin) {
        if times == 0 {
            return;
        }
        let count = self.0.entry(trouble).or_insert(Count { times: 0, first: origin });
        count.times += times;
        count.first = count.first.min(origin);
    }

    /// Adds what another part of the run counted.
    pub fn merge(&mut self, other: &Self) {
        for (&trouble, count) in &other.0 {
            self.add_many(trouble, count.times, count.first);
        }
    }

    /// Counts a packet of an unsupported link type, naming at most `named` different ones.
    pub fn add_link_type(&mut self, link: u16, named: usize, origin: Origin) {
        let trouble = Trouble::UnknownLinkType(link);
        let known = self.0.keys().filter(|t| matches!(t, Trouble::UnknownLinkType(_))).count();
        if self.0.contains_key(&trouble) || known < named {
            self.add(trouble, origin);
        } else {
            self.add(Trouble::MoreLinkTypes, origin);
        }
    }

    /// How often `trouble` was met.
    #[must_use]
    pub fn times(&self, trouble: Trouble) -> u64 {
        self.0.get(&trouble).map_or(0, |count| count.times)
    }

    /// Whether nothing was met.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (Trouble, Count)> + '_ {
        self.0.iter().map(|(&trouble, &count)| (trouble, count))
    }

    /// Whether any of them hides data from the report.
    #[must_use]
    pub fn hides_the_rest(&self) -> bool {
        self.0.keys().any(|trouble| trouble.hides_the_rest())
    }

    /// Each as one line for a person: what, how often, where first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.iter().map(|(trouble, count)| Line(trouble, count).to_string()).collect()
    }
}

/// A trouble with its count, printed.
struct Line(Trouble, Count);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(trouble, count) = self;
        if trouble.is_countable() {
            write!(f, "{} ", count.times)?;
        }
        f.write_str(trouble.noun())?;
        if let Trouble::UnknownLinkType(link) = trouble {
            write!(f, " {link}")?;
        }
        let place = if trouble.is_in_text() { "line" } else { "frame" };
        match (trouble.is_countable(), count.first.number) {
            (_, 0) => write!(f, " (byte {})", count.first.offset),
            (true, number) => write!(f, " (first: {place} {number})"),
            (false, number) => write!(f, " ({place} {number}, byte {})", count.first.offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u64) -> Origin {
        Origin { input: 0, number, offset: number * 100 }
    }

    #[test]
    fn counts_and_keeps_the_first_place() {
        let mut troubles = Troubles::default();
        troubles.add(Trouble::CutSegment, at(9));
        troubles.add(Trouble::CutSegment, at(4));
        let mut other = Troubles::default();
        other.add(Trouble::CutSegment, at(2));
        other.add(Trouble::CutFile, at(10));
        troubles.merge(&other);
        assert_eq!(
            troubles.lines(),
            [
                "the file ends inside its last packet; all before it was read (frame 10, byte 1000)",
                "3 segment(s) with payload cut by the snapshot length (first: frame 2)",
            ]
        );
        assert!(!troubles.hides_the_rest());
    }

    #[test]
    fn unknown_link_types_are_named_up_to_a_bound() {
        let mut troubles = Troubles::default();
        for link in [200, 201, 200, 202, 203] {
            troubles.add_link_type(link, 2, at(1));
        }
        assert_eq!(troubles.times(Trouble::UnknownLinkType(200)), 2);
        assert_eq!(troubles.times(Trouble::MoreLinkTypes), 2);
    }
}
