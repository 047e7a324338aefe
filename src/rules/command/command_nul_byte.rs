use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-nul-byte",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.2"),
    title: "a NUL octet in a command",
    help: "send the text only, without the NUL that ends it in memory, and in ASCII",
    explanation: "\
Control characters \"MUST NOT be used in MAIL or RCPT commands or other commands that require
mailbox names\" (RFC 5321 §4.1.2), and no command's syntax has NUL. To many programs NUL is the
end of a text: what one server on the way reads of the line, the next one does not, which is a
way around filters. Servers answer 501 or 500. Usual causes: a length that counts the terminator
of a C string, text in UTF-16, a fuzzer or scanner.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# escaped
c> MAIL FROM:<alice\\x00@example.org>
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
    let (at, verb) = (flawed.flaw.range.start + 1, super::verb(flawed));
    let octet = match flawed.flaw.range.len() {
        1 => "NUL is octet".to_owned(),
        count => format!("{count} NULs begin at octet"),
    };
    Some(Hit::new(format!(
        "{octet} {at} of {verb}: no command has one, and programs that end a text at NUL read \
         another command than those that do not"
    )))
}
