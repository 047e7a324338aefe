use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-invalid-utf8",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 6531 §3.3"),
    title: "octets above 127 in a command that are no UTF-8",
    help: "convert addresses to UTF-8 and ask for SMTPUTF8, or write them in ASCII",
    explanation: "\
Commands are ASCII (RFC 5321 §2.4). With SMTPUTF8 an address may have more letters, but only as
UTF-8 (RFC 6531 §3.2, §3.3). These octets are neither: nobody can tell which letters they stand
for, so that the mail goes to nobody or to somebody else. Servers answer 500 or 501. Usual
causes: an address in Latin-1 or another old character set, a sequence cut in two by a limit on
length, binary data.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
# escaped
c> RCPT TO:<j\\xF6rg@example.net>
s< 501 bad address
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<joerg@example.net>
s< 250 ok
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (numbers, verb) = (super::numbers(super::wrong(flawed)), super::verb(flawed));
    let noun = if flawed.flaw.range.len() == 1 { "octet" } else { "octets" };
    Some(Hit::new(format!(
        "{noun} {numbers} in {verb}: neither ASCII nor UTF-8 (an old character set?), so that \
         nobody can tell what is meant"
    )))
}
