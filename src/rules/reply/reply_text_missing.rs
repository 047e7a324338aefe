use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-text-missing",
    category: Category::Reply,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2"),
    title: "a reply code without text",
    help: "write a blank and some text behind the code",
    explanation: "\
RFC 5321 §4.2: \"senders SHOULD NOT send bare codes\", and clients must accept them all the same.
The text costs nothing and is what a person reads in a log or a bounce. With nothing behind the
code, not even the blank, some old clients wait for more; with the blank and no text, the reply
is what §4.2.1 describes but its grammar does not allow. An empty challenge of AUTH (\"334 \") is
as it should be.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250
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
s< 250 ok
c> RCPT TO:<b@example.net>
s< 250 ok
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    // RFC 4954 §4: an empty challenge. Readers of logs drop the blank behind it.
    let request = flawed.answer().and_then(|answer| answer.request());
    let is_auth = matches!(request, Some(Request::Command(Verb::Auth) | Request::AuthLine));
    if is_auth && flawed.line.starts_with(b"334") {
        return None;
    }
    Some(Hit::new(format!("no text behind the code of {}", shown(flawed.line))))
}
