//! What the first bytes of a stream look like: which side of SMTP they are, and whether a
//! connection on an unusual port is SMTP at all.
//!
//! In: the first bytes of one or of both directions. Out: a guess, or that more is needed. SMTP
//! inside TLS from the start cannot be told from anything else inside TLS.

use super::command::{Command, Verb};
use super::line::{is_blank, split_word};
use super::reply::{ReplyLine, is_well_formed};
use super::scan::find_two;
use memchr::memchr2_iter;

/// What the first bytes of a direction look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// A client: a command.
    Client,
    /// A server: a reply.
    Server,
    /// A TLS record.
    Tls,
    /// Nothing that tells.
    None,
}

/// Whether a connection speaks SMTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It might; more bytes may tell.
    Wait,
}

/// The longest payload of a TLS record: 2^14 and what encryption may add (RFC 5246 §6.2.3).
const TLS_RECORD: u16 = (1 << 14) + 2048;

/// How many bytes of a line tell whether it begins with a code or a verb: one more than the
/// longest verb has.
const HEAD: usize = 9;

/// What `data`, the first bytes seen of one direction, looks like. `at_start` says that they are
/// the first bytes of the stream, not just of what was captured.
#[must_use]
pub fn first_bytes(data: &[u8], at_start: bool) -> Hint {
    // Neither a code nor a verb that tells is longer than this.
    let (head, _) = first_line(data.get(..HEAD).unwrap_or(data));
    if is_tls(data, at_start) {
        Hint::Tls
    } else if is_reply_start(head) && (at_start || is_whole_reply(data)) {
        Hint::Server
    } else if is_command(head) {
        Hint::Client
    } else {
        Hint::None
    }
}

/// Whether `data` begins with a reply's line that is whole: midstream, mail data may begin with a
/// number, too.
fn is_whole_reply(data: &[u8]) -> bool {
    let (line, is_whole) = first_line(data);
    is_whole && is_well_formed(line)
}

/// Whether the connection whose directions begin with `client_first` and `server_first` (each
/// empty if nothing of it was seen yet) speaks SMTP or LMTP.
///
/// FTP greets with 220, too, and shares QUIT, NOOP, HELP and AUTH: a greeting must name SMTP, or
/// the client must say what only SMTP's says.
#[must_use]
pub fn speaks_smtp(client_first: &[u8], server_first: &[u8]) -> Verdict {
    let client = client_verdict(client_first);
    match server_verdict(server_first) {
        Verdict::Wait => client,
        sure => sure,
    }
}

/// Whether `server_first` begins with a 220 reply that names SMTP, ESMTP or LMTP in the lines
/// that are there (RFC 5321 §4.3.1).
#[must_use]
pub fn is_smtp_greeting(server_first: &[u8]) -> bool {
    server_first
        .split(|&byte| byte == b'\n')
        .map(ReplyLine::parse)
        .take_while(|line| line.code == Some(220))
        .any(|line| names_smtp(line.text))
}

/// Whether `text` holds SMTP or LMTP.
fn names_smtp(text: &[u8]) -> bool {
    // Few letters of a greeting are a P.
    memchr2_iter(b'P', b'p', text).any(|last| {
        let part = last.checked_sub(3).and_then(|first| text.get(first..=last));
        part.is_some_and(|part| {
            part.eq_ignore_ascii_case(b"SMTP") || part.eq_ignore_ascii_case(b"LMTP")
        })
    })
}

/// What the server's bytes say: [`Verdict::Wait`] also if they fit SMTP and other protocols.
fn server_verdict(server_first: &[u8]) -> Verdict {
    let (line, is_whole) = first_line(server_first);
    let may_become_reply = !is_whole && line.len() < 3 && line.iter().all(u8::is_ascii_digit);
    if is_smtp_greeting(server_first) {
        Verdict::Yes
    } else if may_become_reply || is_refusal_or_greeting(line) {
        Verdict::Wait
    } else {
        Verdict::No
    }
}

/// Whether `line` begins as a greeting (220) or a refusal (4yz, 5yz) does, not as the greetings
/// of NNTP (200, 201) do.
fn is_refusal_or_greeting(line: &[u8]) -> bool {
    is_reply_start(line)
        && ReplyLine::parse(line).code.is_some_and(|code| code == 220 || code >= 400)
}

/// What the client's bytes say: [`Verdict::Wait`] also if they fit SMTP and other protocols.
fn client_verdict(client_first: &[u8]) -> Verdict {
    let (line, is_whole) = first_line(client_first);
    let command = Command::parse(line);
    let is_word = command.word.iter().all(u8::is_ascii_alphanumeric);
    if !is_whole && command.word.len() == line.len() {
        // The verb may go on. No verb that decides is longer than STARTTLS.
        let may_become_verb = is_word && line.len() <= Verb::Starttls.name().len();
        return if may_become_verb { Verdict::Wait } else { Verdict::No };
    }
    match command.verb {
        Verb::Ehlo | Verb::Lhlo | Verb::Helo | Verb::Starttls => Verdict::Yes,
        Verb::Mail | Verb::Rcpt if command.argument.contains(&b':') => Verdict::Yes,
        // What is there of the argument does not decide yet.
        Verb::Mail | Verb::Rcpt | Verb::Auth if !is_whole => Verdict::Wait,
        Verb::Auth => match split_word(command.argument).0.to_ascii_uppercase().as_slice() {
            // FTP's AUTH names a security mechanism (RFC 4217 §4).
            b"TLS" | b"SSL" | b"TLS-C" | b"TLS-P" | b"GSSAPI" => Verdict::No,
            _ => Verdict::Wait,
        },
        Verb::Quit | Verb::Noop | Verb::Help | Verb::Rset => Verdict::Wait,
        _ => Verdict::No,
    }
}

/// `data` up to its first CR or LF, and whether there is one.
fn first_line(data: &[u8]) -> (&[u8], bool) {
    match find_two(*b"\r\n", data) {
        Some(end) => (data.split_at(end).0, true),
        None => (data, false),
    }
}

/// Whether `data` begins with the header of a TLS record (RFC 8446 §5.1): at the start of a
/// stream a handshake, midstream any type but heartbeats.
fn is_tls(data: &[u8], at_start: bool) -> bool {
    let Some((&[kind, 3, 0..=4], rest)) = data.split_first_chunk() else {
        return false;
    };
    let is_kind = if at_start { kind == 0x16 } else { (0x14..=0x17).contains(&kind) };
    let length = rest.first_chunk().map(|&bytes| u16::from_be_bytes(bytes));
    is_kind && length.is_none_or(|length| (1..=TLS_RECORD).contains(&length))
}

/// Whether `line` begins with a code of 200 to 599 and what may follow one.
fn is_reply_start(line: &[u8]) -> bool {
    let (code, rest) = line.split_at(line.len().min(3));
    matches!(code, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'])
        && rest.first().is_none_or(|&byte| is_blank(byte) || byte == b'-')
}

/// Whether `line` begins with a known verb.
fn is_command(line: &[u8]) -> bool {
    let command = Command::parse(line);
    command.verb != Verb::Other && command.word_at == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sides_are_told_by_their_first_bytes() {
        let cases: [(&[u8], Hint, Hint); 20] = [
            (b"220 mx.example ESMTP\r\n", Hint::Server, Hint::Server),
            (b"220-mx.example\r\n220 x\r\n", Hint::Server, Hint::Server),
            (b"421\r\n", Hint::Server, Hint::Server),
            (b"250 2.1.0 Ok\r\n", Hint::Server, Hint::Server),
            (b"550 no", Hint::Server, Hint::None),
            (b"270 x\r\n", Hint::Server, Hint::None),
            (b"220", Hint::Server, Hint::None),
            (b"2200 x\r\n", Hint::None, Hint::None),
            (b"620 x\r\n", Hint::None, Hint::None),
            (b"ehlo a\r\n", Hint::Client, Hint::Client),
            (b"QUIT", Hint::Client, Hint::Client),
            (b"RCPT TO:<a@b>\r\n", Hint::Client, Hint::Client),
            (b"EHLOa\r\n", Hint::None, Hint::None),
            (b"Subject: x\r\n", Hint::None, Hint::None),
            (b"\x16\x03\x01\x02\x00\x01", Hint::Tls, Hint::Tls),
            (b"\x16\x03\x03", Hint::Tls, Hint::Tls),
            (b"\x17\x03\x03\x00\x10abc", Hint::None, Hint::Tls),
            (b"\x16\x03\x05\x00\x10", Hint::None, Hint::None),
            (b"\x16\x03\x01\xff\xff", Hint::None, Hint::None),
            (b"", Hint::None, Hint::None),
        ];
        for (data, start, midstream) in cases {
            let shown = data.escape_ascii();
            assert_eq!(first_bytes(data, true), start, "start: {shown}");
            assert_eq!(first_bytes(data, false), midstream, "midstream: {shown}");
        }
    }

    #[test]
    fn smtp_is_told_from_its_neighbours() {
        use Verdict::{No, Wait, Yes};
        let cases: [(&str, &str, &str, Verdict); 44] = [
            ("nothing", "", "", Wait),
            ("SMTP", "", "220 mx.example.com SMTP\r\n", Yes),
            ("ESMTP", "", "220 mx.example.com ESMTP Postfix\r\n", Yes),
            ("LMTP", "", "220 mx.example.com LMTP\r\n", Yes),
            ("second line", "", "220-welcome\r\n220 mx ESMTP\r\n", Yes),
            ("no name", "", "220 mx.example.com ready\r\n", Wait),
            ("no name", "EHLO a\r\n", "220 mx.example.com ready\r\n", Yes),
            ("no name", "HELO a\r\n", "220 mx.example.com ready\r\n", Yes),
            ("no name", "LHLO a\r\n", "220 mx.example.com ready\r\n", Yes),
            ("no name", "MAIL FROM:<a@b>\r\n", "220 ready\r\n", Yes),
            ("refused", "EHLO a\r\n", "554 go away\r\n", Yes),
            ("refused", "", "554 go away\r\n", Wait),
            ("early", "EHLO a\r\n", "", Yes),
            ("part", "EH", "220 x\r\n", Wait),
            ("part", "MAIL FR", "220 x\r\n", Wait),
            ("part", "AUTH TLS", "220 x\r\n", Wait),
            ("part", "", "22", Wait),
            ("part", "", "220", Wait),
            ("probe", "GET / HTTP/1.1\r\n", "220 mx ESMTP\r\n", Yes),
            ("FTP", "", "220 (vsFTPd 3.0.3)\r\n", Wait),
            ("FTP", "USER anonymous\r\n", "220 (vsFTPd 3.0.3)\r\n", No),
            ("FTP", "AUTH TLS\r\n", "220 ProFTPD Server ready.\r\n", No),
            ("FTP", "FEAT\r\n", "220-welcome\r\n220 ftp.example.com\r\n", No),
            ("FTP", "QUIT\r\n", "220 ftp.example.com\r\n", Wait),
            ("FTP", "NOOP\r\n", "220 ftp.example.com\r\n", Wait),
            ("FTP", "HELP\r\n", "220 ftp.example.com\r\n", Wait),
            ("FTP", "PASS x\r\n", "220 ftp.example.com\r\n", No),
            ("NNTP", "", "200 news.example.com ready\r\n", No),
            ("NNTP", "MODE READER\r\n", "201 news.example.com\r\n", No),
            ("NNTP", "HELP\r\n", "200 news.example.com\r\n", No),
            ("POP3", "", "+OK ready\r\n", No),
            ("POP3", "USER a\r\n", "", No),
            ("POP3", "EHLO a\r\n", "+OK ready\r\n", No),
            ("IMAP", "", "* OK IMAP4rev1\r\n", No),
            ("IMAP", "a001 CAPABILITY\r\n", "", No),
            ("IMAP", "a001", "", Wait),
            ("HTTP", "GET / HTTP/1.1\r\n", "", No),
            ("HTTP", "POST /EHLO HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", No),
            ("SSH", "", "SSH-2.0-OpenSSH_9.6\r\n", No),
            ("SSH", "SSH-2.0-OpenSSH_9.6\r\n", "", No),
            ("IRC", "NICK a\r\nUSER a 0 * :a\r\n", "", No),
            ("IRC", "", ":irc.example.com NOTICE * :hi\r\n", No),
            ("TLS", "\x16\x03\x01\x02", "", No),
            ("long word", "AAAAAAAAAAAA", "", No),
        ];
        for (name, client, server, verdict) in cases {
            let found = speaks_smtp(client.as_bytes(), server.as_bytes());
            assert_eq!(found, verdict, "{name}: {client:?} {server:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(
            data in proptest::collection::vec(any::<u8>(), 0..40),
            start in "(220|250|AUTH|EHLO|MAIL|)[ -]?",
        ) {
            let data = [start.as_bytes(), &data].concat();
            let _ = (first_bytes(&data, true), first_bytes(&data, false));
            let _ = (speaks_smtp(&data, b""), speaks_smtp(b"", &data));
        }

        #[test]
        fn a_verdict_does_not_change_with_more_bytes(
            client in "(EHLO a|QUIT|USER a|HELO b|MAIL FROM:<>|GET /|AUTH TLS)\r\n",
            server in "(220 mx ESMTP|220-a\r\n220 b SMTP|220 ftp|554 no|200 x|\\+OK)\r\n",
            cut in (0..40_usize, 0..40_usize),
        ) {
            let whole = speaks_smtp(client.as_bytes(), server.as_bytes());
            let (client, server) = (client.as_bytes(), server.as_bytes());
            let first = speaks_smtp(&client[..cut.0.min(client.len())], b"");
            // Only a server that names SMTP outweighs what its client says.
            let named = is_smtp_greeting(server);
            prop_assert!(named || first == Verdict::Wait || first == whole || whole == Verdict::No);
            let second = speaks_smtp(b"", &server[..cut.1.min(server.len())]);
            prop_assert!(second == Verdict::Wait || second == whole);
        }
    }
}
