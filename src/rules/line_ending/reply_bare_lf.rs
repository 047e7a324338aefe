use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-bare-lf",
    category: Category::LineEnding,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::LineEnds],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "replies end with LF instead of CRLF",
    help: "end each line of a reply with CRLF",
    explanation: "\
RFC 5321 §2.3.8: lines end with CR followed by LF, and \"Conforming implementations MUST NOT
recognize or generate any other character or character sequence as a line terminator\". Most
clients read up to LF and do not mind; one that waits for CRLF waits until it gives up, and mail
is delayed. Usual causes: a server or filter written with the line ends of its own system, a
banner or a policy text from a file whose lines end with LF, a proxy that puts a line of its own
into the dialog.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP
# eol server lf
s< 250 2.0.0 ok
# eol server crlf
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::BareLf, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let replies = || case.answers().filter(|answer| answer.code().is_some());
    let bare = || replies().filter(|answer| answer.reply.bare_lf);
    let Some(first) = bare().next() else { return Vec::new() };
    let text = format!(
        "LF alone, not CRLF, ends lines of {} of the server's {}, first of {}: a client that waits \
         for CRLF waits for ever",
        bare().count(),
        match replies().count() {
            1 => "one reply".to_owned(),
            of => format!("{of} replies"),
        },
        first.shown()
    );
    vec![Hit::new(text).on_answer(&first)]
}
