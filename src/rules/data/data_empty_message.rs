use crate::rules::prelude::*;
use crate::rules::standing::end_of_content;
use crate::smtp::line::LineEnd;

pub(super) const RULE: Rule = Rule {
    id: "data-empty-message",
    category: Category::Data,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 5321 §3.3"),
    title: "a message without a single octet was sent",
    help: "find out why the content is empty; send RSET instead of an empty message",
    explanation: "\
The end of data came at once. RFC 5321 §4.1.1.4: \"the 'no mail data' case does not conform to this
specification\", as a message has at least the trace fields and a header section of RFC 5322 (§3.3
names Date, Subject, To, Cc and From). Some servers refuse it, others deliver a message from
nobody about nothing. Usual causes: an empty file or a failed template in a script, monitoring.
Where 354 was given though every recipient had been refused, a lone dot is right (RFC 2920 §3.1):
that is not blamed.",
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
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::LackingContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let is_whole = message.ended && message.is_complete();
    if message.size() > 0 || message.transfer.is_none() || !is_whole {
        return None;
    }
    let has_recipient = message.recipients.iter().any(|one| one.code.is_none_or(|c| c < 400));
    let end = end_of_content(case, message).filter(|end| {
        let is_end = end.exchange.line_end == LineEnd::CrLf;
        has_recipient && is_end && !end.exchange.before.inferred
    })?;
    let then = match message.outcome {
        Outcome::Accepted => "the server took it",
        Outcome::Rejected => "the server refused it",
        _ => "it has not even a header section",
    };
    Some(Hit::new(format!("the message has no content at all: {then}")).on(On::Command(end.index)))
}
