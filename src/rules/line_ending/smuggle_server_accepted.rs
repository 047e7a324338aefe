use crate::rules::lenient;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "smuggle-server-accepted",
    category: Category::LineEnding,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::LineEnds, Need::Content],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "the server took something else than CRLF \".\" CRLF for the end of the data",
    help: "make the server accept CRLF only (Postfix: smtpd_forbid_bare_newline = normalize)",
    explanation: "\
RFC 5321 §2.3.8: \"Conforming implementations MUST NOT recognize or generate any other character
or character sequence as a line terminator\" than CRLF; §4.1.1.4: servers \"MUST NOT do this, even
in the name of improved robustness\". The server's replies prove that it did: it accepted the
message, or answered commands behind it, before the true end of the data came. Behind a relay
that is strict, such a server can be made to accept messages that the relay never sent: SMTP
smuggling. If the client is only sloppy and ends all lines so, mail works today and stops the
day the server is mended: mend both.",
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
c> hello\\x0a.
c> MAIL FROM:<admin@example.org>
c> RCPT TO:<c@example.net>
c> DATA
s< 250 2.0.0 queued
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 354 go on
c> Subject: b
c>
c> hidden
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
# escaped
c> hello\\x0a.
c> MAIL FROM:<admin@example.org>
c> RCPT TO:<c@example.net>
c> DATA
c> Subject: b
c>
c> hidden
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let kind = lenient::taken(case, message)?;
    let step = lenient::end_of_data(case, message)?;
    let answer = step.answer()?;
    let is_smuggled = lenient::smuggled(case, message).iter().any(|end| end.kind == kind);
    let then = if is_smuggled {
        "what the client sent behind it was read as commands"
    } else {
        "the client ended its message so, and waited"
    };
    let text = format!(
        "the server took {} for the end of the data and answered {}, but only CRLF \".\" CRLF is \
         one; {then}",
        kind.name(),
        answer.shown()
    );
    Some(Hit::new(text).on_answer(&answer))
}
