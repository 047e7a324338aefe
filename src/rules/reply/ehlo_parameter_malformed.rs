use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-parameter-malformed",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 1870 §4; RFC 9422 §3; RFC 4865 §4; RFC 2852 §2"),
    title: "an extension is offered with a parameter that it does not have",
    help: "write the parameter as the extension's RFC says, or leave it out",
    explanation: "\
What may follow a keyword, its extension says: SIZE takes one decimal number (RFC 1870), LIMITS
takes names with values (RFC 9422), AUTH a list of mechanisms. From a parameter that is
something else, clients learn nothing, or the wrong thing: Postfix logs \"bad EHLO SIZE limit\"
and goes on without it, so messages that are too large are sent whole before they are refused.
Usual causes: a unit behind the number (\"SIZE 10M\"), a comma in it, or an empty list.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10M
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let expected = flawed.flaw.expected;
    let line = shown(flawed.line);
    Some(Hit::new(if flawed.flaw.range.is_empty() {
        format!("{line} offers an extension without its parameter: {expected}")
    } else {
        format!(
            "{} in {line}, where its extension has {expected}: clients cannot use it",
            flawed.seen()
        )
    }))
}
