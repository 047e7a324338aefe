use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-bare-cr",
    category: Category::LineEnding,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "CR without LF within a reply",
    help: "end each line of a reply with CRLF, and write CR nowhere else",
    explanation: "\
RFC 5321 §2.3.8 has CRLF as the only line end, and CR or LF alone nowhere. A client that takes
CR alone for the end of a line reads two lines here, the second of which may look like a reply
of its own; from then on it takes each reply for that of the command before. Usual causes: text
from elsewhere (a policy service, a file, what the client sent) that is put into a reply
unchecked, or CR CR LF where a program has put its own CR before one that was there.",
    bad: "\
# escaped
s< 220 mx.example.net ESMTP\\x0d welcome
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP welcome
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let at = flawed.flaw.range.start + 1;
    Some(Hit::new(format!(
        "CR without LF is octet {at} of this line: a client that takes it for a line end reads \
         two lines here"
    )))
}
