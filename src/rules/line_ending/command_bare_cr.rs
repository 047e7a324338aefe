use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-bare-cr",
    category: Category::LineEnding,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "CR without LF within a command",
    help: "end each command with CRLF, and write CR nowhere else",
    explanation: "\
RFC 5321 §2.3.8: \"Conforming implementations MUST NOT recognize or generate any other character
or character sequence as a line terminator\" than CRLF, and CR and LF \"MUST only be transmitted\"
together. A server that takes CR alone for the end of a line reads two commands where another
reads one: who can put a CR into an address or a name can then send a command of his own. Usual
causes: text from a web form that is put into a command unchecked, files with line ends of old
Macintosh systems, a tool that looks for such servers.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# escaped
c> MAIL FROM:<a@example.org>\\x0dRSET
s< 501 5.5.4 syntax error
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let at = flawed.flaw.range.start + 1;
    Some(Hit::new(if at == flawed.line.len() {
        "the line ends with CR CR LF: a server that takes CR for a line end reads an empty line \
         behind it"
            .to_owned()
    } else {
        format!(
            "CR without LF is octet {at} of this line: a server that takes it for a line end reads \
             two commands here"
        )
    }))
}
