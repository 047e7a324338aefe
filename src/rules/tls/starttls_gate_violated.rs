use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "starttls-gate-violated",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3207 §4"),
    title: "the server demands STARTTLS where it must answer without it",
    help: "let NOOP, EHLO, STARTTLS and QUIT through without TLS",
    explanation: "\
A server that wants TLS before anything else answers 530 \"Must issue a STARTTLS command first\"
\"to every command other than NOOP, EHLO, STARTTLS, or QUIT\" (RFC 3207 §4). Here one of these
four got that answer. Without EHLO the client does not learn that there is STARTTLS, and without
STARTTLS it can never obey: no mail gets in. A QUIT that is refused leaves the connection open.
Usual causes: a rule of a filter or policy that names no exceptions, or comes before them.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> NOOP
s< 530 5.7.0 Must issue a STARTTLS command first
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> MAIL FROM:<a@example.org>
s< 530 5.7.0 Must issue a STARTTLS command first
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Reply(Fact::Refused, check),
};

/// Whether a reply says that STARTTLS must come first.
pub(in crate::rules) fn is_gate(answer: &Answer<'_>) -> bool {
    if answer.code() != Some(530) {
        return false;
    }
    let text = answer.first().to_ascii_lowercase();
    let has = |word: &str| {
        let ends = |(at, _): (usize, &u8)| {
            text.get(at..).is_some_and(|it| it.starts_with(word.as_bytes()))
        };
        text.iter().enumerate().any(ends)
    };
    has("starttls") && ["must", "first", "requir", "need"].into_iter().any(has)
}

fn check(answer: &Answer<'_>) -> Option<Hit> {
    if answer.code() != Some(530) {
        return None;
    }
    let step = answer.step().filter(|step| !step.exchange.before.tls)?;
    let verb = step.verb()?;
    let is_free = matches!(verb, Verb::Noop | Verb::Ehlo | Verb::Starttls | Verb::Quit);
    // A refusal on the whole connection is another matter.
    if !is_free || step.exchange.before.inferred || !is_gate(answer) {
        return None;
    }
    let message = format!(
        "{} to {}: this command must be answered without TLS, too",
        answer.shown(),
        verb.name()
    );
    Some(Hit::new(message))
}
