use crate::rules::lenient;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-bare-lf",
    category: Category::LineEnding,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::LineEnds, Need::Content],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "lines of the message end with LF instead of CRLF",
    help: "turn each LF of the message into CRLF before it is sent",
    explanation: "\
RFC 5321 §2.3.8: \"SMTP client implementations MUST NOT transmit these characters except when
they are intended as line terminators and then MUST, as indicated above, transmit them only as a
<CRLF> sequence.\" Since the smuggling attacks of 2023 servers refuse such messages (Postfix with
smtpd_forbid_bare_newline, Exim, Sendmail), so mail that went through for years is lost now; a
strict server may also wait for an end of the data that never comes. Usual causes: a script that
sends a file of a Unix system as it is, a web application, an appliance that reports by mail.",
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
# eol client lf
c> hello
# eol client crlf
c> bye
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
c> bye
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let (content, odd) = (&message.content, message.odd.as_deref()?);
    // What stands in chunks is another rule's.
    if message.transfer != Some(Transfer::Data) {
        return None;
    }
    let ending = lenient::taken(case, message)
        .filter(|kind| matches!(kind, DataEnd::LfLf | DataEnd::CrlfLf | DataEnd::CrLf));
    // Those of a false end are told by a rule of its own.
    let smuggled: u32 = lenient::smuggled(case, message).iter().map(|end| end.count).sum();
    if content.bare_lf <= smuggled.saturating_mul(2) && smuggled > 0 {
        return None;
    }
    let ends = if ending.is_some() { ", as does the line that ends it" } else { "" };
    let (text, mark) = if let Some(first) = odd.bare_lf {
        let all = u64::from(content.bare_lf) + u64::from(content.lines);
        let text = format!(
            "{} of {all} of the message end{} with LF alone, not with CRLF, first line {}{ends}",
            count(content.bare_lf.into(), "line"),
            if content.bare_lf == 1 { "s" } else { "" },
            first.line
        );
        (text, first.mark)
    } else {
        let kind = ending?;
        let end = odd.ends.iter().find(|end| end.kind == kind)?;
        (format!("the client ends its message with {}", kind.name()), end.first.mark)
    };
    Some(Hit::new(text + ": a server may refuse it").on(On::Moment(mark)))
}
