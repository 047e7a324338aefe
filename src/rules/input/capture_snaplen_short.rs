use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "capture-snaplen-short",
    category: Category::Input,
    severity: Severity::Warning,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "packets were cut when they were captured",
    help: "capture whole packets: tcpdump -s 0, or a snapshot length of 262144",
    explanation: "\
The capture kept only the first bytes of each packet (its snapshot length), so commands, replies
or message content are missing from it. What is missing is shown as gaps, and rules that need
every byte are not judged in those sessions. A packet that was cut inside its headers cannot be
assigned to a connection at all: nobody can say whether it was SMTP. Old versions of tcpdump
kept 68 or 96 bytes of each packet unless told otherwise with -s.",
    bad: "\
# snaplen 54
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
# snaplen 1600
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
    let payload = input.trouble(Trouble::CutSegment);
    let headers = input.trouble(Trouble::CutHeader);
    let first = payload.into_iter().chain(headers).map(|count| count.first.number).min()?;
    let mut said = Vec::new();
    if let Some(payload) = payload {
        said.push(format!("{} cut in the payload", count(payload.times, "TCP segment")));
    }
    if let Some(headers) = headers {
        let packets = count(headers.times, "packet");
        said.push(format!("{packets} cut inside the headers, so that nobody knows what it was"));
    }
    let said = said.join("; ");
    let why = "the snapshot length of the capture was too short";
    Some(Hit::new(format!("{said} (first: frame {first}): {why}")).first_at(first))
}
