use super::{DAY, is_steady, sure};
use crate::rules::case::push_shown;
use crate::rules::prelude::*;
use crate::time::{Lapse, Stamp};
use crate::timing::{RoundTrip, push_duration};
use std::fmt::Write;
use std::mem;

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
    let way = RoundTrip::of(session).client.unwrap_or_default().nanos();
    let slow = SLOW.nanos()..DAY.nanos();
    let mut slowest: Option<(i64, u32)> = None;
    let mut times = 0_u32;
    let mut next = session.greeting.as_ref();
    for (index, one) in (0..).zip(&session.exchanges) {
        let before = mem::replace(&mut next, one.reply.as_ref());
        let (Some(asked), Some(before)) = (one.asked.at, before) else { continue };
        let after = |at: Option<Stamp>| at.and_then(|at| asked.nanos_after(at));
        // Nearly none is: the whole reply had come no sooner than its beginning.
        if after(before.begun.at).is_none_or(|nanos| nanos < slow.start) {
            continue;
        }
        let thought = after(before.ended()).unwrap_or(0) - way;
        if !slow.contains(&thought) || one.pipelined || one.cut || !is_expected(case, index, one) {
            continue;
        }
        times += 1;
        if slowest.is_none_or(|(most, _)| thought > most) {
            slowest = Some((thought, index));
        }
    }
    let slowest = slowest.filter(|_| !case.is_damaged() && is_steady(session));
    let Some((thought, step)) = slowest.and_then(|(most, index)| Some((most, case.step(index)?)))
    else {
        return Vec::new();
    };
    // Some recordings have one in each session.
    let mut text = String::with_capacity(128);
    text.push_str("the client took ");
    push_duration(&mut text, Lapse::from_nanos(thought));
    text.push_str(BETWEEN);
    push_shown(&mut text, step.line());
    if times > 1 {
        let _ = write!(text, " ({times} times it took 10 s or more)");
    }
    vec![Hit::new(text).on(On::Command(step.index)).sure(sure(case))]
}

/// Whether the server waits for just this command: the first EHLO, or one inside a transaction.
fn is_expected(case: Case<'_>, index: u32, one: &Exchange) -> bool {
    match one.request {
        Request::EndOfData | Request::AuthLine | Request::Command(Verb::Bdat) => false,
        Request::Command(verb) => {
            let is_hello = matches!(verb, Verb::Ehlo | Verb::Helo | Verb::Lhlo);
            one.before.mail || is_hello && index == 0 && !case.session.early
        }
    }
}
