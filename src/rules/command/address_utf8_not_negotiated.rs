use crate::rules::prelude::*;

// rules.tsv: it also needs the server there. Whether SMTPUTF8 is in force the client's own MAIL says
// (RFC 6531 §3.4); whether the server offers that, other rules ask.
pub(super) const RULE: Rule = Rule {
    id: "address-utf8-not-negotiated",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 6531 §3.1, §3.3"),
    title: "an address beyond ASCII without SMTPUTF8",
    help: "send MAIL with SMTPUTF8 if the server offers it; else use an ASCII address",
    explanation: "\
Letters beyond ASCII are legal in an address only if the server offers SMTPUTF8 and MAIL asks
for it with the parameter of that name (RFC 6531 §3.1, §3.4); it then holds for the RCPTs of
that transaction, too. Without it the server takes the octets as it likes: it refuses them with
501 or 553, or delivers to an address with other letters. Usual causes: a client that sends what
the address book has, an address mistyped with an accent, a domain that should be written with
A-labels (xn--…).",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
# escaped
c> RCPT TO:<j\\xC3\\xB6rg@example.net>
s< 553 non-ASCII address
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
c> MAIL FROM:<alice@example.org> SMTPUTF8
s< 250 OK
# escaped
c> RCPT TO:<j\\xC3\\xB6rg@example.net>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    if super::may_have_asked(flawed) {
        return None;
    }
    let (address, verb) = (super::address(flawed), super::verb(flawed));
    let which = if verb == "RCPT" { "the transaction's MAIL did" } else { "this command does" };
    Some(Hit::new(format!(
        "the address {address} is not ASCII, and {which} not ask for SMTPUTF8: a server refuses it, or \
         reads other letters"
    )))
}
