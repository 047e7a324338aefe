use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "dsn-param-repeated",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3461 §4.5"),
    title: "RET, ENVID, NOTIFY or ORCPT is given twice in one command",
    help: "give each of RET, ENVID, NOTIFY and ORCPT once",
    explanation: "\
RFC 3461 §4.5: \"The RET and ENVID parameters MUST NOT appear more than once each in any single
MAIL command\", nor NOTIFY and ORCPT in a RCPT command, even if both say the same; the server
\"SHOULD respond with 501\". Where it does not, nobody knows which of the two it obeys. Usual
causes: a relay that adds its own parameter to the one that it received, and options that were
set in two places of a program.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> NOTIFY=SUCCESS NOTIFY=FAILURE
s< 501 5.5.4 NOTIFY can be specified once only
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> NOTIFY=SUCCESS,FAILURE
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "{} gives a parameter a second time that must not appear more than once; the server should \
         answer 501",
        flawed.seen()
    )))
}
