use super::{FINAL, ends_message, late};
use crate::rules::prelude::*;

// rules.tsv: of a reply both it and its command must be there.
pub(super) const RULE: Rule = Rule {
    id: "data-final-reply-late",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.6"),
    title: "the reply to the end of the data came later than clients wait for it",
    help: "queue the message and answer, and do slow work after that",
    explanation: "\
RFC 5321 §4.5.3.2.6: a client waits at least 10 minutes for the reply to the final period. \"A spurious
timeout at this point would be very wasteful and would typically result in delivery of multiple
copies of the message\": the client that has given up cannot know that the message was taken, and
sends it again. This reply came later than that. Usual causes: a content filter that is overloaded
or hangs, delivery to a mailbox or a list before the reply, a next host that is waited for. That this
client still waited saved the recipients from a second copy; others will not wait.",
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
# pause 601s
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
s< 354 go on
c> Subject: hello
c>
c> text
c> .
# pause 599s
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::EndOfData, Request::Command(Verb::Bdat)], Fact::SlowReply, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if ends_message(step) { late(step, FINAL, "the end of the data") } else { None }
}
