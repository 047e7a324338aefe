//! The text of a session is what serde makes of its model, byte for byte.

use super::*;
use crate::chunk::{Cause, End, Gap, Medium, Odd, Side, Stall, ViaKind};
use crate::dialog::session::{Attempt, Auth, AuthOutcome, Initial, ResyncWhy, Tls};
use crate::place::{Place, Places};
use crate::report::model;
use crate::report::offered::Known;
use crate::report::sample::{self, HOSTILE, entry, mark};
use crate::time::Stamp;
use crate::tls::{Alert, Certificate, ClientHello, Facts, Names, Unread};
use proptest::collection::vec;
use proptest::prelude::*;

/// What is left of the sessions before.
struct Before {
    known: Known,
    pen: Pen,
    memory: Vec<u8>,
}

impl Default for Before {
    fn default() -> Self {
        Self { known: Known::new(120), pen: Pen::default(), memory: Vec::new() }
    }
}

/// Checks the text of `session`, which begins in the second of three inputs and goes on in the
/// third.
fn check(
    before: &mut Before,
    session: &Session,
    findings: &[Finding],
) -> Result<(), TestCaseError> {
    let inputs = ["first", "C:\\\"2\".pcap", "third.pcap"].map(String::from);
    let mut places = Places::default();
    for (before, index) in [(0, 1), (7, 2)] {
        places.begin(before, index);
    }
    let not_judged = [NotJudged { rule: "greeting-slow", why: "the input has no times" }];
    let not_judged = &not_judged[..findings.len().min(1)];
    let entry = Entry { places: &places, not_judged, ..entry(1, session, findings) };
    let Before { known, pen, memory } = before;
    let offered = known.of(session);
    let timings = timing::of(session);
    for events in [false, true] {
        let timed = (&entry, &timings);
        let len = fill(memory, 0, |out| super::session(out, timed, &inputs, pen, offered, events));
        let text = format!("{HEAD}0{}", str::from_utf8(&memory[..len]).unwrap());
        let model = model::Session::new(&entry, &inputs, events);
        prop_assert_eq!(text, serde_json::to_string(&model).unwrap());
    }
    Ok(())
}

/// What a peer may say: a line, or bytes put into one.
fn line() -> impl Strategy<Value = Vec<u8>> {
    const LINES: &[&str] = &[
        "s< 220 mx.example ESMTP",
        "c> EHLO client.example",
        "c> HELO client.example",
        "c> LHLO client.example",
        "s< 250-mx.example",
        "s< 250-SIZE 1000",
        "s< 250-auth=PLAIN  LOGIN",
        "s< 250-AUTH PLAIN",
        "s< 250-X-%",
        "s< 250-x-% % y%",
        "s< 250 x%",
        "c> STARTTLS",
        "c> AUTH PLAIN %",
        "c> AUTH x% =",
        "s< 334 %",
        "s< 235 2.7.0 %",
        "c> *",
        "c> MAIL FROM:<%> SIZE=3",
        "c> MAIL FROM:<>",
        "c> RCPT TO:<%>",
        "c> RCPT TO:<a@b>",
        "s< 250 2.1.0 %",
        "s< 250-5.1.1 %",
        "s< 550 5.1.1 %",
        "c> DATA",
        "s< 354 go",
        "c> %",
        "c> .",
        "s< 250 2.0.0 queued",
        "c> BDAT 3 LAST",
        "c> a%",
        "s< %",
        "s< 250",
        "c> NOOP",
        "c> QUIT",
        "s< 221 bye",
    ];
    let said = prop_oneof![
        "[ -~]{0,40}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..20),
        "\\PC{0,8}".prop_map(String::into_bytes),
        Just(HOSTILE.to_vec()),
    ];
    (prop::sample::select(LINES), said).prop_map(|(line, said)| {
        let said: Vec<u8> = said.into_iter().filter(|&byte| byte != b'\n').collect();
        let (start, end) = line.split_once('%').unwrap_or((line, ""));
        if start == line { line.into() } else { [start.as_bytes(), &said, end.as_bytes()].concat() }
    })
}

/// All that TLS may show.
fn facts() -> Facts {
    let alert = |level, description| Alert {
        side: Side::Client,
        level,
        description,
        place: Place::new(11),
    };
    Facts {
        hello: Some(Box::new(ClientHello {
            server_name: Some(HOSTILE.into()),
            protocols: Names::from_iter([b"smtp", HOSTILE]),
            ..ClientHello::default()
        })),
        ja3: Some("0".repeat(32).into()),
        ja4: Some("t12i0000\"_".into()),
        version: Some(0x0305),
        suite: Some(0x1302),
        protocol: Some(HOSTILE.into()),
        certificate: Some(Box::new(Certificate {
            subject: HOSTILE.into(),
            names: Names::from_iter([HOSTILE]),
            not_before: Some("2024-02-29T00:00:00Z".into()),
            not_after: None,
        })),
        alerts: vec![alert(1, 112), alert(7, 200)],
        finished: Sides { client: true, server: true },
        unread: Some(Unread::Missing),
        ..Facts::default()
    }
}

/// Changes `session` where a dialog over packets can not.
fn changed(mut session: Session, digits: u8, nanos: Option<i64>, choice: u8) -> Session {
    let opening = &mut session.opening;
    opening.digits = digits;
    opening.at = nanos.map(Stamp::from_nanos);
    let addr = opening.peers.map(|peers| peers.client.ip());
    match choice {
        0 => opening.medium = Medium::Transcript,
        1 => opening.peers = None,
        2 => opening.via = Some(Via { kind: ViaKind::ProxyV2, addr, port: 65_535 }),
        3 => opening.via = Some(Via { kind: ViaKind::Socks5, addr: None, port: 0 }),
        4 => session.transport = None,
        5 => session.elided_exchanges = u64::MAX / 8,
        6 => {
            let bytes = Sides { client: u64::MAX, server: 10_000 };
            let tls = Tls { bytes, ..Tls::new(true, mark(9)) };
            session.tls = Some(Box::new(Tls { facts: facts(), ..tls }));
        }
        7 => {
            let peers = Sides {
                client: "[2001:db8::1]:25".parse().unwrap(),
                server: "[::ffff:192.0.2.200]:2525".parse().unwrap(),
            };
            opening.peers = Some(peers);
        }
        8 => {
            let gap = Gap { bytes: 99, acked: false };
            session.gaps.push(GapAt { side: Side::Server, gap, mark: mark(3) });
            session.resyncs.push(Resync {
                side: Side::Server,
                why: ResyncWhy::EndOfDataMissing,
                mark: mark(12),
            });
        }
        9 => {
            if let Some(mechanism) = session.helo {
                let (identity, outcome) = (Some(mechanism), AuthOutcome::Rejected);
                let (initial, code) = (Initial::Given, Some(535));
                let attempt =
                    |exchange| Attempt { exchange, mechanism, initial, identity, outcome, code };
                let list = vec![attempt(Some(0)), attempt(None)];
                let (attempts, shown) = (7, true);
                let auth =
                    Auth { mechanism, identity, outcome, attempts, shown, list, ..<_>::default() };
                session.auth = Some(Box::new(auth));
            }
        }
        10 => {
            if let Some(transport) = &mut session.transport {
                let mut odd = Odd::default();
                odd.timeouts.add(mark(4));
                let (cause, side) = (Cause::Timeout, Side::Server);
                let stall = Stall { cause, side, from: mark(4), until: None, times: 2, octets: 9 };
                let over = Stall { until: Some(mark(7)), cause: Cause::Hole, ..stall };
                transport.stalls.extend([stall, over]);
                transport.odd.client = Some(Box::new(odd));
            }
        }
        _ => {}
    }
    session
}

proptest! {
    #[test]
    fn any_session_is_written_as_serde_writes_its_model(
        sessions in vec(
            (
                vec(line(), 1..40),
                prop::sample::select(&End::ALL[..]),
                0u8..10,
                prop::option::of(any::<i64>()),
                0u8..12,
                prop::option::of((0u32..60, prop::option::of(0u32..5))),
            ),
            1..4,
        ),
    ) {
        // One text after the other: nothing is left of the one before.
        let mut before = Before::default();
        for (lines, end, digits, nanos, choice, found) in sessions {
            let session = changed(sample::session(&lines.join(&b'\n'), end), digits, nanos, choice);
            let findings = found.map(|(column, exchange)| {
                let at = column as usize;
                let (mark, range) = (mark(u64::from(column)), Some(at..at + 3));
                Finding { mark, exchange, range, ..sample::finding(&lines[0]) }
            });
            check(&mut before, &session, findings.as_slice())?;
        }
    }
}

#[test]
fn samples_are_written_as_serde_writes_their_models() {
    for session in [sample::ordinary(), sample::quiet(), sample::hostile()] {
        check(&mut Before::default(), &session, &[sample::finding(HOSTILE)]).unwrap();
    }
}

/// Found by the test above: the second line of the reply to EHLO is there, and empty.
#[test]
fn an_offer_of_one_empty_line_is_a_line() {
    for after in ["", "\ns< 250 x"] {
        let dialog = format!("s< 220 mx\nc> EHLO a\nc> EHLO a\ns< 250 x\ns< 250-mx\ns< {after}");
        let session = sample::session(dialog.as_bytes(), End::Quit);
        check(&mut Before::default(), &session, &[]).unwrap();
    }
}

#[test]
fn texts_of_ours_are_written_as_any_text() {
    let mut memory = [[0; 4096]; 2];
    let odd = ["", "\"", "a \\ b", "the reply took 12 µs"];
    for text in crate::rules::all().iter().map(|rule| rule.help).chain(odd) {
        let [own, any] = &mut memory;
        let own_end = try_fill(own, 0, |out| out.own(text)).unwrap();
        let any_end = try_fill(any, 0, |out| out.text(text.as_bytes())).unwrap();
        assert_eq!(own[..own_end], any[..any_end]);
    }
}

/// Blocks, words, and what is left: at each length, with something to be escaped at each place.
#[test]
fn texts_of_any_length_are_escaped_as_serde_does() {
    let mut memory = [0; 4096];
    for len in 0..70 {
        for odd in 0..=len {
            for byte in ["\"", "\\", "x"] {
                let mut text = "a".repeat(len);
                text.insert_str(odd, byte);
                let end = try_fill(&mut memory, 0, |out| out.text(text.as_bytes())).unwrap();
                assert_eq!(memory[..end], *serde_json::to_vec(&text).unwrap());
            }
        }
    }
}
