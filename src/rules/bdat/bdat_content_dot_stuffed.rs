use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-content-dot-stuffed",
    category: Category::Bdat,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 3030 §2"),
    title: "lines in chunks begin with two dots, as if they were sent with DATA",
    help: "send the octets of the message as they are: dots are doubled only with DATA",
    explanation: "\
The doubling of dots (RFC 5321 §4.5.2) is for DATA, which ends with a dot. The octets of a chunk are
counted and taken as they are (RFC 3030 §2): a server takes nothing away, and the message arrives
with a dot too many in each such line, in which style sheets and numbers no longer work and
signatures are invalid. Here each line that begins with a dot begins with two. Text may be so by
chance: a line with a dot alone at the end of the last chunk makes it likely. Usual cause: a
client for DATA that was changed to use BDAT.",
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
c> BDAT 33 LAST
c> Subject: report
c>
c> ..5 of it
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
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 29 LAST
c> Subject: report
c>
c> .5 of it
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::Chunks, check),
};

/// Lines with two dots that are few enough for chance.
const CHANCE: u32 = 3;

fn check(_: Case<'_>, message: &Message) -> Option<Hit> {
    let content = message.content;
    let is_whole = message.ended && message.is_complete();
    let chunks = message.chunks.as_ref().filter(|_| content.double_dotted > 0 && is_whole)?;
    if message.transfer != Some(Transfer::Bdat) {
        return None;
    }
    // The dot at the end is such a line itself.
    let is_ended = chunks.tail.ends_with(b"\r\n.\r\n") && !chunks.stray;
    let sure = if is_ended && content.dotted == 1 {
        Confidence::Likely
    } else if content.dotted == 0 && content.double_dotted > CHANCE {
        Confidence::Possible
    } else {
        return None;
    };
    let text = format!(
        "{} in the chunks with two dots at the start, none with one dot and text: in chunks the second \
         stays in the message",
        if content.double_dotted == 1 {
            "a line".to_owned()
        } else {
            format!("{} lines", content.double_dotted)
        }
    );
    Some(Hit::new(text).sure(sure))
}
