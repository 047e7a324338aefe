//! A transcript and the captures woven from it tell the same dialog, and the true one.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod seen;
mod weave;

use seen::{Script, Seen, corpus, sessions, transport};
use std::fs;
use std::path::Path;
use weave::{IPS, Ip, LINKS, Link, Plan, formats};

/// What the transcript of `script` tells.
fn told(script: &Script) -> Seen {
    let sessions = sessions(&script.text);
    assert_eq!(sessions.len(), 1, "{}", script.name);
    Seen::of(&sessions[0])
}

/// What the capture of `plan` tells, which holds one session and nothing damaged.
fn woven(plan: &Plan, what: &str) -> Seen {
    let sessions = sessions(&plan.weave().file);
    assert_eq!(sessions.len(), 1, "{what}");
    let transport = transport(&sessions[0]);
    let (missing, conflicting) = (transport.missing_bytes, transport.conflicting_bytes);
    assert_eq!((missing.client, missing.server), (0, 0), "{what}");
    assert_eq!((conflicting.client, conflicting.server), (0, 0), "{what}");
    Seen::of(&sessions[0])
}

fn toolsack() -> Script {
    let script = corpus().into_iter().find(|script| script.name == "toolsack");
    script.unwrap()
}

#[test]
fn toolsack_is_one_message_that_was_accepted() {
    let seen = told(&toolsack());
    // The content, line by line, each with CRLF.
    let lines = [39, 65, 26, 30, 23, 52, 19, 33, 46, 2, 6];
    let size: u64 = lines.iter().sum();
    assert_eq!(size, 341);
    let [mail] = &seen.messages[..] else { panic!("{:?}", seen.messages) };
    assert_eq!(
        mail.words,
        format!("<bob@toolsack.com> to <to@toolsack.com> 250 by DATA, {size} octets, accepted 250")
    );
    assert!(mail.complete);
    assert_eq!((mail.content.lines, mail.content.longest_line), (11, 65));
    assert_eq!(
        seen.offered,
        [["HELP", "XREMOTEQUEUE", "ETRN", "PIPELINING", "DSN", "8BITMIME", "SIZE 104857600"]]
    );
    assert_eq!(seen.used, ["8BITMIME"]);
    assert_eq!(seen.exchange_words(), "EHLO 250, MAIL 250, RCPT 250, DATA 354, . 250, QUIT 221");
    assert_eq!((seen.end, seen.greeting.unwrap().code), ("quit", Some(220)));
    assert!(seen.unsolicited.is_empty() && seen.gaps.is_empty());
}

#[test]
fn every_transcript_reads_as_it_is() {
    for script in corpus().iter().filter(|script| script.name != "toolsack") {
        let seen = told(script);
        let name = &script.name;
        assert!(script.text.starts_with(b"# Ours: "), "{name} says not whose it is");
        assert_eq!([seen.exchange_words()], script.truths("exchanges")[..], "{name}");
        let mails: Vec<&str> = seen.messages.iter().map(|mail| mail.words.as_str()).collect();
        assert_eq!(mails, script.truths("message"), "{name}");
        let mut used: Vec<&str> = script.truths("used")[0].split_whitespace().collect();
        used.sort_unstable();
        let mut seen_used = seen.used.clone();
        seen_used.sort_unstable();
        assert_eq!(seen_used, used, "{name}");
        assert_eq!([seen.end], script.truths("end")[..], "{name}");
        assert!(seen.messages.iter().all(|mail| mail.complete), "{name}");
        assert_eq!((seen.unsolicited.len(), seen.gaps.len()), (0, 0), "{name}");
    }
}

#[test]
fn toolsack_is_the_same_on_every_link_in_every_ip_in_every_form_of_file() {
    let script = toolsack();
    let told = told(&script).dialog();
    for &link in LINKS {
        for &ip in IPS {
            for (name, format) in formats() {
                let plan = Plan::new(&script.dialog).link(link).ip(ip).format(format);
                let what = format!("{link:?} {ip:?} {name}");
                assert_eq!(woven(&plan, &what).dialog(), told, "{what}");
            }
        }
    }
}

#[test]
fn the_corpus_is_the_same_on_every_link_and_in_every_form_of_file() {
    for script in corpus() {
        let told = told(&script).dialog();
        let links = LINKS.iter().map(|&link| (link, formats()[0].clone()));
        let forms = formats().into_iter().map(|format| (Link::Ethernet, format));
        for (link, (name, format)) in links.chain(forms) {
            for &ip in &[Ip::V4, Ip::V6Extensions] {
                let plan = Plan::new(&script.dialog).link(link).ip(ip).format(format.clone());
                let what = format!("{} {link:?} {ip:?} {name}", script.name);
                let seen = woven(&plan, &what);
                assert_eq!(seen.end, script.end("server-closed"), "{what}");
                assert_eq!(seen.dialog(), told, "{what}");
            }
        }
    }
}

#[test]
fn the_corpus_names_its_origin() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    for script in corpus() {
        let name = format!("`{}.txt`", script.name);
        assert!(readme.contains(&name), "testdata/README.md does not name {name}");
    }
}
