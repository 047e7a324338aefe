//! Bytes of a capture file → [`Frame`]s.
//!
//! In: an [`Input`] that begins like a pcap or a pcapng file. Out: its packets, one by one,
//! borrowed from the input's buffer, and the notes that pcapng keeps beside them (TLS secrets,
//! names). Damage is counted in [`Troubles`] and, where the next packet can be found, moved
//! over. It does not know what is inside a packet.

mod interface;
mod notes;
mod pcap;
mod pcapng;

use crate::input::Input;
use crate::limits::Limits;
use crate::place::Origin;
use crate::recording::Clock;
use crate::time::Stamp;
use crate::trouble::{Trouble, Troubles};
use pcap::Pcap;
use pcapng::Pcapng;
use std::io::{self, ErrorKind};
use std::net::IpAddr;

/// One captured packet, as the file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it was captured; `None` for a pcapng simple packet block.
    pub at: Option<Stamp>,
    /// Digits of the second's fraction in the file's time stamps (0 to 9).
    pub digits: u8,
    /// pcap's LINKTYPE of `data`, without the FCS bits.
    pub link: u16,
    /// The captured bytes, without a frame check sequence.
    pub data: &'a [u8],
    /// Length on the wire in bytes, at least `data.len()`; larger where the capture's
    /// snapshot length cut the packet.
    pub wire_len: u32,
    /// Number (from 1, as Wireshark counts) and place of the packet.
    pub origin: Origin,
}

/// The two capture file formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// libpcap's format (draft-ietf-opsawg-pcap), in all its variants.
    Pcap,
    /// The format of Wireshark (draft-ietf-opsawg-pcapng).
    Pcapng,
}

/// Tells the format of a capture from its first bytes: four for pcap, up to twelve for pcapng.
/// `None`: not a capture (or fewer than four bytes).
#[must_use]
pub fn recognise(start: &[u8]) -> Option<Kind> {
    if pcap::Variant::of(start).is_some() {
        Some(Kind::Pcap)
    } else if pcapng::is_section_header(start) {
        Some(Kind::Pcapng)
    } else {
        None
    }
}

/// Reads the packets of a capture.
pub struct Reader {
    tape: Tape,
    format: Format,
    /// Bytes of the frames that were given last and that are not consumed yet.
    given: usize,
    clock: Clock,
}

enum Format {
    Pcap(Pcap),
    Pcapng(Box<Pcapng>),
}

impl Reader {
    /// A reader of the capture that `input` begins with; `index` is [`Origin::input`]. The error
    /// is one line for a person: what was found, what was expected.
    pub fn new(mut input: Input, index: u32, limits: &Limits) -> Result<Self, String> {
        let start = match input.fill(pcap::HEADER) {
            Ok(start) => start,
            Err(error) => return Err(format!("reading failed: {error}")),
        };
        let format = match recognise(start) {
            Some(Kind::Pcap) => Pcap::open(start, limits).map(Format::Pcap),
            Some(Kind::Pcapng) => {
                Pcapng::open(start, limits).map(|format| Format::Pcapng(Box::new(format)))
            }
            None => return Err(not_a_capture(start)),
        };
        let Some(format) = format else {
            let length = start.len();
            return Err(format!("the capture ends inside its header, after {length} bytes"));
        };
        if matches!(format, Format::Pcap(_)) {
            input.consume(pcap::HEADER);
        }
        let resync = limits.resync_bytes;
        let tape = Tape { input, index, number: 0, failed: false, done: false, resync };
        Ok(Self { tape, format, given: 0, clock: Clock::default() })
    }

    /// Gives `each` the packets that are here, up to one of which something must be said or
    /// waited for, or until `each` says that it is enough. [`Reader::next`] goes on from there.
    #[inline]
    pub fn run<'a>(&'a mut self, each: impl FnMut(Frame<'a>) -> bool) {
        self.consume();
        let first = self.tape.origin(self.tape.number);
        let Tape { input, number, done: false, .. } = &mut self.tape else { return };
        if let Format::Pcap(format) = &mut self.format {
            (*number, self.given) = format.run(input.data(), first, &mut self.clock, each);
        }
    }

    fn consume(&mut self) {
        self.tape.input.consume(self.given);
        self.given = 0;
    }

    /// The next packet; `None` at the end. What is wrong with the file is added to `troubles`.
    #[allow(clippy::should_implement_trait)] // an iterator's items cannot borrow from it
    pub fn next(&mut self, troubles: &mut Troubles) -> Option<Frame<'_>> {
        self.consume();
        if self.tape.done {
            return None;
        }
        let found = match &mut self.format {
            Format::Pcap(format) => format.next(&mut self.tape, troubles),
            Format::Pcapng(format) => format.next(&mut self.tape, troubles),
        }?;
        self.given = found.size;
        let origin = self.tape.origin(self.tape.number);
        if found.at.is_none() && found.timed {
            troubles.add(Trouble::BadTime, origin);
        }
        self.clock.see(found.at, origin.number);
        let data = self.tape.input.data().get(found.start..).unwrap_or_default();
        let data = data.get(..found.len).unwrap_or(data);
        Some(Frame {
            at: found.at,
            digits: found.digits,
            link: found.link,
            data,
            wire_len: found.wire_len,
            origin,
        })
    }

    /// Asks for the buffer in which the frame that was given last stands, once it is used up:
    /// until then, the frame's bytes keep their address.
    pub fn pin(&mut self) {
        self.tape.input.pin();
    }

    /// The buffer that was pinned, if it is used up: the last frame, if any was given since, is
    /// no longer in it. `spare` makes a buffer that can be used when the next one is used up.
    pub fn retired(&mut self, spare: impl FnOnce() -> Vec<u8>) -> Option<Vec<u8>> {
        self.tape.input.retired(spare)
    }

    /// Uses the buffer up if it is pinned. The frame that was given last is moved over.
    pub fn retire(&mut self) {
        self.tape.input.consume(self.given);
        self.given = 0;
        self.tape.input.retire();
    }

    /// Whether the next packet must be waited for, if the source is slow.
    #[must_use]
    pub fn is_dry(&self) -> bool {
        let rest = self.tape.data().get(self.given..).unwrap_or_default();
        match &self.format {
            Format::Pcap(format) => !format.is_here(rest),
            Format::Pcapng(format) => !format.is_here(rest),
        }
    }

    /// The file's format.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.format {
            Format::Pcap(_) => Kind::Pcap,
            Format::Pcapng(_) => Kind::Pcapng,
        }
    }

    /// The compression around it: `gzip`, `zstd` or none.
    #[must_use]
    pub fn compression(&self) -> Option<&'static str> {
        self.tape.input.compression()
    }

    /// Packets met so far, with those that were recognised but could not be used.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.tape.number
    }

    /// Bytes read so far, decompressed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.tape.input.offset() + self.tape.input.data().len() as u64
    }

    /// Whether the time stamps so far go on from packet to packet.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// TLS key logs (in the format of `SSLKEYLOGFILE`, RFC 9850) that the capture carried so
    /// far.
    #[must_use]
    pub fn secrets(&self) -> &[Vec<u8>] {
        match &self.format {
            Format::Pcap(_) => &[],
            Format::Pcapng(format) => format.secrets(),
        }
    }

    /// Names of addresses that the capture carried so far.
    #[must_use]
    pub fn names(&self) -> &[(IpAddr, String)] {
        match &self.format {
            Format::Pcap(_) => &[],
            Format::Pcapng(format) => format.names(),
        }
    }
}

/// Says what a file that is no capture begins with.
fn not_a_capture(start: &[u8]) -> String {
    let found = match start.get(..start.len().min(4)) {
        None | Some([]) => String::from("it is empty"),
        Some(head) => {
            let head: Vec<String> = head.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("it begins with the bytes {}", head.join(" "))
        }
    };
    format!("not a pcap or pcapng capture: {found}")
}

/// A packet that stands in the buffer.
struct Found {
    at: Option<Stamp>,
    /// Whether the packet has a time stamp, possible or not.
    timed: bool,
    digits: u8,
    link: u16,
    /// Its captured bytes are `data[start..][..len]`.
    start: usize,
    len: usize,
    wire_len: u32,
    /// Bytes of the record or block, from the start of the data.
    size: usize,
}

/// The input with the place in it: what both formats are read from.
struct Tape {
    input: Input,
    index: u32,
    /// Number of the last packet met.
    number: u64,
    /// Whether reading failed; that is counted already.
    failed: bool,
    /// Whether nothing more can be read.
    done: bool,
    /// `Limits::resync_bytes`
    resync: u64,
}

impl Tape {
    #[inline]
    fn data(&self) -> &[u8] {
        self.input.data()
    }

    /// The place of the record or block that begins here, as packet `number`.
    #[inline]
    fn origin(&self, number: u64) -> Origin {
        Origin { input: self.index, number, offset: self.input.offset() }
    }

    /// Whether `want` bytes are here, after reading if they were not.
    #[inline]
    fn need(&mut self, want: usize, troubles: &mut Troubles) -> bool {
        self.input.data().len() >= want || self.read(want, troubles)
    }

    #[cold]
    fn read(&mut self, want: usize, troubles: &mut Troubles) -> bool {
        if let Err(error) = self.input.fill(want) {
            self.fail(&error, troubles);
        }
        self.data().len() >= want
    }

    /// Moves forward to the byte at `offset`, and says whether the file has one there.
    fn skip_to(&mut self, offset: u64, troubles: &mut Troubles) -> bool {
        let Some(left) = offset.checked_sub(self.input.offset()) else {
            return false;
        };
        match self.input.skip(left) {
            Ok(skipped) => skipped == left,
            Err(error) => {
                self.fail(&error, troubles);
                false
            }
        }
    }

    /// Counts a failure to read; what is buffered can still be used.
    fn fail(&mut self, error: &io::Error, troubles: &mut Troubles) {
        let is_damage = matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof);
        let trouble = match self.input.compression() {
            Some(_) if is_damage => Trouble::BadCompression,
            _ => Trouble::ReadFailed,
        };
        let mut origin = self.origin(self.number);
        origin.offset += self.data().len() as u64;
        troubles.add(trouble, origin);
        self.failed = true;
    }

    /// The end was met where a record or block of which `self.data()` is the beginning should
    /// be: a good end only if nothing of it is there.
    fn end(&mut self, troubles: &mut Troubles) {
        if !self.failed && !self.data().is_empty() {
            troubles.add(Trouble::CutFile, self.origin(self.number + 1));
        }
        self.stop();
    }

    /// There is nothing more to read: false.
    fn stop(&mut self) -> bool {
        self.done = true;
        false
    }

    /// Moves to the next place, at least one byte on, where `sight` sees the beginning of a
    /// record or block, and says whether there is one within the limit. `sight` is given the
    /// bytes from a place on, and whether they are the file's last.
    fn search(&mut self, sight: impl Fn(&[u8], bool) -> Sight, troubles: &mut Troubles) -> bool {
        self.input.consume(1);
        let stop = self.input.offset().saturating_add(self.resync);
        while self.input.offset() < stop {
            let ended = self.input.ended();
            let mut rest = self.input.data();
            let mut want = 1;
            let mut passed = 0;
            while !rest.is_empty() {
                match sight(rest, ended) {
                    Sight::Start => {
                        self.input.consume(passed);
                        return true;
                    }
                    Sight::Unclear(more) if !ended => {
                        want = more;
                        break;
                    }
                    Sight::Unclear(_) | Sight::Nothing => {}
                }
                rest = rest.get(1..).unwrap_or_default();
                passed += 1;
            }
            self.input.consume(passed);
            if !self.need(want, troubles) {
                if !self.input.ended() {
                    self.input.consume(1); // It would be larger than anything that is read whole.
                } else if self.data().is_empty() {
                    return false;
                }
            }
        }
        false
    }
}

/// What a place in damaged data looks like.
enum Sight {
    Nothing,
    /// The beginning of a record or block.
    Start,
    /// So many bytes are needed to tell.
    Unclear(usize),
}

/// The byte order of a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    #[inline]
    fn u16(self, data: &[u8], at: usize) -> Option<u16> {
        let bytes = *data.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        })
    }

    #[inline]
    fn u32(self, data: &[u8], at: usize) -> Option<u32> {
        let bytes = *data.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }
}

/// A length of the file as a length in memory.
#[inline]
fn size(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Captured and wire length of a packet without the `fcs` bytes of frame check sequence that
/// end it on the wire, and that were captured if all of it was.
#[inline]
fn without_fcs(captured: u32, wire: u32, fcs: u8) -> (usize, u32) {
    let wire = wire.max(captured).saturating_sub(u32::from(fcs));
    (size(captured.min(wire)), wire)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::input::tests::Pieces;
    use proptest::prelude::*;
    use std::io::Read;

    /// A frame that owns its data: time in ns, digits, link, data, wire length, number.
    pub(crate) type Owned = (Option<i64>, u8, u16, Vec<u8>, u32, u64);

    pub(crate) struct Outcome {
        pub(crate) frames: Vec<Owned>,
        pub(crate) troubles: Troubles,
        pub(crate) packets: u64,
        pub(crate) secrets: Vec<Vec<u8>>,
        pub(crate) names: Vec<(IpAddr, String)>,
    }

    impl Outcome {
        pub(crate) fn numbers(&self) -> Vec<u64> {
            self.frames.iter().map(|frame| frame.5).collect()
        }

        pub(crate) fn troubles(&self) -> Vec<(Trouble, u64, u64)> {
            let place = |(trouble, count): (_, crate::trouble::Count)| {
                (trouble, count.times, count.first.number)
            };
            self.troubles.iter().map(place).collect()
        }
    }

    /// Reads all of a source.
    pub(crate) fn read(source: Box<dyn Read + Send>, limits: &Limits) -> Result<Outcome, String> {
        read_in_runs(source, limits, 3)
    }

    /// The same, after each packet as many at once as are here, but `most`.
    fn read_in_runs(
        source: Box<dyn Read + Send>,
        limits: &Limits,
        most: usize,
    ) -> Result<Outcome, String> {
        let input = Input::new(source, limits).map_err(|error| error.to_string())?;
        let mut reader = Reader::new(input, 7, limits)?;
        let mut troubles = Troubles::default();
        let mut frames = Vec::new();
        let mut offset = 0;
        let mut note = |frame: Frame<'_>| {
            let Frame { at, digits, link, data, wire_len, origin } = frame;
            assert_eq!(origin.input, 7);
            assert!(origin.offset > offset && wire_len as usize >= data.len());
            offset = origin.offset;
            let at = at.map(Stamp::nanos);
            frames.push((at, digits, link, data.to_vec(), wire_len, origin.number));
        };
        while let Some(frame) = reader.next(&mut troubles) {
            note(frame);
            let mut left = most;
            if left > 0 {
                reader.run(|frame| {
                    note(frame);
                    left -= 1;
                    left > 0
                });
            }
        }
        assert!(reader.next(&mut troubles).is_none());
        Ok(Outcome {
            frames,
            packets: reader.packets(),
            secrets: reader.secrets().to_vec(),
            names: reader.names().to_vec(),
            troubles,
        })
    }

    /// Reads a file, in pieces and runs of all sorts of sizes, which must not make a difference.
    pub(crate) fn read_file(file: &[u8]) -> Outcome {
        let limits = Limits { read_buffer: 64, ..Limits::default() };
        let outcome = read_in_runs(Box::new(io::Cursor::new(file.to_vec())), &limits, 0).unwrap();
        for (size, most) in [(1, 1), (11, 2), (1000, 3), (1000, usize::MAX)] {
            let again = read_in_runs(Pieces::of(file, size), &limits, most).unwrap();
            assert_eq!((&again.frames, again.troubles()), (&outcome.frames, outcome.troubles()));
            assert_eq!(again.packets, outcome.packets);
        }
        outcome
    }

    /// Cuts a file of whole packets everywhere: packets only disappear from the end, a failing
    /// source loses none that was there, and what is missing is said.
    pub(crate) fn cut_everywhere(file: &[u8]) {
        let limits = Limits { read_buffer: 1000, ..Limits::default() };
        let whole = read_file(file).frames;
        let mut most = 0;
        for length in 0..file.len() {
            let cut = &file[..length];
            let Ok(outcome) = read(Pieces::of(cut, 50), &limits) else {
                assert_eq!(most, 0);
                continue;
            };
            let count = outcome.frames.len();
            assert!(count >= most && outcome.frames == whole[..count], "cut at {length}");
            most = count;
            let names: Vec<_> = outcome.troubles.iter().map(|(trouble, _)| trouble).collect();
            assert!(names.is_empty() || names == [Trouble::CutFile], "cut at {length}");
            let failing = Pieces::failing(cut, 50, ErrorKind::ConnectionReset);
            if let Ok(failed) = read(failing, &limits) {
                assert_eq!(failed.frames, outcome.frames);
                assert_eq!(failed.troubles(), [(Trouble::ReadFailed, 1, count as u64)]);
            }
        }
        assert!(most + 1 == whole.len());
    }

    /// The same packets must come out of a file however it is changed at one place, but for
    /// those near it; nothing may panic.
    pub(crate) fn damage_everywhere(file: &[u8], lost: usize) {
        let limits = Limits { read_buffer: 1000, ..Limits::default() };
        let whole = read_file(file).frames;
        for place in 24..file.len() {
            for value in [0, 0x7f, 0xff, file[place] ^ 0x10] {
                let mut damaged = file.to_vec();
                damaged[place] = value;
                let outcome = read(Box::new(io::Cursor::new(damaged)), &limits).unwrap();
                let kept = |frame: &&Owned| {
                    outcome.frames.iter().any(|other| other.3 == frame.3 && other.2 == frame.2)
                };
                let kept = whole.iter().filter(kept).count();
                assert!(kept + lost >= whole.len(), "{value} at {place}: {kept} left");
            }
        }
    }

    #[test]
    fn what_is_no_capture_is_said() {
        let reason = |bytes: &[u8]| {
            let source = Box::new(io::Cursor::new(bytes.to_vec()));
            read(source, &Limits::default()).err().unwrap()
        };
        assert_eq!(reason(b""), "not a pcap or pcapng capture: it is empty");
        assert_eq!(
            reason(b"c> EHLO x"),
            "not a pcap or pcapng capture: it begins with the bytes 63 3e 20 45"
        );
        assert_eq!(
            reason(&[0xd4, 0xc3, 0xb2, 0xa1, 2]),
            "the capture ends inside its header, after 5 bytes"
        );
        assert_eq!(recognise(b"\n\r\r\n c> EHLO x"), None);
        assert_eq!(recognise(b"\n\r\r\n"), Some(Kind::Pcapng));
        assert_eq!(recognise(&[0xa1, 0xb2, 0xcd, 0x34]), Some(Kind::Pcap));
        assert_eq!(recognise(&[0xa1, 0xb2, 0xcd]), None);
    }

    #[test]
    fn the_fcs_is_cut_where_it_was_captured() {
        assert_eq!(without_fcs(64, 64, 4), (60, 60));
        assert_eq!(without_fcs(62, 64, 4), (60, 60));
        assert_eq!(without_fcs(40, 64, 4), (40, 60));
        assert_eq!(without_fcs(64, 60, 0), (64, 64));
        assert_eq!(without_fcs(2, 2, 4), (0, 0));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(
            start in 0_usize..4,
            data in proptest::collection::vec(prop_oneof![0_u8..12, any::<u8>()], 0..600),
        ) {
            let starts: [&[u8]; 4] = [
                &[0xd4, 0xc3, 0xb2, 0xa1],
                &[0xa1, 0xb2, 0xcd, 0x34],
                b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a",
                b"\n\r\r\n\0\0\0\x1c\x1a\x2b\x3c\x4d",
            ];
            let file = [starts[start], &data].concat();
            let limits = Limits { read_buffer: 100, ..Limits::default() };
            let _ = read(Pieces::of(&file, 64), &limits);
            let limits = Limits { block_bytes: 200, resync_bytes: 300, ..limits };
            let _ = read(Pieces::of(&file, 64), &limits);
        }
    }
}
