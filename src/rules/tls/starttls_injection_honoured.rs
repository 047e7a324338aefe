use super::{STARTTLS, behind, is_agreed};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "starttls-injection-honoured",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3207 §4.2"),
    title: "the server carried out a command that came in clear behind STARTTLS",
    help: "update the server: it must empty its input buffer when it answers 220 to STARTTLS",
    explanation: "\
A command was sent together with STARTTLS, before the 220 to it, and so in clear; and the server
answered it behind the 220, inside TLS. RFC 3207 §4.2: the server \"MUST discard any knowledge
obtained from the client, […] which was not obtained from the TLS negotiation itself\". With
such a server anybody on the path can put commands in front of those of the true client, for
example MAIL, RCPT and DATA, and so gets its mail or its password sent to himself
(CVE-2011-0411: Postfix, Exim, qmail with a patch, and many more). It shows only in a dialog
that was recorded in clear behind the TLS.",
    bad: "\
# decrypted
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
c> NOOP
s< 220 2.0.0 ready to start TLS
s< 250 2.0.0 ok
c> EHLO client.example.org
s< 250-mx.example.net
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
s< 220 2.0.0 ready to start TLS
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> NOOP
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(STARTTLS, Fact::Pipelined, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let first = step.next().filter(|next| next.exchange.pipelined && is_agreed(step))?;
    let session = step.case.session;
    // Outside TLS, or where it is only counted, nobody sees what the server made of it.
    if step.case.is_packets() || session.tls.is_some() || !session.unsolicited.is_empty() {
        return None;
    }
    let answer = first.answer()?;
    // With a reply to each command, none was thrown away.
    let is_paired =
        behind(step).all(|one| one.exchange.reply.is_some()) && session.end == End::Quit;
    let is_hello = |one: &Step<'_>| matches!(one.verb(), Some(Verb::Ehlo | Verb::Lhlo));
    let is_its_own = is_hello(&first) || answer.reply.lines == 1;
    if !is_paired || !is_its_own || first.exchange.before.inferred {
        return None;
    }
    let message = format!(
        "{} was sent in clear, before the 220 to STARTTLS, and the server answered it inside TLS \
         with {}: what came before the handshake must be thrown away",
        first.shown(),
        answer.shown()
    );
    Some(Hit::new(message).on_answer(&answer))
}
