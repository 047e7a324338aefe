//! Records of a pcap file → packets (draft-ietf-opsawg-pcap).
//!
//! Microseconds and nanoseconds, both byte orders, and Kuznetzov's "modified" records. The
//! format has no framing: after damage the next record is found by what record headers look
//! like.

use super::{Found, Frame, Order, Sight, Tape, size, without_fcs};
use crate::limits::Limits;
use crate::place::Origin;
use crate::recording::Clock;
use crate::time::Stamp;
use crate::trouble::{Trouble, Troubles};
use pcap_parser::parse_pcap_header;

/// Length of the file header in bytes.
pub(super) const HEADER: usize = 24;

/// What the magic number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    order: Order,
    /// Fractions in a second: microseconds or nanoseconds.
    unit: u32,
    /// Length of a record's header in bytes.
    head: usize,
}

impl Variant {
    /// The variant of a file that begins with `start`; `None` if that is no pcap file.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        const MICROS: u32 = 1_000_000;
        const NANOS: u32 = 1_000_000_000;
        let (order, unit, head) = match *start.first_chunk()? {
            [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, MICROS, 16),
            [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, MICROS, 16),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, NANOS, 16),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, NANOS, 16),
            [0x34, 0xcd, 0xb2, 0xa1] => (Order::Little, MICROS, 24),
            [0xa1, 0xb2, 0xcd, 0x34] => (Order::Big, MICROS, 24),
            _ => return None,
        };
        Some(Self { order, unit, head })
    }

    /// The time of a record.
    #[inline]
    fn stamp(self, head: Head) -> Stamp {
        // No division: it is done for every packet.
        let nanos = if self.unit == 1_000_000 { 1000 } else { 1 };
        let fraction = i64::from(head.fraction) * nanos;
        Stamp::from_nanos(i64::from(head.seconds) * 1_000_000_000 + fraction)
    }

    /// The fields that a record begins with.
    #[inline]
    fn fields(self, start: &[u8; HEAD]) -> Head {
        let word = |at: usize| start.get(at..).and_then(<[u8]>::first_chunk).copied();
        let fields = [0, 4, 8, 12].map(|at| word(at).unwrap_or_default());
        let [seconds, fraction, captured, wire] = match self.order {
            Order::Little => fields.map(u32::from_le_bytes),
            Order::Big => fields.map(u32::from_be_bytes),
        };
        Head { seconds, fraction, captured, wire }
    }
}

/// A pcap file behind its header.
pub(super) struct Pcap {
    variant: Variant,
    digits: u8,
    link: u16,
    /// Bytes of frame check sequence at the end of each packet.
    fcs: u8,
    /// Records up to this many captured bytes are nothing unusual.
    usual: usize,
    /// `Limits::block_bytes`
    most: usize,
    /// Records up to this many captured bytes may be plain: none, if those of the file have more
    /// than the usual fields.
    plain: Option<u32>,
    /// Time of the last good record in seconds.
    last: Option<u32>,
}

/// The header of a record. `fraction` is in the units of the variant.
#[derive(Clone, Copy)]
struct Head {
    seconds: u32,
    fraction: u32,
    captured: u32,
    wire: u32,
}

/// Length of the header of a record in all variants but Kuznetzov's, in bytes.
const HEAD: usize = 16;

/// More captured bytes than this, if the file's snapshot length does not announce them, are
/// damage rather than a packet: libpcap captures 256 KiB, Linux joins segments up to 512 KiB.
const USUAL_BYTES: usize = 1 << 20;

/// In a search, the times of two records in a row are no further apart than so many seconds: a
/// capture may pause for a holiday.
const NEAR: u32 = 30 * 24 * 60 * 60;

impl Pcap {
    /// Reads the header at the start of a file; `None` if it is not all there.
    pub(super) fn open(start: &[u8], limits: &Limits) -> Option<Self> {
        let variant = Variant::of(start)?;
        // The library does not know every variant, but all have the same header.
        let mut header: [u8; HEADER] = *start.first_chunk()?;
        let magic = match variant.order {
            Order::Little => 0xa1b2_c3d4_u32.to_le_bytes(),
            Order::Big => 0xa1b2_c3d4_u32.to_be_bytes(),
        };
        for (byte, standard) in header.iter_mut().zip(magic) {
            *byte = standard;
        }
        let (_, header) = parse_pcap_header(&header).ok()?;
        let network = header.network.0.cast_unsigned();
        let [fcs_bits, ..] = network.to_be_bytes();
        let snaplen = size(header.snaplen);
        let usual =
            if snaplen > limits.block_bytes { USUAL_BYTES } else { snaplen.max(USUAL_BYTES) };
        // Bit 26: an FCS is there; bits 28 to 31: its length in units of 16 bits.
        let fcs = if fcs_bits & 4 != 0 { (fcs_bits >> 4) * 2 } else { 0 };
        let most = usual.min(limits.block_bytes.saturating_sub(HEAD));
        let is_plain = variant.head == HEAD && fcs == 0;
        Some(Self {
            variant,
            digits: if variant.unit == 1_000_000 { 6 } else { 9 },
            link: u16::try_from(network & 0xffff).unwrap_or(u16::MAX),
            fcs,
            usual,
            plain: u32::try_from(most).ok().filter(|_| is_plain),
            most: limits.block_bytes,
            last: None,
        })
    }

    /// Takes the packets that `data` begins with, as long as [`Pcap::next`] would take them as they
    /// are and `each` says to go on; `first` is where it begins, after packet `first.number`. Returns
    /// the number of the last one taken, and how many bytes they are.
    // A loop over the buffer, so that what is the same for all records stays in registers.
    #[inline]
    pub(super) fn run<'a>(
        &mut self,
        data: &'a [u8],
        first: Origin,
        clock: &mut Clock,
        mut each: impl FnMut(Frame<'a>) -> bool,
    ) -> (u64, usize) {
        let mut number = first.number;
        let Some(most) = self.plain else { return (number, 0) };
        let Self { variant, digits, link, most: largest, .. } = *self;
        let mut rest = data;
        let mut seen = *clock;
        while let Some((head, behind)) = rest.split_first_chunk() {
            let head = variant.fields(head);
            let is_plain = head.captured <= most
                && head.captured <= head.wire
                && size(head.wire) <= largest
                && head.fraction < variant.unit;
            let packet = behind.split_at_checked(size(head.captured));
            let (Some((packet, behind)), true) = (packet, is_plain) else { break };
            number += 1;
            let offset = first.offset + (data.len() - rest.len()) as u64;
            self.last = Some(head.seconds);
            rest = behind;
            let at = Some(variant.stamp(head));
            seen.see(at, number);
            let go_on = each(Frame {
                at,
                digits,
                link,
                data: packet,
                wire_len: head.wire,
                origin: Origin { number, offset, ..first },
            });
            if !go_on {
                break;
            }
        }
        *clock = seen;
        (number, data.len() - rest.len())
    }

    /// The next packet, which is then at the start of the tape's data.
    pub(super) fn next(&mut self, tape: &mut Tape, troubles: &mut Troubles) -> Option<Found> {
        loop {
            tape.need(self.variant.head, troubles);
            let Some(head) = self.head(tape.data(), 0) else {
                tape.end(troubles);
                return None;
            };
            let length = self.variant.head.saturating_add(size(head.captured));
            let whole = length <= self.most && tape.need(length, troubles);
            if whole && (self.is_usual(head) || self.is_usual_after(length, tape, troubles)) {
                tape.number += 1;
                self.last = Some(head.seconds);
                return Some(self.found(head, length));
            }
            if !self.recover(head, length, tape, troubles) {
                return None;
            }
        }
    }

    /// Whether all of the next record is in `data`.
    pub(super) fn is_here(&self, data: &[u8]) -> bool {
        let length = |head: Head| self.variant.head.saturating_add(size(head.captured));
        self.head(data, 0).is_some_and(|head| data.len() >= length(head))
    }

    fn found(&self, head: Head, length: usize) -> Found {
        let (len, wire_len) = without_fcs(head.captured, head.wire, self.fcs);
        Found {
            at: Some(self.variant.stamp(head)),
            timed: true,
            digits: self.digits,
            link: self.link,
            start: self.variant.head,
            len,
            wire_len,
            size: length,
        }
    }

    /// Moves over the damaged record that begins here, to the next good one.
    fn recover(&self, head: Head, length: usize, tape: &mut Tape, troubles: &mut Troubles) -> bool {
        let origin = tape.origin(tape.number + 1);
        let usual_time = head.fraction < self.variant.unit;
        let is_cut = length <= self.most && tape.data().len() < length;
        let found = tape.search(|data, ended| self.sight(data, ended), troubles);
        let trouble = match found {
            true if length > self.most && usual_time && head.wire >= head.captured => {
                Trouble::HugeBlock
            }
            true => Trouble::BadBlock,
            false if tape.failed => return tape.stop(),
            false if is_cut && self.is_usual_length(head) => Trouble::CutFile,
            false => Trouble::LostFraming,
        };
        troubles.add(trouble, origin);
        tape.number += u64::from(found);
        tape.done = !found;
        found
    }

    /// Whether nothing about a record's header is strange.
    #[inline]
    fn is_usual(&self, head: Head) -> bool {
        head.fraction < self.variant.unit && self.is_usual_length(head)
    }

    /// The same without the time: there are writers that put nanoseconds into a file of
    /// microseconds.
    #[inline]
    fn is_usual_length(&self, head: Head) -> bool {
        size(head.captured) <= self.usual
            && head.captured <= head.wire
            && size(head.wire) <= self.most
    }

    /// Whether the record at `at` has usual lengths, or the file ends there.
    fn is_usual_after(&self, at: usize, tape: &mut Tape, troubles: &mut Troubles) -> bool {
        tape.need(at + self.variant.head, troubles);
        match self.head(tape.data(), at) {
            Some(next) => self.is_usual_length(next),
            None => tape.data().len() == at,
        }
    }

    /// What a place looks like in a search: stricter than what is accepted in good order, since
    /// most places are none, and only together with the record that follows.
    fn sight(&self, data: &[u8], ended: bool) -> Sight {
        let Some(head) = self.head(data, 0) else {
            return Sight::Unclear(self.variant.head);
        };
        if !self.is_likely(head) {
            return Sight::Nothing;
        }
        let length = self.variant.head + size(head.captured);
        let near = |seconds| head.seconds.abs_diff(seconds) <= NEAR;
        match self.head(data, length) {
            Some(next) if self.is_likely(next) && near(next.seconds) => Sight::Start,
            None if !ended => Sight::Unclear(length + self.variant.head),
            None if data.len() == length && self.last.is_none_or(near) => Sight::Start,
            Some(_) | None => Sight::Nothing,
        }
    }

    fn is_likely(&self, head: Head) -> bool {
        self.is_usual(head) && head.captured > 0 && head.seconds > 0
    }

    #[inline]
    fn head(&self, data: &[u8], at: usize) -> Option<Head> {
        let head = data.get(at..at.checked_add(self.variant.head)?)?;
        Some(self.variant.fields(head.first_chunk()?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Owned, cut_everywhere, damage_everywhere, read, read_file};
    use super::*;
    use std::io::Cursor;

    /// A pcap file being written.
    struct File {
        order: Order,
        head: usize,
        bytes: Vec<u8>,
    }

    impl File {
        fn new(magic: [u8; 4], network: u32) -> Self {
            let Variant { order, head, .. } = Variant::of(&magic).unwrap();
            let mut file = Self { order, head, bytes: magic.to_vec() };
            file.put(&[if order == Order::Big { 2 << 16 | 4 } else { 4 << 16 | 2 }]);
            file.put(&[0, 0, 65_535, network]);
            file
        }

        fn put(&mut self, fields: &[u32]) {
            for field in fields {
                self.bytes.extend(match self.order {
                    Order::Little => field.to_le_bytes(),
                    Order::Big => field.to_be_bytes(),
                });
            }
        }

        fn record(&mut self, (seconds, fraction): (u32, u32), data: &[u8], wire: u32) {
            let captured = u32::try_from(data.len()).unwrap();
            self.put(&[seconds, fraction, captured, wire]);
            self.bytes.extend(std::iter::repeat_n(0xee, self.head - 16));
            self.bytes.extend_from_slice(data);
        }
    }

    const MICROS: [u8; 4] = [0xd4, 0xc3, 0xb2, 0xa1];
    const START: u32 = 1_700_000_000;

    /// Ten packets of 70, 71, … bytes a second apart.
    fn ten() -> Vec<u8> {
        let mut file = File::new(MICROS, 1);
        for n in 0..10 {
            let data = vec![u8::try_from(n).unwrap() + 65; 70 + n as usize];
            file.record((START + n, 5), &data, 70 + n);
        }
        file.bytes
    }

    #[test]
    fn all_variants() {
        let variants = [
            (MICROS, 6, 1000),
            ([0xa1, 0xb2, 0xc3, 0xd4], 6, 1000),
            ([0x4d, 0x3c, 0xb2, 0xa1], 9, 1),
            ([0xa1, 0xb2, 0x3c, 0x4d], 9, 1),
            ([0x34, 0xcd, 0xb2, 0xa1], 6, 1000),
            ([0xa1, 0xb2, 0xcd, 0x34], 6, 1000),
        ];
        for (magic, digits, unit) in variants {
            let mut file = File::new(magic, 276);
            file.record((START, 999_999), b"abc", 9);
            file.record((u32::MAX, 0), b"de", 1);
            let outcome = read_file(&file.bytes);
            let at = i64::from(START) * 1_000_000_000 + 999_999 * unit;
            let late = i64::from(u32::MAX) * 1_000_000_000;
            let expected: [Owned; 2] = [
                (Some(at), digits, 276, b"abc".to_vec(), 9, 1),
                (Some(late), digits, 276, b"de".to_vec(), 2, 2),
            ];
            assert_eq!(outcome.frames, expected, "{magic:x?}");
            assert!(outcome.troubles.is_empty());
        }
    }

    #[test]
    fn a_header_alone_is_an_empty_capture() {
        let outcome = read_file(&File::new(MICROS, 1).bytes);
        assert!(outcome.frames.is_empty() && outcome.troubles.is_empty());
    }

    #[test]
    fn the_fcs_that_the_link_type_tells_is_cut() {
        let mut file = File::new(MICROS, 0x2400_0001);
        file.record((START, 0), b"abcdefgh", 8);
        file.record((START, 0), b"abc", 8);
        let outcome = read_file(&file.bytes);
        assert_eq!(outcome.frames[0].2, 1);
        assert_eq!((&outcome.frames[0].3[..], outcome.frames[0].4), (&b"abcd"[..], 4));
        assert_eq!((&outcome.frames[1].3[..], outcome.frames[1].4), (&b"abc"[..], 4));
        // The length without the flag means nothing.
        let mut file = File::new(MICROS, 0x2000_0001);
        file.record((START, 0), b"abcdefgh", 8);
        assert_eq!(read_file(&file.bytes).frames[0].4, 8);
    }

    #[test]
    fn cut_anywhere() {
        cut_everywhere(&ten());
    }

    #[test]
    fn damage_loses_a_packet_and_its_neighbours_at_most() {
        // A record that is too long by less than 256 bytes reaches into the fourth.
        damage_everywhere(&ten(), 4);
    }

    #[test]
    fn a_record_of_impossible_length_is_moved_over() {
        for (captured, trouble) in [(17 << 20, Trouble::HugeBlock), (5 << 20, Trouble::BadBlock)] {
            let mut file = File::new(MICROS, 1);
            file.record((START, 1), b"good packet", 11);
            file.put(&[START, 2, captured, captured]);
            file.bytes.extend([0xab; 50]);
            for n in 0..3 {
                file.record((START + 60, n), b"good again", 10);
            }
            let outcome = read_file(&file.bytes);
            assert_eq!(outcome.numbers(), [1, 3, 4, 5]);
            assert_eq!(outcome.troubles(), [(trouble, 1, 2)]);
            assert_eq!(outcome.packets, 5);
        }
    }

    #[test]
    fn bytes_that_were_lost_or_added_do_not_hide_the_rest() {
        for (from, to, with) in [(150, 190, 0), (150, 151, 0), (150, 150, 13), (24, 30, 0)] {
            let mut file = ten();
            file.splice(from..to, vec![0x55; with]);
            let outcome = read_file(&file);
            assert!(outcome.frames.len() >= 8, "{from}..{to}: {}", outcome.frames.len());
            assert_eq!(outcome.troubles.times(Trouble::BadBlock), 1);
            assert!(!outcome.troubles.hides_the_rest());
        }
    }

    #[test]
    fn strange_but_consistent_records_are_taken() {
        let mut file = File::new(MICROS, 1);
        let large = vec![1; 3 << 20];
        file.record((START, 0), &large, 3 << 20);
        file.record((START, 0), b"", 0);
        for _ in 0..2 {
            file.record((5, 1_000_001), b"nanoseconds for microseconds", 40);
        }
        let limits = Limits::default();
        let outcome = read(Box::new(Cursor::new(file.bytes)), &limits).unwrap();
        assert_eq!(outcome.numbers(), [1, 2, 3, 4]);
        assert_eq!(outcome.frames[3].0, Some(6_000_001_000));
        assert!(outcome.troubles.is_empty());
    }

    #[test]
    fn lost_framing_is_said() {
        let mut file = File::new(MICROS, 1);
        file.record((START, 1), b"good packet", 11);
        file.bytes.extend([0xab; 500]);
        let outcome = read_file(&file.bytes);
        assert_eq!(outcome.numbers(), [1]);
        assert_eq!(outcome.troubles(), [(Trouble::LostFraming, 1, 2)]);
        // Too far away to be looked for.
        let mut far = ten();
        far.splice(24..30, [0xab; 3000]);
        let limits = Limits { resync_bytes: 1000, read_buffer: 100, ..Limits::default() };
        let outcome = read(Box::new(Cursor::new(far)), &limits).unwrap();
        assert_eq!(outcome.troubles(), [(Trouble::LostFraming, 1, 1)]);
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn damaged_compression_is_said_and_the_packets_before_it_are_read() {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(&ten()).unwrap();
        let file = encoder.finish().unwrap();
        let whole = read_file(&file);
        assert!(whole.frames.len() == 10 && whole.troubles.is_empty());
        let cut = read_file(&file[..file.len() / 2]);
        assert!((3..7).contains(&cut.frames.len()));
        let count = cut.frames.len() as u64;
        assert_eq!(cut.troubles(), [(Trouble::BadCompression, 1, count)]);
    }

    /// The bytes of `ten`, by `zstd -19`.
    #[cfg(feature = "zstd")]
    #[rustfmt::skip]
    const TEN_ZSTD: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x68, 0x25, 0x03, 0x00, 0x64, 0x03, 0xd4, 0xc3, 0xb2, 0xa1, 0x02,
        0x00, 0x04, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0xf1, 0x53, 0x65,
        0x05, 0x00, 0x00, 0x00, 0x46, 0x41, 0x01, 0x47, 0x42, 0x02, 0x48, 0x43, 0x03, 0x49, 0x44, 0x04,
        0x4a, 0x45, 0x05, 0x4b, 0x46, 0x06, 0x4c, 0x47, 0x07, 0x4d, 0x48, 0x08, 0x4e, 0x49, 0x09, 0x4f,
        0x4a, 0x1e, 0xa8, 0x10, 0xf8, 0x5a, 0xfb, 0x06, 0x20, 0x6e, 0xe6, 0x01, 0x10, 0x06, 0xe7, 0xff,
        0xff, 0xef, 0x01, 0x3b, 0xc3, 0xf4, 0x80, 0xc9, 0xf2, 0x05, 0x4f, 0xaf, 0x37, 0xbb, 0xda, 0xe4,
        0xaa, 0xb3, 0x85, 0x1a, 0x2d, 0x73, 0xb2, 0x8a, 0x05, 0x9c, 0x0c, 0x90, 0x01, 0x0e, 0x6e, 0xef,
        0x03,
    ];

    #[cfg(feature = "zstd")]
    #[test]
    fn a_zstd_capture_is_read_as_far_as_it_goes() {
        let whole = read_file(TEN_ZSTD);
        assert_eq!(whole.frames, read_file(&ten()).frames);
        assert!(whole.troubles.is_empty());
        // Only the checksum is missing.
        let cut = read_file(&TEN_ZSTD[..TEN_ZSTD.len() - 1]);
        assert_eq!(cut.frames, whole.frames);
        assert_eq!(cut.troubles(), [(Trouble::BadCompression, 1, 10)]);
    }
}
