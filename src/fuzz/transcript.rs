//! Transcripts: what is written of a dialog and read again is the same dialog.

use super::dialog::Heard;
use super::input;
use crate::chunk::{Consume as _, Opening};
use crate::dialog::session::{Reply, Request, Session, Span};
use crate::dialog::{Dialog, Settings};
use crate::limits::Limits;
use crate::smtp::command::Verb;
use crate::smtp::line::LineEnd;
use crate::time::Stamp;
use crate::transcript::{Dialect, Event, Reader, Writer, header, recognise};
use crate::trouble::Troubles;
use std::fmt::Write as _;
use std::sync::Arc;

/// A file of text: whatever dialogs are in it are written, read again, and compared.
pub fn transcript(data: &[u8]) {
    let Some(dialect) = recognise(data) else { return };
    // Logs leave things out, and their sessions go on side by side: see `logs`.
    if matches!(dialect, Dialect::Foreign(_)) {
        return;
    }
    for show_secrets in [false, true] {
        // The bounds of a real run: what is beyond them is not the same again.
        let limits = Limits { read_buffer: 4096, ..Limits::default() };
        let settings = Arc::new(Settings { limits, show_secrets, ..Settings::default() });
        let (first, text) = sessions(data, dialect, &settings);
        // A native form of a script would be another dialog: one with a server that is silent.
        if dialect == Dialect::Script || !first.iter().all(is_plain) {
            continue;
        }
        let (second, again) = sessions(&text, Dialect::Native, &settings);
        assert_eq!(first.len(), second.len(), "in\n{}", text.escape_ascii());
        // A mask may look like something that the secret did not look like.
        if !show_secrets {
            continue;
        }
        assert_eq!(summaries(&first), summaries(&second), "in\n{}", text.escape_ascii());
        let (text, again) = (String::from_utf8_lossy(&text), String::from_utf8_lossy(&again));
        assert_eq!(text, again, "written twice, the same text");
    }
}

/// The sessions in a text, and the text that is written of them.
fn sessions(data: &[u8], dialect: Dialect, settings: &Arc<Settings>) -> (Vec<Session>, Vec<u8>) {
    let limits = &settings.limits;
    let (mut sessions, mut text) = (Vec::new(), Vec::new());
    let Ok(input) = input(data, limits) else { return (sessions, text) };
    let mut reader = Reader::new(input, 0, dialect, limits);
    let mut troubles = Troubles::default();
    let mut open: Option<(Opening, Box<Dialog>, Option<Stamp>)> = None;
    while let Some((_, event)) = reader.next(&mut troubles) {
        match event {
            Event::Begin(opening) => {
                assert!(open.is_none(), "a session ends before the next begins");
                let writer = Heard(Writer::new(Some(9), limits));
                let dialog = Dialog::new(&opening, Arc::clone(settings), Some(Box::new(writer)));
                open = Some((opening, dialog, opening.at));
            }
            Event::Chunk(chunk) => {
                assert!(open.is_some(), "chunks belong to sessions");
                if let Some((_, dialog, last)) = &mut open {
                    *last = chunk.at.or(*last);
                    dialog.push(&chunk);
                }
            }
            Event::Masked { bytes } => {
                assert!(open.is_some(), "notes belong to sessions");
                if let Some((_, dialog, _)) = &mut open {
                    dialog.masked(bytes);
                }
            }
            Event::End(ending) => {
                assert!(open.is_some(), "only what has begun can end");
                let Some((opening, dialog, last)) = open.take() else { continue };
                let (session, made) = dialog.finish(ending, last, None);
                if !text.is_empty() {
                    text.push(b'\n');
                }
                sessions.push(*session);
                text.extend(header(sessions.len() as u64, opening.peers).into_bytes());
                text.extend(made.unwrap_or_default());
            }
        }
    }
    assert!(open.is_none(), "every session ends");
    (sessions, text)
}

/// Whether lines can tell all of a session, and its replies fit its commands: where they do not,
/// what is understood depends on how the lines of both sides are mixed, and the writer gives them
/// as they were understood. A chunk of BDAT may end inside a line.
fn is_plain(session: &Session) -> bool {
    let is_strange = session.exchanges.iter().any(|exchange| match exchange.request {
        Request::Command(verb) => verb == Verb::Bdat,
        // Another reading of the mail data.
        Request::EndOfData => exchange.line_end != LineEnd::CrLf,
        Request::AuthLine => false,
    });
    let is_lost = !session.gaps.is_empty() || !session.resyncs.is_empty();
    !is_strange && !is_lost && session.unsolicited.is_empty() && session.tls.is_none()
}

fn summaries(sessions: &[Session]) -> String {
    sessions.iter().map(summary).collect()
}

/// What two readings of a session must agree on, a line each.
fn summary(session: &Session) -> String {
    let text = |span: Span| session.bytes(span).escape_ascii().to_string();
    let reply =
        |reply: &Reply| format!("{:?} {} lines={}", reply.code, text(reply.text), reply.lines);
    let mut out = String::new();
    let mut line = |what: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{what}");
    };
    let Session { opening, protocol, end, .. } = session;
    line(format_args!("session {:?} {:?} {:?} {end:?}", opening.peers, opening.at, protocol));
    line(format_args!("greeting {:?}", session.greeting.as_ref().map(reply)));
    line(format_args!("helo {:?} used {:?}", session.helo.map(text), session.used));
    line(format_args!("tls {:?}", session.tls.as_ref().map(|tls| (tls.implicit, tls.bytes))));
    line(format_args!(
        "auth {:?}",
        session.auth.as_ref().map(|a| (text(a.mechanism), a.outcome, a.attempts))
    ));
    for exchange in &session.exchanges {
        let name = exchange.request.name();
        // The mask is not as long as what it hides.
        let octets = exchange.masked.is_none().then_some(exchange.octets);
        line(format_args!("{name} {} {octets:?} {:?}", text(exchange.line), exchange.line_end));
        let (masked, pipelined) = (exchange.masked, exchange.pipelined);
        line(format_args!("  masked={masked:?} pipelined={pipelined} cut={}", exchange.cut));
        line(format_args!("  {:?}", exchange.reply.as_ref().map(reply)));
        line(format_args!("  message={:?} before={:?}", exchange.message, exchange.before));
    }
    for message in &session.messages {
        line(format_args!("message {:?} {:?}", message.mail, message.from.map(text)));
        for recipient in &message.recipients {
            let delivery = recipient.delivery.as_deref().map(reply);
            line(format_args!(
                "  to {} {:?} {delivery:?}",
                text(recipient.address),
                recipient.code
            ));
        }
        let (outcome, code) = (message.outcome, message.code);
        line(format_args!("  {:?} {outcome:?} {code:?}", message.transfer));
        line(format_args!("  {:?} ended={} cut={}", message.content, message.ended, message.cut));
    }
    for unsolicited in &session.unsolicited {
        line(format_args!("after {}: {}", unsolicited.after, reply(&unsolicited.reply)));
    }
    for gap in &session.gaps {
        line(format_args!("{:?} {:?}", gap.side, gap.gap));
    }
    for resync in &session.resyncs {
        line(format_args!("{:?} {:?}", resync.side, resync.why));
    }
    out
}
