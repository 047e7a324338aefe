use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "dsn-ret-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3461 §4.3"),
    title: "RET is neither FULL nor HDRS",
    help: "send RET=FULL or RET=HDRS, or leave RET out",
    explanation: "\
RFC 3461 §4.3 knows two words for RET: FULL asks for the whole message in a notification of
failure, HDRS for its header alone; the value is required. A server that reads anything else
answers 501 and the mail is not sent; one that ignores it may return a large message in full, or
only its header. Usual causes: a word of an API passed through (HEADERS, BODY, NONE), or RET
without a value.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org> RET=HEADERS
s< 501 5.5.4 bad RET parameter syntax
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org> RET=hdrs
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let hit = plain(flawed)?;
    Some(Hit {
        message: format!("{}; the server may refuse the mail with 501", hit.message),
        ..hit
    })
}
