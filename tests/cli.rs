//! The program as it is run: exit statuses, messages, where the report goes, what never shows.

// A test may panic: that is how it fails.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod weave;

use expect_test::expect;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use weave::{Dialog, Plan};

const FORMATS: [&str; 8] =
    ["table", "json", "ndjson", "transcript", "csv", "markdown", "sarif", "junit"];
const TOOLSACK: &str = "testdata/transcripts/toolsack.txt";
const BATCH: &str = "testdata/transcripts/telnet-batch.txt";
const CAPTURE: &str = "testdata/captures/zeek/smtp-mail-transactions-invalid.pcap";

/// A dialog without a fault.
const DIALOG: &str = "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 bye
";

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    let folder = TempDir::new().unwrap();
    let capture = fs::read(root().join(CAPTURE)).unwrap();
    let noise: Vec<u8> =
        (0..1000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let cases: [(&str, Option<&[u8]>, &str); 6] = [
        ("missing", None, "No such file or directory"),
        ("empty", Some(b""), "the file is empty; expected a capture"),
        ("prose.txt", Some(b"Dear all,\nnothing to see.\n"), "text without an SMTP dialog"),
        ("noise", Some(&noise), "unknown binary data; expected a capture"),
        ("program", Some(b"\x7fELF\x02\x01\x01\0\0\0\0\0"), "a program; expected a capture"),
        ("header", Some(&capture[..20]), "the capture ends inside its header, after 20 bytes"),
    ];
    for (name, content, message) in cases {
        if let Some(content) = content {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let output = run_in(folder.path(), [name]);
        let said = err(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.starts_with(&format!("smtp-audit: {name}: ")), "{said}");
        assert!(said.contains(message), "{name}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    fs::create_dir(folder.path().join("void")).unwrap();
    let output = run_in(folder.path(), ["void"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        err(&output),
        "smtp-audit: void: the directory holds no capture and no transcript\n"
    );
}

#[test]
fn wrong_options_are_usage_errors() {
    for arguments in [
        &["--nope", TOOLSACK][..],
        &[],
        &["--dialect", "c>s<"],
        &["--dialect", "none", TOOLSACK],
        &["--format", "xml", TOOLSACK],
        &["--ports", "99999", TOOLSACK],
        &["--threads", "0", TOOLSACK],
        &["--fail-on", "everything", TOOLSACK],
        &["--color", "red", TOOLSACK],
        &["--max-memory", "12", TOOLSACK],
        &["--max-memory", "some", TOOLSACK],
        &["--max-memory", "99999999999G", TOOLSACK],
        &["--ports", "", TOOLSACK],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(err(&output).starts_with("error: "), "{arguments:?}: {}", err(&output));
    }
    for arguments in ["--help", "--version"] {
        let output = run([arguments]);
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert!(output.stderr.is_empty() && !output.stdout.is_empty(), "{arguments}");
    }
}

#[test]
fn a_cut_capture_is_read_to_the_cut() {
    let folder = TempDir::new().unwrap();
    let whole = weave(DIALOG, 25);
    fs::write(folder.path().join("cut.pcap"), &whole[..whole.len() - 5]).unwrap();
    let output = run_in(folder.path(), ["--format", "json", "cut.pcap"]);
    assert_eq!(output.status.code(), Some(0));
    let report = json(&output);
    let problem = report["inputs"][0]["problems"][0].as_str().unwrap();
    assert!(problem.starts_with("the file ends inside its last packet"), "{problem}");
    assert_eq!(err(&output), format!("smtp-audit: cut.pcap: {problem}\n"));
    assert_eq!(report["sessions"].as_array().unwrap().len(), 1);
    let quiet = run_in(folder.path(), ["--quiet", "--format", "json", "cut.pcap"]);
    assert_eq!((out(&quiet), err(&quiet)), (out(&output), String::new()));
}

#[test]
fn a_gap_at_the_end_is_placed_where_it_was_seen() {
    // The last packet acknowledges a reply that is not in the capture, and nothing follows.
    let folder = TempDir::new().unwrap();
    let whole = fs::read(root().join("testdata/captures/zeek/smtp-attachment-msg.pcap")).unwrap();
    fs::write(folder.path().join("cut"), &whole[..1457]).unwrap();
    let report = json(&run_in(folder.path(), ["--format", "json", "cut"]));
    let gaps = report["sessions"][0]["gaps"].as_array().unwrap();
    assert_eq!(gaps.last().unwrap()["frame"], report["inputs"][0]["packets"], "{gaps:?}");
}

#[cfg(feature = "gzip")]
#[test]
fn a_compressed_capture_that_ends_early_is_a_failure() {
    let folder = TempDir::new().unwrap();
    let whole = Plan::new(&Dialog::parse(DIALOG)).gzip().weave().file;
    fs::write(folder.path().join("whole"), &whole).unwrap();
    fs::write(folder.path().join("cut"), &whole[..whole.len() - whole.len() / 4]).unwrap();
    assert_eq!(run_in(folder.path(), ["whole"]).status.code(), Some(0));
    let output = run_in(folder.path(), ["--format", "json", "cut"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("the compressed data is damaged or ends early"));
    assert_eq!(json(&output)["sessions"].as_array().unwrap().len(), 1, "what came is reported");
}

#[test]
fn one_bad_input_does_not_hide_the_others() {
    let output = run(["--format", "json", TOOLSACK, "missing", CAPTURE]);
    assert_eq!(output.status.code(), Some(2));
    let report = json(&output);
    let counts: Vec<_> = (0..3).map(|n| report["inputs"][n]["sessions"].as_u64()).collect();
    assert_eq!(counts, [Some(1), Some(0), Some(1)]);
    assert!(report["inputs"][1]["problems"][0].as_str().unwrap().starts_with("No such file"));
    let sessions = report["sessions"].as_array().unwrap();
    let ids: Vec<_> = sessions.iter().map(|s| (&s["id"], s["input"].as_str().unwrap())).collect();
    assert_eq!(ids, [(&Value::from(1), TOOLSACK), (&Value::from(2), CAPTURE)]);
}

#[test]
fn standard_input_may_come_in_small_pieces() {
    for path in [TOOLSACK, CAPTURE] {
        let whole = run(["--format", "transcript", path]);
        let mut child = start(["--format", "transcript", "-"], Stdio::piped());
        let mut pipe = child.stdin.take().unwrap();
        let bytes = fs::read(root().join(path)).unwrap();
        let feeder = thread::spawn(move || {
            for (count, byte) in bytes.into_iter().enumerate() {
                pipe.write_all(&[byte]).unwrap();
                if count % 256 == 0 {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        assert_eq!(out(&output), out(&whole), "{path}");
    }
}

#[test]
fn a_session_is_reported_while_the_input_goes_on() {
    let mut child = start(["--format", "ndjson", "-"], Stdio::piped());
    let mut input = child.stdin.take().unwrap();
    let mut report = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut line = String::new();
        report.read_line(&mut line).unwrap();
        sender.send(line).unwrap();
        report.read_to_string(&mut String::new()).unwrap();
    });
    input.write_all(DIALOG.as_bytes()).unwrap();
    input.write_all(b"\n").unwrap();
    input.write_all(DIALOG.as_bytes()).unwrap();
    let line = receiver.recv_timeout(Duration::from_secs(20));
    drop(input);
    reader.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let line: Value = serde_json::from_str(&line.expect("no session before the end")).unwrap();
    assert_eq!(line["id"], 1);
}

#[test]
fn output_goes_to_a_file_whole() {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report.json");
    fs::write(&report, "old").unwrap();
    let path = report.to_str().unwrap();
    let output = run(["--format", "json", "-o", path, CAPTURE]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(output.stdout.is_empty());
    assert_eq!(fs::read(&report).unwrap(), run(["--format", "json", CAPTURE]).stdout);
    assert_eq!(names(folder.path()), ["report.json"]);
    // An input that cannot be read does not keep the report of the others from being written.
    fs::write(&report, "old").unwrap();
    let output = run(["--format", "json", "-o", path, CAPTURE, "missing"]);
    assert_eq!(output.status.code(), Some(2));
    assert_ne!(fs::read(&report).unwrap(), b"old");
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let folder = TempDir::new().unwrap();
    let inside = folder.path().join("none/report");
    let output = run([OsStr::new("-o"), inside.as_os_str(), OsStr::new(TOOLSACK)]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(err(&output).lines().count(), 1, "{}", err(&output));
    let output = run([OsStr::new("-o"), folder.path().as_os_str(), OsStr::new(TOOLSACK)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("is a directory"), "{}", err(&output));
    assert!(names(folder.path()).is_empty());
    // Standard output that is full.
    if let Ok(full) = File::options().write(true).open("/dev/full") {
        let output = start([TOOLSACK], full.into()).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).starts_with("smtp-audit: standard output: "), "{}", err(&output));
    }
}

#[cfg(unix)]
#[test]
fn a_failed_run_leaves_the_old_report() {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report");
    fs::write(&report, "old").unwrap();
    // No file may grow: writing fails as on a full disk.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""])
        .args([PROGRAM, "--format", "json", CAPTURE, "-o"])
        .arg(&report)
        .current_dir(root())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains("report: "), "{}", err(&output));
    assert_eq!(fs::read(&report).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["report"], "half a file is left");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_not_replaced_by_a_report() {
    let folder = TempDir::new().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert_eq!(run(["-o", link.to_str().unwrap(), TOOLSACK]).status.code(), Some(0));
    assert!(link.is_symlink());
    assert_eq!(fs::read(&file).unwrap(), run([TOOLSACK]).stdout);

    let fifo = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no mkfifo");
        return;
    }
    let place = fifo.clone();
    let reader = thread::spawn(move || fs::read(place).unwrap());
    assert_eq!(run(["-o", fifo.to_str().unwrap(), TOOLSACK]).status.code(), Some(0));
    assert_eq!(reader.join().unwrap(), run([TOOLSACK]).stdout);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for format in FORMATS {
        let mut child = start(["--format", format, "-"], Stdio::piped());
        drop(child.stdout.take());
        let mut input = child.stdin.take().unwrap();
        for _ in 0..200 {
            // The program may be gone before it has read all.
            let _ = writeln!(input, "{DIALOG}");
        }
        drop(input);
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn dialects() {
    let output = run(["--dialect", "list"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    expect![[r#"
        c>s<                smtp-audit's own form: `c> ` and `s< ` lines
        script              the client's lines only, as pasted into telnet
        arrows              `-->` and `>>>` lines: msmtp, sendmail -v and its bounces, mailx -v, CheckTLS, espoofer
        crystal-email       crystal-email
        sketch              dialogs sketched with `--->` and `<---`, as Suricata's tests have them
        curl                curl -v
        curl-trace          curl --trace and --trace-ascii
        exchange            protocol logs of Exchange, receive and send
        exim                exim -v and -d
        tshark-follow       tshark -z follow,tcp,ascii
        haraka              logs of Haraka at level PROTOCOL
        hmailserver         logs of hMailServer
        iis                 logs of the SMTP service of IIS, W3C and NCSA
        javamail            JavaMail, mail.debug
        S:C:                `S:` and `C:` lines: RFCs, MailKit
        mdaemon             SMTP logs of MDaemon, in and out
        net-smtp            Perl's Net::SMTP, git send-email --smtp-debug
        nodemailer          nodemailer (client), logger and debug
        email-oauth2-proxy  email-oauth2-proxy --debug, both of its sides
        opensmtpd           traces of OpenSMTPD
        phpmailer           PHPMailer, SMTPDebug
        postfix-debug       syslog of Postfix with -v or debug_peer_list
        postfix-notice      notices of Postfix: `Transcript of session follows`
        ruby                Ruby's net/smtp
        sendmail-X          the traffic log of sendmail -X
        simplesmtp          simplesmtp, Nodemailer before 1.0, debug
        smtp-cli            smtp-cli
        smtp-server         logs of Nodemailer's smtp-server
        smtplib             Python's smtplib, set_debuglevel
        stalwart            traces of Stalwart, raw input and output
        subethasmtp         logs of SubEthaSMTP, FakeSMTP, HELO
        swaks               swaks
        tcpdump             tcpdump -A and -X
        tcpflow             tcpflow -c
        tshark              tshark and Wireshark, one line a packet
        unmarked            dialogs without marks: telnet, nc, openssl s_client, Wireshark's follow
    "#]]
    .assert_eq(&out(&output));
    let told = json(&run(["--format", "json", "--dialect", "script", BATCH]));
    assert_eq!(told["inputs"][0]["dialect"], "script");
    let mut found = json(&run(["--format", "json", BATCH]));
    // But for how sure that is.
    assert_eq!(found["inputs"][0]["dialect_confidence"], "likely");
    found["inputs"][0]["dialect_confidence"] = told["inputs"][0]["dialect_confidence"].clone();
    assert!(told == found, "told from its content, too");
    let verbs: Vec<_> = told["sessions"][0]["exchanges"].as_array().unwrap().iter().collect();
    let verbs: Vec<_> = verbs.iter().map(|e| e["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs, ["EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"]);
    // The content, with its line ends and without the dot that was stuffed.
    let content = fs::read_to_string(root().join(BATCH)).unwrap();
    let lines: Vec<_> = content.lines().skip(4).take_while(|line| *line != ".").collect();
    let octets = lines.iter().map(|line| line.len() + 2).sum::<usize>() - 1;
    assert_eq!(told["sessions"][0]["messages"][0]["size"], octets);
}

#[test]
fn ports() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("capture"), weave(DIALOG, 2526)).unwrap();
    for (arguments, sessions) in [
        (&["capture"][..], 0),
        (&["--ports", "25,2526", "capture"], 1),
        (&["--ports", "25", "capture"], 0),
        (&["--any-port", "capture"], 1),
        (&["--any-port", "--ports", "25", "capture"], 1),
    ] {
        let output = run_in(folder.path(), [&["--format", "json"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", err(&output));
        let report = json(&output);
        assert_eq!(report["summary"]["sessions"], sessions, "{arguments:?}");
        if sessions == 1 {
            assert_eq!(report["sessions"][0]["server"]["port"], 2526);
            assert_eq!(report["sessions"][0]["exchanges"].as_array().unwrap().len(), 2);
        }
    }
}

#[test]
fn hostile_text_does_not_reach_the_terminal() {
    let folder = TempDir::new().unwrap();
    // ESC, CSI as one byte and as UTF-8, BEL, DEL, and a mark that reverses the line.
    let evil = "\x1b[31m \u{9b}31m \x07 \x7f \u{202e}";
    let mut dialog = format!(
        "s< 220 mx {evil}\nc> EHLO {evil}\ns< 250-mx {evil}\ns< 250 X{evil}\nc> {evil}\n\
         s< 500 {evil}\nc> MAIL FROM: <{evil}@a>\ns< 550 {evil}\n"
    )
    .into_bytes();
    dialog.extend(b"c> RCPT TO:<\x9b\xff>\ns< 503 \x9b\xff\n");
    fs::write(folder.path().join("evil.txt"), &dialog).unwrap();
    fs::write(folder.path().join("evil.pcap"), weave(&dialog, 25)).unwrap();
    let name = "no\x1b[31m\n\u{202e}thing";
    for format in FORMATS {
        let output = run_in(folder.path(), ["--format", format, "evil.txt", "evil.pcap", name]);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        for (stream, bytes) in [("output", &output.stdout), ("errors", &output.stderr)] {
            let text = str::from_utf8(bytes).unwrap_or_else(|_| panic!("{format}: not UTF-8"));
            // The lines of CSV end in CRLF.
            let text = if format == "csv" { text.replace("\r\n", "\n") } else { text.to_owned() };
            let bad = text
                .chars()
                .find(|&c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c));
            assert_eq!(bad, None, "{format}: in the {stream}");
        }
        assert!(err(&output).contains(r"no\x1b[31m\x0a"), "{}", err(&output));
        assert_eq!(err(&output).lines().count(), 1);
    }
}

#[test]
fn secrets_are_not_shown() {
    // user, password and their AUTH PLAIN form.
    let secrets = ["dXNlcg==", "c2VjcmV0", "AHVzZXIAc2VjcmV0", "AHVzZXIAb3RoZXI="];
    let dialog = format!(
        "s< 220 mx\nc> EHLO c\ns< 250-mx\ns< 250 AUTH PLAIN LOGIN\nc> AUTH LOGIN\n\
         s< 334 VXNlcm5hbWU6\nc> {}\ns< 334 UGFzc3dvcmQ6\nc> {}\ns< 535 no\n\
         c> AUTH PLAIN {}\ns< 535 no\nc> AUTH PLAIN\ns< 334\nc> {}\ns< 235 yes\nc> QUIT\ns< 221 bye\n",
        secrets[0], secrets[1], secrets[2], secrets[3]
    );
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("auth.txt"), &dialog).unwrap();
    fs::write(folder.path().join("auth.pcap"), weave(&dialog, 587)).unwrap();
    for (input, format) in ["auth.txt", "auth.pcap"].iter().flat_map(|i| FORMATS.map(|f| (i, f))) {
        let masked = run_in(folder.path(), ["--format", format, input]);
        assert_eq!(masked.status.code(), Some(0));
        let shown = run_in(folder.path(), ["--format", format, "--show-secrets", input]);
        for secret in secrets {
            assert!(!out(&masked).contains(secret), "{input} as {format}: {secret}");
            let is_whole = ["json", "ndjson", "transcript", "csv"].contains(&format);
            // The others have it where something is found in its line.
            assert!(out(&shown).contains(secret) || !is_whole, "{input} as {format}: {secret}");
        }
    }
}

#[test]
fn steps_of_auth_are_named_and_hide_what_they_say() {
    // LOGIN with what is no base64, twice with what is; SCRAM; a token; NTLM's last message.
    let dialog = "s< 220 mx\nc> EHLO c\ns< 250-mx\ns< 250 AUTH LOGIN SCRAM-SHA-1 XOAUTH2\n\
        c> AUTH LOGIN\ns< 334 VXNlcm5hbWU6\nc> not-base64-pw\ns< 501 5.5.2 no\n\
        c> AUTH LOGIN cGxhbnRlZC11c2Vy\ns< 334 UGFzc3dvcmQ6\nc> cGxhbnRlZC1wYXNz\ns< 535 no\n\
        c> AUTH XOAUTH2 dXNlcj1wbGFudGVkAWF1dGg9QmVhcmVyIHBsYW50ZWQtdG9rZW4BAQ==\n\
        s< 334 eyJzdGF0dXMiOiI0MDEifQ==\nc>\ns< 535 no\n\
        c> AUTH SCRAM-SHA-1 biwsbj1wbGFudGVkLHI9cGxhbnRlZC1ub25jZQ==\n\
        s< 334 cj14LHM9eSxpPTQwOTY=\nc> *\ns< 501 5.7.0 no\nc> QUIT\ns< 221 bye\n";
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("auth.txt"), dialog).unwrap();
    fs::write(folder.path().join("auth.pcap"), weave(dialog, 587)).unwrap();
    for (input, format) in ["auth.txt", "auth.pcap"].iter().flat_map(|i| FORMATS.map(|f| (i, f))) {
        let masked = run_in(folder.path(), ["--format", format, "--confidence", "possible", input]);
        let text = out(&masked);
        for secret in ["planted", "not-base64", "cGxhbnRl", "dXNlcj1w", "biwsbj1w", "401"] {
            assert!(!text.contains(secret), "{input} as {format}: {secret}");
        }
    }
    for shows in [false, true] {
        let flag = if shows { "--show-secrets" } else { "--quiet" };
        let report = json(&run_in(folder.path(), ["--format", "json", flag, "auth.pcap"]));
        let auth = &report["sessions"][0]["auth"];
        let mut said = Vec::new();
        for attempt in auth["attempts_list"].as_array().unwrap() {
            let word = |name: &str| attempt[name].as_str().unwrap_or("-").to_owned();
            said.push(format!(
                "{} {} {} {} {}",
                word("mechanism"),
                word("initial_response"),
                word("outcome"),
                attempt["code"],
                word("identity")
            ));
            for step in attempt["steps"].as_array().unwrap() {
                assert!(step["frame"].is_u64());
                let word = |name: &str| step[name].as_str().unwrap_or("-").to_owned();
                said.push(format!(
                    " {} {} {} {} {}",
                    step["exchange"],
                    word("side"),
                    word("name"),
                    step["octets"],
                    word("decoded")
                ));
            }
        }
        if shows {
            expect![[r#"
                LOGIN none rejected 501 -
                 1 server prompt 12 Username:
                 2 client username 13 -
                LOGIN given rejected 535 planted-user
                 3 client username 16 planted-user
                 3 server prompt 12 Password:
                 4 client password 16 planted-pass
                XOAUTH2 given rejected 535 planted
                 5 client bearer-token 56 user=planted\x01auth=Bearer planted-token\x01\x01
                 5 server error 24 {"status":"401"}
                 6 client acknowledgement 0 
                SCRAM-SHA-1 given aborted 501 planted
                 7 client client-first 40 n,,n=planted,r=planted-nonce
                 7 server server-first 20 r=x,s=y,i=4096
                 8 client cancel 1 -"#]]
            .assert_eq(&said.join("\n"));
        } else {
            expect![[r#"
                LOGIN none rejected 501 -
                 1 server prompt 12 -
                 2 client username 13 -
                LOGIN given rejected 535 -
                 3 client username 16 -
                 3 server prompt 12 -
                 4 client password 16 -
                XOAUTH2 given rejected 535 -
                 5 client bearer-token 56 -
                 5 server error 24 -
                 6 client acknowledgement 0 -
                SCRAM-SHA-1 given aborted 501 -
                 7 client client-first 40 -
                 7 server server-first 20 -
                 8 client cancel 1 -"#]]
            .assert_eq(&said.join("\n"));
        }
    }
}

#[test]
fn secrets_that_the_server_repeats_are_not_shown() {
    let folder = TempDir::new().unwrap();
    let dialog = "s< 220 mx\nc> EHLO c\ns< 250 AUTH PLAIN\nc> AUTH PLAIN AHVzZXIAcGFzcw==\n\
                  s< 500 5.5.1 Command unrecognized: \"AUTH PLAIN AHVzZXIAcGFzcw==\"\n";
    fs::write(folder.path().join("echo.txt"), dialog).unwrap();
    for format in FORMATS {
        let output = run_in(folder.path(), ["--format", format, "echo.txt"]);
        assert!(!out(&output).contains("AHVzZXIAcGFzcw=="), "{format}");
    }
}

#[test]
fn findings_about_an_input_stand_beside_it_and_are_counted() {
    let folder = TempDir::new().unwrap();
    let text = folder.path().join("log.txt");
    fs::write(&text, "Nov 21 10:00:00 mx postfix/smtpd[1]: connect from a\n").unwrap();
    let output = run(["--format", "json", text.to_str().unwrap(), TOOLSACK]);
    assert_eq!(output.status.code(), Some(2));
    let report = json(&output);
    let rules = |input: usize| -> Vec<&str> {
        let findings = report["inputs"][input]["findings"].as_array().unwrap();
        findings.iter().map(|one| one["rule"].as_str().unwrap()).collect()
    };
    assert_eq!(rules(0), ["transcript-dialect-unknown"]);
    assert_eq!(rules(1), ["transcript-line-endings-lost", "transcript-time-missing"]);
    let first = &report["inputs"][1]["findings"][1];
    assert_eq!((&first["line_no"], &first["exchange"]), (&Value::from(1), &Value::Null));
    assert_eq!(report["summary"]["findings"]["error"], 1);
    assert_eq!(report["summary"]["by_rule"]["transcript-time-missing"], 1);
}

#[test]
fn the_table_of_a_capture() {
    let path = "testdata/captures/arkime/smtp-data-521.pcap";
    expect![[r#"
        1 session, 1 message (1 rejected), 1 error reply; found 3 warnings, 2 notes

        Inputs
        input                                        kind  packets    size  sessions
        testdata/captures/arkime/smtp-data-521.pcap  pcap       38  7.1 kB         1

        Sessions (mail and rcpt: accepted/offered)
        #  server               client                mail  rcpt  extensions used           duration  slowest   end
        1  205.188.186.167:587  xxxxxxxx.xxx.aol.com   0/1   1/1  ENHANCEDSTATUSCODES AUTH   8.244 s  . 475 ms  server closed

        Errors
        code  command  count  example      text
        521   .            1  #1 frame 33  5.2.1 MUST COMPLETE IMAGE PUZZLE BEFORE SENDING. PLEASE GOTO
                                           http://challenge.aol.com/spam.html

        Extensions (sessions)
        extension            offered  used
        AUTH                       1     1
        ENHANCEDSTATUSCODES        1     1
        8BITMIME                   1     0
        DSN                        1     0
        ETRN                       1     0
        PIPELINING                 1     0
        SIZE                       1     0
        STARTTLS                   1     0

        Response times
        command   count      p50      p90      p99      max
        greeting      1  76.9 ms  76.9 ms  76.9 ms  76.9 ms
        .             1   475 ms   475 ms   475 ms   475 ms
        AUTH          1  72.3 ms  72.3 ms  72.3 ms  72.3 ms
        AUTH*         1   157 ms   157 ms   157 ms   157 ms
        DATA          1  72.8 ms  72.8 ms  72.8 ms  72.8 ms
        EHLO          1  73.6 ms  73.6 ms  73.6 ms  73.6 ms
        MAIL          1   213 ms   213 ms   213 ms   213 ms
        RCPT          1   367 ms   367 ms   367 ms   367 ms
        RSET          1  74.2 ms  74.2 ms  74.2 ms  74.2 ms

        Phases
        phase     sessions      p50      p90      p99      max
        connect          1   419 ms   419 ms   419 ms   419 ms
        greeting         1  76.9 ms  76.9 ms  76.9 ms  76.9 ms
        ehlo             1   836 ms   836 ms   836 ms   836 ms
        auth             1  1.435 s  1.435 s  1.435 s  1.435 s
        envelope         1  1.998 s  1.998 s  1.998 s  1.998 s
        data             1  1.567 s  1.567 s  1.567 s  1.567 s
        final            1   475 ms   475 ms   475 ms   475 ms
        other            1  1.434 s  1.434 s  1.434 s  1.434 s

        Slowest replies
           time  command  session
         475 ms  .        #1 frame 31
         367 ms  RCPT     #1 frame 19
         213 ms  MAIL     #1 frame 16
         157 ms  AUTH*    #1 frame 10
        74.2 ms  RSET     #1 frame 13
        73.6 ms  EHLO     #1 frame 5
        72.8 ms  DATA     #1 frame 22
        72.3 ms  AUTH     #1 frame 8

        Findings
        severity  rule                             count  what it says
        warning   auth-cleartext-credentials           1  a password or token was sent in clear
        warning   auth-plaintext-offered-in-clear      1  the server offers PLAIN or LOGIN outside TLS
        warning   path-space-after-colon               1  a blank beside the colon of FROM: or TO:
        note      ehlo-auth-equals-form                1  AUTH is offered in the form with an equals sign
        note      submission-without-tls               1  mail was submitted in clear on port 587
    "#]].assert_eq(&out(&run([path])));
}

/// RFC 5321 §4.1.4: a server that refuses EHLO stays in the state that it was in.
#[test]
fn who_is_refused_keeps_the_name_that_was_accepted() {
    let begin = "s< 220 mx.example ESMTP\nc> HELO one.example\ns< 250 mx.example\n";
    let end = "c> QUIT\ns< 221 bye\n";
    for (between, name) in [
        ("", "one.example"),
        ("c> EHLO\ns< 501 Syntax: EHLO hostname\n", "one.example"),
        ("c> EHLO two.example\ns< 502 no\nc> EHLO three.example\ns< 421 no\n", "one.example"),
        ("c> EHLO two.example\ns< 250 mx.example\n", "two.example"),
        ("c> EHLO\ns< 501 no\nc> EHLO two.example\ns< 250 mx.example\n", "two.example"),
    ] {
        let mut child = start(["--format", "json", "-"], Stdio::piped());
        let text = [begin, between, end].concat();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let report = json(&child.wait_with_output().unwrap());
        assert_eq!(report["sessions"][0]["helo"], name, "{between}");
    }
}

#[test]
fn the_table_of_a_transcript() {
    expect![[r#"
        1 session, 1 message (1 accepted), no error replies; found 3 warnings, 3 notes

        Inputs
        input                              kind               packets   size  sessions
        testdata/transcripts/toolsack.txt  transcript (c>s<)        -  985 B         1

        Sessions (mail and rcpt: accepted/offered)
        #  server               client     mail  rcpt  extensions used  duration  slowest   end
        1  mta3-rme.xtra.co.nz  mymachine   1/1   1/1  8BITMIME                -  -         quit

        Extensions (sessions)
        extension     offered  used
        8BITMIME            1     1
        DSN                 1     0
        ETRN                1     0
        HELP                1     0
        PIPELINING          1     0
        SIZE                1     0
        XREMOTEQUEUE        1     0

        Findings
        severity  rule                          count  what it says
        warning   path-space-after-colon            2  a blank beside the colon of FROM: or TO:
        warning   helo-name-not-fqdn                1  EHLO or HELO with a name that is no full domain name
        note      body-8bit-needless                1  BODY=8BITMIME was declared for a message that is all ASCII
        note      transcript-line-endings-lost      1  a transcript does not show how lines ended on the wire
        note      transcript-time-missing           1  the transcript does not say when its lines were sent
        Not every rule could be judged in 1 session: --format json says which, and why
    "#]].assert_eq(&out(&run([TOOLSACK])));
}

#[test]
fn the_table_of_a_login() {
    let path = "testdata/captures/real-servers/node-auth-cram.pcap";
    expect![[r#"
        1 session, 1 message (1 accepted), no error replies; found 1 warning, 1 note

        Inputs
        input                                               kind  packets    size  sessions
        testdata/captures/real-servers/node-auth-cram.pcap  pcap       25  2.8 kB         1

        Sessions (mail and rcpt: accepted/offered)
        #  server        client  mail  rcpt  extensions used  duration  slowest      end
        1  127.0.0.4:25  vm       1/1   1/1  AUTH               114 ms  DATA 554 µs  quit

        Extensions (sessions)
        extension   offered  used
        AUTH              1     1
        8BITMIME          1     0
        PIPELINING        1     0
        SIZE              1     0
        SMTPUTF8          1     0
        STARTTLS          1     0

        Response times
        command   count     p50     p90     p99     max
        greeting      1  108 ms  108 ms  108 ms  108 ms
        .             1  296 µs  296 µs  296 µs  296 µs
        AUTH          1  467 µs  467 µs  467 µs  467 µs
        AUTH*         1  341 µs  341 µs  341 µs  341 µs
        DATA          1  554 µs  554 µs  554 µs  554 µs
        EHLO          1  378 µs  378 µs  378 µs  378 µs
        MAIL          1  433 µs  433 µs  433 µs  433 µs
        QUIT          1  177 µs  177 µs  177 µs  177 µs
        RCPT          1  427 µs  427 µs  427 µs  427 µs

        Phases
        phase     sessions      p50      p90      p99      max
        connect          1    32 µs    32 µs    32 µs    32 µs
        greeting         1   108 ms   108 ms   108 ms   108 ms
        ehlo             1   658 µs   658 µs   658 µs   658 µs
        auth             1  1.63 ms  1.63 ms  1.63 ms  1.63 ms
        envelope         1  1.89 ms  1.89 ms  1.89 ms  1.89 ms
        data             1   137 µs   137 µs   137 µs   137 µs
        final            1   296 µs   296 µs   296 µs   296 µs
        quit             1   619 µs   619 µs   619 µs   619 µs

        Slowest replies
          time  command  session
        554 µs  DATA     #1 frame 17
        467 µs  AUTH     #1 frame 9
        433 µs  MAIL     #1 frame 13
        427 µs  RCPT     #1 frame 15
        378 µs  EHLO     #1 frame 6
        341 µs  AUTH*    #1 frame 11
        296 µs  .        #1 frame 19
        177 µs  QUIT     #1 frame 21

        Findings
        severity  rule                 count  what it says
        warning   helo-name-not-fqdn       1  EHLO or HELO with a name that is no full domain name
        note      auth-mechanism-weak      1  CRAM-MD5, DIGEST-MD5 or NTLM was used
    "#]]
    .assert_eq(&out(&run([path])));
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_smtp-audit");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program at the root of the package.
fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    run_in(root(), arguments)
}

fn run_in(folder: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.output().unwrap()
}

/// The program with a pipe to its standard input.
fn start<const N: usize>(arguments: [&str; N], stdout: Stdio) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(root()).stdin(Stdio::piped());
    command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap()
}

fn weave(dialog: impl AsRef<[u8]>, port: u16) -> Vec<u8> {
    Plan::new(&Dialog::parse(dialog)).ports(4242, port).weave().file
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
