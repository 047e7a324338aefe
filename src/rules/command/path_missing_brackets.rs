use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-missing-brackets",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.2, §4.1.1.3"),
    title: "an address without angle brackets in MAIL or RCPT",
    help: "put the address in brackets: MAIL FROM:<…>, RCPT TO:<…>",
    explanation: "\
A path has angle brackets: Path = \"<\" [ A-d-l \":\" ] Mailbox \">\" (RFC 5321 §4.1.2), and MAIL and
RCPT take nothing else (§4.1.1.2, §4.1.1.3). Many servers are lenient; strict ones (Postfix with
strict_rfc821_envelopes, many appliances) answer 501, and the mail does not go out. Usual
causes: a script or a device with a home-made client, a person at a telnet prompt.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:alice@example.org
s< 501 syntax error in parameters
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
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, label) = (flawed.seen(), super::label(flawed));
    Some(Hit::new(format!(
        "the address {seen} has no angle brackets: {label}<…> is the form, strict servers answer 501"
    )))
}
