use crate::rules::prelude::*;

// rules.tsv: names the drafts of the file formats, which are no RFCs.

pub(super) const RULE: Rule = Rule {
    id: "capture-file-truncated",
    category: Category::Input,
    severity: Severity::Warning,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "the capture file ends inside a packet",
    help: "let the capturing program end by itself, and copy the file when it is closed",
    explanation: "\
The file stops in the middle of its last packet. All packets before it were read and judged;
what came after is not in the report, and sessions that were open there look unfinished. Usual
causes: the file was copied while the capture went on, the disk was full, or the capturing
program was killed (end tcpdump with Ctrl-C, and let it write each packet at once with -U). Of a
compressed file the end of the compressed data may be missing: then nothing after that place
could be read at all.",
    bad: "\
# cut-file 5
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    if let Some(cut) = input.trouble(Trouble::CutFile) {
        let (number, offset) = (cut.first.number, cut.first.offset);
        return Some(
            Hit::new(format!(
                "the file ends inside packet {number}, which begins at byte {offset}: all before it was \
                 read, what follows is missing"
            ))
            .first_at(number),
        );
    }
    let cut = input.trouble(Trouble::BadCompression)?;
    let (number, offset) = (cut.first.number, cut.first.offset);
    Some(
        Hit::new(format!(
            "the compressed data is damaged or ends early after packet {number}, {offset} bytes into \
             what it unpacks to: nothing behind it was read"
        ))
        .first_at(number),
    )
}
