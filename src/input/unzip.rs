//! Compressed bytes → bytes, as a stream: gzip (RFC 1952, many members) and zstd (RFC 8878,
//! many frames), told by their content.
//!
//! It holds no more than the decoders do and knows nothing of what is inside.

use crate::limits::Limits;
use std::io::{self, Cursor, ErrorKind, Read};

/// A supported compression format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Zstd,
}

impl Format {
    /// Whether this build can read it; if not, says so.
    pub(super) fn supported(self) -> io::Result<()> {
        let (is_supported, name) = match self {
            Self::Gzip => (cfg!(feature = "gzip"), "gzip"),
            Self::Zstd => (cfg!(feature = "zstd"), "zstd"),
        };
        if is_supported {
            return Ok(());
        }
        let reason = format!("compressed with {name}, which this build cannot read");
        Err(io::Error::new(ErrorKind::Unsupported, reason))
    }
}

/// What the first bytes of a source tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Compressed(Format),
    Plain,
    /// Too few bytes to tell.
    TooShort,
}

/// Tells the compression of a source from its first bytes; four are always enough.
pub(super) fn tell(start: &[u8]) -> Told {
    const MAGICS: [(&[u8], Format); 3] = [
        (&[0x1f, 0x8b, 8], Format::Gzip),
        (&[0x28, 0xb5, 0x2f, 0xfd], Format::Zstd),
        (&[0x50, 0x2a, 0x4d, 0x18], Format::Zstd), // a skippable frame
    ];
    let mut head: Vec<u8> = start.iter().copied().take(4).collect();
    if let Some(first @ 0x50..=0x5f) = head.first_mut() {
        *first = 0x50; // a skippable frame may use any of the 16
    }
    for (magic, format) in MAGICS {
        if head.starts_with(magic) {
            return Told::Compressed(format);
        }
        if magic.starts_with(&head) {
            return Told::TooShort;
        }
    }
    Told::Plain
}

/// A source with its decompression.
pub(super) enum Decoder {
    Plain(Box<dyn Read + Send>),
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::read::MultiGzDecoder<Source>>),
    #[cfg(feature = "zstd")]
    Zstd(Box<zstd::Frames>),
}

impl Decoder {
    /// Makes a plain source, of which `begun` was read already, one of a supported `format`.
    pub(super) fn begin(&mut self, format: Format, begun: Vec<u8>, limits: &Limits) {
        let plain = match std::mem::replace(self, Self::Plain(Box::new(io::empty()))) {
            Self::Plain(plain) => plain,
            #[cfg(any(feature = "gzip", feature = "zstd"))]
            compressed => {
                *self = compressed;
                return;
            }
        };
        let source = Source { begun: Cursor::new(begun), plain, failure: None };
        *self = match format {
            #[cfg(feature = "gzip")]
            Format::Gzip => Self::Gzip(Box::new(flate2::read::MultiGzDecoder::new(source))),
            #[cfg(feature = "zstd")]
            Format::Zstd => Self::Zstd(Box::new(zstd::Frames::new(source, limits))),
            #[cfg(not(all(feature = "gzip", feature = "zstd")))]
            _ => {
                let _ = limits;
                Self::Plain(Box::new(source))
            }
        };
    }

    /// Reads like [`Read::read`]. Damaged compression is `InvalidData` or `UnexpectedEof`, and
    /// only that is.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (read, source): (io::Result<usize>, &mut Source) = match self {
            Self::Plain(plain) => return plain.read(buffer).map_err(not_of_compression),
            #[cfg(feature = "gzip")]
            Self::Gzip(decoder) => (decoder.read(buffer), decoder.get_mut()),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => (decoder.read(buffer), decoder.source()),
        };
        // Decoders wrap or rename the errors of their source, so it keeps the true one.
        #[allow(unreachable_code)]
        read.map_err(|error| match (source.failure.take(), error.kind()) {
            (Some(failure), _) => not_of_compression(failure),
            (None, ErrorKind::UnexpectedEof) => error,
            (None, _) => io::Error::new(ErrorKind::InvalidData, error),
        })
    }

    /// The name of the compression.
    pub(super) fn compression(&self) -> Option<&'static str> {
        match self {
            Self::Plain(_) => None,
            #[cfg(feature = "gzip")]
            Self::Gzip(_) => Some("gzip"),
            #[cfg(feature = "zstd")]
            Self::Zstd(_) => Some("zstd"),
        }
    }
}

/// An error of a source, of a kind that cannot be mistaken for damaged compression.
pub(super) fn not_of_compression(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => io::Error::other(error),
        _ => error,
    }
}

/// The compressed bytes.
pub(super) struct Source {
    /// What was read to tell the format.
    begun: Cursor<Vec<u8>>,
    plain: Box<dyn Read + Send>,
    /// Why reading failed, if it did.
    failure: Option<io::Error>,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.begun.read(buffer)?;
        if n > 0 || buffer.is_empty() {
            return Ok(n);
        }
        loop {
            match self.plain.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    self.failure = Some(error);
                    return Err(kind.into());
                }
                Ok(n) => return Ok(n),
            }
        }
    }
}

#[cfg(feature = "zstd")]
pub(super) mod zstd {
    //! Frames in a row; ruzstd reads one.

    use super::{ErrorKind, Limits, Read, Source, io};
    use ruzstd::decoding::errors::{
        BlockHeaderReadError, DecodeBlockContentError, FrameDecoderError, ReadFrameHeaderError,
    };
    use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

    /// The content of all frames.
    pub(in super::super) struct Frames {
        source: io::BufReader<Source>,
        decoder: FrameDecoder,
        state: State,
    }

    enum State {
        Between,
        Inside,
        /// What was decoded before the damage is still to be given.
        Damaged(io::Error),
    }

    impl Frames {
        pub(in super::super) fn new(source: Source, limits: &Limits) -> Self {
            let mut decoder = FrameDecoder::new();
            decoder.set_max_window_size(limits.zstd_window);
            Self { source: io::BufReader::new(source), decoder, state: State::Between }
        }

        pub(in super::super) fn source(&mut self) -> &mut Source {
            self.source.get_mut()
        }

        pub(in super::super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            loop {
                match &mut self.state {
                    State::Between => {
                        if !self.begin_frame()? {
                            return Ok(0);
                        }
                    }
                    _ if self.decoder.can_collect() > 0 => return self.decoder.read(buffer),
                    State::Damaged(error) => {
                        return Err(std::mem::replace(error, ErrorKind::InvalidData.into()));
                    }
                    State::Inside if self.decoder.is_finished() => self.end_frame()?,
                    State::Inside => self.decode_block(),
                }
            }
        }

        /// Begins the next frame or moves over a skippable one; false at the end.
        fn begin_frame(&mut self) -> io::Result<bool> {
            // The end between two frames is the only good one, so it is looked for alone.
            let mut first = [0];
            if self.source.read(&mut first)? == 0 {
                return Ok(false);
            }
            match self.decoder.reset(first.as_slice().chain(&mut self.source)) {
                Ok(()) => self.state = State::Inside,
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.source).take(u64::from(length));
                    if io::copy(&mut skipped, &mut io::sink())? < u64::from(length) {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(plain_error(error)),
            }
            Ok(true)
        }

        fn decode_block(&mut self) {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            let Err(error) = self.decoder.decode_blocks(&mut self.source, one) else {
                return;
            };
            self.state = State::Damaged(plain_error(error));
            // The decoder keeps a whole window back until its frame is finished. An empty last
            // block (and room for a checksum) makes it give what it has.
            let end: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
            let all = BlockDecodingStrategy::All;
            // If even that fails nothing more can be got, and the damage is already noted.
            let _ = self.decoder.decode_blocks(end, all);
        }

        fn end_frame(&mut self) -> io::Result<()> {
            let told = self.decoder.get_checksum_from_data();
            if told.is_some() && told != self.decoder.get_calculated_checksum() {
                let reason = "zstd checksum does not match";
                return Err(io::Error::new(ErrorKind::InvalidData, reason));
            }
            self.state = State::Between;
            Ok(())
        }
    }

    /// ruzstd's error with the kind of the `io::Error` that may be deep inside it.
    fn plain_error(error: FrameDecoderError) -> io::Error {
        use FrameDecoderError as Frame;
        use ReadFrameHeaderError as Head;
        let inner = match &error {
            Frame::ReadFrameHeaderError(
                Head::MagicNumberReadError(inner)
                | Head::FrameDescriptorReadError(inner)
                | Head::WindowDescriptorReadError(inner)
                | Head::DictionaryIdReadError(inner)
                | Head::FrameContentSizeReadError(inner),
            )
            | Frame::FailedToReadChecksum(inner)
            | Frame::FailedToReadBlockHeader(BlockHeaderReadError::ReadError(inner))
            | Frame::FailedToReadBlockBody(DecodeBlockContentError::ReadError {
                source: inner,
                ..
            }) => Some(inner),
            _ => None,
        };
        let kind = inner.map_or(ErrorKind::InvalidData, io::Error::kind);
        io::Error::new(kind, error)
    }
}
