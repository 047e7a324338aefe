use super::{
    COMMAND, DATA, DAY, GREETING, STALL, duration, ends_message, greeting_wait, has_tarpit,
    is_long, is_steady, short, sure, wait,
};
use crate::rules::prelude::*;
use crate::time::Lapse;
use crate::timing::RoundTrip;

// rules.tsv: of a reply both it and its command must be there.
pub(super) const RULE: Rule = Rule {
    id: "reply-slow",
    category: Category::Timing,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Times],
    rfc: None,
    title: "the server took seconds to reply",
    help: "find out what the server waits for: DNS, a filter, a delay that is meant",
    explanation: "\
No RFC says how fast a server must be, only how long a client must wait (RFC 5321 §4.5.3.2: minutes).
Still, each second counts for clients with many messages or short timeouts. Told here is the longest
wait for a reply of five seconds or more in a session, less the round trip where the handshake shows
it; what is later than the RFC allows has a rule of its own. Usual causes: DNS lookups that time out
(5 s is the default of many resolvers), content filters, greeting delays and tarpits that are meant.
A capture near the client that lost packets on the way makes the server look slow; then the finding
is less sure.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
# pause 6s
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
# pause 4s
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
# pause 4s
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::SlowReply, check),
};

/// What a person at a terminal would call slow.
const SLOW: Lapse = Lapse::from_nanos(5_000_000_000);

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut slowest: Option<(Lapse, Answer<'_>)> = None;
    let mut times = 0_u32;
    let greeting = greeting_wait(case.session);
    let greeting = greeting.filter(|&took| !is_long(took, GREETING) && took < DAY);
    let greeting = greeting.zip(case.greeting());
    let replies = case.steps().filter_map(|step| Some((told(&step)?, step.answer()?)));
    for (took, answer) in greeting.into_iter().chain(replies) {
        if took >= SLOW {
            times += 1;
            if slowest.as_ref().is_none_or(|(most, _)| took > *most) {
                slowest = Some((took, answer));
            }
        }
    }
    let Some((took, answer)) = slowest.filter(|_| is_steady(case.session) && !has_tarpit(case))
    else {
        return Vec::new();
    };
    let name = match answer.request() {
        None => "the greeting".to_owned(),
        Some(Request::EndOfData) => "the reply to the end of the data".to_owned(),
        Some(Request::AuthLine) => "the reply to a line of AUTH".to_owned(),
        Some(Request::Command(_)) => {
            let line = answer.step().map_or_else(String::new, |step| step.shown());
            format!("the reply to {line}")
        }
    };
    let way = RoundTrip::of(case.session).server;
    let way =
        way.map_or_else(String::new, |way| format!(", less the round trip of {}", short(way)));
    let others = if times > 1 { format!("; {times} took 5 s or more") } else { String::new() };
    let text = format!("{name} took {}{way}{others}", duration(took));
    vec![Hit::new(text).on_answer(&answer).sure(sure(case))]
}

/// How long the server took for a reply, unless another rule says so.
fn told(step: &Step<'_>) -> Option<Lapse> {
    let took = wait(step)?;
    let most = match step.exchange.request {
        Request::Command(Verb::Mail | Verb::Rcpt) => COMMAND,
        Request::Command(Verb::Data) => DATA,
        _ if ends_message(step) => STALL,
        _ => Lapse::from_nanos(i64::MAX),
    };
    (!is_long(took, most) && took < DAY).then_some(took)
}
