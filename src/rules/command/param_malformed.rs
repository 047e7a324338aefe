use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "param-malformed",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.2"),
    title: "a malformed parameter of MAIL or RCPT",
    help: "write KEYWORD or KEYWORD=value, without blanks, = or control characters in the value",
    explanation: "\
A parameter is a keyword of letters, digits and hyphens, and perhaps \"=\" and a value without
blanks, \"=\" and control characters (RFC 5321 §4.1.2). What does not fit cannot be told from the
next parameter: servers answer 501 or 555 and refuse the command. Usual causes: an empty value,
a value that should be in xtext (RFC 3461 §4), a comment behind the address, quotes.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<alice@example.org> SIZE=
s< 501 syntax error in parameters
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, expected, verb) = (flawed.seen(), flawed.flaw.expected, super::verb(flawed));
    Some(Hit::new(if flawed.flaw.range.is_empty() {
        format!("a parameter of {verb} lacks {expected}: {}", shown(flawed.line))
    } else {
        format!("{seen} in a parameter of {verb}: the form is a keyword, perhaps = and a value")
    }))
}
