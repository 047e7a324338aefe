use crate::rules::prelude::*;
use crate::smtp::reply;

pub(super) const RULE: Rule = Rule {
    id: "enhanced-code-inconsistent",
    category: Category::Status,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 2034 §4"),
    title: "the lines of one reply have different enhanced status codes",
    help: "begin the text of all lines of a reply with the same enhanced code",
    explanation: "\
RFC 2034 §4: \"When responses are continued across multiple lines the same status code must
appear at the beginning of the text in each line of the response.\" Clients that read the first
line and those that read the last then name different reasons in their bounces. Usual cause: a
reply put together from the texts of several filters.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550-5.1.1 no such user
s< 550 5.7.1 go away
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550-5.1.1 no such user
s< 550 5.1.1 go away
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let answer = flawed.answer()?;
    let first = answer.texts().find_map(reply::enhanced)?;
    Some(Hit::new(format!(
        "the enhanced code {} in a reply that began with {}: all its lines must have the same",
        flawed.seen(),
        shown(first)
    )))
}
