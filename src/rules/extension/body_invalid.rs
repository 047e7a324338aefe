use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "body-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 6152 §3"),
    title: "the value of BODY= is none of 7BIT, 8BITMIME and BINARYMIME",
    help: "send BODY=8BITMIME for 8-bit text, BODY=7BIT or no BODY for ASCII",
    explanation: "\
BODY says how the content is encoded: \"body-value ::= \"7BIT\" / \"8BITMIME\" / \"BINARYMIME\"\" (RFC
3030 §3; the first two are those of 8BITMIME). Any other value means nothing to the server,
which answers 501 or 555; if it takes the command, it may treat the content as 7-bit and clear
the eighth bit. Usual causes: the name of a content-transfer-encoding (8BIT, BASE64) or of an
extension in its place.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 8BITMIME
c> MAIL FROM:<a@example.org> BODY=8BIT
s< 501 5.5.4 bad BODY value
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
c> MAIL FROM:<a@example.org> body=8bitmime
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
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "{} where 7BIT, 8BITMIME or BINARYMIME belongs: the server may refuse the command",
        flawed.seen()
    )))
}
