use crate::rules::offers::unoffered_param;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "rrvs-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 7293"),
    title: "RRVS was sent to a server that does not offer it",
    help: "send RRVS only where the last EHLO reply offers it",
    explanation: "\
A client may use what the server's EHLO reply offers, and nothing else (RFC 5321 §2.2.1). A
server that does not know RRVS answers 555 (RFC 5321 §4.1.1.11) or 501; one that ignores it
delivers the message to whoever owns the mailbox now, which the sender wanted to rule out. RFC
7293 has a header field for servers without the extension. Usual causes: a parameter set for all
servers, or an EHLO reply of another server that was remembered.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> RRVS=2014-04-03T23:01:00Z
s< 555 5.5.4 unsupported option: RRVS
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
c> RCPT TO:<b@example.net> RRVS=2014-04-03T23:01:00Z
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
    check: Check::Step(&[Request::Command(Verb::Rcpt)], Fact::Unoffered, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    unoffered_param(step, "RRVS", &step.param(b"RRVS")?)
}
