use crate::rules::prelude::*;
use crate::rules::sequence::{announces_end, client_closed, minutes, server_closed, waited};

pub(super) const RULE: Rule = Rule {
    id: "data-final-reply-missing",
    category: Category::Data,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.3.2, §6.1"),
    title: "the end of data was never answered",
    help: "answer the end of data within the ten minutes that the client waits",
    explanation: "\
After the end of data the server sends 250 and is responsible for the message, or refuses it (RFC
5321 §4.3.2, §4.1.1.4). Here it closed the connection instead, or said nothing for the ten minutes
of §4.5.3.2.6 until the client left. The client cannot know whether the message was taken and sends
it again: with a server that had taken it, recipients get it twice, at each attempt. §6.1: a server
\"MUST seek to minimize the time required to respond\". Usual causes: a content filter that takes too
long or crashes, a server that delivers before it answers, a firewall that cuts the connection.",
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
c> .
# end server-closed
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
# end client-closed
",
    check: Check::Session(Fact::Unanswered, check),
};

/// Minutes that a client waits (RFC 5321 §4.5.3.2.6).
const PATIENCE: i64 = 10;

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let Some(step) = case.steps().find(|step| step.exchange.reply.is_none()) else {
        return Vec::new();
    };
    let is_end = step.exchange.request == Request::EndOfData;
    // A refusal that came before the end stands for it.
    let is_excused = step.exchange.before.closing
        || announces_end(case)
        || session.tls.is_some()
        || !session.unsolicited.is_empty();
    if !is_end || is_excused {
        return Vec::new();
    }
    let closing = session.closing.as_deref();
    let has_left = server_closed(session)
        && closing.is_none_or(|one| one.sides.server.is_some_and(|left| left.open && !left.reset));
    let was_awaited =
        client_closed(session) && waited(&step).is_some_and(|waited| waited >= minutes(PATIENCE));
    let text = if has_left {
        "the server had the end of data and closed the connection without a reply: the client will \
         send the message again"
    } else if was_awaited {
        "the end of data was not answered for ten minutes; then the client gave up, and will send the \
         message again"
    } else {
        return Vec::new();
    };
    vec![Hit::new(text).on(On::Command(step.index))]
}
