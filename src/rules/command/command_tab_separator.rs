use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-tab-separator",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1"),
    title: "a tab or several blanks where one space belongs",
    help: "put exactly one space (0x20) between verb, argument and parameters",
    explanation: "\
The words of a command are separated by SP, one space (RFC 5321 §2.4, §4.1.1, §4.1.2); neither
HTAB nor a second space is in the syntax. Servers that split at white space do not notice; those
that follow the syntax take what comes behind for a wrong argument and answer 501, or read an
empty parameter. Usual causes: a parameter that came out empty, columns in a script, a person.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<alice@example.org>  SIZE=1000
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
    let (blanks, verb) = (super::blanks(super::wrong(flawed)), super::verb(flawed));
    Some(Hit::new(format!(
        "{blanks} in {verb} where one space belongs: a strict server answers 501"
    )))
}
