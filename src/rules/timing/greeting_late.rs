use super::{GREETING, duration, greeting_wait, is_long, is_steady, sure};
use crate::rules::prelude::*;

// rules.tsv: without what the server sent there is no greeting to be late.
pub(super) const RULE: Rule = Rule {
    id: "greeting-late",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Times, Need::Start, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.1"),
    title: "the greeting came later than clients wait for it",
    help: "greet sooner, or refuse with 421 when the load is too high",
    explanation: "\
RFC 5321 §4.5.3.2.1 has clients wait at least 5 minutes for the greeting, because \"many SMTP servers
accept a TCP connection but delay delivery of the 220 message until their system load permits more
mail to be processed\". This one came later: a client that keeps to the minimum has given up by then
and tries again, and meets the same queue. Usual causes: no free process or thread for the
connection, a DNS lookup of the client that times out more than once, a greeting delay against spam
that is set too high. Where the client had not left yet, no mail was lost.",
    bad: "\
# pause 310s
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
# pause 290s
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::SlowReply, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let took = greeting_wait(case.session).filter(|&took| is_long(took, GREETING));
    let Some((took, answer)) = took.zip(case.greeting()).filter(|_| is_steady(case.session)) else {
        return Vec::new();
    };
    let text = format!(
        "the greeting came {} after the connection was established; a client need not wait for more \
         than 5 minutes",
        duration(took)
    );
    vec![Hit::new(text).on_answer(&answer).sure(sure(case))]
}
