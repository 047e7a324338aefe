use super::is_without_rcpt;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-before-rcpt",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §3.3"),
    title: "DATA was sent before any RCPT",
    help: "send RCPT TO:<…> before DATA, and read its reply",
    explanation: "\
A transaction is MAIL, one or more RCPT, then DATA (RFC 5321 §3.3). Without a recipient the server
has nobody to deliver to and answers 503 or 554. The client has lost track of the transaction, for
example after a reply that it did not expect; what it sends next may be read as commands.",
    bad: "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> DATA
s< 503 5.5.1 no valid recipients
",
    good: "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> DATA
s< 503 5.5.1 no valid recipients
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Disorder, check),
};

pub(super) fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    // Where bytes are missing, a RCPT may be among them.
    let sent = before.rcpt_sent > 0 || before.inferred;
    (step.exchange.reply.is_some() && !sent && is_without_rcpt(step))
        .then(|| Hit::new("DATA was sent before any RCPT: there is nobody to deliver to"))
}
