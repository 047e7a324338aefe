use super::requiretls_in_clear::is_clear;
use crate::rules::offers::unoffered_param;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "requiretls-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 8689 §4.2"),
    title: "REQUIRETLS was sent to a server that does not offer it",
    help: "send REQUIRETLS only where the EHLO reply inside TLS offers it",
    explanation: "\
RFC 8689 §4.2.1: the client must \"ensure that the response to the subsequent EHLO following
establishment of the TLS protection advertises the REQUIRETLS capability\"; else it leaves and,
if no other server of the domain offers it, returns the message with 5.7.30. A server that does
not know the parameter answers 555 (RFC 5321 §4.1.1.11) or 501; one that ignores it may pass the
message on in clear text. Usual cause: a client that takes the sender's wish for the server's
offer.",
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
s< 250 8BITMIME
c> MAIL FROM:<a@example.org> REQUIRETLS
s< 555 5.5.4 unsupported option: REQUIRETLS
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
c> MAIL FROM:<a@example.org> REQUIRETLS
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
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::Unoffered, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let given = step.param(b"REQUIRETLS")?;
    // In clear text nothing could have made it right.
    if is_clear(step) {
        return None;
    }
    unoffered_param(step, "REQUIRETLS", &given)
}
