use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-size-missing",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "BDAT without the number of octets",
    help: "give the exact number of octets behind BDAT, also with LAST: BDAT 0 LAST",
    explanation: "\
RFC 3030 §2: the command \"takes one required argument, the exact length of the data segment in
octets\". LAST comes after it: the end of a message without more octets is BDAT 0 LAST. Without a
size the server does not know where the chunk ends. It answers 501 and reads the octets that
follow as commands. Usual cause: a client that takes BDAT LAST for the end of the message.",
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
c> BDAT LAST
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
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
c> BDAT 0 LAST
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "{} has no number of octets: the server cannot tell where the chunk ends, and reads what \
         follows as commands",
        shown(flawed.line)
    )))
}
