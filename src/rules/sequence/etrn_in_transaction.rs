use crate::rules::prelude::*;

// rules.tsv: the section of RFC 1985 could not be checked.
pub(super) const RULE: Rule = Rule {
    id: "etrn-in-transaction",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 1985"),
    title: "ETRN was sent inside a transaction",
    help: "send ETRN before MAIL or after the end of a message",
    explanation: "\
RFC 1985 permits ETRN at any time of a session but between MAIL and the end of the message that
it begins. A server may answer 503, or lose the transaction while it starts its queue. Usual
cause: a client that asks for its own mail over the connection on which it is just delivering,
without ending the message first. RSET before ETRN mends it where the message is given up.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ETRN
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> ETRN example.org
s< 503 5.5.1 not inside a transaction
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ETRN
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
c> ETRN example.org
s< 250 2.0.0 queuing started
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Etrn)], Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    let is_inside = one.before.mail && !one.before.inferred && one.reply.is_some();
    is_inside.then(|| {
        let text = format!("{} was sent while a mail transaction was open", step.shown());
        Hit::new(text)
    })
}
