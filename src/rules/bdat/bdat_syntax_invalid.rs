use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-syntax-invalid",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "the argument of BDAT is no number of octets",
    help: "write BDAT, one space, digits, and at the last chunk one space and LAST",
    explanation: "\
RFC 3030 §2: bdat-cmd is \"BDAT\" SP chunk-size [ SP end-marker ], and chunk-size is digits. A
server that cannot read the size does not know where the chunk ends: it answers 501 and reads
the octets that follow as commands. The client has sent them already, as BDAT waits for no reply:
lines of the message are then obeyed as commands, or the connection is closed. Usual causes: a
number in hexadecimal or with separators, a variable that was not replaced.",
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
c> BDAT 0x1a LAST
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
        "{} where the number of octets belongs, in digits: the server cannot tell where the chunk \
         ends, and reads what follows as commands",
        flawed.seen()
    )))
}
