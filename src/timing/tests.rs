//! Sessions of packets at given times.

use super::*;
use crate::chunk::{Chunk, Close, Consume, Ending, Open, Opening, Side, Transport, What};
use crate::dialog::{Dialog, Settings};
use crate::place::Place;
use proptest::prelude::*;
use std::sync::Arc;

fn at(micros: i64) -> Stamp {
    Stamp::from_nanos(1_700_000_000_000_000_000 + micros * 1000)
}

/// A session of packets at these microseconds, after a handshake whose packets come at 0, 20 and
/// 50: the server is 20 µs away and back, the client 30.
fn session(packets: &[(i64, &str)], medium: Medium, end: Option<(i64, Side)>) -> Session {
    let place = Place::new(1);
    let opening = Opening {
        peers: None,
        via: None,
        at: Some(at(0)),
        digits: 6,
        place,
        medium,
        by_content: false,
        shows: crate::chunk::Shows::ALL,
    };
    let mut dialog = Dialog::new(&opening, Arc::new(Settings::default()), None);
    let mut push = |micros, side, what: What<'_>| {
        dialog.push(&Chunk { side, at: Some(at(micros)), place, seen: None, what });
    };
    if medium == Medium::Packets {
        push(0, Side::Client, What::Open(Open::Syn));
        push(20, Side::Server, What::Open(Open::SynAck));
        push(50, Side::Client, What::Open(Open::Established));
    }
    let mut last = 50;
    for (micros, text) in packets {
        let (side, text) = text.split_once(' ').unwrap();
        let side = if side == "c" { Side::Client } else { Side::Server };
        push(*micros, side, What::Data(text.replace('~', "\r\n").as_bytes()));
        last = *micros;
    }
    let mut ending = Ending::InputEnd;
    if let Some((micros, side)) = end {
        push(micros, side, What::Close(Close::Fin));
        (last, ending) = (micros, Ending::Closed);
    }
    *dialog.finish(ending, Some(at(last)), Some(Transport::default())).0
}

const ORDINARY: &[(i64, &str)] = &[
    (150, "s 220 mx.example.net~"),
    (250, "c EHLO client.example.org~"),
    (300, "s 250-mx.example.net~250-PIPELI"),
    (400, "s NING~250 SIZE~"),
    (500, "c MAIL FROM:<a@example.org>~RCPT TO:<b@example.net>~DATA~"),
    (600, "s 250 ok~"),
    (700, "s 250 ok~354 go~"),
    (800, "c Subject: x~"),
    (1000, "c ~text~.~"),
    (1500, "s 250 taken~"),
    (1600, "c QUIT~"),
    (1700, "s 221 bye~"),
];

fn micros(lapse: Option<Lapse>) -> Option<i64> {
    lapse.map(Lapse::micros)
}

#[test]
fn each_exchange_has_its_server_client_and_network() {
    let session = session(ORDINARY, Medium::Packets, Some((1800, Side::Client)));
    let timings = of(&session);
    assert_eq!(micros(timings.round_trip.server), Some(20));
    assert_eq!(micros(timings.round_trip.client), Some(30));
    let times = timings.exchanges.iter();
    let all: Vec<_> =
        times.map(|one| (micros(one.client), micros(one.server), micros(one.network))).collect();
    assert_eq!(
        all,
        [
            // EHLO: 100 since the greeting, 50 to the first octet of its reply.
            (Some(70), Some(30), Some(50)),
            // MAIL: since the end of EHLO's reply.
            (Some(70), Some(80), Some(50)),
            // RCPT and DATA were sent with it; the server went on when it had answered MAIL.
            (None, Some(100), Some(0)),
            (None, Some(0), Some(0)),
            (Some(270), Some(480), Some(50)),
            (Some(70), Some(80), Some(50)),
        ]
    );
}

#[test]
fn every_moment_has_one_phase() {
    let session = session(ORDINARY, Medium::Packets, Some((1800, Side::Client)));
    let phases = of(&session).phases;
    let all: Vec<_> = phases.iter().map(|(phase, time)| (phase.name(), time.micros())).collect();
    let expected = [
        ("connect", 50),
        ("greeting", 100),
        ("ehlo", 250),
        ("envelope", 300),
        ("data", 300),
        ("final", 500),
        ("quit", 300),
    ];
    assert_eq!(all, expected);
    let sum: i64 = all.iter().map(|(_, time)| time).sum();
    assert_eq!(Some(sum), micros(session.duration()));
    assert_eq!(micros(transfer(&session, 0, &session.messages[0])), Some(300));
    let rate = throughput(&session.messages[0], Lapse::from_nanos(300_000));
    assert_eq!(rate, Some(session.messages[0].size() * 1_000_000 / 300));
    assert_eq!(throughput(&session.messages[0], Lapse::default()), None);
}

proptest! {
    /// A jump is looked for in all times at once, before it is asked between which.
    #[test]
    fn no_clock_that_was_set_is_overlooked(
        times in proptest::collection::vec(prop_oneof![Just(None), (-3i64..3).prop_map(Some)], 15),
    ) {
        let mut times = times.into_iter().map(|time| time.map(|time| at(time * 700_000)));
        let mut session = session(ORDINARY, Medium::Packets, None);
        (session.opening.at, session.last_at) = (times.next().unwrap(), times.next().unwrap());
        session.greeting.as_mut().unwrap().begun.at = times.next().unwrap();
        for exchange in &mut session.exchanges {
            exchange.asked.at = times.next().unwrap();
            exchange.reply.as_mut().unwrap().begun.at = times.next().unwrap();
        }
        prop_assert_eq!(is_steady(&session), is_each_steady(&session));
    }
}

#[test]
fn a_transcript_does_not_say_where_it_was_written() {
    let session = session(ORDINARY, Medium::Transcript, None);
    let timings = of(&session);
    assert_eq!(timings.round_trip, RoundTrip::default());
    assert!(timings.exchanges.iter().all(|one| *one == ExchangeTimes::default()));
    assert_eq!(micros(timings.phases.of(Phase::Final)), Some(500));
}

#[test]
fn a_stall_is_told_in_one_sentence() {
    let second = 1_000_000;
    let packets = [
        (2 * second, "s 220 mx.example.net~"),
        (3 * second, "c EHLO client.example.org~"),
        (4 * second, "s 250 mx.example.net~"),
        (5 * second, "c MAIL FROM:<a@example.org>~"),
    ];
    let stopped = session(&packets, Medium::Packets, Some((75 * second, Side::Client)));
    let told: Vec<_> = of(&stopped).stalls.iter().map(|one| one.sentence(&stopped)).collect();
    assert_eq!(told[0], "the client waited 1.9 s for the server's greeting");
    assert_eq!(
        told.last().unwrap(),
        "the client waited 1 min 10 s for the server's reply to \"MAIL FROM:<a@example.org>\", which \
         never came"
    );
    // A recording that ends says nothing of what came after.
    let cut = session(&packets, Medium::Packets, None);
    assert!(of(&cut).stalls.iter().all(|one| !one.in_vain));
    assert_eq!(of(&stopped).phases.of(Phase::Envelope).map(Lapse::micros), Some(71 * second));
}

#[test]
fn durations_are_for_people() {
    let of = |millis: i64| duration(Lapse::from_nanos(millis * 1_000_000));
    assert_eq!([of(0), of(999), of(1_050), of(59_999)], ["0 ms", "999 ms", "1.0 s", "59.9 s"]);
    assert_eq!([of(60_000), of(303_000), of(7_500_000)], ["1 min", "5 min 3 s", "2 h 5 min"]);
}
