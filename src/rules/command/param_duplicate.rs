use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "param-duplicate",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.11"),
    title: "the same parameter twice in one command",
    help: "give each parameter once",
    explanation: "\
A parameter says one thing about the message or the recipient (RFC 5321 §4.1.1.11, §4.1.2); said
twice, nobody can tell which one counts: the first, the last, or neither. Servers answer 501 or
555 (\"can be specified once only\"), or two servers on the way take different ones. RFC 3461 §4.5
says so of its own parameters in so many words. Usual causes: two parts of a program that both
add it, a proxy that adds its own.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10000000
c> MAIL FROM:<alice@example.org> SIZE=1000 SIZE=2000
s< 501 SIZE given twice
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-8BITMIME
s< 250 SIZE 10000000
c> MAIL FROM:<alice@example.org> SIZE=1000 BODY=8BITMIME
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
        "{seen} is given a second time in {verb}: servers refuse it, or differ in which of them counts"
    )))
}
