use super::{Owner, chunk, ledger, owner};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-needless-final-dot",
    category: Category::Bdat,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 3030 §2"),
    title: "a line with a dot ends a message that was sent in chunks",
    help: "leave the dot out: LAST ends the message",
    explanation: "\
The dot ends mail data of DATA; a message in chunks ends with the octets of the chunk that says
LAST (RFC 3030 §2). A dot behind that chunk is no command: the server answers 500, and the client
may take that for the reply to its next one. A dot inside the chunk becomes the last line of the
message, where it breaks signatures and, where the message is handed on with DATA, must be doubled
again. Usual cause: a client for DATA that was changed to use BDAT.",
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
c> .
s< 250 2.0.0 queued
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
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::OddChunks, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if owner(step) == Some(Owner::FinalDot) {
        let text = "a line with a dot alone comes after the last chunk: LAST has ended the message, and \
                    the server reads the dot as a command";
        return Some(Hit::new(text).on(On::Command(step.index + 1)));
    }
    let is_last = chunk(step).is_some_and(|chunk| chunk.last) && !step.exchange.before.inferred;
    let ledger = ledger(step).filter(|ledger| is_last && ledger.exchange == Some(step.index))?;
    (ledger.left == 0 && ledger.tail.ends_with(b"\r\n.\r\n")).then(|| {
        let text = "the last chunk ends with a line that is a dot alone: it becomes the last line of \
                    the message";
        Hit::new(text).sure(Confidence::Likely)
    })
}
