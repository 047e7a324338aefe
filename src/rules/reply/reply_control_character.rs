use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-control-character",
    category: Category::Reply,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2"),
    title: "a control character or NUL in the text of a reply",
    help: "send printable ASCII only in replies",
    explanation: "\
The text of a reply has HT, SP and printable US-ASCII (RFC 5321 §4.2 textstring). Control
characters do not harm the dialog itself, but logs, terminals and bounce messages that show the
text; a NUL ends the line for programs written in C, which then miss the rest of it. Behind the
domain of an EHLO reply's first line they are legal and as useless. Usual causes: a name or a
header of the peer that is quoted as it came, colours of a terminal, or a buffer sent with the
NUL at its end.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
# escaped
s< 550 no such user\\x00
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
# escaped
s< 550 no such\\x09user
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(format!(
        "{} in {}: the text of a reply is printable ASCII, and logs and clients may cut the line \
         here",
        flawed.seen(),
        shown(flawed.line)
    )))
}
