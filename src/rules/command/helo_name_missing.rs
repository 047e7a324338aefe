use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "helo-name-missing",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "EHLO or HELO without a name",
    help: "give the full name of the host, or its address: EHLO [192.0.2.1]",
    explanation: "\
EHLO and HELO must name the client: ehlo = \"EHLO\" SP ( Domain / address-literal ) CRLF, helo =
\"HELO\" SP Domain CRLF (RFC 5321 §4.1.1.1). Servers answer 501, and no mail can be sent: \"a
client MUST issue HELO or EHLO before starting a mail transaction\". Usual causes: a host whose
own name is not set, an empty setting. A client without a name gives its address: EHLO
[192.0.2.1].",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO
s< 501 name required
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO [192.0.2.1]
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let verb = super::verb(flawed);
    Some(Hit::new(format!(
        "{verb} without a name: a domain or an address literal belongs behind it, and a server \
         may refuse all mail without one"
    )))
}
