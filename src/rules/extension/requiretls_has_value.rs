use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "requiretls-has-value",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 8689 §2"),
    title: "REQUIRETLS has a value",
    help: "send REQUIRETLS without = and value",
    explanation: "\
RFC 8689 §2: \"No value is associated with this parameter.\" A server that checks it answers 501
and the mail is not sent; one that does not may take it for an unknown parameter and pass the
message on without protection. Usual cause: REQUIRETLS=YES or =1, after the manner of other
parameters. An early draft of the extension had values; no RFC does.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 REQUIRETLS
c> MAIL FROM:<a@example.org> REQUIRETLS=YES
s< 501 5.5.4 bad REQUIRETLS parameter
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
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 REQUIRETLS
c> MAIL FROM:<a@example.org> requiretls
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
        "{}: this parameter has no value; the server may answer 501",
        flawed.seen()
    )))
}
