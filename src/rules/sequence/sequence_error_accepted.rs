use super::{begins, governing, is_paired, is_without_rcpt, run, times};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "sequence-error-accepted",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.4, §4.3.2"),
    title: "a command was accepted where it cannot be processed",
    help: "answer 503 to RCPT without MAIL, and to DATA without RCPT",
    explanation: "\
RFC 5321 §4.1.4: commands of a transaction that are \"out of order to the degree that they cannot
be processed by the server\" MUST get 503, and §3.3 says the same of RCPT without MAIL. Here RCPT
was accepted with no sender, or content was asked for though nobody is to get it: what becomes
of such a message is anybody's guess, and the client believes that it was taken. Usual causes: a
server that keeps a transaction which RSET, EHLO or a refused MAIL ended, and test servers. A
MAIL without EHLO, or inside a transaction, can be processed: to accept it is not blamed.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c> 
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(
        &[Request::Command(Verb::Rcpt), Request::Command(Verb::Data), Request::Command(Verb::Bdat)],
        Fact::Disorder,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    // Nearly all have both.
    if before.mail && (before.rcpt_sent > 0 || step.verb() == Some(Verb::Rcpt)) {
        return None;
    }
    let session = step.case.session;
    if before.inferred || !is_paired(session) || !is_accepted(step) {
        return None;
    }
    let count = run(step, is_accepted)?;
    let answer = step.answer()?;
    let what = if before.mail { "no RCPT was sent" } else { "no MAIL was accepted" };
    let text = format!(
        "{} was answered with {} although {what} before it{}: the server must answer 503",
        step.exchange.request.name(),
        answer.shown(),
        times(count)
    );
    Some(Hit::new(text).on_answer(&answer))
}

/// Whether the server accepted what it cannot process.
fn is_accepted(step: &Step<'_>) -> bool {
    let before = step.exchange.before;
    // A MAIL whose reply says neither yes nor no may have been accepted.
    let is_loose = || {
        let mail = governing(step).filter(|last| last.verb().is_some_and(begins));
        mail.is_none_or(|mail| mail.is_refused())
    };
    let is_vain = || is_without_rcpt(step);
    match step.verb() {
        Some(Verb::Rcpt) => step.is_accepted() && !before.mail && is_loose(),
        Some(Verb::Data) => step.code() == Some(354) && is_vain() && (before.mail || is_loose()),
        // Of chunks after the last one another rule speaks.
        Some(Verb::Bdat) => step.is_accepted() && before.mail && !before.bdat && is_vain(),
        _ => false,
    }
}
