use super::{is_bare, is_paired, is_turned_away, run, times};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "rset-reply-invalid",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.1.5"),
    title: "RSET was not answered with 250",
    help: "answer RSET with 250, always",
    explanation: "\
RFC 5321 §4.1.1.5: \"The receiver MUST send a \"250 OK\" reply to a RSET command with no
arguments\", at any time, also before EHLO and with nothing to reset. A client that gets anything
else does not know whether the old transaction is gone; most close the connection, and what they
had still to send waits. Usual causes: servers that want EHLO, TLS or AUTH before any command,
filters that count RSET as an error. Not blamed: 421, 501 to RSET with an argument, 530 where
TLS must come first (RFC 3207 §4), and any refusal after a greeting that refused the session.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RSET
s< 503 5.5.1 nothing to reset
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RSET now
s< 501 5.5.4 no argument permitted
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Rset)], Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let code = step.code().filter(|&code| code != 250)?;
    let count = run(step, is_wrong)?;
    let answer = step.answer()?;
    let text = format!(
        "RSET must be answered with 250, not with {code}{}: the client cannot know whether the transaction is gone",
        times(count)
    );
    Some(Hit::new(text).on_answer(&answer).at(0..3))
}

fn is_wrong(step: &Step<'_>) -> bool {
    let (session, before) = (step.case.session, step.exchange.before);
    let Some(code) = step.code().filter(|&code| code != 250 && code != 421) else { return false };
    if step.verb() != Some(Verb::Rset)
        || before.closing
        || before.inferred
        || is_turned_away(session)
    {
        return false;
    }
    let is_argued = !is_bare(step);
    let is_excused = is_argued || code == 530;
    !is_excused && !step.exchange.cut && is_paired(session)
}
