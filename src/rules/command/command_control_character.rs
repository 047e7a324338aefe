use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-control-character",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.2"),
    title: "a control character in a command",
    help: "strip control characters from what goes into a command",
    explanation: "\
Control characters, \"decimal value 0-31 and 127\", \"MUST NOT be used in MAIL or RCPT commands or
other commands that require mailbox names\" (RFC 5321 §4.1.2); servers MUST refuse such a command
with 501 if nothing else speaks against it. Usual causes: a person at a telnet prompt who used
the backspace or an arrow key (both are sent as they are), an address pasted with an invisible
character, input of a web form that was not checked.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# escaped
c> MAIL FROM:<alicc\\x08e@example.org>
s< 501 syntax error
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
    let (octets, verb) = (super::wrong(flawed), super::verb(flawed));
    let name = match octets {
        [8 | 127, ..] => " (backspace, as typed by a person)",
        [0x1b, ..] => " (escape, as an arrow key sends it)",
        [b'\t', ..] => " (tab)",
        _ => "",
    };
    let numbers = super::numbers(octets);
    Some(Hit::new(format!(
        "control character {numbers}{name} in {verb}: servers MUST refuse it with 501"
    )))
}
