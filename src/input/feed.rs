//! A source that several threads read together: whoever comes first to where nobody has been
//! reads on, and all are given the same blocks of memory.
//!
//! In: a source, and how many read it. Out: a [`Share`] for each, which gives the source's bytes
//! in blocks. All readers take bytes from them in the same way, so what one has left of a block
//! when it asks for the next is what all have left: the next block begins with it.

use super::failure::Failure;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Blocks of the usual size that the fastest reader is ahead of the slowest at most.
const AHEAD: usize = 8;

/// Those that it is still ahead when it goes on: it would be woken for each block else.
const AGAIN: usize = 4;

/// What one of the readers of a source has of it. When it is dropped, the others go on alone.
pub struct Share {
    feed: Arc<Feed>,
    /// Number of the block that it takes next.
    next: u64,
}

/// Opens a source.
type Open = Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send>;

/// What the readers share.
struct Feed {
    source: Mutex<Source>,
    ring: Mutex<Ring>,
    /// A block is no longer needed, or a reader is gone.
    moved: Condvar,
}

enum Source {
    /// Nobody has asked for it.
    Closed(Open),
    Open(Box<dyn Read + Send>),
    Failed(Failure),
    Ended,
}

/// The blocks that not all readers have taken.
struct Ring {
    /// Number of the first of them.
    first: u64,
    /// Each with how many readers still have to take it.
    blocks: VecDeque<(Arc<Block>, usize)>,
    /// Bytes of memory that they take.
    bytes: usize,
    readers: usize,
    /// Readers that wait until there are so few bytes.
    waiting: usize,
    until: usize,
    /// Memory for further blocks.
    spare: Vec<Vec<u8>>,
}

/// Bytes of the source.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Where in the source they begin.
    pub(super) offset: u64,
    bytes: Vec<u8>,
    /// How many of them there are; the rest is room.
    len: usize,
    end: End,
}

/// What comes after a block.
#[derive(Debug, Default)]
enum End {
    #[default]
    More,
    Nothing,
    Failure(Failure),
}

impl Share {
    /// What each of so many readers has of what `open` gives; it is called when the first reads.
    #[must_use]
    pub fn of<O>(open: O, readers: usize) -> Vec<Self>
    where
        O: FnOnce() -> io::Result<Box<dyn Read + Send>> + Send + 'static,
    {
        let blocks = VecDeque::new();
        let (first, bytes, waiting, until) = (0, 0, 0, 0);
        let ring = Ring { first, blocks, bytes, readers, waiting, until, spare: Vec::new() };
        let feed = Arc::new(Feed {
            source: Mutex::new(Source::Closed(Box::new(open))),
            ring: Mutex::new(ring),
            moved: Condvar::new(),
        });
        (0..readers).map(|_| Self { feed: Arc::clone(&feed), next: 0 }).collect()
    }

    /// Opens the source, if no other reader has.
    pub(super) fn open(&self) -> io::Result<()> {
        let mut source = lock(&self.feed.source);
        *source = match std::mem::replace(&mut *source, Source::Ended) {
            Source::Closed(open) => match open() {
                Ok(opened) => Source::Open(opened),
                Err(error) => Source::Failed(Failure::of(&error)),
            },
            other => other,
        };
        match &*source {
            Source::Failed(failure) => Err(failure.error()),
            _ => Ok(()),
        }
    }

    /// The next block, which begins with the `unread` bytes of the `last`; with them, it has
    /// `want` bytes, unless the source ends first, and about `size` if there are so many.
    pub(super) fn next(
        &mut self,
        last: Arc<Block>,
        unread: Range<usize>,
        want: usize,
        size: usize,
    ) -> Arc<Block> {
        let block = self.take(size).unwrap_or_else(|| {
            let mut source = lock(&self.feed.source);
            // Another may have read it meanwhile.
            self.take(size).unwrap_or_else(|| {
                let offset = last.offset + unread.start as u64;
                let unread = last.bytes().get(unread).unwrap_or_default();
                let memory = lock(&self.feed.ring).spare.pop();
                let read = source.read(unread, want, size, memory);
                let block = Arc::new(Block { offset, ..read });
                self.put(&block);
                block
            })
        });
        self.next += 1;
        if let Some(Block { bytes, .. }) = Arc::into_inner(last)
            && bytes.len() == size
        {
            lock(&self.feed.ring).spare.push(bytes);
        }
        block
    }

    /// The next block, if it was read already.
    fn take(&self, size: usize) -> Option<Arc<Block>> {
        let mut ring = lock(&self.feed.ring);
        let mut most = size * (AHEAD - 1);
        loop {
            let at = usize::try_from(self.next.saturating_sub(ring.first)).unwrap_or(usize::MAX);
            if let Some((block, left)) = ring.blocks.get_mut(at) {
                let block = Arc::clone(block);
                *left -= 1;
                self.feed.settle(&mut ring);
                return Some(block);
            }
            if ring.bytes <= most || ring.blocks.is_empty() {
                return None;
            }
            most = size * AGAIN;
            (ring.waiting, ring.until) = (ring.waiting + 1, most);
            ring = self.feed.moved.wait(ring).unwrap_or_else(PoisonError::into_inner);
            ring.waiting -= 1;
        }
    }

    /// Lets the others have what was read.
    fn put(&self, block: &Arc<Block>) {
        let mut ring = lock(&self.feed.ring);
        let others = ring.readers.saturating_sub(1);
        if others > 0 {
            ring.bytes += block.bytes.len();
            ring.blocks.push_back((Arc::clone(block), others));
            // Who waits to read on need not: it is read.
            if ring.waiting > 0 {
                self.feed.moved.notify_all();
            }
        } else {
            ring.first += 1;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut ring = lock(&self.feed.ring);
        ring.readers = ring.readers.saturating_sub(1);
        let taken = usize::try_from(self.next.saturating_sub(ring.first)).unwrap_or(usize::MAX);
        for (_, left) in ring.blocks.iter_mut().skip(taken) {
            *left -= 1;
        }
        self.feed.settle(&mut ring);
    }
}

impl Feed {
    /// Forgets the blocks that all have taken.
    fn settle(&self, ring: &mut Ring) {
        while let Some((block, 0)) = ring.blocks.front() {
            ring.bytes -= block.bytes.len();
            ring.blocks.pop_front();
            ring.first += 1;
        }
        if ring.waiting > 0 && (ring.bytes <= ring.until || ring.blocks.is_empty()) {
            self.moved.notify_all();
        }
    }
}

impl Source {
    /// Reads a block, see [`Share::next`].
    fn read(&mut self, unread: &[u8], want: usize, size: usize, memory: Option<Vec<u8>>) -> Block {
        // What is there already may be most of what fits: twice that is more.
        let size = size.max(unread.len() * 2);
        let mut bytes = memory.filter(|bytes| bytes.len() == size).unwrap_or_else(|| vec![0; size]);
        let mut len = unread.len();
        if let Some(to) = bytes.get_mut(..len) {
            to.copy_from_slice(unread);
        }
        let end = loop {
            let Self::Open(source) = self else { break End::Nothing };
            let room = bytes.get_mut(len..).unwrap_or_default();
            if room.is_empty() {
                break End::More;
            }
            match source.read(room) {
                Ok(0) => break End::Nothing,
                Ok(n) => len += n.min(room.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break End::Failure(Failure::of(&error)),
            }
            if len >= want {
                break End::More;
            }
        };
        if !matches!(end, End::More) {
            *self = Self::Ended;
        }
        Block { offset: 0, bytes, len, end }
    }
}

impl Block {
    /// The bytes.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Whether nothing comes after it; why, if reading failed.
    pub(super) fn end(&self) -> io::Result<bool> {
        match &self.end {
            End::More => Ok(false),
            End::Nothing => Ok(true),
            End::Failure(failure) => Err(failure.error()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::Input;
    use super::super::tests::Pieces;
    use super::*;
    use crate::limits::Limits;
    use proptest::prelude::*;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    fn limits() -> Limits {
        Limits { read_buffer: 100, block_bytes: 1000, ..Limits::default() }
    }

    /// All bytes of a share, taken as `steps` say: so many wanted, so many of them consumed.
    fn all(share: Share, steps: &[(usize, usize)]) -> (Vec<u8>, Option<ErrorKind>) {
        let mut bytes = Vec::new();
        let mut input = match Input::shared(share, &limits()) {
            Ok(input) => input,
            Err(error) => return (bytes, Some(error.kind())),
        };
        for &(want, consume) in steps.iter().cycle() {
            let failure = input.fill(want).err().map(|error| error.kind());
            let part = input.data();
            bytes.extend_from_slice(&part[..consume.min(part.len())]);
            input.consume(consume);
            assert_eq!(input.offset(), bytes.len() as u64);
            if failure.is_some() || input.ended() {
                bytes.extend_from_slice(input.data());
                return (bytes, failure);
            }
        }
        unreachable!("steps go on for ever")
    }

    proptest! {
        #[test]
        fn each_reader_is_given_all_bytes(
            data in proptest::collection::vec(any::<u8>(), 0..5000),
            size in 1_usize..300,
            readers in 1_usize..4,
            steps in proptest::collection::vec((1_usize..900, 1_usize..500), 1..5),
            fails in any::<bool>(),
        ) {
            let data: Vec<u8> = [b"plain", &data[..]].concat();
            let why = ErrorKind::ConnectionReset;
            let pieces = if fails { Pieces::failing(&data, size, why) } else { Pieces::of(&data, size) };
            let all: Vec<_> = Share::of(move || Ok(pieces), readers)
                .into_iter()
                .map(|share| {
                    let steps = steps.clone();
                    thread::spawn(move || all(share, &steps))
                })
                .collect();
            for one in all {
                prop_assert_eq!(one.join().unwrap(), (data.clone(), fails.then_some(why)));
            }
        }
    }

    #[test]
    fn who_is_gone_does_not_hold_the_others() {
        let data = vec![7; 100_000];
        let mut shares = Share::of(|| Ok(Pieces::of(&vec![7; 100_000], 100)), 3);
        let (idle, brief) = (shares.pop().unwrap(), shares.pop().unwrap());
        let (says, hears) = channel();
        let last = shares.pop().unwrap();
        let reader = thread::spawn(move || says.send(all(last, &[(1, 50)])).unwrap());
        let mut brief = Input::shared(brief, &limits()).unwrap();
        brief.fill(1).unwrap();
        drop(brief);
        // One has not even begun.
        assert!(hears.recv_timeout(Duration::from_millis(100)).is_err(), "it went on alone");
        drop(idle);
        assert_eq!(hears.recv_timeout(Duration::from_secs(60)).unwrap().0, data);
        reader.join().unwrap();
    }

    #[test]
    fn large_blocks_do_not_pile_up() {
        let shares = Share::of(|| Ok(Pieces::of(&vec![7; 100_000], 10_000)), 2);
        let [mut fast, slow] = <[Share; 2]>::try_from(shares).unwrap_or_else(|_| unreachable!());
        fast.open().unwrap();
        let (says, hears) = channel();
        thread::spawn(move || {
            // So much of what was read is not yet a whole block of the capture.
            let bytes = vec![7; 9000];
            let mut last = Arc::new(Block { len: bytes.len(), bytes, ..Block::default() });
            for _ in 0..3 {
                let unread = last.bytes().len() - 9000..last.bytes().len();
                last = fast.next(last, unread, 1, 1250);
                says.send(last.bytes.len()).unwrap();
            }
        });
        let wait = |millis| hears.recv_timeout(Duration::from_millis(millis));
        assert_eq!(wait(60_000), Ok(18_000));
        assert!(wait(100).is_err(), "it is too far ahead");
        drop(slow);
        assert!(wait(60_000).is_ok() && wait(60_000).is_ok());
    }

    #[test]
    fn memory_is_used_again() {
        let mut shares = Share::of(|| Ok(Pieces::of(&vec![7; 100_000], 1000)), 1);
        let mut input = Input::shared(shares.pop().unwrap(), &limits()).unwrap();
        let mut places = std::collections::BTreeSet::new();
        while !input.ended() {
            places.insert(input.fill(1).unwrap().as_ptr().addr());
            input.consume(usize::MAX);
        }
        assert!(places.len() < 10, "{}", places.len());
    }

    #[test]
    fn each_reader_is_told_what_is_wrong() {
        for share in Share::of(|| Err(io::Error::from_raw_os_error(2)), 2) {
            let error = Input::shared(share, &limits()).err().unwrap();
            assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::NotFound, Some(2)));
        }
        let gzip = || Ok(Pieces::of(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0], 3));
        for share in Share::of(gzip, 2) {
            let error = Input::shared(share, &limits()).err().unwrap();
            assert_eq!(error.to_string(), "it changed while it was read");
        }
    }
}
