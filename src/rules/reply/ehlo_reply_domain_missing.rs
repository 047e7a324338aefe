use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-reply-domain-missing",
    category: Category::Reply,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "the reply to EHLO does not begin with the server's domain name",
    help: "begin the first line with the server's name: 250-mx.example.net …",
    explanation: "\
The first line of the reply to EHLO is the server's domain and then, if at all, a greeting (RFC
5321 §4.1.1.1 ehlo-ok-rsp). Clients hold the name against their own to find a loop, and some
take a first line that is something else for an extension, or miss the one that stands there.
Usual causes: a host name with an underscore, an address literal where only a domain is allowed,
or a text in its place.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-*** hello, client
s< 250 SIZE 10240000
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net *** hello, client
s< 250 SIZE 10240000
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "the reply {} to EHLO does not begin with a domain, as the server's name",
        shown(flawed.line)
    )))
}
