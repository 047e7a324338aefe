use super::{begins, governing, has_no_mail, times};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "rcpt-before-mail",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §3.3, §4.1.4"),
    title: "RCPT was sent with no MAIL in force",
    help: "send MAIL, and wait until it is accepted, before RCPT",
    explanation: "\
RFC 5321 §3.3: the steps of a transaction are MAIL, RCPT, DATA, in this order; \"If a RCPT
command appears without a previous MAIL command, the server MUST return a 503\". The client has
lost track: its MAIL was refused, or RSET, EHLO or the end of a message has ended the
transaction. A client that sends MAIL and RCPT together, as PIPELINING permits, cannot know that
MAIL is going to be refused: such RCPTs are not blamed.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 550 5.7.1 not you
c> RCPT TO:<b@example.net>
s< 503 5.5.1 need MAIL first
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
s< 550 5.7.1 not you
s< 503 5.5.1 need MAIL first
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Rcpt)], Fact::Disorder, check),
};

pub(super) fn check(step: &Step<'_>) -> Option<Hit> {
    let is_loose = |step: &Step<'_>| step.verb() == Some(Verb::Rcpt) && has_no_mail(step);
    if !has_no_mail(step) {
        return None;
    }
    let before = step.previous().filter(is_loose);
    // A group that is sent at once is judged by its first, and that one is no better.
    if before.is_some_and(|before| step.exchange.pipelined || !may_not_know(&before)) {
        return None;
    }
    // Of a client that goes on after 421 another rule speaks.
    if may_not_know(step) || step.exchange.before.closing {
        return None;
    }
    let steps = step.case.steps().skip(step.index as usize);
    let count = steps.take_while(is_loose).count();
    let why = match governing(step).and_then(|last| last.verb()) {
        Some(verb) if begins(verb) => "the MAIL before it was refused",
        _ => "no MAIL came before it",
    };
    let text = format!(
        "{} was sent though {why}{}: without MAIL there is no transaction that it could belong to",
        step.shown(),
        times(count)
    );
    Some(Hit::new(text))
}

/// Whether the client may have sent a RCPT without knowing that its MAIL was refused: all from
/// MAIL on was sent at once. A reply without a code says neither yes nor no.
fn may_not_know(step: &Step<'_>) -> bool {
    let Some(mail) = governing(step).filter(|last| last.verb().is_some_and(begins)) else {
        return false;
    };
    let all = step.case.session.exchanges.get(mail.index as usize + 1..=step.index as usize);
    let is_group = all.is_some_and(|all| all.iter().all(|one| one.pipelined));
    is_group || !mail.is_refused()
}
