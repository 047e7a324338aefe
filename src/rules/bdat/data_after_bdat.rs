use super::{chunk, chunk_before, is_unknown};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-after-bdat",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "DATA in a transaction that has used BDAT",
    help: "send the whole message with BDAT or the whole message with DATA",
    explanation: "\
RFC 3030 §2: \"DATA and BDAT commands cannot be used in the same transaction.\" The server must
answer 503, what it then does with the chunks is indeterminate, and the client must send RSET.
A server that takes it may deliver the chunks, the data, or both as one message. Usual causes: a
client that falls back to DATA without RSET after a chunk failed, two layers that each send
content.",
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
c> DATA
s< 503 5.5.1 BDAT or RSET
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
c> RSET
s< 250 2.0.0 ok
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Chunks, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let chunk_step = mixed(step)?;
    let text = format!(
        "DATA comes after {} in the same transaction: RSET must come between them",
        chunk_step.shown()
    );
    Some(Hit::new(text))
}

/// The chunk with which a DATA is mixed.
pub(super) fn mixed<'s>(step: &Step<'s>) -> Option<Step<'s>> {
    let before = chunk_before(step).filter(|before| !is_unknown(before))?;
    // After the last chunk the transaction is over, unless that was refused.
    let is_inside = chunk(&before).is_some_and(|chunk| !chunk.last || before.is_refused());
    (is_inside && !step.exchange.before.inferred).then_some(before)
}
