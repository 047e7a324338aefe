use super::{attempts, steps_of};
use crate::rules::prelude::*;
use crate::smtp::sasl;

pub(super) const RULE: Rule = Rule {
    id: "auth-continuation-not-awaited",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §4"),
    title: "a response of AUTH was sent before the server had asked for it",
    help: "wait for 334 before each response; use the initial response where that is too slow",
    explanation: "\
In an AUTH exchange each response answers a challenge, which comes with 334 (RFC 4954 §4). A client
that sends user and password at once does not know whether the server has begun the exchange: if
AUTH is refused, the server reads the password as a command, answers 500, and may write it to its
log. Servers that check for it end the session, or throw away what came too early. Usual causes:
password guessers and scripts with a fixed list of lines.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-STARTTLS
s< 250 AUTH LOGIN
c> AUTH LOGIN
c> YWxpY2VAZXhhbXBsZS5vcmc=
s< 334 VXNlcm5hbWU6
s< 334 UGFzc3dvcmQ6
c> c2VjcmV0
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-STARTTLS
s< 250 AUTH LOGIN
c> AUTH LOGIN
s< 334 VXNlcm5hbWU6
c> YWxpY2VAZXhhbXBsZS5vcmc=
s< 334 UGFzc3dvcmQ6
c> c2VjcmV0
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Auth, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let is_early = |step: &Step<'_>| step.exchange.pipelined && !step.exchange.before.inferred;
    let mut early = Vec::new();
    for attempt in attempts(case) {
        let mut last = None;
        for step in steps_of(case, attempt) {
            if step.exchange.request == Request::AuthLine && is_early(&step) {
                early.push((step.index, true));
            }
            last = Some(step);
        }
        // Where AUTH was refused, what was to be a response is read as a command.
        if let Some(last) = last.filter(Step::is_refused)
            && let Some(next) = last.next()
            && next.exchange.request == Request::Command(Verb::Other)
            && is_early(&next)
            && (next.exchange.masked.is_some() || sasl::base64_fault(next.line()).is_none())
            && !next.line().is_empty()
        {
            early.push((next.index, false));
        }
    }
    let Some(&(index, is_read)) = early.first() else { return Vec::new() };
    let more = early.len() - 1;
    let more =
        if more > 0 { format!("; {more} more like it in this session") } else { String::new() };
    let what = if is_read {
        "this response was sent before the client had seen the 334 that asks for it: a server may \
         end the session"
    } else {
        "this response was sent before the reply to AUTH, which was refused: the server has read it \
         as a command"
    };
    vec![Hit::new(format!("{what}{more}")).on(On::Command(index))]
}
