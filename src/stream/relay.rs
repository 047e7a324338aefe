//! Relays in front of a dialog: PROXY headers, SOCKS5 and HTTP CONNECT. Pure functions on the
//! first bytes of both directions; they know nothing of what comes behind.

use crate::chunk::{Via, ViaKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the first bytes say of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relay {
    /// There is one; so many bytes of each direction are its own.
    Found { via: Via, client: usize, server: usize },
    /// More bytes are needed to say.
    Wait,
    /// There is none.
    No,
}

/// Bytes of each direction that are enough to tell: the longest header or request that is
/// followed.
pub(super) const ENOUGH: usize = 4096;

/// The longest version 1 header with its CRLF (PROXY protocol §2.1).
const PROXY_V1_MOST: usize = 107;

/// The signature of a version 2 header (PROXY protocol §2.2).
const PROXY_V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Whether the client's stream begins with a PROXY header, version 1 or 2.
pub(super) fn proxy_header(client: &[u8]) -> Relay {
    // As nearly none does.
    if !matches!(client, [b'\r' | b'P', ..]) {
        return Relay::No;
    }
    if client.starts_with(PROXY_V2) {
        return proxy_v2(client);
    }
    if client.starts_with(b"PROXY ") {
        let line = client.get(..client.len().min(PROXY_V1_MOST)).unwrap_or_default();
        return match line.windows(2).position(|pair| pair == b"\r\n") {
            Some(end) => proxy_v1(client.get(..end).unwrap_or_default()),
            None if client.len() < PROXY_V1_MOST => Relay::Wait,
            None => Relay::No,
        };
    }
    let unfinished = |whole: &[u8]| whole.starts_with(client);
    if unfinished(PROXY_V2) || unfinished(b"PROXY ") { Relay::Wait } else { Relay::No }
}

fn proxy_v1(line: &[u8]) -> Relay {
    let Ok(text) = std::str::from_utf8(line) else { return Relay::No };
    let mut words = text.split(' ').skip(1);
    let family = words.next();
    let addr = words.next().and_then(|word| word.parse().ok());
    let port = words.nth(1).and_then(|word| word.parse().ok());
    let via = match (family, addr, port) {
        (Some("UNKNOWN"), ..) => Via { kind: ViaKind::ProxyV1, addr: None, port: 0 },
        (Some("TCP4" | "TCP6"), Some(addr), Some(port)) => {
            Via { kind: ViaKind::ProxyV1, addr: Some(addr), port }
        }
        _ => return Relay::No,
    };
    Relay::Found { via, client: line.len() + 2, server: 0 }
}

fn proxy_v2(client: &[u8]) -> Relay {
    let Some(&[command, family, high, low]) = client.get(12..16).and_then(|b| b.first_chunk())
    else {
        return Relay::Wait;
    };
    let len = 16 + usize::from(u16::from_be_bytes([high, low]));
    if command >> 4 != 2 || len > ENOUGH {
        return Relay::No;
    }
    let Some(body) = client.get(16..len) else { return Relay::Wait };
    // LOCAL connections (health checks) carry no addresses.
    let (addr, port) = match (command & 15, family) {
        (1, 0x11) => (v4(body), body.get(8..10)),
        (1, 0x21) => (v6(body), body.get(32..34)),
        _ => (None, None),
    };
    let via = Via { kind: ViaKind::ProxyV2, addr, port: port.map_or(0, be16) };
    Relay::Found { via, client: len, server: 0 }
}

/// Whether the connection begins with a SOCKS5 or HTTP CONNECT dialog that was granted.
pub(super) fn tunnel(client: &[u8], server: &[u8]) -> Relay {
    match client.first() {
        None => Relay::Wait,
        Some(5) => socks5(client, server),
        Some(_) => connect(client, server),
    }
}

/// RFC 1928, with RFC 1929 user name and password.
fn socks5(client: &[u8], server: &[u8]) -> Relay {
    let Some(&methods) = client.get(1) else { return Relay::Wait };
    let mut from_client = 2 + usize::from(methods);
    let Some(&[version, method]) = server.first_chunk::<2>() else { return Relay::Wait };
    let mut from_server = 2;
    if version != 5 {
        return Relay::No;
    }
    if method == 2 {
        let Some(&[_, user]) = client.get(from_client..).and_then(|b| b.first_chunk()) else {
            return Relay::Wait;
        };
        from_client += 2 + usize::from(user);
        let Some(&password) = client.get(from_client) else { return Relay::Wait };
        from_client += 1 + usize::from(password);
        from_server += 2;
    } else if method != 0 {
        return Relay::No;
    }
    let Some(request) = client.get(from_client..) else { return Relay::Wait };
    let Some(reply) = server.get(from_server..) else { return Relay::Wait };
    if !matches!(request, [] | [5] | [5, 1, ..]) || !matches!(reply, [] | [5] | [5, 0, ..]) {
        return Relay::No;
    }
    let (Some((len, addr, port)), Some((granted, ..))) = (socks5_addr(request), socks5_addr(reply))
    else {
        return Relay::Wait;
    };
    let via = Via { kind: ViaKind::Socks5, addr, port };
    Relay::Found { via, client: from_client + len, server: from_server + granted }
}

/// Length, address and port of a SOCKS5 request or reply; `None` while it is not whole.
fn socks5_addr(message: &[u8]) -> Option<(usize, Option<IpAddr>, u16)> {
    let body = message.get(4..)?;
    let (addr, len) = match message.get(3)? {
        1 => (v4(body), 4),
        4 => (v6(body), 16),
        _ => (None, 1 + usize::from(*body.first()?)),
    };
    let port = body.get(len..len + 2)?;
    Some((4 + len + 2, addr, be16(port)))
}

/// RFC 9110 §9.3.6.
fn connect(client: &[u8], server: &[u8]) -> Relay {
    const METHOD: &[u8] = b"CONNECT ";
    if !client.starts_with(METHOD) {
        return if METHOD.starts_with(client) { Relay::Wait } else { Relay::No };
    }
    let (Some(request), Some(reply)) = (head(client), head(server)) else {
        let full = client.len().max(server.len()) >= ENOUGH;
        return if full { Relay::No } else { Relay::Wait };
    };
    let granted = reply.starts_with(b"HTTP/1.") && reply.get(8..10) == Some(b" 2");
    let target = request.get(METHOD.len()..).and_then(|rest| rest.split(|&b| b == b' ').next());
    let target = target.and_then(|target| std::str::from_utf8(target).ok());
    let Some((host, port)) = target.and_then(|target| target.rsplit_once(':')) else {
        return Relay::No;
    };
    let (true, Ok(port)) = (granted, port.parse()) else { return Relay::No };
    let addr = host.trim_matches(['[', ']']).parse().ok();
    let via = Via { kind: ViaKind::HttpConnect, addr, port };
    Relay::Found { via, client: request.len(), server: reply.len() }
}

/// An HTTP head with its empty line.
fn head(data: &[u8]) -> Option<&[u8]> {
    let end = data.windows(4).position(|four| four == b"\r\n\r\n")?;
    data.get(..end + 4)
}

fn v4(body: &[u8]) -> Option<IpAddr> {
    body.first_chunk::<4>().map(|&octets| Ipv4Addr::from(octets).into())
}

fn v6(body: &[u8]) -> Option<IpAddr> {
    body.first_chunk::<16>().map(|&octets| Ipv6Addr::from(octets).into())
}

fn be16(bytes: &[u8]) -> u16 {
    bytes.first_chunk::<2>().map_or(0, |&octets| u16::from_be_bytes(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `judge` says of each prefix of the two streams given whole at the end.
    fn settles(judge: impl Fn(&[u8], &[u8]) -> Relay, client: &[u8], server: &[u8]) -> Relay {
        for len in 0..client.len() {
            assert_eq!(judge(&client[..len], &server[..0]), Relay::Wait, "client cut at {len}");
        }
        judge(client, server)
    }

    #[test]
    fn proxy_headers_of_both_versions() {
        let v1 = b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 25\r\n";
        let whole = |client: &[u8], _: &[u8]| match client.len() {
            0 => Relay::Wait,
            _ => proxy_header(client),
        };
        let via = Via { kind: ViaKind::ProxyV1, addr: Some([192, 0, 2, 7].into()), port: 56324 };
        let found = Relay::Found { via, client: v1.len(), server: 0 };
        assert_eq!(settles(whole, v1, b""), found);

        let mut v2 = PROXY_V2.to_vec();
        v2.extend([0x21, 0x11, 0, 12, 192, 0, 2, 7, 192, 0, 2, 1, 0xdc, 0x04, 0, 25]);
        let via = Via { kind: ViaKind::ProxyV2, ..via };
        assert_eq!(settles(whole, &v2, b""), Relay::Found { via, client: v2.len(), server: 0 });
        assert_eq!(proxy_header(b"EHLO x\r\n"), Relay::No);
        assert_eq!(proxy_header(b"PROXY me\r\n"), Relay::No);
    }

    #[test]
    fn socks5_with_and_without_a_password() {
        let request = b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19";
        let granted = b"\x05\x00\x00\x01\0\0\0\0\0\0";
        let open = [b"\x05\x01\x00".as_slice(), request].concat();
        let reply = [b"\x05\x00".as_slice(), granted].concat();
        let via = Via { kind: ViaKind::Socks5, addr: Some([192, 0, 2, 1].into()), port: 25 };
        let found = Relay::Found { via, client: open.len(), server: reply.len() };
        assert_eq!(settles(tunnel, &open, &reply), found);

        let login = [b"\x05\x01\x02\x01\x01u\x01p".as_slice(), request].concat();
        let reply = [b"\x05\x02\x01\x00".as_slice(), granted].concat();
        let found = Relay::Found { via, client: login.len(), server: reply.len() };
        assert_eq!(settles(tunnel, &login, &reply), found);
        assert_eq!(tunnel(&open, b"\x05\xff"), Relay::No);
    }

    #[test]
    fn http_connect_that_was_granted() {
        let request = b"CONNECT mx.example:25 HTTP/1.1\r\nHost: mx.example:25\r\n\r\n";
        let reply = b"HTTP/1.1 200 Connection established\r\n\r\n";
        let via = Via { kind: ViaKind::HttpConnect, addr: None, port: 25 };
        let found = Relay::Found { via, client: request.len(), server: reply.len() };
        assert_eq!(settles(tunnel, request, reply), found);
        assert_eq!(tunnel(request, b"HTTP/1.1 403 No\r\n\r\n"), Relay::No);
        assert_eq!(tunnel(b"GET / HTTP/1.1\r\n\r\n", b""), Relay::No);
    }
}
