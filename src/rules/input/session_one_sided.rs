use crate::rules::prelude::*;
// rules.tsv: needs N, but transcripts are meant, too.

pub(super) const RULE: Rule = Rule {
    id: "session-one-sided",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[],
    rfc: None,
    title: "only one side of sessions is in the input",
    help: "save what both sides said",
    explanation: "\
Only what the client sent, or only what the server sent, is in the transcript: somebody saved only
the commands or only the replies. Rules about the other side, and about how the two fit together,
are not judged; the sessions' not_judged lists which. Of captures tcp-asymmetric says it.",
    bad: "\
c> EHLO client.example.org
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> QUIT
",
    good: "\
s< 554 mx.example.net no mail here
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    // Of captures tcp-asymmetric says it.
    if input.is_capture() { None } else { told(input) }
}

/// How many sessions have one side only, and which.
pub(in crate::rules) fn told(input: &Recording<'_>) -> Option<Hit> {
    let OneSided { client, server } = input.one_sided;
    let place = if input.is_capture() { "frame" } else { "line" };
    let mut said = Vec::new();
    for (times, side) in [(client, "client"), (server, "server")] {
        if times.times > 0 {
            let (times, first) = (times.times, times.first);
            let have = if times == 1 { "has" } else { "have" };
            said.push(format!("{times} {have} only what the {side} sent (first: {place} {first})"));
        }
    }
    let first = [client, server].iter().filter(|one| one.times > 0).map(|one| one.first).min()?;
    let (sessions, said) = (count(input.sessions, "session"), said.join(", "));
    Some(Hit::new(format!("of {sessions}, {said}")).first_at(first))
}
