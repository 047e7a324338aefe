use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "lmtp-on-smtp-port",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 2033 §5"),
    title: "LMTP was spoken on port 25",
    help: "use another port or a local socket for LMTP, and EHLO on port 25",
    explanation: "\
LHLO begins LMTP, which RFC 2033 §5 keeps away from TCP port 25: it answers the end of a message
once for each recipient, and takes mail only into mailboxes, without a queue. On port 25, SMTP
clients would meet it by chance and misread its replies. An SMTP server refuses LHLO with 500.
Usual cause: a delivery agent that is told the wrong port, or a server for both protocols on one
port.",
    bad: "\
# session 1 192.0.2.1:4242 > 192.0.2.2:25
s< 220 mx.example.net ESMTP
c> LHLO client.example.org
s< 500 5.5.1 this is SMTP
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
# session 1 192.0.2.1:4242 > 192.0.2.2:25
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Lhlo)], Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let session = step.case.session;
    let port = session.opening.peers?.server.port();
    let earlier = session.exchanges.get(..step.index as usize)?;
    let is_first = !earlier.iter().any(|one| one.request == Request::Command(Verb::Lhlo));
    (port == 25 && is_first).then(|| Hit::new("LHLO, the greeting of LMTP, was sent to port 25"))
}
