//! What is odd about the segments of a connection, and what it leaves behind.

use super::Flow;
use crate::chunk::{Mark, Odd, Side, Sides, Transport};
use crate::packet::Segment;
use crate::stream::half::{Traces, Watched};

/// Stalls that are kept of a session.
const STALLS: usize = 32;

impl<D> Flow<D> {
    /// Looks at a segment before it is taken.
    pub(super) fn watch(&mut self, segment: &Segment<'_>) -> Option<Watched> {
        let mark = Mark { at: segment.at, place: segment.place };
        let before = Mark { at: self.last_at, place: self.last };
        let (way, flags) = (segment.way, segment.flags);
        if flags.rst {
            return None;
        }
        let len = segment.data.len() as u64 + u64::from(segment.cut);
        let has_end = self.halves.iter().any(|half| half.fin().is_some());
        let other = self.half_mut(way.back());
        if let Some(ack) = segment.ack {
            other.note_ack(ack, mark);
        }
        let is_probe = other.has_closed_window();
        let own = self.half_mut(way);
        if flags.syn {
            let start = segment.seq.wrapping_add(1);
            if own.anchored && own.starts_at(start) && own.is_placed() {
                own.note_syn(before, mark);
            }
            return None;
        }
        // Who hears nothing more needs no window.
        if segment.ack.is_some() && (segment.window > 0 || !has_end) {
            own.note_window(segment.window, mark);
        }
        if flags.fin && len == 0 && own.fin().is_some() {
            own.note_fin(before, mark);
        }
        if len <= 1 && !flags.fin && !is_probe && !has_end {
            own.note_keep_alive(segment.seq, before, mark);
        }
        if len == 0 {
            return None;
        }
        let watched = own.before((segment.seq, len), before, mark)?;
        if own.fin().is_some_and(|fin| watched.end > fin.offset) {
            own.note_after_fin(mark);
        }
        Some(Watched { is_probe, ..watched })
    }

    pub(super) fn transport(&mut self) -> Transport {
        let way = self.client;
        let client = self.half(way).tally();
        let server = self.half(way.back()).tally();
        let [up, down] = self.skipped.as_deref().copied().unwrap_or_default();
        let (client_skipped, server_skipped) =
            if way == crate::packet::Way::Up { (up, down) } else { (down, up) };
        let mut transport = Transport {
            bytes: Sides {
                client: client.bytes.saturating_sub(client_skipped),
                server: server.bytes.saturating_sub(server_skipped),
            },
            missing_bytes: Sides { client: client.missing, server: server.missing },
            retransmitted_bytes: Sides {
                client: client.retransmitted,
                server: server.retransmitted,
            },
            out_of_order: Sides { client: client.out_of_order, server: server.out_of_order },
            conflicting_bytes: Sides { client: client.conflicting, server: server.conflicting },
            first_conflict: [client.first_conflict, server.first_conflict]
                .into_iter()
                .flatten()
                .min(),
            midstream: self.handshake.connects.is_none(),
            ..Transport::default()
        };
        let client = self.half_mut(way).traces(Side::Client);
        let server = self.half_mut(way.back()).traces(Side::Server);
        if client.is_some() || server.is_some() {
            leave(&mut transport, [(Side::Client, client), (Side::Server, server)]);
        }
        transport
    }
}

/// Puts what both directions leave behind into `transport`.
fn leave(transport: &mut Transport, sides: [(Side, Option<Traces>); 2]) {
    let has_copies =
        sides.iter().any(|(_, one)| one.as_ref().is_some_and(|one| one.odd.duplicates.any()));
    for (side, traces) in sides {
        let Some(Traces { mut odd, quick, stalls, elided }) = traces else { continue };
        let quick_ones = if has_copies { &mut odd.duplicates } else { &mut odd.retransmissions };
        quick_ones.add_all(quick);
        if odd != Odd::default() {
            *transport.odd.of_mut(side) = Some(Box::new(odd));
        }
        transport.stalls.extend(stalls);
        transport.elided_stalls += elided;
    }
    transport.stalls.sort_by_key(|stall| stall.from.place);
    let more = transport.stalls.len().saturating_sub(STALLS);
    transport.stalls.truncate(STALLS);
    transport.elided_stalls += more as u64;
}
