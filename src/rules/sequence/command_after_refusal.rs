use super::is_informed;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-after-refusal",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Order],
    rfc: Some("RFC 5321 §3.1"),
    title: "the client went on after a greeting that refused the session",
    help: "after a 554 greeting send QUIT, and try another server or give the mail back",
    explanation: "\
With a greeting of 554 (or 521) the server \"formally reject[s] a mail session\" (RFC 5321 §3.1):
it serves no mail to this client and waits for QUIT; other commands get 503. A client that sends
EHLO or MAIL all the same has not read the greeting, and if it takes the later 503 for the
reason, the true one is not in the report that it gives. Usual causes: scripts that play back
commands, and clients that look at no more than whether there is a greeting.",
    bad: "\
s< 554 mx.example.net no mail service here
c> EHLO client.example.org
s< 503 5.5.1 no mail service here
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 554 mx.example.net no mail service here
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::Refused, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(greeting) = case.greeting().filter(|one| one.class() == Some(Class::Permanent)) else {
        return Vec::new();
    };
    let goes_on = |step: &Step<'_>| {
        step.exchange.request != Request::Command(Verb::Quit)
            && is_informed(step)
            && !step.exchange.before.inferred
    };
    let hit = case.steps().find(goes_on).map(|step| {
        let text = format!(
            "{} was sent although the greeting {} refused the session: only QUIT makes sense there",
            step.exchange.request.name(),
            greeting.shown()
        );
        Hit::new(text).on(On::Command(step.index))
    });
    hit.into_iter().collect()
}
