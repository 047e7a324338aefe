use super::{is_paired, is_turned_away, run, times};
use crate::rules::prelude::*;
use crate::rules::tls::is_gate;

pub(super) const RULE: Rule = Rule {
    id: "noop-reply-invalid",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.1.9"),
    title: "NOOP was not answered with 250",
    help: "answer NOOP with 250, always",
    explanation: "\
RFC 5321 §4.1.1.9: NOOP \"specifies no action other than that the receiver send a \"250 OK\"
reply\"; it may be sent at any time, and servers SHOULD ignore its argument. Clients send it to
see whether a kept connection is still alive; on any other reply they close it and connect anew
for each message. Usual causes: servers that want EHLO or AUTH first, filters that do not pass
NOOP. Not blamed: 421, refusals of an argument that is no String, and any refusal after a
greeting that refused the session.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP
s< 502 5.5.1 not implemented
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 554 mx.example.net no service here
c> NOOP
s< 503 5.5.1 no service here
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Noop)], Fact::Any, check),
};

/// Octets of a line that every server must take, with CRLF (RFC 5321 §4.5.3.1.4).
const LINE: u64 = 512;

fn check(step: &Step<'_>) -> Option<Hit> {
    let code = step.code().filter(|&code| code != 250)?;
    let count = run(step, is_wrong)?;
    let answer = step.answer()?;
    let text = format!(
        "NOOP must be answered with 250, not with {code}{}: the client may take the connection for broken",
        times(count)
    );
    Some(Hit::new(text).on_answer(&answer).at(0..3))
}

fn is_wrong(step: &Step<'_>) -> bool {
    let (session, before) = (step.case.session, step.exchange.before);
    let Some(code) = step.code().filter(|&code| code != 250 && code != 421) else { return false };
    if step.verb() != Some(Verb::Noop)
        || before.closing
        || before.inferred
        || is_turned_away(session)
    {
        return false;
    }
    // That STARTTLS must come first is told by starttls-gate-violated.
    if step.answer().is_some_and(|answer| is_gate(&answer)) {
        return false;
    }
    // What is wrong with the line, or too long, the server may refuse.
    let is_faulty =
        step.parsed().is_none_or(|parsed| !parsed.flaws.is_empty()) || step.exchange.octets > LINE;
    let is_excused = is_faulty && code >= 500;
    !is_excused && !step.exchange.cut && is_paired(session)
}
