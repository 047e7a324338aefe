use super::{COMMAND, too_soon};
use crate::rules::prelude::*;

// rules.tsv: who closed, and what it had seen, only packets show.
pub(super) const RULE: Rule = Rule {
    id: "client-timeout-mail-short",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Packets, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.2"),
    title: "the client left before the reply to MAIL, sooner than after five minutes",
    help: "wait at least 5 minutes for the reply to MAIL",
    explanation: "\
RFC 5321 §4.5.3.2.2 has a client wait at least 5 minutes for the reply to MAIL. This one closed the
connection sooner, while the server was still at work: it looks up the sender, asks a policy service,
or delays on purpose. The client tries again later and meets the same delay, so that the mail may
never get through though both hosts are well. Usual causes: one short timeout for all commands (the
default of many libraries is 30 or 60 s), a limit on the whole session, a user who cancelled. What the
packets show is only who closed, and when.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
# pause 30s
# end client-closed
# calm
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
# pause 301s
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let is_it = |step: &Step<'_>| step.verb() == Some(Verb::Mail);
    too_soon(case, COMMAND, "4.5.3.2.2", is_it)
}
