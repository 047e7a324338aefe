//! A file or pipe → its bytes, decompressed, in one buffer that parsers borrow from.
//!
//! In: anything that can be read. Out: the buffered bytes ([`Input::data`]), more of them on
//! demand ([`Input::fill`]), and their place in the decompressed stream ([`Input::offset`]).
//! Who needs bytes for longer [pins](Input::pin) the buffer, and is given it instead of a copy.
//! It does not know what the bytes mean, nor what the file is called.

mod failure;
mod feed;
mod unzip;

use crate::limits::Limits;
use feed::Block;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use unzip::{Decoder, Told};

pub use feed::Share;

/// A source being read.
pub struct Input {
    decoder: Decoder,
    /// Gives blocks that others read, too, instead of the decoder.
    share: Option<Share>,
    /// The unread bytes are `buffer[start..end]`, or those of the block.
    buffer: Vec<u8>,
    block: Arc<Block>,
    /// Bytes of a block.
    size: usize,
    start: usize,
    end: usize,
    /// Offset of `buffer[start]` in the decompressed stream.
    offset: u64,
    /// The most that [`Input::fill`] gathers.
    most: usize,
    ended: bool,
    /// Somebody knows bytes by their address: none may be moved or overwritten.
    is_pinned: bool,
    /// A buffer that was pinned when bytes had to be moved.
    retired: Option<Vec<u8>>,
    /// What takes the place of a pinned buffer.
    spare: Vec<u8>,
}

impl Input {
    /// Begins to read `source`: looks at its first bytes and sets up the decompression they
    /// ask for. Reads no more than it takes to tell (and what comes along).
    pub fn new(source: Box<dyn Read + Send>, limits: &Limits) -> io::Result<Self> {
        let mut input = Self {
            decoder: Decoder::Plain(source),
            share: None,
            buffer: vec![0; limits.read_buffer.max(SLACK)],
            block: Arc::default(),
            size: limits.read_buffer.max(SLACK),
            start: 0,
            end: 0,
            offset: 0,
            most: limits.block_bytes.max(limits.read_buffer) + SLACK,
            ended: false,
            is_pinned: false,
            retired: None,
            spare: Vec::new(),
        };
        loop {
            match unzip::tell(input.data()) {
                Told::Compressed(format) => {
                    format.supported()?;
                    let begun = input.data().to_vec();
                    input.consume(begun.len());
                    input.offset = 0;
                    input.ended = false;
                    input.decoder.begin(format, begun, limits);
                    return Ok(input);
                }
                Told::TooShort if !input.ended => input.read_more(SLACK)?,
                Told::TooShort | Told::Plain => return Ok(input),
            }
        }
    }

    /// The same of a source that others read, too, and that is not compressed.
    pub fn shared(share: Share, limits: &Limits) -> io::Result<Self> {
        share.open()?;
        let mut input = Self::new(Box::new(io::empty()), limits)?;
        input.buffer = Vec::new();
        (input.share, input.ended) = (Some(share), false);
        loop {
            match unzip::tell(input.data()) {
                Told::Compressed(_) => {
                    return Err(io::Error::other("it changed while it was read"));
                }
                Told::TooShort if !input.ended => input.read_more(1)?,
                Told::TooShort | Told::Plain => return Ok(input),
            }
        }
    }

    /// Gathers at least `want` bytes, unless the end comes first, and gives all that is
    /// buffered. Returns as soon as they are there: a live pipe is not kept waiting for more.
    ///
    /// `want` is held to a little more than `Limits::block_bytes`. After an error the input
    /// has ended; what was buffered before it is still there. Damaged compression is
    /// `InvalidData` or `UnexpectedEof`, a failing source is any other kind.
    #[inline]
    pub fn fill(&mut self, want: usize) -> io::Result<&[u8]> {
        let want = want.min(self.most);
        while self.end - self.start < want && !self.ended {
            self.read_more(want)?;
        }
        Ok(self.data())
    }

    /// The bytes that are buffered and not consumed.
    #[inline]
    #[must_use]
    pub fn data(&self) -> &[u8] {
        let bytes = if self.share.is_some() { self.block.bytes() } else { &self.buffer };
        bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Moves over the next `n` buffered bytes (over all of them, if they are fewer).
    #[inline]
    pub fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.offset += n as u64;
    }

    /// Moves over the next `n` bytes, buffered or not, and says over how many: fewer, if the
    /// end came first.
    pub fn skip(&mut self, n: u64) -> io::Result<u64> {
        let mut left = n;
        loop {
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(self.end - self.start);
            self.consume(step);
            left -= step as u64;
            if left == 0 || self.ended {
                return Ok(n - left);
            }
            self.fill(1)?;
        }
    }

    /// Offset of the first byte of [`Input::data`] in the decompressed stream.
    #[inline]
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether nothing comes after [`Input::data`]: the source has ended or failed.
    #[inline]
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Asks for the buffer once it is used up. Until [`Input::retired`] gives it away, its bytes
    /// stay where they are in memory.
    #[inline]
    pub fn pin(&mut self) {
        self.is_pinned = true;
    }

    /// The buffer that was pinned, once it is used up; `spare` will take the place of the next.
    pub fn retired(&mut self, spare: impl FnOnce() -> Vec<u8>) -> Option<Vec<u8>> {
        let retired = self.retired.take()?;
        self.spare = spare();
        Some(retired)
    }

    /// Whether [`Input::retired`] has something to give.
    #[inline]
    #[must_use]
    pub fn has_retired(&self) -> bool {
        self.retired.is_some()
    }

    /// Uses the buffer up if it is pinned, although there is room in it.
    pub fn retire(&mut self) {
        if !self.is_pinned {
            return;
        }
        self.is_pinned = false;
        let length = self.buffer.len();
        let mut next = std::mem::take(&mut self.spare);
        if next.len() < length {
            next = vec![0; length];
        }
        let unread = self.data();
        let count = unread.len();
        if let Some(start) = next.get_mut(..count) {
            start.copy_from_slice(unread);
        }
        self.retired = Some(std::mem::replace(&mut self.buffer, next));
        (self.start, self.end) = (0, count);
    }

    /// `gzip` or `zstd`, if the source is compressed.
    #[must_use]
    pub fn compression(&self) -> Option<&'static str> {
        self.decoder.compression()
    }

    /// Reads once, with room for `want` bytes in all.
    #[cold]
    fn read_more(&mut self, want: usize) -> io::Result<()> {
        if let Some(share) = &mut self.share {
            let last = std::mem::take(&mut self.block);
            self.block = share.next(last, self.start..self.end, want, self.size);
            (self.start, self.end) = (0, self.block.bytes().len());
            if self.block.offset != self.offset {
                self.ended = true;
                return Err(io::Error::other("its readers went different ways"));
            }
            let end = self.block.end();
            self.ended = !matches!(end, Ok(false));
            return end.map(|_| ());
        }
        self.make_room(want);
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let size = room.len();
        loop {
            match self.decoder.read(room) {
                Ok(0) => self.ended = true,
                Ok(n) => self.end += n.min(size),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
            return Ok(());
        }
    }

    /// Makes room for at least one more byte, of the `want` unread ones that there are to be.
    ///
    /// The buffer grows with what is really there, not with what a block claims; and bytes are
    /// moved only when as many were consumed, so however the wishes fall, a byte is moved at
    /// most a few times.
    fn make_room(&mut self, want: usize) {
        let length = self.buffer.len();
        if self.is_pinned {
            if length - self.end > length / 4 {
                return;
            }
            self.retire();
        }
        if self.start == self.end || (self.end == length && self.start >= length / 2) {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        } else if self.end == length {
            // More than half of it is unread and that is not yet enough: twice the wish is more.
            let twice = length.saturating_mul(2).min(want.saturating_mul(2));
            self.buffer.resize(twice.max(length + SLACK), 0);
        }
    }
}

/// Whether `start`, the first bytes of a file, ask for decompression.
#[must_use]
pub fn is_compressed(start: &[u8]) -> bool {
    matches!(unzip::tell(start), Told::Compressed(_))
}

/// Bytes of room that the look at the first bytes needs at least, and that a block may need
/// beyond `Limits::block_bytes` for the head of what follows it.
const SLACK: usize = 64;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    /// A source that gives its pieces one by one, with an interruption before each, and then
    /// ends or fails.
    pub(crate) struct Pieces {
        left: VecDeque<Vec<u8>>,
        interrupt: bool,
        failure: Option<ErrorKind>,
    }

    impl Pieces {
        pub(crate) fn of(data: &[u8], size: usize) -> Box<dyn Read + Send> {
            Self::and_then(data, size, None)
        }

        pub(crate) fn failing(data: &[u8], size: usize, why: ErrorKind) -> Box<dyn Read + Send> {
            Self::and_then(data, size, Some(why))
        }

        fn and_then(data: &[u8], size: usize, failure: Option<ErrorKind>) -> Box<dyn Read + Send> {
            let left = data.chunks(size).map(<[u8]>::to_vec).collect();
            Box::new(Self { left, interrupt: false, failure })
        }
    }

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.interrupt = !self.interrupt;
            if self.interrupt {
                return Err(ErrorKind::Interrupted.into());
            }
            let Some(mut piece) = self.left.pop_front() else {
                return self.failure.map_or(Ok(0), |kind| Err(kind.into()));
            };
            let n = piece.len().min(buffer.len());
            buffer[..n].copy_from_slice(&piece[..n]);
            if n < piece.len() {
                self.left.push_front(piece.split_off(n));
            }
            Ok(n)
        }
    }

    fn all(input: &mut Input) -> (Vec<u8>, Option<ErrorKind>) {
        let mut bytes = Vec::new();
        loop {
            let failure = input.fill(1).err().map(|error| error.kind());
            bytes.extend_from_slice(input.data());
            input.consume(usize::MAX);
            assert_eq!(input.offset(), bytes.len() as u64);
            if failure.is_some() || input.ended() {
                return (bytes, failure);
            }
        }
    }

    fn small() -> Limits {
        Limits { read_buffer: 16, block_bytes: 1000, ..Limits::default() }
    }

    #[test]
    fn gives_what_is_wanted_and_waits_for_no_more() {
        let data: Vec<u8> = (0..100).collect();
        let mut input = Input::new(Pieces::of(&data, 10), &small()).unwrap();
        assert_eq!(input.fill(25).unwrap(), &data[..30]);
        input.consume(7);
        assert_eq!(input.fill(20).unwrap(), &data[7..30]);
        assert_eq!(input.offset(), 7);
        assert_eq!(input.fill(1 << 40).unwrap(), &data[7..]);
        assert!(input.ended());
        assert_eq!(input.skip(80).unwrap(), 80);
        assert_eq!((input.data(), input.offset()), (&data[87..], 87));
        assert_eq!(input.skip(80).unwrap(), 13);
        assert!(input.data().is_empty() && input.compression().is_none());
    }

    #[test]
    fn a_wish_is_held_to_the_limit() {
        let data = vec![7; 100_000];
        let mut input = Input::new(Pieces::of(&data, 100), &small()).unwrap();
        let most = input.fill(50_000).unwrap().len();
        assert!((1000..3000).contains(&most), "{most}");
        assert!(!input.ended());
        assert_eq!(all(&mut input).0.len(), data.len());
    }

    #[test]
    fn the_buffer_grows_with_what_is_there_and_not_with_the_wish() {
        let limits = Limits { read_buffer: 100, ..Limits::default() };
        let mut input = Input::new(Pieces::of(&[7; 500], 100), &limits).unwrap();
        assert_eq!(input.fill(1 << 24).unwrap().len(), 500);
        assert!(input.buffer.len() <= 1000);
    }

    #[test]
    fn a_failing_source_keeps_what_was_read_and_its_reason() {
        for kind in [ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof] {
            let mut input = Input::new(Pieces::failing(&[1, 2, 3], 1, kind), &small()).unwrap();
            let failure = input.fill(9).unwrap_err().kind();
            assert_eq!((input.data(), input.ended()), (&[1, 2, 3][..], true));
            assert_eq!(failure, unzip::not_of_compression(kind.into()).kind());
            assert_eq!(input.fill(9).unwrap(), [1, 2, 3]);
        }
    }

    #[cfg(feature = "gzip")]
    fn gzip(data: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn gzip_members_are_one_stream() {
        let file = [gzip(b"first, "), gzip(b""), gzip(b"second")].concat();
        for size in [1, 2, 7, 1000] {
            let mut input = Input::new(Pieces::of(&file, size), &small()).unwrap();
            assert_eq!(input.compression(), Some("gzip"));
            assert_eq!(all(&mut input), (b"first, second".to_vec(), None));
        }
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn damaged_gzip_gives_what_comes_before_and_is_told_from_a_failing_source() {
        let data = vec![b'x'; 5000];
        let mut file = gzip(&data);
        let cut = &file[..file.len() - 5].to_vec();
        let mut input = Input::new(Pieces::of(cut, 1000), &small()).unwrap();
        assert_eq!(all(&mut input), (data.clone(), Some(ErrorKind::UnexpectedEof)));

        let reset = Pieces::failing(cut, 1000, ErrorKind::ConnectionReset);
        let mut input = Input::new(reset, &small()).unwrap();
        assert_eq!(all(&mut input), (data.clone(), Some(ErrorKind::ConnectionReset)));

        let checksum = file.len() - 8;
        file[checksum] ^= 1;
        let mut input = Input::new(Pieces::of(&file, 1000), &small()).unwrap();
        assert_eq!(all(&mut input), (data, Some(ErrorKind::InvalidData)));
    }

    /// `printf 'first, ' | zstd --no-check`, a skippable frame, `printf second | zstd`.
    #[cfg(feature = "zstd")]
    const ZSTD: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x39, 0x00, 0x00, b'f', b'i', b'r', b's', b't', b',',
        b' ', // one raw block
        0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3, // a skippable frame
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x31, 0x00, 0x00, b's', b'e', b'c', b'o', b'n', b'd',
        0x37, 0x00, 0x5e, 0x4d, // with a checksum
    ];

    #[cfg(feature = "zstd")]
    #[test]
    fn zstd_frames_are_one_stream() {
        for file in [ZSTD, &ZSTD[16..]] {
            let text: &[u8] = if file == ZSTD { b"first, second" } else { b"second" };
            for size in [1, 2, 7, 1000] {
                let mut input = Input::new(Pieces::of(file, size), &small()).unwrap();
                assert_eq!(input.compression(), Some("zstd"));
                assert_eq!(all(&mut input), (text.to_vec(), None));
            }
        }
    }

    #[cfg(feature = "zstd")]
    #[test]
    fn damaged_zstd_gives_what_comes_before_and_is_told_from_a_failing_source() {
        let mut input = Input::new(Pieces::of(&ZSTD[..ZSTD.len() - 2], 9), &small()).unwrap();
        assert_eq!(all(&mut input), (b"first, second".to_vec(), Some(ErrorKind::UnexpectedEof)));
        // Inside the first block: its bytes are within the window, and still not lost.
        let mut input = Input::new(Pieces::of(&ZSTD[..13], 9), &small()).unwrap();
        let (bytes, failure) = all(&mut input);
        assert!(b"first, ".starts_with(&bytes), "{bytes:?}");
        assert_eq!(failure, Some(ErrorKind::UnexpectedEof));

        let reset = Pieces::failing(&ZSTD[..30], 9, ErrorKind::ConnectionReset);
        let mut input = Input::new(reset, &small()).unwrap();
        assert_eq!(all(&mut input), (b"first, ".to_vec(), Some(ErrorKind::ConnectionReset)));

        let mut file = ZSTD.to_vec();
        *file.last_mut().unwrap() ^= 1;
        let mut input = Input::new(Pieces::of(&file, 9), &small()).unwrap();
        assert_eq!(all(&mut input), (b"first, second".to_vec(), Some(ErrorKind::InvalidData)));

        let garbage = [ZSTD, b"garbage"].concat();
        let mut input = Input::new(Pieces::of(&garbage, 9), &small()).unwrap();
        assert_eq!(all(&mut input), (b"first, second".to_vec(), Some(ErrorKind::InvalidData)));
    }

    proptest! {
        #[test]
        fn wishes_and_cuts_do_not_change_the_bytes(
            data in proptest::collection::vec(any::<u8>(), 0..3000),
            size in 1_usize..700,
            wishes in proptest::collection::vec((0_usize..1500, 0_usize..1500), 0..40),
        ) {
            let data = [b"plain", &data[..]].concat();
            let mut input = Input::new(Pieces::of(&data, size), &small()).unwrap();
            for (want, used) in wishes {
                let at = usize::try_from(input.offset()).unwrap();
                let got = input.fill(want).unwrap();
                prop_assert!(got.len() >= want.min(data.len() - at).min(1000));
                prop_assert_eq!(got, &data[at..at + got.len()]);
                input.consume(used);
            }
            let at = usize::try_from(input.offset()).unwrap();
            let rest = input.skip(u64::MAX).unwrap();
            prop_assert_eq!(rest, (data.len() - at) as u64);
        }

        #[test]
        fn damaged_compression_never_panics(
            magic in 0_usize..3,
            data in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let magics: [&[u8]; 3] =
                [&[0x1f, 0x8b, 8, 0], &[0x28, 0xb5, 0x2f, 0xfd], &[0x50, 0x2a, 0x4d, 0x18]];
            let file = [magics[magic], &data].concat();
            if let Ok(mut input) = Input::new(Pieces::of(&file, 100), &small()) {
                let _ = input.skip(1 << 24);
            }
        }
    }
}
