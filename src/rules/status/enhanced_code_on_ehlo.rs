use crate::rules::prelude::*;
use crate::smtp::grammar::reply::Kind;

// rules.tsv: RFC 2034 §4 only says where codes must be. In refusals they do no harm; in a 220 or 250 they
// stand where RFC 5321 §4.2 and §4.1.1.1 want the server's domain.
pub(super) const RULE: Rule = Rule {
    id: "enhanced-code-on-ehlo",
    category: Category::Status,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 2034 §4"),
    title: "an enhanced status code in the greeting or the reply to EHLO",
    help: "leave it out there: the first word is the server's name",
    explanation: "\
Enhanced status codes stand in all replies \"other than initial greeting and any response to HELO
or EHLO\" (RFC 2034 §4): in those the first word is the server's domain. A client reads \"2.0.0\"
as the name of the server, and may take it for one that it must not talk to. Usual cause: a text
template used for all replies. In refusals of the session or of EHLO (554 5.7.1 …) no name has a
place, and codes are common and harmless.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-2.0.0 mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    good: "\
s< 554 5.7.1 mx.example.net has no service for you
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::EnhancedGreeting, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for answer in case.answers() {
        let what = match answer.kind() {
            // Of a session that was joined late, the first reply may be any.
            Kind::Greeting if case.session.transport.as_ref().is_some_and(|one| one.midstream) => {
                continue;
            }
            Kind::Greeting => "the greeting",
            Kind::Ehlo => "the reply to EHLO",
            Kind::Any => continue,
        };
        if answer.class() == Some(Class::Completion)
            && let Some(code) = answer.enhanced().filter(|code| code.starts_with(b"2."))
        {
            let message = format!(
                "{what} begins with the enhanced code {}: a client takes it for the server's name",
                shown(code)
            );
            hits.push(Hit::new(message).on_answer(&answer).at(4..4 + code.len()).once());
        }
    }
    hits
}
