use crate::rules::prelude::*;
use crate::smtp::code;

pub(super) const RULE: Rule = Rule {
    id: "greeting-code-invalid",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Start],
    rfc: Some("RFC 5321 §3.1, §4.3.2"),
    title: "the first reply has neither 220 nor a code that refuses the session",
    help: "greet with 220, or refuse with 554, 521 or 421",
    explanation: "\
A server opens with 220, or says with 554 (RFC 5321 §3.1), 521 (RFC 7504) or 421 that there will
be no service. Whatever else it says first, clients go by the first digit: 2yz may be taken as a
greeting, 4yz delays all mail, and 5yz bounces it. Usual causes: a policy program that answers
the connection as if it were a RCPT (550), a proxy that lost the greeting so that the reply to
EHLO comes first, or a service that is no SMTP at all.",
    bad: "\
s< 250 mx.example.net ready
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 554 mx.example.net has no mail service
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::Unusual, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(answer) = case.greeting() else { return Vec::new() };
    let Some(code) = answer.code() else { return Vec::new() };
    // What no reply may have is told by another rule.
    let is_code = matches!(answer.first(), [b'2'..=b'5', b'0'..=b'5', ..]);
    if code::listed_greeting(code) || !is_code {
        return Vec::new();
    }
    let message = format!(
        "the first reply has code {code}: a session begins with 220, or is refused with 554, 521 \
         or 421"
    );
    vec![Hit::new(message).on_answer(&answer).at(0..3)]
}
