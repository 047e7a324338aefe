use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-size-overflow",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "the size of a chunk is negative, or larger than 64 bits hold",
    help: "find out where the client takes the size from",
    explanation: "\
The chunk-size of RFC 3030 §2 is digits: a sign is none. RFC 3030 gives no upper limit, but no
server counts beyond 64 bits, and no message is so long: some take what is left when such a number
is cut to 32 or 64 bits, others close the connection. Where server and filter cut it differently,
they disagree on where the message ends, and commands can be hidden in it. Usual causes: a
difference that became negative, a size of -1 for \"unknown\", an attack.",
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
c> BDAT -1 LAST
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
c> BDAT 18446744073709551615
c> Subject: report
c>
c> hello
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let then =
        "no server can read so much, and one that cuts the number reads what follows as commands";
    Some(Hit::new(format!("{} is no size that a chunk can have: {then}", flawed.seen())))
}
