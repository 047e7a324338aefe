//! Logs of the SMTP service of IIS and Exchange 2000: one row a command, in W3C's format or NCSA's.
//!
//! ```text
//! #Fields: date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status …
//! 2026-11-21 10:00:00 192.0.2.1 client SMTPSVC1 MX 192.0.2.2 0 MAIL - +FROM:<alice@example.org> 250 0 57 45 0 SMTP - - - -
//! 192.0.2.1 - client [21/Nov/2026:10:00:00 +0000] "MAIL -?+FROM:<alice@example.org> SMTP" 250 57
//! ```
//!
//! A blank is `+`. Of a reply there is the code only, of DATA that of the last one, of QUIT none
//! (240). Rows of `OutboundConnectionCommand` and `OutboundConnectionResponse` are this host's as a
//! client, with the text of a reply, of several lines the first. There are no sessions but by the
//! other end's address. The greeting and content are left out.

use super::payload::split_at_mark;
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) static IIS: Foreign = Foreign {
    name: "iis",
    title: "logs of the SMTP service of IIS, W3C and NCSA",
    shows: Shows::ALL
        .without(Shows::CONTENT)
        .without(Shows::REPLIES)
        .without(Shows::OFFERS)
        .without(Shows::COMMANDS)
        .without(Shows::ORDER),
    content: Content::Hidden,
    out: Side::Server,
    likeness,
    reader: || Box::<Iis>::default(),
};

#[derive(Default)]
struct Iis {
    columns: Columns,
    /// When each address was last heard of, in nanoseconds.
    heard: BTreeMap<Vec<u8>, i64>,
}

/// Addresses that are remembered.
const MOST: usize = 4096;

/// By so many nanoseconds a session is over: a server waits no longer (RFC 5321 §4.5.3.2.7).
const PAUSE: i64 = 600_000_000_000;

/// Where the fields of a row in W3C's format are.
struct Columns {
    date: Option<usize>,
    time: Option<usize>,
    peer: Option<usize>,
    user: Option<usize>,
    method: Option<usize>,
    query: Option<usize>,
    status: Option<usize>,
}

impl Default for Columns {
    /// All fields, in their order.
    fn default() -> Self {
        Self {
            date: Some(0),
            time: Some(1),
            peer: Some(2),
            user: Some(3),
            method: Some(8),
            query: Some(10),
            status: Some(11),
        }
    }
}

impl Columns {
    /// Those that `#Fields:` names.
    fn read(names: &[u8]) -> Self {
        let at = |name: &[u8]| words(names).position(|word| word == name);
        Self {
            date: at(b"date"),
            time: at(b"time"),
            peer: at(b"c-ip"),
            user: at(b"cs-username"),
            method: at(b"cs-method"),
            query: at(b"cs-uri-query"),
            status: at(b"sc-status"),
        }
    }
}

/// A row.
struct Row<'a> {
    time: Option<Time>,
    peer: &'a [u8],
    kind: Kind,
    /// Empty in rows of responses.
    method: &'a [u8],
    query: &'a [u8],
    status: &'a [u8],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Inbound,
    Command,
    Response,
}

impl Kind {
    fn of(user: &[u8]) -> Self {
        match user {
            b"OutboundConnectionCommand" => Self::Command,
            b"OutboundConnectionResponse" => Self::Response,
            _ => Self::Inbound,
        }
    }
}

impl<'a> Row<'a> {
    fn read(line: &'a [u8], columns: &Columns) -> Option<Self> {
        Self::ncsa(line).or_else(|| Self::w3c(line, columns))
    }

    fn w3c(line: &'a [u8], columns: &Columns) -> Option<Self> {
        // The instance of the service is what tells it from a log of the web.
        let is_smtp = words(line).take(8).any(is_service);
        let field = |place: Option<usize>| words(line).nth(place?);
        let method = field(columns.method).filter(|_| is_smtp)?;
        let time = match (field(columns.date), field(columns.time)) {
            // W3C's format is in UTC.
            (Some(date), Some(time)) => Time::iso(&[date, b"T", time, b"Z"].concat()),
            (None, Some(time)) => Time::of_day(time),
            _ => None,
        };
        Some(Self {
            time: time.map(|(time, _)| time),
            peer: field(columns.peer)?,
            kind: Kind::of(field(columns.user).unwrap_or_default()),
            method: some(method),
            query: some(field(columns.query).unwrap_or_default()),
            status: field(columns.status).unwrap_or_default(),
        })
    }

    fn ncsa(line: &'a [u8]) -> Option<Self> {
        let (head, rest) = split_at_mark(line, b" [")?;
        let mut head = words(head);
        let (peer, _, user) = (head.next()?, head.next()?, head.next()?);
        let (time, rest) = split_at_mark(rest, b"] \"")?;
        let end = memchr::memmem::rfind(rest, b" SMTP\" ")?;
        let (request, numbers) = (rest.get(..end)?, rest.get(end + 7..)?);
        let (method, query) = split_at_mark(request, b" -?").unwrap_or_else(|| {
            (request.strip_suffix(b" -").unwrap_or(request), Default::default())
        });
        Some(Self {
            time: clf(time),
            peer,
            kind: Kind::of(user),
            method: some(method),
            query: some(query),
            status: words(numbers).next()?,
        })
    }

    /// The command of the row.
    fn command(&self) -> Vec<u8> {
        let query = match self.method.to_ascii_uppercase().as_slice() {
            // What is there is the message or the client's name.
            b"DATA" | b"QUIT" => &[][..],
            _ => self.query,
        };
        let mark = if query.is_empty() || query.starts_with(b"+") { &b""[..] } else { b" " };
        [self.method, mark, &blanks(query)].concat()
    }

    fn is(&self, verb: &[u8]) -> bool {
        self.method.eq_ignore_ascii_case(verb)
    }
}

impl Iis {
    /// Whether the session that goes on under this key must be over.
    fn is_anew(&mut self, key: &[u8], row: &Row<'_>) -> bool {
        let Some(now) = row.time.map(|time| time.stamp.nanos()) else { return false };
        if self.heard.len() >= MOST && !self.heard.contains_key(key) {
            self.heard.clear();
        }
        let last = self.heard.insert(key.to_vec(), now);
        last.is_some_and(|last| now.saturating_sub(last) > PAUSE)
    }
}

impl ReadLines for Iis {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some(names) = line.strip_prefix(b"#Fields:") {
            self.columns = Columns::read(names);
        }
        if line.starts_with(b"#") {
            return out.aside();
        }
        let Some(row) = Row::read(line, &self.columns) else { return };
        out.at(row.time);
        let mark = if row.kind == Kind::Inbound { b"<" } else { b">" };
        let key = [mark, row.peer].concat();
        if self.is_anew(&key, &row) {
            out.end(&key, None);
        }
        match row.kind {
            Kind::Response => {
                let mut text = blanks(row.query).into_owned();
                // Of several lines there is but the first.
                if let Some(hyphen) = text.get_mut(3).filter(|byte| **byte == b'-') {
                    *hyphen = b' ';
                }
                out.say(&key, Who::Server, &text);
            }
            Kind::Command => out.say(&key, Who::Client, &row.command()),
            Kind::Inbound => {
                out.say(&key, Who::Client, &row.command());
                let is_code = row.status.len() == 3 && row.status.first() != Some(&b'0');
                if row.is(b"QUIT") {
                    out.end(&key, None);
                } else if is_code && row.status.iter().all(u8::is_ascii_digit) {
                    if row.is(b"DATA") && row.status.starts_with(b"2") {
                        out.say(&key, Who::Server, b"354");
                    }
                    out.say(&key, Who::Server, row.status);
                }
            }
        }
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&byte| byte == b' ').filter(|word| !word.is_empty())
}

/// `SMTPSVC` and a number.
fn is_service(word: &[u8]) -> bool {
    let number = word.strip_prefix(b"SMTPSVC");
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// A field, empty if it is not there.
fn some(field: &[u8]) -> &[u8] {
    if field == b"-" { &[] } else { field }
}

fn blanks(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect())
}

/// A time like `21/Nov/2026:10:00:00 +0100`.
fn clf(text: &[u8]) -> Option<Time> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let (date, clock) = text.split_at_checked(11)?;
    let mut date = date.split(|&byte| byte == b'/');
    let (day, month, year) = (date.next()?, date.next()?, date.next()?);
    let month = MONTHS.chunks(3).position(|name| name == month)? + 1;
    let clock = clock.strip_prefix(b":")?;
    // `- 0800` also occurs.
    let clock: Vec<u8> = String::from_utf8_lossy(clock).replace("- ", "-").into_bytes();
    let text = [year, b"-", month.to_string().as_bytes(), b"-", day, b" ", &clock].concat();
    Time::iso(&text).map(|(time, _)| time)
}

/// What a row may be of, for sure.
const VERBS: [&[u8]; 8] =
    [b"HELO", b"EHLO", b"MAIL", b"RCPT", b"DATA", b"QUIT", b"RSET", b"STARTTLS"];

fn likeness(line: &[u8]) -> Likeness {
    if line.starts_with(b"#Fields:") {
        let is_ours = words(line).any(|word| word == b"cs-method");
        return if is_ours { Likeness::Weak } else { Likeness::No };
    }
    // Which fields there are is not known here.
    let is_row = words(line).take(8).any(is_service)
        && words(line).take(12).any(|word| {
            VERBS.contains(&word.to_ascii_uppercase().as_slice()) || Kind::of(word) != Kind::Inbound
        });
    match Row::ncsa(line) {
        _ if is_row => Likeness::Sure,
        Some(row) if row.kind != Kind::Inbound => Likeness::Sure,
        Some(row) if VERBS.iter().any(|verb| row.is(verb)) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None if words(line).take(8).any(is_service) => Likeness::Marked,
        None => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let read = |line: &str| {
            let row = Row::read(line.as_bytes(), &Columns::default())?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let time = row.time.map(|time| time.stamp.rfc3339(0)).unwrap_or_default();
            Some((time, text(row.peer), text(&row.command()), text(row.status)))
        };
        let is = |time: &str, peer: &str, command: &str, status: &str| {
            Some((time.to_owned(), peer.to_owned(), command.to_owned(), status.to_owned()))
        };
        assert_eq!(
            read(
                "2026-11-21 10:00:00 192.0.2.1 a SMTPSVC1 MX 192.0.2.2 0 MAIL - +FROM:<a@b> 250 0 SMTP"
            ),
            is("2026-11-21T10:00:00Z", "192.0.2.1", "MAIL FROM:<a@b>", "250")
        );
        assert_eq!(
            read("192.0.2.1 - a [21/Nov/2026:10:00:00 +0100] \"DATA -?+<id@a> SMTP\" 250 124"),
            is("2026-11-21T09:00:00Z", "192.0.2.1", "DATA", "250")
        );
        assert!(
            read("192.0.2.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1").is_none()
        );
    }
}
