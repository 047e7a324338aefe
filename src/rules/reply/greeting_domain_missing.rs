use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "greeting-domain-missing",
    category: Category::Reply,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Start, Need::Replies],
    rfc: Some("RFC 5321 §4.2, §4.3.1"),
    title: "the greeting does not begin with the server's domain name",
    help: "begin the greeting with the server's fully-qualified name: 220 mx.example.net …",
    explanation: "\
RFC 5321 §4.2: a greeting is 220 and then a domain or an address literal, with text behind it.
It is how a client knows that it reached the right host, and that it did not reach itself; the
name is also what an administrator at the other end has to go by. Usual causes: a banner
\"cleaned\" of all names, a host name with an underscore, or a name with a comma or quote behind
it.",
    bad: "\
s< 220 *** welcome to our mail server
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net *** welcome to our mail server
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "the greeting {} does not begin with a domain or address literal, as the server's name",
        shown(flawed.line)
    )))
}
