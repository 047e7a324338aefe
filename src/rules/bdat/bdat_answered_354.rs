use crate::rules::prelude::*;
use crate::rules::sequence::is_paired;

pub(super) const RULE: Rule = Rule {
    id: "bdat-answered-354",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3030 §2"),
    title: "354 was given to BDAT",
    help: "answer BDAT with 250 once its octets have come",
    explanation: "\
BDAT is followed by its octets at once; \"once the receiver-SMTP receives the specified number of
octets, it will return a 250 reply code\" (RFC 3030 §2). 354 belongs to DATA: it asks for a message
that ends with a dot. The client takes it for neither success nor failure; and a server that
waits for the dot reads the client's next commands as content. Usual causes: BDAT mapped to DATA
by a filter, a server that answers by its state instead of by the command.",
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
s< 354 go on
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
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::Unusual, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.code() != Some(354) || !is_paired(step.case.session) {
        return None;
    }
    let answer = step.answer()?;
    let text = format!(
        "{} was given to {}: the chunk was sent with it, and 250 or a refusal belongs here",
        answer.shown(),
        step.shown()
    );
    Some(Hit::new(text).on_answer(&answer).at(0..3).once())
}
