use super::COMMAND;
use crate::rules::offers::unoffered_verb;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-not-advertised",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §4"),
    title: "AUTH was sent to a server that does not offer it",
    help: "send AUTH only where the last EHLO reply offers it; many servers do so inside TLS only",
    explanation: "\
A client may use the extensions that the reply to its EHLO offers. A server that does not offer
AUTH answers 500, 502 or 503, and the login fails; the password may have been sent in clear for
nothing. Many servers offer AUTH only inside TLS, or only on port 587. Usual causes: STARTTLS is
switched off in the client, the wrong port or host (an MX instead of the submission server), HELO
instead of EHLO, a fixed script, or a password guesser.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 STARTTLS
c> AUTH CRAM-MD5
s< 503 5.5.1 authentication not enabled
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(COMMAND, Fact::Unoffered, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // Without EHLO, that is what is wrong.
    if step.exchange.before.hello == Protocol::Unknown {
        return None;
    }
    unoffered_verb(step, "AUTH")
}
