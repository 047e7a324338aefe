//! What the network and the capturing machine do to the packets of one connection, in this
//! order: the capture misses data segments that were asked for by index, segments come again
//! with the same or with other bytes, the capture misses more.

use super::Random;
use super::dialog::Side;
use super::plan::Conn;
use super::tcp::{FIN, Packet, RST, Rank, SYN};

/// The packets of `conn` that reach the capture.
pub(super) fn afflict(conn: &Conn, clean: &[Packet], random: &mut Random) -> Vec<Packet> {
    let mut placed: Vec<((usize, u8), Packet)> = Vec::new();
    let mut data = 0;
    for (at, packet) in clean.iter().enumerate() {
        let index = data;
        data += usize::from(!packet.range.is_empty());
        if packet.range.is_empty() || !conn.drop.contains(&index) {
            placed.push(((at, 0), packet.clone()));
        }
        if packet.range.is_empty() || packet.flags & SYN != 0 {
            continue;
        }
        if conn.conflicts.contains(&index) {
            placed.push(((at, 1), contradict(packet)));
        }
        if random.chance(conn.retransmit) {
            let (place, again) = retransmit(conn, clean, at, random);
            placed.push(((place, 1), again));
        }
    }
    let known = |bad: &usize| *bad < data;
    assert!(conn.drop.iter().chain(&conn.conflicts).all(known), "only {data} data segments");
    placed.sort_by_key(|(at, _)| *at);
    let packets = placed.into_iter().map(|(_, packet)| packet);
    let packets = packets.skip(conn.skip);
    let packets = packets.filter(|p| conn.only.is_none_or(|side| side == p.side));
    packets.filter(|p| p.range.is_empty() || !random.chance(conn.drop_rate)).collect()
}

/// The same segment with other bytes.
fn contradict(packet: &Packet) -> Packet {
    let mut other = packet.clone();
    other.flags &= !FIN;
    other.rank = Rank::After;
    other.pause = 0;
    for byte in &mut other.payload {
        *byte ^= 1;
    }
    other
}

/// A segment that repeats some of the packet at `at` and some of its neighbourhood, and the
/// place it comes after.
fn retransmit(conn: &Conn, clean: &[Packet], at: usize, random: &mut Random) -> (usize, Packet) {
    let lost = &clean[at];
    let side = lost.side;
    // An ended connection sends nothing again.
    let end = clean.iter().position(|p| p.flags & (FIN | RST) != 0).unwrap_or(clean.len());
    let place = (at + random.below(6)).min(end.saturating_sub(1)).max(at);
    let before = clean[..=place].iter().rfind(|p| p.side == side).unwrap();
    let sent = clean[..=place].iter().filter(|p| p.side == side).map(|p| p.range.end).max();
    // What the application has written by then can be sent, if it was not yet.
    let written = conn.dialog.write_ends(side).into_iter().find(|&e| Some(e) >= sent).unwrap();
    let mut within = |low: u64, high: u64| {
        low + u64::try_from(random.below(usize::try_from(high - low + 1).unwrap())).unwrap()
    };
    // A datagram holds no more than 64 KiB.
    let reach = conn.mss.min(1460) as u64;
    let start = within(lost.range.start.saturating_sub(reach), lost.range.end - 1);
    let stop = within(start.max(lost.range.start) + 1, written.min(lost.range.end + reach));
    let stream = conn.dialog.stream(side);
    let bounds = usize::try_from(start).unwrap()..usize::try_from(stop).unwrap();
    let back = u32::try_from(lost.range.start - start.min(lost.range.start)).unwrap();
    let forth = u32::try_from(start.saturating_sub(lost.range.start)).unwrap();
    let again = Packet {
        side,
        flags: lost.flags & !FIN,
        seq: lost.seq.wrapping_sub(back).wrapping_add(forth),
        ack: before.ack,
        window: before.window,
        options: before.options.iter().copied().filter(|_| before.flags & SYN == 0).collect(),
        payload: stream[bounds].to_vec(),
        range: start..stop,
        pause: 0,
        rank: Rank::Free,
    };
    (place, again)
}

/// The ranges of `side` that `packets` contradict.
pub(super) fn conflicts(packets: &[Packet]) -> Vec<(Side, std::ops::Range<u64>)> {
    let contrary = packets.iter().filter(|p| p.rank == Rank::After && !p.range.is_empty());
    contrary.map(|p| (p.side, p.range.clone())).collect()
}
