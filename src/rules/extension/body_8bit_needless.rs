use crate::rules::prelude::*;
use crate::rules::standing::is;
use crate::smtp::extension::EIGHTBITMIME;

pub(super) const RULE: Rule = Rule {
    id: "body-8bit-needless",
    category: Category::Extension,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 6152 §3"),
    title: "BODY=8BITMIME was declared for a message that is all ASCII",
    help: "declare BODY=8BITMIME only for messages with octets above 127",
    explanation: "\
The client declared 8-bit content, and every octet of the message was ASCII. Nothing is lost by
it, and many clients declare it for each message where it is offered. But a relay whose next
server does not offer 8BITMIME has to look through the message, or recode or return one that it
could have passed on as it is (RFC 1652 §3).",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 8BITMIME
c> MAIL FROM:<a@example.org> BODY=8BITMIME
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
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 8BITMIME
c> MAIL FROM:<a@example.org> BODY=8BITMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
# escaped
c> gr\\xc3\\xbc\\xc3\\x9fe
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::SevenBit, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let content = message.content;
    let is_ascii = content.eight_bit == 0 && content.octets > 0;
    let is_whole = message.ended && message.is_complete();
    if !is_ascii || !is_whole || !case.session.used.has(EIGHTBITMIME) {
        return None;
    }
    let param = case.mail(message)?.param(b"BODY")?;
    let octets = content.octets;
    is(param.value?, "8BITMIME").then(|| {
        Hit::new(format!("BODY=8BITMIME was declared, and all {octets} octets sent are ASCII"))
            .at(param.range)
            .once()
    })
}
