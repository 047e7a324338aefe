//! What servers offer, looked at once: a server says the same in each of its sessions.
//!
//! In: sessions. Out: for each the offers of its last answered EHLO or LHLO, counted and written.

use super::summary::excerpt;
use super::text::{Room, fill, offer, reply_lines};
use super::view::offers;
use crate::dialog::session::{Session, Span};
use crate::escape::printable;
use crate::smtp::extension;
use std::collections::BTreeSet;
use std::hash::BuildHasher;

/// Sets that replies fall into, by the seeded hash of each.
const SETS: usize = 16;

/// Replies of a set that are known at once. With one only, two servers may take turns in it for a
/// whole run, and be read anew each time.
const WAYS: usize = 4;

/// Bytes of a reply that is kept.
const LONGEST: usize = 2048;

/// The offers of the sessions so far.
#[derive(Debug)]
pub(super) struct Known {
    /// Characters of a keyword that are shown.
    excerpt: usize,
    /// What was offered, the last first.
    kept: Box<[[Offered; WAYS]; SETS]>,
    /// What is not kept.
    other: Offered,
    none: Offered,
    /// Where texts are written.
    room: Vec<u8>,
    hasher: foldhash::fast::FixedState,
}

/// What a reply to EHLO or LHLO offers.
#[derive(Debug, Default)]
pub(super) struct Offered {
    /// The lines after the first.
    reply: Box<[u8]>,
    /// The extensions of the table, a bit for each index.
    pub(super) known: u64,
    /// The other keywords: printable, in upper case, shortened.
    pub(super) unknown: BTreeSet<String>,
    /// The items of a list of offers.
    pub(super) offers: Box<[u8]>,
    /// The items of a list of the lines.
    pub(super) lines: Box<[u8]>,
    /// How many lines they are.
    pub(super) kept: usize,
}

impl Known {
    /// Nothing is known yet.
    pub(super) fn new(excerpt: usize) -> Self {
        Self {
            excerpt,
            kept: Box::default(),
            other: Offered::default(),
            none: Offered::default(),
            room: Vec::new(),
            hasher: foldhash::fast::FixedState::default(),
        }
    }

    /// What `session` was offered last, and where in its text the reply has that: after the first
    /// line. Without such a place nobody asks for the lines.
    pub(super) fn of(&mut self, session: &Session) -> (&Offered, Option<Span>) {
        let Self { excerpt, kept, other, none, room, hasher } = self;
        let Some(place) = place(session) else {
            // There is nearly never anything.
            if offers(session).next().is_none() {
                return (none, None);
            }
            *other = Offered::new(session, b"", *excerpt, room);
            return (other, None);
        };
        let reply = session.bytes(place);
        let number = session.hellos.last().map_or(0, |hello| hello.tail.number());
        let hash = if number == 0 { hasher.hash_one(reply) } else { number };
        let Some(set) = set(hash, kept).filter(|_| reply.len() <= LONGEST) else {
            if *other.reply != *reply {
                *other = Offered::new(session, reply, *excerpt, room);
            }
            return (other, Some(place));
        };
        let way = set.iter().position(|known| *known.reply == *reply).unwrap_or_else(|| {
            set.rotate_right(1);
            let [oldest, ..] = set;
            *oldest = Offered::new(session, reply, *excerpt, room);
            0
        });
        (set.get(way).unwrap_or(none), Some(place))
    }
}

/// The set of a reply with this hash.
fn set(hash: u64, sets: &mut [[Offered; WAYS]; SETS]) -> Option<&mut [Offered; WAYS]> {
    sets.get_mut(usize::try_from(hash % SETS as u64).ok()?)
}

/// Where in the text of `session` the reply to the last answered EHLO or LHLO lies, without its
/// first line, if something is offered there. The same bytes then offer the same.
fn place(session: &Session) -> Option<Span> {
    let hello = session.hellos.last()?;
    let reply = hello.reply;
    let line = match hello.tail.first() {
        0 => memchr::memchr(b'\n', session.bytes(reply))?,
        line => line,
    };
    let first = u32::try_from(line).ok()? + 1;
    // Nothing would be kept of one empty line, which is a line all the same.
    let len = reply.len.checked_sub(first).filter(|&len| len > 0)?;
    Some(Span { at: reply.at + first, len })
}

impl Offered {
    #[cold]
    fn new(session: &Session, reply: &[u8], chars: usize, room: &mut Vec<u8>) -> Self {
        let (mut known, mut unknown) = (0, BTreeSet::new());
        for offer in offers(session) {
            if let Some(index) = extension::position(offer.keyword) {
                known |= 1_u64.checked_shl(u32::from(index)).unwrap_or(0);
            } else {
                let keyword = printable(&offer.keyword.to_ascii_uppercase());
                unknown.insert(excerpt(&keyword, chars));
            }
        }
        let mut text = |write: &dyn Fn(Room<'_>) -> Room<'_>| {
            let len = fill(room, 0, write);
            room.get(..len).unwrap_or_default().into()
        };
        let offers = text(&|out| out.items(offers(session), offer));
        let lines = text(&|out| reply_lines(out, reply));
        let kept = memchr::memchr_iter(b'\n', reply).count() + 1;
        Self { reply: reply.into(), known, unknown, offers, lines, kept }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::End;
    use crate::report::sample;
    use std::collections::BTreeMap;

    #[test]
    fn servers_do_not_take_turns() {
        let mut known = Known::new(10);
        let mut sets: BTreeMap<u64, Vec<Session>> = BTreeMap::new();
        for server in 0..SETS * WAYS {
            let dialog = format!("s< 220 a\nc> EHLO b\ns< 250-a\ns< 250 SIZE {server}");
            let session = sample::session(dialog.as_bytes(), End::Quit);
            let hash = known.hasher.hash_one(session.bytes(place(&session).unwrap()));
            sets.entry(hash % SETS as u64).or_default().push(session);
        }
        let most = sets.into_values().max_by_key(Vec::len).unwrap();
        let mut of = |session| known.of(session).0.lines.as_ptr();
        let first: Vec<_> = most.iter().take(WAYS).map(&mut of).collect();
        let again: Vec<_> = most.iter().take(WAYS).map(&mut of).collect();
        assert!(first.len() == WAYS && first == again);
    }
}
