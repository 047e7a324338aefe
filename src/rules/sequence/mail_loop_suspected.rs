use super::{first_word, is_hello};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "mail-loop-suspected",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Content],
    rfc: Some("RFC 5321 §6.3"),
    title: "the mail seems to go round in a loop",
    help: "look at the MX and the transports of the domain: mail for it must not come back here",
    explanation: "\
RFC 5321 §6.3: counting Received fields finds loops; a limit \"normally at least 100\" is asked
for. Here the server names itself as the client does in its EHLO, so that the client seems to
talk to itself or to a copy of itself (Postfix: \"mail loops back to myself\"), or a message has
30 or more Received fields, which few honest paths have. Usual causes: an MX that points at a
relay which does not know the domain as its own, two servers that each think the other is
responsible, forwarding in a ring, a cloned machine that kept its name. Both ends at one address
are not suspected.",
    bad: "\
s< 220 mx.example.org ESMTP
c> EHLO mx.example.org
s< 250 mx.example.org
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO mx.example.org
s< 250 mx.example.org, pleased to meet you
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::Loop, check),
};

/// So many Received fields few honest paths have; RFC 5321 §6.3 lets servers refuse at 100.
const MANY: u32 = 30;

fn check(case: Case<'_>) -> Vec<Hit> {
    let messages = case.session.messages.iter();
    let looping = messages.filter_map(|one| Some((one.mail?, one.content.received)));
    if let Some((mail, count)) = looping.max_by_key(|&(_, count)| count)
        && count >= MANY
    {
        let text = format!("the message has {count} Received fields: it may go round in a loop");
        return vec![Hit::new(text).on(On::Command(mail)).sure(Confidence::Likely)];
    }
    meets_itself(case).into_iter().collect()
}

/// Whether the server names itself as the client did.
fn meets_itself(case: Case<'_>) -> Option<Hit> {
    let hello = case.session.exchanges.iter().take(4).position(|one| {
        let is_accepted = one.reply.is_some_and(|reply| reply.code == Some(250));
        is_hello(one.request) && is_accepted
    })?;
    let step = case.step(u32::try_from(hello).ok()?)?;
    let answer = step.answer()?;
    let name = step.command().argument.trim_ascii();
    // Names that stand for anybody prove nothing.
    let is_own = first_word(&answer).eq_ignore_ascii_case(name)
        && name.contains(&b'.')
        && !name.starts_with(b"[")
        && !name.to_ascii_lowercase().starts_with(b"localhost");
    if !is_own || is_one_machine(case) {
        return None;
    }
    // A server that greets with another name only repeats the client's.
    let greeted = case.greeting().map(|greeting| first_word(&greeting)).unwrap_or_default();
    if greeted.contains(&b'.') && !greeted.eq_ignore_ascii_case(name) {
        return None;
    }
    let text = format!(
        "the server calls itself {}, as the client does: the mail may come back to where it was",
        shown(name)
    );
    Some(Hit::new(text).on_answer(&answer).sure(Confidence::Likely))
}

/// Whether both ends are known to be one machine.
fn is_one_machine(case: Case<'_>) -> bool {
    let peers = case.session.opening.peers;
    peers.is_some_and(|peers| {
        let (client, server) = (peers.client.ip(), peers.server.ip());
        client == server || client.is_loopback() || server.is_loopback()
    })
}
