use super::{group, is_surplus, shift};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "pipelining-reply-surplus",
    category: Category::Pipelining,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Whole],
    rfc: Some("RFC 2920 §3.2"),
    title: "a group of commands got more replies than it has commands",
    help: "send exactly one reply to each command of a group",
    explanation: "\
RFC 2920 §3.1 has clients match replies to commands \"by counting each separate response and
correlating that count with the number of commands known to have been issued. [...] Matching on
the basis of either the error code value or associated text is expressly forbidden.\" With a reply
too many, each that follows is taken for the answer to another command: a refused recipient or
message may pass for accepted, so that mail is lost, or the reverse, so that it is sent twice.
Usual causes: a filter that adds its reply to that of the server behind it, a reply of several
lines with a blank instead of the hyphen, an error that is answered where it is found and again
where it is handled.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 550 5.1.1 no such user
s< 550 5.1.1 try another address
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 550-5.1.1 no such user
s< 550 5.1.1 try another address
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::Unsolicited, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.tls.is_some() || !session.resyncs.is_empty() {
        return Vec::new();
    }
    let mut all = (0..).zip(&session.unsolicited);
    let Some((index, one)) = all.find(|(_, one)| is_surplus(case, one)) else { return Vec::new() };
    let last = one.after.checked_sub(1).and_then(|last| case.step(last));
    let answer = case.answer(Of::Unsolicited(index));
    let Some((last, answer)) = last.zip(answer).filter(|_| shift(case).is_none()) else {
        return Vec::new();
    };
    let (first, _) = group(&last);
    let commands = last.index - first + 1;
    let more = session.unsolicited.iter().filter(|other| other.after == one.after).count();
    let text = format!(
        "{} is one too many: {} replies came to a group of {commands} commands, and a client \
         takes it for the reply to its next one",
        answer.shown(),
        commands as usize + more
    );
    vec![Hit::new(text).on_answer(&answer)]
}
