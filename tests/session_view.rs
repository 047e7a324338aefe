//! Which sessions are reported, one of them whole, and its events.

// A test may panic: that is how it fails.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used
)]

use expect_test::{Expect, expect};
use serde_json::Value;
use smtp_audit::escape::is_safe;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const INVALID: &str = "testdata/captures/zeek/smtp-mail-transactions-invalid.pcap";

/// Three sessions with times.
const TIMED: &str = "\
# session 1 192.0.2.1:4001 > 198.51.100.25:25
2026-11-21T10:00:00.000Z s< 220 mx.example.net ESMTP
2026-11-21T10:00:00.100Z c> EHLO client.example.org
2026-11-21T10:00:00.200Z s< 250-mx.example.net
2026-11-21T10:00:00.200Z s< 250 SIZE 1000
2026-11-21T10:00:00.300Z c> MAIL FROM:<ann@example.org>
2026-11-21T10:00:00.400Z s< 250 2.1.0 ok
2026-11-21T10:00:00.500Z c> RCPT TO:<bob@example.net>
2026-11-21T10:00:00.600Z s< 250 2.1.5 ok
2026-11-21T10:00:00.700Z c> DATA
2026-11-21T10:00:00.800Z s< 354 go on
2026-11-21T10:00:00.900Z c> Subject: hello
2026-11-21T10:00:00.910Z c>
2026-11-21T10:00:00.920Z c> text
2026-11-21T10:00:01.000Z c> .
2026-11-21T10:04:13.000Z s< 250 2.0.0 queued
2026-11-21T10:04:13.100Z c> QUIT
2026-11-21T10:04:13.200Z s< 221 2.0.0 bye
# end quit

# session 2 192.0.2.2:4002 > 198.51.100.25:25
2026-11-21T11:00:00.000Z s< 220 mx.example.net ESMTP
2026-11-21T11:00:00.100Z c> EHLO other.example.org
2026-11-21T11:00:00.200Z s< 250 mx.example.net
2026-11-21T11:00:00.300Z c> MAIL FROM:<>
2026-11-21T11:00:00.400Z s< 550 5.7.1 no
2026-11-21T11:01:00.000Z c> QUIT
2026-11-21T11:01:00.100Z s< 221 2.0.0 bye
# end quit

# session 3 [2001:db8::1]:4003 > 198.51.100.26:25
2026-11-22T09:00:00.000Z s< 421 4.3.2 busy
# end server-closed
";

#[test]
fn sessions_are_chosen() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("timed"), TIMED).unwrap();
    for (arguments, expected) in [
        (&[][..], &[1, 2, 3][..]),
        (&["--session", "2"], &[2]),
        (&["--session", "1,3-9"], &[1, 3]),
        (&["--client", "192.0.2.0/24"], &[1, 2]),
        (&["--client", "2001:db8::1"], &[3]),
        (&["--client", "*.example.org"], &[1, 2]),
        (&["--server", "198.51.100.26"], &[3]),
        (&["--from", "*@EXAMPLE.org"], &[1]),
        (&["--from", "<>"], &[2]),
        (&["--rcpt", "bob@*"], &[1]),
        (&["--code", "5xx"], &[2]),
        (&["--code", "4xx,550"], &[2, 3]),
        (&["--code", "221"], &[1, 2]),
        (&["--since", "2026-11-21T10:30:00Z"], &[2, 3]),
        (&["--since", "2026-11-21T10:04:00", "--until", "2026-11-21"], &[1, 2]),
        (&["--until", "10:00"], &[1, 3]),
        (&["--client", "192.0.2.0/24", "--code", "5xx", "--session", "2-3"], &[2]),
        (&["--client", "192.0.2.1", "--code", "5xx"], &[]),
    ] {
        for threads in ["1", "3"] {
            let all = ["--threads", threads, "--format", "json", "timed"];
            let output = run_in(folder.path(), arguments.iter().chain(&all));
            assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", err(&output));
            let json: Value = serde_json::from_str(&out(&output)).unwrap();
            let ids = json["sessions"].as_array().unwrap().iter();
            let ids: Vec<u64> = ids.map(|one| one["id"].as_u64().unwrap()).collect();
            assert_eq!(ids, expected, "{arguments:?}");
            let summary = &json["summary"];
            assert_eq!(summary["sessions"], expected.len(), "{arguments:?}");
            assert_eq!(summary["all_sessions"], 3, "{arguments:?}");
            let said = err(&output);
            let word = format!("{} of 3 session(s) reported", expected.len());
            assert_eq!(said.contains(&word), !arguments.is_empty(), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn every_form_reports_only_what_was_chosen() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("timed"), TIMED).unwrap();
    for choice in [["--session", "2,7"], ["--from", "<>"]] {
        for format in ["table", "json", "ndjson", "transcript", "csv", "markdown", "sarif", "junit"]
        {
            for check in [false, true] {
                let check = check.then_some("--check");
                let arguments = ["--fail-on", "never", "--format", format, "timed"];
                let arguments = choice.iter().copied().chain(arguments).chain(check);
                let output = run_in(folder.path(), arguments);
                let text = out(&output);
                assert_eq!(output.status.code(), Some(0), "{format}: {}", err(&output));
                assert!(!text.contains("ann@example.org"), "{format}: {text}");
                assert!(!text.contains("4.3.2"), "{format}: {text}");
            }
        }
        let arguments = choice.iter().copied().chain(["--format", "transcript", "timed"]);
        let text = out(&run_in(folder.path(), arguments));
        assert!(text.starts_with("# session 2 192.0.2.2:4002 > "), "{text}");
        assert!(text.ends_with("s< 221 2.0.0 bye\n# end quit\n"), "{text}");
    }
    let table = out(&run_in(folder.path(), ["--session", "2-3", "timed"]));
    assert!(table.starts_with("2 of 3 sessions, 1 message (1 rejected), "), "{table}");
    let none = out(&run_in(folder.path(), ["--session", "7-8", "timed"]));
    assert!(none.starts_with("None of 3 sessions is such a session."), "{none}");
    let none = out(&run_in(folder.path(), ["--session", "7", "timed"]));
    assert_eq!(none, "No such session: 1 input with 3 sessions.\n");
    let check = out(&run_in(folder.path(), ["--session", "1-2", "--check", "timed"]));
    assert!(check.contains("2 sessions (of 3), 1 input\n"), "{check}");
}

#[test]
fn wrong_filters_are_said_in_one_line() {
    for (arguments, message) in [
        (["--session", "x"], "not numbers of sessions; expected some as 3 or 3,7-9"),
        (["--session", "0"], "not numbers of sessions"),
        (["--client", "192.0.2.300"], "not an address, a network such as 192.0.2.0/24, or a name"),
        (["--client", "192.0.2.0/33"], "not an address"),
        (["--server", "a b"], "not an address"),
        (["--code", "5x5"], "not a code; expected one as 550, 55x or 5xx"),
        (
            ["--since", "yesterday"],
            "not a time; expected one as 2026-11-21T10:00:00Z, 2026-11-21 or",
        ),
        (["--until", "2026-13-01"], "not a time"),
    ] {
        let output = run(arguments.iter().copied().chain([INVALID]));
        let said = err(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said.lines().next().unwrap().contains(message), "{arguments:?}: {said}");
    }
    let output = run(["--events", "--format", "csv", INVALID]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("--events goes with --format table, json and ndjson"));
}

#[test]
fn a_session_with_times_and_stalls() {
    check_view(
        TIMED,
        "1",
        &expect![[r#"
            Session 1: 192.0.2.1:4001 > 198.51.100.25:25, ESMTP, 4 min 13 s
            dialog, from 2026-11-21T10:00:00.000Z

            The server took the message after 4 min 12 s of silence; the session ended with QUIT.

            time               delta    line  client -->    <-- server
            10:00:00.000                   2      <-- 220 mx.example.net ESMTP
            10:00:00.100     +100 ms       3  --> EHLO client.example.org
            10:00:00.200     +100 ms       4      <-- 250-mx.example.net
            10:00:00.200       +0 µs       5      <-- 250 SIZE 1000
            10:00:00.300     +100 ms       6  --> MAIL FROM:<ann@example.org>
            10:00:00.400     +100 ms       7      <-- 250 2.1.0 ok
                                                          ^^^^^
                                                note[enhanced-code-not-offered] fault: server
                                                the enhanced code "2.1.0" in a reply, although the server does not offer
                                                ENHANCEDSTATUSCODES; 3 more like it in this session
            10:00:00.500     +100 ms       8  --> RCPT TO:<bob@example.net>
            10:00:00.600     +100 ms       9      <-- 250 2.1.5 ok
            10:00:00.700     +100 ms      10  --> DATA
            10:00:00.800     +100 ms      11      <-- 354 go on
            10:00:01.000     +200 ms      15  (24 octets of content)
                                              --> .
                                              ~~~ the client waited 4 min 12 s for the server's reply to the end of the data
            10:04:13.000 +4 min 12 s      16      <-- 250 2.0.0 queued
            10:04:13.100     +100 ms      17  --> QUIT
            10:04:13.200     +100 ms      18      <-- 221 2.0.0 bye

        "#]],
    );
    check_view(
        TIMED,
        "2",
        &expect![[r#"
            Session 2: 192.0.2.2:4002 > 198.51.100.25:25, ESMTP, 1 min 0 s
            dialog, from 2026-11-21T11:00:00.000Z

            The server refused the sender with 550; the client was silent for 59.600 s before QUIT; the session ended with QUIT.

            time               delta    line  client -->    <-- server
            11:00:00.000                  22      <-- 220 mx.example.net ESMTP
            11:00:00.100     +100 ms      23  --> EHLO other.example.org
            11:00:00.200     +100 ms      24      <-- 250 mx.example.net
            11:00:00.300     +100 ms      25  --> MAIL FROM:<>
            11:00:00.400     +100 ms      26      <-- 550 5.7.1 no
                                                          ^^^^^
                                                note[enhanced-code-not-offered] fault: server
                                                the enhanced code "5.7.1" in a reply, although the server does not offer
                                                ENHANCEDSTATUSCODES; 1 more like it in this session
                                              ~~~ the server waited 59.6 s for the client's next command, "QUIT"
            11:01:00.000   +59.600 s      27  --> QUIT
            11:01:00.100     +100 ms      28      <-- 221 2.0.0 bye

        "#]],
    );
    check_view(
        TIMED,
        "3",
        &expect![[r#"
            Session 3: [2001:db8::1]:4003 > 198.51.100.26:25, unknown, 0 µs
            dialog, from 2026-11-22T09:00:00.000Z

            The server turned the client away with 421; the server closed the connection without a QUIT.

            time               delta    line  client -->    <-- server
            09:00:00.000                  32      <-- 421 4.3.2 busy
                                                note[greeting-refused] fault: server
                                                the server has no service at present: "421 4.3.2 busy"
                                              [the server closes the connection]

        "#]],
    );
}

#[test]
fn a_session_of_a_capture() {
    let text = out(&run(["--session", "1", INVALID]));
    let first: String = text.lines().take(24).fold(String::new(), |all, line| all + line + "\n");
    expect![[r#"
        Session 1: 127.0.0.1:44478 > 127.0.0.1:25, ESMTP, 3.564 s
        testdata/captures/zeek/smtp-mail-transactions-invalid.pcap, from 2023-03-27T15:17:37.935537Z

        The server took 2 messages; 11 commands were refused; the session ended with QUIT.

        time                  delta   frame  client -->    <-- server
        15:17:37.935537                   1  [the client connects: it takes 26 µs]
        15:17:37.935610      +73 µs       4  --> EHLO Bob-PC
                                                      ^^^^^^
                                               warning[helo-name-not-fqdn] fault: client
                                               EHLO with "Bob-PC", a name of one label: a full domain name or an address literal
                                               belongs there, and some servers refuse mail without it
        15:17:37.936781    +1.17 ms       6      <-- 220 tinkyx390 ESMTP Exim 4.94.2 Mon, 27 Mar 2023 17:17:37 +0200
                                                 <-- 250-tinkyx390 Hello localhost [127.0.0.1]
                                                 <-- 250-SIZE 52428800
                                                 <-- 250-8BITMIME
                                                 <-- 250-PIPELINING
                                                 <-- 250-PIPE_CONNECT
                                                             ^ expected letters, digits and hyphens
                                               error[ehlo-keyword-malformed] fault: server
                                               "_" in the keyword of "250-PIPE_CONNECT", which has letters, digits and hyphens
                                               only: clients do not find the extension
                                                 <-- 250-CHUNKING
                                                 <-- 250-STARTTLS
    "#]].assert_eq(&first);
}

#[test]
fn gaps_and_tls_stand_in_their_places() {
    check_view(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
         s< 250 STARTTLS\nc> STARTTLS\ns< 220 go ahead\n# tls client 5120 server 4096\n",
        "1",
        &expect![[r#"
            Session 1, ESMTP
            dialog

            The session was in TLS after STARTTLS and cannot be read there.

               line  client -->    <-- server
                  1      <-- 220 mx.example.net ESMTP
                  2  --> EHLO client.example.org
                  3      <-- 250-mx.example.net
                  4      <-- 250 STARTTLS
                  5  --> STARTTLS
                  6      <-- 220 go ahead
                  7  [TLS: 5,120 bytes of the client and 4,096 bytes of the server cannot be read]

        "#]],
    );
    check_view(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250 mx.example.net\n\
         c> MAIL FROM:<a@example.org>\n# gap client 1460\n# gap server 300\n\
         c> QUIT\ns< 221 bye\n# end reset\n",
        "1",
        &expect![[r#"
            Session 1, ESMTP
            dialog

            What became of the message is not seen; missing in the recording: 1,460 bytes of the client and 300 bytes of the server;
            the connection was reset.

               line  client -->    <-- server
                  1      <-- 220 mx.example.net ESMTP
                  2  --> EHLO client.example.org
                  3      <-- 250 mx.example.net
                  4  --> MAIL FROM:<a@example.org>
                  5  (1,460 bytes of the client missing)
                     [the client is lost here and found again: gap]
                  6  (300 bytes of the server missing)
                  7  --> QUIT
                  8      <-- 221 bye
                     [the connection is reset]

        "#]],
    );
}

#[test]
fn chunks_and_lmtp_are_shown() {
    let bdat = fs::read_to_string(root().join("testdata/transcripts/bdat.txt")).unwrap();
    check_view(
        &bdat,
        "1",
        &expect![[r#"
            Session 1, ESMTP
            dialog

            The server took 2 messages; the session ended with QUIT.

               line  client -->    <-- server
                  7      <-- 220 mx.example ESMTP 1
                  8  --> EHLO client.example
                  9      <-- 250-mx.example 2
                 10      <-- 250-CHUNKING
                 11      <-- 250 BINARYMIME
                 12  --> MAIL FROM:<ann@client.example> BODY=BINARYMIME
                 13      <-- 250 sender 3
                 14  --> RCPT TO:<bob@mx.example>
                 15      <-- 250 recipient 4
                 21  --> BDAT 37
                 22      <-- 250 37 octets 5
                 26  --> BDAT 16
                 27      <-- 250 16 octets 6
                 28  --> BDAT 0 LAST
                 29      <-- 250 taken 7
                 30  --> MAIL FROM:<ann@client.example>
                 31      <-- 250 sender 8
                 32  --> RCPT TO:<eve@mx.example>
                 33      <-- 250 recipient 9
                 37  --> BDAT 28 LAST
                 38      <-- 250 taken 10
                 39  --> QUIT
                 40      <-- 221 bye 11

        "#]],
    );
    let lmtp = fs::read_to_string(root().join("testdata/transcripts/lmtp.txt")).unwrap();
    check_view(
        &lmtp,
        "1",
        &expect![[r#"
            Session 1, LMTP
            dialog

            The server took the message for 2 of 4 recipients; the session ended with QUIT.

               line  client -->    <-- server
                  6      <-- 220 mx.example LMTP 1
                  7  --> LHLO client.example
                  8      <-- 250-mx.example 2
                  9      <-- 250 PIPELINING
                 10  --> MAIL FROM:<ann@client.example>
                 11  --> RCPT TO:<bob@mx.example>
                 12  --> RCPT TO:<no@mx.example>
                 13  --> RCPT TO:<eve@mx.example>
                 14  --> RCPT TO:<joe@mx.example>
                 15  --> DATA
                 16      <-- 250 sender 3
                 17      <-- 250 recipient 4
                 18      <-- 550 recipient 5
                 19      <-- 250 recipient 6
                 20      <-- 250 recipient 7
                 21      <-- 354 go 8
                 24  (11 octets of content)
                     --> .
                 25      <-- 250 bob has it 9
                 26      <-- 452 eve is full 10
                 27      <-- 250 joe has it 11
                 28  --> QUIT
                 29      <-- 221 bye 12

        "#]],
    );
}

#[test]
fn a_narrow_terminal_is_filled_and_colours_are_only_there_if_wanted() {
    let plain = out(&run(["--session", "1", INVALID]));
    assert!(plain.lines().all(|line| line.chars().count() <= 121), "{plain}");
    assert!(!plain.contains('\x1b'));
    let painted = out(&run(["--session", "1", "--color", "always", INVALID]));
    assert!(painted.contains("\x1b[1;31merror[ehlo-keyword-malformed]\x1b[0m"), "{painted}");
}

#[test]
fn hostile_text_is_escaped() {
    let evil = "\x1b]0;evil\x07\u{202e}\u{9b}31m";
    let dialog = format!(
        "s< 220 mx{evil} ESMTP\nc> EHLO {evil}\ns< 250-x{evil}\ns< 250 {evil}\nc> {evil}\n\
         s< 500 {evil}\nc> MAIL FROM:<{evil}@example.org> {evil}\ns< 250 {evil}\n"
    );
    for arguments in [&["--session", "1"][..], &["--events"], &["--events", "--format", "json"]] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("evil"), &dialog).unwrap();
        let text = out(&run_in(folder.path(), arguments.iter().chain(&["evil"])));
        let is_fine = |letter| letter == '\n' || is_safe(letter);
        assert!(text.contains("evil") && text.chars().all(is_fine), "{text}");
    }
}

#[test]
fn a_session_of_any_length_is_shown_in_part() {
    let mut dialog = String::from("s< 220 mx.example.net\nc> HELO client.example.org\ns< 250 x\n");
    for n in 0..20_000 {
        let _ = write!(dialog, "c> NOOP {n}\ns< 250 ok\n");
    }
    dialog += "c> QUIT\ns< 221 bye\n";
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("long"), dialog).unwrap();
    let text = out(&run_in(folder.path(), ["--session", "1", "long"]));
    assert!(text.contains(" lines not shown: --format transcript shows all\n"), "{text}");
    assert!(text.lines().count() < 500, "{}", text.lines().count());
    assert!(text.contains("HELO client.example.org"));
}

#[test]
fn events_are_a_timeline() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("timed"), TIMED).unwrap();
    expect![[r#"
        session 1 192.0.2.1:4001 > 198.51.100.25:25 timed
          2026-11-21T10:00:00.000Z                     1  connect
          2026-11-21T10:00:00.100Z      +100 ms        3  ehlo           EHLO client.example.org [250]
          2026-11-21T10:00:00.300Z      +200 ms        6  mail           MAIL FROM:<ann@example.org> [250]
          2026-11-21T10:00:00.500Z      +200 ms        8  rcpt           RCPT TO:<bob@example.net> [250]
          2026-11-21T10:00:00.700Z      +200 ms       10  data           DATA [354]
          2026-11-21T10:00:00.910Z      +210 ms       13  end-of-headers
          2026-11-21T10:00:01.000Z     +90.0 ms       15  end-of-data    [250]
          2026-11-21T10:04:13.100Z  +4 min 12 s       17  quit           QUIT [221]

        session 2 192.0.2.2:4002 > 198.51.100.25:25 timed
          2026-11-21T11:00:00.000Z                    21  connect
          2026-11-21T11:00:00.100Z      +100 ms       23  ehlo           EHLO other.example.org [250]
          2026-11-21T11:00:00.300Z      +200 ms       25  mail           MAIL FROM:<> [550]
          2026-11-21T11:00:00.400Z      +100 ms       26  reject         MAIL [550]
          2026-11-21T11:01:00.000Z    +59.600 s       27  quit           QUIT [221]

        session 3 [2001:db8::1]:4003 > 198.51.100.26:25 timed
          2026-11-22T09:00:00.000Z                    31  connect
          2026-11-22T09:00:00.000Z        +0 µs       32  reject         [421]
          2026-11-22T09:00:00.000Z        +0 µs        -  disconnect
    "#]].assert_eq(&out(&run_in(folder.path(), ["--events", "timed"])));
    let json = run_in(folder.path(), ["--events", "--format", "ndjson", "--session", "3", "timed"]);
    let line = out(&json).lines().next().unwrap().to_owned();
    let session: Value = serde_json::from_str(&line).unwrap();
    expect![[r#"
        [{"at":"2026-11-22T09:00:00.000Z","code":null,"delta_us":null,"event":"connect","exchange":null,"frame":null,"line_no":31},
        {"at":"2026-11-22T09:00:00.000Z","code":421,"delta_us":0,"event":"reject","exchange":null,"frame":null,"line_no":32},
        {"at":"2026-11-22T09:00:00.000Z","code":null,"delta_us":0,"event":"disconnect","exchange":null,"frame":null,"line_no":null}]"#]]
        .assert_eq(&serde_json::to_string(&session["events"]).unwrap().replace("},", "},\n"));
    let plain = out(&run_in(folder.path(), ["--format", "json", "timed"]));
    assert!(!plain.contains("\"events\""), "{plain}");
    let chunks = out(&run(["--events", "testdata/transcripts/bdat.txt"]));
    expect![[r#"
        session 1 testdata/transcripts/bdat.txt
                7  connect
                8  ehlo           EHLO client.example [250]
               12  mail           MAIL FROM:<ann@client.example> BODY=BINARYMIME [250]
               14  rcpt           RCPT TO:<bob@mx.example> [250]
                -  data           BDAT 37 [250]
               18  end-of-headers
               28  end-of-data    [250]
               30  mail           MAIL FROM:<ann@client.example> [250]
               32  rcpt           RCPT TO:<eve@mx.example> [250]
                -  data           BDAT 28 LAST [250]
               36  end-of-headers
               37  end-of-data    [250]
               39  quit           QUIT [221]
    "#]]
    .assert_eq(&chunks);
    let capture = out(&run(["--events", INVALID]));
    let first: String = capture.lines().take(12).fold(String::new(), |all, line| all + line + "\n");
    expect![[r#"
        session 1 127.0.0.1:44478 > 127.0.0.1:25 testdata/captures/zeek/smtp-mail-transactions-invalid.pcap
          2023-03-27T15:17:37.935537Z                     1  connect
          2023-03-27T15:17:37.935610Z       +73 µs        4  ehlo           EHLO Bob-PC [250]
          2023-03-27T15:17:38.437731Z      +502 ms        8  mail           MAIL FROM:<bob@example.org> [250]
          2023-03-27T15:17:38.439081Z     +1.35 ms       11  rcpt           RCPT TO:<alice@example.org> [250]
          2023-03-27T15:17:38.440327Z     +1.24 ms       14  data           DATA [354]
          2023-03-27T15:17:38.442733Z     +2.40 ms       20  end-of-data    [250]
          2023-03-27T15:17:38.960121Z      +517 ms       24  rcpt           RCPT TO:<alice@example.org> [503]
          2023-03-27T15:17:38.960667Z      +546 µs       25  reject         RCPT [503]
          2023-03-27T15:17:38.961594Z      +927 µs       27  data           DATA [503]
          2023-03-27T15:17:38.961926Z      +332 µs       28  reject         DATA [503]
          2023-03-27T15:17:38.963247Z     +1.32 ms       31  reject         (no command) [500]
    "#]].assert_eq(&first);
}

/// The session with this number of a dialog, as it is shown.
fn check_view(dialog: &str, number: &str, expected: &Expect) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("dialog"), dialog).unwrap();
    let output = run_in(folder.path(), ["--session", number, "dialog"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    expected.assert_eq(&unjudged(&out(&output)));
}

/// `text` without how many rules could not be judged: there are more in each version.
fn unjudged(text: &str) -> String {
    let is_kept =
        |line: &&str| !line.ends_with(" could not be judged: --format json says which, and why");
    text.lines().filter(is_kept).fold(String::new(), |all, line| all + line + "\n")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    run_in(root(), arguments)
}

fn run_in(folder: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-audit"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
