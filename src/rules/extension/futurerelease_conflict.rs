use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "futurerelease-conflict",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4865 §4"),
    title: "HOLDFOR and HOLDUNTIL are given in one command",
    help: "give HOLDFOR or HOLDUNTIL, not both",
    explanation: "\
RFC 4865 §4 adds one parameter to MAIL, either as HOLDFOR, a number of seconds, or as HOLDUNTIL,
a date and time. With both, nobody knows when the message is to be released; a server answers
501, or obeys one of the two: the mail goes out too early or too late. Usual cause: a client
that adds the second form for servers that know only that one, or a relay that adds its own.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 FUTURERELEASE 86400 2030-01-01T00:00:00Z
c> MAIL FROM:<a@example.org> HOLDFOR=3600 HOLDUNTIL=2029-01-01T00:00:00Z
s< 501 5.5.4 HOLDFOR and HOLDUNTIL
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
s< 250 FUTURERELEASE 86400 2030-01-01T00:00:00Z
c> MAIL FROM:<a@example.org> HOLDUNTIL=2029-01-01T00:00:00Z
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
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
        "{} stands beside the other of HOLDFOR and HOLDUNTIL: only one of them is allowed",
        flawed.seen()
    )))
}
