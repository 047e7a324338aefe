use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-domain-invalid",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.2"),
    title: "the domain of an address breaks its syntax",
    help: "write the domain in letters, digits, hyphens and single dots, with labels up to 63",
    explanation: "\
A Domain is labels of letters, digits and hyphens with single dots between; a hyphen stands
neither first nor last, and \"in particular, the underscore character is not permitted\" (RFC 5321
§4.1.2). A label of more than 63 octets matches that syntax but can be in no DNS (RFC 1035).
Servers answer 501 or 553, or cannot find where to deliver. Usual causes: a typing error (a
comma for the dot, a dot at the end), the name of a host that only a local directory knows, two
addresses run together.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@mail_server.example.net>
s< 501 bad address
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@mail-server.example.net>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, expected) = (flawed.seen(), flawed.flaw.expected);
    if flawed.flaw.defect == Defect::LabelTooLong {
        let (octets, verb) = (flawed.flaw.range.len(), super::verb(flawed));
        return Some(Hit::new(format!(
            "a label of {octets} octets in {verb}: no name in the DNS has more than 63, so that this \
             one cannot exist"
        )));
    }
    let address = super::address(flawed);
    let message = match super::wrong(flawed) {
        b"_" => format!("underscore in the domain of {address}: it is not permitted"),
        [] => format!("{expected} is missing in the domain of {address}"),
        _ => format!("{seen} in the domain of {address}: {expected} belongs there"),
    };
    Some(Hit::new(format!("{message}; servers refuse it with 501 or 553")))
}
