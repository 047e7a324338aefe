use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-reset",
    category: Category::Transport,
    severity: Severity::Warning,
    party: Party::Network,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293 §3.5.2"),
    title: "the connection was reset while the dialog was open",
    help: "find out who sent the RST: the side itself, or something on the path in its name",
    explanation: "\
A RST ended the connection, with neither QUIT answered nor a FIN before it. Whatever was on its
way is lost; a message that was not accepted yet stays with the client, which will try again. A
program that dies, or closes a connection with data still unread, sends RST; so do firewalls,
load balancers and intrusion prevention systems, which forge it in the name of either side. A
capture at both ends tells: a RST that its sender did not send, and one whose time to live differs
from that of the other packets, is forged.",
    bad: "\
# calm
# wire-end reset server
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
",
    good: "\
# calm
# wire-end reset server
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.end != End::Reset {
        return Vec::new();
    }
    let Some(closing) = session.closing.as_deref() else { return Vec::new() };
    let side = closing.first;
    let Some(left) = closing.sides.of(side).filter(|left| left.reset) else { return Vec::new() };
    let said = session.exchanges.iter().rev().find_map(|one| one.reply);
    let last = said.or(session.greeting).map(|reply| {
        let text = session.bytes(reply.text);
        let line = text.split(|&octet| octet == b'\n').next_back().unwrap_or_default();
        format!("; the last reply was {}", shown(line))
    });
    let (name, during) = (side.name(), case.during(left.mark));
    let text =
        format!("a RST of the {name} ended the connection {during}{}", last.unwrap_or_default());
    vec![Hit::new(text).on(On::Moment(left.mark))]
}
