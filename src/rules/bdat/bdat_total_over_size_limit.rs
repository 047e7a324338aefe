use super::{chunk, chunks_of};
use crate::rules::prelude::*;
use crate::rules::standing::{declared_size, size_limit};

pub(super) const RULE: Rule = Rule {
    id: "bdat-total-over-size-limit",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Content],
    rfc: Some("RFC 3030 §2; RFC 1870 §4"),
    title: "the chunks together are larger than the maximum that the server states",
    help: "compare the size of the whole message with SIZE before the first chunk",
    explanation: "\
The limit behind SIZE in the EHLO reply is for the message, not for a chunk: \"the size of the
largest message that the server is willing to accept\" (RFC 1870 §4). The server refuses the chunk
that goes beyond it with 552, must still read it to its end, and with it is refused what came before
(RFC 3030 §2). The client had read the limit: all was sent for nothing, and will be again at each
attempt. Usual cause: a client that sends as it produces and does not add up. Where SIZE= of MAIL
declares too much already, size-declared-over-limit says it instead.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 40
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 552 5.3.4 too big
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 52
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OverSize, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let chunks = message.chunks.as_ref().filter(|_| message.transfer == Some(Transfer::Bdat))?;
    let mail = case.mail(message)?;
    // What was announced and never came is of another rule.
    let sent = u128::from(message.size());
    let limit = size_limit(&mail).filter(|&limit| sent > limit)?;
    // The client has said so, and was not refused.
    if declared_size(&mail).is_some_and(|(declared, _)| declared > limit) {
        return None;
    }
    let own = mail.exchange.message?;
    let mut total = 0_u128;
    let over = chunks_of(case, own).find(|step| {
        total = total.saturating_add(chunk(step).map_or(0, |chunk| chunk.octets));
        total > limit
    })?;
    let then = match message.outcome {
        Outcome::Accepted => "this time the server took them, but it need not",
        _ => "the server will refuse the message, and will each time",
    };
    let text = format!(
        "with {} the {} chunks come to {total} octets, the EHLO reply states a maximum of {limit}: \
         {then}",
        over.shown(),
        chunks.count
    );
    Some(Hit::new(text).on(On::Command(over.index)))
}
