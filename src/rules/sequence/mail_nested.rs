use super::{begins, governing, run, times};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "mail-nested",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §4.1.4"),
    title: "MAIL was sent inside an open transaction",
    help: "end a transaction with DATA, or with RSET, before the next MAIL",
    explanation: "\
RFC 5321 §4.1.4: \"MAIL (or SEND, SOML, or SAML) MUST NOT be sent if a mail transaction is
already open\". Most servers answer 503 and stay in the first transaction: recipients and content
of the second message then go out under the first one's sender, or recipients of the first get
the second message. Others begin anew. Usual cause: a client that gives up a message (all
recipients refused, DATA refused) and goes on with the next without RSET.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> MAIL FROM:<c@example.org>
s< 503 5.5.1 nested MAIL command
c> RSET
s< 250 2.0.0 ok
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
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
c> MAIL FROM:<c@example.org>
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
        &[
            Request::Command(Verb::Mail),
            Request::Command(Verb::Send),
            Request::Command(Verb::Soml),
            Request::Command(Verb::Saml),
        ],
        Fact::Disorder,
        check,
    ),
};

pub(super) fn check(step: &Step<'_>) -> Option<Hit> {
    // Nearly no MAIL meets an open transaction.
    if !step.exchange.before.mail {
        return None;
    }
    let count = run(step, is_nested)?;
    let text = format!(
        "{} was sent while a transaction was open{}: it must be ended with DATA or RSET before the \
         next may begin",
        step.shown(),
        times(count)
    );
    Some(Hit::new(text))
}

fn is_nested(step: &Step<'_>) -> bool {
    let one = step.exchange;
    if !step.verb().is_some_and(begins) || !one.before.mail || one.before.inferred {
        return false;
    }
    // Whether a chunk that was refused ends the transaction, RFC 3030 does not say; of a MAIL behind
    // one that was not, and was not the last, the rules about chunks speak.
    let is_chunk = |one: &Step<'_>| one.verb() == Some(Verb::Bdat);
    one.reply.is_some() && !governing(step).is_some_and(|last| is_chunk(&last))
}
