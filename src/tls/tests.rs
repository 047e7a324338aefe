//! Whole handshakes, made for the purpose.

use super::forge::{
    certificate, certificates, client_hello, extension, message, numbers, record, server_hello,
    vector,
};
use super::*;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

/// Bytes of one side, in causal order.
type Sent = Vec<(Side, Vec<u8>)>;

/// What a reader makes of `sent`, whole pieces.
fn facts(sent: &Sent) -> Facts {
    read(sent, |len| vec![len])
}

/// The same, with each piece cut into parts of these lengths.
fn read(sent: &Sent, mut cut: impl FnMut(usize) -> Vec<usize>) -> Facts {
    let (mut reader, mut facts) = (Reader::new(&Limits::default()), Facts::default());
    for (side, bytes) in sent {
        let mut rest = &bytes[..];
        for len in cut(bytes.len()) {
            let (piece, after) = rest.split_at(len.min(rest.len()));
            reader.read(*side, Place::new(7), piece, &mut facts);
            rest = after;
        }
        reader.read(*side, Place::new(7), rest, &mut facts);
    }
    facts
}

fn hello() -> Vec<u8> {
    message(1, &client_hello("mx.example", &[0x0a0a, 0x1302, 0xc02f]))
}

/// A handshake of TLS 1.2, its messages over odd records.
fn older() -> Sent {
    let names: [(u8, &[u8]); 1] = [(0x82, b"mx.example")];
    let der = certificate("mx.example", &names, ["240101000000Z", "250101000000Z"]);
    let alpn = extension(16, &vector(2, &vector(1, b"smtp")));
    let flight = [
        message(2, &server_hello(0x0303, &[1; 32], 0xc02f, &alpn)),
        message(11, &certificates(&[&der, &der])),
        message(12, &[0; 300]),
        message(14, b""),
    ]
    .concat();
    let server = flight.chunks(100).flat_map(|part| record(22, part));
    let (client, end) = (Side::Client, [record(20, &[1]), record(22, &[9; 40])].concat());
    vec![
        (client, record(22, &hello())),
        (Side::Server, [record(21, &[1, 112]), server.collect()].concat()),
        (client, [record(22, &message(16, &[4; 66])), end.clone()].concat()),
        (Side::Server, end),
        (client, record(23, &[8; 50])),
    ]
}

/// A handshake of TLS 1.3 in which the server asks for another offer.
fn newer() -> Sent {
    let chosen = extension(43, &numbers(&[0x0304]));
    let retry = Sha256::digest(b"HelloRetryRequest");
    let answer = |random: [u8; 32]| message(2, &server_hello(0x0303, &random, 0x1302, &chosen));
    vec![
        (Side::Client, record(22, &hello())),
        (Side::Server, [record(22, &answer(retry.into())), record(20, &[1])].concat()),
        (Side::Client, [record(20, &[1]), record(22, &hello())].concat()),
        (Side::Server, [record(22, &answer([2; 32])), record(23, &[3; 900])].concat()),
        (Side::Client, record(23, &[4; 69])),
    ]
}

#[test]
fn tls_1_2_shows_nearly_all() {
    let facts = facts(&older());
    let client = facts.hello.as_ref().unwrap();
    assert_eq!(client.server_name.as_deref(), Some(&b"mx.example"[..]));
    assert_eq!(*client.suites, [0x1302, 0xc02f]);
    assert_eq!(*client.extensions, [0, 10, 11, 13, 16, 43]);
    assert_eq!((&*client.groups, &*client.versions), (&[29, 23][..], &[0x0304, 0x0303][..]));
    assert_eq!(client.protocols.iter().collect::<Vec<_>>(), [b"smtp"]);
    assert_eq!((client.record_version, client.version), (0x0301, 0x0303));
    assert_eq!(facts.version_name().as_deref(), Some("TLSv1.2"));
    assert_eq!(facts.cipher().as_deref(), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    assert_eq!(facts.protocol.as_deref(), Some(&b"smtp"[..]));
    let certificate = facts.certificate.as_ref().unwrap();
    assert_eq!(&*certificate.subject, b"CN=mx.example,O=\\ x");
    let warning = Alert { side: Side::Server, level: 1, description: 112, place: Place::new(7) };
    assert_eq!(facts.alerts, [warning]);
    assert_eq!(
        (warning.level_name(), warning.name()),
        (Some("warning"), Some("unrecognized_name"))
    );
    assert_eq!((facts.completed(), facts.unread, facts.retried), (Some(true), None, false));
}

#[test]
fn tls_1_3_shows_what_was_chosen() {
    let mut sent = newer();
    let whole = facts(&sent);
    assert!(whole.retried && whole.certificate.is_none() && whole.unread.is_none());
    assert_eq!(whole.version_name().as_deref(), Some("TLSv1.3"));
    assert_eq!(whole.cipher().as_deref(), Some("TLS_AES_256_GCM_SHA384"));
    assert_eq!(whole.completed(), Some(true));
    // The client refuses: its alert is encrypted.
    sent.pop();
    sent.push((Side::Client, record(23, &[4; 19])));
    assert_eq!(facts(&sent).completed(), Some(false));
    // What is a little longer is an empty certificate, and Finished comes behind it.
    sent.push((Side::Client, record(23, &[4; 53])));
    assert_eq!(facts(&sent).completed(), Some(true));
}

#[test]
fn an_alert_ends_it() {
    let answer = (Side::Server, [record(21, &[2, 40]), record(22, b"not read")].concat());
    let facts = facts(&vec![(Side::Client, record(22, &hello())), answer]);
    assert_eq!(
        facts.alerts.iter().map(Alert::name).collect::<Vec<_>>(),
        [Some("handshake_failure")]
    );
    assert_eq!((facts.completed(), facts.unread), (Some(false), None));
}

#[test]
fn what_is_not_read_is_said() {
    let of = |side, bytes: &[u8]| facts(&vec![(side, bytes.to_vec())]);
    let long = record(22, &message(1, &[0; 16_000]));
    let huge = [long.clone(), long.clone(), long.clone(), long.clone(), long].concat();
    assert_eq!(of(Side::Client, &huge).unread, Some(Unread::TooLong));
    let short = record(22, &message(1, &[0xff; 60]));
    assert_eq!(of(Side::Client, &short).unread, Some(Unread::Malformed));
    assert_eq!(of(Side::Server, &record(22, &message(11, b"x"))).unread, Some(Unread::Malformed));
    assert_eq!(of(Side::Server, b"250 ok\r\n").unread, Some(Unread::Malformed));
    assert_eq!(of(Side::Server, &record(21, &[1, 90]).repeat(99)).alerts.len(), 8);
    let (mut reader, mut facts) = (Reader::new(&Limits::default()), Facts::default());
    reader.gap(Side::Server, &mut facts);
    reader.read(Side::Client, Place::new(1), &record(22, &hello()), &mut facts);
    assert_eq!((facts.unread, facts.completed()), (Some(Unread::Missing), None));
    assert!(facts.ja3.is_some());
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_facts(
        is_newer in any::<bool>(),
        lens in prop::collection::vec(0..120_usize, 0..60),
        damage in prop::option::of((0..5_usize, any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut sent = if is_newer { newer() } else { older() };
        if let Some((which, at, byte)) = damage {
            let bytes = &mut sent[which].1;
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let whole = facts(&sent);
        prop_assert_eq!(&read(&sent, |_| lens.clone()), &whole);
        prop_assert_eq!(&read(&sent, |len| vec![1; len]), &whole);
    }
}
