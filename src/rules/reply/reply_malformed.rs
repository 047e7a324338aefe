use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-malformed",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2"),
    title: "a line of a reply does not begin with three digits",
    help: "begin every line of a reply with its code, and put the hyphen or blank behind it",
    explanation: "\
RFC 5321 §4.2: a reply is \"a three-digit code, <SP>, one line of text, and <CRLF>\", or several
lines that each begin so. A client that meets anything else cannot tell what became of its
command: Postfix gives up the session with \"non-SMTP response\", others wait for a reply until
they time out, and the message is delayed or sent twice. Usual causes: a program behind the
server writes to the connection (a stack trace, a shell's error), a line break inside a text
that was meant for one line, or the port belongs to another service.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< SIZE 10240000
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    // A stream of something else that uses the port of SMTP is no reply at all.
    let is_binary = |octet: &u8| *octet != b'\t' && octet.is_ascii_control();
    let first = || flawed.case.answers().take(64);
    let has_code = first().any(|answer| answer.code().is_some());
    if !has_code && first().any(|answer| answer.lines().flatten().any(is_binary)) {
        return None;
    }
    let line = shown(flawed.line);
    Some(Hit::new(format!(
        "{line} is no line of a reply, as it does not begin with three digits; the client cannot \
         tell what the server means"
    )))
}
