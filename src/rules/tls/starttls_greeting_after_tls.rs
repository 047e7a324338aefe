use super::{STARTTLS, is_agreed};
use crate::rules::prelude::*;

// rules.tsv: which 220 is that to STARTTLS only the client's commands show.
pub(super) const RULE: Rule = Rule {
    id: "starttls-greeting-after-tls",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3207 §4.2"),
    title: "the server greets again inside TLS",
    help: "let the server wait for EHLO after the handshake; see that no second one stands behind it",
    explanation: "\
After the handshake the protocol is \"in the state in SMTP after a server issues a 220 service
ready greeting\" (RFC 3207 §4.2): the server says nothing until the client sends EHLO. A second
greeting is taken for the reply to that EHLO, and all replies after it are one out of step; a
careful client gives up, a careless one believes the wrong replies. Usual cause: a proxy or
balancer that does STARTTLS itself and then connects to a server behind it, whose greeting it
passes on. It shows only in a dialog that was recorded in clear behind the TLS.",
    bad: "\
# decrypted
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
s< 220 mx2.example.net ESMTP
c> EHLO client.example.org
s< 250-mx2.example.net
s< 250 SIZE 10240000
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
s< 220-2.0.0 ready to start TLS
s< 220 2.0.0 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(STARTTLS, Fact::Unsolicited, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let session = step.case.session;
    if step.case.is_packets() || session.tls.is_some() || !is_agreed(step) {
        return None;
    }
    let is_first = |one: u32| one == step.index + 1;
    let index = (0..).zip(&session.unsolicited).find(|(_, one)| is_first(one.after));
    // It came before EHLO, or in the place of the reply to it.
    let answer = match index.and_then(|(index, _)| step.case.answer(Of::Unsolicited(index))) {
        Some(answer) => answer,
        None => step.next().filter(|next| next.verb() == Some(Verb::Ehlo))?.answer()?,
    };
    if answer.code() != Some(220) {
        return None;
    }
    let message = format!(
        "{} came inside TLS: a second greeting, which the client takes for the reply to its EHLO",
        answer.shown()
    );
    Some(Hit::new(message).on_answer(&answer))
}
