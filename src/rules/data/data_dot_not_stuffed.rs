use crate::dialog::odd::{DataEnd, OddEnd};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-dot-not-stuffed",
    category: Category::Data,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 5321 §4.5.2"),
    title: "a line of the message begins with a dot that was not doubled",
    help: "add a dot to each line of the message that begins with one",
    explanation: "\
Before it sends a line of mail text, the client \"checks the first character of the line. If it is a
period, one additional period is inserted at the beginning\", and the server takes it away again
(RFC 5321 §4.5.2). Here it was not inserted: the server takes away a dot that belongs to the
message. Numbers, names of files and style sheets lose it, signatures become invalid; and the day
a line is a dot alone, the message ends there and its rest is read as commands. Usual causes: a
client that was written without that section, a text that is doubled before its lines are broken.",
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
c> .5 of it
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
c> ..5 of it
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(_: Case<'_>, message: &Message) -> Option<Hit> {
    if message.content.dotted == 0 || message.transfer != Some(Transfer::Data) {
        return None;
    }
    let odd = message.odd.as_deref()?;
    // Of those that look like an end another rule speaks.
    let is_end = |end: &&OddEnd| matches!(end.kind, DataEnd::Blank | DataEnd::NulAfter);
    let ends = odd.ends.iter().filter(is_end).fold(0_u32, |sum, end| sum.saturating_add(end.count));
    let count = message.content.dotted.saturating_sub(ends);
    let first = odd.dotted.filter(|_| count > 0)?;
    let text = format!(
        "{} of the message {} with a single dot and more text (first line {}): the server takes the \
         dot away",
        if count == 1 { "a line".to_owned() } else { format!("{count} lines") },
        if count == 1 { "begins" } else { "begin" },
        first.line
    );
    Some(Hit::new(text).on(On::Moment(first.mark)))
}
