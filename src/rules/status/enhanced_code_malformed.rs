use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "enhanced-code-malformed",
    category: Category::Status,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 2034 §4; RFC 3463 §2"),
    title: "an enhanced status code is not of the form class.subject.detail",
    help: "write 2, 4 or 5, and two numbers of one to three digits, with a blank behind them",
    explanation: "\
An enhanced status code is 2, 4 or 5, a subject and a detail of one to three digits each (RFC
2034 §4), without zeros before a number (RFC 3463 §2), and \"always followed by one or more
spaces\" (RFC 2034 §3). What is written otherwise is plain text to a client: the bounce then
names no reason. Usual causes: a colon or hyphen behind the code, a code padded to 5.01.01, or
one that begins with 3.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.01.1 no such user
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.10 no such user
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "{} in the enhanced code of {}, where {} belongs: clients take it for text",
        flawed.seen(),
        shown(flawed.line),
        flawed.flaw.expected
    )))
}
