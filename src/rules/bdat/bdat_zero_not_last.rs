use super::chunk;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-zero-not-last",
    category: Category::Bdat,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "a chunk of no octets that is not the last",
    help: "send no empty chunks; end the message with BDAT 0 LAST",
    explanation: "\
RFC 3030 §2 allows a size of zero for the last chunk: it \"MAY have a byte-count of zero indicating
there is no additional data to be sent\". An empty chunk before says nothing, and some servers
refuse it as a syntax error, or take it for the end. Usual causes: a client that ends the message
with BDAT 0 and forgets LAST (then the message is never delivered), and one that sends its empty
buffer.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
c> BDAT 0
s< 250 2.0.0 0 octets
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
c> BDAT 0 LAST
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::OddChunks, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let chunk = chunk(step)?;
    let is_empty = chunk.octets == 0 && !chunk.last && step.parsed().is_some();
    is_empty.then(|| {
        let text = "an empty chunk that is not the last: only BDAT 0 LAST has a meaning";
        Hit::new(text).once()
    })
}
