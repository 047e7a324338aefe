//! The header section of a message as it streams by: what is in it, not what it says.
//!
//! It ends with the first empty line (RFC 5321 §2.3.1) or, as servers take it, before the first
//! line that is no field: a message need not have one.

use super::content::more;
use super::line_ends::Whole;
use super::session::Content;
use crate::smtp::scan::find;

/// Reads a header section. What is behind it costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    place: Place,
    /// Octets of the name so far that are those of [`NAME`].
    alike: u8,
    /// Octets of the name so far that are those of [`ID`].
    alike_id: u8,
    /// The field is the first Message-ID.
    is_id: bool,
    /// Octets above 127 in the name: whether it is one, its colon will show.
    in_name: u16,
}

/// The field that is counted.
const NAME: &[u8] = b"received";

/// The field whose value is hashed.
const ID: &[u8] = b"message-id";

/// No octets of a name are so many: it is another.
const OTHER: u8 = u8::MAX;

/// Where in the header section a byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// At the start of a line.
    #[default]
    Start,
    /// In a field's name.
    Name,
    /// In blanks between a name and its colon: older messages have them.
    Blank,
    /// In what a field says.
    Text,
    /// Behind the CR of a line that has nothing else so far.
    Cr,
    /// Behind the header section.
    End,
    /// Behind the empty line that ended it.
    Body,
}

impl Header {
    /// What reads nothing more.
    pub(super) const END: Self = Self::at(Place::End);

    const fn at(place: Place) -> Self {
        Self { place, alike: 0, alike_id: 0, is_id: false, in_name: 0 }
    }

    /// Reads the next line of the content, or a part of one, and counts in `facts` what is in its
    /// header.
    #[inline(never)]
    pub(super) fn read_line(&mut self, facts: &mut Content, line: &[u8]) {
        if self.place == Place::Start && line == b"\r\n" {
            self.place = Place::Body;
            return;
        }
        let is_usual = || line.ends_with(b"\n") && line.is_ascii();
        if self.place != Place::Start || !is_usual() || self.usual_line(facts, line).is_none() {
            self.read_fields(facts, line);
        }
    }

    /// Whether nothing more will be read.
    #[inline]
    pub(super) fn is_done(self) -> bool {
        matches!(self.place, Place::End | Place::Body)
    }

    /// Whether the empty line behind it was read.
    #[inline]
    pub(super) fn is_over(self) -> bool {
        self.place == Place::Body
    }

    #[inline(never)]
    fn read_fields(&mut self, facts: &mut Content, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((&first, after)) = rest.split_first() {
            match self.place {
                Place::Start => match first {
                    // A line that goes on with the field before it.
                    b' ' | b'\t' => self.place = Place::Text,
                    b'\r' => {
                        self.place = Place::Cr;
                        rest = after;
                    }
                    b'\n' => self.place = Place::Body,
                    _ => *self = Self::at(Place::Name),
                },
                Place::Name | Place::Blank => {
                    self.read_name(facts, first);
                    rest = after;
                }
                Place::Text => {
                    let end = find(b'\n', rest).map_or(rest.len(), |lf| lf + 1);
                    let Some((text, after)) = rest.split_at_checked(end) else { return };
                    if !text.is_ascii() {
                        let high = text.iter().filter(|&&octet| octet >= 0x80).count();
                        facts.header_eight_bit = more(facts.header_eight_bit, high);
                    }
                    if self.is_id {
                        add_id(facts, text);
                    }
                    if text.ends_with(b"\n") {
                        self.place = Place::Start;
                    }
                    rest = after;
                }
                Place::Cr => self.place = if first == b'\n' { Place::Body } else { Place::End },
                Place::End | Place::Body => return,
            }
        }
    }

    /// Reads an octet of a name, or behind it.
    fn read_name(&mut self, facts: &mut Content, octet: u8) {
        match octet {
            b':' => {
                let is_received = usize::from(self.alike) == NAME.len();
                facts.received = more(facts.received, usize::from(is_received));
                facts.header_eight_bit = more(facts.header_eight_bit, self.in_name.into());
                self.is_id = usize::from(self.alike_id) == ID.len() && facts.message_id == 0;
                self.place = Place::Text;
            }
            b' ' | b'\t' => self.place = Place::Blank,
            // No name has a control character, and none a blank within it.
            0..=31 | 127 => self.place = Place::End,
            _ if self.place == Place::Blank => self.place = Place::End,
            _ => {
                for (alike, name) in [(&mut self.alike, NAME), (&mut self.alike_id, ID)] {
                    let next = name.get(usize::from(*alike));
                    let is_alike = next == Some(&octet.to_ascii_lowercase());
                    *alike = if is_alike { *alike + 1 } else { OTHER };
                }
                self.in_name = self.in_name.saturating_add(u16::from(octet >= 0x80));
            }
        }
    }

    /// Reads the lines at the start of `text` that are all there, in ASCII, and as nearly all are:
    /// each a field, or one that goes on with it. Returns how many those are.
    #[inline]
    pub(super) fn read_usual(&mut self, facts: &mut Content, text: &[u8]) -> Whole {
        let mut lines = Whole::default();
        while self.place == Place::Start
            && let Some(left) = text.get(lines.octets..)
            && let Some(octets) = self.usual_line(facts, left)
        {
            let is_strict = octets > 1 && left.get(octets - 2) == Some(&b'\r');
            lines.count += 1;
            lines.octets += octets;
            lines.loose += usize::from(!is_strict);
            lines.last = if is_strict { octets } else { 0 };
            lines.longest = lines.longest.max(octets);
        }
        lines
    }

    /// Reads the line at the start of `text` if it is such; returns how many octets it has.
    // It is read for each line of nearly every message.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn usual_line(&mut self, facts: &mut Content, text: &[u8]) -> Option<usize> {
        let first = *text.first()?;
        let mut name: &[u8] = &[];
        // Octets before what the line says.
        let mut before = 0;
        let is_field = !matches!(first, b' ' | b'\t');
        if is_field {
            name = text.get(..name_len(text))?;
            before = name.len() + 1;
            // A dot that begins a line may be the end of the data.
            if first == b'.' || text.get(name.len()) != Some(&b':') {
                return None;
            }
        }
        let value = text.get(before..)?;
        let lf = ascii_line(value)?;
        if is_field {
            self.is_id = false;
            if name.len() == NAME.len() {
                let is_received = name.eq_ignore_ascii_case(NAME);
                facts.received = more(facts.received, usize::from(is_received));
            } else if name.len() == ID.len() {
                self.is_id = facts.message_id == 0 && name.eq_ignore_ascii_case(ID);
            }
        }
        if self.is_id {
            add_id(facts, value.get(..lf).unwrap_or(value));
        }
        Some(before + lf + 1)
    }
}

/// Where the first line of `text` ends, if it is ASCII: its LF.
#[inline]
fn ascii_line(text: &[u8]) -> Option<usize> {
    let (blocks, rest) = text.as_chunks::<16>();
    let mut len = 0;
    for block in blocks {
        // The compiler looks at all octets of a block at once.
        let is_end = |any: bool, &octet: &u8| any | (octet == b'\n' || octet >= 0x80);
        if !block.iter().fold(false, is_end) {
            len += block.len();
            continue;
        }
        for word in block.as_chunks().0 {
            // In the highest bit of each octet: whether it is an LF, or above 127. What is borrowed
            // from behind the first spoils only what comes after.
            let word = u64::from_le_bytes(*word);
            let lfs = word ^ (EACH * u64::from(b'\n'));
            let ends = (lfs.wrapping_sub(EACH) | word) & (EACH * 0x80);
            if ends != 0 {
                let at = len + (ends.trailing_zeros() / 8) as usize;
                return (text.get(at) == Some(&b'\n')).then_some(at);
            }
            len += word.to_le_bytes().len();
        }
    }
    let end = rest.iter().position(|&octet| octet == b'\n' || octet >= 0x80)?;
    (rest.get(end) == Some(&b'\n')).then_some(len + end)
}

/// A one in each octet.
const EACH: u64 = u64::from_ne_bytes([1; 8]);

/// How many octets at the start of `line` a name in ASCII may have.
#[inline]
fn name_len(line: &[u8]) -> usize {
    let (words, rest) = line.as_chunks::<8>();
    let mut len = 0;
    for word in words {
        // In the highest bit of each octet: whether it is a control or blank, a DEL or above 127, or a colon.
        // What is borrowed from behind the first spoils only what comes after.
        let word = u64::from_le_bytes(*word);
        let colons = word ^ u64::from_ne_bytes([b':'; 8]);
        let ends = word.wrapping_sub(EACH * 33)
            | word
            | word.wrapping_add(EACH)
            | colons.wrapping_sub(EACH);
        let ends = ends & (EACH * 0x80);
        if ends != 0 {
            return len + (ends.trailing_zeros() / 8) as usize;
        }
        len += word.to_le_bytes().len();
    }
    len + rest.iter().take_while(|&&octet| matches!(octet, 33..=57 | 59..=126)).count()
}

/// Adds a part of the first Message-ID to its hash (FNV-1a), blanks left out.
#[inline(never)]
fn add_id(facts: &mut Content, text: &[u8]) {
    let text = text.trim_ascii();
    if text.is_empty() {
        return;
    }
    let mut hash = if facts.message_id == 0 { 0xcbf2_9ce4_8422_2325 } else { facts.message_id };
    for &octet in text.iter().filter(|octet| !octet.is_ascii_whitespace()) {
        hash = (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
    }
    // 0 says that there is none.
    facts.message_id = hash.max(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Header {
        fn read(&mut self, facts: &mut Content, bytes: &[u8]) {
            for line in bytes.split_inclusive(|&octet| octet == b'\n') {
                self.read_line(facts, line);
            }
        }
    }

    /// Octets above 127 and fields named Received in the header of `content`, cut anywhere.
    fn read(content: &[u8]) -> (u32, u32) {
        let read = |pieces: &[&[u8]]| {
            let (mut header, mut facts) = (Header::default(), Content::default());
            for piece in pieces {
                header.read(&mut facts, piece);
            }
            (facts.header_eight_bit, facts.received)
        };
        let whole = read(&[content]);
        for cut in 0..=content.len() {
            assert_eq!(read(&[&content[..cut], &content[cut..]]), whole, "cut at {cut}");
        }
        assert_eq!(read(&content.chunks(1).collect::<Vec<_>>()), whole);
        whole
    }

    #[test]
    fn lines_end_where_they_end() {
        for len in 0..40 {
            for end in [&b""[..], b"\n", b"\r\n", b"\x8a\n", b"\n\x0b\x8a\n", b"\x80"] {
                for behind in [&b""[..], b"\n\n\n", b"\xe9abcdefgh", b"\x0b\x0b"] {
                    let text = [&[b'\x0b'; 40][..len], end, behind].concat();
                    let first = text.split_inclusive(|&octet| octet == b'\n').next();
                    let ends = first.filter(|line| line.is_ascii() && line.ends_with(b"\n"));
                    let lf = ends.map(|line| line.len() - 1);
                    assert_eq!(ascii_line(&text), lf, "{:?}", text.escape_ascii().to_string());
                }
            }
        }
    }

    #[test]
    fn names_end_with_what_they_may_not_have() {
        for len in 0..20 {
            for behind in (0..=32).chain([b':', 127]) {
                for next in [&b""[..], b":", b"\0\0", b"ab:\x7fefghijk"] {
                    let line = [&b"!~9;AZaz-_"[..], &[b'a'; 10]].concat();
                    let line = [&line[..len], &[behind], next].concat();
                    assert_eq!(name_len(&line), len, "{:?}", line.escape_ascii().to_string());
                }
            }
        }
    }

    #[test]
    fn fields_named_received_are_counted() {
        let received = |content: &[u8]| read(content).1;
        assert_eq!(received(b"Received: a\r\nRECEIVED:b\r\nreceived : c\r\n\r\n"), 3);
        assert_eq!(received(b"Received-SPF: a\r\nReceive: b\r\nX-Received: c\r\n\r\n"), 0);
        assert_eq!(received(b"To: a\r\n Received: b\r\n\tReceived: c\r\n\r\n"), 0);
        assert_eq!(received(b"Receivedd: a\nReceived: b\nTo: c\n\nReceived: d\n"), 1);
        assert_eq!(received(b"Received: a"), 1);
        assert_eq!(received(b"Received"), 0);
        assert_eq!(received(b"\xe9eceived: a\r\n\xd2\xe5\xe3eived: b\r\n"), 0);
    }

    #[test]
    fn octets_are_counted_up_to_the_first_empty_line() {
        let high = |content: &[u8]| read(content).0;
        assert_eq!(high(b"Subject: \xc3\xa9\r\n \xe9\r\n\r\n\xe9\r\nTo: \xe9\r\n"), 3);
        assert_eq!(high(b"Subject: a\n\n\xe9: \xe9\n"), 0);
        assert_eq!(high(b"\r\nSubject: \xe9\r\n"), 0);
        assert_eq!(high(b"S\xfcbject: \xe9\r\n"), 2);
    }

    #[test]
    fn the_empty_line_is_known() {
        let is_over = |content: &[u8]| {
            let over_at = |cut: usize| {
                let (mut header, mut facts) = (Header::default(), Content::default());
                header.read(&mut facts, &content[..cut]);
                header.read(&mut facts, &content[cut..]);
                header.is_over()
            };
            let whole = over_at(0);
            assert!((0..=content.len()).all(|cut| over_at(cut) == whole));
            whole
        };
        assert!(is_over(b"a: b\r\n\r\nbody") && is_over(b"a: b\n\nbody") && is_over(b"\r\n"));
        assert!(!is_over(b"a: b\r\n\r") && !is_over(b"a: b\r\n") && !is_over(b"body\r\n\r\n"));
        assert!(!is_over(b"a: b\r\n\rx\r\n\r\n") && !is_over(b"a: b\r\n \r\n"));
    }

    #[test]
    fn a_line_that_is_no_field_ends_the_header() {
        assert_eq!(read(b"h\xe9llo w\xf6rld: \xe9\r\nReceived: a\r\n"), (0, 0));
        assert_eq!(read(b"Subject: \xe9\r\nh\xe9llo\r\nReceived: \xe9\r\n"), (1, 0));
        assert_eq!(read(b"a: b\r\n\rReceived: c\r\n"), (0, 0));
    }
}
