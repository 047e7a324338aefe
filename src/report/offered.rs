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

/// How many replies are known at once.
const KNOWN: usize = 64;

/// Bytes of a reply that is kept.
const LONGEST: usize = 2048;

/// The offers of the sessions so far.
#[derive(Debug)]
pub(super) struct Known {
    /// Characters of a keyword that are shown.
    excerpt: usize,
    /// What was offered, each at the hash of its reply.
    kept: Box<[Offered]>,
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
            kept: (0..KNOWN).map(|_| Offered::default()).collect(),
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
        let slot = if number == 0 { hasher.hash_one(reply) } else { number } % KNOWN as u64;
        let entry = match usize::try_from(slot).ok().and_then(|slot| kept.get_mut(slot)) {
            Some(entry) if reply.len() <= LONGEST => entry,
            _ => other,
        };
        if *entry.reply != *reply {
            *entry = Offered::new(session, reply, *excerpt, room);
        }
        (entry, Some(place))
    }
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
