//! The events of a session: the points at which a mail server lets an agent act.
//!
//! In: a session. Out: its events in order of place, and lines that say them.

use super::human::lapse;
use super::lines::NUMBER;
use super::view::{View, Where};
use super::{Entry, Options};
use crate::chunk::{End, Medium};
use crate::dialog::session::{Exchange, Mark, Message, Reply, Request, Session};
use crate::escape::printable;
use crate::place::Place;
use crate::smtp::command::Verb;
use crate::time::Lapse;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// One of [`NAMES`].
    pub(super) name: &'static str,
    /// When and where; nowhere if that is not known.
    pub(super) mark: Mark,
    /// Since the event before it.
    pub(super) delta: Option<Lapse>,
    /// Index of its exchange.
    pub(super) exchange: Option<u32>,
    /// The code of the reply to it, or of the reply that it is.
    pub(super) code: Option<u16>,
}

/// All names that there are.
#[cfg(test)]
pub(super) const NAMES: [&str; 17] = [
    "connect",
    "helo",
    "ehlo",
    "starttls",
    "auth",
    "mail",
    "rcpt",
    "data",
    "end-of-headers",
    "end-of-data",
    "rset",
    "vrfy",
    "noop",
    "help",
    "quit",
    "reject",
    "disconnect",
];

/// Characters of a line of the dialog that are shown.
const MOST: usize = 120;

/// The events of `session`, in order.
pub(super) fn of(session: &Session) -> Vec<Event> {
    // Where each goes among the others; some stand nowhere themselves.
    let mut all: Vec<(Place, Event)> = Vec::with_capacity(session.exchanges.len() + 4);
    let opening = &session.opening;
    let begun = Mark { at: opening.at, place: opening.place };
    if session.transport.as_ref().is_none_or(|transport| !transport.midstream) {
        all.push((begun.place, event("connect", begun, None)));
    }
    if let Some(greeting) = &session.greeting {
        reject(&mut all, greeting, None);
    }
    let mut told = None;
    for (index, exchange) in (0..).zip(&session.exchanges) {
        add(&mut all, session, index, exchange, &mut told);
    }
    for one in &session.unsolicited {
        reject(&mut all, &one.reply, None);
    }
    for message in &session.messages {
        if let Some(mark) = message.header_end.as_deref() {
            all.push((mark.place, event("end-of-headers", *mark, None)));
        }
    }
    all.sort_by_key(|(place, _)| *place);
    let mut all: Vec<Event> = all.into_iter().map(|(_, event)| event).collect();
    all.extend(disconnect(session));
    let mut before = None;
    for event in &mut all {
        let delta = event.mark.at.zip(before).map(|(at, before)| at.since(before));
        event.delta = delta.filter(|delta| *delta >= Lapse::default());
        before = event.mark.at.or(before);
    }
    all
}

fn event(name: &'static str, mark: Mark, exchange: Option<u32>) -> Event {
    Event { name, mark, delta: None, exchange, code: None }
}

/// Adds those of an exchange; `told` is the last message whose chunks have begun.
fn add(
    all: &mut Vec<(Place, Event)>,
    session: &Session,
    index: u32,
    exchange: &Exchange,
    told: &mut Option<u32>,
) {
    let code = exchange.reply.as_ref().and_then(|reply| reply.code);
    let is_chunk = exchange.request == Request::Command(Verb::Bdat);
    let message = exchange.message.and_then(|one| session.messages.get(one as usize));
    if let Some(message) = message.filter(|_| is_chunk) {
        if *told != exchange.message {
            *told = exchange.message;
            let (place, mark) = chunks_begin(message, exchange.asked);
            all.push((place, Event { code, ..event("data", mark, Some(index)) }));
        }
        if message.ended && is_last_chunk(session, index, exchange) {
            let end = event("end-of-data", exchange.asked, Some(index));
            all.push((exchange.asked.place, Event { code, ..end }));
        }
    } else if let Some(name) = name(exchange.request) {
        let event = Event { code, ..event(name, exchange.asked, Some(index)) };
        all.push((exchange.asked.place, event));
    }
    if let Some(reply) = &exchange.reply {
        reject(all, reply, Some(index));
    }
}

/// When the first chunk of a message began: its exchange is asked at the chunk's end.
fn chunks_begin(message: &Message, asked: Mark) -> (Place, Mark) {
    match message.header_end.as_deref() {
        Some(header) if header.place < asked.place => {
            (header.place, Mark { at: message.data_begun, place: Place::default() })
        }
        _ => (asked.place, asked),
    }
}

/// Whether no chunk of the message follows.
fn is_last_chunk(session: &Session, index: u32, exchange: &Exchange) -> bool {
    let after = session.exchanges.iter().skip(index as usize + 1);
    let mut after = after.take_while(|one| one.request == exchange.request);
    !after.any(|one| one.message == exchange.message)
}

/// The event that a request is.
fn name(request: Request) -> Option<&'static str> {
    Some(match request {
        Request::EndOfData => "end-of-data",
        Request::AuthLine => return None,
        Request::Command(verb) => match verb {
            Verb::Helo => "helo",
            Verb::Ehlo | Verb::Lhlo => "ehlo",
            Verb::Starttls => "starttls",
            Verb::Auth => "auth",
            Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml => "mail",
            Verb::Rcpt => "rcpt",
            Verb::Data | Verb::Bdat => "data",
            Verb::Rset => "rset",
            Verb::Vrfy | Verb::Expn => "vrfy",
            Verb::Noop => "noop",
            Verb::Help => "help",
            Verb::Quit => "quit",
            _ => return None,
        },
    })
}

/// Adds a reply that refuses something.
fn reject(all: &mut Vec<(Place, Event)>, reply: &Reply, exchange: Option<u32>) {
    if let Some(code @ 400..=599) = reply.code {
        let event = Event { code: Some(code), ..event("reject", reply.begun, exchange) };
        all.push((reply.begun.place, event));
    }
}

/// The end of the connection, if it was seen.
fn disconnect(session: &Session) -> Option<Event> {
    let first = session.closing.as_deref().and_then(|closing| *closing.sides.of(closing.first));
    let mark = match session.end {
        End::NoAnswer => return None,
        End::CaptureEnd | End::TranscriptEnd | End::Tls => first?.mark,
        // QUIT may be the last that is seen.
        End::Quit if session.opening.medium == Medium::Packets => first?.mark,
        End::Quit if session.closing.is_none() => return None,
        _ => first.map_or(Mark { at: session.last_at, place: Place::default() }, |one| one.mark),
    };
    Some(event("disconnect", mark, None))
}

/// Appends the events of a session, a line each.
pub(super) fn session(out: &mut String, entry: &Entry<'_>, options: &Options) {
    let view = View::new(entry, &options.inputs);
    let session = entry.session;
    put!(out, "session {NUMBER}");
    if let Some(peers) = session.opening.peers {
        put!(out, " {} > {}", peers.client, peers.server);
    }
    put!(out, " {}\n", view.input);
    let digits = session.opening.digits;
    let is_timed = session.opening.at.is_some();
    let mut elsewhere = None;
    for event in of(session) {
        let Where { input, frame, line_no } = view.place(event.mark);
        if frame.or(line_no).is_some() && input != elsewhere {
            elsewhere = input;
            put!(out, "  in {}\n", input.unwrap_or(view.input));
        }
        if is_timed {
            let time = event.mark.at.map_or_else(|| String::from("-"), |at| at.rfc3339(digits));
            let width = if digits == 0 { 20 } else { 21 + usize::from(digits) };
            let delta = event.delta.map_or_else(String::new, |delta| format!("+{}", lapse(delta)));
            put!(out, "  {time:<width$} {delta:>12}");
        }
        let number = frame.or(line_no).map_or_else(|| String::from("-"), |n| n.to_string());
        put!(out, " {number:>8}  {:<15}", event.name);
        put!(out, "{}", said(session, &event));
        while out.ends_with(' ') {
            out.pop();
        }
        out.push('\n');
    }
    if session.elided_exchanges > 0 {
        put!(out, "  {} more commands were not kept\n", session.elided_exchanges);
    }
}

/// What was said there.
fn said(session: &Session, event: &Event) -> String {
    let exchange = event.exchange.and_then(|index| session.exchanges.get(index as usize));
    let line = exchange.filter(|_| !matches!(event.name, "end-of-data" | "reject"));
    let mut text = line.map_or_else(String::new, |one| clipped(session.bytes(one.line)));
    if event.name == "reject"
        && let Some(exchange) = exchange
    {
        let name = exchange.request.name();
        text = if name.is_empty() { String::from("(no command)") } else { name.to_owned() };
    }
    if let Some(code) = event.code {
        let blank = if text.is_empty() { "" } else { " " };
        put!(text, "{blank}[{code}]");
    }
    text
}

fn clipped(bytes: &[u8]) -> String {
    let text = printable(bytes);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{hostile, ordinary, session};
    use super::*;

    fn names(session: &Session) -> Vec<&'static str> {
        let all = of(session);
        assert!(all.iter().all(|event| NAMES.contains(&event.name)));
        all.iter().map(|event| event.name).collect()
    }

    #[test]
    fn an_ordinary_session() {
        let session = ordinary();
        let expected = "connect ehlo mail rcpt rcpt reject data end-of-data quit";
        assert_eq!(names(&session).join(" "), expected);
        let all = of(&session);
        let reject = all.iter().find(|event| event.name == "reject").unwrap();
        assert_eq!((reject.code, reject.exchange), (Some(550), Some(3)));
        assert_eq!(reject.delta.map(Lapse::micros), Some(1000));
        assert_eq!((all[0].delta, all[0].mark.place.number()), (None, 1));
    }

    #[test]
    fn the_header_ends_with_the_empty_line() {
        let dialog = b"s< 220 x\nc> EHLO x\ns< 250-x\ns< 250 CHUNKING\nc> MAIL FROM:<a@b>\ns< 250 x
c> RCPT TO:<c@d>\ns< 250 x\nc> DATA\ns< 354 x\nc> Subject: x\nc> \nc> a: b\nc> \nc> .\ns< 250 x
c> MAIL FROM:<a@b>\ns< 250 x\nc> DATA\ns< 354 x\nc> no field\nc> \nc> .\ns< 250 x";
        let all = of(&session(dialog, End::ServerClosed));
        let ends: Vec<u64> = all
            .iter()
            .filter(|event| event.name == "end-of-headers")
            .map(|event| event.mark.place.number())
            .collect();
        // Three frames are the handshake's.
        assert_eq!(ends, [3 + 12]);
    }

    #[test]
    fn chunks_are_content() {
        let dialog = b"s< 220 x\nc> EHLO x\ns< 250-x\ns< 250 CHUNKING\nc> MAIL FROM:<a@b>\ns< 250 x
c> RCPT TO:<c@d>\ns< 250 x\nc> BDAT 8\nc> a: bcd\ns< 250 x\nc> BDAT 5 LAST\nc> \nc> x\ns< 250 x
c> QUIT\ns< 221 x";
        let expected = "connect ehlo mail rcpt data end-of-headers end-of-data quit";
        assert_eq!(names(&session(dialog, End::CaptureEnd)).join(" "), expected);
    }

    #[test]
    fn hostile_bytes_are_escaped() {
        let options = Options::new(None, crate::limits::Limits::default(), &[]);
        let mut out = String::new();
        let hostile = hostile();
        super::session(&mut out, &super::super::sample::entry(1, &hostile, &[]), &options);
        let is_fine = |letter| letter == '\n' || letter == NUMBER || crate::escape::is_safe(letter);
        assert!(out.contains("evil") && out.chars().all(is_fine), "{out}");
    }
}
