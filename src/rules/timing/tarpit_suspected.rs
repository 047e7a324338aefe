use super::tarpit;
use crate::rules::prelude::*;

// rules.tsv: of a reply both it and its command must be there.
pub(super) const RULE: Rule = Rule {
    id: "tarpit-suspected",
    category: Category::Timing,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Times],
    rfc: None,
    title: "the server seems to delay its replies on purpose",
    help: "ask the server why it delays this client: listed, refused too often, or unknown",
    explanation: "\
A tarpit makes each reply late by the same round time, or sends it letter by letter, to cost senders of
spam their time. Found here are three or more waits of a second and more that are alike to a tenth of
a second and lie near a multiple of half a second, or a short reply that was drawn out over five
seconds and more. No RFC forbids it; with clients that wait as RFC 5321 §4.5.3.2 says, no mail is lost.
Usual causes: the client's address is listed, it was refused often (Postfix and Exchange delay after
errors), or the server has not seen it before (OpenBSD's spamd). A lookup that times out each time
looks the same.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
# pause 5s
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
# pause 5s
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
# pause 5s
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
# calm
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
# pause 5s
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
# pause 3s
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
# pause 8s
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Waits, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    tarpit(case).into_iter().collect()
}
