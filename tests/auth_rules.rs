//! What is found about AUTH, and what is not: cases beside the examples of the rules.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod weave;

use smtp_audit::dialog::Settings;
use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::{Category, Finding};
use std::net::IpAddr;
use std::sync::Arc;
use weave::{Dialog, Plan};

const HELLO: &str = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\n\
    s< 250-mx.example.net\ns< 250-PIPELINING\n";

/// A dialog after EHLO with this line of offers.
fn dialog(offers: &str, rest: &str) -> String {
    format!("{HELLO}s< 250 {offers}\n{rest}")
}

/// The findings about authentication, and those about command lines and stray replies.
fn found(file: Vec<u8>, show_secrets: bool) -> Vec<Finding> {
    let settings = Arc::new(Settings { show_secrets, ..Settings::default() });
    let options = Options { settings, ..Options::default() };
    let (mut sessions, _) = collect(&options, vec![Source::bytes("example", file)]);
    let findings = sessions.pop().unwrap().findings;
    let is_ours = |one: &Finding| {
        one.rule.category == Category::Auth
            || ["command-line-too-long", "reply-unsolicited", "extension-not-advertised"]
                .contains(&one.rule.id)
    };
    findings.into_iter().filter(is_ours).collect()
}

/// The rules that find something in a transcript, whether secrets are shown or not.
fn ids(dialog: &str) -> Vec<&'static str> {
    let ids = |shows| found(dialog.into(), shows).iter().map(|one| one.rule.id).collect::<Vec<_>>();
    assert_eq!(ids(false), ids(true), "{dialog}");
    ids(false)
}

/// Those that find something in packets.
fn woven(dialog: &str) -> Vec<&'static str> {
    let file = Plan::new(&Dialog::parse(dialog)).weave().file;
    found(file, false).iter().map(|one| one.rule.id).collect()
}

#[test]
fn healthy_logins() {
    let ok = "s< 235 ok\nc> QUIT\ns< 221 bye\n";
    for (offers, rest) in [
        ("AUTH EXTERNAL", format!("c> AUTH EXTERNAL =\n{ok}")),
        ("AUTH EXTERNAL", format!("c> AUTH EXTERNAL\ns< 334\nc>\n{ok}")),
        (
            "AUTH GSSAPI",
            format!("c> AUTH GSSAPI\ns< 334 GSSAPI supported\nc> YII=\ns< 334\nc>\n{ok}"),
        ),
        // A server may answer such a user name with another prompt.
        ("AUTH LOGIN", format!("c> auth login dXNlcg==\ns< 334 UGFzc3dvcmQ6\nc> cHc=\n{ok}")),
        ("AUTH=SCRAM-SHA-1", format!("c> AUTH SCRAM-SHA-1 biws\ns< 334 cj14\nc> Yz1i\n{ok}")),
        // What somebody has put in place of secrets.
        ("AUTH PLAIN", format!("c> AUTH PLAIN <hidden>\n{ok}")),
        ("AUTH PLAIN", format!("c> AUTH PLAIN [password removed]\n{ok}")),
        ("AUTH PLAIN", format!("# masked 3\nc> AUTH PLAIN ****\n{ok}")),
        (
            "AUTH LOGIN",
            format!("c> AUTH LOGIN\ns< 334 <prompt>\nc> redacted1\ns< 334 ...\nc> ********\n{ok}"),
        ),
        // Refused before, then inside TLS.
        (
            "STARTTLS",
            "c> STARTTLS\ns< 220 go\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
             s< 250 AUTH PLAIN\nc> AUTH PLAIN AGEAYg==\ns< 235 ok\n"
                .to_owned(),
        ),
    ] {
        assert_eq!(ids(&dialog(offers, &rest)), [""; 0], "{offers}: {rest}");
    }
}

#[test]
fn what_is_wrong_is_told_once() {
    let long = "biws".repeat(200);
    for (offers, rest, expected) in [
        (
            "AUTH PLAIN",
            "c> AUTH PLAIN alice wonder\ns< 501 no\n",
            &["auth-response-base64-invalid"][..],
        ),
        ("AUTH PLAIN", "c> AUTH PLAIN AGEAYg=\ns< 501 no\n", &["auth-response-base64-invalid"]),
        ("AUTH PLAIN", "c> AUTH PLAIN ==\ns< 501 no\n", &["auth-empty-response-form"]),
        ("AUTH PLAIN", "c> AUTH PLAIN=AGEAYg==\ns< 504 no\n", &["auth-mechanism-malformed"]),
        ("AUTH PLAIN", "c> AUTH\ns< 501 no\n", &[]),
        ("SIZE", "c> AUTH PLAIN AGEAYg==\ns< 502 no\n", &["auth-not-advertised"]),
        (
            "AUTH XOAUTH2",
            &format!("c> AUTH XOAUTH2 {long}\ns< 535 no\n"),
            &["auth-initial-response-too-long", "auth-failed"],
        ),
        ("AUTH SCRAM-SHA-1", "c> AUTH SCRAM-SHA-1 biws\ns< 299 hm\n", &[]),
        ("AUTH NTLM", "c> AUTH NTLM\ns< 334 who?\nc> *\ns< 501 no\n", &["auth-cancelled"]),
        (
            "AUTH NTLM",
            "c> AUTH NTLM\ns< 334\nc> TlRMTVNTUAAB\ns< 334 who?\nc> *\ns< 501 no\n",
            &["auth-mechanism-weak", "auth-challenge-base64-invalid", "auth-cancelled"],
        ),
        (
            "AUTH LOGIN",
            "c> AUTH LOGIN\ns< 334 Username:\nc> *\ns< 500 no\n",
            &["auth-challenge-base64-invalid", "auth-cancelled", "auth-cancel-reply-invalid"],
        ),
        // The refused AUTH leaves the responses as commands.
        (
            "AUTH LOGIN",
            "c> AUTH LOGIN\nc> dXNlcg==\nc> cHc9\ns< 503 no\ns< 500 what\ns< 500 what\n",
            &["auth-continuation-not-awaited"],
        ),
        // A server that waits for nothing, and a client that answers.
        (
            "AUTH XOAUTH2",
            "c> AUTH XOAUTH2 biws\ns< 334 e30=\ns< 535 no\nc> QUIT\ns< 221 bye\n",
            &["auth-oauth-error-undelivered"],
        ),
    ] {
        assert_eq!(ids(&dialog(offers, rest)), expected, "{rest}");
    }
}

#[test]
fn who_listens_on_the_path() {
    let login = dialog("AUTH PLAIN", "c> AUTH PLAIN AGEAYg==\ns< 235 ok\n");
    let both = ["auth-plaintext-offered-in-clear", "auth-cleartext-credentials"];
    assert_eq!(woven(&login), both);
    // A transcript may be of a dialog inside TLS, unless STARTTLS is still to come.
    assert_eq!(ids(&login), [""; 0]);
    let in_clear = login.replace("PIPELINING", "STARTTLS");
    assert_eq!(ids(&in_clear), both);
    // On one host nobody listens.
    for (address, expected) in [("127.0.0.1", &[][..]), ("192.0.2.9", &both[..])] {
        let address: IpAddr = address.parse().unwrap();
        let dialog = format!("# session 1 {address}:4242 > {address}:25\n{in_clear}");
        assert_eq!(ids(&dialog), expected, "{address}");
    }
}

#[test]
fn a_login_that_is_given_up_is_not_one_that_failed() {
    let cancel = "c> AUTH LOGIN\ns< 334 VXNlcm5hbWU6\nc> *\ns< 501 no\n".repeat(4);
    let found = ids(&dialog("AUTH LOGIN", &cancel));
    assert_eq!(found, ["auth-cancelled"; 4]);
    let fail = "c> AUTH LOGIN dXNlcg==\ns< 334 UGFzc3dvcmQ6\nc> cHc=\ns< 535 no\n";
    let of = |times: usize| ids(&dialog("AUTH LOGIN", &fail.repeat(times)));
    assert_eq!(of(2), ["auth-failed"; 2]);
    assert_eq!((of(3), of(50)), (vec!["auth-failures-repeated"], vec!["auth-failures-repeated"]));
}

#[test]
fn mechanisms_that_were_not_used_are_not_weak() {
    let challenge = "c> AUTH CRAM-MD5\ns< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==\n";
    for rest in [
        "c> AUTH CRAM-MD5\ns< 421 4.3.2 shutting down\n".to_owned(),
        "c> AUTH CRAM-MD5\ns< 504 5.5.4 no\n".to_owned(),
        format!("{challenge}c> *\ns< 501 5.7.0 cancelled\n"),
    ] {
        assert!(!ids(&dialog("AUTH CRAM-MD5", &rest)).contains(&"auth-mechanism-weak"), "{rest}");
    }
    let rest = format!("{challenge}c> dGltIGI5MTNh\ns< 535 5.7.8 no\n");
    assert!(ids(&dialog("AUTH CRAM-MD5", &rest)).contains(&"auth-mechanism-weak"));
}

#[test]
fn a_transcript_that_begins_late_says_nothing_of_ehlo() {
    let late =
        "s< 250-mx.example.net\ns< 250 AUTH CRAM-MD5\nc> AUTH CRAM-MD5\ns< 454 4.7.0 later\n";
    assert_eq!(ids(late), [""; 0]);
}

#[test]
fn a_frame_of_stars_around_a_greeting_is_no_firewall() {
    let fired = |greeting: &str| {
        let text = format!("{greeting}c> QUIT\ns< 221 bye\n# end quit\n");
        let source = Source::bytes("example", text.into_bytes());
        let (mut sessions, _) = collect(&Options::default(), vec![source]);
        let findings = sessions.pop().unwrap().findings;
        findings.iter().any(|one| one.rule.id == "middlebox-banner-masked")
    };
    assert!(!fired("s< 220-*********\ns< 220-* mx.example.net ESMTP\ns< 220 *********\n"));
    assert!(fired("s< 220-*********\ns< 220 *********\n"));
}
