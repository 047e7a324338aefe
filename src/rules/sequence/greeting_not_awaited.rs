use crate::rules::prelude::*;
use crate::smtp::reply::ReplyLine;

pub(super) const RULE: Rule = Rule {
    id: "greeting-not-awaited",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 5321 §3.1, §4.3.1"),
    title: "the client spoke before it had seen the server's greeting",
    help: "wait for the server's 220 before the first command",
    explanation: "\
RFC 5321 §4.3.1: \"One important reply is the connection greeting. Normally, a receiver will send
a 220 \"Service ready\" reply when the connection is completed. The sender SHOULD wait for this
greeting message before sending any commands.\" A multiline greeting is over with its last line.
Many servers hold the greeting back for some seconds to catch such clients (Postfix postscreen,
Exim, Sendmail greet_pause) and then refuse them: mail is lost or delayed. Usual causes: spam
engines, scripts with fixed pauses, a probe for another protocol. It is legal where the server
has offered PIPE_CONNECT to this client before; a session in which it is offered is not blamed.",
    bad: "\
c> EHLO client.example.org
s< 220 mx.example.net ESMTP
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
c> EHLO client.example.org
s< 220 mx.example.net ESMTP
s< 250-mx.example.net
s< 250 PIPE_CONNECT
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::OddStart, check),
};

/// What servers call the extension that permits it (Exim's, without an RFC).
const PERMITS: [&str; 3] = ["PIPE_CONNECT", "PIPECONNECT", "X_PIPE_CONNECT"];

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if !session.early {
        return Vec::new();
    }
    let (Some(greeting), Some(first)) = (&session.greeting, case.step(0)) else {
        return Vec::new();
    };
    // Of a greeting that the server never ended, the client waited for all there was.
    let is_ended = case.greeting().and_then(|greeting| greeting.lines().last());
    if !is_ended.is_some_and(|line| ReplyLine::parse(line).is_last()) {
        return Vec::new();
    }
    // A load balancer's line comes before the session.
    if first.line().starts_with(b"PROXY ") {
        return Vec::new();
    }
    // In an excerpt, what looks like a late greeting may be a reply.
    let is_excerpt =
        matches!(first.verb(), Some(Verb::Xclient | Verb::Xforward)) || greeting.code != Some(220);
    let permits = |hello| PERMITS.iter().any(|name| Offered::By(case, hello).offer(name).is_some());
    if is_excerpt && !case.is_packets() || session.hellos.iter().any(permits) {
        return Vec::new();
    }
    let text = format!(
        "{} was sent before the client had seen the whole greeting, for which it is to wait: the \
         server may refuse such a client",
        first.shown()
    );
    vec![Hit::new(text).on(On::Command(0))]
}
