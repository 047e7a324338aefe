use crate::rules::prelude::*;

// rules.tsv: names the drafts of the file formats, which are no RFCs.

pub(super) const RULE: Rule = Rule {
    id: "capture-block-invalid",
    category: Category::Input,
    severity: Severity::Warning,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "records of the capture file are damaged",
    help: "repeat the transfer of the file in binary mode, or capture again",
    explanation: "\
Records (pcap) or blocks (pcapng) of the file contradict themselves: a length that cannot be, an
end that does not confirm the beginning, a packet of an interface that was never described.
Where the next good record could be found, reading went on there and the sessions have gaps;
where it could not, nothing behind is in the report. Usual causes: a transfer that changed line
ends (FTP in text mode), a bad disk, two programs writing into one file, or a writer with a bug.",
    bad: "\
# damage
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

/// What is bad, and how it is said.
const BAD: [(Trouble, &str); 4] = [
    (Trouble::BadBlock, "damaged records skipped"),
    (Trouble::HugeBlock, "records of impossible size skipped"),
    (Trouble::UnknownInterface, "packets of an interface that is not described skipped"),
    (Trouble::LostFraming, "place after which nothing could be read"),
];

fn check(input: &Recording<'_>) -> Option<Hit> {
    let found: Vec<_> =
        BAD.iter().filter_map(|&(trouble, what)| Some((input.trouble(trouble)?, what))).collect();
    let first = found.iter().map(|(count, _)| count.first).min()?;
    let said: Vec<String> =
        found.iter().map(|(count, what)| format!("{} {what}", count.times)).collect();
    let (number, offset) = (first.number, first.offset);
    let said = said.join(", ");
    Some(Hit::new(format!("{said} (first: packet {number}, byte {offset})")).first_at(number))
}
