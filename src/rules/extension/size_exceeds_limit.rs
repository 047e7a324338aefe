use crate::rules::prelude::*;
use crate::rules::standing::{declared_size, end_of_content, size_limit};

pub(super) const RULE: Rule = Rule {
    id: "size-exceeds-limit",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Content],
    rfc: Some("RFC 1870 §4"),
    title: "the message is larger than the maximum that the server states",
    help: "compare the message's size with the SIZE of the EHLO reply before sending it",
    explanation: "\
RFC 1870 §4: the number behind SIZE in the EHLO reply is \"the size of the largest message that
the server is willing to accept. Any attempt by a client to transfer a message which is larger
than this limit will be rejected with a permanent failure (552) reply code.\" The client had read
that number and sent more all the same, without declaring it: the transfer was for nothing, and
some servers close the connection in the middle of it, whereupon the client tries again and
again. Where SIZE= declares too much already, size-declared-over-limit says it instead.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 20
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
s< 552 5.3.4 message too big
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 27
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
    check: Check::Mail(Fact::OverSize, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    // Of chunks bdat-total-over-size-limit speaks.
    if message.transfer == Some(Transfer::Bdat) {
        return None;
    }
    let sent = u128::from(message.size());
    let mail = case.mail(message)?;
    let limit = size_limit(&mail).filter(|&limit| sent > limit)?;
    // The client has said so, and was not refused.
    if declared_size(&mail).is_some_and(|(declared, _)| declared > limit) {
        return None;
    }
    let end = end_of_content(case, message).map_or(mail.index, |end| end.index);
    let then = match message.outcome {
        Outcome::Accepted => "this time the server took it, but it need not",
        _ => "the server will refuse the message, and will each time",
    };
    let hit = Hit::new(format!(
        "{sent} octets were sent, the EHLO reply states a maximum of {limit}: {then}"
    ));
    Some(hit.on(On::Command(end)))
}
