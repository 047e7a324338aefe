//! Two TCP stacks that talk: a connection's wishes in, its packets in the order of an undamaged
//! capture out. Every packet is received before the next is sent.

use super::Random;
use super::dialog::Side;
use super::event::Event;
use super::plan::{Acks, Close, Conn, Open};
use std::ops::Range;

/// A TCP segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub side: Side,
    /// A sum of [`FIN`], [`SYN`], [`RST`], [`PSH`].
    pub flags: u8,
    pub seq: u32,
    pub ack: Option<u32>,
    pub window: u16,
    /// TCP options, a multiple of 4 bytes.
    pub options: Vec<u8>,
    pub payload: Vec<u8>,
    /// The place of the payload in the stream of `side`; empty where it belongs to none.
    pub range: Range<u64>,
    /// Extra time before it, in nanoseconds.
    pub pause: i64,
    pub rank: Rank,
}

/// Where a packet may be moved to by reordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// Anywhere.
    Free,
    /// Nothing that follows may overtake it.
    First,
    /// It may overtake nothing, as its bytes differ from those it seems to repeat.
    After,
    /// The same, and it is the end.
    Last,
}

pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const PSH: u8 = 8;

/// The packets of a connection.
pub(super) fn converse(conn: &Conn, random: &mut Random) -> Vec<Packet> {
    let isns = conn.isns(random);
    let stack = |side: Side| Stack { isn: isns[side.index()], ..Stack::default() };
    let mut talk = Talk {
        conn,
        random,
        streams: Side::BOTH.map(|side| conn.dialog.stream(side)),
        stacks: Side::BOTH.map(stack),
        packets: Vec::new(),
        pause: 0,
        clock: 0,
        ceilings: [u64::MAX; 2],
        frozen: [u64::MAX; 2],
    };
    if talk.open() {
        talk.say();
        talk.close();
    }
    talk.packets
}

/// One end of the connection.
#[derive(Clone, Debug, Default)]
struct Stack {
    isn: u32,
    /// SYN and FIN that were sent.
    syn: bool,
    fin: bool,
    /// Bytes of the stream that were sent.
    sent: u64,
    /// Segments of data that were received and not acknowledged.
    owed: usize,
}

/// The state of the conversation.
pub(super) struct Talk<'a> {
    pub(super) conn: &'a Conn,
    random: &'a mut Random,
    streams: [Vec<u8>; 2],
    stacks: [Stack; 2],
    pub(super) packets: Vec<Packet>,
    /// Extra time before the next packet.
    pub(super) pause: i64,
    /// For the timestamps option.
    clock: u32,
    /// The most that each side acknowledges of the other's stream: it has not seen more.
    ceilings: [u64; 2],
    /// The same, but for good.
    pub(super) frozen: [u64; 2],
}

impl Talk<'_> {
    /// The opening; whether there is anything to say after it.
    fn open(&mut self) -> bool {
        match self.conn.open {
            Open::Handshake => {}
            Open::Refused => {
                self.syn(Side::Client, false);
                self.send(Side::Server, RST, 0..0);
                let reset = self.packets.last_mut().unwrap();
                (reset.seq, reset.rank) = (0, Rank::Last);
                return false;
            }
            Open::NoAnswer => {
                for _ in 0..3 {
                    self.syn(Side::Client, false);
                }
                return false;
            }
        }
        let first = self.conn.dialog.turns.first().map(|turn| turn.side);
        for side in Side::BOTH {
            self.syn(side, self.conn.syn_data && first == Some(side));
            if side == Side::Client {
                self.syns_again();
            }
        }
        self.send(Side::Client, 0, 0..0);
        true
    }

    /// All the data, write by write.
    fn say(&mut self) {
        let mut ends = [0_u64; 2];
        for (number, turn) in self.conn.dialog.turns.iter().enumerate() {
            self.ceilings = Side::BOTH.map(|side| self.ceiling(side, number));
            let end = &mut ends[turn.side.index()];
            *end += turn.bytes.len() as u64;
            let end = *end;
            if self.random.chance(self.conn.keep_alive) {
                self.keep_alive(turn.side.other());
            }
            self.happen(&turn.events);
            self.pause = self.conn.think[turn.side.index()] + turn.pause;
            self.write(turn.side, end, &turn.events);
        }
        self.happen(&self.conn.dialog.tail);
        self.ceilings = [u64::MAX; 2];
    }

    /// How much of the other's stream `side` has seen at most when it writes next, from the turn
    /// of this number on.
    fn ceiling(&self, side: Side, number: usize) -> u64 {
        let turns = &self.conn.dialog.turns;
        let next = turns.iter().enumerate().skip(number).find(|(_, turn)| turn.side == side);
        let Some((place, turn)) = next.filter(|(_, turn)| turn.unseen > 0) else {
            return u64::MAX;
        };
        let before = turns.iter().take(place).filter(|turn| turn.side != side);
        before.map(|turn| turn.bytes.len() as u64).sum::<u64>() - turn.unseen
    }

    /// Sends the stream of `side` up to `end`.
    fn write(&mut self, side: Side, end: u64, events: &[Event]) {
        let mss = self.conn.mss as u64;
        let overlap = self.conn.overlap as u64;
        let mut first = true;
        while self.sent(side) < end {
            let start = self.sent(side);
            if !first && self.random.chance(self.conn.zero_window) {
                self.probe(side, start);
            }
            let events = if first { events } else { &[] };
            first = false;
            let stop = end.min(start + mss);
            let push = if stop == end { PSH } else { 0 };
            let last = Close::Fin(side) == self.conn.close
                && self.conn.fin_data
                && self.is_last(side, stop);
            let fin = if last { FIN } else { 0 };
            if !self.send_oddly(side, push, (start, stop), events) {
                self.send(side, push | fin, start.saturating_sub(overlap)..stop);
            }
            self.acknowledge(side.other());
        }
    }

    /// The closing.
    fn close(&mut self) {
        let answers = self.conn.acks != Acks::Never;
        self.pause += self.conn.dialog.pause;
        let first = match self.conn.close {
            Close::Fin(side) => side,
            Close::Reset(side) => {
                self.send(side, RST, 0..0);
                self.packets.last_mut().unwrap().rank = Rank::Last;
                return;
            }
            Close::Never => return,
        };
        for side in [first, first.other()] {
            if self.stacks[side.index()].fin {
                continue;
            }
            self.send(side, FIN, 0..0);
            if answers {
                self.send(side.other(), 0, 0..0);
            }
        }
    }

    /// Whether the dialog is over when `side` has sent its stream up to `end`.
    fn is_last(&self, side: Side, end: u64) -> bool {
        let all = |side: Side| self.streams[side.index()].len() as u64;
        end == all(side) && self.sent(side.other()) == all(side.other())
    }

    /// SYN or SYN+ACK of `side`, perhaps with the first bytes of its stream.
    pub(super) fn syn(&mut self, side: Side, with_data: bool) {
        let turn = self.conn.dialog.turns.first().filter(|_| with_data);
        let end = turn.map_or(0, |turn| turn.bytes.len().min(self.conn.mss)) as u64;
        // The SYN itself is sent once, even if it is sent again.
        self.stacks[side.index()].syn = false;
        self.send(side, SYN, 0..end);
        let packet = self.packets.last_mut().unwrap();
        packet.rank = Rank::First;
        // Maximum segment size and window scale (RFC 9293 §3.2, RFC 7323 §2.2).
        packet.options.splice(0..0, [2, 4, 5, 0xb4, 1, 3, 3, 7]);
    }

    /// `side` acknowledges what it received, if it is time.
    fn acknowledge(&mut self, side: Side) {
        let owed = self.stacks[side.index()].owed;
        let due = match self.conn.acks {
            Acks::Each => owed >= 1,
            Acks::Delayed => owed >= 2,
            Acks::Never => false,
        };
        if due {
            self.send(side, 0, 0..0);
        }
    }

    /// `side` asks whether the other is there, which answers.
    pub(super) fn keep_alive(&mut self, side: Side) {
        self.send(side, 0, 0..0);
        let packet = self.packets.last_mut().unwrap();
        packet.seq = packet.seq.wrapping_sub(1);
        if self.conn.garbage {
            packet.payload = vec![0];
            packet.rank = Rank::After;
        }
        self.send(side.other(), 0, 0..0);
    }

    /// The window for `side` is closed; it sends the byte at `start`, which is not taken.
    fn probe(&mut self, side: Side, start: u64) {
        let other = side.other();
        self.send(other, 0, 0..0);
        self.packets.last_mut().unwrap().window = 0;
        self.send(side, 0, start..start + 1);
        self.stacks[side.index()].sent = start;
        self.send(other, 0, 0..0);
        self.packets.last_mut().unwrap().window = 0;
        self.send(other, 0, 0..0);
    }

    /// `side` sends a segment with these bytes of its stream.
    pub(super) fn send(&mut self, side: Side, flags: u8, range: Range<u64>) {
        self.clock += 1;
        let peer = &self.stacks[side.other().index()];
        let seen = peer.sent.min(self.ceilings[side.index()]).min(self.frozen[side.index()]);
        let received =
            seq_at(peer.isn, seen).wrapping_add(u32::from(peer.fin && seen == peer.sent));
        let ack = peer.syn.then_some(received);
        let stack = &mut self.stacks[side.index()];
        let at = if range.is_empty() { stack.sent } else { range.start };
        let range = if range.is_empty() { at..at } else { range };
        let mut seq = seq_at(stack.isn, at).wrapping_add(u32::from(stack.fin));
        if flags & SYN != 0 {
            seq = stack.isn;
            stack.syn = true;
        }
        stack.fin |= flags & FIN != 0;
        stack.sent = stack.sent.max(range.end);
        stack.owed = 0;
        let bounds = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        self.stacks[side.other().index()].owed += usize::from(!range.is_empty());
        let mut options = Vec::new();
        if self.conn.tcp_timestamps {
            let echo = if ack.is_some() { self.clock - 1 } else { 0 };
            options.extend([1, 1, 8, 10]);
            options.extend(self.clock.to_be_bytes());
            options.extend(echo.to_be_bytes());
        }
        self.packets.push(Packet {
            side,
            flags,
            seq,
            ack,
            window: 64_240,
            options,
            payload: self.streams[side.index()][bounds].to_vec(),
            range,
            pause: std::mem::take(&mut self.pause),
            rank: Rank::Free,
        });
    }

    /// How much of its stream `side` has sent.
    fn sent(&self, side: Side) -> u64 {
        self.stacks[side.index()].sent
    }
}

/// The sequence number of byte `offset` of a stream.
pub(super) fn seq_at(isn: u32, offset: u64) -> u32 {
    let low = u32::try_from(offset % (1 << 32)).unwrap();
    isn.wrapping_add(1).wrapping_add(low)
}
