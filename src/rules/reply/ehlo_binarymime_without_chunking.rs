use crate::rules::prelude::*;
use crate::rules::reply::offers_without;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-binarymime-without-chunking",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 3030 §3"),
    title: "BINARYMIME is offered without CHUNKING",
    help: "offer CHUNKING as well, or neither",
    explanation: "\
RFC 3030 §3: \"The BINARYMIME service extension can only be used with the 'CHUNKING' service
extension\": binary content has no lines, so DATA cannot carry it and BDAT must. A client that
sees BINARYMIME alone can use it for nothing, and one that tries is answered 503. Usual cause:
CHUNKING switched off, as many do against message smuggling, and BINARYMIME forgotten.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-8BITMIME
s< 250 BINARYMIME
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-CHUNKING
s< 250 BINARYMIME
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
    let (number, at) = offers_without(step, "BINARYMIME", "CHUNKING")?;
    let message =
        "BINARYMIME is offered, and CHUNKING is not: without BDAT no binary message can be sent";
    Some(Hit::new(message).on(On::Reply(Of::Exchange(step.index), number)).at(at))
}
