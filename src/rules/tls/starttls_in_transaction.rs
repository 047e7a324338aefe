use super::STARTTLS;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "starttls-in-transaction",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3207 §4.2"),
    title: "STARTTLS was sent inside a mail transaction",
    help: "send STARTTLS right after the first EHLO, before MAIL",
    explanation: "\
With the TLS handshake \"the SMTP protocol is reset to the initial state\" (RFC 3207 §4.2): the
sender and recipients that were given before it are gone, and the client must begin again with
EHLO and MAIL. They have also crossed the network in clear. Postfix and Exim answer 503 to
STARTTLS inside a transaction. A client that goes on with DATA after the handshake loses the
message. Usual causes: a script with its lines in the wrong order, or a second attempt at TLS
after a refused one.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> STARTTLS
s< 503 5.5.1 not in a transaction
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
c> RSET
s< 250 2.0.0 ok
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# tls client 1024 server 4096
# end client-closed
",
    check: Check::Step(STARTTLS, Fact::Transaction, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    if !before.mail || before.tls || before.inferred {
        return None;
    }
    let what = match before.rcpt_accepted {
        0 => "after MAIL".to_owned(),
        number => format!("after MAIL and {number} RCPT"),
    };
    let message = format!("STARTTLS was sent {what}: with TLS the transaction is lost");
    Some(Hit::new(message))
}
