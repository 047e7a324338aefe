use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-domain-too-long",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.5.3.1.2"),
    title: "a domain of more than 255 octets",
    help: "mend the address: no domain is so long",
    explanation: "\
\"The maximum total length of a domain name or number is 255 octets\" (RFC 5321 §4.5.3.1.2), and
no name in the DNS is longer (RFC 1035), so that nothing can be delivered there. Servers answer
501 or 553. Usual causes: several addresses run together, a test of a server's limits, an attack
on its buffers. The line still matches its ABNF.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.net>
s< 501 address too long
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.net>
s< 550 no such domain
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (octets, verb) = (flawed.flaw.range.len(), super::verb(flawed));
    Some(Hit::new(format!(
        "a domain of {octets} octets in {verb}: the limit is 255, in the DNS too, so that nothing can \
         be delivered there"
    )))
}
