use super::{group, is_in_group};
use crate::dialog::session::ResyncWhy;
use crate::rules::prelude::*;
use crate::rules::sequence::{
    PATIENCE, announces_end, client_closed, minutes, server_closed, waited,
};
use crate::smtp::line::LineEnd;

pub(super) const RULE: Rule = Rule {
    id: "pipelining-reply-deficit",
    category: Category::Pipelining,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::End, Need::Whole],
    rfc: Some("RFC 2920 §3.2"),
    title: "a group of commands got fewer replies than it has commands",
    help: "answer each command of a group, in the order in which they came",
    explanation: "\
RFC 2920 §3.2: a server \"MUST respond to commands in the order they are received from the
client\", and \"MUST NOT flush or otherwise lose the contents of the TCP input buffer\". The client
counts: with a reply too few it takes each for the answer to the command before, may believe that
a refused recipient was accepted, or waits for the last reply until it gives up, and the mail is
delayed. Here the server had received the whole group and closed the connection, or gave the 354
to DATA with a reply before it missing, or the client waited for five minutes. Usual causes: a
crash, a filter that offers PIPELINING and cannot do it, a firewall that cuts the connection.
A reply too few behind a command that was refused is told by pipelining-input-discarded, if the
server waits.",
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
# end server-closed
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
s< 421 4.3.2 mx.example.net shutting down
# end server-closed
",
    check: Check::Session(Fact::Unanswered, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let is_open = |one: &&Exchange| one.reply.is_none();
    let Some(open) = session.exchanges.iter().position(|one| is_open(&one)) else {
        return Vec::new();
    };
    let open = u32::try_from(open).unwrap_or(u32::MAX);
    let Some(step) = case.step(open).filter(is_in_group) else { return Vec::new() };
    let one = step.exchange;
    // Some servers pass over an empty line, and text that is no command has no reply; of content
    // other rules speak.
    let is_other =
        matches!(one.request, Request::EndOfData | Request::Command(Verb::Bdat | Verb::Other));
    let is_part = one.cut || one.line_end == LineEnd::None || session.tls.is_some();
    if is_other || is_part || one.before.closing {
        return Vec::new();
    }
    let (first, end) = group(&step);
    let all = session.exchanges.get(first as usize..end as usize);
    let all = all.unwrap_or_default();
    let replies = all.iter().filter(|one| one.reply.is_some()).count();
    // DATA alone is answered with 354: what came before it was answered, or never will be.
    let is_passed_over = session.resyncs.iter().any(|one| one.why == ResyncWhy::ReplyMissing)
        && all.iter().any(|one| {
            let code = one.reply.and_then(|reply| reply.code);
            one.request == Request::Command(Verb::Data) && code == Some(354)
        });
    let how = if is_passed_over {
        "DATA got its 354 with a reply before it missing"
    } else if !session.resyncs.is_empty() || announces_end(case) {
        return Vec::new();
    } else if has_left(session) {
        "the server closed the connection instead of answering the rest"
    } else if has_waited(&step) {
        "the client waited for five minutes before it gave up"
    } else {
        return Vec::new();
    };
    if super::discarded(case).is_some() || super::shift(case).is_some() {
        return Vec::new();
    }
    let text = format!(
        "{replies} replies came to a group of {} commands; the first that is left without one is \
         {}: {how}",
        all.len(),
        step.shown()
    );
    vec![Hit::new(text).on(On::Command(step.index))]
}

/// Whether the server closed first, in good order, and had received what it did not answer.
fn has_left(session: &Session) -> bool {
    let closing = session.closing.as_deref();
    server_closed(session)
        && closing.is_none_or(|one| one.sides.server.is_some_and(|left| left.open && !left.reset))
}

/// Whether the client left, and had waited for `step` as long as it must.
fn has_waited(step: &Step<'_>) -> bool {
    client_closed(step.case.session)
        && waited(step).is_some_and(|waited| waited >= minutes(PATIENCE))
}
