use super::{chunk, chunk_before, is_open};
use crate::rules::prelude::*;

// rules.tsv: NOOP, HELP, VRFY and EXPN may come at any time (RFC 5321 §4.1.4), EHLO is a RSET, and of
// AUTH, STARTTLS and ETRN in a transaction other rules speak.
pub(super) const RULE: Rule = Rule {
    id: "bdat-command-between-chunks",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "MAIL or RCPT between the chunks of a message",
    help: "send all RCPTs before the first chunk, and only BDAT until LAST, or RSET",
    explanation: "\
Once a chunk was sent the envelope is closed: RFC 3030 §2 has the message sent \"after all MAIL and
RCPT responses are collected and processed\", as a series of BDATs up to LAST. A recipient that is
added later gets the message on one server and not on another, and the client believes whatever
reply it read. RSET gives the message up; NOOP, HELP, VRFY and EXPN may come at any time (RFC 5321
§4.1.4). Usual causes: two threads of a client on one connection, a client that lost count.",
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
c> RCPT TO:<c@example.net>
s< 503 5.5.1 BDAT or RSET
c> BDAT 0 LAST
s< 250 2.0.0 queued
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
c> NOOP
s< 250 2.0.0 ok
c> BDAT 0 LAST
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Rcpt)],
        Fact::Chunks,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let chunk_step = chunk_before(step).filter(is_open)?;
    let is_inside = chunk(&chunk_step).is_some_and(|chunk| !chunk.last);
    // With a MAIL that is accepted the message is given up: bdat-last-missing says so.
    let goes_on = step.verb() == Some(Verb::Rcpt) || step.is_refused();
    if !is_inside || !goes_on || step.exchange.before.inferred {
        return None;
    }
    let text = format!(
        "{} comes after {}, which is not the last chunk: until LAST only more chunks may follow, or \
         RSET",
        step.shown(),
        chunk_step.shown()
    );
    Some(Hit::new(text).once())
}
