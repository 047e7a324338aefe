use super::{is_local, port};
use crate::rules::prelude::*;
use crate::rules::reply::offer_line;

pub(super) const RULE: Rule = Rule {
    id: "starttls-offered-unused",
    category: Category::Tls,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Whole, Need::Offers],
    rfc: Some("RFC 3207 §6"),
    title: "mail was sent in clear although the server offers STARTTLS",
    help: "switch TLS on in the client, at least where the server offers it",
    explanation: "\
The server offers STARTTLS, and the client sent its mail without asking for it: all on the path
can read and change it, the login included. RFC 3207 §6: a client must be able to require TLS,
and \"the additional option of using TLS when possible SHOULD also be provided\". Usual causes:
TLS is off, as it was by default in older versions (Postfix smtp_tls_security_level, Sendmail),
an old script, a client that had no luck with TLS before and remembers it. Inside one network it
may be meant so. Once a session; of sessions inside one machine, and of port 587, which has a
rule of its own, it does not speak.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> MAIL FROM:<a@example.org>
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
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::TlsUnused, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let mut messages = session.messages.iter().filter(|one| one.transfer.is_some());
    let Some(first) = messages.next().and_then(|message| case.mail(message)) else {
        return Vec::new();
    };
    // Of port 587 submission-without-tls speaks.
    if is_local(case) || session.tls.is_some() || port(session) == Some(587) {
        return Vec::new();
    }
    let hello = session.hellos.iter().rev().find(|hello| hello.exchange < first.index);
    let Some(hello) = hello.and_then(|hello| case.step(hello.exchange)) else { return Vec::new() };
    let Some((line, at)) = offer_line(&hello, "STARTTLS").filter(|_| !hello.exchange.before.tls)
    else {
        return Vec::new();
    };
    let sent = count(1 + messages.count() as u64, "message");
    let message = format!("STARTTLS is offered here, and the client sent {sent} in clear");
    vec![Hit::new(message).on(On::Reply(Of::Exchange(hello.index), line)).at(at)]
}
