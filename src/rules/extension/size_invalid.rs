use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "size-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 1870 §3"),
    title: "the value of SIZE= is not a number of octets",
    help: "give the size in octets, as 1 to 20 decimal digits",
    explanation: "\
RFC 1870 §3: \"size-value ::= 1*20DIGIT\", the size of the message in octets. Units, signs,
separators and an empty value are not allowed. The server answers 501 and the mail is not sent,
or it ignores the size and cannot say early that the message is too large. Usual causes: a
number that was formatted for people, a negative number or placeholder for an unknown size. A
client that does not know the size leaves the parameter out.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org> SIZE=12k
s< 501 5.5.4 bad message size syntax
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org> SIZE=00000000000000012000
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
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
        "{} where 1 to 20 digits belong: the server may answer 501, or not check the size",
        flawed.seen()
    )))
}
