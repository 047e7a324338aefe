use super::{DATA, too_soon};
use crate::rules::prelude::*;

// rules.tsv: who closed, and what it had seen, only packets show.
pub(super) const RULE: Rule = Rule {
    id: "client-timeout-data-short",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Packets, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.4"),
    title: "the client left before the reply to DATA, sooner than after two minutes",
    help: "wait at least 2 minutes for the reply to DATA",
    explanation: "\
RFC 5321 §4.5.3.2.4 has a client wait at least 2 minutes for the 354 to DATA. This one closed the
connection sooner, while the server was still at work: a proxy that first passes the envelope on, or a
filter that is asked, takes its time. The client tries again later and meets the same delay. Usual
causes: one short timeout for all commands (the default of many libraries is 30 or 60 s), a limit on
the whole session, a user who cancelled. What the packets show is only who closed, and when.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
# pause 60s
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
# pause 121s
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let is_it = |step: &Step<'_>| step.verb() == Some(Verb::Data);
    too_soon(case, DATA, "4.5.3.2.4", is_it)
}
