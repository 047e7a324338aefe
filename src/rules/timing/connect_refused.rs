use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "connect-refused",
    category: Category::Timing,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293 §3.5.2"),
    title: "the connection attempt was answered with a reset",
    help: "see that the server runs and listens there, and that no firewall refuses in its name",
    explanation: "\
The client's SYN was answered with RST (RFC 9293 §3.5.2): nothing listens on that port, or a
firewall refuses in the server's name. The client tries the next server or keeps the mail in its
queue; nothing is lost yet. A server that is overloaded or restarted refuses for a while; a wrong
MX or port does so for ever.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# end refused
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# end no-answer
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.end != End::Refused {
        return Vec::new();
    }
    let after =
        session.duration().map_or_else(String::new, |after| format!(" after {}", lasting(after)));
    vec![Hit::new(format!("the SYN was answered with RST{after}: nobody takes connections there"))]
}
