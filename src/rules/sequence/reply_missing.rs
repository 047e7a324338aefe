use super::{PATIENCE, announces_end, client_closed, minutes, server_closed, waited};
use crate::rules::pipelining;
use crate::rules::prelude::*;
use crate::smtp::line::LineEnd;

pub(super) const RULE: Rule = Rule {
    id: "reply-missing",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.3.1"),
    title: "a command was never answered",
    help: "answer each command, and close only after 221 or 421",
    explanation: "\
RFC 5321 §4.3.1: to each command \"the receiver responds with a reply\". Here the server had
received the whole command and closed the connection without one, or the client waited for the
five minutes of §4.5.3.2 and more and then left. Before it closes of its own accord a server
sends 421 (§3.8). The client cannot tell whether the command took effect, and must treat it as a
451. Usual causes: a crash of the server's process, a filter or firewall that cuts the
connection, a policy that drops clients instead of refusing them. Missing replies to a message's
content have rules of their own.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
# end server-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
# end client-closed
",
    check: Check::Session(Fact::Unanswered, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    // Those behind the first have no chance.
    // The line of a load balancer asks for none.
    let is_open =
        |step: &Step<'_>| step.exchange.reply.is_none() && !step.line().starts_with(b"PROXY ");
    let Some(step) = case.steps().find(is_open) else {
        return Vec::new();
    };
    let one = step.exchange;
    let is_other = match one.request {
        Request::EndOfData | Request::Command(Verb::Bdat) => true,
        // Some servers pass over an empty line.
        Request::Command(Verb::Other) => step.line().trim_ascii().is_empty(),
        _ => false,
    };
    let is_flushed = one.pipelined && step.previous().is_some_and(|before| before.is_refused());
    // In clear, where the server awaits TLS, it is no command.
    let is_hidden = session.tls.is_some() || one.before.tls && case.is_packets();
    let is_part = one.cut || one.line_end == LineEnd::None || is_hidden;
    // Of the commands of a group, another rule speaks.
    let is_group = pipelining::is_in_group(&step);
    if is_other || is_flushed || is_group || is_part || one.before.closing || announces_end(case) {
        return Vec::new();
    }
    let closing = session.closing.as_deref();
    let has_left = server_closed(session)
        && closing.is_none_or(|one| one.sides.server.is_some_and(|left| left.open && !left.reset));
    let was_awaited =
        client_closed(session) && waited(&step).is_some_and(|waited| waited >= minutes(PATIENCE));
    let name = step.shown();
    let text = if has_left {
        format!("{name} was not answered: the server closed the connection instead")
    } else if was_awaited {
        format!("{name} was not answered for five minutes; then the client gave up")
    } else {
        return Vec::new();
    };
    vec![Hit::new(text).on(On::Command(step.index))]
}
