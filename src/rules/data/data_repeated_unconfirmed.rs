use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-repeated-unconfirmed",
    category: Category::Data,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Whole],
    rfc: Some("RFC 5321 §4.1.1.4"),
    title: "DATA was sent again while the message before had no final reply",
    help: "wait for the reply to the end of data, and begin the next message with MAIL",
    explanation: "\
The end of data \"requires the server to process the stored mail transaction\" and to send one reply
(RFC 5321 §4.1.1.4): only with it does the client know who has the message. Here the client sent the
next DATA without it. The server answered that and never the end of data before, or answers one
for the other: which message was taken nobody can tell, and mail is lost or doubled. Usual causes:
a client that takes the 354 for the final reply, a client and a server that disagree on where the
message ends.",
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
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Unanswered, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // What lies between was sent without waiting, too.
    let before = (0..step.index).rev().take(64).filter_map(|index| step.case.step(index));
    let mut waiting = before.take_while(|one| one.exchange.reply.is_none());
    let end = waiting.find(|one| one.exchange.request == Request::EndOfData)?;
    // A reply that came too early, or for nothing, may be the one.
    if step.exchange.reply.is_none() || !step.case.session.unsolicited.is_empty() {
        return None;
    }
    let mail = (end.index..step.index).filter_map(|index| step.case.step(index));
    let is_next = mail.into_iter().any(|one| one.verb() == Some(Verb::Mail));
    let text = format!(
        "DATA was sent {}although the message before never got its final reply: which of the two the \
         server has taken cannot be told",
        if is_next { "for the next message " } else { "again " }
    );
    Some(Hit::new(text))
}
