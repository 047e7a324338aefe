use crate::dialog::odd::{DataEnd, OddEnd};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-nul-byte",
    category: Category::Data,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 5321 §4.1.1.4; RFC 6152 §2; RFC 5322 §2.1"),
    title: "NUL inside the message",
    help: "send binary data in base64, or by BDAT with BODY=BINARYMIME",
    explanation: "\
RFC 5322 §2.1 makes a message of lines of characters 1 to 127, and 8BITMIME (RFC 6152 §2) adds
those above, so that octet 0 is in neither. RFC 5321 §4.1.1.4 warns of control characters that \"may
cause problems\": NUL ends a string in many programs. One server cuts the line there, another the
message, a third removes the octet: filters, signatures and the recipient see different things.
Usual causes: text in UTF-16, a buffer that is sent beyond its end, a file with binary data that
was not encoded, an attempt to hide something from a filter.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
# escaped
c> he\\x00llo
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
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
# escaped
c> he\\x01llo
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(_: Case<'_>, message: &Message) -> Option<Hit> {
    // Of those beside a dot that looks like an end other rules speak.
    let ends = message.odd.iter().flat_map(|odd| &odd.ends);
    let is_nul = |end: &&OddEnd| matches!(end.kind, DataEnd::NulBefore | DataEnd::NulAfter);
    let told = ends.filter(is_nul).fold(0_u32, |sum, end| sum.saturating_add(end.count));
    let count = message.content.nul.saturating_sub(told);
    if count == 0 || message.transfer != Some(Transfer::Data) {
        return None;
    }
    let first = message.odd.as_deref()?.nul?;
    let text = format!(
        "the message holds {}, first in line {}: programs that take NUL for an end see less of it than others",
        if count == 1 { "a NUL octet".to_owned() } else { format!("{count} NUL octets") },
        first.line
    );
    Some(Hit::new(text).on(On::Moment(first.mark)))
}
