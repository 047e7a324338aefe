use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-separator-invalid",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2"),
    title: "neither a blank nor a hyphen behind the code of a reply",
    help: "put a blank behind the code of a reply's last line, a hyphen behind that of the others",
    explanation: "\
Behind the code stands a hyphen if more lines follow, and a blank in the last line (RFC 5321
§4.2, §4.2.1). Anything else makes clients disagree on whether the reply is over: most take the
line as the last one and read what follows as replies to later commands; from then on each
command is judged by the reply to another. Usual causes: \"250:\" or a tab written by hand, or a
code of four digits.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250:sender ok
c> RCPT TO:<b@example.net>
s< 250 ok
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 :sender ok
c> RCPT TO:<b@example.net>
s< 250 ok
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let seen = flawed.seen();
    Some(Hit::new(format!(
        "{seen} behind the code of {}, where a blank or a hyphen belongs: clients disagree on \
         whether more lines follow",
        shown(flawed.line)
    )))
}
