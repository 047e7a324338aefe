use super::is_informed;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-without-valid-recipient",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Order],
    rfc: Some("RFC 5321 §3.3"),
    title: "DATA was sent although every recipient had been refused",
    help: "after the last RCPT is refused, send RSET or QUIT instead of DATA",
    explanation: "\
Every RCPT had been refused and the client knew it, as it had read the replies; then it sent
DATA. RFC 5321 §3.3 lets the server answer 503 or 554 and forbids the client to send the message
after that. A server may also answer 354: then the client must end with nothing but a dot, or it
sends a message to nobody and may believe that it was delivered. With PIPELINING, DATA goes out
before the replies are known; that is not blamed. Usual cause: replies that are not read.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> DATA
s< 554 5.5.1 no valid recipients
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> DATA
s< 250 2.1.0 ok
s< 550 5.1.1 no such user
s< 554 5.5.1 no valid recipients
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Refused, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    let before = one.before;
    let is_vain = before.mail && before.rcpt_sent > 0 && before.rcpt_accepted == 0;
    let is_known = one.reply.is_some() && !before.inferred && is_informed(step);
    (is_vain && is_known && all_refused(step)).then(|| {
        Hit::new(format!(
            "DATA was sent although the client had seen that all of its recipients ({}) were \
             refused",
            before.rcpt_sent
        ))
    })
}

/// Whether each recipient of a DATA was plainly refused.
pub(super) fn all_refused(step: &Step<'_>) -> bool {
    let message =
        step.exchange.message.and_then(|one| step.case.session.messages.get(one as usize));
    message.is_some_and(|message| {
        let is_refused = |one: &Recipient| one.code.is_some_and(|code| code >= 400);
        message.elided_recipients == 0 && message.recipients.iter().all(is_refused)
    })
}
