use super::{STARTTLS, behind, is_agreed};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "starttls-ehlo-missing",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3207 §4.2"),
    title: "the client did not send EHLO again inside TLS",
    help: "send EHLO as the first command after the handshake, and use only what its reply offers",
    explanation: "\
RFC 3207 §4.2: \"The client SHOULD send an EHLO command as the first command after a successful
TLS negotiation\", and it \"MUST discard any knowledge obtained from the server, such as the
list of SMTP service extensions\": what the server said in clear may be forged, and inside TLS
it may offer more, such as AUTH, or less. The server has forgotten the first EHLO, too, so that
it may answer 503 to what follows. QUIT may come first: that is how a client leaves that does
not like what TLS has shown it. It shows only in a dialog that was recorded in clear behind the
TLS.",
    bad: "\
# decrypted
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
c> MAIL FROM:<a@example.org>
s< 503 5.5.1 EHLO first
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
# decrypted
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(STARTTLS, Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // What packets show in clear is not inside TLS.
    let is_hidden = step.case.is_packets() || step.case.session.tls.is_some();
    if is_hidden || !is_agreed(step) {
        return None;
    }
    let first = behind(step).find(|one| !one.exchange.pipelined)?;
    // Who says HELO here needs no list, another STARTTLS is told as a repetition, and what is no
    // command may be a note of the log.
    let is_wrong = !matches!(
        first.verb()?,
        Verb::Ehlo | Verb::Lhlo | Verb::Helo | Verb::Quit | Verb::Starttls | Verb::Other
    );
    if !is_wrong || first.exchange.before.inferred {
        return None;
    }
    let message = format!(
        "{} is the first command inside TLS, where EHLO belongs: server and client have \
         forgotten what they said before",
        first.shown()
    );
    Some(Hit::new(message).on(On::Command(first.index)))
}
