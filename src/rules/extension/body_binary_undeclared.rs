use crate::rules::prelude::*;
use crate::rules::standing::is;

pub(super) const RULE: Rule = Rule {
    id: "body-binary-undeclared",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 3030 §3"),
    title: "binary content in BDAT chunks without BODY=BINARYMIME",
    help: "declare BODY=BINARYMIME where it is offered, else send lines of text",
    explanation: "\
BDAT carries any octets, but what they are MAIL has to say. Without BODY=BINARYMIME the content
is text: RFC 3030 §2 wants it \"in the canonical MIME format with lines delimited with a
<CR><LF>\", and a line has at most 1000 octets with its line end (RFC 5321 §4.5.3.1.6). A server
that hands the message on with DATA changes or cuts such content: lines are broken, CR and LF
are added or removed, NUL ends a line, and signatures fail. Usual causes: a file that is sent as
it lies on the disk, with LF for line ends, or MIME parts in the encoding \"binary\" that were not
recoded.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250-CHUNKING
s< 250 BINARYMIME
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 23 LAST
c> Subject: a
c>
# escaped
c> abc\\x00def
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250-CHUNKING
s< 250 BINARYMIME
c> MAIL FROM:<a@example.org> BODY=BINARYMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 23 LAST
c> Subject: a
c>
# escaped
c> abc\\x00def
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddChunks, check),
};

/// Octets of a line of text with its line end (RFC 5321 §4.5.3.1.6).
const LONGEST: u32 = 1000;

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let content = message.content;
    let found = [
        (content.nul, "NUL octets"),
        (content.bare_cr, "CR without LF"),
        (content.bare_lf, "LF without CR"),
    ];
    let is_long = content.longest_line > LONGEST;
    let is_binary = is_long || found.iter().any(|&(count, _)| count > 0);
    // A gap may have taken the other half of a line end.
    let is_whole = message.ended && message.is_complete();
    // Of text with other line ends, or with long lines, the rules about chunks speak.
    let is_text = content.nul == 0;
    if message.transfer != Some(Transfer::Bdat) || !is_binary || !is_whole || is_text {
        return None;
    }
    let mail = case.mail(message)?;
    let mut params = mail.envelope()?.params();
    let is_declared = |value: &[u8]| is(value, "BINARYMIME");
    if params.any(|param| is(param.keyword, "BODY") && param.value.is_some_and(is_declared)) {
        return None;
    }
    let found = found.iter().filter(|(count, _)| *count > 0);
    let mut seen: Vec<String> = found.map(|(count, what)| format!("{count} {what}")).collect();
    if is_long {
        seen.push(format!("a line of {} octets", content.longest_line));
    }
    Some(Hit::new(format!(
        "the chunks hold {}, and {} does not say BODY=BINARYMIME: as text it may be changed on its way",
        seen.join(", "),
        mail.shown()
    )))
}
