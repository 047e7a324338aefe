use crate::rules::lenient;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "line-ending-cr-cr-lf",
    category: Category::LineEnding,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::LineEnds],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "lines of the message end with CR CR LF",
    help: "turn line ends into CRLF once: do not add CR where there is one",
    explanation: "\
Lines end with CRLF (RFC 5321 §2.3.8), and CR is sent nowhere else. CR CR LF comes about where
two programs in a row each put a CR before LF: a file with CRLF that was opened as text on
Windows, a library that mends line ends of what has them already. Readers take the odd CR for an
empty line, for nothing, or for a character: the message may look double-spaced, signatures of
DKIM fail, and the empty line behind the header section may not be seen. Some servers refuse
such messages.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: a
c>
# escaped
c> hello\\x0d
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: a
c>
c> hello
c>
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let odd = message.odd.as_deref()?;
    let first = odd.cr_cr_lf?;
    // It is part of a false end, of which another rule speaks.
    let in_ends = |end: &&OddEnd| matches!(end.kind, DataEnd::CrcrlfCrcrlf | DataEnd::CrlfCrcrlf);
    let in_ends: u32 =
        lenient::smuggled(case, message).into_iter().filter(in_ends).map(|end| end.count).sum();
    let lines = odd.cr_cr_lfs;
    if lines <= in_ends.saturating_mul(2) && in_ends > 0 {
        return None;
    }
    let text = format!(
        "{} of the message end{} with CR CR LF, first line {}: a CR was added where there was one",
        count(lines.into(), "line"),
        if lines == 1 { "s" } else { "" },
        first.line
    );
    Some(Hit::new(text).on(On::Moment(first.mark)))
}
