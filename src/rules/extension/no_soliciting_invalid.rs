use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "no-soliciting-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3865"),
    title: "SOLICIT is no list of solicitation class keywords",
    help: "send SOLICIT= with keywords such as net.example:ADV, and commas between",
    explanation: "\
SOLICIT labels a message as solicitation (RFC 3865): keywords of letters, digits, dots, hyphens,
underscores and colons that begin with a letter (a domain turned round, a colon and a word),
with commas between and without blanks, 1000 octets at most. A server that checks it answers
501; one that cannot read it cannot honour the recipient's wish not to be solicited. Usual
cause: text for people instead of a keyword.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 NO-SOLICITING
c> MAIL FROM:<a@example.org> SOLICIT=*adv*
s< 501 5.5.4 bad SOLICIT parameter syntax
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
s< 250 NO-SOLICITING
c> MAIL FROM:<a@example.org> SOLICIT=org.example:ADV,net.example:ADV:ADLT
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
    Some(Hit { message: format!("{}; the server may answer 501", hit.message), ..hit })
}
