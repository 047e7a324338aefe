use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "dsn-envid-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3461 §4.4"),
    title: "ENVID is not in xtext, or longer than 100 characters",
    help: "encode ENVID as xtext (+ and = as +2B and +3D), in at most 100 characters",
    explanation: "\
RFC 3461 §4.4: the value of ENVID is in xtext (§4), in which plus, equals and all octets that
are not printable ASCII are written as + and two upper-case hexadecimal digits; what is encoded
must be printable ASCII, and the whole parameter has at most 100 characters. A server that
checks it answers 501 and the mail is not sent; others put an identifier into a notification
that the sender cannot match with what it sent. Usual causes: a Message-ID, base64 or a URL as
identifier, not encoded.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org> ENVID=order+1
s< 501 5.5.4 bad ENVID parameter syntax
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
c> MAIL FROM:<a@example.org> ENVID=order+2B1
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
    const MOST: usize = 100;
    let octets = flawed.flaw.range.len();
    if octets > MOST {
        return Some(Hit::new(format!("ENVID has {octets} characters, {MOST} are allowed")));
    }
    let hit = plain(flawed)?;
    Some(Hit { message: format!("ENVID: {}; the server may answer 501", hit.message), ..hit })
}
