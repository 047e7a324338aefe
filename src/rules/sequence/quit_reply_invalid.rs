use super::{is_bare, is_paired, run, times};
use crate::rules::prelude::*;
use crate::rules::tls::is_gate;

pub(super) const RULE: Rule = Rule {
    id: "quit-reply-invalid",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.1.10"),
    title: "QUIT was not answered with 221",
    help: "answer QUIT with 221, always",
    explanation: "\
RFC 5321 §4.1.1.10: \"the receiver MUST send a \"221 OK\" reply, and then close the transmission
channel\", even if there was an error before. Most clients close after any reply to QUIT, so
little is lost; but some report a failure of a message that was accepted long before, and send
it again. Usual causes: a server that counts QUIT among the commands which it refuses before
EHLO, TLS or AUTH, and test servers that answer 250 to everything. Not blamed: 421, and 501 to
QUIT with an argument.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 250 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 421 4.3.2 shutting down
",
    check: Check::Step(&[Request::Command(Verb::Quit)], Fact::Unusual, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let code = step.code().filter(|&code| code != 221)?;
    let count = run(step, is_wrong)?;
    let answer = step.answer()?;
    let text = format!(
        "QUIT must be answered with 221, not with {code}{}: the client may take it for a failure",
        times(count)
    );
    Some(Hit::new(text).on_answer(&answer).at(0..3))
}

fn is_wrong(step: &Step<'_>) -> bool {
    let (session, before) = (step.case.session, step.exchange.before);
    let Some(code) = step.code().filter(|&code| code != 221 && code != 421) else { return false };
    if step.verb() != Some(Verb::Quit) || before.closing || before.inferred {
        return false;
    }
    // That STARTTLS must come first is told by starttls-gate-violated.
    let is_gate = step.answer().is_some_and(|answer| is_gate(&answer));
    let is_excused = is_gate || !is_bare(step) && code >= 500;
    !is_excused && !step.exchange.cut && is_paired(session)
}
