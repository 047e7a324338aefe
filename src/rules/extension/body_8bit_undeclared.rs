use crate::rules::prelude::*;
use crate::rules::standing::{Standing, is, standing};
use crate::smtp::command::Param;
use crate::smtp::grammar::is_plain;

pub(super) const RULE: Rule = Rule {
    id: "body-8bit-undeclared",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Content, Need::Offers],
    rfc: Some("RFC 6152 §3; RFC 5321 §2.4"),
    title: "octets above 127 in the body of a message without BODY=8BITMIME",
    help: "declare BODY=8BITMIME where it is offered, else encode the body in 7 bits",
    explanation: "\
RFC 5321 §2.4: a client that \"has not successfully negotiated an appropriate extension with a
particular server MUST NOT transmit messages with information in the high-order bit of octets.
If such messages are transmitted in violation of this rule, receiving SMTP servers MAY clear the
high-order bit or reject the message as invalid.\" The client asks for it with BODY=8BITMIME at
MAIL. Most servers let it pass, and relay to the next server without the declaration: letters
are lost somewhere on the way, and DKIM signatures break where a relay recodes the body. Usual
causes: scripts and devices that write UTF-8 or Latin-1 as it comes. Where SMTPUTF8 is declared,
this rule is silent.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 8BITMIME
c> MAIL FROM:<a@example.org>
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
    check: Check::Mail(Fact::EightBit, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let content = message.content;
    // Those of the header are another rule's.
    let count = content.eight_bit.saturating_sub(content.header_eight_bit);
    let mail = case.mail(message).filter(|_| count > 0)?;
    // As nearly all that have such octets say it.
    if mail.line().ends_with(b" BODY=8BITMIME") && is_plain(mail.line()) {
        return None;
    }
    let mut params = mail.envelope()?.params();
    let is_declared = |param: &Param<'_>| match param.keyword {
        keyword if is(keyword, "BODY") => !param.value.is_some_and(|value| is(value, "7BIT")),
        keyword => is(keyword, "SMTPUTF8"),
    };
    // To a server without 8BITMIME they must not be sent at all: that is another rule.
    let is_unoffered = || {
        let standing = standing(&mail, "8BITMIME");
        matches!(standing, Standing::Lacking(_)) && mail.case.session.greeting.is_some()
    };
    if params.any(|param| is_declared(&param)) || is_unoffered() {
        return None;
    }
    Some(Hit::new(format!(
        "the body has {count} octets above 127, and {} does not say BODY=8BITMIME: servers may clear \
         their high bit or refuse the message",
        mail.shown()
    )))
}
