use super::{chunk, is_offered};
use crate::dialog::session::Unsolicited;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-chunk-not-discarded",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Whole],
    rfc: Some("RFC 3030 §2"),
    title: "the octets of a refused chunk were read as commands",
    help: "read and discard the octets of a chunk before refusing it",
    explanation: "\
RFC 3030 §2: if a BDAT fails, \"the receiver-SMTP MUST accept and discard the associated message
data before sending the appropriate 5XX or 4XX code\", since the client sends it without waiting.
Here more replies came than there were commands: the server answered the lines of the chunk. The
lines that look like commands were obeyed, so that whoever wrote the message could send others in
the client's name; and the client's next commands get the wrong replies. Usual cause: BDAT is
refused by a filter or an access rule that does not know that a chunk follows.",
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
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 503 5.5.1 no
s< 500 5.5.2 what?
s< 500 5.5.2 what?
s< 500 5.5.2 what?
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
s< 503 5.5.1 no
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::Unsolicited, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // A server without CHUNKING is not bound by RFC 3030.
    if !step.is_refused() || step.exchange.before.inferred || !is_offered(step) {
        return None;
    }
    let session = step.case.session;
    let is_whole = session.resyncs.is_empty() && session.elided.unsolicited == 0;
    let octets = chunk(step).filter(|chunk| is_whole && chunk.octets > 0)?.octets;
    let own = step.index + 1;
    let is_its = |reply: &Unsolicited| {
        reply.after == own && matches!(reply.reply.code, Some(500..=503 | 550 | 555))
    };
    let count = session.unsolicited.iter().filter(|one| is_its(one)).count();
    let first = (0..).zip(&session.unsolicited).find(|(_, one)| is_its(one));
    let answer = step.case.answer(Of::Unsolicited(first?.0))?;
    let text = format!(
        "after {} was refused, {count} more {} came, beginning with {}: the server reads the \
         {octets} octets of the chunk as commands instead of discarding them",
        step.shown(),
        if count == 1 { "reply" } else { "replies" },
        answer.shown()
    );
    Some(Hit::new(text).on_answer(&answer))
}
