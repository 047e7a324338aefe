use super::{chunk, chunk_before};
use crate::rules::prelude::*;
use crate::rules::sequence::is_informed;

pub(super) const RULE: Rule = Rule {
    id: "bdat-continued-after-failure",
    category: Category::Bdat,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Order],
    rfc: Some("RFC 3030 §2"),
    title: "more chunks after one that was refused",
    help: "after a refused chunk send RSET or QUIT, and no more BDAT",
    explanation: "\
RFC 3030 §2: after a 4yz or 5yz reply to a BDAT \"the transaction should be considered failed and
the sender-SMTP MUST NOT send any additional BDAT segments\", and \"a RSET command MUST be issued\".
The client had read the refusal before it sent the next chunk (chunks that were on their way
already are not blamed). Servers discard what comes; one that does not may deliver a message from
which a part is missing. Usual cause: replies to chunks that are not read.",
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
s< 452 4.3.1 disk full
c> BDAT 0 LAST
s< 452 4.3.1 disk full
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
c> BDAT 0 LAST
s< 452 4.3.1 disk full
s< 452 4.3.1 disk full
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::Refused, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = chunk_before(step).filter(Step::is_refused)?;
    let is_last = chunk(&before).is_none_or(|chunk| chunk.last);
    // Chunks between them may have been on their way already.
    let is_known = is_informed(step) && !step.exchange.before.inferred;
    if is_last || !is_known || step.exchange.before.closing {
        return None;
    }
    let text = format!(
        "{} was sent although the client had read {} for {}: it must send RSET instead",
        step.shown(),
        before.answer()?.shown(),
        before.shown()
    );
    Some(Hit::new(text).once())
}
