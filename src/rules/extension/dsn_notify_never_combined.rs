use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "dsn-notify-never-combined",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3461 §4.1"),
    title: "NOTIFY=NEVER is combined with other words",
    help: "send NOTIFY=NEVER by itself, or leave NEVER out",
    explanation: "\
RFC 3461 §4.1: \"the NEVER keyword MUST appear by itself.\" NEVER asks for no notification at all,
the other words ask for some: nobody can do both. Servers answer 501, or choose one of the two:
then the sender gets notifications that were not wanted, or never learns that the mail was not
delivered. Usual cause: a program that adds NEVER to a list of options instead of replacing it.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> NOTIFY=NEVER,DELAY
s< 501 5.5.4 bad NOTIFY parameter syntax
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
c> RCPT TO:<b@example.net> NOTIFY=NEVER
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
        "{} stands in a list, but NEVER must appear by itself: it contradicts the other words",
        flawed.seen()
    )))
}
