use super::{DAY, duration, is_steady, sure};
use crate::dialog::session::Reply;
use crate::rules::prelude::*;
use crate::time::Lapse;
use crate::timing::RoundTrip;

// rules.tsv: a think time is known by the reply before it and the command.
pub(super) const RULE: Rule = Rule {
    id: "client-slow",
    category: Category::Timing,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Times],
    rfc: None,
    title: "the client took long to say EHLO, or to go on inside a transaction",
    help: "find out what the client waits for before its next command",
    explanation: "\
A server holds a process, a connection and often a lock for each open transaction, and may close it
after five minutes of silence (RFC 5321 §4.5.3.2.7). Told here is the longest time of ten seconds or
more in which the server had answered and the client did not go on: before its EHLO, or inside a
transaction. A connection that rests between two messages is no fault, and the time that content takes
is not counted. Usual causes: a person at a terminal, a client that looks up each recipient only when
its turn comes, a program that waits for its own input. Where the server's packets were lost on the
way, the finding is less sure.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# pause 20s
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
# pause 20s
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Slow, check),
};

/// What a finding says between how long the client took and its command.
const BETWEEN: &str = " from the reply before to its next command, ";

/// A person at a terminal is as slow.
const SLOW: Lapse = Lapse::from_nanos(10_000_000_000);

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let way = RoundTrip::of(session).client.unwrap_or_default();
    let mut slowest: Option<(Lapse, u32)> = None;
    let mut times = 0_u32;
    let mut replied = session.greeting.as_ref().and_then(Reply::ended);
    for step in case.steps() {
        let one = step.exchange;
        let thought = one.asked.at.zip(replied).map(|(asked, replied)| {
            Lapse::from_nanos(asked.since(replied).nanos().saturating_sub(way.nanos()))
        });
        replied = one.reply.as_ref().and_then(Reply::ended);
        let Some(thought) = thought.filter(|&thought| thought >= SLOW && thought < DAY) else {
            continue;
        };
        if !is_expected(&step) || one.pipelined || one.cut {
            continue;
        }
        times += 1;
        if slowest.is_none_or(|(most, _)| thought > most) {
            slowest = Some((thought, step.index));
        }
    }
    let slowest = slowest.filter(|_| is_steady(session) && !case.is_damaged());
    let Some((thought, step)) = slowest.and_then(|(most, index)| Some((most, case.step(index)?)))
    else {
        return Vec::new();
    };
    let others =
        if times > 1 { format!(" ({times} times it took 10 s or more)") } else { String::new() };
    let (took, line) = (duration(thought), step.shown());
    let text = ["the client took ", &took, BETWEEN, &line, &others].concat();
    vec![Hit::new(text).on(On::Command(step.index)).sure(sure(case))]
}

/// Whether the server waits for just this command: the first EHLO, or one inside a transaction.
fn is_expected(step: &Step<'_>) -> bool {
    match step.exchange.request {
        Request::EndOfData | Request::AuthLine | Request::Command(Verb::Bdat) => false,
        Request::Command(verb) => {
            let is_hello = matches!(verb, Verb::Ehlo | Verb::Helo | Verb::Lhlo);
            step.exchange.before.mail || is_hello && step.index == 0 && !step.case.session.early
        }
    }
}
