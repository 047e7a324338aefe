use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "rrvs-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 7293"),
    title: "RRVS is not a date and time, perhaps with ;C or ;R",
    help: "send RRVS= with a date and time of RFC 3339, and ;C or ;R behind it if at all",
    explanation: "\
RRVS names the time since when the recipient is known to own the mailbox (RFC 7293): a date and
time as in RFC 3339, with its time zone, and perhaps ;C to continue or ;R to reject where a
server on the way does not know the extension. A server that checks it answers 501 and does not
take the recipient; one that does not may deliver a private message to the new owner of an old
address, which RRVS is there to prevent. Usual causes: a date alone, no time zone, a blank
between date and time, or Unix seconds.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 RRVS
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> RRVS=2014-04-03
s< 501 5.5.4 bad RRVS parameter syntax
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
s< 250 RRVS
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> RRVS=2014-04-03T23:01:00Z;C
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
    let hit = plain(flawed)?;
    Some(Hit {
        message: format!("{}; the server may refuse the recipient with 501", hit.message),
        ..hit
    })
}
