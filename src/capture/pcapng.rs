//! Blocks of a pcapng file → packets, TLS secrets and names (draft-ietf-opsawg-pcapng).
//!
//! The framing is our own, so that a bad block is moved over and the next one is read; so are
//! the packet blocks, which are read without allocating, and the clocks of the interfaces.

use super::interface::{Interface, fcs_of_packet, padded};
use super::notes::Notes;
use super::{Found, Order, Sight, Tape, size, without_fcs};
use crate::limits::Limits;
use crate::trouble::{Trouble, Troubles};
use pcap_parser::{
    BOM_MAGIC, CB_MAGIC, DCB_MAGIC, DSB_MAGIC, EPB_MAGIC, IDB_MAGIC, NRB_MAGIC, SHB_MAGIC,
    SPB_MAGIC,
};
use std::net::IpAddr;

/// The obsolete Packet Block.
const PB_MAGIC: u32 = 2;

/// Bytes of a block that tell what it is: type, length, and the byte order of a section.
const HEAD: usize = 12;

/// Bytes that every block has: type and length in front, length behind.
const FRAME: usize = 12;

/// Bytes of a damaged interface description that are looked at.
const DESCRIPTION: usize = 4096;

/// Whether `start` begins a Section Header Block, as far as it goes. The type alone might be
/// line ends of a text.
pub(super) fn is_section_header(start: &[u8]) -> bool {
    let magic = start.get(8..).unwrap_or_default();
    let magic = magic.get(..4).unwrap_or(magic);
    let is_magic = |bytes: [u8; 4]| bytes.starts_with(magic);
    start.starts_with(&SHB_MAGIC.to_be_bytes())
        && (is_magic(BOM_MAGIC.to_le_bytes()) || is_magic(BOM_MAGIC.to_be_bytes()))
}

/// A pcapng file.
pub(super) struct Pcapng {
    order: Order,
    /// Those of the section; `None` for a damaged description, so that the count is right.
    interfaces: Vec<Option<Interface>>,
    most_interfaces: usize,
    notes: Notes,
    /// `Limits::block_bytes`
    most: usize,
}

/// The beginning of a block.
#[derive(Clone, Copy)]
struct Head {
    kind: u32,
    order: Order,
    /// Its length in bytes, as it says.
    length: usize,
}

impl Pcapng {
    /// A reader of a file that begins with `start`; `None` if that is not even a block's head.
    pub(super) fn open(start: &[u8], limits: &Limits) -> Option<Self> {
        Some(Self {
            order: Head::read(start, Order::Little)?.order,
            interfaces: Vec::new(),
            most_interfaces: limits.interfaces,
            notes: Notes::new(limits),
            most: limits.block_bytes,
        })
    }

    pub(super) fn secrets(&self) -> &[Vec<u8>] {
        &self.notes.secrets
    }

    pub(super) fn names(&self) -> &[(IpAddr, String)] {
        &self.notes.names
    }

    /// The next packet, whose block is then at the start of the tape's data.
    pub(super) fn next(&mut self, tape: &mut Tape, troubles: &mut Troubles) -> Option<Found> {
        loop {
            if !tape.need(HEAD, troubles) {
                tape.end(troubles);
                return None;
            }
            let head = Head::read(tape.data(), self.order);
            let length = head.and_then(|head| self.length(head, tape, troubles));
            if let (Some(head), Some(length)) = (head, length) {
                let found = self.read(head, length, tape, troubles);
                if found.is_some() {
                    return found;
                }
                tape.input.consume(length);
            } else if !self.recover(head, tape, troubles) {
                return None;
            }
        }
    }

    /// Whether all of the next block is in `data`.
    pub(super) fn is_here(&self, data: &[u8]) -> bool {
        Head::read(data, self.order).is_some_and(|head| data.len() >= head.length)
    }

    /// The length of the block that begins here, if its end confirms it.
    fn length(&self, head: Head, tape: &mut Tape, troubles: &mut Troubles) -> Option<usize> {
        // Some writers do not count the padding.
        [head.length, padded(head.length)].into_iter().find(|&length| {
            (FRAME..=self.most).contains(&length)
                && tape.need(length, troubles)
                && head.is_closed_by(length, tape.data())
        })
    }

    /// Moves from a block of unknown end to the next good one.
    fn recover(&mut self, head: Option<Head>, tape: &mut Tape, troubles: &mut Troubles) -> bool {
        let Head { kind, order, length } =
            head.unwrap_or(Head { kind: 0, order: self.order, length: 0 });
        let number = tape.number + u64::from(is_packet(kind));
        let origin = tape.origin(number);
        let is_cut = (FRAME..=self.most).contains(&length) && tape.data().len() < length;
        let body = tape.data().get(8..).unwrap_or_default();
        let body = body.get(..body.len().min(DESCRIPTION)).unwrap_or_default().to_vec();
        let found = tape.search(|data, _| self.sight(data), troubles)
            || length > self.most && self.skip_huge(origin.offset, length, tape, troubles);
        let trouble = match found {
            true if length > self.most => Trouble::HugeBlock,
            true => Trouble::BadBlock,
            false if tape.failed => return tape.stop(),
            false if is_cut => Trouble::CutFile,
            false => Trouble::LostFraming,
        };
        troubles.add(trouble, origin);
        tape.number = number;
        tape.done = !found;
        // Without these two, nothing that follows could be read.
        if found && kind == SHB_MAGIC {
            self.begin_section(order);
        } else if found && kind == IDB_MAGIC {
            let passed = usize::try_from(tape.input.offset() - origin.offset).unwrap_or(usize::MAX);
            let length = passed.saturating_sub(FRAME).min(body.len());
            let _ = self.describe(body.get(..length).unwrap_or_default());
        }
        found
    }

    /// Moves to the end of a block, `length` bytes after `offset`, that is too large even to be
    /// searched through, and says whether the file goes on (or ends) there as it should.
    fn skip_huge(
        &self,
        offset: u64,
        length: usize,
        tape: &mut Tape,
        troubles: &mut Troubles,
    ) -> bool {
        let end = offset.saturating_add(length as u64);
        let arrived = tape.skip_to(end, troubles);
        let follows = tape.need(HEAD, troubles)
            && Head::read(tape.data(), self.order).is_some_and(|next| self.is_likely(next));
        arrived && (follows || tape.data().is_empty())
    }

    /// What a place in damaged data looks like.
    fn sight(&self, data: &[u8]) -> Sight {
        if data.len() < HEAD {
            return Sight::Unclear(HEAD);
        }
        match Head::read(data, self.order) {
            Some(head) if self.is_likely(head) => {
                if data.len() < head.length {
                    Sight::Unclear(head.length)
                } else if head.is_closed_by(head.length, data) {
                    Sight::Start
                } else {
                    Sight::Nothing
                }
            }
            _ => Sight::Nothing,
        }
    }

    /// Whether a block's head is what writers write.
    fn is_likely(&self, head: Head) -> bool {
        matches!(head.kind, 1..=10 | CB_MAGIC | DCB_MAGIC | SHB_MAGIC)
            && head.length.is_multiple_of(4)
            && (FRAME..=self.most).contains(&head.length)
    }

    /// Reads a well-framed block of `length` bytes.
    fn read(
        &mut self,
        head: Head,
        length: usize,
        tape: &mut Tape,
        troubles: &mut Troubles,
    ) -> Option<Found> {
        tape.number += u64::from(is_packet(head.kind));
        let block = tape.data().get(8..length - 4).unwrap_or_default();
        let found = match head.kind {
            EPB_MAGIC | PB_MAGIC => self.packet(head.kind, block),
            SPB_MAGIC => self.simple_packet(block),
            SHB_MAGIC => {
                self.begin_section(head.order);
                return None;
            }
            IDB_MAGIC => self.describe(block),
            DSB_MAGIC => self.notes.add_secret(self.order, block).map(|()| None),
            NRB_MAGIC => self.notes.add_names(self.order, block).map(|()| None),
            _ => return None,
        };
        match found {
            Ok(found) => found.map(|found| Found { size: length, ..found }),
            Err(trouble) => {
                troubles.add(trouble, tape.origin(tape.number));
                None
            }
        }
    }

    fn begin_section(&mut self, order: Order) {
        self.order = order;
        self.interfaces.clear();
    }

    /// An Interface Description Block.
    fn describe(&mut self, block: &[u8]) -> Block {
        let interface = Interface::read(self.order, block);
        let is_good = interface.is_some();
        // Packets of an interface beyond the limit are counted, each of them.
        if self.interfaces.len() < self.most_interfaces {
            self.interfaces.push(interface);
        }
        if is_good { Ok(None) } else { Err(Trouble::BadBlock) }
    }

    fn interface(&self, index: u32) -> Result<&Interface, Trouble> {
        let known = self.interfaces.get(size(index)).and_then(Option::as_ref);
        known.ok_or(Trouble::UnknownInterface)
    }

    /// An Enhanced Packet Block, or the obsolete Packet Block, which differs in its first four
    /// bytes.
    #[inline]
    fn packet(&self, kind: u32, block: &[u8]) -> Block {
        const DATA: usize = 20;
        let order = self.order;
        let field = |at| order.u32(block, at).ok_or(Trouble::BadBlock);
        let index = if kind == PB_MAGIC {
            u32::from(order.u16(block, 0).ok_or(Trouble::BadBlock)?)
        } else {
            field(0)?
        };
        let ticks = u64::from(field(4)?) << 32 | u64::from(field(8)?);
        let (captured, wire) = (field(12)?, field(16)?);
        let rest = block.get(DATA..).unwrap_or_default();
        if size(captured) > rest.len() {
            return Err(Trouble::BadBlock);
        }
        let interface = self.interface(index)?;
        let options = rest.get(padded(size(captured))..).unwrap_or_default();
        let fcs = match options {
            [] => interface.fcs,
            _ => fcs_of_packet(order, options).unwrap_or(interface.fcs),
        };
        let (len, wire_len) = without_fcs(captured, wire, fcs);
        Ok(Some(Found {
            at: interface.clock.stamp(ticks),
            timed: true,
            digits: interface.clock.digits,
            link: interface.link,
            start: 8 + DATA,
            len,
            wire_len,
            size: 0,
        }))
    }

    /// A Simple Packet Block: of the first interface, without a time.
    fn simple_packet(&self, block: &[u8]) -> Block {
        let wire = self.order.u32(block, 0).ok_or(Trouble::BadBlock)?;
        let interface = self.interface(0)?;
        let room = u32::try_from(block.len() - 4).unwrap_or(u32::MAX);
        let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
        let (len, wire_len) = without_fcs(wire.min(snaplen).min(room), wire, interface.fcs);
        Ok(Some(Found {
            at: None,
            timed: false,
            digits: interface.clock.digits,
            link: interface.link,
            start: 8 + 4,
            len,
            wire_len,
            size: 0,
        }))
    }
}

/// What a well-framed block gives: a packet, nothing, or a reason to complain.
type Block = Result<Option<Found>, Trouble>;

impl Head {
    /// The head of the block that `data` begins with, in a section of byte order `order`.
    /// `None` if it is a section header of neither order, or not all there.
    #[inline]
    fn read(data: &[u8], order: Order) -> Option<Self> {
        let kind = order.u32(data, 0)?;
        let order = match kind {
            SHB_MAGIC => match Order::Little.u32(data, 8)? {
                BOM_MAGIC => Order::Little,
                magic if magic == BOM_MAGIC.swap_bytes() => Order::Big,
                _ => return None,
            },
            _ => order,
        };
        Some(Self { kind, order, length: size(order.u32(data, 4)?) })
    }

    /// Whether `data` ends this block after `length` bytes by its length.
    #[inline]
    fn is_closed_by(self, length: usize, data: &[u8]) -> bool {
        let closing = self.order.u32(data, length - 4).map(size);
        closing == Some(self.length) || closing == Some(length)
    }
}

#[inline]
fn is_packet(kind: u32) -> bool {
    matches!(kind, EPB_MAGIC | SPB_MAGIC | PB_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cut_everywhere, damage_everywhere, read, read_file};
    use super::*;
    use crate::input::tests::Pieces;
    use std::io::Cursor;

    /// A pcapng file being written.
    struct File {
        order: Order,
        bytes: Vec<u8>,
    }

    impl File {
        /// A file with a section and one Ethernet interface.
        fn new(order: Order) -> Self {
            let mut file = Self { order, bytes: Vec::new() };
            file.section(order);
            file.interface(1, 0, &[]);
            file
        }

        fn fields(&self, fields: &[u32]) -> Vec<u8> {
            let bytes = |field: &u32| match self.order {
                Order::Little => field.to_le_bytes(),
                Order::Big => field.to_be_bytes(),
            };
            fields.iter().flat_map(bytes).collect()
        }

        /// Two fields of 16 bits as they stand in the file.
        fn halves(&self, first: u16, second: u16) -> Vec<u8> {
            match self.order {
                Order::Little => [first.to_le_bytes(), second.to_le_bytes()].concat(),
                Order::Big => [first.to_be_bytes(), second.to_be_bytes()].concat(),
            }
        }

        fn block(&mut self, kind: u32, body: &[u8]) {
            let body = padding(body);
            let length = u32::try_from(body.len() + 12).unwrap();
            self.bytes.extend(self.fields(&[kind, length]));
            self.bytes.extend(&body);
            self.bytes.extend(self.fields(&[length]));
        }

        fn section(&mut self, order: Order) {
            self.order = order;
            let body = [self.fields(&[BOM_MAGIC]), self.halves(1, 0), vec![0xff; 8]].concat();
            self.block(SHB_MAGIC, &body);
        }

        fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
            let length = u16::try_from(value.len()).unwrap();
            [self.halves(code, length), padding(value)].concat()
        }

        fn interface(&mut self, link: u16, snaplen: u32, options: &[u8]) {
            let body = [self.halves(link, 0), self.fields(&[snaplen]), options.to_vec()].concat();
            self.block(IDB_MAGIC, &body);
        }

        fn packet(&mut self, interface: u32, ticks: u64, data: &[u8], options: &[u8]) {
            let high = u32::try_from(ticks >> 32).unwrap();
            let low = u32::try_from(ticks & 0xffff_ffff).unwrap();
            let captured = u32::try_from(data.len()).unwrap();
            let head = self.fields(&[interface, high, low, captured, captured + 1]);
            self.block(EPB_MAGIC, &[head, padding(data), options.to_vec()].concat());
        }
    }

    fn padding(value: &[u8]) -> Vec<u8> {
        let mut value = value.to_vec();
        value.resize(padded(value.len()), 0);
        value
    }

    /// Ten packets of 30, 31, … bytes.
    fn ten() -> Vec<u8> {
        let mut file = File::new(Order::Little);
        for n in 0..10_u8 {
            file.packet(0, u64::from(n), &vec![n + 65; 30 + usize::from(n)], &[]);
        }
        file.bytes
    }

    #[test]
    fn sections_interfaces_and_kinds_of_packets() {
        let mut file = File::new(Order::Little);
        file.packet(0, 1_700_000_000_000_001, b"first", &[]);
        file.interface(113, 4, &[]);
        file.packet(1, 2_000_000, b"second", &[]);
        file.block(0x0bad, b"custom");
        file.block(77, b"");
        file.section(Order::Big);
        file.interface(276, 3, &[]);
        let body = [file.fields(&[5]), b"simple".to_vec()].concat();
        file.block(SPB_MAGIC, &body);
        let head = file.fields(&[0, 3_000_000, 3, 30]);
        let body = [file.halves(0, 9), head, b"obs".to_vec()].concat();
        file.block(PB_MAGIC, &body);
        let outcome = read_file(&file.bytes);
        assert_eq!(
            outcome.frames,
            [
                (Some(1_700_000_000_000_001_000), 6, 1, b"first".to_vec(), 6, 1),
                (Some(2_000_000_000), 6, 113, b"second".to_vec(), 7, 2),
                (None, 6, 276, b"sim".to_vec(), 5, 3),
                (Some(3_000_000_000), 6, 276, b"obs".to_vec(), 30, 4),
            ]
        );
        assert!(outcome.troubles.is_empty());
    }

    #[test]
    fn an_impossible_time_is_said() {
        let mut file = File::new(Order::Big);
        file.packet(0, u64::MAX, b"x", &[]);
        let outcome = read_file(&file.bytes);
        assert_eq!(outcome.frames[0].0, None);
        assert_eq!(outcome.troubles(), [(Trouble::BadTime, 1, 1)]);
    }

    #[test]
    fn the_fcs_of_interface_or_packet_is_cut() {
        let mut file = File::new(Order::Big);
        for value in [4, 32] {
            let options = file.option(13, &[value]);
            file.interface(1, 0, &options);
        }
        let comment = file.option(1, b"no flags");
        let flags = [comment.clone(), file.option(2, &file.fields(&[2 << 5 | 1]))].concat();
        file.packet(0, 0, b"abcdefgh", &[]);
        file.packet(1, 0, b"abcdefgh", &comment);
        file.packet(2, 0, b"abcdefgh", &[]);
        file.packet(1, 0, b"abcdefgh", &flags);
        let lengths: Vec<_> =
            read_file(&file.bytes).frames.iter().map(|f| (f.3.len(), f.4)).collect();
        assert_eq!(lengths, [(8, 9), (5, 5), (5, 5), (7, 7)]);
    }

    #[test]
    fn secrets_and_names_are_read() {
        let mut file = File::new(Order::Big);
        let body = [&b"TLSK"[..], &[0, 0, 0, 3], b"key"].concat();
        file.block(DSB_MAGIC, &body);
        let name = [&[192, 0, 2, 1][..], b"mx.example\0"].concat();
        let records = [file.option(1, &name), file.option(0, &[])].concat();
        file.block(NRB_MAGIC, &records);
        let outcome = read_file(&file.bytes);
        assert_eq!(outcome.secrets, [b"key"]);
        assert_eq!(outcome.names, [([192, 0, 2, 1].into(), "mx.example".to_owned())]);
        assert!(outcome.troubles.is_empty());
    }

    #[test]
    fn a_bad_block_is_counted_and_the_next_packet_read() {
        let mut file = File::new(Order::Little);
        file.packet(0, 0, b"good", &[]);
        let body = file.fields(&[0, 0, 0, 1000, 1000, 1]);
        file.block(EPB_MAGIC, &body); // more captured than there is room
        file.block(EPB_MAGIC, &[]);
        file.packet(3, 0, b"of an unknown interface", &[]);
        file.block(SPB_MAGIC, &[]);
        file.block(NRB_MAGIC, &[1, 0, 2, 0, 9, 9]);
        file.packet(0, 0, b"good", &[]);
        file.block(IDB_MAGIC, &[]);
        file.interface(113, 0, &[]);
        file.packet(2, 0, b"of the interface after a bad one", &[]);
        let outcome = read_file(&file.bytes);
        assert_eq!(outcome.numbers(), [1, 6, 7]);
        assert_eq!(outcome.frames[2].2, 113);
        let expected = [(Trouble::BadBlock, 5, 2), (Trouble::UnknownInterface, 1, 4)];
        assert_eq!(outcome.troubles(), expected);
        assert_eq!(outcome.packets, 7);
    }

    #[test]
    fn lengths_that_contradict_each_other() {
        // The length at the end is wrong; the next block stands where it should.
        let mut file = File::new(Order::Little);
        file.packet(0, 0, b"first", &[]);
        file.packet(0, 0, b"second", &[]);
        *file.bytes.iter_mut().nth_back(3).unwrap() ^= 4;
        file.packet(0, 0, b"third", &[]);
        let outcome = read_file(&file.bytes);
        assert_eq!(outcome.numbers(), [1, 3]);
        assert_eq!(outcome.troubles(), [(Trouble::BadBlock, 1, 2)]);

        // The length does not count the padding: at both ends, or only in front.
        for closing in [37, 40] {
            let mut file = File::new(Order::Little);
            let at = file.bytes.len();
            file.packet(0, 0, b"12345", &[]);
            let end = file.bytes.len();
            file.bytes[at + 4] = 37;
            file.bytes[end - 4] = closing;
            file.packet(0, 0, b"next", &[]);
            let outcome = read_file(&file.bytes);
            assert_eq!((outcome.numbers(), outcome.troubles()), (vec![1, 2], vec![]));
        }
    }

    #[test]
    fn a_huge_block_is_moved_over_and_lost_framing_said() {
        let limits =
            Limits { block_bytes: 1000, resync_bytes: 2000, read_buffer: 64, ..Limits::default() };
        for (huge, ends) in [(1500, false), (1500, true), (9000, false), (9000, true)] {
            let mut file = File::new(Order::Big);
            file.packet(0, 0, b"first", &[]);
            file.block(EPB_MAGIC, &vec![0; huge]);
            if !ends {
                file.packet(0, 0, b"last", &[]);
            }
            let outcome = read(Box::new(Cursor::new(file.bytes.clone())), &limits).unwrap();
            assert_eq!(outcome.numbers(), if ends { vec![1] } else { vec![1, 3] });
            assert_eq!(outcome.troubles(), [(Trouble::HugeBlock, 1, 2)]);
            assert_eq!(outcome.packets, if ends { 2 } else { 3 });

            file.bytes.truncate(file.bytes.len() - 100);
            let outcome = read(Box::new(Cursor::new(file.bytes)), &limits).unwrap();
            assert_eq!(outcome.troubles(), [(Trouble::LostFraming, 1, 2)]);
        }
        for garbage in [&[0; 100][..], &[0xab; 100]] {
            let file = [ten(), garbage.to_vec()].concat();
            let outcome = read_file(&file);
            assert_eq!(outcome.troubles(), [(Trouble::LostFraming, 1, 10)]);
            assert_eq!(outcome.frames.len(), 10);
        }
    }

    #[test]
    fn cut_anywhere() {
        cut_everywhere(&ten());
    }

    #[test]
    fn damage_loses_a_packet_at_most() {
        let file = ten();
        let header = 28 + 20;
        // Without the description of the interface there is no packet, so it is left whole.
        damage_everywhere(&file, 10);
        let limits = Limits { read_buffer: 1000, ..Limits::default() };
        let (start, packets) = file.split_at(header);
        for place in 0..packets.len() {
            for value in [0, 0x7f, 0xff, packets[place] ^ 0x10] {
                let mut packets = packets.to_vec();
                packets[place] = value;
                let outcome = read(Pieces::of(&[start, &packets].concat(), 500), &limits).unwrap();
                assert!(outcome.frames.len() >= 9, "{value} at {place}");
                let troubles = outcome.troubles();
                let is_last = troubles.iter().all(|trouble| trouble.2 >= 9);
                let hides = outcome.troubles.hides_the_rest();
                assert!(is_last || !hides, "{value} at {place}: {troubles:?}");
            }
        }
    }
}
