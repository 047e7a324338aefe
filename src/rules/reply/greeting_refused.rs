use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "greeting-refused",
    category: Category::Reply,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Server, Need::Start],
    rfc: Some("RFC 5321 §3.1"),
    title: "the server refused the session before it began",
    help: "read the server's text: it says whether to wait, or to ask for being let in",
    explanation: "\
With 554 or 521 a server says that it has no mail service for this client (RFC 5321 §3.1, RFC
7504), with 421 that it has none at present. Mail is then delayed or bounced, by the server's
own decision: a block list, a limit of connections, a server that shuts down, or a host that
takes no mail. This is no fault, but the reason why nothing else happened in the session.",
    bad: "\
s< 554 mx.example.net your address is on a block list
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net your address is not on a block list
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::Refused, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(answer) = case.greeting() else { return Vec::new() };
    let what = match answer.code() {
        Some(421) => "at present",
        Some(521 | 554) => "for this client",
        _ => return Vec::new(),
    };
    let message = format!("the server has no service {what}: {}", answer.shown());
    vec![Hit::new(message).on_answer(&answer)]
}
