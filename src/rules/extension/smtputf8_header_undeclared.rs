use crate::rules::prelude::*;
use crate::rules::standing::is;

pub(super) const RULE: Rule = Rule {
    id: "smtputf8-header-undeclared",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Content, Need::Offers],
    rfc: Some("RFC 6531 §3.4; RFC 6532 §3.2"),
    title: "octets above 127 in the header of a message without SMTPUTF8",
    help: "encode the header as RFC 2047 has it, or declare SMTPUTF8 where it is offered",
    explanation: "\
A header section is ASCII, unless the message is an internationalized one (RFC 6532): for such a
message the client \"MUST supply the SMTPUTF8 parameter with the MAIL command\" (RFC 6531 §3.4).
BODY=8BITMIME is about the body and does not allow it. Readers guess the charset and show wrong
letters, relays and filters refuse the message or change its header, and signatures break. Usual
causes: a script or device that writes subjects and names as they come, in UTF-8 or Latin-1;
they belong into encoded words (RFC 2047), as in =?utf-8?q?gr=C3=BC=C3=9Fe?=.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> BODY=8BITMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
# escaped
c> Subject: gr\\xc3\\xbc\\xc3\\x9fe
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
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> BODY=8BITMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=
c>
# escaped
c> gr\\xc3\\xbc\\xc3\\x9fe
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::EightBit, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let count = message.content.header_eight_bit;
    let mail = case.mail(message).filter(|_| count > 0)?;
    if mail.envelope()?.params().any(|param| is(param.keyword, "SMTPUTF8")) {
        return None;
    }
    // Its predecessor had no parameter for this (RFC 5336).
    if mail.offered().offer("UTF8SMTP").is_some() {
        return None;
    }
    Some(Hit::new(format!(
        "the header has {count} octets above 127, and {} does not say SMTPUTF8: readers have to guess \
         the letters, and servers may refuse the message",
        mail.shown()
    )))
}
