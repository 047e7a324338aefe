//! What happens to TCP before a write, or to its segments, as `# wire` in a dialog asks.

use super::dialog::{Side, nanos};
use super::tcp::{Rank, Talk};

/// An event of TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `zero-window SIDE TIME`: the side closes its window for so long; the other probes it once.
    ZeroWindow(Side, i64),
    /// `zero-windows TIME`: both sides do.
    ZeroWindows(i64),
    /// `keep-alive SIDE TIME`: after such a silence, answered.
    KeepAlive(Side, i64),
    /// `retransmit COUNT`: the first segment of the write is sent again, after 1 s, 2 s, 4 s and so
    /// on, before it is acknowledged.
    Retransmit(u32),
    /// `dead COUNT`: the same, and it is never acknowledged, nor is anything behind it.
    Dead(u32),
    /// `acked-again TIME`: the first segment of the write is sent again once, so long after it was
    /// acknowledged.
    AckedAgain(i64),
    /// `silence TIME`: nothing happens for so long before what ends the connection.
    Silence(i64),
    /// `reset SIDE`: a forged RST, after which the side goes on.
    Reset(Side),
    /// `after-fin`: the server ends its stream, and sends more.
    AfterFin,
    /// `reuse`: behind all, the same ports begin another connection.
    Reuse,
    /// `again TIME`: the first segment of the write is sent again once, after that time.
    Again(i64),
    /// `duplicate`: the first segment of the write is captured twice.
    Duplicate,
    /// `reorder TIME`: the first segment of the write comes in two halves, the second one first,
    /// the first one after that time.
    Reorder(i64),
    /// `lost`: the first segment of the write is not captured, though it arrived.
    Lost,
    /// `lost-for-good`: the same, but it never arrives: the other side acknowledges nothing more.
    LostForGood,
    /// `conflict`: the first segment of the write comes again with other bytes.
    Conflict,
    /// `syns COUNT`: of the first write: SYN is sent so many times more, after 1 s, 2 s and so on.
    Syns(u32),
}

impl Event {
    /// Reads the words after `# wire`.
    pub(super) fn parse(words: &[&[u8]]) -> Self {
        let side = |word: &[u8]| if word == b"client" { Side::Client } else { Side::Server };
        let number = |word: &[u8]| str::from_utf8(word).unwrap().parse().unwrap();
        match *words {
            [b"zero-window", who, time] => Self::ZeroWindow(side(who), nanos(time)),
            [b"zero-windows", time] => Self::ZeroWindows(nanos(time)),
            [b"keep-alive", who, time] => Self::KeepAlive(side(who), nanos(time)),
            [b"retransmit", count] => Self::Retransmit(number(count)),
            [b"dead", count] => Self::Dead(number(count)),
            [b"acked-again", time] => Self::AckedAgain(nanos(time)),
            [b"silence", time] => Self::Silence(nanos(time)),
            [b"reset", who] => Self::Reset(side(who)),
            [b"after-fin"] => Self::AfterFin,
            [b"reuse"] => Self::Reuse,
            [b"again", time] => Self::Again(nanos(time)),
            [b"duplicate"] => Self::Duplicate,
            [b"reorder", time] => Self::Reorder(nanos(time)),
            [b"lost"] => Self::Lost,
            [b"lost-for-good"] => Self::LostForGood,
            [b"conflict"] => Self::Conflict,
            [b"syns", count] => Self::Syns(number(count)),
            _ => panic!("no such event: {:?}", words.concat().escape_ascii().to_string()),
        }
    }
}

impl Talk<'_> {
    /// What happens before a write.
    pub(super) fn happen(&mut self, events: &[Event]) {
        for &event in events {
            match event {
                Event::ZeroWindow(side, time) => self.close_windows(&[side], time),
                Event::ZeroWindows(time) => self.close_windows(&Side::BOTH, time),
                Event::KeepAlive(side, time) => {
                    self.pause = time;
                    self.keep_alive(side);
                }
                Event::Silence(time) => self.pause = time,
                Event::Reset(side) => {
                    self.send(side, super::tcp::RST, 0..0);
                    self.packets.last_mut().unwrap().rank = Rank::After;
                }
                Event::AfterFin => {
                    self.send(Side::Server, super::tcp::FIN, 0..0);
                    self.send(Side::Client, 0, 0..0);
                    self.send(Side::Server, 0, 0..0);
                    let more = self.packets.last_mut().unwrap();
                    more.payload = b"250 more\r\n".to_vec();
                    more.rank = Rank::After;
                }
                Event::Reuse => {
                    self.syn(Side::Client, false);
                    let syn = self.packets.last_mut().unwrap();
                    (syn.seq, syn.ack, syn.rank) =
                        (syn.seq.wrapping_add(1 << 30), None, Rank::Last);
                }
                _ => {}
            }
        }
    }

    /// SYN again, as the first write wishes.
    pub(super) fn syns_again(&mut self) {
        let events = self.conn.dialog.turns.first().map(|turn| turn.events.clone());
        for event in events.unwrap_or_default() {
            if let Event::Syns(count) = event {
                for number in 0..count {
                    self.pause = 1_000_000_000 << number;
                    self.syn(Side::Client, false);
                }
            }
        }
    }

    /// `sides` take nothing for `time`; the other one looks in the middle of it.
    fn close_windows(&mut self, sides: &[Side], time: i64) {
        for &side in sides {
            self.send(side, 0, 0..0);
            self.packets.last_mut().unwrap().window = 0;
        }
        if let [side] = *sides {
            self.pause = time / 2;
            self.send(side.other(), 0, 0..0);
            let probe = self.packets.last_mut().unwrap();
            probe.seq = probe.seq.wrapping_sub(1);
            self.send(side, 0, 0..0);
            self.packets.last_mut().unwrap().window = 0;
        }
        self.pause = if sides.len() == 1 { time / 2 } else { time };
        for &side in sides {
            self.send(side, 0, 0..0);
        }
    }

    /// Sends `start..stop` of `side`'s stream, the first segment of a write, as `events` ask;
    /// whether they asked for anything.
    pub(super) fn send_oddly(
        &mut self,
        side: Side,
        flags: u8,
        (start, stop): (u64, u64),
        events: &[Event],
    ) -> bool {
        let range = start..stop;
        let mut is_sent = false;
        for &event in events {
            match event {
                Event::Retransmit(count) | Event::Dead(count) => {
                    if event == Event::Dead(count) {
                        self.frozen[side.other().index()] = start;
                    }
                    self.send(side, flags, range.clone());
                    for number in 0..count {
                        self.pause = 1_000_000_000 << number;
                        self.send(side, flags, range.clone());
                    }
                }
                Event::Again(time) => {
                    self.send(side, flags, range.clone());
                    self.pause = time;
                    self.send(side, flags, range.clone());
                }
                Event::AckedAgain(time) => {
                    self.send(side, flags, range.clone());
                    self.send(side.other(), 0, 0..0);
                    self.pause = time;
                    self.send(side, flags, range.clone());
                }
                Event::Duplicate => {
                    self.send(side, flags, range.clone());
                    let again = self.packets.last().unwrap().clone();
                    self.packets.push(super::tcp::Packet { pause: 0, ..again });
                }
                Event::Reorder(time) => {
                    let middle = start.midpoint(stop);
                    self.send(side, flags, middle..stop);
                    self.pause = time;
                    self.send(side, flags, start..middle);
                }
                Event::Lost => {
                    self.send(side, flags, range.clone());
                    self.packets.pop();
                }
                Event::LostForGood => {
                    self.send(side, flags, range.clone());
                    self.packets.pop();
                    self.frozen[side.other().index()] = start;
                }
                Event::Conflict => {
                    self.send(side, flags, range.clone());
                    let mut other = self.packets.last().unwrap().clone();
                    other.rank = Rank::After;
                    other.pause = 0;
                    for byte in &mut other.payload {
                        *byte ^= 1;
                    }
                    self.packets.push(other);
                }
                _ => continue,
            }
            is_sent = true;
        }
        is_sent
    }
}
