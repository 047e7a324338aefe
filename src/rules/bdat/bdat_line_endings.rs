use super::is_binary;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-line-endings",
    category: Category::Bdat,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 3030 §2, §3"),
    title: "CR or LF alone in text that was sent in chunks",
    help: "send text with CRLF at the end of each line, or declare BODY=BINARYMIME",
    explanation: "\
RFC 3030 §2: \"text messages sent with the BDAT command MUST be sent in the canonical MIME format
with lines delimited with a <CR><LF>.\" Unlike DATA, BDAT hands over whatever octets it is given,
so that the line ends of the local system slip through. Servers that look for CRLF then find one
long header; others change the line ends, and signatures fail; some refuse the message. Without
BODY=BINARYMIME CR and LF have no other meaning than in text (§3). Usual cause: a file or pipe that
is copied into the chunk as it is.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 23 LAST
# eol client lf
c> Subject: report
c>
c> hello
s< 250 2.0.0 queued
# eol client crlf
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::Chunks, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let content = message.content;
    let kinds = [(content.bare_lf, "LF without CR"), (content.bare_cr, "CR without LF")];
    let mut found = kinds.iter().filter(|(count, _)| *count > 0).peekable();
    found.peek()?;
    let mail = text_in_chunks(case, message)?;
    let seen: Vec<String> = found.map(|(count, what)| format!("{count} {what}")).collect();
    let text = format!(
        "the chunks hold {} and {} line ends as they should be, and {} does not declare binary \
         content",
        seen.join(" and "),
        content.lines,
        mail.shown()
    );
    Some(Hit::new(text))
}

/// The MAIL of a message whose chunks are all there and hold text, as far as it says.
pub(super) fn text_in_chunks<'s>(case: Case<'s>, message: &Message) -> Option<Step<'s>> {
    // A gap may have taken the other half of a line end. With NUL it is no text.
    let is_whole = message.transfer == Some(Transfer::Bdat)
        && message.ended
        && message.is_complete()
        && message.content.nul == 0;
    let mail = case.mail(message).filter(|_| is_whole)?;
    (!is_binary(&mail)).then_some(mail)
}
