//! Sessions at their beginning, in memory of their own or where another lay.

use super::list::{Few, List};
use super::session::{Elided, Protocol, Session, Text, Timing, Used};
use crate::chunk::{End, Ending, Opening};
use smallvec::SmallVec;

impl Session {
    /// A session that begins with `opening`.
    pub(super) fn begin(opening: &Opening) -> Box<Self> {
        // Made where it stays: it is large to move.
        Box::write(
            Box::new_uninit(),
            Self {
                opening: *opening,
                last_at: opening.at,
                protocol: Protocol::Unknown,
                greeting: None,
                helo: None,
                hellos: List::default(),
                used: Used::default(),
                tls: None,
                auth: None,
                exchanges: <_>::default(),
                elided_exchanges: 0,
                messages: List::default(),
                elided_messages: 0,
                elided: Elided::default(),
                unsolicited: Few::default(),
                pauses: Few::default(),
                gaps: Few::default(),
                resyncs: Few::default(),
                end: End::CaptureEnd,
                ending: Ending::InputEnd,
                early: false,
                closing: None,
                transport: None,
                timing: Timing::default(),
                text: Text::default(),
            },
        )
    }

    /// Becomes what [`begin`](Self::begin) gives. No memory is kept but its own, so that what is
    /// held does not depend on the sessions before.
    pub(super) fn renew(&mut self, opening: &Opening) {
        // All fields, so that none is forgotten.
        let Self {
            used,
            protocol,
            elided_exchanges,
            messages,
            timing,
            helo,
            hellos,
            opening: its_opening,
            greeting,
            unsolicited,
            pauses,
            gaps,
            resyncs,
            tls,
            auth,
            elided_messages,
            elided,
            last_at,
            end,
            ending,
            early,
            closing,
            transport,
            exchanges,
            text,
        } = self;
        (*its_opening, *last_at) = (*opening, opening.at);
        (*protocol, *used) = (Protocol::Unknown, Used::default());
        (*end, *ending, *early) = (End::CaptureEnd, Ending::InputEnd, false);
        (*elided_exchanges, *elided_messages, *elided) = <_>::default();
        (*greeting, *helo, *timing) = <_>::default();
        (*tls, *auth, *closing, *transport) = <_>::default();
        (*unsolicited, *pauses, *gaps, *resyncs) = <_>::default();
        (*messages, *hellos) = <_>::default();
        if exchanges.spilled() {
            *exchanges = SmallVec::new();
        }
        exchanges.clear();
        text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::ending::tests::session;
    use super::*;
    use crate::chunk::{Close, Gap, Side, What};

    #[test]
    fn a_session_is_new_where_another_lay() {
        let gap = What::Gap(Gap { bytes: 9, acked: true });
        let mut chunks = vec![(Side::Server, 0, What::Data(b"220 mx\r\n250 what\r\n"))];
        for line in
            [&b"EHLO a\r\nMAIL FROM:<a@b> SIZE=1\r\n"[..], &[b'a'; 900], b"\r\n", b"NOOP\r\n"]
        {
            let times = if line == b"NOOP\r\n" { 20 } else { 1 };
            chunks.extend(std::iter::repeat_n((Side::Client, 8, What::Data(line)), times));
        }
        chunks
            .extend([(Side::Server, 9, What::Data(b"250 a\r\n250 b\r\n")), (Side::Client, 8, gap)]);
        chunks.push((Side::Client, 30, What::Data(b"\x16\x03\x01\x00\x02ab")));
        chunks.push((Side::Client, 30, What::Close(Close::Reset)));
        for chunks in [&chunks[..], &chunks[..2], &[]] {
            let mut session = session(chunks);
            let opening = Opening { digits: 9, by_content: true, ..session.opening };
            session.renew(&opening);
            // Octets that nobody reads differ.
            assert!(session.text.as_slice().is_empty());
            session.text = Text::default();
            let new = Session::begin(&opening);
            assert_eq!(format!("{session:?}"), format!("{new:?}"));
            assert_eq!(session.held(), new.held());
        }
    }
}
