//! Rules about mail data and chunks, on dialogs that come near to what they mean.

// A test may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use smtp_audit::pipeline::{Options, Source, collect};

/// What rules of these two categories find in a dialog: ids and messages.
fn found(lines: &str) -> Vec<(&'static str, String)> {
    let text = format!(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
         s< 250-PIPELINING\ns< 250 CHUNKING\nc> MAIL FROM:<a@example.org>\ns< 250 ok\n\
         c> RCPT TO:<b@example.net>\ns< 250 ok\n{lines}"
    );
    let source = Source::bytes("dialog", text.into_bytes());
    let (sessions, _) = collect(&Options::default(), vec![source]);
    assert_eq!(sessions.len(), 1);
    let findings = sessions.into_iter().flat_map(|one| one.findings);
    let mine = findings.filter(|one| {
        let id = one.rule.id;
        let strays = ["command-unknown", "command-is-message-header", "mail-nested"];
        ["data", "bdat"].contains(&one.rule.category.name()) || strays.contains(&id)
    });
    mine.map(|one| (one.rule.id, one.message)).collect()
}

fn ids(lines: &str) -> Vec<&'static str> {
    found(lines).into_iter().map(|(id, _)| id).collect()
}

/// Asserts that just this is found, and that it says so.
fn says(lines: &str, id: &str, part: &str) {
    let found = found(lines);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0 == id && found[0].1.contains(part), "{found:?}");
}

const QUIT: &str = "c> QUIT\ns< 221 bye\n# end quit\n";

#[test]
fn a_wrong_count_is_told_by_where_the_stream_makes_sense_again() {
    let id = "bdat-chunk-length-wrong";
    // The last CRLF was not counted.
    let dialog = format!("c> BDAT 5 LAST\nc> hello\ns< 250 ok\ns< 500 what?\n{QUIT}");
    says(
        &dialog,
        id,
        "5 octets were announced, 2 more follow, beginning with \"\", before \"QUIT\"",
    );
    // Counted with LF.
    let dialog = format!("c> BDAT 8 LAST\nc> a: b\nc>\nc> c\ns< 250 ok\ns< 500 what?\n{QUIT}");
    says(&dialog, id, "3 more follow, beginning with \"c\", before \"QUIT\"");
    // The chunk takes in half of the next command.
    let dialog = "c> BDAT 9\nc> hello\nc> BDAT 0 LAST\ns< 250 ok\ns< 500 what?\n# end reset\n";
    says(
        dialog,
        id,
        "9 octets were announced, which is 2 octets too many: the command \"BDAT 0 LAST\"",
    );
    // Or all of it, and the server waits.
    let dialog = "c> BDAT 20 LAST\nc> hello\nc> QUIT\n# end client-closed\n";
    says(dialog, id, "13 octets too many: the command \"QUIT\"");
}

#[test]
fn lines_behind_a_chunk_may_be_commands() {
    // The client has read the reply.
    assert_eq!(
        ids(&format!("c> BDAT 7 LAST\nc> hello\ns< 250 ok\nc> FOO\ns< 500 what?\n{QUIT}")),
        ["command-unknown"]
    );
    // One that the server knows.
    assert_eq!(
        ids(&format!("c> BDAT 7 LAST\nc> hello\nc> XFOO\ns< 250 ok\ns< 250 ok\n{QUIT}")),
        [""; 0]
    );
    // What looks like a command is content.
    let dialog = format!("c> BDAT 19 LAST\nc> hello\nc> QUIT\nc> RSET\ns< 250 ok\n{QUIT}");
    assert_eq!(ids(&dialog), [""; 0]);
}

#[test]
fn chunks_end_with_last_or_are_given_up() {
    let chunk = "c> BDAT 7\nc> hello\ns< 250 ok\n";
    let refused = "c> BDAT 7\nc> hello\ns< 452 full\n";
    let mail = "c> MAIL FROM:<c@example.org>\ns< 250 ok\nc> RSET\ns< 250 ok\n";
    assert_eq!(ids(&format!("{chunk}{QUIT}")), ["bdat-last-missing"]);
    assert_eq!(ids(&format!("{chunk}{mail}{QUIT}")), ["bdat-last-missing"]);
    assert_eq!(ids(&format!("{chunk}# end client-closed\n")), ["bdat-last-missing"]);
    for end in ["c> RSET\ns< 250 ok\n", "c> EHLO a.example\ns< 250 mx.example.net\n", "s< 421 no\n"]
    {
        assert_eq!(ids(&format!("{chunk}{end}{QUIT}")), [""; 0], "{end}");
    }
    assert_eq!(ids(&format!("{refused}{QUIT}")), [""; 0]);
    assert_eq!(ids(&format!("{chunk}# end server-closed\n")), [""; 0]);
    assert_eq!(
        ids(&format!("{refused}c> BDAT 0 LAST\ns< 452 full\n{QUIT}")),
        ["bdat-continued-after-failure"]
    );
    let refused = chunk.replace("250 ok", "502 what?");
    let data = "c> DATA\ns< 354 go on\nc> hello\nc> .\ns< 250 ok\n";
    assert_eq!(ids(&format!("{refused}{data}{QUIT}")), [""; 0], "no BDAT for this server");
}

#[test]
fn a_server_is_blamed_for_what_it_has_received() {
    let whole = "c> BDAT 7 LAST\nc> hello\n";
    let part = "c> BDAT 9 LAST\nc> hello\n";
    assert_eq!(ids(&format!("{whole}# end server-closed\n")), ["bdat-reply-missing"]);
    assert_eq!(ids(&format!("{part}# end server-closed\n")), [""; 0]);
    assert_eq!(ids(&format!("{part}# end client-closed\n")), ["bdat-chunk-short"]);
    assert_eq!(ids(part), [""; 0], "the recording ends there");
    let data = "c> DATA\ns< 354 go on\nc> hello\n";
    assert_eq!(ids(&format!("{data}# end server-closed\n")), [""; 0]);
    assert_eq!(ids(&format!("{data}s< 421 no\n# end client-closed\n")), [""; 0]);
    assert_eq!(ids(data), [""; 0], "the recording ends there");
}

#[test]
fn content_and_commands_behind_a_refused_data() {
    let data = "c> DATA\ns< 451 later\n";
    let no = "s< 500 what?\n";
    // Somebody tries commands.
    let tries = format!("{data}c> FOO\n{no}c> BAR\n{no}c> RCPT TO:<a\n{no}{QUIT}");
    assert_eq!(ids(&tries), ["data-rejected", "command-unknown"]);
    let sent = ["data-rejected", "data-sent-after-rejection"];
    assert_eq!(ids(&format!("{data}c> hello\n{no}c> .\n{no}{QUIT}")), sent);
    assert_eq!(ids(&format!("{data}c> hello\nc> you\n{no}{no}{QUIT}")), sent);
    // A server that says yes in the wrong way.
    let dialog = format!("c> DATA\ns< 250 ok\nc> Subject: a\n{no}c> hello\n{no}c> .\n{no}{QUIT}");
    assert_eq!(ids(&dialog), ["data-reply-not-354"]);
}

#[test]
fn what_follows_the_end_of_data() {
    let data = "c> DATA\ns< 354 go on\nc> hello\nc> .\n";
    let ok = "s< 250 ok\n";
    let no = "s< 500 what?\n";
    // An empty line is of another rule, and who has read the reply types a command.
    assert_eq!(ids(&format!("{data}c>\n{ok}{no}{QUIT}")), [""; 0]);
    assert_eq!(ids(&format!("{data}{ok}c> FOO\n{no}{QUIT}")), ["command-unknown"]);
    assert_eq!(ids(&format!("{data}c> and more\n{ok}{no}{QUIT}")), ["data-after-dot-residue"]);
    assert_eq!(ids(&format!("{data}{ok}c> .\n{no}{QUIT}")), ["bdat-unmatched-end"]);
    // Replies that are there, in LMTP or not.
    let next = "c> MAIL FROM:<c@example.org>\nc> RCPT TO:<b@example.net>\nc> DATA\n";
    let dialog = format!("{data}{next}{ok}{ok}{ok}s< 354 go on\nc> a\nc> .\n{ok}{QUIT}");
    assert_eq!(ids(&dialog), [""; 0]);
}

#[test]
fn content_that_was_sent_blindly_is_told_once() {
    let replies = "s< 554 no\ns< 500 what?\ns< 500 what?\ns< 500 what?\ns< 500 what?\n";
    let content = "c> Subject: a\nc>\nc> hello\nc> .\n";
    let text = format!(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n\
         s< 250 PIPELINING\nc> MAIL FROM:<a@example.org>\ns< 250 ok\nc> RCPT TO:<b@example.net>\n\
         s< 250 ok\nc> DATA\n{content}{replies}{QUIT}"
    );
    let source = Source::bytes("dialog", text.into_bytes());
    let (sessions, _) = collect(&Options::default(), vec![source]);
    let ids: Vec<_> = sessions[0].findings.iter().map(|one| one.rule.id).collect();
    assert_eq!(ids, ["pipelining-data-before-354", "data-rejected"]);
}
