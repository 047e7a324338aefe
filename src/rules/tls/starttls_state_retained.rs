use super::{STARTTLS, behind, is_agreed};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "starttls-state-retained",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3207 §4.2"),
    title: "the server goes on inside TLS with what it learnt before",
    help: "begin anew after the TLS handshake: forget EHLO, AUTH and the open transaction",
    explanation: "\
RFC 3207 §4.2: after the handshake \"the SMTP protocol is reset to the initial state\", and the
server \"MUST discard any knowledge obtained from the client, such as the argument to the EHLO
command, which was not obtained from the TLS negotiation itself\". What came in clear may be
forged by anybody on the path: a sender, a recipient or a login from there must not count inside
TLS. Here the server took a RCPT or DATA for a transaction that was begun in clear; or it took
MAIL with no EHLO since the handshake, in which case it may also be a server that never asks for
EHLO (then this is less sure). It shows only in a dialog that was recorded in clear behind the
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
s< 250 2.1.0 ok
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
c> MAIL FROM:<a@example.org>
s< 503 5.5.1 EHLO first
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(STARTTLS, Fact::Transaction, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let is_hidden = step.case.is_packets() || step.case.session.tls.is_some();
    if is_hidden || !is_agreed(step) {
        return None;
    }
    let was = step.exchange.before;
    let kept = behind(step).find(|one| {
        let now = one.exchange.before;
        let is_open = was.mail && !now.mail && matches!(one.verb(), Some(Verb::Rcpt | Verb::Data));
        let is_known = was.hello != Protocol::Unknown && one.verb() == Some(Verb::Mail);
        let is_taken = one.is_accepted() || one.code() == Some(354);
        now.tls && now.hello == Protocol::Unknown && is_taken && (is_open || is_known)
    })?;
    // After MAIL inside TLS all is of this transaction.
    let is_mail = kept.verb() == Some(Verb::Mail);
    let (answer, shown) = (kept.answer()?, kept.shown());
    let (message, sure) = if is_mail {
        let text = format!(
            "the server accepted {shown} with no EHLO since the TLS handshake: it remembers the \
             EHLO that came in clear, or asks for none"
        );
        (text, Confidence::Likely)
    } else {
        let text = format!(
            "the server accepted {shown}, although the transaction was begun in clear, before TLS"
        );
        (text, Confidence::Certain)
    };
    (!kept.exchange.before.inferred).then(|| Hit::new(message).on_answer(&answer).sure(sure))
}
