//! Messages and records for tests.

/// `body` with its length in front, a number of `len` bytes.
pub(super) fn vector(len: usize, body: &[u8]) -> Vec<u8> {
    let size = u64::try_from(body.len()).unwrap().to_be_bytes();
    [&size[8 - len..], body].concat()
}

/// Numbers of two bytes.
pub(super) fn numbers(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// An extension.
pub(super) fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(2, data)].concat()
}

/// The body of a `ClientHello` for TLS 1.3, with GREASE in every list.
pub(super) fn client_hello(name: &str, suites: &[u16]) -> Vec<u8> {
    let host = [&[0][..], &vector(2, name.as_bytes())].concat();
    let extensions = [
        extension(0x1a1a, b""),
        extension(0, &vector(2, &host)),
        extension(10, &vector(2, &numbers(&[0x2a2a, 29, 23]))),
        extension(11, &vector(1, &[0])),
        extension(13, &vector(2, &numbers(&[0x0403, 0x0804]))),
        extension(16, &vector(2, &[vector(1, b"\x0a\x0a"), vector(1, b"smtp")].concat())),
        extension(43, &vector(1, &numbers(&[0x3a3a, 0x0304, 0x0303]))),
    ]
    .concat();
    [
        &[3, 3][..],
        &[7; 32],
        &vector(1, &[1; 32]),
        &vector(2, &numbers(suites)),
        &vector(1, &[0]),
        &vector(2, &extensions),
    ]
    .concat()
}

/// The body of a `ServerHello` with these extensions.
pub(super) fn server_hello(
    version: u16,
    random: &[u8; 32],
    suite: u16,
    extensions: &[u8],
) -> Vec<u8> {
    [
        &version.to_be_bytes()[..],
        random,
        &vector(1, &[1; 32]),
        &suite.to_be_bytes(),
        &[0],
        &vector(2, extensions),
    ]
    .concat()
}

/// A handshake message.
pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &vector(3, body)].concat()
}

/// A record.
pub(super) fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1][..], &vector(2, payload)].concat()
}

/// The body of a `Certificate` before TLS 1.3.
pub(super) fn certificates(all: &[&[u8]]) -> Vec<u8> {
    let all: Vec<u8> = all.iter().flat_map(|der| vector(3, der)).collect();
    vector(3, &all)
}

/// An element of DER.
pub(super) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = match content.len() {
        len @ 0..0x80 => vec![u8::try_from(len).unwrap()],
        len @ 0x80..0x100 => vec![0x81, u8::try_from(len).unwrap()],
        len => [&[0x82][..], &u16::try_from(len).unwrap().to_be_bytes()].concat(),
    };
    [&[tag][..], &len, content].concat()
}

/// A certificate of `name`, in an organisation called ` x`.
pub(super) fn certificate(name: &str, names: &[(u8, &[u8])], times: [&str; 2]) -> Vec<u8> {
    let part = |object: &[u8], value: &[u8]| {
        let pair = [der(0x06, object), der(0x0c, value)].concat();
        der(0x31, &der(0x30, &pair))
    };
    let subject = [part(b"\x55\x04\x0a", b" x"), part(b"\x55\x04\x03", name.as_bytes())].concat();
    let times = times.map(|time| der(if time.len() == 13 { 0x17 } else { 0x18 }, time.as_bytes()));
    let names: Vec<u8> = names.iter().flat_map(|(kind, name)| der(*kind, name)).collect();
    let key_usage = der(0x30, &[der(0x06, b"\x55\x1d\x0f"), der(0x04, b"x")].concat());
    let alternative =
        [der(0x06, b"\x55\x1d\x11"), der(0x01, &[0xff]), der(0x04, &der(0x30, &names))].concat();
    let extensions = [key_usage, der(0x30, &alternative)].concat();
    let body = [
        der(0xa0, &der(0x02, &[2])),
        der(0x02, &[1]),
        der(0x30, b""),
        der(0x30, b""),
        der(0x30, &times.concat()),
        der(0x30, &subject),
        der(0x30, b"key"),
        der(0xa3, &der(0x30, &extensions)),
    ]
    .concat();
    der(0x30, &[der(0x30, &body), der(0x30, b""), der(0x03, b"")].concat())
}
