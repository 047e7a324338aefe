use crate::rules::lenient;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "smuggle-nul-before-dot",
    category: Category::LineEnding,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::LineEnds, Need::Content],
    rfc: Some("RFC 5321 §4.1.1.4"),
    title: "CRLF NUL \".\" CRLF inside a message, an end of data for lenient servers",
    help: "double each dot that begins a line, send CRLF and never CR or LF alone; look for an attack",
    explanation: "\
Only \"<CRLF>.<CRLF>\" ends mail data (RFC 5321 §4.1.1.4); here CRLF NUL \".\" CRLF stands in a
message that goes on. Two servers that disagree on it read two different sequences of messages:
a message hidden behind it is sent in the name of the first server, with its address and its
signature. A server or relay that drops NULs, or that ends its strings at them, sees a dot alone
in its line here; one that keeps the NUL does not double the dot. Usual causes: an attack, or a
test for it; seldom a client that neither doubles dots nor mends line ends of a file it sends.
Not blamed: a client that ends its own message so and then waits.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: a
c>
# escaped
c> hello\\x0d\\x0a\\x00.\\x0d\\x0aMAIL FROM:<a@example.org>
c> RCPT TO:<c@example.net>
c> DATA
c> Subject: b
c>
c> hidden
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: a
c>
# escaped
c> hello\\x0d\\x0a\\x00..\\x0d\\x0aMAIL FROM:<a@example.org>
c> RCPT TO:<c@example.net>
c> DATA
c> Subject: b
c>
c> hidden
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    lenient::found(case, message, DataEnd::NulBefore)
}
