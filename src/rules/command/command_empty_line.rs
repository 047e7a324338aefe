use crate::rules::prelude::*;
use crate::rules::remains::is_owned;

pub(super) const RULE: Rule = Rule {
    id: "command-empty-line",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1"),
    title: "an empty line where a command belongs",
    help: "send no line but commands; end the mail data with CRLF . CRLF and nothing more",
    explanation: "\
A command is a verb of letters, an argument perhaps, and CRLF (RFC 5321 §4.1.1): an empty line
is none. Most servers answer it with 500, and some close the connection after a few. A client
that does not expect that reply takes it for the one to its next command: from there on each
reply is read for the wrong command, and mail may be lost or sent twice. Usual causes: one CRLF
too many behind a command or behind the end of the mail data, a message whose DATA was refused
and that was sent anyway, a person at a telnet prompt.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c>
s< 500 command not recognized
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    // What is left of content has a rule of its own; where bytes are missing, it may be the end of
    // a line, and only a server that does not understand it proves what it is.
    let is_other = |step: Step<'_>| {
        let is_part = step.case.has_gap(Side::Client) && !matches!(step.code(), Some(500..=502));
        is_part || is_owned(&step)
    };
    if let On::Command(index) = flawed.on
        && flawed.case.step(index).is_some_and(is_other)
    {
        return None;
    }
    let what = if flawed.line.is_empty() {
        "an empty line".to_owned()
    } else {
        format!("nothing but {}", super::blanks(flawed.line))
    };
    Some(Hit::new(format!(
        "{what} where a command belongs: the server answers it as an unknown command, and a client \
         that does not wait for that reply takes it for the next one"
    )))
}
