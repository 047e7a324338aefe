use super::{COMMAND, late};
use crate::rules::prelude::*;

// rules.tsv: of a reply both it and its command must be there.
pub(super) const RULE: Rule = Rule {
    id: "rcpt-reply-late",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.3"),
    title: "the reply to RCPT came later than clients wait for it",
    help: "answer RCPT at once: expand lists and aliases after the message was accepted",
    explanation: "\
RFC 5321 §4.5.3.2.3: a client waits at least 5 minutes for the reply to RCPT; \"a longer timeout is
required if processing of mailing lists and aliases is not deferred until after the message was
accepted\". This reply came later, so that a client that keeps to the minimum has given up, and the
mail is delayed for all its recipients. Usual causes: a recipient check by callout to a host that is
down, a greylisting or policy service that hangs, a list that is expanded on the spot. The time since
the reply before is counted, so that a long pipelined group is not blamed for its length.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
# pause 301s
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
# pause 299s
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Rcpt)], Fact::SlowReply, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    late(step, COMMAND, "RCPT")
}
