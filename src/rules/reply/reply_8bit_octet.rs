use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-8bit-octet",
    category: Category::Reply,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2; RFC 6531 §3.7.4"),
    title: "octets above 127 in the text of a reply",
    help: "write replies in ASCII",
    explanation: "\
The text of a reply is US-ASCII (RFC 5321 §4.2). Only a client that has asked for SMTPUTF8 on
VRFY or EXPN, or on the MAIL of the transaction, can be sent UTF-8, and then in addresses (RFC
6531 §3.7.4). Others may show garbage, refuse the line, or break the bounce in which they quote
it. Usual causes: texts in the server's own language, or an address of the client that is quoted
as it came.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 550 Empfänger unbekannt
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-8BITMIME
s< 250 SMTPUTF8
c> VRFY b SMTPUTF8
s< 252 Empfänger vielleicht bekannt
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "{} in {}: the text of a reply is ASCII, as the client did not ask for SMTPUTF8",
        flawed.seen(),
        shown(flawed.line)
    )))
}
