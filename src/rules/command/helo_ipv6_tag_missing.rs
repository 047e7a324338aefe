use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "helo-ipv6-tag-missing",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.3"),
    title: "an IPv6 address literal without its tag",
    help: "write [IPv6:2001:db8::1]",
    explanation: "\
An IPv6 address literal is \"[IPv6:\" and the address (RFC 5321 §4.1.3). Without the tag its first
group is read as the tag of an unknown kind of address, or as nothing at all: strict servers
refuse the name, or the address. Usual cause: a client that puts brackets around whatever
address its socket has, written when that was an IPv4 address.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO [2001:db8::1]
s< 501 invalid name
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO [IPv6:2001:db8::1]
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    Some(Hit::new(format!(
        "the IPv6 address {seen} in {verb} lacks its tag: it must begin with [IPv6: to be read as one"
    )))
}
