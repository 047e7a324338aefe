use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing};

pub(super) const RULE: Rule = Rule {
    id: "bdat-pipelined-not-offered",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start],
    rfc: Some("RFC 3030 §4.2; RFC 2920 §3.1"),
    title: "the next BDAT was sent before the reply, without PIPELINING",
    help: "wait for the reply to each chunk where PIPELINING is not offered",
    explanation: "\
Chunks may follow each other without waiting only if the server offers PIPELINING as well as
CHUNKING (RFC 3030 §4.2, RFC 2920 §3.1). A server without it may throw away what came before its
reply, and the rest of the message is missing; or, after a chunk that failed, it is not bound to
discard the chunks behind it (RFC 3030 §2) and reads them as commands. Usual causes: CHUNKING taken
for a leave to pipeline, an EHLO reply of another server that was remembered.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
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
s< 250 2.0.0 26 octets
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
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
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::Pipelined, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.previous().filter(|_| step.exchange.pipelined)?;
    let is_next = before.verb() == Some(Verb::Bdat) && !step.exchange.before.inferred;
    let Standing::Lacking(why) = standing(step, "PIPELINING") else { return None };
    is_next.then(|| {
        let text = format!(
            "{} was sent before the reply to {}: that needs PIPELINING, but {why}",
            step.shown(),
            before.shown()
        );
        Hit::new(text).once()
    })
}
