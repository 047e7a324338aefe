//! Sessions for the tests of the report, made from dialogs in the `c>`/`s<` form.

use super::Entry;
use crate::chunk::{
    Chunk, Consume, End, Ending, Gap, Medium, Open, Opening, Origin, Side, Sides, Transport, What,
};
use crate::dialog::session::{Auth, AuthOutcome, GapAt, Mark, Session};
use crate::dialog::{Dialog, Settings};
use crate::rules::{Category, Check, Confidence, Finding, Party, Rule, Severity};
use crate::time::Stamp;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;

/// The session that `dialog` makes, over a connection whose frames come 1 ms apart: three for
/// the handshake, then one a line.
pub(super) fn session(id: u64, dialog: &[u8], end: End) -> Session {
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
        origin: first.origin,
        medium: Medium::Packets,
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
    let mut reader = Dialog::new(&opening, Arc::new(Settings::default()), None);
    let mut push = |side, what| {
        number += 1;
        let Mark { at, origin } = mark(number);
        reader.push(&Chunk { side, at, origin, seen: None, what });
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
    Session { id, ..session }
}

/// A whole session: two recipients, one refused, a message accepted.
pub(super) fn ordinary(id: u64) -> Session {
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
    session(id, dialog, End::Quit)
}

/// A session without anything to look at.
pub(super) fn quiet(id: u64) -> Session {
    let dialog = b"s< 220 mx.example ESMTP
c> EHLO client.example
s< 250-mx.example
s< 250 SIZE
c> QUIT
s< 221 bye";
    session(id, dialog, End::Quit)
}

/// Bytes that would take over a terminal, reorder its text, or break JSON.
pub(super) const HOSTILE: &[u8] = b"\x1b]0;x\x07\xe2\x80\xaeevil\xff\x00\"\\\xc2\x9b<b>\r\t";

/// A session that says [`HOSTILE`] wherever a peer can say something.
pub(super) fn hostile(id: u64) -> Session {
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
    let mut session = session(id, &dialog, End::ServerClosed);
    let gap = Gap { bytes: 1460, acked: true };
    session.gaps.push(GapAt { side: Side::Client, gap, mark: mark(9) });
    let mechanism = session.helo.unwrap();
    let identity = Some(mechanism);
    session.auth = Some(Auth { mechanism, identity, outcome: AuthOutcome::Unknown, attempts: 1 });
    session
}

/// A rule for tests.
pub(super) static RULE: Rule = Rule {
    id: "path-space-after-colon",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[],
    rfc: Some("RFC 5321 §4.1.1.2"),
    title: "a blank between the colon and the path",
    explanation: "",
    bad: "",
    good: "",
    check: Check::Session(|_| None),
};

/// What [`RULE`] found in the second exchange.
pub(super) fn finding(evidence: &[u8]) -> Finding {
    Finding {
        rule: &RULE,
        severity: Severity::Error,
        confidence: Confidence::Certain,
        party: Party::Client,
        message: String::from("a blank after the colon"),
        mark: mark(9),
        exchange: Some(1),
        evidence: evidence.to_vec(),
        column: Some(11),
        violates_abnf: true,
    }
}

/// `session` with its findings, as a report takes it.
pub(super) fn entry<'a>(session: &'a Session, findings: &'a [Finding]) -> Entry<'a> {
    Entry { session, slot: session.id, findings, not_judged: &[], transcript: None }
}

/// The place and time of a frame.
pub(super) fn mark(number: u64) -> Mark {
    let nanos = 1_700_000_000_000_000_000 + number.cast_signed() * 1_000_000;
    let origin = Origin { input: 0, number, offset: number * 100 };
    Mark { at: Some(Stamp::from_nanos(nanos)), origin }
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
