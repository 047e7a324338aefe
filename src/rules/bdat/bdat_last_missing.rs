use super::{chunk, chunks_of, misfit, octets};
use crate::rules::prelude::*;
use crate::rules::sequence::client_closed;

// rules.tsv: a client that read a refusal may give the message up: the replies are needed.
pub(super) const RULE: Rule = Rule {
    id: "bdat-last-missing",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::End, Need::Whole],
    rfc: Some("RFC 3030 §2"),
    title: "chunks were accepted, and the last one never came",
    help: "end each message with LAST, as in BDAT 0 LAST, or give it up with RSET",
    explanation: "\
\"The optional LAST parameter on the BDAT command indicates that this is the last chunk\" (RFC 3030
§2). Without it the server waits for more and delivers nothing: all chunks got 250, and still
the message is lost if the client takes those for the end. Usual causes: a client that forgets
LAST, that ends with BDAT 0 alone, or that died in the middle (then it still has the message and
will try again). A client that gives a message up should say RSET.",
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
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
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
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::Chunks, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let chunks = message.chunks.as_ref()?;
    let is_open = message.transfer == Some(Transfer::Bdat) && !chunks.last && chunks.left == 0;
    if !is_open || message.cut || message.outcome == Outcome::Rejected {
        return None;
    }
    // A server that closes leaves no choice.
    if case.answers().any(|answer| answer.code() == Some(421)) {
        return None;
    }
    let own = case.mail(message)?.exchange.message?;
    let all: Vec<Step<'_>> = chunks_of(case, own).collect();
    let last = all.last()?;
    // What was not accepted, or cannot be read, may be why it was given up.
    let is_fine = |step: &Step<'_>| step.is_accepted() && chunk(step).is_some();
    if !all.iter().all(is_fine) || all.iter().any(|step| misfit(step).is_some()) {
        return None;
    }
    let is_idle = |one: &Step<'_>| {
        let verb = one.verb();
        matches!(verb, Some(Verb::Noop | Verb::Vrfy | Verb::Expn | Verb::Help | Verb::Rcpt))
    };
    let mut later = case.steps().skip(last.index as usize + 1).skip_while(is_idle);
    let (how, sure) = match later.next() {
        None if client_closed(case.session) => {
            ("the client closed the connection", Confidence::Likely)
        }
        Some(step) if step.exchange.request == Request::Command(Verb::Quit) => {
            ("the client sent QUIT", Confidence::Certain)
        }
        Some(step) if step.exchange.request == Request::Command(Verb::Mail) => {
            let is_next = step.is_accepted() && !step.exchange.before.inferred;
            is_next.then_some(("the client began the next message", Confidence::Certain))?
        }
        _ => return None,
    };
    let text = format!(
        "{how} after {} with {} in all, none of them with LAST: the server has delivered nothing",
        if chunks.count == 1 { "1 chunk".to_owned() } else { format!("{} chunks", chunks.count) },
        octets(chunks.announced)
    );
    Some(Hit::new(text).on(On::Command(last.index)).sure(sure))
}
