use crate::rules::prelude::*;
use crate::rules::reply::offer_line;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-starttls-inside-tls",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 3207 §4.2"),
    title: "STARTTLS is offered inside TLS",
    help: "leave STARTTLS out of the EHLO reply once TLS is active",
    explanation: "\
RFC 3207 §4.2: \"A server MUST NOT return the STARTTLS extension in response to an EHLO command
received after a TLS handshake has completed.\" A client that takes the offer asks for TLS inside
TLS, is refused, and may give the session up. It shows only in a dialog that was recorded in
clear behind the TLS. Usual cause: a proxy that ends TLS in front of a server that does not know
of it.",
    bad: "\
# decrypted
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
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
s< 250 SIZE 10240000
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Ehlo), Request::Command(Verb::Lhlo)],
        Fact::HelloAgain,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // What packets show in clear is not inside TLS, whatever was agreed.
    if !step.exchange.before.tls || step.case.is_packets() {
        return None;
    }
    let (number, at) = offer_line(step, "STARTTLS")?;
    let message = "STARTTLS is offered although TLS is active: a client that takes it is refused";
    Some(Hit::new(message).on(On::Reply(Of::Exchange(step.index), number)).at(at))
}
