use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-port-reuse",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293"),
    title: "another connection took the same ports while this one was open",
    help: "find out why the client forgot the connection: a crash, or a NAT that gave its port away",
    explanation: "\
A SYN with new sequence numbers came for the same addresses and ports, and neither FIN nor RST had
ended this connection: for the one who sent it, it no longer existed. The new connection is a
session of its own here. A message that was on its way was not finished. Usual causes: a client
that was restarted, a NAT or a load balancer whose entry timed out and that gave the port to
another connection, or a recording that lacks the end of the first one.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# wire reuse
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.ending != Ending::Reused || session.closing.is_some() {
        return Vec::new();
    }
    let text =
        "another connection began between the same addresses and ports while this one was open";
    // The capture may lack its end.
    vec![Hit::new(text).sure(Confidence::Likely)]
}
