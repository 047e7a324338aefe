use crate::rules::prelude::*;
// rules.tsv: needs N, which no transcript has.

pub(super) const RULE: Rule = Rule {
    id: "transcript-redacted",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[],
    rfc: None,
    title: "credentials in the transcript are masked",
    help: "nothing is to be done, unless AUTH itself is what you look into",
    explanation: "\
Whoever wrote the transcript replaced credentials by something else, as one should. What the
client really sent there is not judged: whether it is base64, how long the line was, which
identity it names. In the native form a comment \"# masked 32\" says so for the line that follows,
with the number of octets; \"****\", \"<hidden>\" and their like after AUTH or in answer to 334 are
understood, too.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH PLAIN
c> AUTH PLAIN ********
s< 235 2.7.0 welcome
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH PLAIN
c> AUTH PLAIN AGFsaWNlAHNlY3JldA==
s< 235 2.7.0 welcome
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    let redacted = input.lines.redacted;
    let first = redacted.first;
    (redacted.times > 0).then(|| {
        let lines = count(redacted.times, "line");
        let why = "what was sent there is not judged";
        Hit::new(format!("{lines} with masked credentials (first: line {first}): {why}"))
            .first_at(first)
    })
}
