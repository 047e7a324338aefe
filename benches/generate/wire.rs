//! Frames → a capture file: records, time stamps, what a capture host does to packets.

use crate::options::Options;
use crate::random::Random;
use std::io::{self, Write};

/// Bytes held before they are written.
const BUFFER: usize = 1 << 20;

/// 2026-01-01T00:00:00Z.
const START_NS: u64 = 1_767_225_600_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
const YEAR_NS: i64 = 31_556_952_000_000_000;

/// Mean packets between two jumps of the clock.
const JUMP_EVERY: u64 = 20_000;

/// The capture file in the making.
pub(crate) struct Wire {
    out: Box<dyn Write>,
    buffer: Vec<u8>,
    written: u64,
    is_pcapng: bool,
    is_nano: bool,
    jumps: bool,
    jump_ns: i64,
    random: Random,
    /// Nanoseconds since the capture began.
    pub(crate) now: u64,
    pub(crate) packets: u64,
    pub(crate) clock_jumps: u64,
}

/// A frame in the buffer that is not complete.
#[derive(Clone, Copy)]
pub(crate) struct Begun(usize);

impl Wire {
    pub(crate) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        let mut wire = Self {
            out,
            buffer: Vec::with_capacity(BUFFER + (1 << 16)),
            written: 0,
            is_pcapng: options.pcapng,
            is_nano: options.nano,
            jumps: options.clock_jump,
            jump_ns: 0,
            random: Random::new(options.seed ^ 0x77),
            now: 0,
            packets: 0,
            clock_jumps: 0,
        };
        wire.file_header();
        wire
    }

    /// Bytes of the file so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Begins a frame: the caller appends it to what this returns.
    pub(crate) fn begin(&mut self) -> (Begun, &mut Vec<u8>) {
        let at = self.buffer.len();
        let header = if self.is_pcapng { 28 } else { 16 };
        self.buffer.resize(at + header, 0);
        (Begun(at), &mut self.buffer)
    }

    /// Ends a frame that was begun.
    pub(crate) fn end(&mut self, begun: Begun) -> io::Result<()> {
        let at = begun.0;
        self.jump();
        let ns = (START_NS + self.now).saturating_add_signed(self.jump_ns);
        if self.is_pcapng {
            let len = (self.buffer.len() - at - 28) as u32;
            // The buffer begins with a block, and all before this one are aligned.
            self.buffer.resize(self.buffer.len().next_multiple_of(4), 0);
            let total = (self.buffer.len() - at + 4) as u32;
            let units = if self.is_nano { ns } else { ns / 1000 };
            self.buffer.extend_from_slice(&total.to_le_bytes());
            let head = [6, total, 0, (units >> 32) as u32, units as u32, len, len];
            self.patch(at, &head);
        } else {
            let len = (self.buffer.len() - at - 16) as u32;
            let rest = ns % SECOND_NS;
            let fraction = if self.is_nano { rest } else { rest / 1000 };
            self.patch(at, &[(ns / SECOND_NS) as u32, fraction as u32, len, len]);
        }
        self.packets += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Takes a frame that was begun out of the capture again.
    pub(crate) fn withdraw(&mut self, begun: Begun) -> Vec<u8> {
        let frame = self.frame(begun).to_vec();
        self.buffer.truncate(begun.0);
        frame
    }

    /// The bytes of a frame that was begun.
    pub(crate) fn frame(&self, begun: Begun) -> &[u8] {
        let header = if self.is_pcapng { 28 } else { 16 };
        &self.buffer[begun.0 + header..]
    }

    /// Writes a whole frame.
    pub(crate) fn put(&mut self, frame: &[u8]) -> io::Result<()> {
        let (begun, buffer) = self.begin();
        buffer.extend_from_slice(frame);
        self.end(begun)
    }

    /// Writes what is in the buffer.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        self.out.flush()
    }

    fn patch(&mut self, at: usize, words: &[u32]) {
        for (word, place) in words.iter().zip(self.buffer[at..].chunks_exact_mut(4)) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }

    fn file_header(&mut self) {
        let words: &[u32] = match (self.is_pcapng, self.is_nano) {
            (false, false) => &[0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1],
            (false, true) => &[0xa1b2_3c4d, 0x0004_0002, 0, 0, 262_144, 1],
            // Section header; interface of Ethernet with if_tsresol (9) of 10^-6 or 10^-9.
            (true, _) => {
                let resolution = if self.is_nano { 9 } else { 6 };
                let section = [0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28];
                let interface = [1, 32, 1, 262_144, 0x0001_0009, resolution, 0, 32];
                self.append(&section);
                self.append(&interface);
                return;
            }
        };
        self.append(words);
    }

    fn append(&mut self, words: &[u32]) {
        self.buffer.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }

    /// Sets the clock now and then: by years, forth and back, or back by seconds.
    fn jump(&mut self) {
        if !self.jumps || self.random.below(JUMP_EVERY) != 0 {
            return;
        }
        self.clock_jumps += 1;
        self.jump_ns = match self.random.below(3) {
            0 => YEAR_NS * (1 + self.random.below(5) as i64),
            1 => -YEAR_NS * (1 + self.random.below(5) as i64),
            _ => self.jump_ns - (SECOND_NS * (1 + self.random.below(30))) as i64,
        };
    }
}
