use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "dsn-orcpt-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3461 §4.2"),
    title: "ORCPT is not an address type, a semicolon and an address in xtext",
    help: "send ORCPT=rfc822;address, with +, = and all that is not printable ASCII as +XX",
    explanation: "\
RFC 3461 §4.2: ORCPT is an address type (nearly always rfc822), a semicolon and the original
address in xtext, in which plus, equals and all octets that are not printable ASCII are written
as + and two upper-case hexadecimal digits; the whole parameter has at most 500 characters. A
server that checks it answers 501 and does not take the recipient; others report a wrong
original recipient in a notification. Usual causes: the address without \"rfc822;\", and addresses
with a plus sign (user+tag) that are not encoded: the plus must be +2B.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b+tag@example.net> ORCPT=rfc822;b+tag@example.net
s< 501 5.5.4 bad ORCPT parameter syntax
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
c> RCPT TO:<b+tag@example.net> ORCPT=rfc822;b+2Btag@example.net
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
    const MOST: usize = 500;
    let octets = flawed.flaw.range.len();
    if octets > MOST {
        return Some(Hit::new(format!("ORCPT has {octets} characters, {MOST} are allowed")));
    }
    let hit = plain(flawed)?;
    Some(Hit { message: format!("ORCPT: {}; the server may answer 501", hit.message), ..hit })
}
