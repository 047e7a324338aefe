use super::{AT_ONCE, GREETING, duration, gave_up, is_long, sure};
use crate::rules::prelude::*;

// rules.tsv: who closed, and what it had seen, only packets show.
pub(super) const RULE: Rule = Rule {
    id: "client-timeout-greeting-short",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Times, Need::Packets, Need::Start, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.1"),
    title: "the client left before the greeting, sooner than after five minutes",
    help: "wait at least 5 minutes for the greeting",
    explanation: "\
RFC 5321 §4.5.3.2.1 has a client wait at least 5 minutes for the greeting: a busy server delays it
\"until their system load permits more mail to be processed\", and some delay it on purpose, to see who
talks too early. A client that leaves sooner comes back and queues again, and its mail waits for a
server that would have taken it. Usual causes: one timeout for connecting and for the greeting, a
default of a library (often 10 to 60 s), a load balancer that gives up. One that leaves within a
second checks the port, and is not meant here.",
    bad: "\
s< 220-mx.example.net please wait
# pause 30s
# end client-closed
# calm
",
    good: "\
s< 220-mx.example.net please wait
# pause 301s
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if !session.exchanges.is_empty() {
        return Vec::new();
    }
    let Some(gone) = gave_up(case).filter(|gone| gone.index.is_none()) else { return Vec::new() };
    if is_long(gone.waited, GREETING) || gone.waited < AT_ONCE {
        return Vec::new();
    }
    let text = format!(
        "the client closed the connection {} after it was established, without waiting for the \
         whole greeting, for which RFC 5321 §4.5.3.2.1 asks 5 minutes",
        duration(gone.waited)
    );
    vec![Hit::new(text).on(On::Moment(gone.left)).sure(sure(case))]
}
