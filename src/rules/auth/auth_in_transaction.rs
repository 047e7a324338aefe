use super::COMMAND;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-in-transaction",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §4"),
    title: "AUTH was sent inside a mail transaction",
    help: "authenticate before MAIL, or send RSET first",
    explanation: "\
\"The AUTH command is not permitted during a mail transaction\", and a server must answer 503
(RFC 4954 §4): who sends the message has been settled with MAIL. Usual causes: a client that tries
to log in only when MAIL or RCPT was answered with 530 or 550, and does not give up the transaction
first; a script in the wrong order.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> AUTH CRAM-MD5
s< 503 5.5.1 not permitted in a transaction
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> MAIL FROM:<a@example.org>
s< 530 5.7.0 authentication required
c> AUTH CRAM-MD5
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(COMMAND, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    // Where bytes are missing, the transaction may have ended in them.
    if !one.before.mail || one.before.inferred || one.reply.is_none() {
        return None;
    }
    let command = step.command();
    let hit = Hit::new(
        "AUTH was sent after MAIL was accepted, and is not permitted in a transaction: the server \
         must answer 503",
    );
    Some(hit.at(command.word_at..command.word_at + command.word.len()))
}
