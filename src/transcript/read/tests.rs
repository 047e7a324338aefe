//! Tests of the reader, most of them a text and what is read from it.

use super::*;
use proptest::prelude::*;
use std::io::Read;

/// A source that gives `step` bytes at once.
struct Slow(Vec<u8>, usize, usize);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.0[self.1..];
        let count = rest.len().min(self.2).min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.1 += count;
        Ok(count)
    }
}

/// A line as [`dump`] shows it.
pub(in crate::transcript) fn show(side: Side, bytes: &[u8], seen: Option<u64>) -> String {
    let seen = seen.map_or_else(String::new, |seen| format!(" seen {seen}"));
    format!("{} \"{}\"{seen}", side.name(), bytes.escape_ascii())
}

/// All events of a transcript, one a line, and the troubles.
fn dump_with(
    text: &[u8],
    dialect: Dialect,
    step: usize,
    limits: &Limits,
) -> (Vec<String>, Troubles) {
    // Many inputs are read here: each with a small buffer.
    let limits = Limits { read_buffer: 1 << 10, ..*limits };
    let input = Input::new(Box::new(Slow(text.to_vec(), 0, step)), &limits).unwrap();
    let mut reader = Reader::new(input, 7, dialect, &limits);
    let mut troubles = Troubles::default();
    let mut out = Vec::new();
    while let Some((_, event)) = reader.next(&mut troubles) {
        out.push(match event {
            Event::Begin(opening) => {
                assert_eq!(opening.via, None);
                let peers = opening.peers.map_or_else(String::new, |peers| {
                    format!(" {} > {}", peers.client, peers.server)
                });
                let at = opening
                    .at
                    .map_or_else(String::new, |at| format!(" at {}", at.rfc3339(opening.digits)));
                let number = opening.place.number();
                format!("begin{peers}{at} {number} {:?}", opening.medium)
            }
            Event::Chunk(chunk) => match chunk.what {
                What::Data(bytes) => {
                    let at = chunk.at.map_or_else(String::new, |at| at.rfc3339(9) + " ");
                    at + &show(chunk.side, bytes, chunk.seen)
                }
                other => format!("{} {other:?}", chunk.side.name()),
            },
            Event::Masked { bytes } => format!("masked {bytes:?}"),
            Event::End(ending) => format!("end {ending:?}"),
        });
    }
    assert_eq!(reader.bytes(), text.len() as u64);
    (out, troubles)
}

/// All events of a native transcript.
pub(in crate::transcript) fn dump(text: &[u8]) -> Vec<String> {
    dump_with(text, Dialect::Native, 1 << 20, &Limits::default()).0
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(dump(text.as_bytes()), expected);
}

const SEED: &str = "\
The result

If everything runs well, you should see something like this:

\u{a0}
s< 220 mta3-rme.xtra.co.nz ESMTP server ready Mon, 28 May 2001 03:48:20 +1200
c> EHLO mymachine
s< 250-mta3-rme.xtra.co.nz
s< 250-HELP
s< 250-XREMOTEQUEUE
s< 250-ETRN
s< 250-PIPELINING
s< 250-DSN
s< 250-8BITMIME
s< 250 SIZE 104857600
c> MAIL FROM: <bob@toolsack.com> BODY=8BITMIME
s< 250 Sender <bob@toolsack.com> and extensions (BODY=8BITMIME) Ok
c> RCPT TO: <to@toolsack.com>
s< 250 Recipient <to@toolsack.com> Ok
c> DATA
s< 354 Ok Send data ending with <CRLF>.<CRLF>
c> Date: Mon, 28 May 2001 03:48:39 +1200
c> Message-ID: <A3DABCE0A9524DA0AE6E251180B03B22.bob@toolsack.com>
c> From: <bob@toolsack.com>
c> Subject: This is the subject
c> To: <to@toolsack.com>
c> X-Mailer: Toolsack Baseline 1.0 SMTPMail Component
c> MIME-Version: 1.0
c> Content-Transfer-Encoding: 7bit
c> Content-Type: text/plain; charset=\"us-ascii\"
c>
c> body
c> .
s< 250 Message received: 20010527154820.KUUQ304017.mta3-rme.xtra.co.nz@mymachine
c> QUIT
s< 221 mta3-rme.xtra.co.nz ESMTP server closing connection

 

The first thing that happened was a welcome message from the mail server.
";

#[test]
fn the_transcript_in_the_seed_is_one_session() {
    for text in [SEED.to_owned(), SEED.replace('\n', "\r\n"), format!("\u{feff}{SEED}")] {
        let (events, troubles) =
            dump_with(text.as_bytes(), Dialect::Native, 1 << 20, &Limits::default());
        assert_eq!(super::super::recognise(text.as_bytes()), Some(Dialect::Native));
        assert!(events[0].starts_with("begin 6 "), "{}", events[0]);
        assert_eq!(events.len(), 2 + 31);
        let (lines, end) = events[1..].split_at(31);
        let marked = SEED.lines().filter_map(|line| {
            let (mark, text) = line.split_at_checked(2)?;
            let side = match mark {
                "c>" => Side::Client,
                "s<" => Side::Server,
                _ => return None,
            };
            Some(show(side, format!("{}\r\n", text.trim_start()).as_bytes(), None))
        });
        assert_eq!(lines, marked.collect::<Vec<_>>());
        assert_eq!(end, ["end InputEnd"]);
        assert_eq!(troubles.times(Trouble::SkippedLine), 3);
    }
}

#[test]
fn the_batch_in_the_other_seed_is_a_script() {
    let text =
        b"\nehlo console\nmail from:\nsender@contoso.com\ndata\n\n\n# x\nTo:\n\n \n.\nquit\n\n\n";
    let (events, troubles) = dump_with(text, Dialect::Script, 3, &Limits::default());
    assert_eq!(
        events,
        [
            "begin 2 Script",
            r#"client "ehlo console\r\n""#,
            r#"client "mail from:\r\n""#,
            r#"client "sender@contoso.com\r\n""#,
            r#"client "data\r\n""#,
            r#"client "\r\n""#,
            r#"client "\r\n""#,
            r##"client "# x\r\n""##,
            r#"client "To:\r\n""#,
            r#"client "\r\n""#,
            r#"client " \r\n""#,
            r#"client ".\r\n""#,
            r#"client "quit\r\n""#,
            "end InputEnd",
        ]
    );
    assert!(troubles.is_empty());
}

#[test]
fn sessions_end_at_empty_lines_notes_and_greetings_after_an_end() {
    check(
        "s< 220 a\n\nprose\ns< 250 still a\n \r\n# comment\ns< 220 b\nc> quit \ns< 221-x\n\
         s< 220 not yet\ns< 221 bye\ns< 220 c\n# end reset\nc> d\n# session\n# session 4\n",
        &[
            "begin 1 Transcript",
            r#"server "220 a\r\n""#,
            r#"server "250 still a\r\n""#,
            "end InputEnd",
            "begin 7 Transcript",
            r#"server "220 b\r\n""#,
            r#"client "quit \r\n""#,
            r#"server "221-x\r\n""#,
            r#"server "220 not yet\r\n""#,
            r#"server "221 bye\r\n""#,
            "end InputEnd",
            "begin 12 Transcript",
            r#"server "220 c\r\n""#,
            "end Noted(Reset)",
            "begin 14 Transcript",
            r#"client "d\r\n""#,
            "end InputEnd",
            "begin 15 Transcript",
            "end InputEnd",
            "begin 16 Transcript",
            "end InputEnd",
        ],
    );
    check("\n \n# comment\nprose\n", &[]);
}

#[test]
fn notes_say_what_marks_cannot() {
    check(
        "# session 3 [::1]:4242 > 192.0.2.2:25\n",
        &["begin [::1]:4242 > 192.0.2.2:25 1 Transcript", "end InputEnd"],
    );
    check(
        "# session 3 192.0.2.1:4242 > 192.0.2.2:25\n\n# midstream\n# gap server 9 acked\n\
         2026-11-21T10:00:00.000001Z s< 250 x\n2026-11-21T10:00:01Z c> a\n# unseen 1\n\
         # masked 32\n# escaped\nc> \\x41\\\\n\\x\n# unseen 2\n# eol client lf\nc> b\n# masked\n\
         # eol client none\nc> c\nc> d\n# eol client crlf\n# unseen 9\ns< e\nc> f\n# midstream\n\
         # tls client 5 server 0\n# tls client 0 server 7\n\n# end tls\n",
        &[
            "begin 192.0.2.1:4242 > 192.0.2.2:25 at 2026-11-21T10:00:00.000001Z 1 Transcript",
            "client Open(Midstream)",
            "server Gap(Gap { bytes: 9, acked: true })",
            r#"2026-11-21T10:00:00.000001000Z server "250 x\r\n""#,
            r#"2026-11-21T10:00:01.000000000Z client "a\r\n""#,
            "masked Some(32)",
            r#"client "A\\n\\x\r\n" seen 9"#,
            r#"client "b\n" seen 0"#,
            "masked None",
            r#"client "c""#,
            r#"client "d\n""#,
            r#"server "e\r\n" seen 0"#,
            r#"client "f\r\n""#,
            "client Tls(5)",
            "server Tls(7)",
            "end Noted(Tls)",
        ],
    );
}

#[test]
fn marks_without_text_and_odd_bytes_are_kept() {
    assert_eq!(
        dump(b"C>\ns< \r\nc>  two \r\nS<x\nc> a\rb\nc> \xff\xc3\xa9\0\\x41"),
        [
            "begin 1 Transcript",
            r#"client "\r\n""#,
            r#"server "\r\n""#,
            r#"client " two \r\n""#,
            r#"server "x\r\n""#,
            r#"client "a\rb\r\n""#,
            r#"client "\xff\xc3\xa9\x00\\x41\r\n""#,
            "end InputEnd",
        ]
    );
}

#[test]
fn events_without_time_wait_only_so_long() {
    let limits = Limits { untimed_events: 3, ..Limits::default() };
    let text = b"# gap client 1\n# gap client 2\n# gap client 3\n2026-11-21T10:00:00Z c> x\n";
    let (events, _) = dump_with(text, Dialect::Native, 1, &limits);
    assert_eq!((events[0].as_str(), events.len()), ("begin 1 Transcript", 6));
}

#[test]
fn long_lines_come_in_pieces() {
    let limits = Limits { transcript_piece: 256, ..Limits::default() };
    let long = "x".repeat(250);
    for escapes in ["", "\\x41", "\\\\", "\\x41\\x41\\\\y"] {
        let long = format!("{long}{}", escapes.repeat(300));
        let mut text = format!("# masked\n# escaped\nc> {long}\r\n# {long}\n{long}\n");
        text += "# unseen 1\ns< 220 x\n";
        let (events, troubles) = dump_with(text.as_bytes(), Dialect::Native, 100, &limits);
        let pieces: Vec<_> = events.iter().filter_map(|e| e.strip_prefix("client ")).collect();
        let bare: String = pieces.iter().map(|piece| piece.trim_matches('"')).collect();
        let decoded = long.replace("\\x41", "A");
        assert_eq!(bare, decoded + r"\r\n");
        assert_eq!(pieces.len() > 2, !escapes.is_empty());
        assert_eq!(events[1], "masked None");
        assert_eq!(events[events.len() - 2], r#"server "220 x\r\n" seen 0"#);
        assert_eq!(troubles.times(Trouble::LongLine), if escapes.is_empty() { 0 } else { 3 });
        assert_eq!(troubles.times(Trouble::SkippedLine), 1);
    }
}

#[test]
fn a_line_end_is_not_cut_in_two() {
    let limits = Limits { transcript_piece: 256, ..Limits::default() };
    for length in 250..260 {
        let text = format!("c> {}\r\nc> y\r\n", "x".repeat(length));
        let (events, _) = dump_with(text.as_bytes(), Dialect::Native, 1, &limits);
        let bare: String = events
            .iter()
            .filter_map(|event| event.strip_prefix("client "))
            .map(|piece| piece.trim_matches('"'))
            .collect();
        assert_eq!(bare, format!(r"{}\r\ny\r\n", "x".repeat(length)));
    }
}

#[test]
fn a_failing_source_ends_the_session_and_is_counted_once() {
    struct Failing(bool);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::Error::other("gone"));
            }
            buffer[..6].copy_from_slice(b"c> EHL");
            Ok(6)
        }
    }
    let limits = Limits::default();
    // Where the input looks ahead, the error may come when it is opened.
    let Ok(input) = Input::new(Box::new(Failing(false)), &limits) else {
        return;
    };
    let mut reader = Reader::new(input, 0, Dialect::Native, &limits);
    let mut troubles = Troubles::default();
    let mut count = 0;
    while reader.next(&mut troubles).is_some() {
        count += 1;
    }
    assert_eq!((count, troubles.times(Trouble::ReadFailed)), (3, 1));
}

/// Each session is a beginning, its chunks, an end.
fn assert_in_order(events: &[String]) {
    let mut open = false;
    for event in events {
        let (begins, ends) = (event.starts_with("begin"), event.starts_with("end"));
        assert_eq!(open, !begins, "{events:?}");
        open = !ends;
    }
    assert!(!open);
}

#[test]
fn each_prefix_of_a_transcript_can_be_read() {
    let text = "s< 220 x\r\n# masked 3\r\n# escaped\r\nc> a\\x41\r\n# tls client 1 server 2\r\n\
                \r\n2026-11-21T10:00:00.5Z c> quit\r\ns< 221 x\r\ns< 220 x\r\n# end quit\r\n";
    let whole = dump(text.as_bytes());
    for end in 0..=text.len() {
        let events = dump(&text.as_bytes()[..end]);
        assert_in_order(&events);
        // All but the cut line and what follows from it is there.
        let same = whole.iter().zip(&events).take_while(|(a, b)| a == b).count();
        assert!(events.len() - same <= 4, "{events:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_in_order_however_it_comes(
        parts in proptest::collection::vec(
            prop_oneof![
                Just(b"\n".to_vec()), Just(b"\r\n".to_vec()), Just(b"c> ".to_vec()),
                Just(b"s< 220 x\n".to_vec()), Just(b"s< 221 x\n".to_vec()),
                Just(b"c> QUIT\n".to_vec()), Just(b"# gap client 5\n".to_vec()),
                Just(b"# session 1\n".to_vec()), Just(b"# end reset\n".to_vec()),
                Just(b"# midstream\n".to_vec()), Just(b"# unseen 2\n".to_vec()),
                Just(b"# escaped\n".to_vec()), Just(b"# eol server none\n".to_vec()),
                Just(b"# tls client 5 server 4\n".to_vec()), Just(b"# masked\n".to_vec()),
                Just(b"2026-11-21T10:00:00Z ".to_vec()), Just(b"\\x41".to_vec()),
                Just(vec![b'y'; 200]), proptest::collection::vec(any::<u8>(), 0..20),
            ],
            0..30,
        ),
        step in 1_usize..50,
    ) {
        let mut text = b"# ".to_vec();
        text.extend(parts.concat());
        let limits = Limits { transcript_piece: 256, ..Limits::default() };
        for dialect in Dialect::all() {
            let whole = dump_with(&text, dialect, 1 << 20, &limits);
            assert_in_order(&whole.0);
            prop_assert_eq!(dump_with(&text, dialect, step, &limits), whole);
        }
    }
}
