use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "smtputf8-needless",
    category: Category::Extension,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 6531 §3.4"),
    title: "SMTPUTF8 was declared for addresses and a header that are all ASCII",
    help: "declare SMTPUTF8 only where an address or a header field needs it",
    explanation: "\
RFC 6531 §3.4: a client that knows that neither the envelope nor the message needs it \"SHOULD
NOT supply the SMTPUTF8 parameter\", because \"use of the SMTPUTF8 extension always carries a risk
of transmission failure\": a message that is marked so bounces at the first server that does not
offer SMTPUTF8, although any server could have taken it. Usual cause: a client that declares it
wherever it is offered. A relay that does not look into messages has to pass on what it was
told, and is not to blame. Octets above 127 in the body may be the header of a part: then this
is only possible.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> SMTPUTF8
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
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> SMTPUTF8
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
    check: Check::Mail(Fact::Utf8, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let content = message.content;
    let is_whole = message.ended && message.is_complete() && message.elided_recipients == 0;
    if content.header_eight_bit > 0 || !is_whole {
        return None;
    }
    let mail = case.mail(message).filter(|mail| mail.line().is_ascii())?;
    let param = mail.param(b"SMTPUTF8")?;
    let is_ascii = |one: &Recipient| {
        let rcpt = one.exchange.and_then(|index| case.step(index));
        rcpt.is_some_and(|rcpt| !rcpt.exchange.cut && rcpt.line().is_ascii())
    };
    if !message.recipients.iter().all(is_ascii) {
        return None;
    }
    let sure = if content.eight_bit == 0 { Confidence::Certain } else { Confidence::Possible };
    let hit = Hit::new(
        "SMTPUTF8 was declared, and every address and the header are ASCII: servers without SMTPUTF8 \
         will refuse for nothing what they could take",
    );
    Some(hit.at(param.range).sure(sure).once())
}
