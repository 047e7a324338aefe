use crate::rules::bdat::is_binary;
use crate::rules::lenient::{self, Reading};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "smuggle-bdat-to-data",
    category: Category::LineEnding,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::LineEnds, Need::Content],
    rfc: Some("RFC 3030 §2; RFC 5321 §7"),
    title: "chunks hold what lenient servers take for an end of data when it is relayed",
    help: "send CRLF and never CR or LF alone in chunks; make relays mend line ends before DATA",
    explanation: "\
A chunk of BDAT is counted (RFC 3030 §2): nothing in it can end the message, so this is harmless
here. But where this server sends the message on to one that does not offer CHUNKING, it must
use DATA: it doubles dots behind CRLF, and what begins a line only behind a bare CR or LF stays
as it is. A lenient server behind it then sees the end of the data, and what follows as
commands: SMTP smuggling by way of BDAT, as found with large senders in 2023. Usual causes: an
attack or a test for it, or a binary part that was sent without BODY=BINARYMIME.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-8BITMIME
s< 250-CHUNKING
s< 250 BINARYMIME
c> MAIL FROM:<a@example.org> BODY=BINARYMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 60 LAST
c> Subject: a
c>
# escaped
c> hello\\x0a.
c> MAIL FROM:<admin@example.org>
c> DATA
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-8BITMIME
s< 250-CHUNKING
s< 250 BINARYMIME
c> MAIL FROM:<a@example.org> BODY=BINARYMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 61 LAST
c> Subject: a
c>
# escaped
c> hello\\x0a..
c> MAIL FROM:<admin@example.org>
c> DATA
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    if message.transfer != Some(Transfer::Bdat) {
        return None;
    }
    let ends = &message.odd.as_deref()?.ends;
    let is_bare = |end: &&OddEnd| !end.behind.trim_ascii().is_empty() || end.more;
    let end = ends.iter().find(is_bare)?;
    let reading = Reading::of(end);
    // What is declared binary is never sent on with DATA as it is (RFC 3030 §3).
    let is_binary = || case.mail(message).is_some_and(|mail| is_binary(&mail));
    if !reading.is_attack() && is_binary() {
        return None;
    }
    let mut text = format!(
        "the chunks hold {}: harmless here, but sent on with DATA a lenient server takes it for \
         the end of the data",
        lenient::place(end)
    );
    if !reading.commands.is_empty() {
        text = format!("{text} and reads these commands: {}", reading.shown_commands());
    }
    Some(Hit::new(text).on(On::Moment(end.first.mark)))
}
