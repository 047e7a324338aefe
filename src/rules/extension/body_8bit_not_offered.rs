use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing};

pub(super) const RULE: Rule = Rule {
    id: "body-8bit-not-offered",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Content, Need::Offers],
    rfc: Some("RFC 6152 §3"),
    title: "octets above 127 in a body for a server that does not offer 8BITMIME",
    help: "encode the body in quoted-printable or base64 for servers without 8BITMIME",
    explanation: "\
RFC 1652 §3, which RFC 6152 has replaced: if a server does not offer 8BITMIME, \"the client SMTP
must not, under any circumstances, attempt to transfer a content which contains characters
outside the US-ASCII octet range\". It is to recode the message as 7-bit MIME, or to return it.
Such a server may clear the eighth bit of each octet or refuse the message: letters are lost
without anybody being told. Usual causes: a client that never recodes (\"just send 8\"), a session
with HELO in place of EHLO, or a filter between the two that strikes 8BITMIME out of the EHLO
reply.",
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
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c> Content-Transfer-Encoding: quoted-printable
c>
c> gr=C3=BC=C3=9Fe
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::EightBitUnoffered, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let content = message.content;
    // Those of the header are another rule's.
    let count = content.eight_bit.saturating_sub(content.header_eight_bit);
    let mail = case.mail(message).filter(|_| count > 0)?;
    let Standing::Lacking(why) = standing(&mail, "8BITMIME") else { return None };
    // These say it as well; that 8BITMIME is not listed beside them is the server's fault.
    let is_offered = |keyword| matches!(standing(&mail, keyword), Standing::Offered(_));
    if is_offered("SMTPUTF8") || is_offered("BINARYMIME") {
        return None;
    }
    Some(Hit::new(format!(
        "the body has {count} octets above 127, but of 8BITMIME {why}: the server may clear their high \
         bit or refuse the message"
    )))
}
