use super::{chunk, ledger, misfit};
use crate::rules::prelude::*;
use crate::rules::sequence::{announces_end, client_closed, minutes, server_closed, waited};

pub(super) const RULE: Rule = Rule {
    id: "bdat-reply-missing",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::End, Need::Whole],
    rfc: Some("RFC 3030 §2"),
    title: "a chunk was never answered",
    help: "answer each BDAT once its octets have come, and close only after 221 or 421",
    explanation: "\
\"Once the receiver-SMTP receives the specified number of octets, it will return a 250 reply code\"
(RFC 3030 §2), or a 4yz or 5yz one. Here the server had the whole chunk and closed the connection
without a reply, or the client waited for the ten minutes of RFC 5321 §4.5.3.2.6 and more and then
left. The client cannot know whether the message was taken and sends it again: recipients may get
it twice. Usual causes: a crash, a content filter that takes too long, a firewall that cuts the
connection.",
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
# end server-closed
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
    check: Check::Session(Fact::Unanswered, check),
};

/// Minutes that a client waits for the reply to content (RFC 5321 §4.5.3.2.6).
const PATIENCE: i64 = 10;

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let Some(step) = case.steps().find(|step| step.exchange.reply.is_none()) else {
        return Vec::new();
    };
    let is_all = ledger(&step).is_some_and(|ledger| ledger.left == 0);
    let is_whole = is_all && chunk(&step).is_some() && session.unsolicited.is_empty();
    let is_excused = step.exchange.before.closing || announces_end(case) || session.tls.is_some();
    if !is_whole || is_excused || misfit(&step).is_some() {
        return Vec::new();
    }
    let closing = session.closing.as_deref();
    let has_left = server_closed(session)
        && closing.is_none_or(|one| one.sides.server.is_some_and(|left| left.open && !left.reset));
    let was_awaited =
        client_closed(session) && waited(&step).is_some_and(|waited| waited >= minutes(PATIENCE));
    let name = step.shown();
    let text = if has_left {
        format!("{name} was not answered: the server had its octets and closed the connection")
    } else if was_awaited {
        format!("{name} was not answered for ten minutes; then the client gave up")
    } else {
        return Vec::new();
    };
    vec![Hit::new(text).on(On::Command(step.index))]
}
