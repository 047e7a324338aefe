use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-unbalanced",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.2"),
    title: "an angle bracket or a quote too many or too few",
    help: "write one <, one address, one >; a local part has two quotes or none",
    explanation: "\
A path is one \"<\", one mailbox and one \">\", and a quoted string has a quote at each end (RFC
5321 §4.1.2). With one of them missing or doubled, servers disagree on where the address ends,
or refuse it with 501 or 553: the mail is refused, or goes to another address. Usual causes: an
address book entry (Name <user@host>) that is put into a path as it is, a quote in a name that
is not escaped.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org
s< 501 bad address
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
    let (seen, verb, line) = (flawed.seen(), super::verb(flawed), shown(flawed.line));
    let message = match super::wrong(flawed) {
        [] => format!("\"{}\" is missing in {line}", flawed.flaw.expected),
        [b'"', ..] => format!("a quote that is never closed in {line}"),
        _ => format!("surplus {seen} in {line}"),
    };
    Some(Hit::new(format!(
        "{message}: servers disagree on where the address of {verb} ends, and most refuse it"
    )))
}
