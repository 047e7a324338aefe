use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "address-alabel-invalid",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands, Need::Names],
    rfc: Some("RFC 6531 §3.3; RFC 5891"),
    title: "a label that begins with xn-- and cannot be decoded",
    help: "encode the domain anew with a library for IDNA",
    explanation: "\
\"xn--\" begins an A-label, the ASCII form of an internationalised label (RFC 5890, RFC 5891):
what follows is Punycode. This is none, so that the name cannot be shown in its own letters, and
can hardly exist in the DNS. Usual causes: a name cut by a limit on length, a typing error, a
name made up to deceive. As a domain it matches the ABNF.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@xn--0.example.net>
s< 550 no such domain
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
c> RCPT TO:<bob@xn--bcher-kva.example.net>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    Some(Hit::new(format!(
        "the label {seen} in {verb} begins as an A-label does and is no Punycode: a name like that \
         can hardly exist"
    )))
}
