use super::data_without_valid_recipient::all_refused;
use super::is_paired;
use crate::rules::prelude::*;

// rules.tsv: RFC 2920 says this in §3.2; §3.1 is about clients.
pub(super) const RULE: Rule = Rule {
    id: "data-accepted-without-recipient",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §3.3; RFC 2920 §3.2"),
    title: "354 was given although no recipient had been accepted",
    help: "answer DATA with 554 while no recipient is accepted",
    explanation: "\
RFC 2920 §3.2: a server \"SHOULD issue a positive response to the DATA command if and only if one
or more valid RCPT TO addresses have been previously received.\" RFC 5321 §3.3 lets it answer 503
or 554. With 354 the client has to send at least a dot, and the server must not send that empty
message to anybody; a client that does not look sends its whole message to nobody. LMTP servers
must answer 503 (RFC 2033). Usual cause: a filter in front of the server that takes DATA before
the server behind it was asked.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> DATA
s< 354 go on
c> .
s< 554 5.5.1 no valid recipients
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> RCPT TO:<c@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Refused, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    let is_vain = before.mail && before.rcpt_sent > 0 && before.rcpt_accepted == 0;
    if step.code() != Some(354) || !is_vain || before.inferred || !is_paired(step.case.session) {
        return None;
    }
    let answer = step.answer().filter(|_| all_refused(step))?;
    let text = format!(
        "{} permits content although all recipients ({}) were refused: the message goes to nobody",
        answer.shown(),
        before.rcpt_sent
    );
    Some(Hit::new(text).on_answer(&answer))
}
