use super::{DATA, late};
use crate::rules::prelude::*;

// rules.tsv: of a reply both it and its command must be there.
pub(super) const RULE: Rule = Rule {
    id: "data-reply-late",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.4"),
    title: "the reply to DATA came later than clients wait for it",
    help: "answer DATA at once, and do slow checks at RCPT or after the data",
    explanation: "\
RFC 5321 §4.5.3.2.4: a client waits at least 2 minutes for the reply to DATA. This one came later: a
client that keeps to the minimum has given up by then, and the mail is delayed. Usual causes: the
server first connects to the next host or to a filter before it says 354 (a proxy that passes the
envelope on), or waits for a lock or a full disk. The time since the reply before is counted, so that
a long pipelined group is not blamed for its length.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
# pause 121s
s< 354 go on
c> Subject: hello
c>
c> text
c> .
s< 250 2.0.0 queued
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
s< 250 2.1.5 ok
c> DATA
# pause 119s
s< 354 go on
c> Subject: hello
c>
c> text
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::SlowReply, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    late(step, DATA, "DATA")
}
