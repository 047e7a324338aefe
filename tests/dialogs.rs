//! Dialogs in, exchanges out: what a person reads in a transcript is what the report says.
//!
//! The input is the native transcript form, with its notes for gaps and line ends.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use expect_test::{Expect, expect};
use smtp_audit::dialog::Settings;
use smtp_audit::dialog::session::{Request, Session, Span};
use smtp_audit::limits::Limits;
use smtp_audit::pipeline::{Options, Source, collect};
use std::fmt::Write as _;
use std::sync::Arc;

fn sessions(text: &str) -> Vec<Session> {
    let source = Source::bytes("text", text.as_bytes().to_vec());
    let (audited, facts) = collect(&Options::default(), vec![source]);
    assert!(facts[0].error.is_none(), "{facts:?}");
    audited.into_iter().map(|audited| *audited.session).collect()
}

/// A session of a transcript, with little room for text.
fn crowded(text: &str, session_text: usize) -> Session {
    let limits = Limits { session_text, ..Limits::default() };
    let settings = Arc::new(Settings { limits, ..Settings::default() });
    let options = Options { settings, ..Options::default() };
    let source = Source::bytes("text", text.as_bytes().to_vec());
    *collect(&options, vec![source]).0.remove(0).session
}

#[test]
fn the_text_of_a_session_is_bounded_whatever_is_said() {
    let mut text = String::from("s< 220 mx.example\n");
    for number in 0..5000 {
        let turn = [
            format!("c> EHLO client{number}.example\ns< 250-mx\ns< 250 SIZE {number}\n"),
            format!("c> MAIL FROM:<a{number}@b.example>\ns< 250 ok {number}\n"),
            format!("c> RCPT TO:<c{number}@d.example>\ns< 550 no {number}\n"),
            format!("c> AUTH X-{number}\ns< 504 no {number}\ns< 451 by the way {number}\n"),
        ];
        text += &turn.concat();
    }
    let session = crowded(&text, 4096);
    let kept = session.exchanges.iter().map(|exchange| session.bytes(exchange.line).len());
    assert!(kept.sum::<usize>() <= 4096 + 64);
    assert_eq!(session.exchanges.len() as u64 + session.elided_exchanges, 20_000);
    // All that any part of the session can name, once more its first byte.
    let whole = Span { at: 0, len: u32::MAX };
    assert!(session.bytes(whole).is_empty() && session.bytes(Span { at: 9000, len: 1 }).is_empty());
}

/// A session as a person would note it.
fn render(session: &Session) -> String {
    let mut out = String::new();
    let text = |span| String::from_utf8_lossy(session.bytes(span)).into_owned();
    let code = |reply: Option<u16>| reply.map_or("-".to_owned(), |code| code.to_string());
    if let Some(greeting) = session.greeting {
        writeln!(out, "greeting {}", code(greeting.code)).unwrap();
    }
    for exchange in &session.exchanges {
        let reply = exchange.reply.map_or("none".to_owned(), |reply| code(reply.code));
        let kind = match exchange.request {
            Request::AuthLine => "AUTH* ",
            Request::Command(verb) if verb.name().is_empty() => "? ",
            _ => "",
        };
        write!(out, "{kind}{} -> {reply}", text(exchange.line)).unwrap();
        out.push_str(if exchange.pipelined { " pipelined" } else { "" });
        out.push_str(if exchange.cut { " cut" } else { "" });
        out.push('\n');
    }
    for unsolicited in &session.unsolicited {
        let after = unsolicited.after;
        writeln!(out, "unsolicited {} after {after}", code(unsolicited.reply.code)).unwrap();
    }
    for message in &session.messages {
        let from = message.from.map_or("?".to_owned(), text);
        write!(out, "message <{from}>").unwrap();
        for recipient in &message.recipients {
            write!(out, " <{}> {}", text(recipient.address), code(recipient.code)).unwrap();
            if let Some(delivery) = &recipient.delivery {
                write!(out, "/{}", code(delivery.code)).unwrap();
            }
        }
        let complete = if message.is_complete() { "" } else { " incomplete" };
        writeln!(
            out,
            " {} octets {:?} {}{complete}",
            message.size(),
            message.outcome,
            code(message.code)
        )
        .unwrap();
    }
    if let Some(auth) = &session.auth {
        writeln!(out, "auth {} {:?}", text(auth.mechanism), auth.outcome).unwrap();
    }
    writeln!(out, "end {}", session.end.name()).unwrap();
    out
}

fn check(text: &str, expected: &Expect) {
    let found: Vec<String> = sessions(text).iter().map(render).collect();
    expected.assert_eq(&found.join("--\n"));
}

#[test]
fn pipelined_commands_get_their_own_replies_and_a_refused_data_leaves_command_mode() {
    check(
        "\
s< 220 mx ESMTP
c> EHLO c
s< 250-mx
s< 250 PIPELINING
c> MAIL FROM:<a@a>
c> RCPT TO:<b@b>
c> RCPT TO:<c@b>
c> DATA
s< 250 ok
s< 550 no
s< 551 no
s< 554 no valid recipients
c> RSET
s< 250 ok
c> QUIT
s< 221 bye
",
        &expect![[r"
            greeting 220
            EHLO c -> 250
            MAIL FROM:<a@a> -> 250
            RCPT TO:<b@b> -> 550 pipelined
            RCPT TO:<c@b> -> 551 pipelined
            DATA -> 554 pipelined
            RSET -> 250
            QUIT -> 221
            message <a@a> <b@b> 550 <c@b> 551 0 octets Rejected 554
            end quit
        "]],
    );
}

#[test]
fn content_sent_before_the_354_is_content_only_if_the_354_comes() {
    let start = "s< 220 mx\nc> HELO c\ns< 250 mx\nc> MAIL FROM:<a@a>\nc> RCPT TO:<b@b>\nc> DATA\nc> QUIT\nc> .\n";
    check(
        &format!("{start}s< 250 ok\ns< 250 ok\ns< 354 go\ns< 250 queued\n"),
        &expect![[r"
            greeting 220
            HELO c -> 250
            MAIL FROM:<a@a> -> 250
            RCPT TO:<b@b> -> 250 pipelined
            DATA -> 354 pipelined
            . -> 250 pipelined
            message <a@a> <b@b> 250 6 octets Accepted 250
            end transcript-end
        "]],
    );
    check(
        &format!("{start}s< 250 ok\ns< 550 no\ns< 503 no\ns< 221 bye\ns< 500 what\n"),
        &expect![[r"
            greeting 220
            HELO c -> 250
            MAIL FROM:<a@a> -> 250
            RCPT TO:<b@b> -> 550 pipelined
            DATA -> 503 pipelined
            QUIT -> 221 pipelined
            ? . -> 500 pipelined
            message <a@a> <b@b> 550 0 octets Rejected 503
            end quit
        "]],
    );
}

#[test]
fn bdat_counts_octets_and_reads_none_of_them_as_commands() {
    check(
        "\
s< 220 mx
c> EHLO c
s< 250-mx
s< 250 CHUNKING
c> MAIL FROM:<a@a>
s< 250 ok
c> RCPT TO:<b@b>
s< 250 ok
c> BDAT 6
c> QUIT
s< 250 6 octets
c> BDAT 6
c> RSET
s< 250 ok
c> BDAT 0 LAST
s< 250 queued
c> BDAT 99999999999999999999 LAST
s< 503 no
",
        &expect![[r"
            greeting 220
            EHLO c -> 250
            MAIL FROM:<a@a> -> 250
            RCPT TO:<b@b> -> 250
            BDAT 6 -> 250
            BDAT 6 -> 250
            BDAT 0 LAST -> 250
            BDAT 99999999999999999999 LAST -> 503
            message <a@a> <b@b> 250 12 octets Accepted 250
            end transcript-end
        "]],
    );
}

#[test]
fn lmtp_answers_the_end_of_data_once_a_recipient() {
    check(
        "\
s< 220 mx LMTP
c> LHLO c
s< 250 mx
c> MAIL FROM:<a@a>
s< 250 ok
c> RCPT TO:<b@b>
s< 250 ok
c> RCPT TO:<c@b>
s< 550 no
c> RCPT TO:<d@b>
s< 250 ok
c> DATA
s< 354 go
c> x
c> .
s< 452 b is full
s< 250 d has it
c> QUIT
s< 221 bye
",
        &expect![[r"
            greeting 220
            LHLO c -> 250
            MAIL FROM:<a@a> -> 250
            RCPT TO:<b@b> -> 250
            RCPT TO:<c@b> -> 550
            RCPT TO:<d@b> -> 250
            DATA -> 354
            . -> 452
            QUIT -> 221
            message <a@a> <b@b> 250/452 <c@b> 550 <d@b> 250/250 3 octets Accepted 250
            end quit
        "]],
    );
}

#[test]
fn auth_lines_are_not_commands_and_never_shown() {
    check(
        "\
s< 220 mx
c> EHLO c
s< 250-mx
s< 250 AUTH LOGIN PLAIN
c> AUTH LOGIN
s< 334 VXNlcm5hbWU6
c> QUIT
s< 334 UGFzc3dvcmQ6
c> *
s< 501 cancelled
c> AUTH PLAIN AGEAYg==
s< 504 no
c> AGEAYg==
s< 500 what
c> QUIT
s< 221 bye
",
        &expect![[r"
            greeting 220
            EHLO c -> 250
            AUTH LOGIN -> 334
            AUTH* **** -> 334
            AUTH* * -> 501
            AUTH PLAIN **** -> 504
            ? **** -> 500
            QUIT -> 221
            auth PLAIN Rejected
            end quit
        "]],
    );
}

#[test]
fn replies_that_answer_nothing_are_kept_apart() {
    check(
        "\
s< 220 mx
c> NOOP
s< 250 ok
s< 250 and again
s< 421 closing
",
        &expect![[r"
            greeting 220
            NOOP -> 250
            unsolicited 250 after 1
            unsolicited 421 after 1
            end transcript-end
        "]],
    );
}

#[test]
fn the_dialog_goes_on_after_a_gap_and_pairs_no_reply_with_a_wrong_command() {
    check(
        "\
s< 220 mx
c> EHLO c
s< 250 mx
# gap client 20
s< 250 the lost MAIL was fine
c> RCPT TO:<b@b>
# gap server 10
c> DATA
s< 354 go
c> hello
# gap client 9
s< 250 queued
c> QUIT
s< 221 bye
",
        &expect![[r"
            greeting 220
            EHLO c -> 250
            RCPT TO:<b@b> -> none
            DATA -> 354
            . -> 250
            QUIT -> 221
            unsolicited 250 after 1
            message <?> 7 octets Accepted 250 incomplete
            end quit
        "]],
    );
}

#[test]
fn a_lenient_end_of_data_counts_where_the_replies_prove_it() {
    let start = "s< 220 mx\nc> HELO c\ns< 250 mx\nc> MAIL FROM:<a@a>\ns< 250 ok\nc> RCPT TO:<b@b>\ns< 250 ok\nc> DATA\ns< 354 go\n# eol client lf\n";
    // A client that ends all its lines with LF.
    check(
        &format!("{start}c> hello\nc> .\ns< 250 queued\nc> QUIT\ns< 221 bye\n"),
        &expect![[r"
            greeting 220
            HELO c -> 250
            MAIL FROM:<a@a> -> 250
            RCPT TO:<b@b> -> 250
            DATA -> 354
            . -> 250
            QUIT -> 221
            message <a@a> <b@b> 250 6 octets Accepted 250
            end quit
        "]],
    );
    let smuggled = "c> hello\nc> .\nc> MAIL FROM:<evil@a>\nc> RCPT TO:<b@b>\nc> DATA\nc> boo\n# eol client crlf\nc> \nc> .\n";
    // One reply: the server saw one message.
    check(
        &format!("{start}{smuggled}s< 250 queued\nc> QUIT\ns< 221 bye\n"),
        &expect![[r"
            greeting 220
            HELO c -> 250
            MAIL FROM:<a@a> -> 250
            RCPT TO:<b@b> -> 250
            DATA -> 354
            . -> 250
            QUIT -> 221
            message <a@a> <b@b> 250 52 octets Accepted 250
            end quit
        "]],
    );
    // Five: it saw two.
    check(
        &format!(
            "{start}{smuggled}s< 250 queued\ns< 250 ok\ns< 250 ok\ns< 354 go\ns< 250 queued\n"
        ),
        &expect![[r"
            greeting 220
            HELO c -> 250
            MAIL FROM:<a@a> -> 250
            RCPT TO:<b@b> -> 250
            DATA -> 354
            . -> 250
            MAIL FROM:<evil@a> -> 250 pipelined
            RCPT TO:<b@b> -> 250 pipelined
            DATA -> 354 pipelined
            . -> 250 pipelined
            message <a@a> <b@b> 250 6 octets Accepted 250
            message <evil@a> <b@b> 250 6 octets Accepted 250
            end transcript-end
        "]],
    );
}

#[test]
fn an_empty_line_that_the_server_passes_over_shifts_no_reply() {
    check(
        "\
s< 220 mx
c> EHLO c
s< 250 mx
c>
c> MAIL FROM:<a@a>
s< 250 ok
c> RCPT TO:<b@b>
s< 550 no
c>
s< 500 what
c> QUIT
s< 221 bye
",
        &expect![[r"
            greeting 220
            EHLO c -> 250
            ?  -> none
            MAIL FROM:<a@a> -> 250 pipelined
            RCPT TO:<b@b> -> 550
            ?  -> 500
            QUIT -> 221
            message <a@a> <b@b> 550 0 octets Rejected 550
            end quit
        "]],
    );
}
