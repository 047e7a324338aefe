use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-trailing-text",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "text other than LAST behind the size of a chunk",
    help: "write nothing behind the size but LAST, and that only at the last chunk",
    explanation: "\
RFC 3030 §2: behind the size comes nothing, or a space and LAST. Anything else is a syntax error:
the server answers 501 or 504 and reads the octets of the chunk, which follow at once, as
commands; another server passes over the text and waits for a last chunk that never comes. Usual
causes: a misspelt LAST, a parameter that belongs to MAIL, two sizes.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26 FINAL
s< 501 5.5.4 Syntax: BDAT count [LAST]
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "{} where LAST belongs, or nothing: a server that refuses the line reads the chunk as \
         commands",
        flawed.seen()
    )))
}
