//! What is found about STARTTLS and TLS, and what is not: cases beside the examples of the rules.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

mod weave;

use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::{Category, Confidence, Finding};
use weave::{Close, Dialog, Plan, Side};

/// The findings about TLS in an input with one session.
fn of_bytes(input: Vec<u8>) -> Vec<Finding> {
    let (mut sessions, _) = collect(&Options::default(), vec![Source::bytes("example", input)]);
    let findings = sessions.pop().unwrap().findings;
    findings.into_iter().filter(|found| found.rule.category == Category::Tls).collect()
}

const BEGIN: &str = "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\n\
                     s< 250-mx.example.net\ns< 250-STARTTLS\ns< 250 PIPELINING\n";

/// What is found in packets of a dialog that begins with [`BEGIN`], which `close` ends.
fn packets(dialog: &str, close: Close) -> Vec<Finding> {
    let plan = Plan::new(&Dialog::parse(format!("{BEGIN}{dialog}"))).close(close);
    of_bytes(plan.weave().file)
}

/// What is found in a transcript of such a dialog.
fn transcript(dialog: &str) -> Vec<Finding> {
    of_bytes(format!("{BEGIN}{dialog}").into_bytes())
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.id).collect()
}

const AGREED: &str = "c> STARTTLS\ns< 220 2.0.0 ready to start TLS\n";
const TLS: &str = "# tls client 1024 server 4096\n";
const CLIENT: Close = Close::Fin(Side::Client);
const SERVER: Close = Close::Fin(Side::Server);

#[test]
fn what_is_sent_between_the_220_and_the_handshake_is_named() {
    let early = packets(&format!("c> STARTTLS\nc> RSET\nc> NOOP\ns< 220 go\n{TLS}"), CLIENT);
    assert_eq!(ids(&early), ["starttls-injection-client", "tls-undecrypted"]);
    assert!(
        early.iter().any(|one| one.message.starts_with("\"RSET\", \"NOOP\": sent in clear before"))
    );
    let later = packets(&format!("{AGREED}c>\n{TLS}"), CLIENT);
    assert_eq!(ids(&later), ["starttls-injection-client", "tls-undecrypted"]);
    assert!(
        later.iter().any(|one| one.message.starts_with("an empty line: sent in clear between"))
    );
    // What was sent after the 220 was seen is not named as early, and no TLS need follow.
    let none = packets("c> STARTTLS\nc> RSET\ns< 220 go\nc> hello\n", Close::Reset(Side::Server));
    assert_eq!(ids(&none), ["starttls-injection-client"]);
    assert!(none.iter().all(|one| one.message.starts_with("\"RSET\": sent")), "{none:?}");
    // Refused, they are commands.
    let refused = packets("c> STARTTLS\nc> RSET\ns< 454 4.7.0 no\ns< 250 ok\n", CLIENT);
    assert_eq!(ids(&refused), ["starttls-rejected"]);
    // A hello of SSLv2 is no command.
    let old = "# escaped\n# eol client none\nc> \\x80\\x2e\\x01\\x03\\x01\n# server-hello 0301\n";
    let old = packets(&format!("{AGREED}{old}"), CLIENT);
    assert!(ids(&old).iter().all(|id| !id.starts_with("starttls-injection")), "{old:?}");
}

#[test]
fn a_client_that_begins_no_tls() {
    assert_eq!(ids(&packets(AGREED, CLIENT)), ["starttls-no-handshake"]);
    assert_eq!(ids(&packets(AGREED, SERVER)), [""; 0]);
    assert_eq!(ids(&packets(AGREED, Close::Never)), [""; 0]);
    let ignored = format!("{AGREED}c> MAIL FROM:<a@example.org>\n");
    assert_eq!(ids(&packets(&ignored, SERVER)), ["starttls-no-handshake"]);
    // The reply may still come.
    assert_eq!(ids(&packets(&ignored, Close::Never)), [""; 0]);
    // In a transcript what follows is inside TLS.
    let inside = format!("{AGREED}c> EHLO client.example.org\ns< 250 mx.example.net\n");
    assert_eq!(ids(&transcript(&inside)), [""; 0]);
    assert_eq!(ids(&packets(&inside, CLIENT)), ["starttls-plaintext-follows"]);
}

#[test]
fn a_handshake_that_fails() {
    let alerts = packets(&format!("{AGREED}# client-hello\n# alert server fatal 70\n"), SERVER);
    assert_eq!(ids(&alerts), ["starttls-handshake-failed"]);
    assert!(alerts.iter().all(
        |one| one.message.contains("server ended") && one.message.contains("protocol_version")
    ));
    let left = format!("{AGREED}# client-hello\n# server-hello 0304\n# record client 19 of 19\n");
    let found = packets(&left, CLIENT);
    assert_eq!(ids(&found), ["starttls-handshake-failed"]);
    assert!(found.iter().all(|one| one.confidence == Confidence::Likely));
    assert_eq!(ids(&packets(&left, Close::Never)), [""; 0]);
    // An empty certificate is short, too; Finished follows.
    let empty = format!("{left}# record client 53 of 53\n# record server 99 of 99\n").replace(
        "# record client 19 of 19",
        "# record server 900 of 900\n# record client 25 of 25",
    );
    assert_eq!(ids(&packets(&empty, CLIENT)), ["tls-undecrypted"]);
}

#[test]
fn a_record_that_is_cut() {
    let of =
        |side: &str, close| packets(&format!("{AGREED}{TLS}# record {side} 3 of 900\n"), close);
    let says = |found: &[Finding]| {
        found.iter().find(|one| one.rule.id == "tls-truncation").map(|one| one.message.clone())
    };
    assert!(
        says(&of("server", SERVER))
            .unwrap()
            .starts_with("the server's stream ended after 3 of 900")
    );
    assert!(says(&of("client", Close::Reset(Side::Client))).unwrap().contains("was reset"));
    assert_eq!(says(&of("client", Close::Never)), None);
}

#[test]
fn what_the_server_keeps_inside_tls() {
    let begun = format!("c> MAIL FROM:<a@example.org>\ns< 250 ok\n{AGREED}");
    let kept = transcript(&format!("{begun}c> RCPT TO:<b@example.net>\ns< 250 ok\n"));
    let expected = ["starttls-in-transaction", "starttls-ehlo-missing", "starttls-state-retained"];
    assert_eq!(ids(&kept), expected);
    assert!(kept.iter().any(|one| one.message.contains("begun in clear")));
    let refused = transcript(&format!("{begun}c> RCPT TO:<b@example.net>\ns< 503 MAIL first\n"));
    assert_eq!(ids(&refused), expected[..2]);
    // The second greeting takes the place of the reply to EHLO.
    let greets =
        "c> EHLO client.example.org\ns< 220 mx2.example.net ESMTP\ns< 250 mx2.example.net\n";
    let greets = transcript(&format!("{AGREED}{greets}"));
    assert_eq!(ids(&greets), ["starttls-greeting-after-tls"]);
}

#[test]
fn an_injected_command_that_is_thrown_away_is_not_honoured() {
    let hello = "c> EHLO client.example.org\ns< 250-mx.example.net\ns< 250 SIZE\n";
    let of = |reply: &str| {
        let end = "c> QUIT\ns< 221 bye\n# end quit\n";
        ids(&transcript(&format!("c> STARTTLS\nc> NOOP\ns< 220 go\n{reply}{hello}{end}")))
    };
    assert_eq!(of("s< 250 ok\n"), ["starttls-injection-honoured"]);
    assert_eq!(of(""), [""; 0]);
}

#[test]
fn a_gate_for_starttls_itself() {
    let gate =
        |command: &str, text: &str| ids(&transcript(&format!("c> {command}\ns< 530 {text}\n")));
    assert_eq!(
        gate("STARTTLS", "5.7.0 Must issue a STARTTLS command first"),
        ["starttls-gate-violated"]
    );
    assert_eq!(gate("STARTTLS", "5.7.1 not for you"), ["starttls-rejected"]);
    assert_eq!(gate("NOOP", "5.7.0 Authentication required"), [""; 0]);
}

#[test]
fn a_server_that_goes_away_has_not_refused_tls() {
    assert_eq!(ids(&transcript("c> STARTTLS\ns< 421 4.3.2 shutting down\n")), [""; 0]);
}
