//! Capture files: frames in, the bytes of a pcap or pcapng file out, and the times as the file
//! has them.

use super::capture::Frame;
use std::io::Write;

/// The form of a capture file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// The classic form.
    Pcap(Pcap),
    /// The block form.
    Pcapng(Pcapng),
}

/// Variants of pcap; the default is little-endian with microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pcap {
    /// Byte order of the headers.
    pub big_endian: bool,
    /// Nanoseconds instead of microseconds.
    pub nanos: bool,
    /// Kuznetzov's packet headers of 24 bytes (with microseconds).
    pub modified: bool,
    /// Each frame is followed by a check sequence of 4 bytes, as the link type's upper bits say.
    pub fcs: bool,
}

/// Variants of pcapng; the default is one little-endian section with one interface and enhanced
/// packet blocks, with microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pcapng {
    /// Byte order of the first section; the others take turns.
    pub big_endian: bool,
    /// The kind of packet block.
    pub block: Block,
    /// How many sections the packets are spread over, 1 or more.
    pub sections: usize,
    /// How many interfaces of each link type a section has, 1 or more.
    pub interfaces: usize,
    /// `if_tsresol` of the interfaces in turn; without any the option is left out.
    pub resolutions: Vec<u8>,
    /// `if_tsoffset` of all interfaces, in seconds.
    pub offset: Option<i64>,
    /// Options, comments and blocks that carry no packets.
    pub chatter: bool,
    /// A custom block in each section, which Wireshark numbers as if it were a packet.
    pub custom: bool,
}

/// Kinds of blocks that hold a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Enhanced packet block.
    Enhanced,
    /// Simple packet block: no time, and the first interface of its section.
    Simple,
    /// The packet block of old.
    Old,
}

/// A variety of forms of files, to be tried in turn, each with a name.
pub fn formats() -> Vec<(String, Format)> {
    let mut formats = Vec::new();
    for big_endian in [false, true] {
        let order = if big_endian { "big" } else { "little" };
        let base = Pcap { big_endian, ..Pcap::default() };
        let variants = [
            ("pcap", base),
            ("nanosecond pcap", Pcap { nanos: true, ..base }),
            ("modified pcap", Pcap { modified: true, ..base }),
        ];
        for (name, pcap) in variants {
            formats.push((format!("{name}, {order}"), Format::Pcap(pcap)));
        }
        let base = Pcapng { big_endian, ..Pcapng::default() };
        let mixed = vec![3, 6, 9, 0x94];
        let variants = [
            ("enhanced blocks", base.clone()),
            ("simple blocks", Pcapng { block: Block::Simple, ..base.clone() }),
            ("old blocks", Pcapng { block: Block::Old, resolutions: vec![9], ..base.clone() }),
            ("milliseconds", Pcapng { resolutions: vec![3], ..base.clone() }),
            ("2^-20 seconds", Pcapng { resolutions: vec![0x94], ..base.clone() }),
            ("offset", Pcapng { offset: Some(3600), resolutions: vec![9], ..base.clone() }),
            ("sections", Pcapng { sections: 3, chatter: true, ..base.clone() }),
            ("interfaces", Pcapng { sections: 2, interfaces: 4, resolutions: mixed, ..base }),
        ];
        for (name, pcapng) in variants {
            formats.push((format!("pcapng with {name}, {order}"), Format::Pcapng(pcapng)));
        }
    }
    formats
}

/// A file, and the time it gives each packet.
pub(super) struct Written {
    pub bytes: Vec<u8>,
    pub times: Vec<Option<i64>>,
}

/// The file of these frames.
pub(super) fn write(
    format: &Format,
    gzip: bool,
    snaplen: Option<usize>,
    frames: &[Frame],
) -> Written {
    let snaplen = u32::try_from(snaplen.unwrap_or(262_144)).unwrap();
    let mut written = match format {
        Format::Pcap(pcap) => pcap.write(snaplen, frames),
        Format::Pcapng(pcapng) => pcapng.write(snaplen, frames),
    };
    if gzip {
        written.bytes = compress(&written.bytes);
    }
    written
}

impl Default for Pcapng {
    fn default() -> Self {
        Self {
            big_endian: false,
            block: Block::Enhanced,
            sections: 1,
            interfaces: 1,
            resolutions: Vec::new(),
            offset: None,
            chatter: false,
            custom: false,
        }
    }
}

impl Pcap {
    fn write(self, snaplen: u32, frames: &[Frame]) -> Written {
        let mut out = Bytes::new(self.big_endian);
        let magic = match (self.modified, self.nanos) {
            (true, _) => 0xa1b2_cd34,
            (false, true) => 0xa1b2_3c4d,
            (false, false) => 0xa1b2_c3d4,
        };
        let link = frames.first().map_or(1, |frame| frame.link);
        assert!(frames.iter().all(|f| f.link == link), "pcap has one link type");
        // Two words of 16 bits of check sequence, and the bit that says so.
        let check = if self.fcs { 0x2400_0000 } else { 0 };
        out.word(magic).half(2).half(4).word(0).word(0).word(snaplen);
        out.word(u32::from(link) | check);
        let nanos = self.nanos && !self.modified;
        let unit = if nanos { 1 } else { 1000 };
        let mut times = Vec::new();
        for frame in frames {
            let data = if self.fcs { with_check_sequence(frame) } else { frame.data.clone() };
            let extra = if self.fcs { 4 } else { 0 };
            out.word(u32::try_from(frame.at / 1_000_000_000).unwrap());
            out.word(u32::try_from(frame.at % 1_000_000_000 / unit).unwrap());
            out.word(size(data.len())).word(size(frame.wire_len + extra));
            if self.modified {
                out.word(1).half(0x0800).raw(&[0, 0]);
            }
            out.raw(&data);
            times.push(Some(frame.at / unit * unit));
        }
        Written { bytes: out.bytes, times }
    }
}

impl Pcapng {
    fn write(&self, snaplen: u32, frames: &[Frame]) -> Written {
        let mut written = Written { bytes: Vec::new(), times: Vec::new() };
        let each = frames.len().div_ceil(self.sections).max(1);
        let mut pieces: Vec<&[Frame]> = frames.chunks(each).collect();
        pieces.resize(self.sections, &[]);
        for (index, piece) in pieces.into_iter().enumerate() {
            let big_endian = self.big_endian ^ (index % 2 == 1);
            let mut body = Bytes::new(big_endian);
            written.times.extend(self.section(&mut body, snaplen, piece));
            let mut head = Bytes::new(big_endian);
            head.word(0x1a2b_3c4d).half(1).half(0);
            // The length of a section may be given or not.
            let length = if index % 2 == 1 { body.bytes.len() as u64 } else { u64::MAX };
            head.long(length);
            if self.chatter {
                head.option(4, b"weave").end_of_options();
            }
            let mut file = Bytes::new(big_endian);
            file.block(0x0a0d_0d0a, &head.bytes);
            written.bytes.extend(file.bytes);
            written.bytes.extend(body.bytes);
        }
        written
    }

    /// The blocks of a section after its header; the times of its packets.
    fn section(&self, out: &mut Bytes, snaplen: u32, frames: &[Frame]) -> Vec<Option<i64>> {
        let mut links: Vec<u16> = Vec::new();
        for frame in frames {
            if !links.contains(&frame.link) {
                links.push(frame.link);
            }
        }
        for number in 0..links.len() * self.interfaces {
            self.interface(out, links[number / self.interfaces], snaplen, number);
        }
        if self.chatter {
            // Name resolution without names, and a type nobody has heard of.
            out.block(4, &[0; 4]);
            out.block(0x6abc, b"whatever");
        }
        if self.custom {
            // The number of an enterprise (the one for documentation, RFC 5612), and its data.
            let mut body = Bytes::new(out.big_endian);
            body.word(32_473).raw(&[1, 2, 3, 4]);
            out.block(0x0bad, &body.bytes);
        }
        let mut times = Vec::new();
        for (index, frame) in frames.iter().enumerate() {
            let link = links.iter().position(|&link| link == frame.link).unwrap();
            let number = link * self.interfaces + index % self.interfaces;
            times.push(self.packet(out, frame, number));
            if self.chatter && index % 3 == 2 {
                // Interface statistics.
                let mut body = Bytes::new(out.big_endian);
                body.word(size(number)).word(0).word(0);
                body.option(4, &[0; 8]).end_of_options();
                out.block(5, &body.bytes);
            }
        }
        times
    }

    /// An interface description block.
    fn interface(&self, out: &mut Bytes, link: u16, snaplen: u32, number: usize) {
        let mut body = Bytes::new(out.big_endian);
        body.half(link).half(0).word(snaplen);
        if self.chatter {
            body.option(2, format!("eth{number}").as_bytes());
        }
        if !self.resolutions.is_empty() {
            body.option(9, &[self.resolution(number)]);
        }
        if let Some(offset) = self.offset {
            let mut value = Bytes::new(out.big_endian);
            value.long(u64::from_ne_bytes(offset.to_ne_bytes()));
            body.option(14, &value.bytes);
        }
        if body.bytes.len() > 8 {
            body.end_of_options();
        }
        out.block(1, &body.bytes);
    }

    /// A block with a packet; its time.
    fn packet(&self, out: &mut Bytes, frame: &Frame, number: usize) -> Option<i64> {
        let mut body = Bytes::new(out.big_endian);
        let (units, at) = self.units(frame.at, number);
        match self.block {
            Block::Enhanced => body.word(size(number)),
            Block::Old => body.half(u16::try_from(number).unwrap()).half(0xffff),
            Block::Simple => {
                assert_eq!(number, 0, "simple packet blocks know one interface");
                body.word(size(frame.wire_len)).raw(&frame.data).align();
                out.block(3, &body.bytes);
                return None;
            }
        };
        let high = u32::try_from(units >> 32).unwrap();
        let low = u32::try_from(units & 0xffff_ffff).unwrap();
        body.word(high).word(low).word(size(frame.data.len())).word(size(frame.wire_len));
        body.raw(&frame.data).align();
        if self.chatter {
            body.option(1, b"a comment").option(2, &[0; 4]).end_of_options();
        }
        out.block(if self.block == Block::Old { 2 } else { 6 }, &body.bytes);
        Some(at)
    }

    /// A time in the units of an interface, and in nanoseconds again.
    fn units(&self, at: i64, number: usize) -> (u64, i64) {
        const BILLION: i128 = 1_000_000_000;
        let resolution = self.resolution(number);
        let exponent = u32::from(resolution & 0x7f);
        let per_second = if resolution & 0x80 == 0 { 10 } else { 2_i128 }.pow(exponent);
        let offset = i128::from(self.offset.unwrap_or(0)) * BILLION;
        let units = (i128::from(at) - offset) * per_second / BILLION;
        let back = units * BILLION / per_second + offset;
        (u64::try_from(units).unwrap(), i64::try_from(back).unwrap())
    }

    /// `if_tsresol` of an interface.
    fn resolution(&self, number: usize) -> u8 {
        let turns = self.resolutions.len().max(1);
        self.resolutions.get(number % turns).copied().unwrap_or(6)
    }
}

/// Bytes in one byte order.
struct Bytes {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Bytes {
    fn new(big_endian: bool) -> Self {
        Self { bytes: Vec::new(), big_endian }
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn half(&mut self, value: u16) -> &mut Self {
        self.raw(&if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() })
    }

    fn word(&mut self, value: u32) -> &mut Self {
        self.raw(&if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() })
    }

    fn long(&mut self, value: u64) -> &mut Self {
        self.raw(&if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() })
    }

    /// Fills up to a multiple of 4 bytes.
    fn align(&mut self) -> &mut Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// An option of a pcapng block.
    fn option(&mut self, code: u16, value: &[u8]) -> &mut Self {
        self.half(code).half(u16::try_from(value.len()).unwrap()).raw(value).align()
    }

    fn end_of_options(&mut self) -> &mut Self {
        self.half(0).half(0)
    }

    /// A pcapng block.
    fn block(&mut self, kind: u32, body: &[u8]) -> &mut Self {
        let length = size(body.len() + 12);
        self.word(kind).word(length).raw(body).word(length)
    }
}

/// A frame and its check sequence (IEEE 802.3, CRC-32), which a cut frame has lost.
fn with_check_sequence(frame: &Frame) -> Vec<u8> {
    let mut data = frame.data.clone();
    if data.len() == frame.wire_len {
        let mut crc = u32::MAX;
        for &byte in &data {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
            }
        }
        data.extend((!crc).to_le_bytes());
    }
    data
}

/// The bytes as gzip has them.
#[cfg(feature = "gzip")]
fn compress(bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// No plan can ask for gzip without the feature.
#[cfg(not(feature = "gzip"))]
fn compress(_: &[u8]) -> Vec<u8> {
    unreachable!("gzip")
}

/// A length as files have it.
fn size(len: usize) -> u32 {
    u32::try_from(len).unwrap()
}
