use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "rcpt-null-path",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.3"),
    title: "RCPT TO:<>, a recipient without an address",
    help: "give RCPT an address, and do not answer messages whose sender is <>",
    explanation: "\
The null path is for senders: MAIL FROM:<> marks a message that must not be answered (RFC 5321
§4.5.5). A Forward-path has a mailbox always (§4.1.1.3, §4.1.2). Servers answer 501 or 503.
Usual cause: software that answers a bounce, with the bounce's empty sender as the recipient:
the beginning of a mail loop if the server took it.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<>
s< 250 OK
c> RCPT TO:<>
s< 501 no recipient
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<>
s< 250 OK
c> RCPT TO:<bob@example.net>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(_: &Flawed<'_, '_>) -> Option<Hit> {
    Some(Hit::new(
        "RCPT TO:<> names nobody: the null path is for senders alone, as of bounces, which must not \
         be answered",
    ))
}
