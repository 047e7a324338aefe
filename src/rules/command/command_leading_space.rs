use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-leading-space",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1"),
    title: "blanks before the verb of a command",
    help: "begin the line with the verb",
    explanation: "\
A command begins with its verb: \"All commands begin with a command verb\" (RFC 5321 §2.4), and no
syntax of §4.1.1 has a blank before it. Servers that take the line at its word answer 500;
others skip the blank. Usual causes: a template or script with indented lines, a text pasted
into telnet, or a folded header line that the server reads as a command since DATA was refused.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c>   MAIL FROM:<alice@example.org>
s< 500 command not recognized
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
        "{blanks} before {verb}: a command begins with its verb, and a strict server answers 500"
    )))
}
