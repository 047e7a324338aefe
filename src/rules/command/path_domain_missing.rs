use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-domain-missing",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.3, §4.1.2"),
    title: "an address without a domain",
    help: "give the whole address, with @ and a domain",
    explanation: "\
A mailbox is Local-part \"@\" and a domain or address literal (RFC 5321 §4.1.2). The one exception
is RCPT TO:<Postmaster>, in any case (§4.1.1.3). Servers refuse others with 501 or 504, or add a
domain of their own: then the mail goes, or is answered, to somebody else. Usual causes: the
name of a local account as the sender of a cron job or a printer, \"root\", an LMTP client that
hands over local names (common between programs of one host, and not covered by RFC 2033
either).",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob>
s< 501 domain missing
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
c> RCPT TO:<postmaster>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let is_blotted =
        |step: Step<'_>| step.mailbox().is_some_and(|name| super::is_blotted(&step, name));
    if flawed.step().is_some_and(is_blotted) {
        return None;
    }
    let (address, verb) = (super::address(flawed), super::verb(flawed));
    let but = if verb == "RCPT" { " (only <Postmaster> may)" } else { "" };
    let is_lmtp = flawed.step().is_some_and(|step| step.exchange.before.hello == Protocol::Lmtp);
    let what = if is_lmtp {
        "many LMTP servers take it for a name of their own, strict ones refuse it"
    } else {
        "servers refuse it, or put their own there"
    };
    Some(Hit::new(format!("the address {address} of {verb} lacks its domain{but}: {what}")))
}
