use super::{chunk, chunks_of, misfit, octets};
use crate::rules::prelude::*;
use crate::rules::sequence::{announces_end, client_closed};

pub(super) const RULE: Rule = Rule {
    id: "bdat-chunk-short",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::End, Need::Whole],
    rfc: Some("RFC 3030 §2"),
    title: "the connection ended before all octets of a chunk were sent",
    help: "send exactly as many octets as BDAT announces",
    explanation: "\
The argument of BDAT is \"the exact length of the data segment in octets\" (RFC 3030 §2): the
server waits for that many, and with fewer it sends no reply. Here the client closed with octets
still to come: the server drops the message, and the client has it still and will try again, with
the same result if it counts wrongly. Usual causes: a size that was taken before the message was
changed (line ends, headers added, another encoding), a client that died or lost its patience.",
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
c> BDAT 100 LAST
c> Subject: report
c>
c> hello
# end client-closed
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
# end client-closed
",
    check: Check::Mail(Fact::Chunks, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let chunks = message.chunks.as_ref().filter(|chunks| chunks.left > 0)?;
    let session = case.session;
    let reset = session.closing.as_ref().is_some_and(|closing| closing.first == Side::Client);
    let is_reset = session.end == End::Reset && reset;
    // A server that has refused it, or says that it closes, may not have read it.
    let is_excused = announces_end(case) || !session.unsolicited.is_empty() || message.cut;
    if !(client_closed(session) || is_reset) || is_excused {
        return None;
    }
    let own = case.mail(message)?.exchange.message?;
    let step = chunks_of(case, own).next_back()?;
    let announced = chunk(&step)?.octets;
    let is_open = step.exchange.reply.is_none() && announced <= u128::from(u64::MAX);
    if !is_open || misfit(&step).is_some() {
        return None;
    }
    let left = u128::from(chunks.left);
    let text = format!(
        "{announced} octets were announced and {} sent: the client left {} short",
        announced.saturating_sub(left),
        octets(chunks.left)
    );
    Some(Hit::new(text).on(On::Command(step.index)))
}
