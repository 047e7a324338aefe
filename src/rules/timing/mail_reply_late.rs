use super::{COMMAND, late};
use crate::rules::prelude::*;

// rules.tsv: of a reply both it and its command must be there.
pub(super) const RULE: Rule = Rule {
    id: "mail-reply-late",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.2"),
    title: "the reply to MAIL came later than clients wait for it",
    help: "answer MAIL at once, and check senders with short timeouts or after the data",
    explanation: "\
RFC 5321 §4.5.3.2.2: a client waits at least 5 minutes for the reply to MAIL. This one came later, so
that a client that keeps to the minimum has given up: the mail is delayed, and sent again into the
same trap. Usual causes: sender verification by a callout to a host that does not answer, lookups in
DNS, LDAP or SQL that time out one after the other, a policy service that hangs. The time since the
reply before is counted, so that a long pipelined group is not blamed for its length.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
# pause 301s
s< 250 2.1.0 ok
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
# pause 299s
s< 250 2.1.0 ok
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::SlowReply, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    late(step, COMMAND, "MAIL")
}
