use crate::rules::prelude::*;
use crate::rules::sequence::{announces_end, client_closed};

pub(super) const RULE: Rule = Rule {
    id: "data-terminator-missing",
    category: Category::Data,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::End, Need::Whole, Need::Content],
    rfc: Some("RFC 5321 §4.1.1.4"),
    title: "the client left inside a message: its end of data never came",
    help: "end the message with CRLF, a dot and CRLF, and wait for the reply",
    explanation: "\
Mail data ends with \"the character sequence <CRLF>.<CRLF>\" and with nothing else (RFC 5321 §4.1.1.4).
The client closed the connection before it: the server drops what it got, and the client, which
has the message still, will try again. Usual causes: a client that forgets the dot, or ends its
lines with LF alone (then the dot is none, and both sides wait until one gives up); a client that
died, a timeout while the message was produced, a firewall that cuts long connections.",
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
# end client-closed
",
    check: Check::Mail(Fact::Unfinished, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    if message.ended || message.cut || message.transfer != Some(Transfer::Data) {
        return None;
    }
    let session = case.session;
    let has_begun = session.closing.as_ref().is_some_and(|closing| closing.first == Side::Client);
    let has_left = client_closed(session) || session.end == End::Reset && has_begun;
    // A server that has said something in between may be why.
    if !has_left || announces_end(case) || !session.unsolicited.is_empty() || session.tls.is_some()
    {
        return None;
    }
    let own = case.mail(message).and_then(|mail| mail.exchange.message);
    let is_its = |step: &Step<'_>| {
        let is_data = step.verb() == Some(Verb::Data) && step.code() == Some(354);
        is_data && step.exchange.message == own
    };
    let data = case.steps().rev().find(is_its)?;
    let content = message.content;
    let why = if content.bare_lf > 0 && content.lines == 0 {
        ", its lines end with LF alone"
    } else {
        ""
    };
    let text = format!(
        "the client closed the connection after {} octets of content{why}: no line with a dot alone \
         has ended it",
        content.octets
    );
    Some(Hit::new(text).on(On::Command(data.index)))
}
