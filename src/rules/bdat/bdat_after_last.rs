use super::{chunk, chunk_before, is_unknown};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-after-last",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "another BDAT after the last chunk of the message",
    help: "begin the next message with MAIL; send LAST only with the last chunk",
    explanation: "\
\"Any BDAT command sent after the BDAT LAST is illegal and MUST be replied to with a 503 \"Bad
sequence of commands\" reply code\" (RFC 3030 §2); then the client must send RSET. The server has
the message up to LAST and delivers it: what comes behind is lost, or becomes commands if the
server does not discard it. Usual causes: LAST on each chunk, BDAT 0 LAST after a chunk that said
LAST already, a client that resends a chunk.",
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
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 250 2.0.0 queued
c> BDAT 0 LAST
s< 503 5.5.1 MAIL first
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
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 250 2.0.0 queued
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::OddChunks, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = chunk_before(step).filter(|before| !is_unknown(before))?;
    let is_over = chunk(&before).is_some_and(|chunk| chunk.last);
    // If MAIL was sent between and refused, the transaction is another.
    let is_same = (before.index..step.index)
        .filter_map(|index| step.case.step(index))
        .all(|one| one.verb() != Some(Verb::Mail));
    if !is_over || !is_same || step.exchange.before.inferred {
        return None;
    }
    let text = format!(
        "{} comes after {}: the message is at its end, and the server must answer 503",
        step.shown(),
        before.shown()
    );
    Some(Hit::new(text))
}
