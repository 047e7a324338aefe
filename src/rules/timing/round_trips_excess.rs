use super::short;
use crate::rules::prelude::*;
use crate::time::Lapse;
use crate::timing::RoundTrip;

// rules.tsv: who waited for what, the commands and the replies say.
pub(super) const RULE: Rule = Rule {
    id: "round-trips-excess",
    category: Category::Timing,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Whole, Need::Offers],
    rfc: Some("RFC 2920 §1"),
    title: "the client used many more round trips than its envelopes needed",
    help: "send MAIL, all RCPT and DATA in one group where PIPELINING is offered",
    explanation: "\
RFC 2920 is there to save time: with PIPELINING offered, MAIL, all RCPT and DATA may go out together, and
cost one round trip for each message. This client knows how to, and still waited for the replies to
most of its commands. Each wait costs a round trip, which the message counts and, where the handshake
shows how long one takes, adds up. It is legal and loses nothing but time: on a path of 200 ms a
message to a hundred recipients takes 20 s instead of half a second. Usual causes: a client that sends
recipients in small groups, or that stops to pipeline after the first. One that never pipelines is
told by pipelining-unused.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<r0@example.net>
s< 250 2.1.0 ok
s< 250 2.1.5 ok
c> RCPT TO:<r1@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<r2@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<r3@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<r4@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<r5@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<r6@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<r7@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<r8@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<r9@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> text
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<r0@example.net>
c> RCPT TO:<r1@example.net>
c> RCPT TO:<r2@example.net>
c> RCPT TO:<r3@example.net>
c> RCPT TO:<r4@example.net>
c> RCPT TO:<r5@example.net>
c> RCPT TO:<r6@example.net>
c> RCPT TO:<r7@example.net>
c> RCPT TO:<r8@example.net>
c> RCPT TO:<r9@example.net>
c> DATA
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
s< 354 go on
c> text
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Burst, check),
};

/// So many are worth a line.
const MANY: u32 = 8;

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.exchanges.len() <= MANY as usize || session.tls.is_some() {
        return Vec::new();
    }
    let (mut used, mut needed, mut first) = (0_u32, 0_u32, None);
    for step in case.steps() {
        let is_begin = step.verb() == Some(Verb::Mail);
        if !is_begin && !matches!(step.verb(), Some(Verb::Rcpt | Verb::Data)) {
            continue;
        }
        needed += u32::from(is_begin);
        if !step.exchange.pipelined {
            used += 1;
            first = first.or(Some(step.index).filter(|_| !is_begin));
        }
    }
    let Some(first) = first.filter(|_| used >= needed.saturating_add(MANY)) else {
        return Vec::new();
    };
    let is_offered = |index| {
        let step: Option<Step<'_>> = case.step(index);
        step.is_some_and(|step| step.offered().has("PIPELINING") == Some(true))
    };
    if !is_offered(first) {
        return Vec::new();
    }
    let way = RoundTrip::of(session);
    let way = way.client.zip(way.server).map(|(one, other)| one.nanos() + other.nanos());
    let cost = way.map_or_else(String::new, |way| {
        let all = way.saturating_mul(i64::from(used - needed));
        format!(": the others took {} of waiting", short(Lapse::from_nanos(all)))
    });
    let text = format!(
        "MAIL, RCPT and DATA took {used} round trips where {needed} would have done, as PIPELINING is \
         offered{cost}"
    );
    vec![Hit::new(text).on(On::Command(first))]
}
