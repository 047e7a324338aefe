//! Sessions for the tests of the report, made from dialogs in the `c>`/`s<` form.

use super::{Entry, Format, InputReport, Lint, Options, Renderer, writer};
use crate::chunk::{
    Chunk, Consume, End, Ending, Gap, Medium, Open, Opening, Shows, Side, Sides, Transport, What,
};
use crate::dialog::session::{Auth, AuthOutcome, GapAt, Mark, Session};
use crate::dialog::{Dialog, Settings};
use crate::limits::Limits;
use crate::place::{Place, Places, Slot};
use crate::rules::{Category, Check, Confidence, Fact, Finding, Party, Rule, Severity};
use crate::time::Stamp;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

/// The session that `dialog` makes, over a connection whose frames come 1 ms apart: three for
/// the handshake, then one a line.
pub(super) fn session(dialog: &[u8], end: End) -> Session {
    let peers = Sides {
        client: "192.0.2.1:4242".parse().unwrap(),
        server: "192.0.2.2:25".parse().unwrap(),
    };
    let first = mark(1);
    let opening = Opening {
        peers: Some(peers),
        via: None,
        at: first.at,
        digits: 6,
        place: first.place,
        medium: Medium::Packets,
        by_content: false,
        shows: Shows::ALL,
    };
    let lines: Vec<(Side, Vec<u8>)> = dialog
        .split(|&byte| byte == b'\n')
        .map(|line| match line.split_at(3) {
            (b"c> ", text) => (Side::Client, [text, b"\r\n"].concat()),
            (b"s< ", text) => (Side::Server, [text, b"\r\n"].concat()),
            _ => panic!("neither side: {}", String::from_utf8_lossy(line)),
        })
        .collect();
    let mut number = 0;
    let mut reader =
        Dialog::new(&opening, Arc::new(Settings { events: true, ..Settings::default() }), None);
    let mut push = |side, what| {
        number += 1;
        let Mark { at, place } = mark(number);
        reader.push(&Chunk { side, at, place, seen: None, what });
        at
    };
    push(Side::Client, What::Open(Open::Syn));
    push(Side::Server, What::Open(Open::SynAck));
    let mut last = push(Side::Client, What::Open(Open::Established));
    for (side, line) in &lines {
        last = push(*side, What::Data(line));
    }
    let bytes = Sides { client: 100, server: 200 };
    let transport = Transport { bytes, ..Transport::default() };
    let (session, _) = reader.finish(Ending::Noted(end), last, Some(transport));
    *session
}

/// A whole session: two recipients, one refused, a message accepted.
pub(super) fn ordinary() -> Session {
    let dialog = b"s< 220 mx.example ESMTP
c> EHLO client.example
s< 250-mx.example
s< 250-size 1000
s< 250 X-Odd
c> MAIL FROM:<a@b.example> SIZE=10
s< 250 2.1.0 Ok
c> RCPT TO:<c@d.example>
s< 250 2.1.5 Ok
c> RCPT TO:<no@d.example>
s< 550-5.1.1 No such user
s< 550 5.1.1 here
c> DATA
s< 354 go
c> Subject: x
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 bye";
    session(dialog, End::Quit)
}

/// A session without anything to look at.
pub(super) fn quiet() -> Session {
    let dialog = b"s< 220 mx.example ESMTP
c> EHLO client.example
s< 250-mx.example
s< 250 SIZE
c> QUIT
s< 221 bye";
    session(dialog, End::Quit)
}

/// Bytes that would take over a terminal, reorder its text, or break JSON.
pub(super) const HOSTILE: &[u8] = b"\x1b]0;x\x07\xe2\x80\xaeevil\xff\x00\"\\\xc2\x9b<b>\r\t";

/// A session that says [`HOSTILE`] wherever a peer can say something.
pub(super) fn hostile() -> Session {
    let dialog = [
        "s< 554 %",
        "c> EHLO %",
        "s< 250-x",
        "s< 250 %",
        "c> %",
        "s< 500%",
        "c> MAIL FROM:<%>",
        "s< 250 %",
        "c> RCPT TO:<%>",
        "s< 550 5.1.1 %",
    ];
    let dialog: Vec<u8> = dialog
        .join("\n")
        .bytes()
        .flat_map(|byte| if byte == b'%' { HOSTILE.to_vec() } else { vec![byte] })
        .collect();
    let mut session = session(&dialog, End::ServerClosed);
    let gap = Gap { bytes: 1460, acked: true };
    session.gaps.push(GapAt { side: Side::Client, gap, mark: mark(9) });
    let mechanism = session.helo.unwrap();
    let identity = Some(mechanism);
    let outcome = AuthOutcome::Unknown;
    session.auth =
        Some(Box::new(Auth { mechanism, identity, outcome, attempts: 1, ..Auth::default() }));
    session
}

/// A rule for tests.
pub(super) const RULE: Rule = Rule {
    id: "path-space-after-colon",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[],
    rfc: Some("RFC 5321 §4.1.1.2"),
    help: "leave the blank out",
    title: "a blank between the colon and the path",
    explanation: "",
    bad: "",
    good: "",
    check: Check::Session(Fact::Any, |_| Vec::new()),
};

/// What [`RULE`] found in the second exchange.
pub(super) fn finding(evidence: &[u8]) -> Finding {
    Finding {
        rule: &RULE,
        confidence: Confidence::Certain,
        party: RULE.party,
        message: String::from("a blank after the colon"),
        mark: mark(9),
        exchange: Some(1),
        evidence: evidence.to_vec(),
        is_reply: false,
        order: 0,
        range: Some(10..11),
        expected: "\"<\"",
        violates_abnf: true,
    }
}

/// `session` with its findings, as a report takes it; `slot` orders it among others.
pub(super) fn entry<'a>(slot: u64, session: &'a Session, findings: &'a [Finding]) -> Entry<'a> {
    static PLACES: LazyLock<Places> = LazyLock::new(Places::default);
    let slot = Slot { input: 0, number: slot, since: 0 };
    Entry { session, slot, places: &PLACES, findings, not_judged: &[], transcript: None }
}

/// The report in `format` of sessions with their numbers, made by two renderers in turn.
pub(super) fn written<'a>(
    format: Format,
    width: Option<u16>,
    sessions: impl IntoIterator<Item = (u64, Entry<'a>)>,
    inputs: &[InputReport],
) -> String {
    written_as(format, Lint::default(), width, sessions, inputs)
}

/// The same, with what `--check` asks for.
pub(super) fn written_as<'a>(
    format: Format,
    lint: Lint,
    width: Option<u16>,
    sessions: impl IntoIterator<Item = (u64, Entry<'a>)>,
    inputs: &[InputReport],
) -> String {
    let out = Shared::default();
    let paths: Vec<String> = inputs.iter().map(|input| input.path.clone()).collect();
    let options = Options { lint, ..Options::new(width, Limits::default(), &paths) };
    let options = Arc::new(options);
    let mut writer = writer(format, Box::new(out.clone()), &options);
    let mut renderers = [Renderer::new(format, &options), Renderer::new(format, &options)];
    for (turn, (id, entry)) in sessions.into_iter().enumerate() {
        let (mut text, note) = renderers[turn % 2].session(&entry);
        renderers[turn % 2].seal(std::iter::once(&mut text));
        writer.session(id, entry.slot, text, note).unwrap();
    }
    let [mut summary, other] = renderers.map(Renderer::finish);
    summary.merge(other);
    writer.finish(summary, inputs).unwrap();
    out.text()
}

/// The place and time of a frame.
pub(super) fn mark(number: u64) -> Mark {
    let nanos = 1_700_000_000_000_000_000 + number.cast_signed() * 1_000_000;
    let place = Place::new(number);
    Mark { at: Some(Stamp::from_nanos(nanos)), place }
}

/// An output that the test can read after the writer is gone.
#[derive(Clone, Default)]
pub(super) struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
