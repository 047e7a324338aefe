//! TLS records that a dialog asks for by a note. Only what is in clear in a real handshake means
//! anything in them.

use super::Side;

/// What the note asks for: who writes what, in order. `# tls client 512 server 4096`, as in a
/// transcript, is a whole handshake of TLS 1.3 and some data, of no special size. Others are
/// comments to a transcript: `# client-hello`, also `bare` of a server name; `# server-hello
/// 0303`; `# certificate 20260101000000Z 20270101000000Z mx.example.net`; `# alert client fatal
/// 48`; `# record client 100 of 4000`, which is cut if it is not all of it.
pub fn written(note: &[u8]) -> Vec<(Side, Vec<u8>)> {
    let text = String::from_utf8_lossy(note);
    let words: Vec<&str> = text.split(' ').collect();
    let (client, server) = (Side::Client, Side::Server);
    let octets = |text: &str| text.parse::<usize>().unwrap();
    match words[..] {
        ["#", "tls", "client", _, "server", _] => {
            let change = record(20, &[1]);
            let hidden = |len| record(23, &vec![0xa5; len]);
            let answer = [record(22, &server_hello(0x0304)), change.clone(), hidden(900)];
            let end = [change, hidden(53), hidden(40)];
            let hello = record(22, &client_hello(Some("mx.example.net")));
            vec![
                (client, hello),
                (server, answer.concat()),
                (client, end.concat()),
                (server, hidden(200)),
            ]
        }
        ["#", "client-hello"] => {
            vec![(client, record(22, &client_hello(Some("mx.example.net"))))]
        }
        ["#", "client-hello", "bare"] => vec![(client, record(22, &client_hello(None)))],
        ["#", "server-hello", version] => {
            let version = u16::from_str_radix(version, 16).unwrap();
            vec![(server, record(22, &server_hello(version)))]
        }
        ["#", "certificate", from, to, name] => {
            vec![(server, record(22, &certificate(from, to, name)))]
        }
        ["#", "alert", side, level, number] => {
            let level = if level == "fatal" { 2 } else { 1 };
            vec![(side_of(side), record(21, &[level, number.parse().unwrap()]))]
        }
        ["#", "record", side, sent, "of", whole] => {
            let mut bytes = record(23, &vec![0xa5; octets(whole)]);
            bytes.truncate(5 + octets(sent));
            vec![(side_of(side), bytes)]
        }
        _ => Vec::new(),
    }
}

fn side_of(word: &str) -> Side {
    match word {
        "client" => Side::Client,
        "server" => Side::Server,
        _ => panic!("no side: {word}"),
    }
}

/// `body` with its length in front, a number of `len` bytes.
fn vector(len: usize, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u64).to_be_bytes()[8 - len..], body].concat()
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &vector(2, payload)].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &vector(3, body)].concat()
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(2, data)].concat()
}

/// Offers TLS 1.2 and 1.3.
fn client_hello(name: Option<&str>) -> Vec<u8> {
    let mut extensions = extension(43, &vector(1, &[3, 4, 3, 3]));
    if let Some(name) = name {
        let host = [&[0][..], &vector(2, name.as_bytes())].concat();
        extensions.extend(extension(0, &vector(2, &host)));
    }
    let suites = vector(2, &[0x13, 0x01, 0xc0, 0x2f]);
    let parts = [&[3, 3][..], &[7; 32], &[0], &suites, &[1, 0], &vector(2, &extensions)];
    message(1, &parts.concat())
}

/// Chooses `version`.
fn server_hello(version: u16) -> Vec<u8> {
    let is_new = version == 0x0304;
    let old = if is_new { 0x0303_u16 } else { version };
    let (suite, extensions) = if is_new {
        ([0x13, 0x01], vector(2, &extension(43, &version.to_be_bytes())))
    } else {
        ([0xc0, 0x2f], Vec::new())
    };
    let parts = [&old.to_be_bytes()[..], &[9; 32], &[0], &suite, &[0], &extensions];
    message(2, &parts.concat())
}

/// A `Certificate` message before TLS 1.3, of a host.
fn certificate(from: &str, to: &str, name: &str) -> Vec<u8> {
    let common = [der(6, b"\x55\x04\x03"), der(12, name.as_bytes())].concat();
    let subject = der(0x31, &der(0x30, &common));
    let names = der(0x30, &der(0x82, name.as_bytes()));
    let alternative = [der(6, b"\x55\x1d\x11"), der(4, &names)].concat();
    let times = [der(0x18, from.as_bytes()), der(0x18, to.as_bytes())].concat();
    let parts = [
        der(0xa0, &der(2, &[2])),
        der(2, &[1]),
        der(0x30, b""),
        der(0x30, b""),
        der(0x30, &times),
        der(0x30, &subject),
        der(0x30, b"key"),
        der(0xa3, &der(0x30, &der(0x30, &alternative))),
    ];
    let whole = der(0x30, &[der(0x30, &parts.concat()), der(0x30, b""), der(3, b"")].concat());
    message(11, &vector(3, &vector(3, &whole)))
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let short = u8::try_from(len).unwrap();
    let head = if len < 0x80 { vec![tag, short] } else { vec![tag, 0x81, short] };
    [&head, content].concat()
}
