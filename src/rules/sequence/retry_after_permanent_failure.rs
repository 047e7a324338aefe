use super::{is_informed, is_paired};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "retry-after-permanent-failure",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Order],
    rfc: Some("RFC 5321 §4.2.1"),
    title: "a command was repeated unchanged after a 5yz reply",
    help: "after 5yz change the command, or give the mail back to its sender",
    explanation: "\
RFC 5321 §4.2.1 of 5yz: \"The SMTP client SHOULD NOT repeat the exact request (in the same
sequence).\" Here the same line came again with nothing in between that could change the answer.
The server refuses it again, counts the errors, and may close or block the client. Usual causes:
clients that take each failure for a passing one, loops around a library call. Only 4yz asks for
another attempt, and a later one. AUTH is not looked at, as its secrets are hidden.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 450 4.2.1 try again
c> RCPT TO:<b@example.net>
s< 450 4.2.1 try again
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(
        &[
            Request::Command(Verb::Ehlo),
            Request::Command(Verb::Helo),
            Request::Command(Verb::Lhlo),
            Request::Command(Verb::Mail),
            Request::Command(Verb::Rcpt),
            Request::Command(Verb::Vrfy),
            Request::Command(Verb::Expn),
            Request::Command(Verb::Etrn),
        ],
        Fact::Refused,
        check,
    ),
};

/// So many commands before one are looked at.
const NEAR: usize = 100;

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = refused_before(step)?;
    if step.exchange.before.inferred || !is_informed(step) || !is_paired(step.case.session) {
        return None;
    }
    // Only the first attempt too many.
    if refused_before(&before).is_some() {
        return None;
    }
    let answer = before.answer()?;
    let text = format!(
        "{} was sent again, unchanged, after it was refused for good with {}",
        step.shown(),
        answer.shown()
    );
    Some(Hit::new(text))
}

/// The same command with a 5yz reply, if nothing came since that could change the answer. After
/// RSET a MAIL may be that of another message of the same sender.
fn refused_before<'s>(step: &Step<'s>) -> Option<Step<'s>> {
    let request = step.exchange.request;
    let is_rcpt = request == Request::Command(Verb::Rcpt);
    let before = (0..step.index).rev().take(NEAR);
    let nothing_changed = |one: &Step<'s>| match one.exchange.request {
        Request::Command(Verb::Noop | Verb::Help | Verb::Vrfy | Verb::Expn) => true,
        Request::Command(Verb::Rcpt) if is_rcpt => true,
        _ => one.is_refused(),
    };
    let is_same = |one: &Step<'s>| {
        one.exchange.request == request
            && one.exchange.octets == step.exchange.octets
            && one.class() == Some(Class::Permanent)
            && one.line() == step.line()
            && !one.exchange.cut
    };
    for one in before.filter_map(|index| step.case.step(index)) {
        if is_same(&one) {
            return Some(one);
        }
        if !nothing_changed(&one) {
            return None;
        }
    }
    None
}
