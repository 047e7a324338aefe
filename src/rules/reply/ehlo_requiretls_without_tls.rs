use crate::rules::prelude::*;
use crate::rules::reply::offer_line;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-requiretls-without-tls",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 8689 §2, §4"),
    title: "REQUIRETLS is offered without TLS",
    help: "offer REQUIRETLS only in sessions that TLS protects",
    explanation: "\
REQUIRETLS says that a message must go on over verified TLS only, and may be asked for only
where \"the session itself\" employs TLS (RFC 8689 §2); a client looks for the offer in the reply
to the EHLO that follows STARTTLS (§4.2.1). Offered in clear it can be added or removed by
anyone on the way, and a client that trusts it has sent the message in clear. Usual cause: a
keyword list that does not depend on the session's state.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 REQUIRETLS
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
# decrypted
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 REQUIRETLS
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
    let (number, at) = offer_line(step, "REQUIRETLS")?;
    // A transcript may have been taken behind TLS, unless TLS is still to begin.
    let is_clear = step.case.is_packets() || offer_line(step, "STARTTLS").is_some();
    if step.exchange.before.tls || !is_clear {
        return None;
    }
    let message = "REQUIRETLS is offered in clear, where no message may ask for it";
    Some(Hit::new(message).on(On::Reply(Of::Exchange(step.index), number)).at(at))
}
