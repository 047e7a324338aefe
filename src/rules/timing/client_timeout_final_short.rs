use super::{AT_ONCE, FINAL, ends_message, too_soon};
use crate::rules::prelude::*;
use crate::rules::sequence::waited;

// rules.tsv: who closed, and what it had seen, only packets show.
pub(super) const RULE: Rule = Rule {
    id: "client-timeout-final-short",
    category: Category::Timing,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Packets, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.6"),
    title: "the client left before the end of the data was answered, within ten minutes",
    help: "wait at least 10 minutes for the reply to the end of the data",
    explanation: "\
RFC 5321 §4.5.3.2.6 has a client wait at least 10 minutes for the reply to the final period: \"a spurious
timeout at this point would be very wasteful and would typically result in delivery of multiple
copies of the message, since it has been successfully sent and the server has accepted responsibility
for delivery\". This client closed the connection sooner. It has to send the message again, and its
recipients get it as often as the server takes longer than the client waits. Usual causes: one short
timeout for all commands (the default of many libraries is 30 or 60 s), a user who cancelled. A server
that takes minutes here is at fault, too: see stall-after-final-dot.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> text
c> .
# pause 90s
# end client-closed
# calm
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> text
c> .
# pause 601s
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    // Of who leaves at once, data-duplicate-risk speaks: that is no timeout.
    let is_timeout = |step: &Step<'_>| waited(step).is_some_and(|waited| waited >= AT_ONCE);
    let is_it = |step: &Step<'_>| ends_message(step) && is_timeout(step);
    too_soon(case, FINAL, "4.5.3.2.6", is_it)
}

/// Whether this rule tells that the client left.
pub(in crate::rules) fn is_final_too_short(case: Case<'_>) -> bool {
    !check(case).is_empty()
}
