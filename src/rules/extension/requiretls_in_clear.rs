use crate::rules::prelude::*;

// rules.tsv: has §4.1, which is about servers; the duty of the client stands in §2.
pub(super) const RULE: Rule = Rule {
    id: "requiretls-in-clear",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Offers],
    rfc: Some("RFC 8689 §2"),
    title: "REQUIRETLS was asked for in a session without TLS",
    help: "send STARTTLS and EHLO first, or do not send this message to this server",
    explanation: "\
RFC 8689 §2: REQUIRETLS \"MUST only be specified in the context of an SMTP session meeting the
security requirements\", the first of which is: \"The session itself MUST employ TLS
transmission.\" The sender asked that the message be protected on every hop, and here it goes, or
would go, over the wire in clear text for all to read. A client that cannot have TLS must not
send the message, but return it (§4.2.1). Usual causes: STARTTLS that was not tried or failed
and was passed over, or somebody between who strikes STARTTLS out of the EHLO reply. A proxy
that ends TLS before the recording's place looks the same.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250-STARTTLS
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
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250-STARTTLS
s< 250 REQUIRETLS
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
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::Uncommon, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let given = step.param(b"REQUIRETLS")?;
    // A server that offers STARTTLS inside TLS is not sound, but there may be one.
    let sure = if step.case.is_packets() { Confidence::Certain } else { Confidence::Likely };
    is_clear(step).then(|| {
        Hit::new(
            "REQUIRETLS was sent in clear text: the session must employ TLS, and the message must \
             not be sent without",
        )
        .at(given.range)
        .sure(sure)
    })
}

/// Whether the session is in clear text at `step`: its packets could be read, or the server
/// offers STARTTLS, which it does not do inside TLS (RFC 3207 §4.2). A transcript of a session
/// within TLS need not show that.
pub(super) fn is_clear(step: &Step<'_>) -> bool {
    let case = step.case;
    !step.exchange.before.tls
        && case.session.tls.is_none()
        && (case.is_packets() || step.offered().has("STARTTLS") == Some(true))
}
