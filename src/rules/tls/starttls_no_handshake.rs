use super::{STARTTLS, behind, is_agreed, is_text};
use crate::rules::prelude::*;

// rules.tsv: a transcript shows what was sent inside TLS as if it were in clear, so that packets are
// needed.
pub(super) const RULE: Rule = Rule {
    id: "starttls-no-handshake",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Packets, Need::Whole],
    rfc: Some("RFC 3207 §4"),
    title: "the server agreed to STARTTLS, and no TLS handshake came",
    help: "let the client begin the TLS handshake as soon as it has read the 220",
    explanation: "\
RFC 3207 §4: \"After receiving a 220 response to a STARTTLS command, the client MUST start the
TLS negotiation before giving any other SMTP commands.\" Here the client had received the 220,
and then went on in clear, which a server that awaits TLS cannot read, or closed the connection.
Closing is what the RFC advises where \"some failure prevents it from actually starting a TLS
handshake\"; no mail goes then, and the reason is on the client's side: a TLS library or
certificate store that cannot be loaded, or a program that only wanted to see whether the server
has TLS.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 454 4.7.0 TLS not available due to temporary reason
# end client-closed
",
    check: Check::Step(STARTTLS, Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let session = step.case.session;
    if session.tls.is_some() || !is_agreed(step) {
        return None;
    }
    let closing = session.closing.as_deref()?;
    let Some(first) = step.next() else {
        let left =
            closing.sides.client.filter(|left| closing.first == Side::Client && !left.open)?;
        let message = "the client closed the connection after the 220 to STARTTLS, and began no \
                       TLS handshake";
        return Some(Hit::new(message).on(On::Moment(left.mark)));
    };
    // What was sent before the 220 was seen has a rule of its own, and what is answered, too.
    let is_unanswered = behind(step).all(|one| one.exchange.reply.is_none());
    let is_whole = !first.exchange.cut && !first.exchange.pipelined && is_text(&first);
    if !is_unanswered || !is_whole || !session.unsolicited.is_empty() {
        return None;
    }
    let message = format!(
        "the client sent {} in clear after the 220 to STARTTLS, where the TLS handshake belongs, \
         and the server did not answer it",
        first.shown()
    );
    Some(Hit::new(message).on(On::Command(first.index)))
}
