use super::{chunk_before, is_unknown};
use crate::rules::prelude::*;
use crate::rules::sequence::{is_informed, is_without_rcpt};

pub(super) const RULE: Rule = Rule {
    id: "bdat-before-rcpt",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3030 §2; RFC 5321 §3.3"),
    title: "BDAT was sent before any recipient was accepted",
    help: "send MAIL and RCPT and read their replies before BDAT",
    explanation: "\
BDAT stands in the place of DATA: a transaction is MAIL, RCPT, then the content (RFC 5321 §3.3).
RFC 3030 §2: the message is sent \"after all MAIL and RCPT responses are collected and processed\".
Without a recipient there is nobody to deliver it to: the server answers 503 or 554, and must
still read and discard the chunk. One that does not reads it as commands. Usual causes: replies
to RCPT that are not read, a transaction that the client believes to be open.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 503 5.5.1 RCPT first
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
c> RCPT TO:<b@example.net>
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 250 2.1.0 ok
s< 550 5.1.1 no such user
s< 554 5.5.1 no valid recipients
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::Disorder, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    let before = one.before;
    let is_known = one.reply.is_some() && !before.inferred && !is_unknown(step);
    // Of chunks after the first others speak.
    if before.rcpt_accepted > 0 || before.bdat || !is_known || chunk_before(step).is_some() {
        return None;
    }
    let text = if is_without_rcpt(step) {
        "BDAT was sent before any RCPT: there is nobody to deliver to"
    } else if before.rcpt_sent > 0 && is_informed(step) {
        "BDAT was sent although the client had seen that each recipient was refused"
    } else {
        return None;
    };
    Some(Hit::new(text).at(0..4))
}
