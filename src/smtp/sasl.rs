//! What SASL mechanisms say to each other (RFC 4422): the names of their steps, whom they name,
//! and whether a response is base64 (RFC 4954 §4).

use data_encoding::BASE64;
use memchr::memmem;

/// What is wrong with a text that should be base64. Numbers of octets are from 1; none says what
/// stands there, as it may be part of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The octet with this number is no letter of base64.
    Letter(u32),
    /// The octet with this number is a `=`, and letters follow it, or there are more than two.
    Padding(u32),
    /// It has so many octets: no multiple of four.
    Length(u32),
}

/// Why `text` is no base64 (RFC 4648 §4), if it is none. An empty text is.
#[must_use]
pub fn base64_fault(text: &[u8]) -> Option<Fault> {
    let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    let is_letter = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    let end = text.iter().position(|&octet| !is_letter(octet)).unwrap_or(text.len());
    let rest = text.get(end..).unwrap_or_default();
    if let Some(other) = rest.iter().position(|&octet| octet != b'=') {
        let octet = rest.get(other).copied().unwrap_or_default();
        return Some(if is_letter(octet) {
            Fault::Padding(number(end))
        } else {
            Fault::Letter(number(end + other))
        });
    }
    if rest.len() > 2 || rest.len() == text.len() && !text.is_empty() {
        return Some(Fault::Padding(number(end)));
    }
    (!text.len().is_multiple_of(4)).then(|| Fault::Length(number(text.len()) - 1))
}

/// Mechanisms whose steps have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Login,
    /// CRAM-MD5 and DIGEST-MD5.
    Challenge,
    Ntlm,
    Scram,
    /// XOAUTH2 and OAUTHBEARER.
    Bearer,
    External,
    Token,
    Other,
}

fn kind(mechanism: &[u8]) -> Kind {
    let is = |name: &str| mechanism.eq_ignore_ascii_case(name.as_bytes());
    let is_scram = mechanism.get(..6).is_some_and(|head| head.eq_ignore_ascii_case(b"SCRAM-"));
    match () {
        () if is("PLAIN") => Kind::Plain,
        () if is("LOGIN") => Kind::Login,
        () if is("CRAM-MD5") || is("DIGEST-MD5") => Kind::Challenge,
        () if is("NTLM") => Kind::Ntlm,
        () if is_scram => Kind::Scram,
        () if is("XOAUTH2") || is("OAUTHBEARER") => Kind::Bearer,
        () if is("EXTERNAL") || is("ANONYMOUS") => Kind::External,
        () if is("GSSAPI") || is("GSS-SPNEGO") || is("GS2-KRB5") => Kind::Token,
        () => Kind::Other,
    }
}

/// Whether `mechanism` is one that servers are known to have, in any case.
#[must_use]
pub fn is_known(mechanism: &[u8]) -> bool {
    const OTHERS: [&str; 12] = [
        "KERBEROS_V4",
        "KERBEROS_V5",
        "SKEY",
        "OTP",
        "SECURID",
        "MSN",
        "SPNEGO",
        "XOAUTH",
        "XYMCOOKIE",
        "CRAM-SHA1",
        "CRAM-SHA256",
        "PLAIN-CLIENTTOKEN",
    ];
    kind(mechanism) != Kind::Other
        || OTHERS.iter().any(|name| mechanism.eq_ignore_ascii_case(name.as_bytes()))
}

/// The name of the client's response with this number, from 0, in an exchange of `mechanism`.
#[must_use]
pub fn response_name(mechanism: &[u8], number: usize) -> &'static str {
    match (kind(mechanism), number) {
        (Kind::Plain, 0) => "message",
        (Kind::Login, 0) => "username",
        (Kind::Login, 1) => "password",
        (Kind::Ntlm, 0) => "negotiate",
        (Kind::Ntlm, 1) => "authenticate",
        (Kind::Scram, 0) => "client-first",
        (Kind::Scram, 1) => "client-final",
        (Kind::Bearer, 0) => "bearer-token",
        (Kind::Scram | Kind::Bearer, _) | (Kind::Challenge, 1) => "acknowledgement",
        (Kind::External, 0) => "identity",
        (Kind::Token, _) => "token",
        _ => "response",
    }
}

/// The name of the server's challenge that comes after so many responses.
#[must_use]
pub fn challenge_name(mechanism: &[u8], responses: usize) -> &'static str {
    match (kind(mechanism), responses) {
        (Kind::Login, _) | (Kind::Ntlm, 0) => "prompt",
        (Kind::Scram, 1) => "server-first",
        (Kind::Scram, 2) => "server-final",
        (Kind::Bearer, 1) => "error",
        (Kind::Token, 1..) => "token",
        _ => "challenge",
    }
}

/// Whether a password, or what stands for one, can be read from the responses of `mechanism`.
#[must_use]
pub fn is_plaintext(mechanism: &[u8]) -> bool {
    matches!(kind(mechanism), Kind::Plain | Kind::Login | Kind::Bearer)
}

/// The number of the response, from 0, that has a password in `mechanism`, which
/// [is plaintext](is_plaintext).
#[must_use]
pub fn password_at(mechanism: &[u8]) -> usize {
    usize::from(kind(mechanism) == Kind::Login)
}

/// Whether `mechanism` hands over a bearer token (RFC 7628).
#[must_use]
pub fn is_bearer(mechanism: &[u8]) -> bool {
    kind(mechanism) == Kind::Bearer
}

/// The identity in a client's `response` (base64), where one of `mechanism` shows one: PLAIN's
/// authcid (RFC 4616 §2), LOGIN's first answer, the names of CRAM-MD5 (RFC 2195 §2), DIGEST-MD5
/// and SCRAM, the user of bearer tokens, the user name of NTLM's last message.
#[must_use]
pub fn identity(mechanism: &[u8], response: &[u8]) -> Option<Vec<u8>> {
    let decoded = BASE64.decode(response).ok()?;
    let name = match kind(mechanism) {
        Kind::Plain => decoded.split(|&byte| byte == 0).nth(1)?.to_vec(),
        Kind::Login | Kind::External => decoded,
        Kind::Challenge if mechanism.eq_ignore_ascii_case(b"CRAM-MD5") => {
            let digest = decoded.iter().rposition(|&byte| byte == b' ')?;
            decoded.get(..digest)?.to_vec()
        }
        Kind::Challenge => {
            let key = b"username=\"";
            let rest = decoded.get(memmem::find(&decoded, key)? + key.len()..)?;
            rest.get(..rest.iter().position(|&byte| byte == b'"')?)?.to_vec()
        }
        // `n,,n=user,r=nonce` (RFC 5802 §7), with `=2C` and `=3D` for what separates.
        Kind::Scram => {
            let mut parts = decoded.split(|&byte| byte == b',').skip(2);
            let name = parts.find_map(|part| part.strip_prefix(b"n="))?;
            unquoted(name)
        }
        // `user=name^Aauth=Bearer …^A^A`, or `n,a=name,^Ahost=…` (RFC 7628 §3.1).
        Kind::Bearer => {
            let head = decoded.split(|&byte| byte == 1).next()?;
            if let Some(user) = head.strip_prefix(b"user=") {
                user.to_vec()
            } else {
                let mut parts = head.split(|&byte| byte == b',');
                unquoted(parts.find_map(|part| part.strip_prefix(b"a="))?)
            }
        }
        Kind::Ntlm => ntlm_user(&decoded)?,
        Kind::Token | Kind::Other => return None,
    };
    (!name.is_empty()).then_some(name)
}

/// A name of SCRAM or of a bearer token as it was meant.
fn unquoted(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, after)) = rest.split_first() {
        let (octet, next) = match rest.get(..3) {
            Some([b'=', b'2', b'C' | b'c']) => (b',', rest.get(3..)),
            Some([b'=', b'3', b'D' | b'd']) => (b'=', rest.get(3..)),
            _ => (byte, Some(after)),
        };
        out.push(octet);
        rest = next.unwrap_or_default();
    }
    out
}

/// The user name of an NTLM AUTHENTICATE message.
fn ntlm_user(message: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize, bytes: usize| {
        let bytes = message.get(at..at + bytes)?;
        Some(bytes.iter().rev().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte)))
    };
    if !message.starts_with(b"NTLMSSP\0") || number(8, 4)? != 3 {
        return None;
    }
    let (len, at) = (number(36, 2)?, number(40, 4)?);
    let name = message.get(at..at.checked_add(len)?)?;
    // Its flags say in which letters; they may be missing in old messages.
    let is_wide = number(60, 4).is_none_or(|flags| flags & 1 == 1);
    if !is_wide {
        return Some(name.to_vec());
    }
    let units = name.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect();
    Some(text.into_bytes())
}

/// Whether `prompt` of a server is one that clients of LOGIN know, in any case: what is usual, and
/// what an expired draft has.
#[must_use]
pub fn is_usual_prompt(prompt: &[u8]) -> bool {
    const USUAL: [&[u8]; 6] =
        [b"username:", b"password:", b"user name\0", b"password\0", b"user name", b"password"];
    USUAL.iter().any(|usual| prompt.eq_ignore_ascii_case(usual))
}

/// What `text` (base64) says.
#[must_use]
pub fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_base64() {
        for good in ["", "dXNlcg==", "dXNl", "dXNlY3I=", "++//"] {
            assert_eq!(base64_fault(good.as_bytes()), None, "{good}");
        }
        for (bad, fault) in [
            ("dXN", Fault::Length(3)),
            ("dXNlcg=", Fault::Length(7)),
            ("=AAA", Fault::Padding(1)),
            ("AAA=BBB", Fault::Padding(4)),
            ("A===", Fault::Padding(2)),
            ("=", Fault::Padding(1)),
            ("==", Fault::Padding(1)),
            ("dXNlcg== ", Fault::Letter(9)),
            ("my password", Fault::Letter(3)),
            ("ab-d", Fault::Letter(3)),
        ] {
            assert_eq!(base64_fault(bad.as_bytes()), Some(fault), "{bad}");
        }
    }

    #[test]
    fn whom_responses_name() {
        let of = |mechanism: &str, response: &[u8]| {
            let name = identity(mechanism.as_bytes(), BASE64.encode(response).as_bytes());
            name.map(|name| String::from_utf8(name).unwrap())
        };
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(of("plain", b"\0a\0b"), name("a"));
        assert_eq!(of("LOGIN", b"user"), name("user"));
        assert_eq!(of("CRAM-MD5", b"bob 0123"), name("bob"));
        assert_eq!(
            of("DIGEST-MD5", b"charset=utf-8,username=\"chris\",realm=\"x\""),
            name("chris")
        );
        assert_eq!(of("SCRAM-SHA-256", b"n,,n=us=2Cer,r=abc"), name("us,er"));
        assert_eq!(of("SCRAM-SHA-1", b"c=biws,r=abc,p=xyz"), None);
        assert_eq!(
            of("XOAUTH2", b"user=a@example.org\x01auth=Bearer t\x01\x01"),
            name("a@example.org")
        );
        assert_eq!(
            of("OAUTHBEARER", b"n,a=a@example.org,\x01host=x\x01\x01"),
            name("a@example.org")
        );
        assert_eq!(of("EXTERNAL", b""), None);
        assert_eq!(of("GSSAPI", b"user"), None);
        let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
        message.resize(64, 0);
        message[36] = 6;
        message[40] = 64;
        message[60] = 1;
        message.extend(b"b\0o\0b\0");
        assert_eq!(of("NTLM", &message), name("bob"));
        message[40] = 0xff;
        assert_eq!(of("NTLM", &message), None);
        assert_eq!(of("NTLM", b"NTLMSSP\0\x01\0\0\0"), None);
    }
}
