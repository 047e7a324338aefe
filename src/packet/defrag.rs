//! IP fragments → whole datagrams.
//!
//! In: fragments in any order, again and again, overlapping, from liars. Out: each datagram
//! once, when its last byte is there. Where fragments overlap the first copy stays, and a copy
//! that differs is counted. It does not know what a datagram carries.
//!
//! Bytes that the capture cut off a fragment are never data: the datagram is given up to the
//! first of them, with its length on the wire.
//!
//! A finished datagram stays for a while, so that fragments captured twice do not open a new
//! one; different bytes under the same identification do.

use super::Ip;
use super::datagram::{Datagram, Fragment, Whole};
use crate::capture::Frame;
use crate::limits::Limits;
use crate::trouble::{Trouble, Troubles};
use std::collections::{BTreeMap, HashMap};

/// The datagrams being put together.
pub(super) struct Table {
    limits: Limits,
    datagrams: HashMap<Key, Datagram>,
    /// Keys of those that lack fragments, oldest first.
    open: BTreeMap<u64, Key>,
    /// Keys of those that were handed on, oldest first.
    done: BTreeMap<u64, Key>,
    /// Age of the next datagram.
    next: u64,
    /// What all datagrams cost, in bytes.
    held: usize,
}

/// What fragments of one datagram have in common (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    /// The protocol counts in IPv4 only; it is 0 in IPv6.
    ip: Ip,
    identification: u32,
}

impl Table {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            datagrams: HashMap::new(),
            open: BTreeMap::new(),
            done: BTreeMap::new(),
            next: 0,
            held: 0,
        }
    }

    /// Takes a fragment of `frame`, whose bytes are a range of `bytes`; gives the datagram that
    /// it completes.
    pub(super) fn add(
        &mut self,
        fragment: &Fragment,
        bytes: &[u8],
        frame: &Frame<'_>,
        troubles: &mut Troubles,
    ) -> Option<Whole> {
        let captured = bytes.get(fragment.captured.clone()).unwrap_or_default();
        if !fragment.is_possible() {
            troubles.add(Trouble::BadPacket, frame.origin);
            return None;
        }
        let key = Key::of(fragment);
        self.make_way(&key, fragment, captured, frame, troubles);
        let next = &mut self.next;
        let open = &mut self.open;
        let datagram = self.datagrams.entry(key).or_insert_with(|| {
            *next += 1;
            open.insert(*next, key);
            Datagram::new(*next, fragment, frame)
        });
        if datagram.done {
            return None;
        }
        let cost = datagram.cost();
        let agrees = datagram.take(fragment, captured);
        self.held = self.held.saturating_add(datagram.cost()).saturating_sub(cost);
        if !agrees && datagram.wanted {
            troubles.add(Trouble::FragmentConflict, frame.origin);
        }
        let whole = datagram.whole();
        if whole.is_some() {
            datagram.done = true;
            self.open.remove(&datagram.age);
            self.done.insert(datagram.age, key);
        }
        self.shrink(troubles);
        whole
    }

    /// Counts all datagrams that lack fragments and forgets everything.
    pub(super) fn finish(&mut self, troubles: &mut Troubles) {
        while let Some((_, key)) = self.open.pop_first() {
            self.drop_datagram(&key, Trouble::FragmentMissing, troubles);
        }
        *self = Self::new(&self.limits);
    }

    /// Drops a datagram under `key` that `fragment` cannot belong to: it came too long ago, or
    /// it is complete and has other bytes.
    fn make_way(
        &mut self,
        key: &Key,
        fragment: &Fragment,
        captured: &[u8],
        frame: &Frame<'_>,
        troubles: &mut Troubles,
    ) {
        let Some(datagram) = self.datagrams.get(key) else {
            return;
        };
        let lapse = datagram.at.zip(frame.at).map_or(0, |(from, to)| to.since(from).nanos());
        let is_stale = lapse.unsigned_abs() > self.limits.fragment_lapse_ns;
        if is_stale || datagram.done && !datagram.repeats(fragment, captured) {
            self.drop_datagram(key, Trouble::FragmentMissing, troubles);
        }
    }

    /// Keeps the table within its limits.
    fn shrink(&mut self, troubles: &mut Troubles) {
        while self.held > self.limits.fragment_bytes
            || self.datagrams.len() > self.limits.fragment_datagrams
        {
            let Some((_, key)) = self.done.pop_first().or_else(|| self.open.pop_first()) else {
                return;
            };
            self.drop_datagram(&key, Trouble::FragmentOverflow, troubles);
        }
    }

    /// Forgets a datagram; counts it as `trouble` if it is a loss.
    fn drop_datagram(&mut self, key: &Key, trouble: Trouble, troubles: &mut Troubles) {
        let Some(datagram) = self.datagrams.remove(key) else {
            return;
        };
        self.held = self.held.saturating_sub(datagram.cost());
        self.open.remove(&datagram.age);
        self.done.remove(&datagram.age);
        if !datagram.done && datagram.wanted {
            troubles.add(trouble, datagram.origin);
        }
    }
}

impl Key {
    fn of(fragment: &Fragment) -> Self {
        let mut ip = fragment.ip;
        if ip.from.is_ipv6() {
            ip.protocol = 0;
        }
        Self { ip, identification: fragment.part.identification }
    }
}

#[cfg(test)]
mod tests {
    use super::super::datagram::{Datagram, Fragment};
    use super::super::forge::{self, DATA, Got, RAW, decode_all, decode_packets, frame};
    use super::super::forge::{ether, ipv4, ipv6, join, tcp4, tcp6, udp4};
    use super::super::{Ip, Part};
    use crate::capture::Frame;
    use crate::limits::Limits;
    use crate::time::Stamp;
    use crate::trouble::Trouble;
    use proptest::prelude::*;

    /// A fragment of identification `id` with `range` of what `packet` (IPv4) carries.
    fn part4(packet: &[u8], id: u16, range: std::ops::Range<usize>) -> Vec<u8> {
        let body = &packet[20..];
        let mut part = ipv4(packet[9], &body[range.clone()]);
        part[4..6].copy_from_slice(&id.to_be_bytes());
        let more = u16::from(range.end < body.len()) << 13;
        let place = u16::try_from(range.start / 8).unwrap() | more;
        part[6..8].copy_from_slice(&place.to_be_bytes());
        part
    }

    /// The same of an IPv6 packet.
    fn part6(packet: &[u8], id: u32, range: std::ops::Range<usize>) -> Vec<u8> {
        let body = &packet[40..];
        let more = u16::from(range.end < body.len());
        let place = u16::try_from(range.start).unwrap() | more;
        let head = join(&[&[packet[6], 0], &place.to_be_bytes(), &id.to_be_bytes()]);
        ipv6(44, &join(&[&head, &body[range]]))
    }

    /// All of a packet in three fragments.
    fn three(packet: &[u8], id: u16) -> [Vec<u8>; 3] {
        let end = packet.len() - 20;
        [part4(packet, id, 0..16), part4(packet, id, 16..32), part4(packet, id, 32..end)]
    }

    #[test]
    fn any_order() {
        let parts = three(&tcp4(DATA), 1);
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let packets = order.map(|index| parts[index].clone());
            assert_eq!(decode_packets(RAW, &packets), Got::whole(&[DATA]), "{order:?}");
        }
    }

    #[test]
    fn ipv6_too() {
        let packet = tcp6(DATA);
        let end = packet.len() - 40;
        let parts = [part6(&packet, 70_000, 8..end), part6(&packet, 70_000, 0..8)];
        assert_eq!(decode_packets(RAW, &parts), Got::whole(&[DATA]));
    }

    #[test]
    fn datagrams_do_not_mix() {
        let (one, two) = (tcp4(b"one of them\r\n"), tcp4(b"two of them\r\n"));
        let end = one.len() - 20;
        let packets = [
            part4(&one, 1, 0..24),
            part4(&two, 2, 0..24),
            part4(&two, 2, 24..end),
            part4(&one, 1, 24..end),
        ];
        let expected = Got::whole(&[b"two of them\r\n", b"one of them\r\n"]);
        assert_eq!(decode_packets(RAW, &packets), expected);
    }

    #[test]
    fn copies_are_harmless() {
        let [a, b, c] = three(&tcp4(DATA), 1);
        let packets = [a.clone(), a, b.clone(), c.clone(), c, b];
        assert_eq!(decode_packets(RAW, &packets), Got::whole(&[DATA]));
    }

    #[test]
    fn an_identification_may_come_again() {
        let halves =
            |packet: Vec<u8>| [part4(&packet, 1, 0..24), part4(&packet, 1, 24..packet.len() - 20)];
        let packets = [halves(tcp4(b"the first\r\n")), halves(tcp4(b"another one\r\n"))];
        let expected = Got::whole(&[b"the first\r\n", b"another one\r\n"]);
        assert_eq!(decode_packets(RAW, &packets.concat()), expected);
    }

    #[test]
    fn an_old_datagram_takes_no_new_fragments() {
        let [a, b, c] = three(&tcp4(DATA), 1);
        let late = |packet| Frame { at: Some(Stamp::from_nanos(61_000_000_000)), ..packet };
        let frames = [frame(RAW, &a, 1), late(frame(RAW, &b, 2)), late(frame(RAW, &c, 3))];
        let troubles = vec![(Trouble::FragmentMissing, 2)];
        let expected = Got { data: Vec::new(), troubles };
        assert_eq!(decode_all(&frames, &Limits::default()), expected);
    }

    #[test]
    fn overlaps_that_agree() {
        let packet = tcp4(DATA);
        let end = packet.len() - 20;
        for packets in [
            [part4(&packet, 1, 0..24), part4(&packet, 1, 8..32), part4(&packet, 1, 16..end)],
            [part4(&packet, 1, 16..end), part4(&packet, 1, 8..24), part4(&packet, 1, 0..32)],
            [part4(&packet, 1, 8..16), part4(&packet, 1, 24..end), part4(&packet, 1, 0..32)],
        ] {
            assert_eq!(decode_packets(RAW, &packets), Got::whole(&[DATA]));
        }
    }

    #[test]
    fn the_first_copy_stays() {
        let packet = tcp4(DATA);
        let end = packet.len() - 20;
        let mut liar = part4(&packet, 1, 16..32);
        liar[20 + 8] ^= 1;
        let tail = part4(&packet, 1, 32..end);
        let conflict = vec![(Trouble::FragmentConflict, 1)];
        let packets = [part4(&packet, 1, 0..32), liar.clone(), tail.clone()];
        let expected = Got { data: vec![(DATA.to_vec(), 0)], troubles: conflict.clone() };
        assert_eq!(decode_packets(RAW, &packets), expected);
        let packets = [liar, part4(&packet, 1, 0..32), tail];
        let mut data = DATA.to_vec();
        data[4] ^= 1;
        assert_eq!(
            decode_packets(RAW, &packets),
            Got { data: vec![(data, 0)], troubles: conflict }
        );
    }

    #[test]
    fn ends_that_contradict() {
        let (packet, longer) = (tcp4(DATA), tcp4(&[b'x'; 60]));
        let [a, b, c] = three(&packet, 1);
        for liar in
            [part4(&longer, 1, 32..80), part4(&longer, 1, 48..56), part4(&longer, 1, 72..80)]
        {
            let got = decode_packets(RAW, &[c.clone(), liar, a.clone(), b.clone()]);
            let troubles = vec![(Trouble::FragmentConflict, 1)];
            assert_eq!(got, Got { data: vec![(DATA.to_vec(), 0)], troubles });
        }
        // The end that comes later lies before what is there.
        let got = decode_packets(RAW, &[part4(&longer, 1, 48..56), c]);
        let troubles = vec![(Trouble::FragmentConflict, 1), (Trouble::FragmentMissing, 1)];
        assert_eq!(got, Got { data: Vec::new(), troubles });
    }

    #[test]
    fn missing_fragments_are_counted_at_the_end() {
        let [a, _, c] = three(&tcp4(DATA), 1);
        assert_eq!(decode_packets(RAW, &[a, c]), Got::only(Trouble::FragmentMissing));
        let mut foreign = tcp4(DATA);
        foreign[20..24].copy_from_slice(&[0, 80, 0x80, 1]);
        let [a, _, c] = three(&foreign, 1);
        assert_eq!(decode_packets(RAW, &[c, a]), Got::default());
        let [a, _, c] = three(&udp4(53, &[0; 60]), 1);
        assert_eq!(decode_packets(RAW, &[c, a]), Got::default());
    }

    #[test]
    fn datagrams_and_bytes_are_bounded() {
        let packet = tcp4(&[b'x'; 1000]);
        let heads: Vec<_> = (0..10).map(|id| part4(&packet, id, 0..800)).collect();
        let frames: Vec<_> =
            (1..).zip(&heads).map(|(number, head)| frame(RAW, head, number)).collect();
        for limits in [
            Limits { fragment_datagrams: 4, ..Limits::default() },
            Limits { fragment_bytes: 4000, ..Limits::default() },
        ] {
            let got = decode_all(&frames, &limits);
            let troubles = vec![(Trouble::FragmentMissing, 4), (Trouble::FragmentOverflow, 6)];
            assert_eq!(got, Got { data: Vec::new(), troubles });
        }
    }

    #[test]
    fn finished_datagrams_make_way_first() {
        let limits = Limits { fragment_datagrams: 2, ..Limits::default() };
        let (packet, old) = (tcp4(DATA), three(&tcp4(DATA), 99));
        let packets: Vec<_> = (0..20).flat_map(|id| three(&packet, id)).collect();
        let packets: Vec<_> = [&old[..2], &packets, &old[2..]].concat();
        let frames: Vec<_> =
            (1..).zip(&packets).map(|(number, part)| frame(RAW, part, number)).collect();
        assert_eq!(decode_all(&frames, &limits), Got::whole(&[DATA; 21]));
    }

    #[test]
    fn impossible_places() {
        let packet = tcp4(&[0; 100]);
        let mut death = part4(&packet, 1, 0..64);
        death[6..8].copy_from_slice(&0x1fff_u16.to_be_bytes());
        let mut odd = part4(&packet, 1, 0..20);
        odd[6] = 0x20;
        let mut empty = part4(&packet, 1, 8..8);
        empty[6] = 0x20;
        for part in [death, odd, empty] {
            assert_eq!(decode_packets(RAW, &[part]), Got::only(Trouble::BadPacket));
        }
    }

    #[test]
    fn bytes_that_the_capture_cut_are_never_data() {
        let packet = tcp4(&[b'x'; 200]);
        let [a, b] = [part4(&packet, 1, 0..120), part4(&packet, 1, 120..220)];
        let cut = |part, len| Frame {
            data: &Vec::leak(part)[..len],
            wire_len: 120,
            ..frame(RAW, &[], 1)
        };
        for frames in [[cut(a.clone(), 90), frame(RAW, &b, 2)], [frame(RAW, &b, 2), cut(a, 90)]] {
            let got = decode_all(&frames, &Limits::default());
            // 20 bytes of IP and 20 of TCP before the data.
            assert_eq!(got.data, [(vec![b'x'; 50], 150)]);
            assert_eq!(got.troubles, [(Trouble::CutSegment, 1)]);
        }
    }

    #[test]
    fn tunnels_in_fragments_and_fragments_in_tunnels() {
        let inner = three(&tcp4(DATA), 1).map(|part| ipv4(4, &part));
        assert_eq!(decode_packets(RAW, &inner), Got::whole(&[DATA]));
        let halves = |(id, packet): (u16, Vec<u8>)| {
            [part4(&packet, id, 16..packet.len() - 20), part4(&packet, id, 0..16)]
        };
        let both: Vec<_> = (10..).zip(inner).flat_map(halves).collect();
        assert_eq!(decode_packets(RAW, &both), Got::whole(&[DATA]));
        let vxlan = join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &ether(0x0800, &tcp4(DATA))]);
        let outer = three(&udp4(4789, &vxlan), 7);
        assert_eq!(decode_packets(RAW, &outer), Got::whole(&[DATA]));
    }

    proptest! {
        /// Whatever the fragments, they give the datagram once, or it is counted.
        #[test]
        fn pieces_of_a_datagram_give_it(
            cuts in prop::collection::vec((0_usize..20, 1_usize..20), 1..40),
        ) {
            let packet = tcp4(&[b'y'; 133]);
            let end = packet.len() - 20;
            let parts: Vec<_> = cuts
                .iter()
                .map(|(from, len)| part4(&packet, 1, (from * 8).min(end - 1) / 8 * 8..((from + len) * 8).min(end)))
                .collect();
            let mut seen = vec![false; end];
            for (from, len) in cuts {
                seen[(from * 8).min(end - 1) / 8 * 8..((from + len) * 8).min(end)].fill(true);
            }
            let expected = if seen.contains(&false) {
                Got::only(Trouble::FragmentMissing)
            } else {
                Got::whole(&[&[b'y'; 133]])
            };
            prop_assert_eq!(decode_packets(RAW, &parts), expected);
        }

        /// No fragments, whatever they say, break the table or its bounds.
        #[test]
        fn nonsense(
            parts in prop::collection::vec((0_u8..3, 0_u16..64, any::<bool>(), prop::collection::vec(0_u8..2, 0..64)), 0..60),
        ) {
            let limits = Limits { fragment_datagrams: 2, fragment_bytes: 1000, ..Limits::default() };
            let packets: Vec<_> = parts.iter().map(|(id, place, more, body)| {
                let mut part = ipv4(4, body);
                part[5] = *id;
                part[6..8].copy_from_slice(&(place | u16::from(*more) << 13).to_be_bytes());
                part
            }).collect();
            let frames: Vec<_> = (1..).zip(&packets).map(|(number, part)| frame(RAW, part, number)).collect();
            decode_all(&frames, &limits);
            let mut table = super::Table::new(&limits);
            for (frame, (id, place, more, body)) in frames.iter().zip(&parts) {
                let from = forge::CLIENT.into();
                let fragment = Fragment {
                    ip: Ip { from, to: from, protocol: 4 },
                    part: Part { identification: u32::from(*id), offset: usize::from(*place) * 8, more: *more },
                    len: body.len(),
                    captured: 20..20 + body.len(),
                    wanted: true,
                };
                table.add(&fragment, frame.data, frame, &mut crate::trouble::Troubles::default());
                let cost: usize = table.datagrams.values().map(Datagram::cost).sum();
                prop_assert_eq!(cost, table.held);
                prop_assert!(table.held <= limits.fragment_bytes && table.datagrams.len() <= 2);
                prop_assert_eq!(table.datagrams.len(), table.open.len() + table.done.len());
            }
        }
    }
}
