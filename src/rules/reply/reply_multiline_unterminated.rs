use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-multiline-unterminated",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2.1"),
    title: "a reply of several lines never got its last line",
    help: "write the code and a blank, not a hyphen, in the last line of a reply",
    explanation: "\
A hyphen behind the code says that more lines follow; the last line has a blank there (RFC 5321
§4.2.1). Here the server closed the connection, or answered the next command, with no such line.
A client waits for it until it times out, and cannot know whether its command succeeded: after
the end of data the message may then be sent twice. Usual causes: a server that crashes while it
answers, a list of lines that is filtered after the hyphens were set, or a proxy that drops the
last line.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
# end server-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let answer = flawed.answer()?;
    let what = if answer.reply.cut {
        "the server closed the connection"
    } else {
        "the server went on with its next reply"
    };
    Some(Hit::new(format!(
        "{} says that more lines follow, but {what}: the reply has no last line",
        shown(flawed.line)
    )))
}
