use crate::rules::prelude::*;
// rules.tsv: needs N, which no transcript has.

pub(super) const RULE: Rule = Rule {
    id: "transcript-time-missing",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[],
    rfc: None,
    title: "the transcript does not say when its lines were sent",
    help: "save the dialog with times: 2026-11-21T10:00:00Z c> NOOP",
    explanation: "\
Lines of the transcript have no time before their mark. Nothing that is measured is known of
them: response times, delays, timeouts; the rules about those are not judged. A log of the mail
server, or a capture, has times; in the native form they stand first in the line, in the form of
RFC 3339, and --format transcript --timestamps writes them.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
2026-11-21T10:00:00Z s< 220 mx.example.net ESMTP
2026-11-21T10:00:01Z c> EHLO client.example.org
2026-11-21T10:00:02Z s< 250 mx.example.net
2026-11-21T10:00:03Z c> QUIT
2026-11-21T10:00:04Z s< 221 2.0.0 bye
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    let Lines { marked, untimed, .. } = input.lines;
    (input.is_transcript() && untimed.times > 0).then(|| {
        let hit = if untimed.times == marked {
            Hit::new("no line has a time: response times and delays are not judged")
        } else {
            let (times, first) = (untimed.times, untimed.first);
            Hit::new(format!("{times} of {marked} lines have no time (first: line {first})"))
        };
        hit.first_at(untimed.first)
    })
}
