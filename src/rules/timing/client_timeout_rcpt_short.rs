use super::{COMMAND, too_soon};
use crate::rules::prelude::*;

// rules.tsv: who closed, and what it had seen, only packets show.
pub(super) const RULE: Rule = Rule {
    id: "client-timeout-rcpt-short",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Packets, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.3"),
    title: "the client left before the reply to RCPT, sooner than after five minutes",
    help: "wait at least 5 minutes for the reply to RCPT",
    explanation: "\
RFC 5321 §4.5.3.2.3 has a client wait at least 5 minutes for the reply to RCPT, and longer where lists
and aliases are worked through on the spot. This one closed the connection sooner, while the server
was still at work: it may verify the recipient at another host, ask a policy service or expand a list.
The client tries again later and meets the same delay, so that the mail may never get through though
both hosts are well. Usual causes: one short timeout for all commands (the default of many libraries
is 30 or 60 s), a limit on the whole session, a user who cancelled.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
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
# pause 301s
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let is_it = |step: &Step<'_>| step.verb() == Some(Verb::Rcpt);
    too_soon(case, COMMAND, "4.5.3.2.3", is_it)
}
