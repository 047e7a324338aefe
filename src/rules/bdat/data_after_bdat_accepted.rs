use super::data_after_bdat::mixed;
use crate::rules::prelude::*;
use crate::rules::sequence::is_paired;

pub(super) const RULE: Rule = Rule {
    id: "data-after-bdat-accepted",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3030 §2"),
    title: "354 was given to DATA in a transaction that has used BDAT",
    help: "answer 503 to DATA after a BDAT of the same transaction",
    explanation: "\
RFC 3030 §2: \"If a DATA statement is issued after a BDAT for the current transaction, a 503
\"Bad sequence of commands\" MUST be issued.\" This server had accepted a chunk and then asked for
mail data: what becomes of the chunk nobody can tell. Filters that look at the chunks or at the
data alone can be passed that way. Usual causes: a server that treats BDAT and DATA as two
sources of one message, a proxy that knows only one of them.",
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
c> DATA
s< 503 5.5.1 BDAT or RSET
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Chunks, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.code() != Some(354) || !is_paired(step.case.session) {
        return None;
    }
    let chunk = mixed(step).filter(Step::is_accepted)?;
    let answer = step.answer()?;
    let text = format!(
        "{} was given to DATA although {} was accepted in the same transaction: the answer must be \
         503",
        answer.shown(),
        chunk.shown()
    );
    Some(Hit::new(text).on_answer(&answer))
}
