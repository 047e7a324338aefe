use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-literal-invalid",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.3"),
    title: "a malformed address literal in a path",
    help: "write [192.0.2.1] or [IPv6:2001:db8::1]",
    explanation: "\
An address literal is an IPv4 address of four numbers from 0 to 255, \"IPv6:\" and an IPv6
address, or a registered tag and what it defines, all in brackets (RFC 5321 §4.1.3). In an IPv6
address \"::\" stands for at least two groups here. A server cannot deliver to anything else, and
answers 501. Usual causes: a number left out, a host name in brackets, an address with a port or
a zone.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@[192.0.2]>
s< 501 bad address
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
c> RCPT TO:<bob@[192.0.2.1]>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    Some(Hit::new(format!(
        "{seen} in {verb} is no address literal: [192.0.2.1] and [IPv6:2001:db8::1] are the forms"
    )))
}
