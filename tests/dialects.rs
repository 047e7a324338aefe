//! The dialects of other tools: one dialog in all of them gives the same exchanges, less what a
//! dialect cannot show; each file is told by its content, and what is none is not taken for one.

// A test may panic: that is how it fails. What it skips, it says.
#![allow(
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::similar_names,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

use smtp_audit::chunk::Shows;
use smtp_audit::pipeline::{Audited, Facts, Options, Overflow, Source, Transcript, collect};
use smtp_audit::transcript::{Dialect, header, recognise};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Samples of ours, each with its dialect and what else than [`Shows`] says it cannot show: `code`
/// (replies have nothing but their code), `content` (this sample leaves it out, others of its
/// dialect do not), `greeting` (it is missing), `quit` (the same), `dates`, `size` (of messages); or
/// `twice`: it has the dialog two times.
const SAMPLES: &[(&str, &str, &[&str])] = &[
    ("arrows-bare.txt", "arrows", &["content"]),
    ("arrows.txt", "arrows", &[]),
    ("crystal-email.txt", "crystal-email", &[]),
    ("curl-trace-ascii.txt", "curl-trace", &["size"]),
    ("curl-trace.txt", "curl-trace", &[]),
    ("curl.txt", "curl", &[]),
    ("exchange.txt", "exchange", &[]),
    ("exim-debug.txt", "exim", &[]),
    ("exim.txt", "exim", &[]),
    ("haraka.txt", "haraka", &[]),
    ("hmailserver.txt", "hmailserver", &[]),
    ("iis-ncsa.txt", "iis", &["code", "greeting", "quit"]),
    ("iis-w3c.txt", "iis", &["code", "greeting", "quit"]),
    ("javamail.txt", "javamail", &[]),
    ("letters.txt", "S:C:", &[]),
    ("mdaemon.txt", "mdaemon", &[]),
    ("net-smtp.txt", "net-smtp", &[]),
    ("nodemailer.txt", "nodemailer", &[]),
    ("oauth2-proxy.txt", "email-oauth2-proxy", &["twice"]),
    ("opensmtpd-mta.txt", "opensmtpd", &["content"]),
    ("opensmtpd.txt", "opensmtpd", &[]),
    ("phpmailer-html.txt", "phpmailer", &[]),
    ("phpmailer-level4.txt", "phpmailer", &[]),
    ("phpmailer.txt", "phpmailer", &[]),
    ("postfix-debug.txt", "postfix-debug", &[]),
    ("postfix-notice.txt", "postfix-notice", &[]),
    ("ruby.txt", "ruby", &[]),
    ("s_client.txt", "unmarked", &["greeting"]),
    ("sendmail-X-server.txt", "sendmail-X", &[]),
    ("sendmail-X.txt", "sendmail-X", &[]),
    ("simplesmtp.txt", "simplesmtp", &[]),
    ("sketch.txt", "sketch", &[]),
    ("smtp-cli.txt", "smtp-cli", &[]),
    ("smtp-server-1.txt", "smtp-server", &[]),
    ("smtp-server-2.txt", "smtp-server", &[]),
    ("smtp-server.txt", "smtp-server", &[]),
    ("smtplib-python2.txt", "smtplib", &[]),
    ("smtplib-wrapped.txt", "smtplib", &[]),
    ("smtplib.txt", "smtplib", &[]),
    ("stalwart-old.txt", "stalwart", &[]),
    ("stalwart.txt", "stalwart", &[]),
    ("subethasmtp.txt", "subethasmtp", &[]),
    ("swaks-raw.txt", "swaks", &[]),
    ("swaks-suppressed.txt", "swaks", &["size"]),
    ("swaks.txt", "swaks", &[]),
    ("tcpdump-A.txt", "tcpdump", &[]),
    ("tcpdump-X.txt", "tcpdump", &[]),
    ("tcpflow.txt", "tcpflow", &[]),
    ("telnet.txt", "unmarked", &[]),
    ("tshark-follow.txt", "tshark-follow", &[]),
    ("tshark.txt", "tshark", &[]),
];

/// How many sessions a sample has.
fn times(but: &[&str]) -> usize {
    if but.contains(&"twice") { 2 } else { 1 }
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/dialects")
}

fn audit(name: &str, text: Vec<u8>) -> (Vec<Audited>, Facts) {
    let (sessions, mut facts) = collect(&Options::default(), vec![Source::bytes(name, text)]);
    (sessions, facts.remove(0))
}

/// What two dialects must agree on, a line each.
fn exchanges(audited: &Audited, shows: Shows, but: &[&str]) -> Vec<String> {
    let session = &audited.session;
    let mut out = Vec::new();
    let is_code = but.contains(&"code");
    let reply = |reply: Option<&smtp_audit::dialog::session::Reply>| {
        let Some(reply) = reply else { return "none".to_owned() };
        let text = String::from_utf8_lossy(session.bytes(reply.text)).into_owned();
        // Where lines of a reply are put together, its first line's beginning is all there is.
        let is_whole = shows.has(Shows::REPLIES) && !is_code;
        let first = text.lines().next().unwrap_or_default();
        let shown =
            if is_whole { text.clone() } else { first.get(..3).unwrap_or(first).to_owned() };
        format!("{:?} {shown}", reply.code)
    };
    if !but.contains(&"greeting") {
        out.push(format!("greeting {}", reply(session.greeting.as_ref())));
    }
    for exchange in &session.exchanges {
        let line = String::from_utf8_lossy(session.bytes(exchange.line)).into_owned();
        let is_quit = line == "QUIT" && but.contains(&"quit");
        if !is_quit {
            let name = exchange.request.name();
            out.push(format!("{name} {line} -> {}", reply(exchange.reply.as_ref())));
        }
    }
    for message in &session.messages {
        let recipients: Vec<_> = message.recipients.iter().map(|one| one.code).collect();
        out.push(format!("message {recipients:?} {:?} ended={}", message.outcome, message.ended));
        let is_hidden = ["content", "size"].iter().any(|word| but.contains(word));
        if shows.has(Shows::CONTENT) && !is_hidden {
            out.push(format!("size {:?}", message.known_size()));
        }
    }
    out
}

#[test]
fn one_dialog_in_all_dialects() {
    let native = fs::read(testdata().join("dialog.txt")).unwrap();
    let (truth, _) = audit("dialog.txt", native);
    for &(file, dialect, but) in SAMPLES {
        let (sessions, facts) = audit(file, fs::read(testdata().join(file)).unwrap());
        assert_eq!(facts.dialect, Some(dialect), "{file}: the dialect");
        assert_eq!(sessions.len(), times(but), "{file}: {facts:?}");
        for audited in &sessions {
            let shows = audited.session.opening.shows;
            let (found, expected) =
                (exchanges(audited, shows, but), exchanges(&truth[0], shows, but));
            assert_eq!(found, expected, "{file}");
            // What is left out is no error, nor is anything else here but what the dialog has.
            let errors: Vec<_> = audited
                .findings
                .iter()
                .filter(|one| one.rule.severity != smtp_audit::rules::Severity::Note)
                .map(|one| (one.rule.id, one.message.as_str()))
                .collect();
            assert!(errors.is_empty(), "{file}: {errors:?}");
        }
    }
}

#[test]
fn answers_of_auth_that_a_log_leaves_out_are_masked() {
    let java = "10:00:00 AM - Server: 220 mx.example.net ESMTP SubEthaSMTP null\n\
                10:00:00 AM - Client: EHLO client.example.org\n\
                10:00:00 AM - Server: 250-mx.example.net\n250 AUTH LOGIN\n\
                10:00:01 AM - Client: AUTH LOGIN\n\
                10:00:01 AM - Server: 334 VXNlcm5hbWU6\n\
                10:00:01 AM - Server: 334 UGFzc3dvcmQ6\n\
                10:00:01 AM - Server: 235 ok\n";
    let head = "2026-11-21T10:00:00.000Z,Out,08DF,1,192.0.2.1:4242,192.0.2.2:587,";
    let exchange: String = [
        "<,220 mx.example.net ESMTP",
        ">,EHLO client.example.org",
        "<,250  mx.example.net SIZE 1000 AUTH LOGIN",
        ">,AUTH LOGIN",
        "<,334 <authentication response>",
        "<,334 <authentication response>",
        "<,235 ok",
    ]
    .iter()
    .map(|row| format!("{head}{row},\n"))
    .collect();
    for text in [java.to_owned(), exchange] {
        let (sessions, facts) = audit("sample", text.into_bytes());
        assert_eq!(sessions.len(), 1);
        let exchanges = &sessions[0].session.exchanges;
        let masked: Vec<bool> = exchanges.iter().map(|one| one.masked.is_some()).collect();
        assert_eq!(masked, [false, false, true, true], "{:?}", facts.dialect);
        assert_eq!(sessions[0].findings.len(), 0, "{:?}", sessions[0].findings);
    }
}

#[test]
fn offers_that_a_log_leaves_out_are_not_missed() {
    let head = "2026-11-21 10:00:00 192.0.2.2 OutboundConnection";
    let rows: String = [
        "Response SMTPSVC1 MX - 25 - - 220+mx.example.net+ESMTP",
        "Command SMTPSVC1 MX - 25 EHLO - client.example.org",
        "Response SMTPSVC1 MX - 25 - - 250-mx.example.net",
        "Command SMTPSVC1 MX - 25 MAIL - FROM:<a@example.org>+SIZE=200+RET=HDRS",
        "Response SMTPSVC1 MX - 25 - - 250+2.1.0+ok",
    ]
    .iter()
    .map(|row| format!("{head}{row} 0 0 4 0 0 SMTP - - - -\n"))
    .collect();
    let (sessions, facts) = audit("sample", rows.into_bytes());
    assert_eq!((facts.dialect, sessions.len()), (Some("iis"), 1));
    assert_eq!(sessions[0].session.exchanges.len(), 2);
    let found: Vec<_> = sessions[0].findings.iter().map(|one| one.rule.id).collect();
    assert!(found.iter().all(|id| !id.ends_with("not-advertised")), "{found:?}");
}

#[test]
fn every_dialect_has_a_sample_of_ours() {
    let known: BTreeSet<&str> = Dialect::all().into_iter().map(Dialect::name).collect();
    let mut have: BTreeSet<&str> = SAMPLES.iter().map(|&(_, dialect, _)| dialect).collect();
    have.extend(["c>s<", "script"]);
    assert_eq!(known, have);
    let files: BTreeSet<String> = fs::read_dir(testdata())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "dialog.txt")
        .collect();
    let listed: BTreeSet<String> = SAMPLES.iter().map(|&(file, ..)| file.to_owned()).collect();
    assert_eq!(files, listed);
}

#[test]
fn the_first_ten_lines_tell_the_dialect() {
    for &(file, dialect, _) in SAMPLES {
        let text = fs::read_to_string(testdata().join(file)).unwrap();
        let start: String = text.split_inclusive('\n').take(10).collect();
        let found = recognise(start.as_bytes()).map(Dialect::name);
        assert_eq!(found, Some(dialect), "{file}: its first ten lines");
    }
}

/// The shared samples with their names; none where they are missing, which is said.
fn shared_samples() -> Vec<(String, PathBuf)> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/transcripts");
    if !shared.is_dir() {
        eprintln!("SKIPPED: ../shared/transcripts is not here");
        return Vec::new();
    }
    let files = fs::read_dir(&shared).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), file));
    let samples: Vec<_> = named.filter(|(name, _)| name != "README.md").collect();
    assert!(!samples.is_empty(), "a folder without samples");
    samples
}

#[test]
fn the_first_ten_lines_of_shared_samples_tell_their_dialect() {
    let mut wrong = Vec::new();
    for (name, file) in shared_samples() {
        let reviewed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(&name);
        let reviewed = fs::read_to_string(reviewed).unwrap();
        let dialect = reviewed.lines().next().and_then(|line| line.strip_prefix("dialect: "));
        let text = fs::read(&file).unwrap();
        let start: Vec<u8> =
            text.split_inclusive(|&byte| byte == b'\n').take(10).flatten().copied().collect();
        let found = recognise(&start).map(Dialect::name);
        if found != dialect {
            wrong.push(format!("{name}: {found:?}, not {dialect:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// RFCs that have a dialog with marks among their first lines, which are looked at. Each is read as
/// what it is, a text with dialogs in it: the prose is skipped and counted. In the others the marks
/// are `R:` and `S:`, or of another protocol, or further down, where `--dialect S:C:` finds them.
const WITH_DIALOGS: &[&str] = &["rfc1652", "rfc1870", "rfc2034", "rfc2554", "rfc2920", "rfc3207"];

#[test]
fn dialogs_in_rfcs_are_read_and_their_prose_is_not() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/rfc");
    if !shared.is_dir() {
        eprintln!("SKIPPED: ../shared/rfc is not here");
        return;
    }
    for entry in fs::read_dir(&shared).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read(&file).unwrap();
        let found = recognise(&text).map(Dialect::name);
        let expected = WITH_DIALOGS.contains(&name.as_str()).then_some("S:C:");
        assert_eq!(found, expected, "{name}");
        if found.is_none() {
            continue;
        }
        let (sessions, facts) = audit(&name, text);
        assert!(facts.troubles.lines().iter().any(|line| line.contains("belong to no dialog")));
        assert_eq!(sessions.len(), if name == "rfc2920" { 4 } else { 1 }, "{name}");
        let errors: Vec<_> = sessions
            .iter()
            .flat_map(|audited| &audited.findings)
            .filter(|one| one.rule.severity == smtp_audit::rules::Severity::Error)
            .map(|one| (one.rule.id, one.message.as_str()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn what_surrounds_a_log_is_peeled_off() {
    for &(file, dialect, but) in SAMPLES {
        let text = fs::read_to_string(testdata().join(file)).unwrap();
        let expected: Vec<_> = audit(file, text.clone().into_bytes()).0;
        let shows = expected[0].session.opening.shows;
        let expected = exchanges(&expected[0], shows, &[]);
        let quoted: String = text.lines().map(|line| format!("> {line}\r\n")).collect();
        let fenced = format!("It fails like this:\n\n```\n{text}```\n\nWhat now?\n");
        let coloured: String =
            text.lines().map(|line| format!("\x1b[32m{line}\x1b[0m\n")).collect();
        for (how, wrapped) in [("quoted", quoted), ("fenced", fenced), ("coloured", coloured)] {
            let (sessions, facts) = audit(file, wrapped.into_bytes());
            assert_eq!(facts.dialect, Some(dialect), "{file}, {how}");
            assert_eq!(sessions.len(), times(but), "{file}, {how}");
            assert_eq!(exchanges(&sessions[0], shows, &[]), expected, "{file}, {how}");
        }
    }
}

#[test]
fn what_is_no_log_is_not_taken_for_one() {
    let mail =
        "From: <a@example.org>\nTo: <b@example.net>\nSubject: Hi\n\n> quoted\n-> look\nS: no\n";
    let web = "192.0.2.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 250\n";
    let source = "fn main() -> u32 {\n    // C: a comment\n    let x = 250;\n    x\n}\n";
    let prose = "250 people came.\nThey said: 220 is a number - > and went.\n";
    let ftp = "---- Connecting to ftp.example.net\n<--- 220 FTP ready\n---> USER anonymous\n\
               <--- 331 Password\n---> NOOP\n<--- 250 ok\n---> QUIT\n<--- 221 Bye\n";
    let http = "--> GET https://example.org/\n<-- 200 OK https://example.org/ (12ms)\n\
                -> \"HTTP/1.1 250 OK\\r\\n\"\n<-- 500 Internal Server Error\n=> 250\n";
    let pop = "Sat 2026-11-21 10:00:00: 03: [1] --> +OK\nSat 2026-11-21 10:00:00: 02: [1] <-- QUIT\n\
               <- \"QUIT\\r\\n\"\n-> \"+OK\\r\\n\"\n";
    let python =
        ">>> help\n>>> x = 250\n250\n>>> quit()\n<<<<<<< HEAD\n>>>>>>> MAIL\n<!-- 220 -->\n";
    // Other logs of the same tools, and what looks like their marks.
    let iis = "#Software: Microsoft Internet Information Services 6.0\n#Fields: date time s-sitename \
               cs-method cs-uri-stem cs-uri-query sc-status\n2026-11-21 10:00:00 W3SVC1 GET /a - 200\n";
    let postfix = "Nov 21 10:00:00 mx postfix/smtpd[1]: connect from a.example.org[192.0.2.1]\n\
                   Nov 21 10:00:01 mx postfix/cleanup[2]: 4F00C2: message-id=<a@example.org>\n";
    let imap = "\"IMAPD\"\t1\t1\t\"2026-11-21 10:00:00.000\"\t\"192.0.2.1\"\t\"SENT: 3 OK\"\n\
                2026-11-21T10:00:00Z TRACE session{}: imap::core::client: event=\"read\" \
                data=\"a NOOP\\r\\n\" size=8\n[2026-11-21 10:00:00] DEBUG [#a] 250 users\n\
                [DEBUG] [core] running connect hooks\n10:00:00 AM - Server: started\n In: 250\n";
    let ftp_tool = "*   Trying 192.0.2.2:21...\n* Connected to example.net (192.0.2.2) port 21 (#0)\n\
        < 220 ready\n> USER anonymous\n< 331 Password\n> PASS x\n< 230 in\n> PWD\n< 257 \"/\"\n\
        > QUIT\n< 221 bye\n";
    let http_tool = "* Connected to example.net (192.0.2.2) port 80\n> GET / HTTP/1.1\n\
        > Host: example.net\n>\n< HTTP/1.1 200 OK\n<\n{ [250 bytes data]\n";
    let trace = "== Info: Connected to example.net (192.0.2.2) port 80\n\
        => Send header, 18 bytes (0x12)\n0000: GET / HTTP/1.1\n";
    let python_tool = "send: b'GET / HTTP/1.1\\r\\nHost: example.net\\r\\n\\r\\n'\n\
        reply: 'HTTP/1.1 200 OK\\r\\n'\nheader: Date: Sat, 21 Nov 2026 10:00:00 GMT\n";
    let imap_tool = "2026-11-21 10:00:00: IMAP (192.0.2.1:4242-{192.0.2.3:1993}-example.net:993) \
        --> b'A1 NOOP\\r\\n'\n";
    let java = "DEBUG: JavaMail version 1.6.2\nDEBUG IMAP: trying to connect to host \"a\"\n\
        * OK ready\nA0 CAPABILITY\n";
    let node = "[2026-11-21 10:00:00] DEBUG [http] GET /\n[2026-11-21 10:00:00] INFO  up\n";
    let exim = "2026-11-21 10:00:00 1vMk3L-000001-Hc => b@example.net R=r T=t C=\"250 OK\"\n\
        2026-11-21 10:00:01 1vMk3L-000001-Hc SMTP error from remote mail server: 550 no\n";
    let ftp_bare =
        "220 FTP ready\nUSER alice\n331 Password\nPASS x\n230 In\nHELP\n214 No\nQUIT\n221 Bye\n";
    let codes = "220 Service ready\n250 Action completed\n354 Start mail input\nDATA\nQUIT\n";
    let others =
        [ftp_bare, codes, ftp_tool, http_tool, trace, python_tool, imap_tool, java, node, exim];
    for text in [mail, web, source, prose, ftp, http, pop, python, "", "\n\n\n", iis, postfix, imap]
        .into_iter()
        .chain(others)
    {
        let found = recognise(text.repeat(20).as_bytes()).map(Dialect::name);
        assert_eq!(found, None, "{text}");
    }
    // Random bytes of many seeds, printable and not.
    let mut state = 1_u64;
    for round in 0..200 {
        let bytes: Vec<u8> = (0..4000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let byte = (state >> 33) as u8;
                if round % 2 == 0 { byte } else { b" \n<>-SC:250=abc"[usize::from(byte) % 15] }
            })
            .collect();
        assert_eq!(recognise(&bytes).map(Dialect::name), None, "round {round}");
    }
}

#[test]
fn the_native_form_of_a_log_accuses_nobody_else() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/transcripts");
    let folders = [testdata(), shared].into_iter().filter(|folder| folder.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut wrong = Vec::new();
    for file in files.map(|entry| entry.unwrap().path()) {
        let overflow = Overflow(Arc::new(Mutex::new(|_, _: &[u8]| panic!("none of them is long"))));
        let transcript = Some(Transcript { timestamps: true, overflow });
        let options = Options { transcript, ..Options::default() };
        let source = Source::bytes("sample", fs::read(&file).unwrap());
        for audited in collect(&options, vec![source]).0 {
            let mut text = header(1, audited.session.opening.peers).into_bytes();
            text.extend(audited.transcript.as_deref().unwrap_or_default());
            let found = |audited: &Audited| -> BTreeSet<String> {
                let all = audited.findings.iter();
                all.map(|one| format!("{}: {}", one.rule.id, one.message)).collect()
            };
            let (again, _) = audit("native", text);
            let more: BTreeSet<_> = again.iter().flat_map(found).collect();
            let less = found(&audited);
            wrong.extend(more.difference(&less).map(|one| format!("{}: {one}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Texts with words of SMTP in them, or with marks like those of logs, and no dialog.
const OTHERS: &[(&str, &str)] = &[
    (
        "mbox",
        "From alice@example.org Sat Nov 21 10:00:00 2026\nReturn-Path: <alice@example.org>\n\
             Received: from client.example.org (client.example.org [192.0.2.1])\n\
             \tby mx.example.net (Postfix) with ESMTP id 4F00C2\n\tfor <bob@example.net>\n\
             From: <alice@example.org>\nSubject: 250 OK\n\n> 220 people came\n>From here on\n\
             DATA follows.\nMAIL FROM: the queen\n.\n\nQUIT\n",
    ),
    (
        "a bounce",
        "Received: by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000\nContent-Type: \
             message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: \
             rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 \
             <bob@example.net>: Recipient address rejected\n    250 said: 550 5.1.1 no (in reply to \
             RCPT TO command)\n",
    ),
    (
        "Rust",
        "fn greet(out: &mut Vec<u8>) -> u32 {\n    out.extend(b\"220 mx.example.net ESMTP\\r\\n\");\n    \
             // C: EHLO, S: 250\n    // >>> QUIT\n    match verb { b\"MAIL FROM:\" => 250, _ => 500 }\n}\n\
             assert_eq!(reply, \"250 2.1.0 ok\");\n",
    ),
    (
        "Python",
        "import smtplib\n# send: 'ehlo'\nserver.docmd('EHLO', 'a')  # reply: 250\n\
             EXPECTED = [\n    '220 mx ESMTP',\n    b'250-SIZE 1000\\r\\n',\n    'QUIT',\n]\n\
             def send(self, s):\n    print('send:', repr(s))\n    print('reply:', repr(line))\n",
    ),
    (
        "C",
        "static const char *codes[] = {\n\t\"220 %s ESMTP\\r\\n\",\n\t\"250-%s\\r\\n\",\n\t\"250 HELP\\r\\n\",\n};\n\
             \tif (!strncmp(line, \"MAIL FROM:\", 10))\n\t\treturn s->env->rcpt <- 250;\n/* <-- 354 --> */\n",
    ),
    (
        "PHP",
        "<?php\n// CLIENT -> SERVER\n$this->edebug('CLIENT -> SERVER: ' . $data, 1);\n\
             $smtp->hello($host);\n$this->edebug('SERVER -> CLIENT: ' . $reply);\n",
    ),
    (
        "nginx",
        "192.0.2.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /220 HTTP/1.1\" 250 354 \"-\" \"EHLO/1.0\"\n\
             192.0.2.1 - - [21/Nov/2026:10:00:01 +0000] \"EHLO example.org\" 400 157 \"-\" \"-\"\n",
    ),
    (
        "Apache's errors",
        "[Sat Nov 21 10:00:00.000000 2026] [core:error] [pid 250:tid 354] [client 192.0.2.1:4242] \
             AH00126: Invalid URI in request MAIL FROM:<a@b> HTTP/1.1\n",
    ),
    (
        "Postfix's client and queue",
        "Nov 21 10:00:00 mx postfix/smtp[12]: 4F00C2: to=<bob@example.net>, relay=mx.example.net\
             [192.0.2.2]:25, delay=0.1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 5A)\n\
             Nov 21 10:00:01 mx postfix/smtp[12]: 4F00C3: host mx.example.net[192.0.2.2] said: 450 4.2.0 \
             Greylisted (in reply to RCPT TO command)\nNov 21 10:00:02 mx postfix/qmgr[3]: 4F00C2: removed\n\
             Nov 21 10:00:03 mx postfix/smtpd[4]: NOQUEUE: reject: RCPT from a[192.0.2.1]: 554 5.7.1 no; \
             from=<a@b> to=<c@d> proto=ESMTP helo=<a>\n",
    ),
    (
        "Dovecot",
        "Nov 21 10:00:00 mx dovecot: imap-login: Login: user=<alice>, method=PLAIN, rip=192.0.2.1\n\
             Nov 21 10:00:01 mx dovecot: lmtp(bob)<12><ab>: msgid=<a@b>: saved mail to INBOX\n\
             Nov 21 10:00:02 mx dovecot: submission-login: Disconnected: 250 bytes\n",
    ),
    (
        "sendmail's queue",
        "Nov 21 10:00:00 mx sendmail[12]: 0ALA: to=<b@c>, delay=00:00:01, mailer=esmtp, stat=Sent (250 ok)\n",
    ),
    (
        "JSON",
        "{\"time\":\"2026-11-21T10:00:00Z\",\"level\":\"debug\",\"msg\":\"S: 220 mx ESMTP\"}\n\
             {\"time\":\"2026-11-21T10:00:01Z\",\"level\":\"debug\",\"cmd\":\"EHLO a\",\"code\":250}\n",
    ),
    (
        "CSV",
        "date,host,code,text\n2026-11-21T10:00:00.000Z,mx,220,ready,a,b,>,c\n\
             2026-11-21,mx,250,ok\n2026-11-21T10:00:00.000Z,a,b,1,c,d,<,GET /,\n",
    ),
    (
        "/etc/services",
        "ftp\t\t21/tcp\nssh\t\t22/tcp\t\t\t# SSH\nsmtp\t\t25/tcp\t\tmail\ndata\t\t354/tcp\n\
             help\t\t214/tcp\nsubmission\t587/tcp\n",
    ),
    (
        "a shell",
        "$ ls\nDATA  HELP  mail\n$ mail bob\nSubject: hi\n.\n$ wc -l log\n250 log\n$ grep -c 550 log\n\
             354\n> continued\n$ tree\n.\n└── src\n    └── 250-x\n$ exit\n",
    ),
    (
        "git",
        "commit 354250220a\nAuthor: a <a@example.org>\nDate:   Sat Nov 21 10:00:00 2026 +0000\n\n    \
             smtp: send EHLO before HELO\n\n    250-SIZE is read.\n    >>> QUIT\n\ndiff --git a/x b/x\n\
             --- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-S = 250\n+S = 354\n<<<<<<< HEAD\n=======\n>>>>>>> MAIL\n",
    ),
    (
        "a diff of dialogs",
        "--- a/t\n+++ b/t\n@@ -1,4 +1,4 @@\n-S: 220 mx\n+S: 220 mx ESMTP\n-C: HELO a\n+C: EHLO a\n",
    ),
    (
        "a table of codes",
        "| code | meaning |\n|------|---------|\n| 220 | Service ready |\n| 250 | ok |\n| 354 | go |\n\
             * 220 Service ready\n* 250 Requested mail action okay\n- 421 closing\n1. EHLO\n2. QUIT\n",
    ),
    (
        "IMAP in letters",
        "S: * OK IMAP4rev1 ready\nC: a001 login mrc secret\nS: a001 OK LOGIN completed\nC: a002 \
             logout\nS: * BYE\nS: 250\nC: QUIT\n",
    ),
];

#[test]
fn real_looking_files_are_not_taken_for_logs() {
    let wrong: Vec<_> = OTHERS
        .iter()
        .flat_map(|(name, text)| {
            let quoted: String = text.lines().map(|line| format!("> {line}\n")).collect();
            [((*name).to_owned(), (*text).repeat(20)), (format!("{name}, quoted"), quoted)]
        })
        .filter_map(|(name, text)| recognise(text.as_bytes()).map(|one| (name, one.name())))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_shared_samples_are_read_as_a_person_reads_them() {
    let mut wrong = Vec::new();
    for (name, file) in shared_samples() {
        let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(&name);
        let now = snapshot(&file);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected, now).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != now {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "other than reviewed: {wrong:?} (UPDATE_EXPECT=1 writes them)");
}

/// The dialect, the dialogs in the native form, and what is said of the file.
fn snapshot(file: &Path) -> String {
    let text = fs::read(file).unwrap();
    let (sessions, facts) = audit("sample", text);
    let mut out = format!("dialect: {}\n", facts.dialect.unwrap_or("none"));
    for line in facts.troubles.lines() {
        out.push_str(&format!("trouble: {line}\n"));
    }
    for audited in &sessions {
        let session = &audited.session;
        let opening = &session.opening;
        let ends = opening.peers.map(|peers| format!("{} > {}", peers.client, peers.server));
        let from = opening.dated(opening.at).map(|at| at.rfc3339(opening.digits));
        out.push_str(&format!(
            "\nsession, line {}, {}, {}, {:?}\n",
            opening.place.number(),
            ends.as_deref().unwrap_or("ends unknown"),
            from.as_deref().unwrap_or("time unknown"),
            session.end,
        ));
        let show = |reply: Option<&smtp_audit::dialog::session::Reply>| match reply {
            Some(reply) => {
                let text = session.bytes(reply.text).escape_ascii().to_string();
                let cut = if reply.cut { " (cut)" } else { "" };
                format!("    {}{cut}\n", text.replace("\\n", "\n    "))
            }
            None => "    (no reply)\n".to_owned(),
        };
        if session.greeting.is_some() {
            out.push_str(&show(session.greeting.as_ref()));
        }
        for exchange in &session.exchanges {
            let line = session.bytes(exchange.line).escape_ascii();
            let masked = if exchange.masked.is_some() { " (masked)" } else { "" };
            let early = if exchange.pipelined { " (pipelined)" } else { "" };
            out.push_str(&format!("{} | {line}{masked}{early}\n", exchange.request.name()));
            out.push_str(&show(exchange.reply.as_ref()));
        }
        for unsolicited in &session.unsolicited {
            out.push_str(&format!("unsolicited after {}\n", unsolicited.after));
            out.push_str(&show(Some(&unsolicited.reply)));
        }
        for message in &session.messages {
            let codes: Vec<_> = message.recipients.iter().map(|one| one.code).collect();
            out.push_str(&format!(
                "message: recipients {codes:?}, {:?}, size {:?}\n",
                message.outcome,
                message.known_size()
            ));
        }
        for finding in &audited.findings {
            out.push_str(&format!("{}: {}\n", finding.rule.id, finding.message));
        }
    }
    out
}
