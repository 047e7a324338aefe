use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-trailing-space",
    category: Category::Command,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1"),
    title: "blanks at the end of a command",
    help: "end the line with CRLF right behind the last word",
    explanation: "\
No syntax of RFC 5321 §4.1.1 has blanks before CRLF, but \"SMTP receivers SHOULD tolerate
trailing white space before the terminating <CRLF>\". So this hardly ever does harm. Strict
servers and some filters refuse it; mend it where it is cheap. Usual causes: a parameter that
came out empty, a template, a person at the keyboard.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# escaped
c> MAIL FROM:<alice@example.org>\\x20
s< 250 OK
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
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (blanks, verb) = (super::blanks(super::wrong(flawed)), super::verb(flawed));
    Some(Hit::new(format!(
        "{blanks} at the end of {verb}: servers SHOULD tolerate it, and not all do"
    )))
}
