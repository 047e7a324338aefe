use crate::rules::prelude::*;
use crate::rules::reply::offers_without;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-smtputf8-without-8bitmime",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 6531 §3.1"),
    title: "SMTPUTF8 is offered without 8BITMIME",
    help: "offer 8BITMIME as well",
    explanation: "\
RFC 6531 §3.1: \"Servers offering this extension MUST provide support for, and announce, the
8BITMIME extension\". A client that sends UTF-8 in headers and body declares BODY=8BITMIME, and
may not do so here: it must encode the body, give the message up, or break the rule. Usual
cause: 8BITMIME switched off (as with Postfix's smtpd_discard_ehlo_keywords) where SMTPUTF8 is
left on.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 SMTPUTF8
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-8BITMIME
s< 250 SMTPUTF8
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Ehlo), Request::Command(Verb::Lhlo)],
        Fact::OddOffers,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let (number, at) = offers_without(step, "SMTPUTF8", "8BITMIME")?;
    let message = "SMTPUTF8 is offered, and 8BITMIME is not, which goes with it: a client may not send UTF-8 bodies";
    Some(Hit::new(message).on(On::Reply(Of::Exchange(step.index), number)).at(at))
}
