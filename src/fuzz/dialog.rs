//! The dialog: chunks of both sides in any order, and whether what it makes of them holds
//! together.

use super::bytes::Bytes;
use super::{Sink, format, limits};
use crate::chunk::{
    Chunk, Close, Consume as _, End, Ending, Gap, Medium, Open, Opening, Shows, Side, Sides, What,
};
use crate::dialog::session::{Reply, Request, Session, Span};
use crate::dialog::{Dialog, Settings, Tap};
use crate::place::{Place, Places, Slot};
use crate::report::{self, Entry, Format, Renderer};
use crate::rules::{self, Choice};
use crate::smtp::command::Verb;
use crate::time::Stamp;
use crate::transcript;
use std::sync::Arc;

/// A dialog: two bytes of settings, then for each chunk a byte of side, kind and what its sender
/// had seen, and a byte or more of what it is.
pub fn dialog(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let settings = bytes.byte();
    let medium = match settings & 3 {
        0 | 1 => Medium::Packets,
        2 => Medium::Transcript,
        _ => Medium::Script,
    };
    let shown = settings & 4 != 0;
    let limits = limits();
    let is_timed = settings & 8 == 0;
    let stamp = |number: u64| is_timed.then(|| stamp(number, settings));
    let opening = Opening {
        peers: None,
        via: None,
        at: stamp(0),
        digits: 6,
        place: Place::new(1),
        medium,
        by_content: false,
        shows: Shows::ALL,
    };
    let writer = Heard(transcript::Writer::new(None, &limits));
    let shared = Arc::new(Settings { limits, show_secrets: shown, ..Settings::default() });
    let mut dialog = Dialog::new(&opening, shared, Some(Box::new(writer)));
    let mut sent = Sides::<u64>::default();
    // Whether the client's stream stands at the beginning of a line, for all anybody knows.
    let mut is_certain = true;
    // The input says that it has masked a secret: then it is believed.
    let mut is_told = false;
    let mut number = 0;
    while !bytes.is_empty() {
        number += 1;
        let head = bytes.byte();
        let side = if head & 1 == 0 { Side::Client } else { Side::Server };
        let mut piece = Vec::new();
        let what = match head >> 1 & 7 {
            0..=3 => {
                let lines = if side == Side::Client { &CLIENT[..] } else { &SERVER[..] };
                let line = lines.get(usize::from(bytes.byte()) % lines.len());
                piece.extend_from_slice(line.copied().unwrap_or_default());
                What::Data(&piece)
            }
            4 => {
                let len = bytes.byte();
                piece.extend_from_slice(bytes.take(usize::from(len)));
                What::Data(&piece)
            }
            5 => {
                let bytes = u64::from(bytes.number(2)) << ((settings >> 4 & 1) * 47);
                What::Gap(Gap { bytes, acked: head & 0x80 != 0 })
            }
            6 => match bytes.byte() % 8 {
                0 => What::Open(Open::Syn),
                1 => What::Open(Open::SynAck),
                2 => What::Open(Open::Established),
                3 => What::Open(Open::Midstream),
                4 => What::Close(Close::Reset),
                5 => What::Close(Close::Refused),
                _ => What::Close(Close::Fin),
            },
            _ => match bytes.byte() {
                masked @ 0x80.. => {
                    dialog.masked((masked != 0xff).then(|| u64::from(masked)));
                    is_told = true;
                    continue;
                }
                records => What::Tls(u64::from(records)),
            },
        };
        let there = *sent.of(side.other());
        let seen = match head >> 4 & 7 {
            0..=3 => None,
            4 | 5 => Some(there),
            some => Some(there.saturating_sub(u64::from(some) * 12)),
        };
        let place = Place::new(number);
        dialog.push(&Chunk { side, at: stamp(number), place, seen, what });
        let len = match what {
            What::Data(data) => data.len() as u64,
            What::Gap(gap) => gap.bytes,
            _ => 0,
        };
        let total = sent.of_mut(side);
        *total = total.saturating_add(len);
        if side == Side::Client {
            let ends = matches!(what, What::Data(data) if data.ends_with(b"\n"));
            is_certain &= ends || !matches!(what, What::Data(_) | What::Gap(_) | What::Tls(_));
        }
    }
    let ending = match settings >> 5 {
        0 | 1 => Ending::Closed,
        2 => Ending::Noted(End::Reset),
        3 => Ending::Evicted,
        _ => Ending::InputEnd,
    };
    let (session, text) = dialog.finish(ending, stamp(number), None);
    check(&session);
    let text = text.unwrap_or_default();
    if !shown && !is_told {
        check_secret(&session, &text, is_certain);
    }
    report(&session, &text, format(data.len()));
}

/// Times that go on, jump, or go back.
fn stamp(number: u64, settings: u8) -> Stamp {
    let number = i64::try_from(number).unwrap_or_default();
    if settings & 0x10 == 0 {
        Stamp::from_nanos(number * 1_000_000)
    } else {
        let far = if number % 2 == 0 { i64::MAX } else { i64::MIN };
        Stamp::from_nanos(far)
    }
}

/// What nobody may see who did not ask to.
const SECRET: &[u8] = b"c2VjcmV0LXNlY3JldA==";

/// What clients say.
const CLIENT: [&[u8]; 40] = [
    b"EHLO a.example\r\n",
    b"HELO a\r\n",
    b"LHLO a\r\n",
    b"MAIL FROM:<a@b.example> SIZE=10\r\n",
    b"MAIL FROM:<>\r\n",
    b"RCPT TO:<c@d.example>\r\n",
    b"RCPT TO: e\r\n",
    b"DATA\r\n",
    b"BDAT 4\r\n",
    b"BDAT 3 LAST\r\nabc",
    b"BDAT 0 LAST\r\n",
    b"BDAT 99999999999999999999999999999999999999\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"QUIT\r\n",
    b"STARTTLS\r\n",
    b"AUTH PLAIN c2VjcmV0LXNlY3JldA==\r\n",
    b"AUTH LOGIN\r\n",
    b"AUTH PLAIN\r\nc2VjcmV0LXNlY3JldA==\r\n",
    b"*\r\n",
    b"\x16\x03\x01\x02\x00",
    b"\x16",
    b"\r\n",
    b"\n",
    b".\r\n",
    b".\n",
    b"\r\n.\r\n",
    b"\n.\n",
    b"\n.\r\n",
    b"line\r\n",
    b"line",
    b"..\r\n",
    b"abcd",
    b"VRFY x\r\n",
    b"XFORWARD NAME=x\r\n",
    b"ETRN x\r\n",
    b"PASS x\r\n",
    b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
    b"x\n.\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\ny\r\n.\r\n",
    b"\r\n.\r\nQUIT\r\n",
];

/// What servers say.
const SERVER: [&[u8]; 28] = [
    b"220 mx.example ESMTP\r\n",
    b"250 ok\r\n",
    b"250-mx\r\n250-SIZE 1000\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 ENHANCEDSTATUSCODES\r\n",
    b"250-\r\n",
    b"250",
    b"\r\n",
    b"250 2.1.0 ok\r\n",
    b"354 go\r\n",
    b"334 \r\n",
    b"235 2.7.0 in\r\n",
    b"535 no\r\n",
    b"503 bad\r\n",
    b"550 5.1.1 no\r\n",
    b"550-\r\n",
    b"421 bye\r\n",
    b"221 bye\r\n",
    b"454 no tls\r\n",
    b"220 ready\r\n",
    b"251 forward\r\n",
    b"junk\r\n",
    b"250 ok\n",
    b"\x16\x03\x03\x00\x10",
    b"\x15",
    b"2",
    b"50 ok\r\n",
    b"250 ok\r\n250 ok\r\n",
    b"250 ok\r\n250 ok\r\n354 go\r\n",
    b"250 ok\r\n221 bye\r\n",
];

/// Every span lies in the text, and every index names something.
fn check(session: &Session) {
    let span = |span: Span| {
        assert_eq!(session.bytes(span).len(), span.len as usize, "a span lies in the text");
    };
    let reply = |reply: &Reply| {
        span(reply.text);
        assert!(reply.lines > 0, "a reply has lines");
    };
    let limits = limits();
    assert!(session.exchanges.len() <= limits.exchanges, "exchanges are bounded");
    assert!(session.messages.len() <= limits.messages, "messages are bounded");
    assert!(session.unsolicited.len() <= limits.unsolicited, "unsolicited replies are bounded");
    assert!(session.gaps.len() <= limits.unsolicited, "gaps are bounded");
    assert!(session.resyncs.len() <= limits.unsolicited, "resyncs are bounded");
    let is_exchange = |index: u32| (index as usize) < session.exchanges.len();
    let is_message = |index: u32| (index as usize) < session.messages.len();
    session.greeting.iter().for_each(reply);
    session.helo.into_iter().for_each(span);
    for hello in &session.hellos {
        assert!(hello.exchange == u32::MAX || is_exchange(hello.exchange), "a hello is there");
        span(hello.reply);
    }
    for exchange in &session.exchanges {
        span(exchange.line);
        exchange.reply.iter().for_each(reply);
        let is_there = exchange.message.is_none_or(is_message);
        assert!(is_there, "the message of {exchange:?} is there");
    }
    for message in &session.messages {
        assert!(message.mail.is_none_or(is_exchange), "a message's MAIL is there");
        message.from.into_iter().for_each(span);
        assert!(message.recipients.len() <= limits.recipients, "recipients are bounded");
        for recipient in &message.recipients {
            span(recipient.address);
            assert!(recipient.exchange.is_none_or(is_exchange), "a recipient's RCPT is there");
            recipient.delivery.as_deref().into_iter().for_each(reply);
        }
    }
    for unsolicited in &session.unsolicited {
        reply(&unsolicited.reply);
        assert!(unsolicited.after as usize <= session.exchanges.len(), "a reply has a place");
    }
    if let Some(auth) = &session.auth {
        span(auth.mechanism);
        auth.identity.into_iter().for_each(span);
        for one in &auth.list {
            span(one.mechanism);
            one.identity.into_iter().for_each(span);
            assert!(one.exchange.is_none_or(is_exchange), "an attempt's AUTH is there");
        }
    }
}

/// The initial response of AUTH is shown nowhere; `is_certain` if every line of the client began
/// where it seems to begin.
fn check_secret(session: &Session, text: &[u8], is_certain: bool) {
    let holds = |text: &[u8]| text.windows(SECRET.len()).any(|part| part == SECRET);
    for exchange in &session.exchanges {
        if exchange.request == Request::Command(Verb::Auth) {
            assert!(!holds(session.bytes(exchange.line)), "the secret of AUTH is masked");
        }
    }
    // Mail data may hold anything, and so may what is taken for it for a while.
    let has_content = session.messages.iter().any(|message| message.transfer.is_some())
        || session
            .exchanges
            .iter()
            .any(|exchange| matches!(exchange.request, Request::Command(Verb::Data | Verb::Bdat)))
        || session.elided_exchanges > 0;
    if is_certain && !has_content {
        assert!(!holds(text), "the secret of AUTH is masked in\n{}", text.escape_ascii());
    }
}

/// The rules and a report take the session.
fn report(session: &Session, text: &[u8], format: Format) {
    let (findings, not_judged) = rules::run(session, &Choice::default());
    let out = Sink::default();
    let options = Arc::new(report::Options::new(Some(80), limits(), &[String::from("input")]));
    let mut writer = report::writer(format, Box::new(out.clone()), &options);
    let mut renderer = Renderer::new(format, &options);
    let entry = Entry {
        session,
        slot: Slot::default(),
        places: &Places::default(),
        findings: &findings,
        not_judged: &not_judged,
        transcript: (format == Format::Transcript).then_some(text),
    };
    let (mut made, note) = renderer.session(&entry);
    renderer.seal(std::iter::once(&mut made));
    let written = writer.session(1, entry.slot, made, note);
    assert!(written.is_ok(), "memory takes every report");
    assert!(writer.finish(renderer.finish(), &[]).is_ok(), "memory takes every report");
    assert!(str::from_utf8(&out.take()).is_ok(), "a report is UTF-8");
}

/// Writes a transcript of what a dialog reads.
pub(super) struct Heard(pub(super) transcript::Writer);

impl Tap for Heard {
    fn data(&mut self, side: Side, at: Option<Stamp>, seen: Option<u64>, bytes: &[u8]) {
        self.0.data(side, at, seen, bytes);
    }

    fn cut(&mut self, side: Side) {
        self.0.cut(side);
    }

    fn masked(&mut self, side: Side, bytes: Option<u64>) {
        self.0.masked(side, bytes);
    }

    fn gap(&mut self, side: Side, gap: Gap) {
        self.0.gap(side, gap);
    }

    fn elided(&mut self, bytes: Option<u64>) {
        self.0.elided(bytes);
    }

    fn tls(&mut self, side: Side, bytes: u64) {
        self.0.tls(side, bytes);
    }

    fn resized(&mut self, side: Side, was: u64, is: u64) {
        self.0.resized(side, was, is);
    }

    fn midstream(&mut self, late: bool) {
        self.0.midstream(late);
    }

    fn end(&mut self, end: End) {
        self.0.end(end);
    }

    fn take(&mut self) -> Vec<u8> {
        self.0.take()
    }
}
