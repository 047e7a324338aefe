use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tls-undecrypted",
    category: Category::Tls,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "what was said inside TLS was not read",
    help: "take the dialog from a log of the client or server if it matters what was said inside TLS",
    explanation: "\
The session went into TLS. Nothing is decrypted: from there on there are packets, sizes and
times, but no commands and replies, and no rule about them has been judged. So a session without
findings may have faults that do not show. What TLS itself shows in clear (hellos, before TLS
1.3 the certificate, alerts) was judged. To see the rest, use a transcript: client and server
programs can log the dialog, and a program such as tshark with the keys of the session can write
it (\"follow TLS stream\").",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# tls client 1024 server 4096
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 454 4.7.0 TLS not available due to temporary reason
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Tls, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(tls) = case.session.tls.as_deref() else { return Vec::new() };
    // Of a handshake that failed nothing is hidden.
    let is_failed = tls.facts.completed() == Some(false);
    if is_failed || tls.bytes.client == 0 || tls.bytes.server == 0 {
        return Vec::new();
    }
    let message = format!(
        "{} bytes of the client and {} of the server are TLS records that were not decrypted: \
         the commands and replies in them are not judged",
        tls.bytes.client, tls.bytes.server
    );
    vec![Hit::new(message).on(On::Moment(tls.begun))]
}
