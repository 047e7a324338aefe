use crate::rules::prelude::*;
use crate::rules::sequence::is_paired;

// rules.tsv: a malformed one is an error already, of reply-malformed.
pub(super) const RULE: Rule = Rule {
    id: "data-final-reply-invalid",
    category: Category::Data,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.3.2"),
    title: "the end of data was answered with 3yz",
    help: "answer the end of data with 250, or with a 4yz or 5yz refusal",
    explanation: "\
After the end of data RFC 5321 §4.3.2 knows 250, 4yz and 5yz. 3yz says that more is to come, and
nothing is: the client does not know who has the message. It may wait for a second reply, send
the message again, or believe that it was taken. Usual causes: a server that asks for more because
it has not seen the end of data where the client put it, replies that are one step behind. Of lines
that are no replies at all reply-malformed speaks.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
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
s< 250 SIZE 10240000
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
    check: Check::Step(&[Request::EndOfData], Fact::Unusual, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.class() != Some(Class::Intermediate) || !is_paired(step.case.session) {
        return None;
    }
    let answer = step.answer().filter(|_| !step.exchange.before.inferred)?;
    let text = format!(
        "{} was given to the end of data: it says neither that the message was taken nor that it was \
         refused",
        answer.shown()
    );
    Some(Hit::new(text).on_answer(&answer).at(0..3))
}
