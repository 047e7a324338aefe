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
const BAD: [(Trouble, &str); 3] = [
    (Trouble::BadBlock, "damaged record"),
    (Trouble::HugeBlock, "record of impossible size"),
    (Trouble::UnknownInterface, "packet of an interface that is not described"),
];

fn check(input: &Recording<'_>) -> Option<Hit> {
    let mut found: Vec<_> = BAD
        .iter()
        .filter_map(|&(trouble, what)| {
            let found = input.trouble(trouble)?;
            Some((format!("{} time(s) a {what}, which was skipped", found.times), found.first))
        })
        .collect();
    if let Some(lost) = input.trouble(Trouble::LostFraming) {
        found.push((String::from("nothing could be read behind the damage"), lost.first));
    }
    let first = found.iter().map(|&(_, first)| first).min()?;
    let said: Vec<String> = found.into_iter().map(|(said, _)| said).collect();
    let (number, offset) = (first.number, first.offset);
    let said = said.join("; ");
    Some(Hit::new(format!("{said} (first: packet {number}, byte {offset})")).first_at(number))
}
