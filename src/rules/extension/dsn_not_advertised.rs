use crate::rules::offers::unoffered_param;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "dsn-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 3461 §4"),
    title: "RET, ENVID, NOTIFY or ORCPT was sent to a server that does not offer DSN",
    help: "send RET, ENVID, NOTIFY and ORCPT only where the last EHLO reply offers DSN",
    explanation: "\
The client asked for delivery status notifications, but the server's EHLO reply does not offer
DSN. RFC 3461 §5.2.2 says of relaying to such a server: \"ENVID, NOTIFY, RET, or ORCPT parameters
MUST NOT be issued\". A server that does not know a parameter answers 555 (RFC 5321 §4.1.1.11) or
501, and the mail is not sent; one that ignores it sends none of the notifications that were
asked for. Usual causes: a parameter set for all servers in a script or a library, or an EHLO
reply of another server that was remembered. A filter between the two that strikes DSN out of
the EHLO reply has the same effect.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> NOTIFY=FAILURE,DELAY
s< 555 5.5.4 unsupported option: NOTIFY
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
c> RCPT TO:<b@example.net> NOTIFY=FAILURE,DELAY
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
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Rcpt)],
        Fact::Unoffered,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let words: [&[u8]; 2] = match step.verb()? {
        Verb::Rcpt => [b"NOTIFY", b"ORCPT"],
        _ => [b"RET", b"ENVID"],
    };
    let param = words.into_iter().find_map(|word| step.param(word))?;
    unoffered_param(step, "DSN", &param)
}
