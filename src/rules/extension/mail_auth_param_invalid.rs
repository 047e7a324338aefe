use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "mail-auth-param-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §5"),
    title: "AUTH= of MAIL is neither an address in xtext nor <>",
    help: "send AUTH=<>, or the address with + as +2B and = as +3D",
    explanation: "\
AUTH= of MAIL says who submitted the message, as an address in xtext, or as <> where that is not
known (RFC 4954 §5). In xtext, plus and equals signs and all octets that are not printable ASCII
are written as + and two upper-case hexadecimal digits. A server that checks it answers 501 and
the mail is not sent; nothing else depends on it in most sites. Usual cause: an address with a
tag (user+tag@…) that was not encoded, or AUTH= without a value.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 AUTH PLAIN LOGIN
c> MAIL FROM:<a@example.org> AUTH=a+tag@example.org
s< 501 5.5.4 bad AUTH parameter syntax
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
s< 250 AUTH PLAIN LOGIN
c> MAIL FROM:<a@example.org> AUTH=a+2Btag@example.org
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
