use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "helo-name-bare-ip",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.3"),
    title: "EHLO or HELO with an IP address without brackets",
    help: "write the address as a literal: EHLO [192.0.2.1], EHLO [IPv6:2001:db8::1]",
    explanation: "\
A client without a name gives its address as an address literal, in brackets (RFC 5321 §4.1.1.1,
§4.1.3): [192.0.2.1] or [IPv6:2001:db8::1]. Four numbers with dots between are a domain by the
syntax, of a top level that does not exist. Many servers refuse it, as hardly anybody but spam
software writes it so; spam filters count it. Usual causes: a client that finds no host name, a
home-made client.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO 192.0.2.1
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO [192.0.2.1]
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    let form = if flawed.flaw.defect == Defect::HeloBareIpv6 { "[IPv6:…]" } else { "[…]" };
    Some(Hit::new(format!(
        "{verb} with the address {seen} without brackets: an address is given as {form}; as a name it \
         cannot exist, and many servers refuse it"
    )))
}
