use super::STARTTLS;
use super::starttls_gate_violated::is_gate;
use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing};

pub(super) const RULE: Rule = Rule {
    id: "starttls-rejected",
    category: Category::Tls,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 3207 §4"),
    title: "the server offers STARTTLS and refuses it",
    help: "look in the server's log why TLS was not available; else do not offer STARTTLS",
    explanation: "\
The EHLO reply offers STARTTLS, and the command was answered 4yz or 5yz. RFC 3207 §4 has 454
\"TLS not available due to temporary reason\" for it. The client then decides: it sends in
clear, tries again later, or gives the mail back (§6). Usual causes: a certificate or key that
cannot be read or has expired, a limit on TLS sessions, a list of clients for which TLS is off.
Anybody on the path can also write such a reply, to keep the client from TLS.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 454 4.7.0 TLS not available due to temporary reason
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> STARTTLS
s< 503 5.5.1 not in a transaction
c> RSET
s< 250 2.0.0 ok
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# tls client 1024 server 4096
# end client-closed
",
    check: Check::Step(STARTTLS, Fact::Refused, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    let answer = step.answer().filter(|_| step.is_refused())?;
    // Of an unknown command and of a gate other rules speak; the others are reasons to refuse it.
    // 421 may come at any time, and says nothing of TLS.
    let is_other = matches!(answer.code(), Some(421 | 500 | 502 | 504)) || is_gate(&answer);
    let is_out_of_place = before.tls || before.mail || before.closing;
    let is_legal = step.parsed().is_some_and(|parsed| parsed.flaws.is_empty());
    if is_other || is_out_of_place || !is_legal {
        return None;
    }
    let Standing::Offered(_) = standing(step, "STARTTLS") else { return None };
    let message = format!(
        "{} to STARTTLS, which the EHLO reply offers: the client must go on in clear, or try later",
        answer.shown()
    );
    Some(Hit::new(message).on_answer(&answer))
}
