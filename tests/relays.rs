//! SMTP behind a PROXY header, inside SOCKS5 and inside HTTP CONNECT, and on unusual ports.

// Test support is shared by test programs, none of which uses all of it; tests may panic.
#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod weave;

use smtp_audit::chunk::ViaKind;
use smtp_audit::dialog::session::Session;
use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::ports::Ports;
use weave::{Dialog, Plan, Side};

const SMTP: &str = "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> QUIT
s< 221 bye
";

/// The sessions in a capture, with `any` of ports.
fn sessions(file: Vec<u8>, any: bool) -> Vec<Session> {
    let ports = Ports::new(&[25], any);
    let options = Options { ports, ..Options::default() };
    let (audited, facts) = collect(&options, vec![Source::bytes("woven", file)]);
    assert!(facts[0].error.is_none(), "{facts:?}");
    assert!(facts[0].troubles.is_empty(), "{:?}", facts[0].troubles.lines());
    audited.into_iter().map(|audited| *audited.session).collect()
}

/// The dialog after some turns of another protocol.
fn behind(turns: &[(Side, &[u8])]) -> Dialog {
    let smtp = Dialog::parse(SMTP);
    let before = turns.iter().map(|(side, bytes)| (*side, bytes.to_vec()));
    let after = smtp.turns.iter().map(|turn| (turn.side, turn.bytes.clone()));
    Dialog::from_turns(before.chain(after))
}

fn verbs(session: &Session) -> Vec<(&'static str, Option<u16>)> {
    let code = |e: &smtp_audit::dialog::session::Exchange| e.reply.and_then(|r| r.code);
    session.exchanges.iter().map(|e| (e.request.name(), code(e))).collect()
}

/// All of the dialog is found, and nothing else.
fn whole(dialog: &Dialog, port: u16, any: bool) -> Option<(ViaKind, Option<String>, u16)> {
    let mut via = None;
    for mss in [1, 3, 1448] {
        let woven = Plan::new(dialog).ports(40000, port).mss(mss).weave();
        let found = sessions(woven.file, any);
        assert_eq!(found.len(), 1, "mss {mss}");
        let session = &found[0];
        let expected = [("EHLO", Some(250)), ("MAIL", Some(250)), ("QUIT", Some(221))];
        assert_eq!(verbs(session), expected, "mss {mss}");
        assert_eq!(session.greeting.and_then(|greeting| greeting.code), Some(220));
        assert!(session.unsolicited.is_empty() && session.exchanges.iter().all(|e| !e.pipelined));
        via = session.opening.via.map(|via| (via.kind, via.addr.map(|a| a.to_string()), via.port));
    }
    via
}

#[test]
fn a_proxy_header_gives_the_true_client() {
    let v1 = behind(&[(Side::Client, b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 25\r\n")]);
    assert_eq!(whole(&v1, 25, false), Some((ViaKind::ProxyV1, Some("192.0.2.7".into()), 56324)));
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend([192, 0, 2, 7, 192, 0, 2, 1, 0xdc, 0x04, 0, 25]);
    let v2 = behind(&[(Side::Client, &header)]);
    assert_eq!(whole(&v2, 25, false), Some((ViaKind::ProxyV2, Some("192.0.2.7".into()), 56324)));
}

#[test]
fn smtp_inside_socks5_and_connect_is_found_on_proxy_ports() {
    let socks = behind(&[
        (Side::Client, b"\x05\x01\x00"),
        (Side::Server, b"\x05\x00"),
        (Side::Client, b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"),
        (Side::Server, b"\x05\x00\x00\x01\0\0\0\0\0\0"),
    ]);
    let found = whole(&socks, 1080, false);
    assert_eq!(found, Some((ViaKind::Socks5, Some("192.0.2.1".into()), 25)));
    let connect = behind(&[
        (Side::Client, b"CONNECT mx.example.net:25 HTTP/1.1\r\nHost: mx.example.net\r\n\r\n"),
        (Side::Server, b"HTTP/1.1 200 OK\r\n\r\n"),
    ]);
    assert_eq!(whole(&connect, 3128, false), Some((ViaKind::HttpConnect, None, 25)));
}

#[test]
fn other_traffic_on_proxy_ports_is_no_session() {
    let http = Dialog::from_turns([
        (Side::Client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        (Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
    ]);
    assert!(sessions(Plan::new(&http).ports(40000, 8080).weave().file, false).is_empty());
    let elsewhere = behind(&[
        (Side::Client, b"CONNECT www.example.net:443 HTTP/1.1\r\n\r\n"),
        (Side::Server, b"HTTP/1.1 200 OK\r\n\r\n"),
    ]);
    assert!(sessions(Plan::new(&elsewhere).ports(40000, 3128).weave().file, false).is_empty());
}

#[test]
fn any_port_finds_smtp_by_content_and_nothing_else() {
    let smtp = Dialog::parse(SMTP);
    assert_eq!(whole(&smtp, 2526, true), None);
    assert!(sessions(Plan::new(&smtp).ports(40000, 2526).weave().file, false).is_empty());
    let ftp = Dialog::from_turns([
        (Side::Server, b"220 FTP ready\r\n".to_vec()),
        (Side::Client, b"USER anonymous\r\n".to_vec()),
        (Side::Server, b"331 password\r\n".to_vec()),
    ]);
    assert!(sessions(Plan::new(&ftp).ports(40000, 21).weave().file, true).is_empty());
}
