use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "size-exceeds-declared",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 1870 §6.3"),
    title: "the message is larger than its SIZE parameter said",
    help: "count the octets of the message as it is sent, with CRLF line ends",
    explanation: "\
The client declared fewer octets with MAIL's SIZE parameter than it then sent. A server may refuse
the message after it was sent whole (RFC 1870 §6.3), with 552 or 452. Usual cause: the size was
taken before line ends became CRLF or before a filter added headers.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 1000000
c> MAIL FROM:<a@example.org> SIZE=5
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 1000000
c> MAIL FROM:<a@example.org> SIZE=7
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
",
    check: Check::Mail(Fact::OverDeclared, check),
};

fn check(_: Case<'_>, message: &Message) -> Option<Hit> {
    let declared = message.declared_size?;
    let sent = message.content.octets;
    (message.ended && sent > declared)
        .then(|| Hit::new(format!("SIZE={declared} was declared, {sent} octets were sent")))
}
